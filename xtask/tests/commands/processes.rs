//! Generators as processes of their own, which write to the same folder: two at once, and some that are killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::contents;

/// A folder with two states of the same APIs, `old` and `new`.
fn documents() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for state in ["old", "new"] {
        std::fs::create_dir(folder.path().join(state)).expect("made");
        for index in 0..12 {
            let mut document: Value = serde_json::from_str(crate::FARM).expect("JSON");
            document["name"] = json!(format!("farm{index}"));
            document["resources"][state] = json!({ "methods": { "get": {
                "id": format!("farm{index}.{state}.get"), "path": state, "httpMethod": "GET" } } });
            let path = folder.path().join(state).join(format!("farm{index}.v2.json"));
            std::fs::write(path, document.to_string()).expect("written");
        }
    }
    folder
}

/// Starts a generator for one of the states.
fn start(folder: &Path, state: &str, out: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_gapis-xtask"))
        .args(["generate", "--all"])
        .arg(folder.join(state))
        .arg("--out")
        .arg(folder.join(out))
        // Otherwise it would build itself again, optimized, for all documents of a folder.
        .env("GAPIS_XTASK_BUILT", "1")
        .stdout(Stdio::null())
        .spawn()
        .expect("started")
}

/// Runs a generator to its end, and gives what is in the folder then.
fn finish(folder: &Path, state: &str, out: &str) -> Vec<(String, String)> {
    let status = start(folder, state, out).wait().expect("an end");
    assert!(status.success(), "{state}: {status}");
    contents(&folder.join(out))
}

#[test]
fn two_generators_at_once_leave_the_crates_of_one() {
    let documents = documents();
    let folder = documents.path();
    let (old, new) = (finish(folder, "old", "only-old"), finish(folder, "new", "only-new"));
    assert!(old != new && old.len() > 50, "{}", old.len());
    for _ in 0..4 {
        let both = [start(folder, "old", "out"), start(folder, "new", "out")];
        for mut generator in both {
            assert!(generator.wait().expect("an end").success());
        }
        let is = contents(&folder.join("out"));
        assert!(is == old || is == new, "the crates are of both, or something is left behind");
    }
}

#[test]
fn what_a_killed_generator_leaves_is_mended_by_the_next() {
    let documents = documents();
    let folder = documents.path();
    let (old, new) = (finish(folder, "old", "out"), finish(folder, "new", "only-new"));
    let mut killed = 0;
    // However fast the machine is, some of these moments are while crates are written; what is asserted holds at any.
    for milliseconds in (2..60).step_by(6) {
        let mut generator = start(folder, "new", "out");
        sleep(Duration::from_millis(milliseconds));
        generator.kill().expect("killed, or at its end");
        killed += usize::from(!generator.wait().expect("an end").success());
        let is = finish(folder, "old", "out");
        assert!(is == old, "after {milliseconds} ms something is left behind");
    }
    assert!(killed > 0, "each generator was faster than its end");
    assert!(finish(folder, "new", "out") == new);
}
