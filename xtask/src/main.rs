//! `cargo xtask`: generates the client crates and keeps documents and crates up to date.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use clap::Parser;
use gapis_xtask::{Cli, Terminal, Workspace, run};

fn main() -> ExitCode {
    if let Some(code) = gapis_xtask::bench::wrapper::run_if_asked() {
        return code;
    }
    let cli = Cli::parse();
    let mut out = stdout().lock();
    let mut terminal = Terminal { out: &mut out, bars: stderr().is_terminal() };
    match run(&cli, &Workspace::of_this_repository(), &mut terminal) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(cli.status_if_not_well()),
        Err(error) => {
            // Nothing is left to do if even the complaint cannot be written.
            let _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
