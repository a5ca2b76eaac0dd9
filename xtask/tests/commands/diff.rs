use clap::Parser;
use gapis_xtask::Cli;
use serde_json::{Value, json};

use crate::{FARM, Repository, document};

/// The farm's next revision, with what revisions of real documents bring: a method, a parameter, members, a value; a
/// parameter that became required, a number that became wider, a method that went.
fn next_farm() -> String {
    let mut farm: Value = serde_json::from_str(FARM).expect("JSON");
    let mut set = |pointer: &str, key: &str, value: Value| {
        let object = farm.pointer_mut(pointer).and_then(Value::as_object_mut).expect(pointer);
        match value {
            Value::Null => drop(object.remove(key).expect(key)),
            value => drop(object.insert(key.to_owned(), value)),
        }
    };
    set("", "revision", json!("20260301"));
    set(
        "/resources/farmers/methods",
        "patch",
        json!({
            "id": "farm.farmers.patch", "httpMethod": "PATCH", "path": "farmers/{farmerId}",
            "parameters": { "farmerId": { "type": "string", "location": "path", "required": true } },
            "request": { "$ref": "Farmer" }, "response": { "$ref": "Farmer" },
        }),
    );
    set("/resources/animals/methods", "shear", Value::Null);
    set("/resources/animals/methods/get/parameters/readMask", "required", json!(true));
    set(
        "/resources/animals/methods/list/parameters",
        "breed",
        json!({ "type": "string", "location": "query" }),
    );
    set("/resources/animals/methods/feed", "deprecated", json!(true));
    set("/schemas/Animal/properties", "breed", json!({ "type": "string" }));
    set("/schemas/Animal/properties", "legs", json!({ "type": "string", "format": "int64" }));
    set("/schemas/FeedRequest/properties/feed", "enum", json!(["HAY", "OATS", "SCRAPS", "SILAGE"]));
    farm.to_string()
}

fn farms() -> Repository {
    let repository = Repository::with(&["pond:v1"]);
    repository.list("farm:v2");
    repository.write("discovery/farm.v2.json", FARM);
    repository.write("next.json", &next_farm());
    repository
}

fn path(repository: &Repository, name: &str) -> String {
    repository.folder.path().join(name).to_string_lossy().into_owned()
}

#[test]
fn what_changed_is_told_with_what_breaks_first() {
    let repository = farms();
    let (well, out) = repository.run(&["diff", "farm:v2", &path(&repository, "next.json")]);
    assert_eq!(
        out,
        "\
breaks  removed    setter Call<animals::Get>::read_mask (it is an argument now)
breaks  changed    method animals::Animals::get: (animal_id: i64) -> (animal_id: i64, read_mask: &str) (a new required argument `read_mask`)
breaks  removed    method animals::Animals::shear
breaks  changed    field schemas::Animal::legs: Option<i32> -> Option<i64>
ok      added      setter Call<animals::List>::breed: &str
ok      deprecated method animals::Animals::feed
ok      added      variant enums::FeedRequestFeed::Silage
ok      added      method farmers::Farmers::patch: fn patch(&self, farmer_id: &str, farmer: schemas::Farmer) -> Call<farmers::Patch>
ok      added      field schemas::Animal::breed: Option<String>
farm:v2 20260101 -> farm:v2 20260301: 9 changes, 4 breaking
"
    );
    assert!(!well, "something breaks");
    let (well, out) = repository.run(&["diff", "pond:v1", "pond.v1"]);
    assert_eq!((well, out.as_str()), (true, "pond:v1 20260102 -> pond:v1 20260102: the same Rust API\n"));
}

#[test]
fn additions_break_nothing() {
    let repository = farms();
    let mut more = document("pond:v1");
    more["schemas"]["Thing"]["properties"]["size"] = json!({ "type": "integer" });
    repository.write("more.json", &more.to_string());
    let out = repository.run_well(&["diff", "pond:v1", &path(&repository, "more.json")]);
    assert!(out.ends_with("pond:v1 20260102 -> pond:v1 20260102: 1 change, 0 breaking\n"), "{out}");
    let (well, out) = repository.run(&["diff", &path(&repository, "more.json"), "pond:v1"]);
    assert!(!well && out.starts_with("breaks  removed    field schemas::Thing::size\n"), "{out}");
}

#[test]
fn programs_read_it() {
    let repository = farms();
    let (well, out) = repository.run(&["diff", "--json", "farm:v2", &path(&repository, "next.json")]);
    assert!(!well);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["breaks"], true);
    assert_eq!(
        report["old"],
        json!({ "api": "farm:v2", "revision": "20260101", "crate_name": "gapis-farm-v2" })
    );
    assert_eq!(report["new"]["revision"], "20260301");
    let changes = report["changes"].as_array().expect("a list");
    let legs = changes.iter().find(|change| change["path"] == "schemas::Animal::legs").expect("the field");
    assert_eq!(
        *legs,
        json!({
            "change": "changed", "kind": "field", "path": "schemas::Animal::legs", "breaks": true,
            "old": "Option<i32>", "new": "Option<i64>", "note": "",
        })
    );
    let out = repository.run_well(&["diff", "--json", "farm:v2", "farm:v2"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&report["breaks"], &report["changes"]), (&json!(false), &json!([])));
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let repository = farms();
    repository.write("broken.json", "{");
    for (old, new, expected) in [
        ("farm:v2", "farm:v3", "no API `farm:v3`"),
        ("no/such.json", "farm:v2", "`no/such.json` is not a file"),
        (path(&repository, "broken.json").as_str(), "farm:v2", "broken.json: "),
        ("-", "-", "standard input"),
    ] {
        let error = format!("{:#}", repository.try_run(&["diff", old, new]).expect_err(new));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_status_tells_a_break_from_an_error() {
    let status = |line: &[&str]| Cli::try_parse_from(line).expect("a command line").status_if_not_well();
    assert_eq!(status(&["xtask", "diff", "a", "b"]), 3);
    assert_eq!(status(&["xtask", "generate", "--check"]), 1);
}
