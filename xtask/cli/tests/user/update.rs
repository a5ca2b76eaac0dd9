use serde_json::{Value, json};

use crate::server::Answer;
use crate::{User, pond};

/// The pond's next revision: a member more, and another type for an argument.
fn next_pond() -> Value {
    let mut pond = pond();
    pond["revision"] = json!("20260303");
    pond["schemas"]["Fish"]["properties"]["fins"] = json!({ "type": "integer" });
    pond["resources"]["fish"]["methods"]["get"]["parameters"]["fishId"]["format"] = json!("int64");
    pond
}

#[test]
fn the_newest_revision_with_what_it_breaks() {
    let user = User::new();
    let from = user.server.url("/apis");
    user.add("pond:v1", &[]);
    let out = user.run_well(&["update", "--from", &from]);
    assert_eq!(out, "pond:v1: unchanged\n1 crate up to date\n");
    user.server.answer("/pond", Answer::ok(next_pond().to_string()));
    let (code, out) = user.run(&["diff", "--from", &from]);
    assert_eq!(code, 3, "{out}");
    assert!(out.starts_with("breaks  changed    method fish::Fish::get: "), "{out}");
    assert!(out.ends_with("\npond:v1 20260102 -> pond:v1 20260303: 2 changes, 1 breaking\n"), "{out}");
    assert!(user.read("apis/pond.v1.json").contains("20260102"), "comparing takes nothing over");
    let out = user.run_well(&["update", "--from", &from]);
    assert!(
        out.starts_with(
            "pond:v1: revision 20260102 became 20260303\n  2 changes, 1 breaking\n  breaks  changed "
        ),
        "{out}"
    );
    assert!(user.read("apis/gapis-pond-v1/src/schemas.rs").contains("pub fins: Option<i32>"));
    assert!(user.read("gapis.toml").contains("revision = \"20260303\"\n"));
    assert_eq!(
        user.run_well(&["diff", "pond:v1", "--from", &from]),
        "pond:v1 20260303 -> pond:v1 20260303: the same Rust API\n"
    );
}

#[test]
fn a_document_that_cannot_be_had_leaves_all_as_it_was() {
    let user = User::new();
    let from = user.server.url("/apis");
    user.add("pond:v1", &[]);
    user.add("farm:v2", &[]);
    let before = user.read("apis/pond.v1.json");
    user.server.answer("/pond", Answer::head("500 Internal Server Error"));
    let (code, out) = user.run(&["update", "--from", &from]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("farm:v2: unchanged\nerror: pond:v1: cannot fetch it: "), "{out}");
    assert_eq!(user.read("apis/pond.v1.json"), before);
    let error = user.error(&["update", "gmail:v1", "--from", &from]);
    assert_eq!(error, "no API `gmail:v1` in gapis.toml; `gapis add gmail:v1` adds it");
}

#[test]
fn crates_of_apis_that_are_no_longer_listed_go() {
    let user = User::new();
    user.add("pond:v1", &[]);
    user.add("farm:v2", &[]);
    let list = user.read("gapis.toml");
    let (without, _) = list.split_once("\n[apis.\"farm:v2\"]").expect("the farm");
    user.write("gapis.toml", without);
    user.run_well(&["generate"]);
    assert!(user.exists("apis/gapis-pond-v1") && !user.exists("apis/gapis-farm-v2"));
}
