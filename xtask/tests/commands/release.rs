use std::process::Command;

use serde_json::{Value, json};

use crate::{Repository, document};

impl Repository {
    fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]);
        let output = git.args(arguments).current_dir(self.folder.path()).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// Commits all, and gives the commit.
    fn commit(&self) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "--quiet", "-m", "x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Says that the crates were published from a commit.
    fn publish(&self, commit: &str) {
        let list = self.read("discovery/apis.toml");
        let with = list.replace("sha256 = \"0\"\n", &format!("sha256 = \"0\"\nreleased = \"{commit}\"\n"));
        self.write("discovery/apis.toml", &with);
    }

    fn change(&self, api: &str, change: impl FnOnce(&mut Value)) {
        let mut changed = document(api);
        changed["revision"] = json!("20260303");
        change(&mut changed);
        self.write(&format!("discovery/{}.json", api.replace(':', ".")), &changed.to_string());
        self.run_well(&["generate"]);
    }
}

/// Three crates that were published, in a repository of git.
fn published() -> Repository {
    let repository = Repository::with(&["lake:v1", "pond:v1", "sea:v1"]);
    repository.write(".gitignore", "/target\n");
    repository.git(&["init", "--quiet"]);
    repository.run_well(&["release", "--prepare"]);
    let changelog = repository.read("generated/gapis-pond-v1/CHANGELOG.md");
    assert!(
        changelog.starts_with("# Changelog of gapis-pond-v1\n")
            && changelog.ends_with("\nThe first release.\n")
    );
    let commit = repository.commit();
    repository.git(&["tag", "v0.1.0"]);
    repository.publish(&commit);
    repository.commit();
    repository
}

#[test]
fn the_first_release_has_all_crates_in_order() {
    let repository = Repository::with(&["lake:v1", "pond:v1"]);
    repository.write("runtime/Cargo.toml", "[package]\n");
    repository.write("codegen/Cargo.toml", "[package]\n");
    repository.list("farm:v2");
    let list = repository.read("discovery/apis.toml");
    repository.write("discovery/apis.toml", &(list + "local = true\n"));
    repository.git(&["init", "--quiet"]);
    repository.run_well(&["release", "--prepare"]);
    repository.commit();
    assert_eq!(
        repository.run_well(&["release", "--plan"]),
        "new crate    gapis-runtime 0.1.0\nnew crate    gapis-codegen 0.1.0\nnew crate    gapis-lake-v1 0.1.0\n\
         new crate    gapis-pond-v1 0.1.0\n4 to publish, with waits of 30 minutes in total\n"
    );
}

#[test]
fn each_crate_has_the_version_that_its_changes_ask_for() {
    let repository = published();
    assert_eq!(
        repository.run_well(&["release", "--plan"]),
        "0 to publish, with waits of 0 minutes in total\n"
    );
    repository.change("lake:v1", |lake| {
        lake["schemas"]["Thing"]["properties"]["size"] = json!({ "type": "integer" });
    });
    repository.change("pond:v1", |pond| {
        pond["schemas"]["Thing"]["properties"] = json!({});
    });
    let error = format!("{:#}", repository.try_run(&["release"]).expect_err("not prepared"));
    assert_eq!(
        error,
        "changed since their last release: gapis-lake-v1, gapis-pond-v1; run `cargo xtask release --prepare`"
    );
    let out = repository.run_well(&["release", "--prepare"]);
    assert!(out.starts_with("gapis-lake-v1: 0.1.0 -> 0.1.1\ngapis-pond-v1: 0.1.0 -> 0.2.0\n"), "{out}");
    let manifest = repository.read("generated/gapis-pond-v1/Cargo.toml");
    assert!(manifest.contains("\nversion = \"0.2.0\"\n"), "{manifest}");
    let changelog = repository.read("generated/gapis-pond-v1/CHANGELOG.md");
    let section = "\n## 0.2.0\n\nGenerated from revision 20260303 of the document. The previous version was generated from 20260102.\n\n### Breaking\n\n- `removed field schemas::Thing::description`\n\n## 0.1.0\n";
    assert!(changelog.contains(section), "{changelog}");
    // Another run says the same, and raises nothing further.
    let out = repository.run_well(&["release", "--prepare"]);
    assert!(out.starts_with("gapis-lake-v1: 0.1.0 -> 0.1.1\ngapis-pond-v1: 0.1.0 -> 0.2.0\n"), "{out}");
    assert!(out.ends_with("3 crates up to date\n"), "{out}");
    assert_eq!(
        repository.run_well(&["release", "--plan"]),
        "new version  gapis-lake-v1 0.1.1\nnew version  gapis-pond-v1 0.2.0\n2 to publish, with waits of a minute in total\n"
    );
}

#[test]
fn a_repository_that_is_not_ready_is_not_released() {
    let repository = published();
    repository.write("discovery/lake.v1.json", &document("lake:v1").to_string().replace("A Test", "Another"));
    let error = format!("{:#}", repository.try_run(&["release"]).expect_err("stale"));
    assert!(error.contains("not up to date"), "{error}");
    repository.run_well(&["release", "--prepare"]);
    let error = format!("{:#}", repository.try_run(&["release"]).expect_err("not committed"));
    assert!(error.starts_with("commit or stash all changes first: "), "{error}");
    repository.commit();
    repository.write("target/release-plan.json", "{\"commit\":\"abc\",\"steps\":[]}");
    let error = format!("{:#}", repository.try_run(&["release"]).expect_err("another commit"));
    assert!(error.starts_with("a release of abc is unfinished"), "{error}");
}
