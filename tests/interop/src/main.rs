//! Programs that `tests/interop/run.sh` runs against servers that others wrote, and against the mock server under load.
//!
//! `gapis-interop fake-gcs ENDPOINT`, `gapis-interop gcp-emulator ENDPOINT`, `gapis-interop load [CALLS] [SHARE]`,
//! `gapis-interop dispatch [TASKS]`. Each prints a line for each thing it checked and ends with 1 at the first that is
//! not as it should be.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "these programs talk to whoever runs them")]

mod check;
mod dispatch;
mod fake_gcs;
mod gcp_emulator;
mod load;
mod load_server;
mod media;
mod objects;
mod proxy;

use std::process::ExitCode;

use check::Checked;

const USAGE: &str =
    "gapis-interop fake-gcs ENDPOINT | gcp-emulator ENDPOINT | load [CALLS] [SHARE] | dispatch [TASKS]";

async fn run(arguments: &[&str]) -> Checked {
    match arguments {
        ["fake-gcs", endpoint] => fake_gcs::run(endpoint).await,
        ["gcp-emulator", endpoint] => gcp_emulator::run(endpoint).await,
        ["load"] => load::run(100_000, 0.05).await,
        ["load", calls] => load::run(calls.parse()?, 0.05).await,
        ["load", calls, share] => load::run(calls.parse()?, share.parse()?).await,
        ["load-server", share] => load_server::run(share.parse()?),
        ["dispatch"] => dispatch::run(10_000).await,
        ["dispatch", tasks] => dispatch::run(tasks.parse()?).await,
        _ => Err(USAGE.into()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}
