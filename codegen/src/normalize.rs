//! Normalizes a discovery document to the form that is checked in under `discovery/`: sorted keys, one member in a
//! line, and by default without prose, so that a diff shows changes of the API only.
//!
//! It knows the structure of the format, and must not remove a key because of its name only: a schema may have a
//! property, and a method a parameter, that is called `description`.

use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

/// What happens to the prose of a document (`description` and `enumDescriptions`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prose {
    /// Keep it. It becomes the documentation of the generated crate.
    Keep,
    /// Remove it. The generated documentation then consists of facts only.
    Remove,
}

/// What a JSON value in the document describes, which determines what its members are.
#[derive(Clone, Copy, Debug)]
enum Place {
    Document,
    Resource,
    Method,
    /// A schema, a property or a parameter: they share one shape.
    Schema,
    /// Something that has at most a description: a scope, an endpoint.
    Described,
    /// `auth` and `auth.oauth2`.
    Auth,
    OAuth2,
    /// An object whose keys are names chosen by the API, or an array of such values.
    Many(Item),
    /// Values without any prose.
    Plain,
}

/// The kind of values in a [`Place::Many`].
#[derive(Clone, Copy, Debug)]
enum Item {
    Resource,
    Method,
    Schema,
    Described,
}

impl Place {
    /// The place of the member `key` of a value at this place.
    fn child(self, key: &str) -> Place {
        match (self, key) {
            (Place::Document | Place::Resource, "resources") => Place::Many(Item::Resource),
            (Place::Document | Place::Resource, "methods") => Place::Many(Item::Method),
            (Place::Document, "schemas") => Place::Many(Item::Schema),
            (Place::Document | Place::Method, "parameters") => Place::Many(Item::Schema),
            (Place::Document, "auth") => Place::Auth,
            (Place::Document, "endpoints") => Place::Many(Item::Described),
            (Place::Auth, "oauth2") => Place::OAuth2,
            (Place::OAuth2, "scopes") => Place::Many(Item::Described),
            (Place::Method, "request" | "response") => Place::Schema,
            (Place::Schema, "properties") => Place::Many(Item::Schema),
            (Place::Schema, "items" | "additionalProperties") => Place::Schema,
            (Place::Many(item), _) => item.place(),
            _ => Place::Plain,
        }
    }

    /// Whether the member `key` of a value at this place is prose.
    fn is_prose(self, key: &str) -> bool {
        match self {
            Place::Document | Place::Resource | Place::Method | Place::Described => key == "description",
            Place::Schema => key == "description" || key == "enumDescriptions",
            Place::Auth | Place::OAuth2 | Place::Many(_) | Place::Plain => false,
        }
    }
}

impl Item {
    fn place(self) -> Place {
        match self {
            Item::Resource => Place::Resource,
            Item::Method => Place::Method,
            Item::Schema => Place::Schema,
            Item::Described => Place::Described,
        }
    }
}

/// Sorts the keys of a discovery document and, on request, removes its prose.
///
/// Values of an unexpected type are left unchanged, because the parser checks documents. The walk has its own stack,
/// so no depth of nesting exhausts the thread's stack.
///
/// ```
/// use gapis_codegen::normalize::{Prose, normalize};
///
/// let mut document = serde_json::json!({
///     "description": "Prose.",
///     "schemas": { "Cow": { "properties": { "description": { "type": "string", "description": "Prose." } } } },
/// });
/// normalize(&mut document, Prose::Remove);
/// assert_eq!(
///     document,
///     serde_json::json!({ "schemas": { "Cow": { "properties": { "description": { "type": "string" } } } } }),
/// );
/// ```
pub fn normalize(document: &mut Value, prose: Prose) {
    let mut open = vec![(document, Place::Document)];
    while let Some((value, place)) = open.pop() {
        match value {
            Value::Object(members) => {
                if prose == Prose::Remove {
                    members.retain(|key, _| !place.is_prose(key));
                }
                // Whether the map preserves its order depends on a feature that any crate in the build may enable.
                members.sort_keys();
                open.extend(members.iter_mut().map(|(key, member)| (member, place.child(key))));
            }
            Value::Array(values) => {
                let place = if let Place::Many(item) = place { item.place() } else { Place::Plain };
                open.extend(values.iter_mut().map(|value| (value, place)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The text of a document as it is checked in: indented by one space (otherwise half of a large document would be
/// indentation), and ending with a newline.
pub fn to_text(document: &Value) -> String {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b" "));
    // Neither a `Value` nor a `Vec` can cause an error, and JSON is UTF-8.
    let _ = serde::Serialize::serialize(document, &mut serializer);
    text.push(b'\n');
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prose_goes_from_every_place_of_the_format() {
        let mut document = json!({
            "description": "x", "title": "Farm", "documentationLink": "https://farm.example/",
            "auth": { "oauth2": { "scopes": { "https://farm.example/auth": { "description": "x" } } } },
            "endpoints": [{ "description": "x", "location": "north" }],
            "parameters": { "alt": { "description": "x", "enum": ["json"], "enumDescriptions": ["x"] } },
            "methods": { "ping": { "description": "x", "request": { "type": "object", "description": "x" } } },
            "resources": { "animals": {
                "methods": { "get": { "description": "x", "parameters": { "id": { "description": "x", "type": "string" } } } },
                "resources": { "shots": { "methods": { "list": { "description": "x" } } } },
            } },
            "schemas": { "Animal": { "description": "x", "properties": {
                "kind": { "items": { "description": "x", "enum": ["A"], "enumDescriptions": ["x"] } },
                "more": { "additionalProperties": { "description": "x", "type": "any" } },
            } } },
        });
        normalize(&mut document, Prose::Remove);
        assert_eq!(
            document,
            json!({
                "title": "Farm", "documentationLink": "https://farm.example/",
                "auth": { "oauth2": { "scopes": { "https://farm.example/auth": {} } } },
                "endpoints": [{ "location": "north" }],
                "parameters": { "alt": { "enum": ["json"] } },
                "methods": { "ping": { "request": { "type": "object" } } },
                "resources": { "animals": {
                    "methods": { "get": { "parameters": { "id": { "type": "string" } } } },
                    "resources": { "shots": { "methods": { "list": {} } } },
                } },
                "schemas": { "Animal": { "properties": {
                    "kind": { "items": { "enum": ["A"] } },
                    "more": { "additionalProperties": { "type": "any" } },
                } } },
            })
        );
    }

    #[test]
    fn what_is_merely_called_description_stays() {
        let document = json!({
            "methods": { "description": { "id": "farm.description" } },
            "resources": { "description": { "methods": { "enumDescriptions": {} } } },
            "schemas": { "description": { "properties": { "description": {}, "enumDescriptions": {} } } },
            "parameters": { "description": {} },
            "features": ["description"],
        });
        let mut normal = document.clone();
        normalize(&mut normal, Prose::Remove);
        assert_eq!(normal, document);
    }

    #[test]
    fn prose_stays_when_it_is_wanted() {
        let document = json!({ "description": "x", "schemas": { "A": { "enumDescriptions": ["x"] } } });
        let mut normal = document.clone();
        normalize(&mut normal, Prose::Keep);
        assert_eq!(normal, document);
    }

    #[test]
    fn values_of_the_wrong_type_are_left_alone() {
        for wrong in
            [json!(null), json!([1, "x"]), json!({ "schemas": 7, "resources": [[]], "auth": "description" })]
        {
            let mut normal = wrong.clone();
            normalize(&mut normal, Prose::Remove);
            assert_eq!(normal, wrong);
        }
    }

    #[test]
    fn depth_does_not_exhaust_the_stack() {
        // `json!` would copy what it is given, which recurses.
        let within = |key: &str, value: Value| Value::Object([(key.to_owned(), value)].into_iter().collect());
        let mut document = json!({ "description": "x" });
        for _ in 0..20_000 {
            document = within("items", document);
        }
        let mut document = within("schemas", within("Deep", document));
        normalize(&mut document, Prose::Remove);
        // Dropping a deep value recurses, which is not what is tested here.
        std::mem::forget(document);
    }

    #[test]
    fn the_text_is_sorted_and_stable() {
        let mut document: Value = serde_json::from_str(r#"{"b":[1,{"z":"é","a":[]}],"a":{}}"#).expect("JSON");
        normalize(&mut document, Prose::Remove);
        let text = to_text(&document);
        assert_eq!(
            text,
            "{\n \"a\": {},\n \"b\": [\n  1,\n  {\n   \"a\": [],\n   \"z\": \"é\"\n  }\n ]\n}\n"
        );
        assert_eq!(to_text(&serde_json::from_str(&text).expect("JSON")), text);
    }
}
