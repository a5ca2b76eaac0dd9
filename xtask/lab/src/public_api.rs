//! `cargo xtask api`: lists the public items of the published crates in a text file in each. A review shows there how
//! a change affects the public API, and which third-party crates are part of it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use gapis_xtask::files::replace;
use gapis_xtask::{Terminal, Workspace, cargo};

/// The file with the items, next to the package's manifest.
const FILE: &str = "public-api.txt";

/// The variable that makes this program act as `rustdoc`. Its value is the path of the real one.
const RUSTDOC: &str = "GAPIS_LAB_RUSTDOC";

/// Crates of the standard library, and types of it to which our traits add methods.
const STANDARD: &[&str] = &["alloc", "bool", "core", "f32", "f64", "i32", "i64", "std", "str", "u32", "u64"];

/// A crate whose public API is listed.
struct Package {
    name: &'static str,
    folder: &'static str,
    /// The third-party crates that its public API may name. Their breaking releases are breaking releases of ours.
    foreign: &'static [&'static str],
}

const PACKAGES: &[Package] = &[
    Package {
        name: "gapis-runtime",
        folder: "runtime",
        foreign: &["bytes", "futures_core", "http", "jiff", "reqwest", "serde_core", "serde_json", "tokio"],
    },
    Package { name: "gapis-auth", folder: "runtime/auth", foreign: &["gapis_runtime"] },
    Package {
        name: "gapis-mock",
        folder: "runtime/mock",
        foreign: &["bytes", "gapis_runtime", "http", "serde_core", "serde_json"],
    },
    Package { name: "gapis-codegen", folder: "codegen", foreign: &["serde_json"] },
];

/// What to do with the lists.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct PublicApi {
    /// Write nothing; print what differs, and exit 1 if anything does
    #[arg(long)]
    check: bool,
}

impl PublicApi {
    /// Lists the items. Returns whether no item names a crate that it must not and, when checking, the lists are up to
    /// date.
    ///
    /// # Errors
    /// If the documentation cannot be built or read. Its format changes with the version of Rust.
    pub fn run(self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let mut well = true;
        for package in PACKAGES {
            let own = package.name.replace('-', "_");
            let items = items(package.name, &own, workspace)?;
            for (name, item) in foreign(&items, &own, package.foreign) {
                writeln!(
                    terminal.out,
                    "{}: the crate {name} must not be part of the public API: {item}",
                    package.name
                )?;
                well = false;
            }
            // The name of the crate itself precedes every path.
            let items: Vec<String> = items.iter().map(|item| item.replace(&format!("{own}::"), "")).collect();
            let path = workspace.root.join(package.folder).join(FILE);
            if !self.check {
                if replace(&path, (items.join("\n") + "\n").as_bytes())? {
                    writeln!(terminal.out, "{}: written", path.display())?;
                }
                continue;
            }
            let old = fs::read_to_string(&path).unwrap_or_default();
            for line in differences(&old, &items) {
                writeln!(terminal.out, "{}: {line}", package.name)?;
                well = false;
            }
        }
        if self.check && !well {
            writeln!(terminal.out, "run `cargo xtask api` to update the lists")?;
        }
        Ok(well)
    }
}

/// Acts as `rustdoc` if the variable is set. It writes JSON, which a stable release does only with `RUSTC_BOOTSTRAP`.
/// The variable is not set for cargo, which would then compile all crates again.
#[must_use]
pub fn run_as_rustdoc_if_asked() -> Option<ExitCode> {
    let program = std::env::var_os(RUSTDOC)?;
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let status = std::process::Command::new(program).args(arguments).env("RUSTC_BOOTSTRAP", "1").status();
    let code = status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    Some(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// A line for each public item.
fn items(package: &str, own: &str, workspace: &Workspace) -> Result<Vec<String>> {
    let target = workspace.root.join("target");
    let rustdoc = std::env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
    let status = cargo()
        .args(["rustdoc", "--quiet", "--lib", "--all-features", "--package", package, "--target-dir"])
        .arg(&target)
        .args(["--", "-Zunstable-options", "--output-format", "json"])
        .current_dir(&workspace.root)
        .env("RUSTDOC", std::env::current_exe()?)
        .env(RUSTDOC, rustdoc)
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("the documentation of {package} could not be made");
    }
    let api = public_api::Builder::from_rustdoc_json(target.join("doc").join(format!("{own}.json")))
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .context("`public-api` cannot read the documentation format of this version of Rust")?;
    let mut seen = BTreeSet::new();
    let lines = api.items().map(ToString::to_string);
    // Items of the prelude are listed elsewhere too.
    Ok(lines.filter(|line| !line.contains("prelude::") && seen.insert(line.clone())).collect())
}

/// The third-party crates that the items must not name, with the first item that does.
fn foreign<'i>(items: &'i [String], own: &str, allowed: &[&str]) -> Vec<(&'i str, &'i str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for item in items {
        for name in roots(item) {
            let known = name == own || STANDARD.contains(&name) || allowed.contains(&name);
            if !known && !found.iter().any(|(other, _)| *other == name) {
                found.push((name, item));
            }
        }
    }
    found
}

/// The first names of the paths in an item's line, if they are in lower case, as crates are.
fn roots(item: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    item.match_indices("::").filter_map(move |(end, _)| {
        let before = &item[..end];
        let begin = before.rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
        let name = &before[begin..];
        let is_first = !before[..begin].ends_with("::");
        let is_crate = name.starts_with(|c: char| c.is_ascii_lowercase());
        (is_first && is_crate).then_some(name)
    })
}

fn differences(old: &str, new: &[String]) -> Vec<String> {
    let (old_lines, new_lines): (BTreeSet<&str>, BTreeSet<&str>) =
        (old.lines().collect(), new.iter().map(String::as_str).collect());
    let gone = old.lines().filter(|line| !new_lines.contains(line)).map(|line| format!("- {line}"));
    let added = new.iter().filter(|line| !old_lines.contains(line.as_str())).map(|line| format!("+ {line}"));
    gone.chain(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_crates_are_found_and_told_once() {
        let items = [
            "pub fn ours::Batch::add(&mut self, http::header::name::HeaderName) -> core::result::Result<T::Output, E>",
            "impl ours::Field for f64",
            "pub fn f64::read(&self) -> other::Other",
            "pub fn ours::more() -> alloc::vec::Vec<other::Other>",
        ]
        .map(str::to_owned);
        assert_eq!(foreign(&items, "ours", &["http"]), [("other", items[2].as_str())]);
        assert_eq!(foreign(&items, "ours", &["http", "other"]), []);
        assert_eq!(foreign(&items, "ours", &["other"]), [("http", items[0].as_str())]);
    }

    #[test]
    fn differences_are_lines() {
        let new = ["a".to_owned(), "c".to_owned()];
        assert_eq!(differences("a\nb\n", &new), ["- b", "+ c"]);
        assert_eq!(differences("a\nc\n", &new), [""; 0]);
    }
}
