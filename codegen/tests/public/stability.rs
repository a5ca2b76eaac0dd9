//! Names stay: what a document gains or loses renames nothing else, and the order of its members never shows.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use gapis_codegen::inventory::{Item, ItemKind};
use gapis_codegen::{Crate, FeaturePolicy, Options, generate, inventory};
use serde_json::Value;

fn documents() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let documents = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut documents: Vec<_> = documents
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_slice(&fs::read(&path).unwrap()).unwrap())
        })
        .collect();
    documents.sort_by(|(a, _), (b, _)| a.cmp(b));
    documents
}

fn make(text: &str) -> Crate {
    let options =
        Options { name: "test.v1".to_owned(), features: FeaturePolicy::Never, ..Options::default() };
    generate(text.as_bytes(), &options).unwrap()
}

/// What a name is of, its path, and what it is in the document.
type Named = (ItemKind, String, String);

/// Every name that a program can say.
fn names(document: &Value) -> Option<BTreeSet<Named>> {
    let options =
        Options { name: "test.v1".to_owned(), features: FeaturePolicy::Never, ..Options::default() };
    let made = inventory(document.to_string().as_bytes(), &options).ok()?;
    // Setters of an update count as those of the method's calls, whatever the type is called there.
    let path = |item: &Item| item.path.replace("Update<", "Call<");
    // A request is told by its type, which is no name of its own.
    let items = made.items();
    let named = items.iter().filter(|item| item.kind != ItemKind::Request);
    Some(named.map(|item| (item.kind, path(item), item.wire.replace('.', "?"))).collect())
}

/// A path without the underscores by which the loser of a clash is told from its winner.
fn bare(path: &str) -> String {
    let steps = path.split("::").map(|step| step.trim_end_matches(['_', '>']));
    steps.collect::<Vec<_>>().join("::")
}

/// JSON pointers of all that can be taken away alone.
fn removable(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                let pointer = format!("{pointer}/{key}");
                if matches!(key.as_str(), "schemas" | "properties" | "parameters" | "methods")
                    && let Value::Object(members) = member
                {
                    let keys = members.keys().map(|key| key.replace('~', "~0").replace('/', "~1"));
                    found.extend(keys.map(|key| format!("{pointer}/{key}")));
                }
                if let ("enum", Value::Array(values)) = (key.as_str(), member) {
                    found.extend((0..values.len()).map(|index| format!("{pointer}/{index}")));
                }
                removable(member, &pointer, found);
            }
        }
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(index, value)| removable(value, &format!("{pointer}/{index}"), found)),
        _ => {}
    }
}

fn without(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.remove(&key.replace("~1", "/").replace("~0", "~"))),
        Value::Array(values) => drop(values.remove(key.parse().unwrap())),
        _ => unreachable!(),
    }
    document
}

#[test]
fn what_is_added_renames_nothing() {
    let (mut checked, mut members) = (0, 0);
    for (name, document) in documents() {
        let full = names(&document).expect("an inventory");
        members += full.iter().filter(|(kind, ..)| *kind == ItemKind::Field).count();
        // A document for each shape of clash: there the loser of the clash takes its own name when the winner goes.
        let losers: BTreeSet<Named> =
            full.iter().map(|(kind, path, wire)| (*kind, bare(path), wire.clone())).collect();
        let mut pointers = Vec::new();
        removable(&document, "", &mut pointers);
        for pointer in pointers {
            let Some(made) = names(&without(&document, &pointer)) else { continue };
            checked += 1;
            for (kind, path, wire) in made {
                let is_known = full.contains(&(kind, path.clone(), wire.clone()));
                let is_loser = losers.contains(&(kind, bare(&path), wire.clone()));
                assert!(is_known || is_loser, "{name}: without {pointer}, {wire} is called {path}");
            }
        }
    }
    assert!(checked > 200, "{checked}");
    assert!(members > 100, "so many members of schemas were found: {members}");
}

/// The document's text with the members of each object in another order.
fn reversed(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            text.push('{');
            for (index, (key, member)) in members.iter().rev().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write!(text, "{}:", Value::from(key.as_str())).unwrap();
                reversed(member, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                reversed(value, text);
            }
            text.push(']');
        }
        other => write!(text, "{other}").unwrap(),
    }
}

#[test]
fn the_order_of_members_never_shows() {
    for (name, document) in documents() {
        let mut text = String::new();
        reversed(&document, &mut text);
        let (a, b) = (make(&document.to_string()), make(&text));
        assert_eq!(a.files, b.files, "{name}");
        assert_eq!(a.warnings, b.warnings, "{name}");
    }
}
