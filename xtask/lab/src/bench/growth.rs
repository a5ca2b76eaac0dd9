//! The generator for documents made to be slow, in three sizes each.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use gapis_documents::growing::{FAMILIES, Family};

use super::plan::Bench;
use super::wrapper::children;
use gapis_xtask::{Terminal, Workspace};

/// The sizes of the documents, in bytes. The last is the largest for which there is a target.
const SIZES: [usize; 3] = [1_000_000, 3_000_000, 10_000_000];

/// The most CPU seconds and megabytes of memory that any document may take.
const MOST: (f64, f64) = (5.0, 500.0);

/// Prints a row for each kind of document. Returns whether all keep to the targets.
pub(super) fn run(bench: &Bench, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
    let folder = workspace.root.join("target").join("bench").join("growth");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Each row is printed at once, because all of them take minutes.
    writeln!(terminal.out, "| document | 1 MB | 3 MB | 10 MB | memory | met |\n|---|---|---|---|---|---|")?;
    let mut all_met = true;
    for family in FAMILIES.iter().filter(|family| bench.wants(family.name, "")) {
        let mut cells = vec![family.name.to_owned()];
        let (mut met, mut memory) = (true, 0.0);
        for size in SIZES {
            let (seconds, megabytes) = measure(family, size, &folder)?;
            cells.push(format!("{seconds:.2} s"));
            memory = megabytes;
            met &= seconds <= MOST.0 && megabytes <= MOST.1;
        }
        cells.push(format!("{memory:.0} MB"));
        cells.push(if met { "yes" } else { "no" }.to_owned());
        all_met &= met;
        writeln!(terminal.out, "| {} |", cells.join(" | "))?;
    }
    Ok(all_met)
}

/// The CPU seconds, including the kernel's, and the peak memory of a process that generates one document.
fn measure(family: &Family, size: usize, folder: &Path) -> Result<(f64, f64)> {
    let path = folder.join("growing.v1.json");
    fs::write(&path, family.of_bytes(size))?;
    let program = std::env::current_exe().context("cannot find this program")?;
    let before = children();
    let output = Command::new(program).arg("corpus").arg(folder).stderr(Stdio::inherit()).output()?;
    let after = children();
    fs::remove_file(&path)?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("the document with {} was not generated: {}", family.name, printed.trim());
    }
    let memory = printed.split(" MB of memory").next().and_then(|text| text.rsplit(' ').next());
    let memory = memory.and_then(|text| text.parse().ok());
    let memory = memory.with_context(|| format!("no memory in what was printed: {}", printed.trim()))?;
    Ok((after.user + after.system - before.user - before.system, memory))
}
