//! The documentation of an inventory stands at the items it is of, and makes no other difference.

use gapis_codegen::{Inventory, Options, documented, inventory};
use serde_json::{Map, Value, json};

/// A parameter whose description is its path.
fn parameter(path: &str, more: Value) -> Value {
    let mut parameter = json!({ "type": "string", "location": "query", "description": format!("{path}") });
    let members = parameter.as_object_mut().expect("an object");
    members.extend(more.as_object().cloned().unwrap_or_default());
    parameter
}

fn method(path: &str) -> Value {
    json!({
        "id": format!("a.{path}"), "path": format!("{path}/{{id}}"), "httpMethod": "POST", "description": path,
        "parameters": {
            "id": parameter(&format!("{path}(id)"), json!({ "location": "path", "required": true })),
            "last": parameter(&format!("{path}(last)"), json!({ "required": true })),
            "b": parameter(&format!("{path}(b)"), json!({ "default": "x" })),
            "a": parameter(&format!("{path}(a)"), json!({})),
        },
        "parameterOrder": ["id", "last"],
        "request": { "$ref": "Zebra" },
    })
}

fn resource(path: &str, depth: usize) -> Value {
    let mut resources = Map::new();
    if depth > 0 {
        for name in ["z", "m"] {
            resources.insert(name.to_owned(), resource(&format!("{path}{name}."), depth - 1));
        }
    }
    let methods = ["get", "add"].map(|name| (name.to_owned(), method(&format!("{path}{name}"))));
    json!({ "methods": Map::from_iter(methods), "resources": resources })
}

fn document() -> Vec<u8> {
    let mut document = resource("", 2);
    let more = json!({
        "name": "a", "version": "v1", "title": "Title", "description": "About.", "rootUrl": "https://a.example.com/",
        "documentationLink": "https://a.example.com/docs",
        "schemas": {
            "Zebra": {
                "id": "Zebra", "type": "object", "description": "Zebra", "properties": {
                    "y": { "type": "string", "description": "Zebra.y", "enum": ["B", "A"], "enumDescriptions": ["is B", "is A"] },
                    "x": { "type": "object", "description": "Zebra.x", "properties": {
                        "w": { "type": "string", "description": "Zebra.x.w" },
                    } },
                },
            },
            "Any": { "id": "Any", "type": "any", "description": "Any" },
        },
    });
    let members = document.as_object_mut().expect("an object");
    members.extend(more.as_object().cloned().unwrap_or_default());
    document.to_string().into_bytes()
}

fn made() -> Inventory {
    documented(&document(), &Options::default()).expect("a document")
}

#[test]
fn documentation_stands_at_its_item() {
    let made = made();
    assert_eq!((made.service.title.as_str(), made.service.docs.as_str()), ("Title", "About."));
    assert_eq!(made.service.documentation, "https://a.example.com/docs");
    assert_eq!(made.methods.len(), 14);
    for method in &made.methods {
        assert_eq!(method.docs, method.wire);
        for argument in method.arguments.iter().filter(|argument| !argument.wire.is_empty()) {
            assert_eq!(argument.docs, format!("{}({})", method.wire, argument.wire));
        }
        for setter in &method.setters {
            let fact = if setter.wire == "b" { "\n\nDefault `x`." } else { "" };
            assert_eq!(setter.docs, format!("{}({}){fact}", method.wire, setter.wire));
        }
    }
    let object = |path: &str| made.structs.iter().find(|item| item.path == path).expect(path);
    let zebra = object("schemas::Zebra");
    assert_eq!(zebra.docs, "Zebra");
    assert!(zebra.fields.iter().all(|field| field.docs == format!("Zebra.{}", field.wire)), "{zebra:?}");
    assert_eq!(object("schemas::inline::ZebraX").fields[0].docs, "Zebra.x.w");
    assert_eq!(made.aliases[0].docs, "Any");
    let variants = &made.enums[0].variants;
    assert!(variants.iter().all(|variant| variant.docs == format!("is {}", variant.wire)), "{variants:?}");
}

#[test]
fn the_rest_is_the_same() {
    let mut made = made();
    made.service.title.clear();
    made.service.docs.clear();
    made.service.documentation.clear();
    made.methods.iter_mut().for_each(|method| {
        method.docs.clear();
        method.arguments.iter_mut().for_each(|argument| argument.docs.clear());
        method.setters.iter_mut().for_each(|setter| setter.docs.clear());
    });
    made.structs.iter_mut().for_each(|item| {
        item.docs.clear();
        item.fields.iter_mut().for_each(|field| field.docs.clear());
    });
    made.aliases.iter_mut().for_each(|item| item.docs.clear());
    let variants = made.enums.iter_mut().flat_map(|item| &mut item.variants);
    variants.for_each(|variant| variant.docs.clear());
    assert_eq!(made, inventory(&document(), &Options::default()).expect("a document"));
}
