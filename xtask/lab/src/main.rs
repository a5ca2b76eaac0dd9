//! `gapis-lab`: benchmarks and checks for work on gapis itself, which `cargo xtask bench` and similar commands run.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use clap::Parser;
use gapis_lab::{Cli, run, run_as_rustdoc_if_asked, wrapper};
use gapis_xtask::{Terminal, this_repository};

fn main() -> ExitCode {
    if let Some(code) = wrapper::run_if_asked().or_else(run_as_rustdoc_if_asked) {
        return code;
    }
    let cli = Cli::parse();
    let mut out = stdout().lock();
    let mut terminal = Terminal { out: &mut out, progress: stderr().is_terminal() };
    match run(&cli, &this_repository(), &mut terminal) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // If standard error is closed, only the exit status is left.
            let _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
