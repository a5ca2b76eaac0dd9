//! Chooses the documents of a check.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result};
use gapis_codegen::{Crate, Inventory, Options, Runtime};
use serde_json::{Map, Value};

use super::random::rng;
use crate::documents::{Document, read_folder};

/// A choice of at least this many documents also includes every format.
const WIDE: usize = 10;

/// Documents by number or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Documents {
    /// This many, spread over all sizes. Ten or more include documents with every format.
    Number(usize),
    /// The documents with these names: `drive.v3`.
    Names(Vec<String>),
}

impl FromStr for Documents {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse() {
            return Ok(Documents::Number(number));
        }
        let names: Vec<String> = text.split(',').map(|name| name.trim().replace(':', ".")).collect();
        match names.iter().any(String::is_empty) {
            true => Err("a number, or names with commas between them".to_owned()),
            false => Ok(Documents::Names(names)),
        }
    }
}

/// A document with its generated crate.
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) document: Map<String, Value>,
    pub(crate) made: Crate,
    pub(crate) inventory: Inventory,
}

/// A document with its name.
pub(crate) type Named = (String, Map<String, Value>);

/// For each document, the patterns of its methods to generate (empty for all), or `None` to leave it out.
pub(crate) type Pick<'p> = &'p dyn Fn(&[Named]) -> Vec<Option<Vec<String>>>;

/// Reads the folder, chooses documents, and generates crates that depend on the runtime at `runtime`.
pub(crate) fn choose(
    folder: &Path,
    documents: &Documents,
    seed: u64,
    runtime: &str,
    pick: Pick<'_>,
) -> Result<Vec<Chosen>> {
    let mut all = read_folder(folder)?;
    all.retain(|document| !document.copy);
    all.sort_by(|a, b| a.bytes.len().cmp(&b.bytes.len()).then_with(|| a.name.cmp(&b.name)));
    let places = places(&all, documents, seed)?;
    let chosen: Vec<Document> = all
        .into_iter()
        .enumerate()
        .filter(|(place, _)| places.contains(place))
        .map(|(_, document)| document)
        .collect();
    let read = |document: &Document| {
        let read = serde_json::from_slice(&document.bytes).with_context(|| document.name.clone())?;
        Ok((document.name.clone(), read))
    };
    let values = chosen.iter().map(read).collect::<Result<Vec<_>>>()?;
    let picked = pick(&values);
    chosen
        .iter()
        .zip(values)
        .zip(picked)
        .filter_map(|((document, (_, value)), only)| Some(make(document, value, only?, runtime)))
        .collect()
}

fn places(all: &[Document], documents: &Documents, seed: u64) -> Result<BTreeSet<usize>> {
    match documents {
        Documents::Names(names) => {
            let place = |name: &String| {
                let found = all.iter().position(|document| document.name == *name);
                found.with_context(|| format!("no document {name:?}"))
            };
            names.iter().map(place).collect()
        }
        Documents::Number(wanted) => {
            let wanted = (*wanted).min(all.len());
            let mut places = if wanted < WIDE { BTreeSet::new() } else { with_every_format(all) };
            let first = rng(seed, "documents").usize(0..all.len());
            places.extend(spread(all.len(), wanted.saturating_sub(places.len()), first));
            Ok(places)
        }
    }
}

fn make(document: &Document, value: Map<String, Value>, only: Vec<String>, runtime: &str) -> Result<Chosen> {
    let runtime = Runtime::Path(runtime.to_owned());
    let options = Options { name: document.name.clone(), runtime, only, ..Options::default() };
    let made = gapis_codegen::generate(&document.bytes, &options)?;
    let inventory = gapis_codegen::inventory(&document.bytes, &options)?;
    Ok(Chosen { name: document.name.clone(), document: value, made, inventory })
}

/// Indices at equal distances, starting at a given one.
fn spread(all: usize, wanted: usize, first: usize) -> impl Iterator<Item = usize> {
    (0..wanted).map(move |n| (n * all / wanted + first) % all)
}

/// A small set of documents that together have every format. It always adds the document with most missing formats,
/// and the smallest of several. A large document is only chosen if no other has a format, because it takes minutes to
/// compile.
fn with_every_format(all: &[Document]) -> BTreeSet<usize> {
    let sizes = all.iter().map(|document| document.bytes.len());
    let found: Vec<(usize, BTreeSet<String>)> = sizes.zip(all.iter().map(formats)).collect();
    let mut missing: BTreeSet<&String> = found.iter().flat_map(|(_, formats)| formats).collect();
    let mut places = BTreeSet::new();
    while !missing.is_empty() {
        let gain =
            |formats: &BTreeSet<String>| formats.iter().filter(|format| missing.contains(format)).count();
        let best = found
            .iter()
            .enumerate()
            .filter(|(_, (_, formats))| gain(formats) > 0)
            .max_by_key(|(_, (size, formats))| (*size < 300_000, gain(formats), Reverse(*size)));
        let Some((place, (_, formats))) = best else { break };
        missing.retain(|format| !formats.contains(*format));
        places.insert(place);
    }
    places
}

/// The types and formats that occur in a document's schemas.
fn formats(document: &Document) -> BTreeSet<String> {
    fn collect(schema: &Value, found: &mut BTreeSet<String>) {
        let text = |member: &str| schema.get(member).and_then(Value::as_str);
        if let Some(kind) = text("type") {
            let of_enum = if schema.get("enum").is_some() { " enum" } else { "" };
            found.insert(format!("{kind} {}{of_enum}", text("format").unwrap_or_default()));
        }
        let members = schema.get("properties").and_then(Value::as_object);
        members.into_iter().flat_map(Map::values).for_each(|member| collect(member, found));
        let inner = [schema.get("items"), schema.get("additionalProperties")];
        inner.into_iter().flatten().for_each(|inner| collect(inner, found));
    }
    let mut found = BTreeSet::new();
    if let Ok(document) = serde_json::from_slice::<Value>(&document.bytes) {
        let schemas = document.get("schemas").and_then(Value::as_object);
        schemas.into_iter().flat_map(Map::values).for_each(|schema| collect(schema, &mut found));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(name: &str, schema: Value, padding: usize) -> Document {
        let text = json!({ "id": name, "schemas": { "A": schema }, "title": " ".repeat(padding) });
        Document { name: name.to_owned(), bytes: text.to_string().into_bytes(), copy: false }
    }

    #[test]
    fn numbers_and_names() {
        assert_eq!("20".parse(), Ok(Documents::Number(20)));
        assert_eq!(
            "drive:v3, sheets.v4".parse(),
            Ok(Documents::Names(vec!["drive.v3".into(), "sheets.v4".into()]))
        );
        assert!("a,,b".parse::<Documents>().is_err());
    }

    #[test]
    fn every_format_by_few_and_small_documents() {
        let int64 = json!({ "type": "string", "format": "int64" });
        let both = json!({ "type": "array", "items": { "type": "object", "additionalProperties": int64 } });
        let all = [
            document("nothing", json!({}), 0),
            document("one", int64, 0),
            document("same", both.clone(), 400_000),
            document("both", both, 10),
            document("alone", json!({ "type": "boolean" }), 400_000),
        ];
        assert_eq!(formats(&all[3]), ["array ", "object ", "string int64"].map(String::from).into());
        assert_eq!(with_every_format(&all), [3, 4].into());
    }

    #[test]
    fn the_rest_is_spread() {
        assert_eq!(spread(10, 2, 7).collect::<Vec<_>>(), [7, 2]);
        assert_eq!(spread(10, 0, 7).count(), 0);
    }
}
