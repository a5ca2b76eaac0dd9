//! `corpus` on folders of its own: what it counts, and what it says of a document that is broken.

use std::fs;
use std::path::Path;

use clap::Parser;
use gapis_lab::{Cli, run};
use gapis_xtask::{Terminal, Workspace};

const FARM: &str = include_str!("../../../discovery/farm.v2.json");
const OPERATIONS: &str = include_str!("../../../codegen/tests/golden/operations.json");
const WITH_STATUS: &str = include_str!("../../../codegen/tests/golden/operations_with_status.json");

/// Whether all went well, and what was printed.
fn corpus(root: &Path, folder: &str) -> anyhow::Result<(bool, String)> {
    let cli = Cli::try_parse_from(["lab", "corpus", &root.join(folder).to_string_lossy()])?;
    let mut out = Vec::new();
    let well = run(&cli, &Workspace::at(root), &mut Terminal { out: &mut out, progress: false })?;
    Ok((well, String::from_utf8(out)?))
}

#[test]
fn it_tells_failures_and_totals() {
    let root = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        fs::create_dir_all(root.path().join("documents")).expect("made");
        fs::write(root.path().join("documents").join(name), text).expect("written");
    };
    write("farm.v2.json", FARM);
    write("farm.v2copy.json", FARM);
    write("index.json", "{}");
    let (well, out) = corpus(root.path(), "documents").expect("a run");
    assert!(well && out.starts_with("generated 2 of 2 documents (1 of them copies), "), "{out}");
    let none = "methods whose operation can be waited for: 0 in 0 documents by `done`, 0 in 0 by `status`\n";
    assert!(out.ends_with(none), "{out}");

    // Both are of the same API, and so the versions must differ.
    write("operations.json", &OPERATIONS.replace(r#""version": "v1""#, r#""version": "v0""#));
    write("operations_with_status.json", WITH_STATUS);
    let (well, out) = corpus(root.path(), "documents").expect("a run");
    assert!(well && out.ends_with(": 5 in 1 documents by `done`, 4 in 1 by `status`\n"), "{out}");

    write("broken.json", "{");
    let (well, out) = corpus(root.path(), "documents").expect("a run");
    assert!(!well && out.starts_with("failed: broken: "), "{out}");
    assert!(out.contains("\ngenerated 4 of 5 documents"), "{out}");
    assert_eq!(fs::read_dir(root.path()).expect("listed").count(), 1, "it writes nothing");
    corpus(root.path(), "no such folder").expect_err("no folder");
}
