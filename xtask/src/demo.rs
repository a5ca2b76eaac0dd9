//! `cargo xtask demo`: generates the farm's crate and runs the example program with it, against a mock server.

use anyhow::{Context, Result, bail};
use gapis_cli::{Generate, Terminal, Workspace};

use crate::cargo::cargo;

/// Runs the demo with further arguments for the example. Returns whether all went well.
pub(crate) fn run(arguments: &[String], workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
    writeln!(terminal.out, "Generating generated/gapis-farm-v2 from discovery/farm.v2.json")?;
    let mut quiet = Vec::new();
    let mut log = Terminal { out: &mut quiet, progress: terminal.progress };
    let generate = Generate { apis: vec!["farm:v2".to_owned()], ..Generate::default() };
    if !generate.run(workspace, &mut log)? {
        terminal.out.write_all(&quiet)?;
        bail!("the farm's crate could not be generated");
    }
    writeln!(
        terminal.out,
        "Compiling and running examples/farm with it, against a mock server on this machine"
    )?;
    terminal.out.flush()?;
    let status = cargo()
        .args(["run", "--package", "gapis-example-farm", "--"])
        .args(arguments)
        .current_dir(&workspace.root)
        .status()
        .context("cannot start cargo")?;
    Ok(status.success())
}
