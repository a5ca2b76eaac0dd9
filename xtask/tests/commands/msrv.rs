//! The oldest Rust that is said to do: what is said is the same everywhere, and no dependency asks for a newer one.
//!
//! That our own code uses nothing newer is clippy's `incompatible_msrv` to say. So no other toolchain is needed.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// `1.88` or `1.88.0` as numbers.
fn version(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text.split('.').map(|part| part.parse().expect("a version")).collect();
    numbers.resize(3, 0);
    numbers
}

/// What cargo knows of the packages that are built for this platform, with all features.
fn packages() -> Vec<Value> {
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc");
    let rustc = String::from_utf8(rustc.stdout).expect("text");
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let arguments =
        ["metadata", "--format-version=1", "--all-features", "--locked", "--filter-platform", host];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let ask = |more: &[&str]| {
        Command::new(env!("CARGO")).args(arguments).args(more).current_dir(&root).output().expect("cargo")
    };
    // Where all was built before, no network is needed.
    let mut output = ask(&["--offline"]);
    if !output.status.success() {
        output = ask(&[]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

#[test]
fn no_dependency_needs_a_newer_rust_than_ours() {
    let ours = env!("CARGO_PKG_RUST_VERSION");
    let mut newer = Vec::new();
    for package in packages() {
        let (name, version_of) = (&package["name"], &package["version"]);
        let Some(needs) = package["rust_version"].as_str() else { continue };
        // A package without a source stands in this repository.
        if package["source"].is_null() {
            assert_eq!(needs, ours, "{name} states another version than the workspace");
        } else if version(needs) > version(ours) {
            newer.push(format!("{name} {version_of} needs {needs}"));
        }
    }
    assert_eq!(newer, [""; 0], "the workspace says {ours}");
}

#[test]
fn what_users_read_says_the_same() {
    let readme = include_str!("../../../README.md");
    let words = format!("Rust {} or newer", env!("CARGO_PKG_RUST_VERSION"));
    assert!(readme.contains(&words), "the README does not say `{words}`");
}
