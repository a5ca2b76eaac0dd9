//! Programs that `tests/interop/run.sh` runs against servers that others wrote, and against the mock server under load.
//!
//! `gapis-interop SERVER ENDPOINT`, where the server is `drive-mock`, `drongo`, `fake-gcs`, `front`, `gcp-emulator`, `http2` or
//! `login`; `gapis-interop load [CALLS] [SHARE]`, `gapis-interop dispatch [TASKS]`. Each prints a line for each thing it
//! checked and ends with 1 at the first that is not as it should be. `gapis-interop serve-drive` is the mock server for
//! clients of others.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "these programs talk to whoever runs them")]

mod check;
mod dispatch;
mod drive_mock;
mod drongo;
mod fake_gcs;
mod front;
mod gcp_emulator;
mod http2;
mod load;
mod load_server;
mod login;
mod mail;
mod media;
mod objects;
mod proxy;
mod serve_drive;

use std::process::ExitCode;

use check::Checked;

const USAGE: &str = "gapis-interop drive-mock|drongo|fake-gcs|front|gcp-emulator|http2|login ENDPOINT | serve-drive | load [CALLS] [SHARE] | dispatch [TASKS]";

async fn run(arguments: &[&str]) -> Checked {
    match arguments {
        ["drive-mock", endpoint] => drive_mock::run(endpoint).await,
        ["drongo", endpoint] => drongo::run(endpoint).await,
        ["front", endpoint] => front::run(endpoint).await,
        ["http2", endpoint] => http2::run(endpoint).await,
        ["serve-drive"] => serve_drive::run(),
        ["fake-gcs", endpoint] => fake_gcs::run(endpoint).await,
        ["gcp-emulator", endpoint] => gcp_emulator::run(endpoint).await,
        ["login", endpoint] => login::run(endpoint).await,
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
