//! Which member of a response has the items, where a method answers in pages.

use std::collections::BTreeMap;

use gapis_codegen::{Inventory, ItemsRule, Options, generate, inventory};
use serde_json::{Value, json};

/// A document with one method, whose response has those members.
fn document(resource: &str, method: &str, members: &Value) -> Value {
    let mut members = members.clone();
    members["nextPageToken"] = json!({ "type": "string" });
    json!({
        "name": "pond", "version": "v1", "rootUrl": "https://pond.example.com/",
        "resources": { resource: { "methods": { method: {
            "id": "pond.call", "path": "x", "response": { "$ref": "Answer" },
            "parameters": { "pageToken": { "type": "string", "location": "query" } }
        } } } },
        "schemas": {
            "Answer": { "type": "object", "properties": members },
            "Fish": { "type": "object", "properties": { "name": { "type": "string" } } }
        }
    })
}

fn with(document: &Value, rules: &[(&str, ItemsRule)]) -> Inventory {
    let items: BTreeMap<String, ItemsRule> =
        rules.iter().map(|(id, rule)| ((*id).to_owned(), rule.clone())).collect();
    let options = Options { name: "pond".into(), items, ..Options::default() };
    inventory(document.to_string().as_bytes(), &options).expect("an inventory")
}

fn items(inventory: &Inventory) -> &str {
    &inventory.methods[0].paging.as_ref().expect("pages").items
}

/// The member with the items, of members that are lists of objects, or of texts where the name begins with `*`.
#[track_caller]
fn check(resource: &str, method: &str, lists: &[&str], expected: &str) {
    let list = |name: &&str| match name.strip_prefix('*') {
        Some(name) => (name.to_owned(), json!({ "type": "array", "items": { "type": "string" } })),
        None => ((*name).to_owned(), json!({ "type": "array", "items": { "$ref": "Fish" } })),
    };
    let members = Value::Object(lists.iter().map(list).collect());
    assert_eq!(items(&with(&document(resource, method, &members), &[])), expected, "{lists:?}");
}

#[test]
fn the_only_list_has_the_items() {
    check("fish", "list", &["whatever"], "whatever");
    check("fish", "list", &["*whatever"], "whatever");
    check("fish", "list", &["whatever", "*items"], "whatever");
    check("fish", "list", &["whatever", "failedLocation", "warnings"], "whatever");
}

#[test]
fn usual_names_come_first() {
    check("events", "list", &["defaultReminders", "items"], "items");
    check("jobs", "getQueryResults", &["errors", "rows"], "rows");
    check("spaces", "search", &["results", "spaces"], "results");
    check("things", "list", &["entries", "rows", "results", "items", "things"], "items");
    check("fish", "list", &["*prefixes", "*entries"], "entries");
}

#[test]
fn then_the_name_of_the_resource() {
    check("executions", "list", &["executionInfos", "executions"], "executions");
    check("versions", "list", &["availableVersions", "versions"], "versions");
    check("sessions", "list", &["deletedSession", "session"], "session");
    check("jobs", "search", &["histogramQueryResults", "matchingJobs", "locationFilters"], "matchingJobs");
    check("pools", "queryDeployedModels", &["deployedModelRefs", "deployedModels"], "deployedModels");
    check("timeSeries", "query", &["partialErrors", "timeSeriesData"], "timeSeriesData");
}

#[test]
fn nothing_is_guessed() {
    check("folders", "entities", &["tag", "trigger", "variable"], "");
    check("changes", "list", &["deletedChanges", "insertedChanges"], "");
    check("stats", "query", &["*columns", "*values"], "");
}

#[test]
fn a_list_that_comes_later_takes_no_items_away() {
    let fish = json!({ "type": "array", "items": { "$ref": "Fish" } });
    let old = with(&document("fish", "list", &json!({ "fish": fish })), &[]);
    let new = with(&document("fish", "list", &json!({ "fish": fish, "frogs": fish })), &[]);
    let changes: Vec<String> = old.changes_to(&new).iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["ok      added      field schemas::Answer::frogs: Option<Vec<schemas::Fish>>"]);
}

#[test]
fn what_happens_to_the_items_is_a_change() {
    let fish = json!({ "type": "array", "items": { "$ref": "Fish" } });
    let fish_only = document("x", "get", &json!({ "fish": fish }));
    let two = document("x", "get", &json!({ "fish": fish, "frogs": fish }));
    let three = document("x", "get", &json!({ "fish": fish, "frogs": fish, "items": fish }));
    let [one, two, three] = [&fish_only, &two, &three].map(|document| with(document, &[]));
    let of_method = |old: &Inventory, new: &Inventory| -> Vec<String> {
        let changes = old.changes_to(new);
        changes.iter().map(ToString::to_string).filter(|line| line.contains(" method ")).collect()
    };
    assert_eq!(
        of_method(&one, &two),
        ["breaks  changed    method x::X::get (its items were those of `fish`, and it has none now)"]
    );
    assert_eq!(
        of_method(&two, &three),
        ["ok      changed    method x::X::get (its items are those of `items` now)"]
    );
    assert_eq!(
        of_method(&one, &three),
        [
            "breaks  changed    method x::X::get (its items are those of `items` now, no longer those of `fish`)"
        ]
    );
}

#[test]
fn a_rule_overrules_the_names() {
    let list = json!({ "type": "array", "items": { "$ref": "Fish" } });
    let map = json!({ "type": "object", "additionalProperties": { "$ref": "Fish" } });
    let document = document("fish", "list", &json!({ "items": list, "fish": list, "byName": map }));
    let member = |name: &str| ItemsRule::Member(name.to_owned());
    assert_eq!(items(&with(&document, &[("pond.call", member("fish"))])), "fish");
    assert_eq!(items(&with(&document, &[("pond.call", member("byName"))])), "byName");
    assert_eq!(items(&with(&document, &[("pond.call", ItemsRule::None)])), "");
    let rules = [("pond.call", member("nextPageToken")), ("pond.other", ItemsRule::None)];
    assert_eq!(items(&with(&document, &rules)), "");
    let items = rules.map(|(id, rule)| (id.to_owned(), rule)).into_iter().collect();
    let options = Options { name: "pond".into(), items, ..Options::default() };
    let made = generate(document.to_string().as_bytes(), &options).expect("a crate");
    let warnings: Vec<String> = made.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "pond: at `items.pond.call`: `nextPageToken` is not a list or map of the response",
            "pond: at `items.pond.other`: there is no such method that returns pages"
        ]
    );
}
