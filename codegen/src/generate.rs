//! The entry points: from the bytes of a document to a crate, an inventory, or a summary.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::{Error, Warning};
use crate::inventory::Inventory;
use crate::options::Options;
use crate::{discovery, emit, log, model, resolve};

/// A generated crate.
#[derive(Clone, Debug)]
pub struct Crate {
    /// The crate's name, `gapis-drive-v3`.
    pub name: String,
    /// The files by their path below the crate's folder.
    pub files: BTreeMap<PathBuf, String>,
    /// The unusual properties of the document.
    pub warnings: Vec<Warning>,
    /// What the document contains.
    pub summary: Summary,
    /// How many methods return a long-running operation that can be waited for.
    pub operations: Operations,
}

/// How many methods return a long-running operation that can be waited for, by the form of the operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Operations of google.longrunning, with a member `done`.
    pub long_running: usize,
    /// Operations of Compute Engine, with a member `status`.
    pub with_status: usize,
}

/// The contents of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The API's name, `drive`.
    pub name: String,
    /// The API's version, `v3`.
    pub version: String,
    /// The document's `id`, `drive:v3`.
    pub id: String,
    /// The document's revision, `20250101`.
    pub revision: String,
    /// The API's title, if the document has one.
    pub title: String,
    /// Scheme and host.
    pub root_url: String,
    /// The path of the batch endpoint below the root.
    pub batch_path: String,
    /// The number of methods.
    pub methods: usize,
    /// The number of top-level resources.
    pub resources: usize,
    /// The number of schemas.
    pub schemas: usize,
    /// The number of enums, in schemas and parameters.
    pub enums: usize,
}

/// Generates the crate for a document.
///
/// # Errors
/// If the document is not JSON, not a discovery document, or if no crate can be generated for it. The message names
/// the document and the JSON path.
pub fn generate(document: &[u8], options: &Options) -> Result<Crate, Error> {
    let mut log = log::Log::new(&options.name);
    let document = discovery::parse(document, &mut log)?;
    let summary = summary(&document, &options.name)?;
    let api = resolve::resolve(&document, options, &mut log)?;
    // Not needed from here on, and as large as the files that follow.
    drop(document);
    let count = |form| resolve::count_operations(&api, form);
    let operations = Operations {
        long_running: count(model::OperationForm::Done),
        with_status: count(model::OperationForm::Status),
    };
    let name = api.crate_name.clone();
    let files = emit::emit(api, options)?;
    Ok(Crate { name, files, warnings: log.warnings, summary, operations })
}

/// Returns the inventory of a document's crate: its public Rust API as data. The crate itself is not generated.
///
/// ```
/// # fn main() -> Result<(), gapis_codegen::Error> {
/// let document = br#"{"name": "farm", "version": "v2", "rootUrl": "https://farm.example.com/", "resources":
///     {"animals": {"methods": {"list": {"id": "farm.animals.list", "path": "animals"}}}}}"#;
/// let inventory = gapis_codegen::inventory(document, &gapis_codegen::Options::default())?;
/// assert_eq!(inventory.methods[0].call, "animals().list");
/// assert_eq!(inventory.methods[0].signature, "fn list(&self) -> Call<animals::List>");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The errors of [`generate`].
pub fn inventory(document: &[u8], options: &Options) -> Result<Inventory, Error> {
    let mut log = log::Log::new(&options.name);
    let document = discovery::parse(document, &mut log)?;
    let api = resolve::resolve(&document, options, &mut log)?;
    Ok(crate::inventory::build(&api))
}

/// The inventory of a document's crate with the documentation of its items, as Markdown: what the crate has in its comments,
/// which is the prose of the document, if it has any, and facts such as bounds and defaults.
///
/// HTML and marks of text direction in the document's prose are escaped. Links to schemas are paths in the crate,
/// ``[`File`](schemas::File)``.
///
/// ```
/// # fn main() -> Result<(), gapis_codegen::Error> {
/// let document = br#"{"name": "farm", "version": "v2", "rootUrl": "https://farm.example.com/", "resources":
///     {"animals": {"methods": {"list": {"id": "farm.animals.list", "path": "animals", "parameters":
///     {"most": {"type": "integer", "location": "query", "description": "How many.", "maximum": "9"}}}}}}}"#;
/// let inventory = gapis_codegen::documented(document, &gapis_codegen::Options::default())?;
/// assert_eq!(inventory.methods[0].setters[0].docs, "How many.\n\nAt most `9`.");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The errors of [`generate`].
pub fn documented(document: &[u8], options: &Options) -> Result<Inventory, Error> {
    let mut log = log::Log::new(&options.name);
    let document = discovery::parse(document, &mut log)?;
    let api = resolve::resolve(&document, options, &mut log)?;
    let mut inventory = crate::inventory::build(&api);
    crate::inventory::document(&api, &mut inventory);
    Ok(inventory)
}

/// The part of a document's inventory that a call needs at run time; see [`Methods`](crate::Methods).
pub(crate) fn methods(document: &[u8], options: &Options) -> Result<Inventory, Error> {
    let mut log = log::Log::new(&options.name);
    let mut document = discovery::parse(document, &mut log)?;
    document.schemas = discovery::Members::default();
    let options = Options { updates: BTreeMap::new(), items: BTreeMap::new(), ..options.clone() };
    let api = resolve::resolve(&document, &options, &mut log)?;
    Ok(crate::inventory::build(&api))
}

/// Reads a document and returns a summary, without generating a crate.
///
/// # Errors
/// The errors of [`generate`].
pub fn summarize(document: &[u8], name: &str) -> Result<Summary, Error> {
    let document = discovery::parse(document, &mut log::Log::new(name))?;
    summary(&document, name)
}

fn summary(document: &discovery::Document, name: &str) -> Result<Summary, Error> {
    // Warnings are reported once, when the crate is generated.
    let head = resolve::head(document, &mut log::Log::new(name))?;
    let mut summary = Summary {
        id: document.id.clone().unwrap_or_else(|| format!("{}:{}", head.name, head.version)),
        name: head.name,
        version: head.version,
        revision: document.revision.clone().unwrap_or_default(),
        title: document.title.clone().unwrap_or_default(),
        root_url: head.root_url,
        batch_path: head.batch_path,
        resources: document.resources.len(),
        schemas: document.schemas.len(),
        ..Summary::default()
    };
    document.count(&mut summary.methods, &mut summary.enums);
    Ok(summary)
}
