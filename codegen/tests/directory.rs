//! What is found by shape over the whole directory: all documents of google-api-python-client 2.202.0.
//!
//! `GAPIS_DOCUMENTS=…/googleapiclient/discovery_cache/documents cargo test -p gapis-codegen --test directory -- --ignored`

use std::fs;
use std::path::PathBuf;

use gapis_codegen::{Inventory, Options, inventory};

/// The inventories by the documents' names, sorted.
fn inventories() -> Vec<(String, Inventory)> {
    let folder = std::env::var_os("GAPIS_DOCUMENTS").expect("GAPIS_DOCUMENTS names the folder of documents");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|is| is == "json") && !path.ends_with("index.json"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let document = fs::read(&path).expect("a document");
        let made = inventory(&document, &Options { name: name.clone(), ..Options::default() });
        (name, made.expect("an inventory"))
    };
    paths.into_iter().map(read).collect()
}

/// All the methods that apply a list of requests, all or none: what the request can be, and how many of these are
/// answered. Methods of the same shape on both sides (`materials` of classroom's course work, `packageRepositories` of
/// osconfig's policies) are not among them, nor is searchads360's `mutate`, whose results have names of their own.
const UPDATES: &[(&str, &str, usize, usize)] = &[
    ("docs.v1", "docs.documents.batchUpdate", 53, 11),
    ("drivelabels.v2", "drivelabels.labels.delta", 12, 12),
    ("drivelabels.v2beta", "drivelabels.labels.delta", 12, 12),
    ("forms.v1", "forms.forms.batchUpdate", 6, 1),
    ("sheets.v4", "sheets.spreadsheets.batchUpdate", 74, 27),
    ("slides.v1", "slides.presentations.batchUpdate", 49, 14),
];

#[test]
#[ignore = "needs the documents of google-api-python-client"]
fn updates_are_found_by_their_shape() {
    let inventories = inventories();
    assert_eq!(inventories.len(), 610);
    let mut found = Vec::new();
    for (name, inventory) in &inventories {
        for method in &inventory.methods {
            if let Some(update) = &method.update {
                let answered = update.requests.iter().filter(|request| request.reply != "()").count();
                found.push((name.as_str(), method.id.as_str(), update.requests.len(), answered));
            }
        }
    }
    assert_eq!(found, UPDATES);
}
