use crate::{FARM, Repository};

#[test]
fn the_list_is_a_table() {
    let repository = Repository::with(&["pond:v1"]);
    repository.list("farm:v2");
    repository.write("discovery/farm.v2.json", FARM);
    repository.write(
        "discovery/apis.toml",
        &(repository.read("discovery/apis.toml") + "limits = { calls = 50 }\n"),
    );
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
fn the_help_says_what_each_command_does() {
    let help =
        |arguments: &[&str]| Repository::new().try_run(arguments).expect_err("help is no run").to_string();
    let all = help(&["--help"]);
    for command in ["generate", "fetch", "list", "demo", "corpus", "diff"] {
        assert!(all.contains(command), "{all}");
    }
    assert!(help(&["generate", "--help"]).contains("exit 1 if anything is"));
    assert!(help(&["fetch", "--help"]).contains("only if a crate can be generated from it"));
}
