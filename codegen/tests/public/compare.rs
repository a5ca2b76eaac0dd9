//! Each way in which two revisions can differ, and whether it breaks a program.

use expect_test::{Expect, expect};
use gapis_codegen::inventory::Inventory;
use gapis_codegen::{FeaturePolicy, Options, inventory};
use serde_json::{Value, json};

fn of(document: &Value, features: FeaturePolicy) -> Inventory {
    let options = Options { name: "a test".into(), features, ..Options::default() };
    inventory(document.to_string().as_bytes(), &options).expect("an inventory")
}

fn api(methods: &Value, schemas: &Value) -> Value {
    json!({
        "name": "pond", "version": "v1", "rootUrl": "https://pond.example.com/",
        "resources": { "fish": { "methods": methods } }, "schemas": schemas
    })
}

fn lines(old: &Value, new: &Value) -> String {
    let changes = of(old, FeaturePolicy::Auto).changes_to(&of(new, FeaturePolicy::Auto));
    changes.iter().map(|change| format!("{change}\n")).collect()
}

#[track_caller]
fn methods(old: &Value, new: &Value, expected: &Expect) {
    let method = |members: &Value| {
        let mut method = json!({ "id": "pond.fish.get", "httpMethod": "GET", "path": "fish" });
        let members = members.as_object().expect("members").clone();
        method.as_object_mut().expect("an object").extend(members);
        api(
            &json!({ "get": method }),
            &json!({
                "Fish": { "type": "object", "properties": { "name": { "type": "string" } } },
                "FishList": { "type": "object", "properties": {
                    "nextPageToken": { "type": "string" }, "fish": { "type": "array", "items": { "$ref": "Fish" } }
                } }
            }),
        )
    };
    expected.assert_eq(&lines(&method(old), &method(new)));
}

#[track_caller]
fn schemas(old: &Value, new: &Value, expected: &Expect) {
    expected.assert_eq(&lines(&api(&json!({}), old), &api(&json!({}), new)));
}

#[track_caller]
fn members(old: &Value, new: &Value, expected: &Expect) {
    let fish = |members: &Value| json!({ "Fish": { "type": "object", "properties": members } });
    schemas(&fish(old), &fish(new), expected);
}

fn text(location: &str, required: bool) -> Value {
    json!({ "type": "string", "location": location, "required": required })
}

#[test]
fn nothing_differs() {
    let document = api(&json!({ "get": { "path": "fish" } }), &json!({ "Fish": { "type": "object" } }));
    assert_eq!(lines(&document, &document), "");
    let mut other = document.clone();
    other["revision"] = json!("20260101");
    other["schemas"]["Fish"]["description"] = json!("Swims.");
    assert_eq!(lines(&document, &other), "", "prose is no interface");
}

#[test]
fn methods_come_and_go() {
    let one = json!({ "get": { "path": "fish", "parameters": { "deep": text("query", false) } } });
    let two = json!({ "list": { "path": "fish", "parameters": { "deep": text("query", false) } } });
    expect![[r#"
        breaks  removed    method fish::Fish::get
        ok      added      method fish::Fish::list: fn list(&self) -> Call<fish::List>
    "#]]
    .assert_eq(&lines(&api(&one, &json!({})), &api(&two, &json!({}))));
    let mut without = api(&one, &json!({}));
    let with = without.clone();
    without["resources"] = json!({});
    expect![[r#"
        breaks  removed    accessor Pond::fish
        breaks  removed    method fish::Fish::get
    "#]]
    .assert_eq(&lines(&with, &without));
    expect![[r#"
        ok      added      accessor Pond::fish
        ok      added      method fish::Fish::get: fn get(&self) -> Call<fish::Get>
    "#]]
    .assert_eq(&lines(&without, &with));
}

#[test]
fn arguments() {
    let path = |wires: &[&str]| {
        let template: String = wires.iter().map(|wire| format!("/{{{wire}}}")).collect();
        let parameters: serde_json::Map<String, Value> =
            wires.iter().map(|wire| ((*wire).to_owned(), text("path", true))).collect();
        json!({ "path": format!("fish{template}"), "parameters": parameters, "parameterOrder": wires })
    };
    methods(
        &path(&["pond"]),
        &path(&["pond", "fish"]),
        &expect![[r#"
            breaks  changed    method fish::Fish::get: (pond: &str) -> (pond: &str, fish: &str) (a new required argument `fish`)
            ok      changed    method fish::Fish::get: GET fish/{pond} -> GET fish/{pond}/{fish} (how it is sent)
        "#]],
    );
    methods(
        &path(&["pond", "fish"]),
        &path(&["pond"]),
        &expect![[r#"
            breaks  changed    method fish::Fish::get: (pond: &str, fish: &str) -> (pond: &str) (no argument `fish` any more)
            ok      changed    method fish::Fish::get: GET fish/{pond}/{fish} -> GET fish/{pond} (how it is sent)
        "#]],
    );
    methods(
        &path(&["pond", "fish"]),
        &path(&["fish", "pond"]),
        &expect![[r#"
            breaks  changed    method fish::Fish::get: (pond: &str, fish: &str) -> (fish: &str, pond: &str) (the arguments have another order)
            ok      changed    method fish::Fish::get: GET fish/{pond}/{fish} -> GET fish/{fish}/{pond} (how it is sent)
        "#]],
    );
    methods(
        &path(&["pond"]),
        &path(&["pondId"]),
        &expect![[r#"
            ok      changed    method fish::Fish::get: (pond: &str) -> (pond_id: &str) (an argument has another name)
            ok      changed    method fish::Fish::get: GET fish/{pond} -> GET fish/{pondId} (how it is sent)
        "#]],
    );
    let query = |required| json!({ "parameters": { "mask": text("query", required) } });
    methods(
        &query(false),
        &query(true),
        &expect![[r#"
        breaks  removed    setter Call<fish::Get>::mask (it is an argument now)
        breaks  changed    method fish::Fish::get: () -> (mask: &str) (a new required argument `mask`)
    "#]],
    );
    methods(
        &query(true),
        &query(false),
        &expect![[r#"
            breaks  changed    method fish::Fish::get: (mask: &str) -> () (no argument `mask` any more)
            ok      added      setter Call<fish::Get>::mask: &str
        "#]],
    );
    methods(
        &json!({}),
        &json!({ "request": { "$ref": "Fish" } }),
        &expect![[r#"
        breaks  changed    method fish::Fish::get: () -> (fish: schemas::Fish) (a new required body)
    "#]],
    );
    methods(
        &json!({ "request": { "$ref": "Fish" } }),
        &json!({ "request": { "$ref": "FishList" } }),
        &expect![[r#"
            breaks  changed    method fish::Fish::get: (fish: schemas::Fish) -> (fish_list: schemas::FishList)
        "#]],
    );
    let number = json!({ "path": "fish/{pond}", "parameters": { "pond": { "type": "integer", "location": "path", "required": true } } });
    methods(
        &path(&["pond"]),
        &json!({ "path": "fish/{pond}", "parameters": number["parameters"] }),
        &expect![[r#"
            breaks  changed    method fish::Fish::get: (pond: &str) -> (pond: i32)
        "#]],
    );
}

#[test]
fn setters() {
    let of = |parameters: Value| json!({ "parameters": parameters });
    let count =
        |repeated: bool| json!({ "count": { "type": "integer", "location": "query", "repeated": repeated } });
    methods(
        &of(json!({})),
        &of(count(false)),
        &expect![[r#"
            ok      added      setter Call<fish::Get>::count: i32
        "#]],
    );
    methods(
        &of(count(false)),
        &of(json!({})),
        &expect![[r#"
        breaks  removed    setter Call<fish::Get>::count
    "#]],
    );
    methods(
        &of(count(false)),
        &of(count(true)),
        &expect![[r#"
        breaks  changed    setter Call<fish::Get>::count: i32 -> &[i32]
    "#]],
    );
    let deprecated = json!({ "count": { "type": "integer", "location": "query", "deprecated": true } });
    methods(
        &of(count(false)),
        &of(deprecated),
        &expect![[r#"
            ok      deprecated setter Call<fish::Get>::count
        "#]],
    );
}

#[test]
fn answers_and_abilities() {
    let paged = |answer: &str| json!({ "response": { "$ref": answer }, "parameters": { "pageToken": text("query", false) } });
    methods(
        &paged("FishList"),
        &paged("Fish"),
        &expect![[r#"
        breaks  changed    method fish::Fish::get: schemas::FishList -> schemas::Fish (the answer's type)
        breaks  changed    method fish::Fish::get (it no longer answers in pages)
    "#]],
    );
    methods(
        &paged("Fish"),
        &paged("FishList"),
        &expect![[r#"
            breaks  changed    method fish::Fish::get: schemas::Fish -> schemas::FishList (the answer's type)
            ok      changed    method fish::Fish::get (it now answers in pages)
        "#]],
    );
    let upload = json!({ "mediaUpload": { "protocols": { "simple": { "path": "upload/fish" } } } });
    methods(
        &json!({}),
        &upload,
        &expect![[r#"
            ok      changed    method fish::Fish::get (it now takes media)
        "#]],
    );
    methods(
        &upload,
        &json!({}),
        &expect![[r#"
        breaks  changed    method fish::Fish::get (it no longer takes media)
    "#]],
    );
    let operation = json!({ "Operation": { "type": "object", "properties": {
        "name": { "type": "string" }, "done": { "type": "boolean" }, "error": { "type": "object" },
        "response": { "type": "object" }, "metadata": { "type": "object" }
    } } });
    let feed = json!({ "path": "fish:feed", "httpMethod": "POST", "response": { "$ref": "Operation" } });
    let poll = json!({
        "path": "{+name}", "parameters": { "name": text("path", true) }, "response": { "$ref": "Operation" }
    });
    expect![[r#"
        breaks  changed    method fish::Fish::feed (it no longer can be waited for)
        breaks  removed    method fish::Fish::get
    "#]]
    .assert_eq(&lines(
        &api(&json!({ "feed": feed, "get": poll }), &operation),
        &api(&json!({ "feed": feed }), &operation),
    ));
    methods(
        &json!({ "supportsMediaDownload": true }),
        &json!({}),
        &expect![[r#"
        breaks  changed    method fish::Fish::get (it no longer serves media)
    "#]],
    );
    methods(
        &json!({}),
        &json!({ "httpMethod": "POST", "path": "fish:get", "apiVersion": "v7", "deprecated": true }),
        &expect![[r#"
            ok      changed    method fish::Fish::get: GET fish -> POST fish:get (how it is sent)
            ok      changed    method fish::Fish::get: nothing -> v7 (the version it asks for)
            ok      deprecated method fish::Fish::get
        "#]],
    );
}

#[test]
fn fields() {
    members(
        &json!({}),
        &json!({ "age": { "type": "integer" } }),
        &expect![[r#"
            ok      added      field schemas::Fish::age: Option<i32>
        "#]],
    );
    members(
        &json!({ "age": { "type": "integer" } }),
        &json!({}),
        &expect![[r#"
        breaks  removed    field schemas::Fish::age
    "#]],
    );
    members(
        &json!({ "age": { "type": "integer" } }),
        &json!({ "age": { "type": "string", "format": "int64" } }),
        &expect![[r#"
            breaks  changed    field schemas::Fish::age: Option<i32> -> Option<i64>
        "#]],
    );
    members(
        &json!({ "prey": { "type": "string" } }),
        &json!({ "prey": { "$ref": "Fish" } }),
        &expect![[r#"
            breaks  changed    field schemas::Fish::prey: Option<String> -> Option<Box<schemas::Fish>>
        "#]],
    );
    // One name in Rust: the one that is written as Rust writes it keeps it.
    members(
        &json!({ "finCount": { "type": "integer" } }),
        &json!({ "fin_count": { "type": "integer" } }),
        &expect![[r#"
            ok      changed    field schemas::Fish::fin_count: finCount -> fin_count (the document's name)
        "#]],
    );
    members(
        &json!({ "finCount": { "type": "integer" } }),
        &json!({ "finCount": { "type": "integer" }, "fin_count": { "type": "integer" } }),
        &expect![[r#"
            breaks  changed    field schemas::Fish::fin_count: finCount -> fin_count (the name means another thing now)
            ok      added      field schemas::Fish::fin_count_: Option<i32>
        "#]],
    );
    members(
        &json!({ "age": { "type": "integer", "deprecated": true } }),
        &json!({ "age": { "type": "integer" } }),
        &expect![[r#"
            ok      changed    field schemas::Fish::age (no longer deprecated)
        "#]],
    );
}

#[test]
fn types() {
    let object = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
    schemas(
        &json!({}),
        &json!({ "Fish": object }),
        &expect![[r#"
            ok      added      struct schemas::Fish
        "#]],
    );
    schemas(
        &json!({ "Fish": object }),
        &json!({}),
        &expect![[r#"
        breaks  removed    struct schemas::Fish
    "#]],
    );
    schemas(
        &json!({ "Fish": object }),
        &json!({ "Fish": { "type": "array", "items": { "type": "string" } } }),
        &expect![[r#"
            breaks  changed    struct schemas::Fish: struct Fish -> type Fish = Vec<String>
        "#]],
    );
    let map = |kind: &str| json!({ "Names": { "type": "object", "additionalProperties": { "type": kind } } });
    schemas(
        &map("string"),
        &map("boolean"),
        &expect![[r#"
        breaks  changed    alias schemas::Names: BTreeMap<String, String> -> BTreeMap<String, bool>
    "#]],
    );
    schemas(
        &json!({ "fish": object }),
        &json!({ "fish": object, "Fish": object }),
        &expect![[r#"
            breaks  changed    struct schemas::Fish: fish -> Fish (the name means another thing now)
            ok      added      struct schemas::Fish_
        "#]],
    );
    let inline = json!({ "Fish": { "type": "object", "properties": { "fin": object } } });
    let mut named = inline.clone();
    named["FishFin"] = json!({ "type": "object" });
    schemas(
        &inline,
        &named,
        &expect![[r#"
        breaks  added      struct schemas::FishFin (the path led to the inline object of this name)
    "#]],
    );
}

#[test]
fn enums() {
    let of = |values: &[&str]| json!({ "kind": { "type": "string", "enum": values } });
    members(
        &of(&["BIG"]),
        &of(&["SMALL", "BIG"]),
        &expect![[r#"
            ok      added      variant enums::FishKind::Small
        "#]],
    );
    members(
        &of(&["BIG", "SMALL"]),
        &of(&["SMALL"]),
        &expect![[r#"
        breaks  removed    variant enums::FishKind::Big
    "#]],
    );
    members(
        &of(&["BIG"]),
        &json!({ "kind": { "type": "string" } }),
        &expect![[r#"
        breaks  removed    enum enums::FishKind
        breaks  changed    field schemas::Fish::kind: Option<runtime::Open<enums::FishKind>> -> Option<String>
    "#]],
    );
    let two = |values: &[&str]| json!({ "kind": { "type": "string", "enum": ["BIG"] }, "size": { "type": "string", "enum": values } });
    members(
        &two(&["BIG"]),
        &two(&["BIG", "SMALL"]),
        &expect![[r#"
            breaks  changed    enum enums::FishSize (no longer the same type as enums::FishKind)
            ok      added      variant enums::FishSize::Small
        "#]],
    );
}

#[test]
fn the_whole() {
    let document = api(
        &json!({ "get": { "path": "fish", "response": { "$ref": "Fish" } } }),
        &json!({ "Fish": { "type": "object" } }),
    );
    let mut other = document.clone();
    other["version"] = json!("v2");
    other["canonicalName"] = json!("Fish Pond");
    other["batchPath"] = json!("batch/v2");
    other["rootUrl"] = json!("https://lake.example.com/");
    other["servicePath"] = json!("v2/");
    expect![[r#"
        breaks  renamed    service Pond: FishPond
        breaks  changed    crate gapis-pond-v1: gapis-pond-v1 -> gapis-pond-v2 (another crate)
        ok      changed    service Pond: https://pond.example.com/ -> https://lake.example.com/ (where calls go)
        ok      changed    service Pond: nothing -> v2/ (where calls go)
        ok      changed    service Pond: batch/pond/v1 -> batch/v2 (where batches go)
    "#]].assert_eq(&lines(&document, &other));
    let scopes = |scopes: Value| {
        let mut other = document.clone();
        other["auth"] = json!({ "oauth2": { "scopes": scopes } });
        other
    };
    let one = scopes(json!({ "https://www.googleapis.com/auth/fish": {} }));
    let two = scopes(json!({ "https://www.googleapis.com/auth/fish.read": {} }));
    expect![[r#"
        breaks  removed    scope scopes::FISH
        ok      added      scope scopes::FISH_READ
    "#]]
    .assert_eq(&lines(&one, &two));
}

#[test]
fn features() {
    let fish = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
    let get =
        |schema: &str| json!({ "methods": { "get": { "path": schema, "response": { "$ref": schema } } } });
    let document = |second: &str| {
        let mut document = api(&json!({}), &json!({ "Fish": fish, "Frog": fish }));
        document["resources"] =
            json!({ "one": get("Fish"), "two": get(second), "three": get("Frog"), "four": get("Frog") });
        document
    };
    let (old, new) = (document("Fish"), document("Frog"));
    let always = |document| of(document, FeaturePolicy::Always);
    let lines = |old: &Inventory, new: &Inventory| -> String {
        old.changes_to(new).iter().map(|change| format!("{change}\n")).collect()
    };
    expect![[r#"
        breaks  changed    struct schemas::Fish (with the default features off it now needs one of the features one)
        breaks  changed    method two::Two::get: schemas::Fish -> schemas::Frog (the answer's type)
        ok      changed    method two::Two::get: GET Fish -> GET Frog (how it is sent)
    "#]]
    .assert_eq(&lines(&always(&old), &always(&new)));
    let never = of(&old, FeaturePolicy::Never);
    expect![[r#"
        breaks  changed    crate gapis-pond-v1 (each resource is a feature now, which a program must name that turns the default features off)
        ok      added      feature four
        ok      added      feature one
        ok      added      feature three
        ok      added      feature two
    "#]].assert_eq(&lines(&never, &always(&old)));
    expect![[r#"
        breaks  removed    feature four
        breaks  removed    feature one
        breaks  removed    feature three
        breaks  removed    feature two
    "#]]
    .assert_eq(&lines(&always(&old), &never));
}

/// Where the text of the document goes to a terminal it cannot do anything there.
#[test]
fn control_characters_are_taken_out() {
    let fish = |member: &str| {
        api(
            &json!({}),
            &json!({ "Fish": { "type": "object", "properties": { member: { "type": "string" } } } }),
        )
    };
    let lines = lines(&fish("fin\u{1b}Count"), &fish("finCount"));
    assert!(lines.contains("fin\\u{1b}Count -> finCount"), "{lines}");
}

#[test]
fn a_value_that_takes_over_the_name_of_another_is_seen() {
    let state = |values: Value| json!({ "state": { "type": "string", "enum": values } });
    members(
        &state(json!(["active"])),
        &state(json!(["active", "ACTIVE"])),
        &expect![[r#"
        breaks  changed    variant enums::FishState::Active: active -> ACTIVE (the name means another thing now)
        ok      added      variant enums::FishState::Active_
    "#]],
    );
}
