//! What is found by shape over the whole directory: all documents of google-api-python-client 2.202.0.
//!
//! `GAPIS_DOCUMENTS=…/googleapiclient/discovery_cache/documents cargo test -p gapis-codegen --test public directory -- --ignored`

use std::fs;
use std::path::PathBuf;

use gapis_codegen::{Inventory, Options, inventory};
use serde_json::Value;

/// The documents by name, sorted.
pub(crate) fn documents() -> Vec<(String, Vec<u8>)> {
    let folder = std::env::var_os("GAPIS_DOCUMENTS").expect("GAPIS_DOCUMENTS names the folder of documents");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|is| is == "json") && !path.ends_with("index.json"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, fs::read(&path).expect("a document"))
    };
    paths.into_iter().map(read).collect()
}

/// Every tenth of the documents, from the one of that number on, if `GAPIS_TURN` has a number, which CI counts up day by day;
/// otherwise all.
pub(crate) fn documents_of_this_turn() -> Vec<(String, Vec<u8>)> {
    let turn = std::env::var("GAPIS_TURN").ok();
    let turn: Option<usize> = turn.map(|number| number.parse().expect("GAPIS_TURN is a number"));
    let is_due = |index: usize| turn.is_none_or(|turn| index % 10 == turn % 10);
    documents()
        .into_iter()
        .enumerate()
        .filter(|(index, _)| is_due(*index))
        .map(|(_, document)| document)
        .collect()
}

/// The inventories by the documents' names, sorted.
fn inventories() -> Vec<(String, Inventory)> {
    let read = |(name, document): (String, Vec<u8>)| {
        let made = inventory(&document, &Options { name: name.clone(), ..Options::default() });
        (name, made.expect("an inventory"))
    };
    documents().into_iter().map(read).collect()
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

/// The documents with operations of google.longrunning's form that nothing can ask for again, and how many of their
/// methods answer one. All but those of Cloud Identity have no GET that answers an operation; theirs looks for the graph
/// of a group's members.
const WITHOUT_POLL: &[(&str, usize)] = &[
    ("analyticsdata.v1beta", 1),
    ("analyticshub.v1", 3),
    ("cloudasset.v1p4beta1", 1),
    ("cloudidentity.v1", 35),
    ("cloudidentity.v1beta1", 36),
    ("cloudshell.v1alpha1", 1),
    ("colaboratory.v1beta", 1),
    ("containeranalysis.v1alpha1", 2),
    ("datastore.v1beta1", 2),
    ("firestore.v1beta1", 3),
    ("firestore.v1beta2", 4),
    ("health.v4", 6),
    ("health.v4beta", 6),
    ("metastore.v2", 12),
    ("metastore.v2alpha", 16),
    ("metastore.v2beta", 16),
    ("prod_tt_sasportal.v1alpha1", 9),
    ("remotebuildexecution.v2", 2),
    ("sasportal.v1alpha1", 9),
    ("searchads360.v23", 5),
    ("sourcerepo.v1", 1),
    ("threatintelligence.v1beta", 1),
    ("videointelligence.v1beta2", 1),
    ("videointelligence.v1p1beta1", 1),
    ("videointelligence.v1p2beta1", 1),
    ("videointelligence.v1p3beta1", 1),
    ("vision.v1p1beta1", 6),
    ("vision.v1p2beta1", 6),
];

/// The schemas that have those members.
fn with_members<'d>(document: &'d Value, members: &[&str]) -> Vec<&'d str> {
    let schemas = document["schemas"].as_object().into_iter().flatten();
    let has_all = |schema: &Value| members.iter().all(|member| schema["properties"].get(member).is_some());
    schemas.filter(|(_, schema)| has_all(schema)).map(|(name, _)| name.as_str()).collect()
}

/// How many methods, of a resource and of those below it, answer one of those schemas.
fn answering(resource: &Value, schemas: &[&str]) -> usize {
    let is_one =
        |method: &&Value| method["response"]["$ref"].as_str().is_some_and(|name| schemas.contains(&name));
    let own = resource["methods"].as_object().into_iter().flat_map(|methods| methods.values());
    let nested = resource["resources"].as_object().into_iter().flat_map(|resources| resources.values());
    own.filter(is_one).count() + nested.map(|nested| answering(nested, schemas)).sum::<usize>()
}

#[test]
#[ignore = "needs the documents of google-api-python-client"]
fn operations_are_found_by_their_shape() {
    let mut without = Vec::new();
    let (mut done, mut status) = ([0, 0], [0, 0]);
    for (name, bytes) in documents() {
        let document: Value = serde_json::from_slice(&bytes).expect("JSON");
        let of_done = answering(
            &document,
            &with_members(&document, &["name", "done", "error", "response", "metadata"]),
        );
        let of_status = answering(&document, &with_members(&document, &["name", "operationType", "status"]));
        let made = inventory(&bytes, &Options { name: name.clone(), ..Options::default() });
        let found = made.expect("an inventory").methods.iter().filter(|method| method.waits).count();
        for (total, count) in [(&mut done, of_done), (&mut status, of_status)] {
            *total = [total[0] + count, total[1] + usize::from(count > 0)];
        }
        if found == 0 && of_done > 0 {
            without.push((name, of_done));
        } else {
            assert_eq!(found, of_done + of_status, "{name}");
        }
    }
    assert_eq!((done, status), ([4786, 288], [2469, 11]), "methods and documents");
    let without: Vec<(&str, usize)> = without.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(without, WITHOUT_POLL);
}

/// The methods that answer in pages and have no items, by document: two lists that are equally good, or none.
const WITHOUT_ITEMS: &[(&str, &str)] = &[
    ("apigee.v1", "apigee.organizations.environments.securityStats.queryTabularStats"),
    ("fitness.v1", "fitness.users.dataSources.dataPointChanges.list"),
    ("tagmanager.v2", "tagmanager.accounts.containers.workspaces.folders.entities"),
    ("vmmigration.v1", "vmmigration.projects.locations.sources.fetchInventory"),
    ("vmmigration.v1alpha1", "vmmigration.projects.locations.sources.fetchInventory"),
];

#[test]
#[ignore = "needs the documents of google-api-python-client"]
fn pages_have_items() {
    let mut without = Vec::new();
    let inventories = inventories();
    for (name, inventory) in &inventories {
        for method in &inventory.methods {
            if method.paging.as_ref().is_some_and(|paging| paging.items.is_empty()) {
                without.push((name.as_str(), method.id.as_str()));
            }
        }
    }
    assert_eq!(without, WITHOUT_ITEMS);
}

#[test]
#[ignore = "needs the documents of google-api-python-client"]
fn no_chain_of_schemas_is_cut() {
    for (name, inventory) in inventories() {
        let cut = inventory.items().into_iter().find(|item| item.signature.contains("Deep<"));
        assert_eq!(cut, None, "{name}");
    }
}
