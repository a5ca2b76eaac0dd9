//! `cargo xtask`: generates the client crates and keeps documents and crates up to date.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use gapis_xtask::{Cli, Terminal, Workspace, cargo_run, run};

/// Set for a build that was made for the command, which must not make yet another.
const BUILT: &str = "GAPIS_XTASK_BUILT";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workspace = Workspace::of_this_repository();
    let missing = cli.missing();
    let done = if missing.is_empty() || std::env::var_os(BUILT).is_some() {
        run_here(&cli, &workspace)
    } else {
        run_built(&missing, &workspace)
    };
    done.unwrap_or_else(|error| {
        // Nothing is left to do if even the complaint cannot be written.
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

/// Has cargo build this program with those arguments, and runs that.
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
