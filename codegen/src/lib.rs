//! Turns a Google API discovery document into the files of a typed Rust client crate.
//!
//! A pure library: the bytes of a document go in, the texts of files come out. It touches no disk and no network, and
//! it never panics on what it is given.
//!
//! ```
//! # fn main() -> Result<(), gapis_codegen::Error> {
//! let document = br#"{"name": "farm", "version": "v2", "rootUrl": "https://farm.example.com/"}"#;
//! let options = gapis_codegen::Options { name: "farm.v2".into(), ..Default::default() };
//! let made = gapis_codegen::generate(document, &options)?;
//! assert_eq!(made.name, "gapis-farm-v2");
//! # Ok(())
//! # }
//! ```

// Its own lists are indexed by its own numbers, so `indexing_slicing` would say nothing.
#![warn(clippy::unwrap_used, clippy::expect_used)]

mod discovery;
mod emit;
mod error;
pub mod inventory;
mod model;
mod naming;
pub mod normalize;
mod prose;
mod render;
mod resolve;
mod wire;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use error::{Error, Warning};
pub use inventory::Inventory;
pub use naming::crate_name;

/// What to generate, beside the document itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The document's name for messages, `drive.v3`.
    pub name: String,
    /// How many calls one batch request may carry, if it is not the usual 1000.
    pub batch_calls: Option<usize>,
    /// How many bytes a batch request may have, if not the usual number.
    pub batch_bytes: Option<usize>,
    /// How many characters the path and query of one call in a batch may have, if not the usual number.
    pub batch_url: Option<usize>,
    /// How many requests one update (`batchUpdate`) may carry, if that is limited.
    pub update_requests: Option<usize>,
    /// How many bytes the body of an update may have, if that is limited.
    pub update_bytes: Option<usize>,
    /// Which methods are updates and which are not, by method id, where their shape does not tell.
    pub updates: BTreeMap<String, UpdateRule>,
    /// The path of the runtime in the `Cargo.toml` that is written; without it the version alone is named.
    pub runtime_path: Option<String>,
    /// Which methods: `files.list`, `permissions.*`. Empty means all.
    pub only: Vec<String>,
    /// Whether resources become features of the crate.
    pub features: FeaturePolicy,
    /// The files become a module of another crate, which depends on `gapis-runtime`: there is no `Cargo.toml`, there are
    /// no features, and `src/lib.rs` is the module's root. It must be found by a `#[path]`, as its own modules are in
    /// files beside it.
    pub as_module: bool,
}

/// Whether a method is an update, which its shape tells otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateRule {
    /// It is an ordinary method.
    Never,
    /// It is one, with its lists in these members.
    Lists {
        /// The body's member: `requests`.
        requests: String,
        /// The response's member: `replies`.
        replies: String,
    },
}

/// Whether the crate has a feature for each top-level resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeaturePolicy {
    /// Where the API is large.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A generated crate.
#[derive(Clone, Debug)]
pub struct Crate {
    /// The crate's name, `gapis-drive-v3`.
    pub name: String,
    /// The files by their path below the crate's folder.
    pub files: BTreeMap<PathBuf, String>,
    /// What was odd in the document.
    pub warnings: Vec<Warning>,
    /// What the document contains.
    pub summary: Summary,
    /// How many of the methods answer a long-running operation that can be waited for.
    pub operations: Operations,
}

/// How many methods answer a long-running operation that can be waited for, by the form of the operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// That of google.longrunning, with a member `done`.
    pub long_running: usize,
    /// That of Compute Engine, with a member `status`.
    pub with_status: usize,
}

/// What a document contains.
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
    /// The number of enums, of schemas and parameters.
    pub enums: usize,
}

/// Makes the crate of a document.
///
/// # Errors
/// If the document is not JSON, not a discovery document, or says something that no crate can be made of. The message
/// names the document and the JSON path.
pub fn generate(document: &[u8], options: &Options) -> Result<Crate, Error> {
    let document = discovery::parse(document, &options.name)?;
    let mut log = resolve::Log::new(&options.name);
    let summary = summary(&document, &log)?;
    let api = resolve::resolve(&document, options, &mut log)?;
    let files = emit::emit(&api, options)?;
    let count = |form| resolve::operations::count(&api, form);
    let operations = Operations {
        long_running: count(model::OperationForm::Done),
        with_status: count(model::OperationForm::Status),
    };
    Ok(Crate { name: api.crate_name, files, warnings: log.warnings, summary, operations })
}

/// Makes the inventory of a document's crate: its public Rust API as data. The crate itself is not made.
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
/// As [`generate`].
pub fn inventory(document: &[u8], options: &Options) -> Result<Inventory, Error> {
    let document = discovery::parse(document, &options.name)?;
    let api = resolve::resolve(&document, options, &mut resolve::Log::new(&options.name))?;
    Ok(inventory::build(&api))
}

/// Reads a document and says what it contains, without making a crate.
///
/// # Errors
/// As [`generate`].
pub fn summarize(document: &[u8], name: &str) -> Result<Summary, Error> {
    let document = discovery::parse(document, name)?;
    summary(&document, &resolve::Log::new(name))
}

fn summary(document: &discovery::Document, log: &resolve::Log<'_>) -> Result<Summary, Error> {
    let head = resolve::head(document, log)?;
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
