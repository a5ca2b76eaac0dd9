use crate::{FARM, Repository, document};

#[test]
fn the_list_is_a_table() {
    let repository = Repository::with(&["pond:v1"]);
    repository.list("farm:v2");
    repository.write("discovery/farm.v2.json", FARM);
    repository.write("discovery/apis.toml", &(repository.read("discovery/apis.toml") + "batch_calls = 50\n"));
    repository.run_well(&["generate", "pond:v1"]);
    let out = repository.run_well(&["list"]);
    assert_eq!(
        out,
        "API      revision  methods  schemas  batch path     calls  generated\n\
         farm:v2  20260101       20       12  batch/farm/v2     50  no\n\
         pond:v1  20260102        1        1  batch           1000  yes\n"
    );
    repository.write("discovery/pond.v1.json", "{");
    let (well, out) = repository.run(&["list"]);
    assert!(!well && out.contains("farm:v2") && out.contains("error: pond:v1: "), "{out}");
}

#[test]
fn a_corpus_tells_failures_and_totals() {
    let repository = Repository::new();
    repository.write("corpus/pond.v1.json", &document("pond:v1").to_string());
    repository.write("corpus/pond.v1copy.json", &document("pond:v1").to_string());
    repository.write("corpus/farm.v2.json", FARM);
    repository.write("corpus/index.json", "{}");
    let folder = repository.folder.path().join("corpus").to_string_lossy().into_owned();
    let out = repository.run_well(&["corpus", &folder]);
    assert!(out.starts_with("generated 3 of 3 documents (1 of them copies), "), "{out}");
    let none = "methods whose operation can be waited for: 0 in 0 documents by `done`, 0 in 0 by `status`\n";
    assert!(out.ends_with(none), "{out}");
    for (number, form) in ["operations", "operations_with_status"].into_iter().enumerate() {
        let golden = format!("{}/../codegen/tests/golden/{form}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(golden).expect("a document");
        let text = text.replace(r#""version": "v1""#, &format!(r#""version": "v{number}""#));
        repository.write(&format!("corpus/{form}.json"), &text);
    }
    let out = repository.run_well(&["corpus", &folder]);
    assert!(out.ends_with(": 5 in 1 documents by `done`, 4 in 1 by `status`\n"), "{out}");
    for form in ["operations", "operations_with_status"] {
        std::fs::remove_file(repository.folder.path().join(format!("corpus/{form}.json"))).expect("removed");
    }
    repository.write("corpus/broken.json", "{");
    let (well, out) = repository.run(&["corpus", &folder]);
    assert!(
        !well && out.starts_with("failed: broken: ") && out.contains("\ngenerated 3 of 4 documents"),
        "{out}"
    );
    assert!(!repository.exists("generated") && !repository.exists("target"), "nothing is written");
    repository.try_run(&["corpus", "no such folder"]).expect_err("no folder");
}

#[test]
fn the_help_says_what_each_command_does() {
    let help =
        |arguments: &[&str]| Repository::new().try_run(arguments).expect_err("help is no run").to_string();
    let all = help(&["--help"]);
    for command in ["generate", "fetch", "list", "demo", "corpus", "diff"] {
        assert!(all.contains(command), "{all}");
    }
    assert!(help(&["generate", "--help"]).contains("exit 1 if anything is"));
    assert!(help(&["fetch", "--help"]).contains("otherwise the old one stays"));
}
