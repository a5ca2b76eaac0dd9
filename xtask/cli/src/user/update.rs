//! `gapis update`: stores the newest documents, and writes their crates and modules.

use anyhow::{Result, bail};
use clap::Args;
use gapis_codegen::normalize::Prose;

use super::changes::stored;
use crate::api::{ApiId, Apis, Entry};
use crate::fetch::{Fetched, Newest, Origin, newest, store, write_list};
use crate::generate::{Generate, count, options};
use crate::progress::{Progress, for_each};
use crate::workspace::{Terminal, Workspace};

/// The APIs to update.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:
  gapis update
  gapis update drive:v3 gmail:v1")]
pub(crate) struct Update {
    /// The APIs [default: all of gapis.toml]
    #[arg(value_name = "API")]
    pub(crate) apis: Vec<String>,
    /// Remove the descriptions, so that only facts of the interface remain
    #[arg(long)]
    pub(crate) no_prose: bool,
    /// A folder of NAME.VERSION.json files, or the URL of a directory of APIs [default: Google's]
    #[arg(long, value_name = "DIR_OR_URL")]
    pub(crate) from: Option<String>,
}

/// A newer document, and what it changes in the Rust API.
struct Newer {
    fetched: Fetched,
    lines: Vec<String>,
}

impl Update {
    /// Updates the APIs. Returns whether every API could be updated.
    ///
    /// # Errors
    /// If the list of APIs cannot be read or written, or the source cannot be used. Failures of single APIs are
    /// printed.
    pub(crate) fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let mut apis = Apis::of(workspace)?;
        let ids = apis.select(&self.apis)?;
        let origin = Origin::of(self.from.as_deref(), workspace)?;
        let prose = if self.no_prose { Prose::Remove } else { Prose::Keep };
        let progress = Progress::new(ids.len(), terminal);
        let found = for_each(&ids, &progress, ApiId::to_string, |id| match apis.get(id) {
            Some(entry) => newer(workspace, &origin, id, entry, prose),
            None => bail!("it is not listed"),
        });
        drop(progress);
        let mut well = true;
        for (id, found) in ids.iter().zip(found) {
            let stored = found.and_then(|newer| {
                let news = store(&mut apis, workspace, id, &newer.fetched)?;
                Ok((news, newer.lines))
            });
            match stored {
                Ok((news, lines)) => {
                    writeln!(terminal.out, "{id}: {news}")?;
                    for line in lines {
                        writeln!(terminal.out, "  {line}")?;
                    }
                }
                Err(error) => {
                    well = false;
                    writeln!(terminal.out, "error: {id}: {error:#}")?;
                }
            }
        }
        write_list(&apis, workspace)?;
        let apis = ids.iter().map(ToString::to_string).collect();
        Ok(Generate { apis, ..Generate::default() }.run(workspace, terminal)? && well)
    }
}

fn newer(workspace: &Workspace, origin: &Origin, id: &ApiId, entry: &Entry, prose: Prose) -> Result<Newer> {
    let Newest { text, found, revision } = newest(origin, id, prose)?;
    let options = options(id, entry);
    // A document from which no crate can be generated does not replace the old one.
    gapis_codegen::generate(text.as_bytes(), &options)?;
    let new = gapis_codegen::inventory(text.as_bytes(), &options)?;
    let changes = stored(workspace, id, entry)?.changes_to(&new);
    let breaking: Vec<String> =
        changes.iter().filter(|change| change.breaks).map(ToString::to_string).collect();
    let mut lines = Vec::new();
    if !changes.is_empty() {
        lines.push(format!("{}, {} breaking", count(changes.len(), "change"), breaking.len()));
        lines.extend(breaking);
    }
    Ok(Newer { fetched: Fetched { text, source: found, revision }, lines })
}
