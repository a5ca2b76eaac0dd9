//! `cargo xtask`: generates the client crates and keeps documents and crates up to date.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use gapis_xtask::{Cli, Terminal, Workspace, cargo_run, run, this_repository};

/// Set when this program runs from a build made for the command, so that it does not build itself again.
const BUILT: &str = "GAPIS_XTASK_BUILT";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workspace = this_repository();
    let missing = cli.missing();
    let done = if missing.is_empty() || std::env::var_os(BUILT).is_some() {
        run_here(&cli, &workspace)
    } else {
        run_built(&missing, &workspace)
    };
    done.unwrap_or_else(|error| {
        // If standard error is closed, the exit status is all that can be said.
        let _ = writeln!(stderr(), "error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run_here(cli: &Cli, workspace: &Workspace) -> Result<ExitCode> {
    let mut out = stdout().lock();
    let mut terminal = Terminal { out: &mut out, progress: stderr().is_terminal() };
    Ok(match run(cli, workspace, &mut terminal)? {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(cli.status_if_not_well()),
    })
}

/// Builds this program again with those arguments for cargo, and runs the new build with the same command line.
fn run_built(missing: &[&str], workspace: &Workspace) -> Result<ExitCode> {
    let status = cargo_run(env!("CARGO_PKG_NAME"), workspace)
        .args(missing)
        .arg("--")
        .args(std::env::args_os().skip(1))
        .env(BUILT, "1")
        .status()
        .context("cannot start cargo")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
