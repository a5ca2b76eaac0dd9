//! `gapis diff`: shows what the newest documents would change in the Rust API, without storing them.

use anyhow::{Context, Result};
use clap::Args;
use gapis_codegen::Inventory;
use gapis_codegen::normalize::Prose;

use crate::api::{ApiId, Apis, Entry};
use crate::diff::{Diff, report};
use crate::fetch::{Origin, newest};
use crate::files::read_document;
use crate::generate::options;
use crate::workspace::{Terminal, Workspace};

/// The documents to compare.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:
  gapis diff
  gapis diff drive:v3
  gapis diff old.json new.json --json
  git show HEAD~1:apis/drive.v3.json | gapis diff - drive:v3")]
pub(crate) struct Changes {
    /// An API to compare with its newest document, or two documents: files, `-` for standard input, or APIs [default: all
    /// APIs of gapis.toml]
    #[arg(value_name = "OLD_NEW", num_args = 0..=2)]
    pub(crate) sides: Vec<String>,
    /// Print one JSON object for each pair: `old` and `new` (api, revision, crate_name), `breaks`, and `changes` with
    /// change, kind, path, breaks, old, new and note
    #[arg(long)]
    pub(crate) json: bool,
    /// A folder of NAME.VERSION.json files, or the URL of a directory of APIs [default: Google's]
    #[arg(long, value_name = "DIR_OR_URL")]
    pub(crate) from: Option<String>,
}

impl Changes {
    /// Compares the documents. Returns whether no change is breaking.
    ///
    /// # Errors
    /// If a document cannot be found or read, or no crate can be generated from it.
    pub(crate) fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        if let [old, new] = self.sides.as_slice() {
            return Diff { old: old.clone(), new: new.clone(), json: self.json }.run(workspace, terminal);
        }
        let apis = Apis::of(workspace)?;
        let ids = apis.select(&self.sides)?;
        let origin = Origin::of(self.from.as_deref(), workspace)?;
        let mut well = true;
        for id in &ids {
            let entry = apis.get(id).context("an API that is not listed")?;
            let text = newest(&origin, id, Prose::Remove).with_context(|| id.to_string())?.text;
            let new = gapis_codegen::inventory(text.as_bytes(), &options(id, entry))?;
            well &= report(&stored(workspace, id, entry)?, &new, self.json, terminal)?;
        }
        Ok(well)
    }
}

/// The inventory of the stored document.
pub(super) fn stored(workspace: &Workspace, id: &ApiId, entry: &Entry) -> Result<Inventory> {
    let path = workspace.discovery.join(&entry.file);
    let document = read_document(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(gapis_codegen::inventory(&document, &options(id, entry))?)
}
