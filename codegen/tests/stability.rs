//! Names stay: what a document gains or loses renames nothing else, and the order of its members never shows.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use gapis_codegen::{Crate, FeaturePolicy, Options, generate};
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

/// Owner, Rust name, wire name.
type Pair = (String, String, String);

/// What the macros and setters of a crate say about names.
fn pairs(made: &Crate) -> BTreeSet<Pair> {
    let mut pairs = BTreeSet::new();
    let mut aliases = Vec::new();
    for (path, text) in &made.files {
        let file = path.display().to_string();
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        // Setters of an update count as those of the method's calls, whatever the type is called there.
        let code = code.join(" ").replace("__Update<", "Update<");
        let code = code.replace("Update<'_, ", "Call<").replace("Update<'cb, ", "Call<");
        let tokens: Vec<&str> = code.split_whitespace().collect();
        let mut owner = String::new();
        let mut is_table = false;
        let mut is_method = false;
        for (index, token) in tokens.iter().enumerate() {
            let next = |by: usize| tokens.get(index + by).copied().unwrap_or_default();
            if let Some(name) = token.strip_suffix('!') {
                // Only tables put a wire name after a Rust name; elsewhere a type may stand before it.
                is_table = matches!(name, "object" | "open_enum");
                is_method = name == "method";
                owner = format!("{file} {}", next(2));
            }
            match *token {
                "impl" => owner = format!("{file} {}", next(1)),
                "type" => aliases
                    .push((format!("{file} {}", next(1)), format!("{file} {}", next(3).replace(';', "")))),
                token if token.starts_with('"') && token.ends_with('"') && (is_table || is_method) => {
                    let name = if is_table { tokens[index - 1] } else { "" };
                    pairs.insert((owner.clone(), name.to_owned(), token.to_owned()));
                }
                "fn" => {
                    let name = next(1).split(['(', '<']).next().unwrap_or_default().to_owned();
                    let is_setter = |token: &str| {
                        token.starts_with("self.with_param(") || token.starts_with("self.with_member(")
                    };
                    // The name stands behind the parenthesis, or in a line of its own.
                    let setter = (2..14).find(|by| is_setter(next(*by)));
                    let wire = setter.map(|by| format!("{}{}", next(by), next(by + 1)));
                    let wire = wire.map(|call| call.split('"').nth(1).unwrap_or_default().to_owned());
                    let marker = (2..60).find(|by| next(*by) == "->").map(|by| next(by + 1));
                    pairs.insert((
                        owner.clone(),
                        name,
                        wire.or(marker.map(str::to_owned)).unwrap_or_default(),
                    ));
                }
                _ => {}
            }
        }
    }
    for (alias, of) in aliases {
        let same: Vec<Pair> = pairs.iter().filter(|(owner, ..)| *owner == of).cloned().collect();
        pairs.extend(same.into_iter().map(|(_, name, wire)| (alias.clone(), name, wire)));
    }
    pairs
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
        // A document for each shape of clash: there the loser of the clash takes its own name when the winner goes.
        let full = pairs(&make(&document.to_string()));
        members +=
            full.iter().filter(|(owner, name, _)| owner.contains("schemas.rs") && !name.is_empty()).count();
        let mut pointers = Vec::new();
        removable(&document, "", &mut pointers);
        for pointer in pointers {
            let Ok(made) = generate(
                without(&document, &pointer).to_string().as_bytes(),
                &Options { name: name.clone(), features: FeaturePolicy::Never, ..Options::default() },
            ) else {
                continue;
            };
            checked += 1;
            for (owner, rust, wire) in pairs(&made) {
                // The type of a body names its argument, and an argument is no name that a user writes.
                let is_known = full.contains(&(owner.clone(), rust.clone(), wire.clone()));
                let is_loser = full.contains(&(owner.clone(), format!("{rust}_"), wire.clone()))
                    || full.contains(&(format!("{owner}_"), rust.clone(), wire.clone()));
                assert!(
                    is_known || is_loser,
                    "{name}: without {pointer}, {wire} of {owner} is called {rust}"
                );
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
