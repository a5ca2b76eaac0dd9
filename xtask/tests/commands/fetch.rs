use serde_json::json;

use crate::{Repository, document};

pub(crate) const POND: &str = "discovery/pond.v1.json";

pub(crate) fn newer(api: &str) -> String {
    let mut document = document(api);
    document["revision"] = json!("20260303");
    document.to_string()
}

#[test]
fn from_a_folder_without_prose() {
    let repository = Repository::with(&["pond:v1"]);
    repository.write("elsewhere/pond.v1.json", &newer("pond:v1"));
    repository.write("elsewhere/lake.v1.json", &document("lake:v1").to_string());
    let folder = repository.folder.path().join("elsewhere");
    let folder = folder.to_string_lossy();
    let out = repository.run_well(&[
        "fetch",
        "pond:v1",
        "lake.v1",
        "--from",
        &folder,
        "--no-prose",
        "--source",
        "A book",
    ]);
    assert_eq!(out, "pond:v1: revision 1 became 20260303\nlake:v1: revision 20260102 added\n");
    let pond = repository.read(POND);
    assert!(
        pond.starts_with("{\n \"batchPath\": \"batch\",\n \"id\": ") && !pond.contains("Prose."),
        "{pond}"
    );
    assert!(pond.contains("\"description\": {"), "a property of that name is no prose: {pond}");
    let table = repository.read("discovery/apis.toml");
    assert!(table.starts_with("# A comment.\n"), "{table}");
    assert!(table.contains("[\"pond:v1\"]\nfile = \"pond.v1.json\"\nsource = \"A book, document pond.v1.json\"\nrevision = \"20260303\"\n"), "{table}");
    assert!(table.contains("[\"lake:v1\"]\nfile = \"lake.v1.json\"\n"), "{table}");
    assert_eq!(
        repository.run_well(&["fetch", "--from", &folder, "--no-prose", "--source", "A book"]),
        "lake:v1: unchanged\npond:v1: unchanged\n"
    );
    assert!(!table.contains(&*folder), "where it was on this machine is not noted");
    repository.run_well(&["generate"]);
}

#[test]
fn prose_stays_unless_told_otherwise() {
    let repository = Repository::with(&["pond:v1"]);
    repository.run_well(&["fetch", "pond:v1", "--from", &repository.workspace.discovery.to_string_lossy()]);
    assert!(repository.read(POND).contains("\"description\": \"Prose.\""));
    assert!(
        repository.read("discovery/apis.toml").contains("source = \"a test\""),
        "its source is what it was"
    );
}

#[test]
fn a_failure_keeps_the_old_file() {
    let repository = Repository::with(&["pond:v1", "lake:v1"]);
    let (before, noted) = (repository.read(POND), repository.read("discovery/apis.toml"));
    let folder = repository.folder.path().join("elsewhere").to_string_lossy().into_owned();
    let broken = {
        let mut document = document("pond:v1");
        document["rootUrl"] = json!(17);
        document.to_string()
    };
    let cases = [
        ("{\"kind\":", "is not JSON"),
        ("[]", "is not a discovery document"),
        ("{\"error\": {\"code\": 500}}", "is not a discovery document"),
        (&document("sea:v1").to_string(), "is the document of `sea:v1`"),
        (&broken, "rootUrl"),
    ];
    for (text, complaint) in cases {
        repository.write("elsewhere/pond.v1.json", text);
        let (well, out) = repository.run(&["fetch", "pond:v1", "--from", &folder]);
        assert!(!well && out.starts_with("error: pond:v1: ") && out.contains(complaint), "{out}");
        assert_eq!(repository.read(POND), before);
    }
    let (well, out) = repository.run(&["fetch", "lake:v1", "--from", &folder]);
    assert!(!well && out.contains("cannot read lake.v1.json"), "{out}");
    assert_eq!(repository.read("discovery/apis.toml"), noted);
    repository.write("elsewhere/lake.v1.json", &newer("lake:v1"));
    let (well, out) = repository.run(&["fetch", "--from", &folder]);
    assert!(
        !well && out.contains("lake:v1: revision 1 became 20260303\n") && out.contains("1 of 2 APIs failed"),
        "{out}"
    );
}

#[test]
fn bad_requests_are_told() {
    let repository = Repository::with(&["pond:v1"]);
    let discovery = repository.workspace.discovery.to_string_lossy().into_owned();
    for name in ["../x:v1", "pond:..", "pond", ""] {
        repository.try_run(&["fetch", name, "--from", &discovery]).expect_err(name);
    }
    repository.try_run(&["fetch", "--from", "no such folder"]).expect_err("no folder");
    // The same crate name as one that is listed.
    repository.write("elsewhere/pond.V1.json", &document("pond:V1").to_string());
    let folder = repository.folder.path().join("elsewhere").to_string_lossy().into_owned();
    let (well, out) = repository.run(&["fetch", "pond:V1", "--from", &folder]);
    if !well {
        assert!(out.contains("would both become"), "{out}");
        assert!(!repository.exists("discovery/pond.V1.json"));
    }
}
