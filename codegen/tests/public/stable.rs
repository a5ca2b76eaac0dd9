//! Names stay in real documents: what is left when anything is taken away is called what it was called before.

use std::collections::BTreeMap;
use std::path::Path;

use gapis_codegen::inventory::{Item, ItemKind};
use gapis_codegen::{FeaturePolicy, Options, inventory};
use serde_json::Value;

/// The path of every item by what it is in the document, and by what it belongs to.
fn names(document: &Value) -> Option<BTreeMap<(ItemKind, String), String>> {
    let options = Options { features: FeaturePolicy::Never, ..Options::default() };
    let inventory = inventory(document.to_string().as_bytes(), &options).ok()?;
    let name = |item: Item| ((item.kind, item.wire), item.path);
    Some(inventory.items().into_iter().map(name).collect())
}

/// JSON pointers of all that can be taken away alone: schemas, members, parameters, methods, resources, values.
fn removable(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let Value::Object(members) = value else {
        if let Value::Array(values) = value {
            values
                .iter()
                .zip(0..)
                .for_each(|(value, index)| removable(value, &format!("{pointer}/{index}"), found));
        }
        return;
    };
    for (key, member) in members {
        let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        match (key.as_str(), member) {
            ("schemas" | "properties" | "parameters" | "methods" | "resources", Value::Object(members)) => {
                let keys = members.keys().map(|key| key.replace('~', "~0").replace('/', "~1"));
                found.extend(keys.map(|key| format!("{pointer}/{key}")));
            }
            ("enum", Value::Array(values)) => {
                found.extend((0..values.len()).map(|index| format!("{pointer}/{index}")));
            }
            _ => {}
        }
        removable(member, &pointer, found);
    }
}

fn without(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match document.pointer_mut(parent).expect("a parent") {
        Value::Object(members) => {
            members.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(values) => {
            values.remove(key.parse().expect("an index"));
        }
        _ => unreachable!("only members and elements are taken away"),
    }
    document
}

/// Takes elements away one by one, every `step`th of them, and in `cargo test` alone one in eight of those.
fn check(name: &str, step: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../discovery/{name}.json"));
    let document: Value = serde_json::from_slice(&std::fs::read(path).expect("a document")).expect("JSON");
    let full = names(&document).expect("an inventory");
    let mut pointers = Vec::new();
    removable(&document, "", &mut pointers);
    let mut renamed = Vec::new();
    for pointer in pointers.iter().step_by(step * gapis_documents::step(8)) {
        // Without a parameter that its path names a method is still a method, but some documents become unreadable.
        let Some(left) = names(&without(&document, pointer)) else { continue };
        for (item, path) in left {
            match full.get(&item) {
                Some(was) if *was == path => {}
                was => renamed.push(format!("without {pointer}: {item:?} is {path}, was {was:?}")),
            }
        }
    }
    // A parameter that is required and gone from `parameters` is still an argument, never a setter.
    assert!(pointers.len() / step > 30, "{name}: {}", pointers.len());
    assert!(
        renamed.is_empty(),
        "{name}: {} names, such as {:#?}",
        renamed.len(),
        &renamed[..renamed.len().min(9)]
    );
}

#[test]
fn farm() {
    check("farm.v2", 1);
}

#[test]
fn tasks() {
    check("tasks.v1", 1);
}

#[test]
fn forms() {
    check("forms.v1", 3);
}

#[test]
fn translate() {
    check("translate.v2", 1);
}

#[test]
fn drive() {
    check("drive.v3", 17);
}

/// All documents, each without a third of what it has: how many of all names are others then, by what they are of.
#[allow(clippy::print_stdout)]
#[test]
#[ignore = "needs the documents of google-api-python-client"]
fn names_of_the_directory() {
    let folder = std::env::var("GAPIS_DOCUMENTS").expect("GAPIS_DOCUMENTS names the folder of documents");
    let (mut all, mut renamed) = (0, Vec::new());
    for file in std::fs::read_dir(folder).expect("a folder") {
        let path = file.expect("an entry").path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(document) = serde_json::from_slice(&std::fs::read(&path).expect("a document")) else {
            continue;
        };
        let Some(full) = names(&document) else { continue };
        for (item, path) in names(&gapis_documents::shrunk(&document, 1, 33)).expect("an inventory") {
            all += 1;
            // What was an argument may be a setter of a method now whose path names no such parameter.
            if let Some(was) = full.get(&item)
                && *was != path
            {
                renamed.push(format!("{stem}: {item:?} is {path}, was {was}"));
            }
        }
    }
    renamed.sort();
    renamed.iter().for_each(|line| println!("{line}"));
    println!("{} of {all} names", renamed.len());
    // Its enums have each value in two spellings, of which the one in capitals has the plain name.
    assert!(renamed.iter().all(|line| line.starts_with("walletobjects.v1: (Variant")));
    assert!(renamed.len() < 20 && all > 200_000);
}
