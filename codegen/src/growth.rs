//! Tests that no document makes a stage slow: twice the document takes about twice the steps.

use serde_json::{Value, json};

use crate::steps;
use crate::{Options, generate};

/// Checks that the steps for documents of three sizes, each four times the one before, grow by little more than that. The
/// largest is left out if all tests are to take seconds.
fn check(what: &str, document: impl Fn(usize) -> Value) {
    let sizes = if gapis_documents::step(2) == 1 { &[100, 400, 1600][..] } else { &[100, 400] };
    let steps = sizes.iter().map(|&size| {
        let text = document(size).to_string();
        let options = Options { name: what.to_owned(), ..Options::default() };
        let steps = steps::of(|| drop(generate(text.as_bytes(), &options).expect("a crate")));
        (text.len(), steps)
    });
    let steps: Vec<_> = steps.collect();
    for pair in steps.windows(2) {
        let [(small, few), (large, many)] = [pair[0], pair[1]];
        assert!(few > 0, "{what}: nothing is counted");
        // In hundredths.
        let (growth, steps) = (large * 100 / small, many * 100 / few);
        assert!(steps <= growth as u64 * 3 / 2, "{what}: {small} to {large} bytes, {few} to {many} steps");
    }
}

fn with(members: &Value) -> Value {
    let mut document = json!({ "name": "farm", "version": "v1", "rootUrl": "https://farm.example.com/" });
    let members = members.as_object().expect("an object").clone();
    document.as_object_mut().expect("an object").extend(members);
    document
}

/// A map with that many members.
fn many(count: usize, member: impl Fn(usize) -> (String, Value)) -> Value {
    Value::Object((0..count).map(member).collect())
}

fn scopes(count: usize) -> Value {
    let method = |index| {
        let scope = format!("https://farm.example.com/auth/{index}");
        (format!("m{index}"), json!({ "path": "x", "scopes": [scope] }))
    };
    with(&json!({ "resources": { "r": { "methods": many(count, method) } } }))
}

#[test]
fn a_scope_for_each_method() {
    check("scopes", scopes);
}

#[test]
fn few_scopes_for_many_methods() {
    check("few scopes", |count| {
        let method = |index: usize| {
            let bits = (0..12).filter(|bit| (index + 1) >> bit & 1 == 1);
            let scopes: Vec<String> =
                bits.map(|bit| format!("https://farm.example.com/auth/{bit}")).collect();
            (format!("m{index}"), json!({ "path": "x", "scopes": scopes }))
        };
        with(&json!({ "resources": { "r": { "methods": many(count, method) } } }))
    });
}

/// Lists of unions in body and response, of which none are requests and replies.
fn unions(lists: usize, methods: usize) -> Value {
    let side = |name: &str| {
        let list = |index| {
            let item = json!({ "$ref": format!("{name}{index}") });
            (format!("list{index}"), json!({ "type": "array", "items": item }))
        };
        json!({ "type": "object", "properties": many(lists, list) })
    };
    let mut schemas = many(lists, |index| {
        let part = json!({ "$ref": "Part" });
        (
            format!("Request{index}"),
            json!({ "type": "object", "properties": { "a": part, "b": part, "c": part } }),
        )
    });
    for index in 0..lists {
        let part = json!({ "$ref": "Part" });
        schemas[format!("Reply{index}")] =
            json!({ "type": "object", "properties": { "a": part, "d": part, "e": part, "f": part } });
    }
    schemas["Body"] = side("Request");
    schemas["Answer"] = side("Reply");
    schemas["Part"] = json!({ "type": "object", "properties": { "x": { "type": "string" } } });
    let method = |index| {
        let (request, response) = (json!({ "$ref": "Body" }), json!({ "$ref": "Answer" }));
        (
            format!("m{index}"),
            json!({ "path": "x", "httpMethod": "POST", "request": request, "response": response }),
        )
    };
    with(&json!({ "schemas": schemas, "resources": { "r": { "methods": many(methods, method) } } }))
}

#[test]
fn pairs_of_unions() {
    check("many lists", |count| unions(count, 1));
    check("many methods", |count| unions(10, count));
    check("both", |count| unions(count, count));
}

#[test]
fn brackets_after_an_address() {
    check("brackets", |count| {
        let text = format!("https://{}", ")".repeat(10 * count));
        with(&json!({ "description": text }))
    });
}

/// Resources that need the same schemas.
fn resources(resources: usize, schemas: usize) -> Value {
    let next = |index: usize| json!({ "$ref": format!("S{}", index + 1) });
    let schema =
        |index| (format!("S{index}"), json!({ "type": "object", "properties": { "next": next(index) } }));
    let resource = |index| {
        let method = json!({ "path": "x", "response": { "$ref": format!("S{}", index % schemas) } });
        (format!("r{index}"), json!({ "methods": { "get": method, "list": method, "patch": method } }))
    };
    with(&json!({ "schemas": many(schemas, schema), "resources": many(resources, resource) }))
}

#[test]
fn resources_with_common_schemas() {
    check("resources", |count| resources(count, count));
    check("few schemas", |count| resources(count, 20));
    check("many schemas", |count| resources(count, 3 * count));
}

/// Methods that return pages of a response with many lists.
fn pages(methods: usize, lists: usize) -> Value {
    let list = |index| (format!("list{index}"), json!({ "type": "array", "items": { "$ref": "Answer" } }));
    let mut members = many(lists, list);
    members["nextPageToken"] = json!({ "type": "string" });
    let token = json!({ "pageToken": { "type": "string", "location": "query" } });
    let method = |index| {
        (format!("m{index}"), json!({ "path": "x", "parameters": token, "response": { "$ref": "Answer" } }))
    };
    with(&json!({ "schemas": { "Answer": { "type": "object", "properties": members } },
        "resources": { "r": { "methods": many(methods, method) } } }))
}

#[test]
fn pages_of_many_lists() {
    check("pages", |count| pages(count, 10));
    check("lists", |count| pages(10, count));
    check("pages and lists", |count| pages(count, count));
}

/// Inline objects 50 deep.
fn depth(count: usize) -> Value {
    let mut deep = json!({ "type": "string" });
    for _ in 0..50 {
        let other = json!({ "type": "string", "enum": ["A"] });
        deep = json!({ "type": "object", "properties": { "a": deep, "other": other } });
    }
    with(&json!({ "schemas": many(count / 50, |index| (format!("S{index}"), deep.clone())) }))
}

#[test]
fn deep_inline_objects() {
    check("depth", depth);
}

/// Prints a table of times: `cargo test --release -p gapis-codegen --lib growth::times -- --ignored --nocapture`.
#[allow(clippy::print_stdout)]
#[test]
#[ignore = "prints times, which tell nothing on a machine that does other things too"]
fn times() {
    for size in [2_000, 8_000, 32_000] {
        for (what, document) in
            [("scopes", scopes(size)), ("unions", unions(size, size)), ("depth", depth(size))]
        {
            let text = document.to_string();
            let begin = std::time::Instant::now();
            let options = Options { name: what.to_owned(), ..Options::default() };
            drop(generate(text.as_bytes(), &options).expect("a crate"));
            println!("{what:8} {:9} bytes {:6} ms", text.len(), begin.elapsed().as_millis());
        }
    }
}
