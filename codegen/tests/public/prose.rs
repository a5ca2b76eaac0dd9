//! What a document says in words changes nothing of its crate's API.

use std::fs;
use std::path::Path;

use gapis_codegen::normalize::{Prose, normalize};
use gapis_codegen::{Inventory, Options, inventory};
use serde_json::{Value, json};

/// Adds words to every place that may have some, no two alike, and leaves some places without.
struct Writer(usize);

impl Writer {
    fn words(&mut self) -> Option<Value> {
        self.0 += 1;
        (!self.0.is_multiple_of(3)).then(|| json!(format!("The words of place {}: **so** it [is].", self.0)))
    }

    fn describe(&mut self, value: &mut Value) {
        if let Some(words) = self.words() {
            value["description"] = words;
        }
    }

    fn each(&mut self, value: &mut Value, key: &str, write: fn(&mut Self, &mut Value)) {
        let members = value.get_mut(key).and_then(Value::as_object_mut);
        members.into_iter().flatten().for_each(|(_, member)| write(self, member));
    }

    fn one(&mut self, value: &mut Value, key: &str) {
        if let Some(member) = value.get_mut(key) {
            self.schema(member);
        }
    }

    fn resource(&mut self, value: &mut Value) {
        self.each(value, "methods", Self::method);
        self.each(value, "resources", Self::resource);
    }

    fn method(&mut self, value: &mut Value) {
        self.describe(value);
        self.each(value, "parameters", Self::schema);
        self.one(value, "request");
        self.one(value, "response");
    }

    fn schema(&mut self, value: &mut Value) {
        self.describe(value);
        if let Some(count) = value.get("enum").and_then(Value::as_array).map(Vec::len) {
            value["enumDescriptions"] =
                (0..count).map(|_| self.words().unwrap_or_else(|| json!(""))).collect();
        }
        self.each(value, "properties", Self::schema);
        self.one(value, "items");
        self.one(value, "additionalProperties");
    }

    fn document(&mut self, value: &mut Value) {
        self.describe(value);
        self.resource(value);
        self.each(value, "schemas", Self::schema);
        if let Some(oauth2) = value.pointer_mut("/auth/oauth2") {
            self.each(oauth2, "scopes", Self::describe);
        }
    }
}

fn of(document: &Value) -> Inventory {
    let text = document.to_string();
    inventory(text.as_bytes(), &Options::default()).expect("an inventory")
}

#[track_caller]
fn is_same(name: &str, plain: &Value, described: &Value) {
    let (plain, described) = (of(plain), of(described));
    for (old, new) in [(&plain, &described), (&described, &plain)] {
        let changes: Vec<String> = old.changes_to(new).iter().map(ToString::to_string).collect();
        assert!(changes.is_empty(), "{name}: {}", changes.join("\n"));
    }
    let same = |inventory: &Inventory| {
        let structs = inventory.structs.iter().map(|item| (item.path.clone(), item.same_as.clone()));
        let enums = inventory.enums.iter().map(|item| (item.path.clone(), item.same_as.clone()));
        structs.chain(enums).collect::<Vec<_>>()
    };
    assert_eq!(same(&plain), same(&described), "{name}");
}

#[test]
fn words_change_no_type_of_the_documents_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../discovery");
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort_unstable();
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths.iter().step_by(gapis_documents::step(5)) {
        let mut plain: Value = serde_json::from_slice(&fs::read(path).expect("a document")).expect("JSON");
        normalize(&mut plain, Prose::Remove);
        let mut described = plain.clone();
        Writer(0).document(&mut described);
        is_same(&path.display().to_string(), &plain, &described);
        normalize(&mut described, Prose::Remove);
        assert!(plain == described, "{}: words are added to places of words alone", path.display());
    }
}

#[test]
fn alike_is_what_has_the_same_names_and_types() {
    let document = |members: &Value| {
        json!({ "name": "pond", "version": "v1", "rootUrl": "https://pond.example.com/", "schemas": {
            "A": { "type": "object", "properties": { "one": members[0], "other": members[1] } }
        } })
    };
    let objects = |inventory: &Inventory| {
        inventory.structs.iter().filter(|item| item.same_as.is_some()).count()
            + inventory.enums.iter().filter(|item| item.same_as.is_some()).count()
    };
    let object = |words: &str, kind: &str| {
        json!({ "type": "object", "description": words, "properties": {
            "x": { "type": kind, "description": words, "deprecated": words.len() > 3 }
        } })
    };
    let alike = document(&json!([object("Few.", "string"), object("x", "string")]));
    assert_eq!(objects(&of(&alike)), 1);
    let other = document(&json!([object("Few.", "string"), object("Few.", "integer")]));
    assert_eq!(objects(&of(&other)), 0);
    // The order of values is the document's affair.
    let values = |values: &Value| json!({ "type": "string", "enum": values });
    assert_eq!(objects(&of(&document(&json!([values(&json!(["A", "B"])), values(&json!(["B", "A"]))])))), 1);
    assert_eq!(objects(&of(&document(&json!([values(&json!(["A", "B"])), values(&json!(["A"]))])))), 0);
    // Inline objects are alike where the inline objects in them are.
    let deep = |words: &str| json!({ "type": "object", "properties": { "y": object(words, "string") } });
    assert_eq!(objects(&of(&document(&json!([deep("One."), deep("")])))), 2);
}

/// Their own descriptions too. `GAPIS_DOCUMENTS` names the folder, as in `directory.rs`.
#[test]
#[ignore = "needs the documents of google-api-python-client"]
fn words_change_no_type_of_the_directory() {
    for (name, document) in crate::directory::documents_of_this_turn() {
        let described: Value = serde_json::from_slice(&document).expect("JSON");
        let mut plain = described.clone();
        normalize(&mut plain, Prose::Remove);
        is_same(&name, &plain, &described);
    }
}
