//! Running cargo.

use std::process::Command;

use gapis_cli::Workspace;

/// The cargo that runs this program, or else the one in `PATH`.
#[must_use]
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// `cargo run` of a package of the workspace, in the caller's folder, which arguments may name files in.
#[must_use]
pub fn cargo_run(package: &str, workspace: &Workspace) -> Command {
    let mut command = cargo();
    command.args(["run", "--package", package, "--manifest-path"]);
    command.arg(workspace.root.join("Cargo.toml"));
    command
}
