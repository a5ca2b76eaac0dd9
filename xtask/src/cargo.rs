//! Cargo, run by our commands.

use std::process::Command;

use crate::workspace::Workspace;

/// The cargo that runs us, or else whichever is found.
#[must_use]
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// `cargo run` of a package of the workspace, in the folder where the caller is: its arguments may name files there.
#[must_use]
pub fn cargo_run(package: &str, workspace: &Workspace) -> Command {
    let mut command = cargo();
    command.args(["run", "--package", package, "--manifest-path"]);
    command.arg(workspace.root.join("Cargo.toml"));
    command
}
