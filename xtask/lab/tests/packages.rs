//! What the packages of the hand-written crates hold, and what their front pages say.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The crates that are written by hand and published.
const PUBLISHED: [(&str, &str); 6] = [
    ("gapis-auth", "runtime/auth"),
    ("gapis-cli", "xtask/cli"),
    ("gapis-codegen", "codegen"),
    ("gapis-derive", "runtime/derive"),
    ("gapis-mock", "runtime/mock"),
    ("gapis-runtime", "runtime"),
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn a_package_has_readme_and_licences_and_neither_tests_nor_benchmarks() {
    for (package, _) in PUBLISHED {
        let listed = Command::new(env!("CARGO"))
            .args(["package", "--list", "--allow-dirty", "--offline", "--package", package])
            .current_dir(root())
            .output()
            .expect("cargo");
        let listed = String::from_utf8(listed.stdout).expect("text");
        let files: Vec<&str> = listed.lines().collect();
        for needed in ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/lib.rs"] {
            assert!(files.contains(&needed), "{package} has no {needed}");
        }
        let folders = ["benches/", "examples/", "tests/"];
        let extra = files.iter().find(|file| folders.iter().any(|folder| file.starts_with(folder)));
        assert_eq!(extra, None, "{package}: a user has no need of it");
    }
}

#[test]
fn manifests_say_what_a_registry_shows() {
    for (package, folder) in PUBLISHED {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        for key in ["description", "license", "repository", "keywords", "categories"] {
            let said = manifest.lines().any(|line| line.starts_with(key));
            assert!(said, "{package} says no `{key}`");
        }
    }
}

#[test]
fn the_front_page_of_the_runtime_names_its_features() {
    let manifest = fs::read_to_string(root().join("runtime/Cargo.toml")).expect("a manifest");
    let page = fs::read_to_string(root().join("runtime/src/lib.rs")).expect("a source");
    let (_, features) = manifest.split_once("\n[features]\n").expect("features");
    let (features, _) = features.split_once("\n[").expect("another table");
    let names = features.lines().filter_map(|line| Some(line.split_once(" = ")?.0));
    let mut named: Vec<&str> = names.filter(|name| *name != "default").collect();
    let rows = page.lines().filter_map(|line| Some(line.strip_prefix("//! | `")?.split_once('`')?.0));
    let mut shown: Vec<&str> = rows.collect();
    named.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, named, "the table in runtime/src/lib.rs, and the features in its manifest");
}
