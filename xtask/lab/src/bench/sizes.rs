//! Lines and bytes of the generated crates.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::table::write_table;
use gapis_xtask::Apis;
use gapis_xtask::{Terminal, Workspace};

/// Prints one row for each API.
pub(super) fn run(workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<()> {
    let mut rows = vec![["API", "files", "lines", "bytes"].map(str::to_owned)];
    let (mut all_lines, mut all_bytes) = (0, 0);
    for (id, _) in Apis::load(&workspace.discovery)?.iter() {
        let folder = workspace.generated.join(id.crate_name());
        let (files, lines, bytes) = count(&folder).with_context(|| format!("{id} is not generated"))?;
        rows.push([id.to_string(), files.to_string(), lines.to_string(), bytes.to_string()]);
        all_lines += lines;
        all_bytes += bytes;
    }
    rows.push(["all".to_owned(), String::new(), all_lines.to_string(), all_bytes.to_string()]);
    let mut text = String::new();
    write_table(&mut text, &rows)?;
    writeln!(terminal.out, "{text}")?;
    Ok(())
}

/// Counts files, lines and bytes below a folder.
fn count(folder: &Path) -> Result<(usize, usize, usize)> {
    let (mut files, mut lines, mut bytes) = (0, 0, 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let (more, more_lines, more_bytes) = if path.is_dir() {
            count(&path)?
        } else {
            let text = fs::read(&path)?;
            (1, text.iter().filter(|byte| **byte == b'\n').count(), text.len())
        };
        files += more;
        lines += more_lines;
        bytes += more_bytes;
    }
    Ok((files, lines, bytes))
}
