//! Generates a module of each golden document, and of some random ones, by their seeds: those of `GAPIS_SEEDS`, as in
//! `GAPIS_SEEDS=1000..1100 cargo check -p gapis-golden`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::{env, fs};

use gapis_codegen::{Limits, Options, Quota, generate};

const DOCUMENTS: &str = "../../codegen/tests/golden";

/// The seeds where none are asked for; all of these together are about as much code as the other documents.
const SEEDS: &str = "0..12";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENTS}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(DOCUMENTS)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    paths.retain(|path| path.extension().is_some_and(|is| is == "json"));
    paths.sort();
    let mut modules = String::new();
    for path in paths {
        let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or("no name")?;
        let root = module(&fs::read(&path)?, name, &out)?;
        writeln!(modules, "#[allow(missing_docs, unreachable_pub)]\n#[path = {root:?}]\npub mod {name};")?;
    }
    println!("cargo::rerun-if-env-changed=GAPIS_SEEDS");
    let seeds = env::var("GAPIS_SEEDS").unwrap_or_else(|_| SEEDS.to_owned());
    let (first, end) = seeds.split_once("..").ok_or("`GAPIS_SEEDS` is a range of seeds, such as `0..12`")?;
    for seed in first.parse::<u64>()?..end.parse()? {
        let name = format!("random_{seed}");
        let document = gapis_documents::document(seed).to_string();
        let root = module(document.as_bytes(), &name, &out)?;
        // Their prose is broken on purpose, addresses in it too.
        writeln!(
            modules,
            "#[allow(missing_docs, unreachable_pub, rustdoc::bare_urls)]\n#[path = {root:?}]\npub mod {name};"
        )?;
    }
    let root = module(chains(CHAIN).as_bytes(), "chains", &out)?;
    writeln!(modules, "#[allow(missing_docs, unreachable_pub)]\n#[path = {root:?}]\npub mod chains;")?;
    fs::write(out.join("modules.rs"), modules)?;
    Ok(())
}

/// How long the chains of schemas are.
const CHAIN: usize = 200;

/// A document with long chains of schemas: each is a member of the one before, an item of its list or a value of its map, and
/// one chain is a circle.
fn chains(length: usize) -> String {
    let mut schemas = Vec::new();
    for index in 0..length {
        for (name, open, close) in [
            ("Member", "", ""),
            ("Item", r#""type": "array", "items": {"#, "}"),
            ("Entry", r#""type": "object", "additionalProperties": {"#, "}"),
            ("Circle", "", ""),
        ] {
            let next = if name == "Circle" { (index + 1) % length } else { index + 1 };
            let next = match next < length {
                true => format!(r#"{open}"$ref": "{name}{next}"{close}"#),
                false => r#""type": "string""#.to_owned(),
            };
            schemas.push(format!(
                r#""{name}{index}": {{"type": "object", "properties": {{"next": {{{next}}}}}}}"#
            ));
        }
    }
    let schemas = schemas.join(", ");
    format!(
        r#"{{"name": "chains", "version": "v1", "rootUrl": "https://chains.example.com/", "schemas": {{{schemas}}}}}"#
    )
}

/// Writes the files of a document's module, and gives the path of its root.
fn module(document: &[u8], name: &str, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    // Limits that no document tells, so that a test can go beyond them.
    let limits = Limits { update_requests: Some(3), update_bytes: Some(200), ..Limits::default() };
    let options =
        Options { name: name.to_owned(), as_module: true, limits, quota: quota(), ..Options::default() };
    let made = generate(document, &options)?;
    let folder = out.join(name);
    for (path, text) in &made.files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().ok_or("a file without a folder")?)?;
        fs::write(path, text)?;
    }
    Ok(folder.join("src/lib.rs"))
}

/// A quota that no document tells, with the costs of the methods of one of them.
fn quota() -> Quota {
    let costs = [("farm.insert", 5), ("farm.list", 20), ("farm.merge", 7), ("farm.upload", 100)];
    let units = costs.iter().filter_map(|&(id, units)| Some((id.to_owned(), NonZeroU32::new(units)?)));
    Quota {
        project_per_minute: NonZeroU32::new(6000),
        user_per_minute: NonZeroU32::new(300),
        units: units.collect::<BTreeMap<_, _>>(),
    }
}
