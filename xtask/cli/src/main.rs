//! `gapis`: typed clients of Google APIs, in your own repository.

use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use gapis_cli::{Gapis, Terminal};

fn main() -> ExitCode {
    let gapis = Gapis::parse();
    match run(&gapis) {
        Ok(code) => ExitCode::from(code),
        // The reader has enough, as in `gapis list --all | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::FAILURE,
        Err(error) => {
            // If standard error is closed, only the exit status is left.
            let _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(gapis: &Gapis) -> Result<u8> {
    let folder = std::env::current_dir()?;
    let mut out = stdout().lock();
    let mut terminal = Terminal { out: &mut out, progress: stderr().is_terminal() };
    let code = gapis.run(&folder, &mut terminal)?;
    terminal.out.flush()?;
    Ok(code)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
