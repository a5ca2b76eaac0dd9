//! Odd documents that a client reads which looks at a member only when it needs it (google-api-python-client does): read
//! here too, each with a warning that names the place.

use gapis_codegen::{Crate, Options, generate};
use serde_json::{Value, json};

/// A document with further members, in place of those that it has.
fn with(members: &Value) -> Value {
    let mut document = json!({ "name": "farm", "version": "v1", "rootUrl": "https://farm.example.com/" });
    let members = members.as_object().expect("an object").clone();
    document.as_object_mut().expect("an object").extend(members);
    document
}

fn make(document: &Value) -> Crate {
    let options = Options { name: "farm.v1".to_owned(), ..Options::default() };
    generate(document.to_string().as_bytes(), &options).expect("a crate")
}

/// The lines of all files that have one of those texts in them.
fn lines(made: &Crate, texts: &[&str]) -> Vec<String> {
    let lines =
        made.files.iter().filter(|(path, _)| path.starts_with("src")).flat_map(|(_, text)| text.lines());
    lines
        .map(str::trim)
        .filter(|line| texts.iter().any(|text| line.contains(text)))
        .map(str::to_owned)
        .collect()
}

/// Makes a crate, and compares what was warned of.
fn warned(document: &Value, expected: &[&str]) -> Crate {
    let made = make(document);
    let warnings: Vec<String> = made.warnings.iter().map(ToString::to_string).collect();
    let expected: Vec<String> = expected.iter().map(|warning| format!("farm.v1: at {warning}")).collect();
    assert_eq!(warnings, expected, "{document}");
    made
}

/// A document with one schema.
fn schema(schema: &Value) -> Value {
    with(&json!({ "schemas": { "A": schema } }))
}

/// A document with one method, and a good one beside it.
fn method(method: &Value) -> Value {
    let good = json!({ "id": "farm.good", "path": "good" });
    with(&json!({ "resources": { "r": { "methods": { "m": method, "good": good } } } }))
}

#[test]
fn a_base_url_without_a_root_url() {
    let read = |members: &Value, warnings: &[&str]| {
        let mut document = with(members);
        document.as_object_mut().expect("an object").remove("rootUrl");
        lines(&warned(&document, warnings), &["root_url:", "service_path:"])
    };
    let warning = "`baseUrl`: read in place of `rootUrl`, which is missing";
    let whole = json!({ "baseUrl": "https://farm.example.com/zoo/v1/" });
    let expected = ["root_url: \"https://farm.example.com/\",", "service_path: \"zoo/v1/\","];
    assert_eq!(read(&whole, &[warning]), expected);
    let with_path = json!({ "baseUrl": "https://farm.example.com/zoo/v1/", "servicePath": "v1/" });
    let expected = ["root_url: \"https://farm.example.com/zoo/\",", "service_path: \"v1/\","];
    assert_eq!(read(&with_path, &[warning]), expected);
    let bare = json!({ "baseUrl": "https://farm.example.com" });
    assert_eq!(read(&bare, &[warning]), ["root_url: \"https://farm.example.com/\","]);
    let both = with(&json!({ "baseUrl": "https://other.example.com/x/" }));
    assert_eq!(
        lines(&warned(&both, &[]), &["root_url:", "service_path:"]),
        ["root_url: \"https://farm.example.com/\","]
    );
}

#[test]
fn additional_properties_as_json_schema_has_them() {
    let open = schema(&json!({ "type": "object", "additionalProperties": true }));
    let made = warned(&open, &["`schemas.A.additionalProperties`: expected a schema: any JSON value"]);
    assert_eq!(lines(&made, &["pub type A"]), ["pub type A = BTreeMap<String, Json>;"]);
    let closed = schema(&json!({ "type": "object", "additionalProperties": false,
        "properties": { "a": { "type": "string" } } }));
    let made = warned(&closed, &["`schemas.A.additionalProperties`: expected a schema: left out"]);
    assert_eq!(lines(&made, &["pub struct A", "pub a:"]), ["pub struct A {", "pub a: Option<String>,"]);
}

#[test]
fn defaults_and_bounds_as_numbers_or_booleans() {
    let document = schema(&json!({ "type": "object", "properties": {
        "a": { "type": "integer", "format": "int32", "default": 7, "minimum": -1, "maximum": 1.5 },
        "b": { "type": "boolean", "default": false },
    } }));
    let made = warned(
        &document,
        &[
            "`schemas.A.properties.a.default`: expected a string: `7` is read as its text",
            "`schemas.A.properties.a.maximum`: expected a string: `1.5` is read as its text",
            "`schemas.A.properties.a.minimum`: expected a string: `-1` is read as its text",
            "`schemas.A.properties.b.default`: expected a string: `false` is read as its text",
        ],
    );
    let expected = ["/// Default `7`, at least `-1`, at most `1.5`.", "/// Default `false`."];
    assert_eq!(lines(&made, &["Default `"]), expected);
}

#[test]
fn nulls_for_lists_and_objects() {
    let document = with(&json!({ "features": null, "auth": null, "methods": null, "title": null,
        "schemas": { "A": { "type": "object", "properties": { "a": { "type": "string", "enum": null } } } },
        "resources": { "r": { "methods": { "m": { "path": "m", "parameters": null, "scopes": [null, "s"],
            "request": null } } } } }));
    let null = |place: &str| format!("`{place}`: `null` is read as if it were not there");
    let expected = [
        null("auth"),
        null("features"),
        null("methods"),
        null("resources.r.methods.m.parameters"),
        "`resources.r.methods.m.scopes.0`: expected a string: left out".to_owned(),
        null("schemas.A.properties.a.enum"),
    ];
    warned(&document, &expected.each_ref().map(String::as_str));
}

#[test]
fn required_members_as_json_schema_lists_them() {
    let document =
        schema(&json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } }));
    warned(&document, &["`schemas.A.required`: expected `true` or `false`: left out"]);
    let document = method(
        &json!({ "path": "m", "parameters": { "p": { "type": "string", "location": "query", "required": "true" } } }),
    );
    let made = warned(
        &document,
        &[
            "`resources.r.methods.m.parameters.p.required`: expected `true` or `false`: the string is read as `true`",
        ],
    );
    assert_eq!(lines(&made, &["pub fn m("]), ["pub fn m(&self, p: &str) -> Call<M> {"]);
}

#[test]
fn arrays_that_are_made_of_themselves() {
    let of = |inner: Value| json!({ "type": "array", "items": inner });
    let message = "the schema is made of nothing but itself, which is read as any JSON value";
    let document = schema(&of(json!({ "$ref": "A" })));
    let made = warned(&document, &[&format!("`schemas.A`: {message}")]);
    assert_eq!(lines(&made, &["pub type"]), ["pub type A = Vec<Json>;"]);
    let document = with(&json!({ "schemas": {
        "A": of(json!({ "$ref": "B" })),
        "B": { "type": "object", "additionalProperties": of(json!({ "$ref": "A" })) },
        "C": { "$ref": "A" },
        "D": { "$ref": "D" },
    } }));
    let made = warned(
        &document,
        &["A", "B", "D"].map(|name| format!("`schemas.{name}`: {message}")).each_ref().map(String::as_str),
    );
    assert_eq!(
        lines(&made, &["pub type"]),
        [
            "pub type A = Vec<Json>;",
            "pub type B = BTreeMap<String, Vec<Json>>;",
            "pub type C = A;",
            "pub type D = Json;",
        ]
    );
}

#[test]
fn small_integers() {
    let member = |format: &str| json!({ "type": "integer", "format": format });
    let document =
        schema(&json!({ "type": "object", "properties": { "a": member("int16"), "b": member("uint8") } }));
    let made = warned(
        &document,
        &[
            "`schemas.A.properties.a`: unknown format `int16` of `integer` is ignored",
            "`schemas.A.properties.b`: unknown format `uint8` of `integer` is ignored",
        ],
    );
    assert_eq!(lines(&made, &["pub a:", "pub b:"]), ["pub a: Option<i32>,", "pub b: Option<u32>,"]);
}

#[test]
fn a_version_with_a_dash() {
    let made = warned(&with(&json!({ "version": "v1-beta" })), &[]);
    assert_eq!(made.name, "gapis-farm-v1-_2d_beta");
    assert_eq!(
        lines(&made, &["version:", "batch_path:"]),
        ["version: \"v1-beta\",", "batch_path: \"batch/farm/v1-beta\","]
    );
    let made =
        warned(&with(&json!({ "version": 1 })), &["`version`: expected a string: `1` is read as its text"]);
    assert_eq!(made.name, "gapis-farm-1");
}

#[test]
fn one_bad_method_is_left_out() {
    let place = "resources.r.methods.m";
    for (bad, warning) in [
        (json!({}), format!("`{place}.path`: missing: the method is left out")),
        (
            json!({ "path": "a", "httpMethod": "GET / HTTP/1.1" }),
            format!("`{place}.httpMethod`: `GET / HTTP/1.1` is not an HTTP verb: the method is left out"),
        ),
        (json!({ "path": "a{" }), format!("`{place}.path`: a `{{` without a `}}`: the method is left out")),
        (
            json!({ "path": "a b" }),
            format!("`{place}.path`: a character that no path may have: the method is left out"),
        ),
        (json!({ "path": ["a"] }), format!("`{place}.path`: expected a string: left out")),
        (json!(["a"]), format!("`{place}`: expected an object: left out")),
        (
            json!({ "path": "a", "parameters": ["a"] }),
            format!("`{place}`: the method is left out: at `{place}.parameters`: expected an object"),
        ),
    ] {
        let made = make(&method(&bad));
        assert_eq!(made.warnings[0].to_string(), format!("farm.v1: at {warning}"));
        assert_eq!(
            lines(&made, &["pub fn"]),
            ["pub fn r(&self) -> r::R<'_> {", "pub fn good(&self) -> Call<Good> {",]
        );
    }
}

#[test]
fn lists_are_no_objects() {
    // By position they would be members: the first of a schema is its `$ref`.
    let document =
        with(&json!({ "schemas": { "A": ["B"], "B": { "type": "object", "properties": { "a": ["B"] } } } }));
    let made = warned(
        &document,
        &[
            "`schemas.A`: expected a schema: any JSON value",
            "`schemas.B.properties.a`: expected a schema: any JSON value",
        ],
    );
    assert_eq!(lines(&made, &["pub type", "pub a"]), ["pub type A = Json;", "pub a: Option<Json>,"]);
    let document = schema(&json!({ "type": "object", "properties": [{ "type": "string" }] }));
    let made = warned(&document, &["`schemas.A.properties`: expected an object: left out"]);
    assert_eq!(lines(&made, &["pub struct A", "pub extra"]), ["pub struct A {", "pub extra: Extra,"]);
    for (member, path) in [
        (json!({ "schemas": [] }), "schemas"),
        (json!({ "resources": [] }), "resources"),
        (json!({ "methods": "x" }), "methods"),
        (json!({ "resources": { "r": { "methods": [] } } }), "resources.r.methods"),
    ] {
        let options = Options { name: "farm.v1".to_owned(), ..Options::default() };
        let error = generate(with(&member).to_string().as_bytes(), &options).expect_err(path);
        assert_eq!(error.to_string(), format!("farm.v1: at `{path}`: expected an object"));
    }
}

#[test]
fn values_of_enums_keep_their_descriptions() {
    let document = schema(&json!({ "type": "object", "properties": { "a": {
        "type": "string", "enum": ["A", null, 3], "enumDescriptions": ["First.", "Second.", "Third."] } } }));
    let made = warned(
        &document,
        &[
            "`schemas.A.properties.a.enum.1`: expected a string: left out",
            "`schemas.A.properties.a.enum.2`: expected a string: `3` is read as its text",
        ],
    );
    assert!(lines(&made, &["First.", "Second.", "Third."]).is_empty(), "whose they are is not known");
    assert_eq!(lines(&made, &["pub enum", "#[wire"]), ["pub enum AA {", "#[wire(\"3\")]"]);
}

#[test]
fn an_upload_s_path_is_filled_by_name() {
    let upload = |path: &str| {
        method(&json!({ "path": "zoos/{zoo}/animals/{animal}", "httpMethod": "POST", "mediaUpload": {
            "protocols": { "simple": { "path": path } } } }))
    };
    let missing = ["animal", "zoo"].map(|name| {
        format!(
            "`resources.r.methods.m.parameters.{name}`: the path names a parameter that does not exist: text"
        )
    });
    let missing: Vec<&str> = missing.iter().rev().map(String::as_str).collect();
    // Another order than that of the method's path, which the client fills by the names (`another_template_takes_values_by_name`).
    let made = warned(&upload("upload/{animal}/of/{zoo}"), &missing);
    assert_eq!(lines(&made, &["simple_path"]), ["simple_path: \"upload/{animal}/of/{zoo}\","]);
    let mut warnings = missing.clone();
    warnings.extend([
        "`resources.r.methods.m.mediaUpload.protocols.simple.path`: \
         the protocol is left out: the method's own path has no variable `cage`",
        "`resources.r.methods.m.mediaUpload`: neither a simple nor a resumable upload has a path: no upload",
    ]);
    warned(&upload("upload/{cage}"), &warnings);
}

#[test]
fn what_does_not_show_is_escaped_everywhere() {
    let hidden: Vec<char> = ('\0'..=char::MAX)
        .filter(|c| c.is_control() || matches!(u32::from(*c), 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe0001 | 0xe0020..=0xe007f))
        .collect();
    let shown = |c: &char| *c == '\n';
    for c in hidden.iter().copied().filter(|c| !shown(c)).step_by(gapis_documents::step(8)) {
        let text = format!("a{c}b");
        let member = json!({ "type": "string", "description": text, "default": text, "pattern": text, "format": text,
            "enum": [text], "enumDescriptions": [text], "location": "query" });
        let document = with(&json!({
            "title": text, "description": text, "documentationLink": text, "revision": text, "canonicalName": text,
            "auth": { "oauth2": { "scopes": { text.as_str(): { "description": text } } } },
            "endpoints": [{ "endpointUrl": "https://e.example.com/", "location": text }],
            "schemas": { text.as_str(): { "type": "object", "properties": { text.as_str(): member } } },
            "resources": { text.as_str(): { "methods": { text.as_str(): { "path": "x", "id": text, "apiVersion": text,
                "description": text, "parameters": { text.as_str(): member }, "scopes": [text], "httpMethod": "POST",
                "mediaUpload": { "accept": [text], "protocols": { "simple": { "path": "u" } } } } } } },
        }));
        let made = make(&document);
        let files = made.files.iter().map(|(path, file)| (path.display().to_string(), file.clone()));
        let warnings = made.warnings.iter().map(|warning| ("warning".to_owned(), warning.to_string()));
        for (path, text) in files.chain(warnings) {
            let found = text.chars().find(|c| hidden.contains(c) && !shown(c));
            assert_eq!(found, None, "{path}: {:?}", text.lines().find(|line| line.contains(c)));
        }
    }
}
