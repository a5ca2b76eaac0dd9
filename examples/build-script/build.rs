//! Generates the part of an API that the program uses, as a module.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use gapis_codegen::{Options, generate};

const DOCUMENT: &str = "../../discovery/farm.v2.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let options = Options {
        name: DOCUMENT.to_owned(),
        only: vec!["animals.get".to_owned(), "animals.vaccinations.*".to_owned()],
        as_module: true,
        ..Options::default()
    };
    let made = generate(&fs::read(DOCUMENT)?, &options)?;
    for warning in &made.warnings {
        println!("cargo::warning={warning}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    for (path, text) in &made.files {
        let path = out.join(&made.name).join(path);
        fs::create_dir_all(path.parent().ok_or("a file without a folder")?)?;
        fs::write(path, text)?;
    }
    // A `#[path]` must be a literal, so the line with it is generated too. It also exempts the module from the lints
    // of this repository.
    let root = out.join(&made.name).join("src/lib.rs");
    fs::write(
        out.join("farm.rs"),
        format!("#[allow(missing_docs, unreachable_pub)]\n#[path = {root:?}]\npub mod farm;\n"),
    )?;
    Ok(())
}
