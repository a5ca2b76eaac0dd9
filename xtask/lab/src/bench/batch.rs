//! The benchmarks of the runtime, with a Python environment that is created unless one is given.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::plan::Bench;
use gapis_xtask::cargo;
use gapis_xtask::{Terminal, Workspace};

/// Runs the benchmarks, which print their tables. Returns whether all of them succeeded.
pub(super) fn run(bench: &Bench, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
    terminal.out.flush()?;
    let python = match &bench.python {
        _ if bench.no_peers => None,
        Some(python) => Some(python.clone()),
        None => match set_up(workspace) {
            Ok(python) => Some(python),
            Err(error) => {
                writeln!(terminal.out, "google-api-python-client could not be set up: {error:#}\n")?;
                None
            }
        },
    };
    let mut command = cargo();
    command
        .args(["bench", "--quiet", "--package", "gapis-runtime"])
        .args(["--bench", "batch", "--bench", "allocations", "--"])
        .current_dir(&workspace.root);
    if let Some(python) = python {
        command.arg("--python").arg(std::path::absolute(python)?);
    }
    Ok(command.status().context("cannot start cargo")?.success())
}

/// Creates a virtual environment below `target/`, with the version that the interoperability tests use.
fn set_up(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.root.join("target").join("bench").join("python");
    let python = folder.join("bin").join("python");
    if !python.exists() {
        quiet(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let requirements = Path::new("runtime").join("tests").join("interop").join("requirements.txt");
    let install = ["-m", "pip", "install", "--quiet", "--requirement"];
    quiet(Command::new(&python).args(install).arg(workspace.root.join(requirements)))?;
    Ok(python)
}

fn quiet(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim().lines().last().unwrap_or_default());
    }
    Ok(())
}
