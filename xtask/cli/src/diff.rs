//! `cargo xtask diff`: shows what changed in the Rust API between two revisions of a document. `gapis_codegen` compares
//! them and decides which changes are breaking. This module finds documents and prints changes.

use std::io::stdin;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use gapis_codegen::Options;
use gapis_codegen::inventory::{Change, Inventory};
use serde::Serialize;

use crate::api::{ApiId, Apis};
use crate::files::{LARGEST_DOCUMENT, read_document, read_limited};
use crate::generate::{count, options};
use crate::workspace::{Terminal, Workspace};

/// The documents to compare.
#[derive(Args, Clone, Debug, Default)]
pub struct Diff {
    /// The older document: a file, `-` for standard input, or an API in discovery/
    #[arg(value_name = "OLD")]
    pub old: String,
    /// The newer document, in the same form
    #[arg(value_name = "NEW")]
    pub new: String,
    /// Print one JSON object: `old` and `new` (api, revision, crate_name), `breaks`, and `changes` with change, kind,
    /// path, breaks, old, new and note
    #[arg(long)]
    pub json: bool,
}

/// The output for programs. The command's help documents its members.
#[derive(Debug, Serialize)]
struct Report<'a> {
    old: Side<'a>,
    new: Side<'a>,
    breaks: bool,
    changes: &'a [Change],
}

#[derive(Debug, Serialize)]
struct Side<'a> {
    api: &'a str,
    revision: &'a str,
    crate_name: &'a str,
}

impl<'a> Side<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        Side { api: &inventory.api, revision: &inventory.revision, crate_name: &inventory.crate_name }
    }
}

impl Diff {
    /// Compares the documents. Returns whether a program that compiles with the old crate also compiles with the new
    /// one.
    ///
    /// # Errors
    /// If a document cannot be found or read, or no crate can be generated from it.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        if self.old == "-" && self.new == "-" {
            bail!("only one of the documents can come from standard input");
        }
        let (old, new) = (inventory(&self.old, workspace)?, inventory(&self.new, workspace)?);
        report(&old, &new, self.json, terminal)
    }
}

/// Prints the changes. Returns whether a program that compiles with the old crate also compiles with the new one.
pub(crate) fn report(
    old: &Inventory,
    new: &Inventory,
    json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<bool> {
    let changes = old.changes_to(new);
    let breaking = changes.iter().filter(|change| change.breaks).count();
    if json {
        let (old, new) = (Side::of(old), Side::of(new));
        let report = Report { old, new, breaks: breaking > 0, changes: &changes };
        serde_json::to_writer_pretty(&mut *terminal.out, &report)?;
        writeln!(terminal.out)?;
    } else {
        for change in &changes {
            writeln!(terminal.out, "{change}")?;
        }
        let sides = format!("{} -> {}", title(old), title(new));
        match changes.len() {
            0 => writeln!(terminal.out, "{sides}: the same Rust API")?,
            all => writeln!(terminal.out, "{sides}: {}, {breaking} breaking", count(all, "change"))?,
        }
    }
    Ok(breaking == 0)
}

fn title(inventory: &Inventory) -> String {
    format!("{} {}", inventory.api, inventory.revision.escape_debug())
}

/// The inventory of the document that an argument names.
fn inventory(argument: &str, workspace: &Workspace) -> Result<Inventory> {
    let path = Path::new(argument);
    let (document, options) = if argument == "-" {
        let document =
            read_limited(stdin().lock(), LARGEST_DOCUMENT).context("cannot read standard input")?;
        (document, Options { name: "standard input".to_owned(), ..Options::default() })
    } else if path.is_file() {
        let document = read_document(path).with_context(|| format!("cannot read {argument}"))?;
        (document, Options { name: argument.to_owned(), ..Options::default() })
    } else {
        checked_in(argument, workspace)?
    };
    Ok(gapis_codegen::inventory(&document, &options)?)
}

/// The document of an API that is listed in this repository.
fn checked_in(argument: &str, workspace: &Workspace) -> Result<(Vec<u8>, Options)> {
    let apis = Apis::of(workspace)?;
    let chosen = apis.select(&[argument.to_owned()]);
    let chosen: Vec<ApiId> =
        chosen.with_context(|| format!("`{}` is not a file either", argument.escape_debug()))?;
    let found = chosen.first().and_then(|id| Some((id, apis.get(id)?)));
    let (id, entry) = found.with_context(|| format!("no API `{}`", argument.escape_debug()))?;
    let path = workspace.discovery.join(&entry.file);
    let document = read_document(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((document, options(id, entry)))
}
