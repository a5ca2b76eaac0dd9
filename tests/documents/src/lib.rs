//! Random discovery documents: small, valid, and full of names that clash, with each other and with what generated code
//! has. The same seed makes the same document.
//!
//! ```
//! let document = gapis_documents::document(7);
//! assert_eq!(document, gapis_documents::document(7));
//! assert!(document["resources"].is_object());
//! ```

mod names;
mod shapes;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::names::{distinct, name};
use crate::shapes::Shapes;

/// For tests that go through many cases: 1, so that they take each, if the environment variable `GAPIS_ALL` is set, as it
/// is in CI; otherwise `few`, for every `few`th, so that `cargo test` takes seconds.
#[must_use]
pub fn step(few: usize) -> usize {
    if std::env::var_os("GAPIS_ALL").is_some() { 1 } else { few }
}

/// The document of that seed. Its API is called `random`, in the version `v` and the seed.
#[must_use]
pub fn document(seed: u64) -> Value {
    let rng = &mut Rng::with_seed(seed);
    let scopes = distinct(rng, 0..5);
    let schemas = distinct(rng, 1..9);
    let mut maker = Maker { scopes: &scopes, shapes: Shapes { schemas: &schemas } };
    let all: Map<String, Value> =
        schemas.iter().map(|name| (name.clone(), maker.shapes.schema(rng))).collect();
    let mut document = json!({
        "kind": "discovery#restDescription",
        "name": "random",
        "version": format!("v{seed}"),
        "rootUrl": "https://random.example.com/",
        "servicePath": *rng.choice(["", "random/v1/", "x"].iter()).unwrap_or(&""),
        "title": name(rng),
        "canonicalName": name(rng),
        "description": prose(rng),
        "auth": { "oauth2": { "scopes": object(&scopes, |_| json!({ "description": prose(rng) })) } },
        "schemas": all,
        "methods": maker.methods(rng, "", 0..3),
        "resources": maker.resources(rng, "", 3),
    });
    if rng.u8(..4) == 0 {
        maker.add_update(rng, &mut document);
    }
    document
}

/// Members of the format whose own members have names that the API chose.
const HOLD_NAMES: &[&str] = &["schemas", "properties", "parameters", "methods", "resources"];

/// The document without some of what it has: schemas, members, parameters, methods, resources and values of enums, each
/// taken away with that probability in hundredths.
#[must_use]
pub fn shrunk(document: &Value, seed: u64, hundredths: u8) -> Value {
    let rng = &mut Rng::with_seed(seed);
    let mut document = document.clone();
    // Each value, and whether its keys are names that the API chose.
    let mut open = vec![(&mut document, false)];
    while let Some((value, named)) = open.pop() {
        match value {
            Value::Object(members) => {
                for (key, member) in members.iter_mut() {
                    let holds_names = !named && HOLD_NAMES.contains(&key.as_str());
                    match member {
                        Value::Object(items) if holds_names => {
                            items.retain(|_, _| rng.u8(..100) >= hundredths)
                        }
                        Value::Array(values) if !named && key == "enum" => {
                            values.retain(|_| rng.u8(..100) >= hundredths);
                        }
                        _ => {}
                    }
                    open.push((member, holds_names));
                }
            }
            Value::Array(values) => open.extend(values.iter_mut().map(|value| (value, false))),
            _ => {}
        }
    }
    document
}

fn object(names: &[String], mut value: impl FnMut(&str) -> Value) -> Value {
    Value::Object(names.iter().map(|name| (name.clone(), value(name))).collect())
}

/// Text in which much looks like Markdown, HTML or code.
fn prose(rng: &mut Rng) -> String {
    const PIECES: &[&str] = &[
        "The animals. ",
        "Optional. ",
        "[x] ",
        "`code` ",
        "``` ",
        "\n",
        "\n\n",
        "* ",
        "    indented ",
        "<b> ",
        "*/ ",
        "https://e.example.com/a_(b)). ",
        "http://{x}/y ",
        "[l](https://e.example.com/) ",
        "\\",
        "# ",
        "\u{202e}",
        "é🦀 ",
        "Required. ",
        "| a | b |\n|---|\n",
        "Output only. ",
        "~~~",
        "&lt; ",
        "1. ",
        "{{",
        "\"quoted\" ",
        "\t",
    ];
    let count = rng.usize(0..7);
    (0..count).filter_map(|_| rng.choice(PIECES.iter()).copied()).collect()
}

struct Maker<'d> {
    scopes: &'d [String],
    shapes: Shapes<'d>,
}

impl Maker<'_> {
    fn resources(&mut self, rng: &mut Rng, parent: &str, depth: usize) -> Value {
        let names = if depth == 0 { Vec::new() } else { distinct(rng, usize::from(parent.is_empty())..4) };
        let mut resources = Map::new();
        for name in names {
            let id = format!("{parent}{name}.");
            // A method may have the name of its resource, of one below, or of the one above.
            let resource = json!({
                "methods": self.methods(rng, &id, 0..4),
                "resources": self.resources(rng, &id, depth - 1),
            });
            resources.insert(name, resource);
        }
        Value::Object(resources)
    }

    fn methods(&mut self, rng: &mut Rng, parent: &str, count: std::ops::Range<usize>) -> Value {
        let names = distinct(rng, count);
        let mut methods = Map::new();
        for name in names {
            let method = self.method(rng, &format!("random.{parent}{name}"));
            methods.insert(name, method);
        }
        Value::Object(methods)
    }

    fn method(&mut self, rng: &mut Rng, id: &str) -> Value {
        let mut parameters = Map::new();
        let mut path = String::from("v1");
        let mut order = Vec::new();
        for name in distinct(rng, 0..3) {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-$".contains(c);
            if name.is_empty() || !name.chars().all(is_plain) {
                continue;
            }
            path.push_str(&if rng.bool() { format!("/x/{{{name}}}") } else { format!("/y/{{+{name}}}") });
            let mut parameter = self.shapes.parameter(rng);
            parameter["location"] = json!("path");
            parameter["required"] = json!(true);
            parameters.insert(name.clone(), parameter);
            order.push(name);
        }
        for name in distinct(rng, 0..5) {
            if parameters.contains_key(&name) {
                continue;
            }
            let mut parameter = self.shapes.parameter(rng);
            parameter["location"] = json!("query");
            parameter["description"] = json!(prose(rng));
            if rng.u8(..5) == 0 {
                parameter["required"] = json!(true);
            }
            parameters.insert(name, parameter);
        }
        if rng.u8(..3) == 0 {
            parameters.insert("pageToken".to_owned(), json!({ "type": "string", "location": "query" }));
        }
        rng.shuffle(&mut order);
        let verb = *rng.choice(["GET", "POST", "PUT", "PATCH", "DELETE"].iter()).unwrap_or(&"GET");
        let scopes: Vec<&String> = self.scopes.iter().filter(|_| rng.bool()).collect();
        let mut method = json!({
            "id": id, "path": path, "httpMethod": verb, "description": prose(rng), "parameters": parameters,
            "parameterOrder": order, "scopes": scopes, "deprecated": rng.u8(..9) == 0,
        });
        if rng.bool() {
            method["response"] = self.shapes.payload(rng);
        }
        if verb != "GET" && rng.bool() {
            method["request"] = self.shapes.payload(rng);
        }
        match rng.u8(..12) {
            0 => method["supportsMediaDownload"] = json!(true),
            1 if verb == "POST" => {
                method["mediaUpload"] = json!({ "accept": ["*/*"], "maxSize": "5GB",
                    "protocols": { "simple": { "path": format!("/upload/{path}") } } });
            }
            2 => method["apiVersion"] = json!("2026-01-01"),
            _ => {}
        }
        method
    }

    /// A method in the form of `documents.batchUpdate`.
    fn add_update(&mut self, rng: &mut Rng, document: &mut Value) {
        let parts = distinct(rng, 3..6);
        let part = |_: &str| json!({ "$ref": "Part" });
        let list = |item: &str| json!({ "type": "array", "items": { "$ref": item } });
        let object = |members: Value| json!({ "type": "object", "properties": members });
        let (requests, replies) = (name(rng), name(rng));
        for (schema, made) in [
            ("Part", object(json!({ "x": { "type": "string" } }))),
            ("Request", object(object_of(&parts, part))),
            ("Reply", object(object_of(&parts[..2], part))),
            (
                "UpdateBody",
                object(json!({ requests.as_str(): list("Request"), "extra": { "type": "string" } })),
            ),
            ("UpdateAnswer", object(json!({ replies.as_str(): list("Reply") }))),
        ] {
            document["schemas"][schema] = made;
        }
        document["methods"]["batchUpdate"] = json!({ "id": "random.batchUpdate", "path": "v1:batchUpdate",
            "httpMethod": "POST", "request": { "$ref": "UpdateBody" }, "response": { "$ref": "UpdateAnswer" } });
    }
}

fn object_of(names: &[String], value: impl FnMut(&str) -> Value) -> Value {
    object(names, value)
}

#[cfg(test)]
mod tests {
    use super::{document, shrunk};

    #[test]
    fn a_seed_is_a_document() {
        assert_eq!(document(3), document(3));
        assert_ne!(document(3), document(4));
    }

    #[test]
    fn shrinking_takes_away_and_adds_nothing() {
        let full = document(5);
        assert_eq!(shrunk(&full, 1, 0), full);
        assert!(shrunk(&full, 1, 50).to_string().len() < full.to_string().len());
    }
}
