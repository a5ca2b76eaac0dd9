//! Documents that grow in one respect: what a generator must not be slow at.

use serde_json::{Value, json};

/// A kind of document that can have any size.
#[derive(Clone, Copy)]
pub struct Family {
    /// What there is much of.
    pub name: &'static str,
    make: fn(usize) -> Value,
}

impl Family {
    /// The document of that size: about as many methods, schemas or members as its name says.
    #[must_use]
    pub fn document(&self, size: usize) -> Value {
        (self.make)(size)
    }

    /// The largest document of at most that many bytes, as JSON.
    ///
    /// ```
    /// let family = &gapis_documents::growing::FAMILIES[0];
    /// let text = family.of_bytes(10_000);
    /// assert!((9_000..=10_000).contains(&text.len()));
    /// ```
    #[must_use]
    pub fn of_bytes(&self, bytes: usize) -> String {
        let text = |size| self.document(size).to_string();
        // The length is about proportional to the size, which two steps of that rule make exact enough.
        let mut size = 100;
        for _ in 0..4 {
            size = (size * bytes / text(size).len()).max(1);
        }
        let mut made = text(size);
        while made.len() > bytes && size > 1 {
            size -= size.div_ceil(100);
            made = text(size);
        }
        made
    }
}

/// All kinds.
pub const FAMILIES: &[Family] = &[
    Family { name: "methods with a scope each", make: scopes },
    Family { name: "methods with many scopes each", make: few_scopes },
    Family { name: "methods, as short as possible", make: methods },
    Family { name: "methods with parameters", make: parameters },
    Family { name: "lists of unions in one method", make: |size| unions(size, 1) },
    Family { name: "methods with ten lists of unions", make: |size| unions(10, size) },
    Family { name: "methods and lists of unions", make: |size| unions(size, size) },
    Family { name: "resources and schemas in a chain", make: |size| resources(size, size) },
    Family { name: "resources with 20 schemas", make: |size| resources(size, 20) },
    Family { name: "resources with three schemas each", make: |size| resources(size, 3 * size) },
    Family { name: "resources, as short as possible", make: empty_resources },
    Family { name: "pages of ten lists", make: |size| pages(size, 10) },
    Family { name: "ten pages of many lists", make: |size| pages(10, size) },
    Family { name: "pages of many lists", make: |size| pages(size, size) },
    Family { name: "inline objects 50 deep", make: depth },
    Family { name: "inline objects of different shapes", make: inline },
    Family { name: "members of a schema", make: members },
    Family { name: "values of an enum", make: values },
    Family { name: "names that clash", make: clashes },
    Family { name: "brackets after an address", make: brackets },
    Family { name: "prose with links and code", make: prose },
    Family { name: "members of another type", make: odd },
];

fn with(members: &Value) -> Value {
    let mut document = json!({ "name": "farm", "version": "v1", "rootUrl": "https://farm.example.com/" });
    for (name, member) in members.as_object().into_iter().flatten() {
        document[name] = member.clone();
    }
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

fn few_scopes(size: usize) -> Value {
    let method = |index: usize| {
        let bits = (0..12).filter(|bit| (index + 1) >> bit & 1 == 1);
        let scopes: Vec<String> = bits.map(|bit| format!("https://farm.example.com/auth/{bit}")).collect();
        (format!("m{index}"), json!({ "path": "x", "scopes": scopes }))
    };
    with(&json!({ "resources": { "r": { "methods": many(size, method) } } }))
}

fn methods(size: usize) -> Value {
    let method = |index| (format!("m{index}"), json!({ "path": "" }));
    with(&json!({ "resources": { "r": { "methods": many(size, method) } } }))
}

fn parameters(size: usize) -> Value {
    let parameter = |index| {
        let kind =
            json!({ "type": "string", "location": "query", "enum": ["A", "B"], "required": index == 7 });
        (format!("p{index}"), kind)
    };
    let method = |index| (format!("m{index}"), json!({ "path": "x", "parameters": many(10, parameter) }));
    with(&json!({ "resources": { "r": { "methods": many(size, method) } } }))
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

fn empty_resources(size: usize) -> Value {
    with(&json!({ "resources": many(size, |index| (format!("r{index}"), json!({}))) }))
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

/// Inline objects 50 deep.
fn depth(count: usize) -> Value {
    let mut deep = json!({ "type": "string" });
    for _ in 0..50 {
        let other = json!({ "type": "string", "enum": ["A"] });
        deep = json!({ "type": "object", "properties": { "a": deep, "other": other } });
    }
    with(&json!({ "schemas": many(count / 50, |index| (format!("S{index}"), deep.clone())) }))
}

/// Inline objects and enums with the same names at the end of different paths, none like another.
fn inline(size: usize) -> Value {
    let schema = |index| {
        let own = format!("own{index}");
        let inner = json!({ "type": "object", "properties": { own: { "type": "string", "enum": [format!("V{index}")] } } });
        let list = json!({ "type": "array", "items": inner });
        (format!("S{index}"), json!({ "type": "object", "properties": { "items": list, "one": inner } }))
    };
    with(&json!({ "schemas": many(size, schema) }))
}

fn members(size: usize) -> Value {
    let members = many(size, |index| (format!("m{index}"), json!({ "type": "string" })));
    with(&json!({ "schemas": { "S": { "type": "object", "properties": members } } }))
}

fn values(size: usize) -> Value {
    let values: Vec<String> = (0..size).map(|index| format!("V{index}")).collect();
    let member = json!({ "type": "string", "enum": values });
    with(&json!({ "schemas": { "S": { "type": "object", "properties": { "member": member } } } }))
}

/// Members whose names differ in what a Rust name has not.
fn clashes(size: usize) -> Value {
    let marks = ["-", "_", ".", "$", "@", "/", ":", ";"];
    let name = |index: usize| {
        let mut rest = index;
        let mut name = "a".to_owned();
        loop {
            name.push_str(marks[rest % marks.len()]);
            rest /= marks.len();
            if rest == 0 {
                return name + "b";
            }
        }
    };
    let members = many(size, |index| (name(index), json!({ "type": "string" })));
    with(&json!({ "schemas": { "S": { "type": "object", "properties": members } } }))
}

fn brackets(size: usize) -> Value {
    with(&json!({ "description": format!("https://{}", ")".repeat(10 * size)) }))
}

fn prose(size: usize) -> Value {
    let text = "See [the `guide`](https://farm.example.com/guide) of Animal*s* <b>and</b> `code` ``` x_y_z \n\n * item\n";
    let members = many(size, |index| {
        (format!("m{index}"), json!({ "type": "string", "description": format!("{text}{index}") }))
    });
    with(
        &json!({ "description": text.repeat(size), "schemas": { "S": { "type": "object", "properties": members } } }),
    )
}

/// Members that must be converted first.
fn odd(size: usize) -> Value {
    let schema = |index| {
        let member =
            json!({ "type": "integer", "default": 7, "minimum": null, "required": ["a"], "enum": null });
        (format!("S{index}"), json!({ "type": "object", "properties": { "a": member, "b": true } }))
    };
    with(&json!({ "schemas": many(size, schema) }))
}
