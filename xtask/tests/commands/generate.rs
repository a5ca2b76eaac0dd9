use crate::{Repository, contents, document};

const LIB: &str = "generated/gapis-pond-v1/src/lib.rs";

#[test]
fn writes_once_and_then_agrees() {
    let repository = Repository::with(&["pond:v1", "lake:v2.1"]);
    let (well, out) = repository.run(&["generate", "--check"]);
    assert!(!well && out.contains("missing  gapis-pond-v1/src/lib.rs\n"), "{out}");
    assert!(!repository.exists("generated"), "checking writes nothing");
    let out = repository.run_well(&["generate"]);
    assert!(out.ends_with("files of 2 crates brought up to date\n"), "{out}");
    assert_eq!(repository.run_well(&["generate", "--check"]), "2 crates up to date\n");
    assert_eq!(repository.run_well(&["generate"]), "2 crates up to date\n");
    let names = contents(&repository.workspace.generated).into_iter().map(|(name, _)| name);
    assert!(
        names
            .into_iter()
            .all(|name| name.starts_with("gapis-pond-v1/") || name.starts_with("gapis-lake-v2-1/"))
    );
}

#[test]
fn check_names_what_was_touched() {
    let repository = Repository::with(&["pond:v1"]);
    repository.run_well(&["generate"]);
    let good = repository.read(LIB);
    repository.write(LIB, &format!("{good}\n// mine"));
    repository.write("generated/gapis-pond-v1/src/mine.rs", "");
    let (well, out) = repository.run(&["generate", "--check"]);
    assert!(!well, "{out}");
    assert!(
        out.starts_with(
            "stale    gapis-pond-v1/src/lib.rs\nextra    gapis-pond-v1/src/mine.rs\n2 files of 1 crate out of date"
        ),
        "{out}"
    );
    assert!(repository.read(LIB).ends_with("// mine"), "checking writes nothing");
    repository.run_well(&["generate", "gapis-pond-v1"]);
    assert_eq!(repository.read(LIB), good);
    assert!(!repository.exists("generated/gapis-pond-v1/src/mine.rs"));
}

#[test]
fn crates_that_are_no_longer_listed_go_and_others_stay() {
    let repository = Repository::with(&["pond:v1", "lake:v1"]);
    repository.run_well(&["generate"]);
    repository.write("generated/gapis-mine/Cargo.toml", "[package]\n");
    repository.write("discovery/apis.toml", "");
    repository.list("pond:v1");
    repository.run_well(&["generate", "pond:v1"]);
    assert!(repository.exists("generated/gapis-lake-v1"), "one API's run concerns that API alone");
    let (well, out) = repository.run(&["generate", "--check"]);
    assert!(!well && out.contains("extra    gapis-lake-v1/Cargo.toml\n"), "{out}");
    repository.run_well(&["generate"]);
    assert!(!repository.exists("generated/gapis-lake-v1"));
    assert!(
        repository.exists("generated/gapis-mine/Cargo.toml") && repository.exists("generated/gapis-pond-v1")
    );
}

#[test]
fn a_failure_does_not_stop_the_others() {
    let repository = Repository::with(&["pond:v1", "lake:v1", "sea:v1"]);
    repository.run_well(&["generate"]);
    let before = contents(&repository.workspace.generated);
    repository.write("discovery/lake.v1.json", "{");
    repository.write("discovery/sea.v1.json", &document("pond:v1").to_string());
    let (well, out) = repository.run(&["generate"]);
    assert!(!well, "{out}");
    assert!(out.contains("error: lake:v1: "), "{out}");
    assert!(out.contains("error: sea:v1: the document is that of pond:v1\n"), "{out}");
    assert!(out.contains("1 crate up to date\n2 of 3 APIs failed\n"), "{out}");
    assert_eq!(contents(&repository.workspace.generated), before, "failed crates are as they were");
}

#[test]
fn two_folders_get_the_same_bytes() {
    let repository = Repository::with(&["pond:v1"]);
    let folder = |name: &str| repository.folder.path().join(name);
    let out = |name: &str| folder(name).to_string_lossy().into_owned();
    repository.run_well(&["generate", "--out", &out("one")]);
    repository.run_well(&["generate", "pond.v1", "--out", &out("two")]);
    assert_eq!(contents(&folder("one")), contents(&folder("two")));
    assert!(!repository.exists("generated"));
    let manifest = repository.read("one/gapis-pond-v1/Cargo.toml");
    assert!(manifest.contains("path = \"../../runtime\""), "{manifest}");
    repository.run_well(&["generate", "--out", &out("a/b")]);
    let manifest = repository.read("a/b/gapis-pond-v1/Cargo.toml");
    assert!(manifest.contains("path = \"../../../runtime\""), "{manifest}");
}

#[test]
fn nothing_is_written_over_what_was_not_generated() {
    let repository = Repository::with(&["pond:v1"]);
    repository.write("generated/gapis-pond-v1/Cargo.toml", "[package]\n");
    let (well, out) = repository.run(&["generate"]);
    assert!(!well && out.contains("was not made by the generator"), "{out}");
    assert_eq!(repository.read("generated/gapis-pond-v1/Cargo.toml"), "[package]\n");
}

#[test]
fn only_some_methods() {
    let repository = Repository::with(&[]);
    repository.list("farm:v2");
    repository.write("discovery/farm.v2.json", crate::FARM);
    let out = repository.folder.path().join("mine").display().to_string();
    repository.run_well(&["generate", "farm:v2", "--only", "farmers.*,animals.get", "--out", &out]);
    assert!(repository.exists("mine/gapis-farm-v2/src/farmers.rs"));
    let animals = repository.read("mine/gapis-farm-v2/src/animals.rs");
    assert!(animals.contains("fn get(") && !animals.contains("fn insert("), "{animals}");
}

#[test]
fn all_documents_of_a_folder() {
    let repository = Repository::with(&["pond:v1"]);
    let documents = repository.folder.path().join("documents").display().to_string();
    let out = repository.folder.path().join("mine").display().to_string();
    repository.write("documents/farm.v2.json", crate::FARM);
    repository.write("documents/index.json", "{}");
    repository.write("documents/README.md", "");
    repository.run_well(&["generate", "--all", &documents, "--out", &out]);
    assert!(repository.exists("mine/gapis-farm-v2/src/farmers.rs"));
    assert!(!repository.exists("mine/gapis-pond-v1"), "it is listed, but not in the folder");
    // Two documents are never the same crate, since each is named after its API.
    repository.write("documents/farm.v3.json", crate::FARM);
    let (well, told) = repository.run(&["generate", "--all", &documents, "--out", &out]);
    assert!(!well && told.contains("error: farm:v3: the document is that of farm:v2"), "{told}");
    repository.write("documents/notes.json", "{}");
    let error =
        repository.try_run(&["generate", "--all", &documents, "--out", &out]).expect_err("no API's name");
    assert!(format!("{error:#}").contains("`notes.json` is not the name of an API"), "{error:#}");
}

#[test]
fn bad_names_are_told() {
    let repository = Repository::with(&["pond:v1"]);
    for name in ["pond:v2", "../pond:v1", "", "pond"] {
        let error = repository.try_run(&["generate", name]).expect_err(name).to_string();
        assert!(error.starts_with(&format!("no API `{name}`")), "{error}");
    }
    repository.write("discovery/apis.toml", "[\"../x:v1\"]\nfile = \"../x.v1.json\"\n");
    repository.try_run(&["generate"]).expect_err("a bad apis.toml");
    assert!(!repository.exists("generated"));
}
