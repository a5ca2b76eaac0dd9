//! A document's names never take those that the runtime's macros give to services, calls and updates. The macros
//! themselves are read here, so that a function added to them without a word to the generator is found.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gapis_codegen::{Crate, Options, generate};
use serde_json::{Map, Value, json};

/// The text of a macro.
fn text_of(file: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src").join(file);
    let text = fs::read_to_string(path).expect("the macros of the runtime");
    let (_, from) = text.split_once(&format!("macro_rules! {name} {{")).expect("the macro");
    from.split_once("\n}\n").expect("its end").0.to_owned()
}

/// The inherent functions that a macro gives to a type: those of the blocks `impl<…> Type …`, public or not.
fn functions(text: &str, of: &str) -> Vec<String> {
    let mut names = BTreeSet::new();
    for block in text.split("\n        impl").skip(1) {
        let (head, body) = block.split_once("{\n").expect("a block");
        let is_of_type = head.trim_start().starts_with(of) || head.contains(&format!("> {of}<"));
        if head.contains(" for ") || !is_of_type {
            continue;
        }
        let functions =
            body.lines().filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("fn "));
        let name = |rest: &str| rest.split(['(', '<']).next().unwrap_or_default().to_owned();
        names.extend(functions.map(name));
    }
    names.into_iter().collect()
}

fn make(mut members: Value) -> Crate {
    members["name"] = json!("pond");
    members["version"] = json!("v1");
    members["rootUrl"] = json!("https://pond.example.com/");
    generate(members.to_string().as_bytes(), &Options::default()).expect("a crate")
}

fn all<'n>(names: impl IntoIterator<Item = &'n String>, value: &Value) -> Map<String, Value> {
    names.into_iter().map(|name| (name.clone(), value.clone())).collect()
}

/// Asserts that a file has each of the functions under another name, the same with `_`.
#[track_caller]
fn are_renamed(made: &Crate, file: &str, names: &[String]) {
    let text = &made.files[Path::new(file)];
    for name in names {
        assert!(!text.contains(&format!("pub fn {name}(")), "{file}: {name} is also the runtime's");
        assert!(text.contains(&format!("pub fn {name}_(")), "{file}: {name} is gone");
    }
}

#[test]
fn functions_of_a_service() {
    let names = functions(&text_of("macros.rs", "api"), "$api");
    assert!(names.len() > 8 && names.contains(&"run_pages".to_owned()), "{names:?}");
    let method = json!({ "id": "x", "path": "x", "httpMethod": "GET" });
    are_renamed(&make(json!({ "methods": all(&names, &method) })), "src/lib.rs", &names);
    let resource = json!({ "methods": { "get": method } });
    are_renamed(&make(json!({ "resources": all(&names, &resource) })), "src/lib.rs", &names);
}

#[test]
fn functions_of_a_call() {
    let names = functions(&text_of("macros.rs", "api"), "Call");
    assert!(names.len() > 20 && names.contains(&"with_key".to_owned()), "{names:?}");
    // These are parameters of every method, which the runtime's own functions send.
    let (global, own): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| matches!(name.as_str(), "fields" | "quota_user" | "pretty_print"));
    assert_eq!(global.len(), 3);
    let parameters = all(&own, &json!({ "type": "string", "location": "query" }));
    let method = json!({ "id": "x", "path": "x", "httpMethod": "GET", "parameters": parameters });
    let made = make(json!({ "resources": { "frogs": { "methods": { "list": method } } } }));
    are_renamed(&made, "src/frogs.rs", &own);
}

/// A method `batchUpdate` of a resource `frogs` with those further members in its body, and those parameters.
fn update(members: Map<String, Value>, parameters: &Map<String, Value>) -> Crate {
    let part = json!({ "$ref": "Part" });
    let object = |members: Value| json!({ "type": "object", "properties": members });
    let list = |item: &str| json!({ "type": "array", "items": { "$ref": item } });
    let mut body = members;
    body.insert("requests".to_owned(), list("Request"));
    make(json!({
        "schemas": {
            "Part": object(json!({ "x": { "type": "string" } })),
            "Request": object(json!({ "a": part, "b": part })),
            "Reply": object(json!({ "a": part, "b": part })),
            "Body": object(Value::Object(body)),
            "Answer": object(json!({ "replies": list("Reply") })),
        },
        "resources": { "frogs": { "methods": { "batchUpdate": { "id": "x", "path": "x", "httpMethod": "POST",
            "parameters": parameters, "request": { "$ref": "Body" }, "response": { "$ref": "Answer" } } } } },
    }))
}

#[test]
fn functions_of_an_update() {
    let names = functions(&text_of("macros/update.rs", "update"), "Update");
    assert!(names.len() > 15 && names.contains(&"push_ticket".to_owned()), "{names:?}");
    let made = update(all(&names, &json!({ "type": "string" })), &Map::new());
    are_renamed(&made, "src/frogs.rs", &names);
}

#[test]
fn parameters_of_an_update_and_members_of_its_body() {
    let names = ["type", "color"].map(str::to_owned);
    let parameters = all(&names, &json!({ "type": "string", "location": "query" }));
    let made = update(all(&names, &json!({ "type": "string" })), &parameters);
    let text = &made.files[Path::new("src/frogs.rs")];
    for function in ["pub fn r#type(", "pub fn type_(", "pub fn color(", "pub fn color_("] {
        assert_eq!(text.matches(function).count(), 1, "{function}");
    }
}

#[test]
fn type_parameters() {
    let mut letters = BTreeSet::new();
    for text in [text_of("macros.rs", "api"), text_of("macros/update.rs", "update")] {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        letters.extend(
            words
                .filter(|word| word.len() == 1 && word.as_bytes()[0].is_ascii_uppercase())
                .map(str::to_owned),
        );
    }
    assert!(letters.len() > 3 && letters.contains("M"), "{letters:?}");
    for letter in letters {
        let made = make(json!({ "canonicalName": letter }));
        let text = &made.files[Path::new("src/lib.rs")];
        assert!(text.contains(&format!("pub struct {letter}Api(")), "{letter}");
    }
}
