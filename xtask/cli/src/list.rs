//! `cargo xtask list` and `gapis list`: prints the APIs of the repository as a table.

use anyhow::Result;

use crate::api::{ApiId, Apis, Entry};
use crate::files::read_document;
use crate::generate::target;
use crate::sync::is_generated;
use crate::workspace::{Terminal, Workspace};

const HEAD: [&str; 7] = ["API", "revision", "methods", "schemas", "batch path", "calls", "generated"];

/// Prints the table. Returns whether every document could be read.
///
/// # Errors
/// If the list of APIs cannot be read, or the output cannot be written.
pub fn list(workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
    let apis = Apis::of(workspace)?;
    let mut rows = vec![HEAD.map(str::to_owned)];
    let mut errors = Vec::new();
    for (id, entry) in apis.iter() {
        match row(workspace, id, entry) {
            Ok(row) => rows.push(row),
            Err(error) => errors.push(format!("error: {id}: {error:#}")),
        }
    }
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in &rows {
        let cells = row.iter().zip(HEAD).zip(widths).map(|((cell, head), width)| match head {
            "methods" | "schemas" | "calls" => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        writeln!(terminal.out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    for error in &errors {
        writeln!(terminal.out, "{error}")?;
    }
    Ok(errors.is_empty())
}

fn row(workspace: &Workspace, id: &ApiId, entry: &Entry) -> Result<[String; HEAD.len()]> {
    let document = read_document(&workspace.discovery.join(&entry.file))?;
    let summary = gapis_codegen::summarize(&document, &id.stem())?;
    let generated = is_generated(&workspace.generated.join(target(id, entry)));
    Ok([
        id.to_string(),
        summary.revision,
        summary.methods.to_string(),
        summary.schemas.to_string(),
        summary.batch_path,
        // The limit that the batch guides of the Python and .NET clients state for all APIs.
        entry.limits.calls.unwrap_or(1000).to_string(),
        if generated { "yes" } else { "no" }.to_owned(),
    ])
}
