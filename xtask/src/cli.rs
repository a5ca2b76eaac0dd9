//! The command line: arguments and commands.

use std::ffi::OsString;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use gapis_cli::{Diff, Fetch, Generate, Site, Terminal, Workspace, list};

use crate::cargo::cargo_run;
use crate::demo;
use crate::release::Release;

/// Generates the client crates of Google APIs and keeps their documents up to date.
///
/// discovery/apis.toml lists the APIs. An API is named as `drive:v3`, `drive.v3` or `gapis-drive-v3`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Generate the crates from the documents in discovery/
    ///
    /// Writes only what changed and removes what is no longer generated. A crate is replaced as a whole or left
    /// untouched; folders that were not generated are never touched. An API that fails is reported and does not stop the
    /// others.
    Generate(Generate),
    /// Download documents into discovery/ and record where they came from
    ///
    /// A document replaces the old one only if a crate can be generated from it. An API that is not yet in apis.toml is
    /// added to it.
    Fetch(Fetch),
    /// Show the APIs of apis.toml: revision, methods, batch path, calls per batch, whether generated
    List,
    /// Generate the farm's crate and run an example program with it, against a mock server
    Demo {
        /// Arguments for the example program
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Show what changed in the Rust API between two revisions of a document
    ///
    /// One line per difference. Breaking changes come first and begin with `breaks`: items removed or renamed, types or
    /// arguments changed. Additions are `ok`, values of enums and members of structs included.
    ///
    /// Exits 0 if nothing breaks, 3 if something does, 1 if a document cannot be read.
    Diff(Diff),
    /// Write a site to look APIs up in: the guide, and each method with the Rust that calls it
    ///
    /// It is files that a browser opens from the folder, without a server, with a search over all APIs. The folder is replaced
    /// as a whole, and only if it is such a site, is empty or does not exist.
    Site(Site),
    /// Publish the crates that changed since their last release, in order and within the registry's limits
    ///
    /// The plan is kept in target/release-plan.json, so that a run that was stopped goes on. RELEASING.md has all steps.
    Release(Release),
    /// For work on gapis itself: run every document of a folder through the generator
    #[command(disable_help_flag = true)]
    Corpus(Passed),
    /// For work on gapis itself: measure what our crates cost beside published ones
    #[command(disable_help_flag = true)]
    Bench(Passed),
    /// For work on gapis itself: read values into the generated types, and write them again
    #[command(disable_help_flag = true)]
    Roundtrip(Passed),
    /// For work on gapis itself: compare requests with those of google-api-python-client
    #[command(disable_help_flag = true)]
    Differential(Passed),
    /// For work on gapis itself: list the public items of the crates that are to be published
    #[command(disable_help_flag = true)]
    Api(Passed),
}

/// Arguments for the same command of `gapis-lab`, a separate program, so that users who only generate crates need not
/// compile it.
#[derive(Args, Debug)]
pub struct Passed {
    /// Its arguments; `--help` explains them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Cli {
    /// The arguments for cargo that this build lacks for the command: optimization for work on all APIs, an HTTP
    /// client for downloads, and templates for the site. Empty if this build will do.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let (all, network, site) = match &self.command {
            Command::Generate(generate) => (generate.apis.is_empty(), false, false),
            Command::Fetch(fetch) => (fetch.apis.is_empty(), fetch.uses_network(), false),
            Command::Site(site) => (site.apis.is_empty(), false, true),
            _ => (false, false, false),
        };
        let mut missing = Vec::new();
        if all && cfg!(debug_assertions) {
            missing.push("--release");
        }
        if network && !cfg!(feature = "web") {
            missing.extend(["--features", "web"]);
        }
        if site && !cfg!(feature = "site") {
            missing.extend(["--features", "site"]);
        }
        missing
    }

    /// The exit status when the command ran and found problems.
    #[must_use]
    pub fn status_if_not_well(&self) -> u8 {
        match self.command {
            // 1 means that the documents could not be compared; 2, that the command line is wrong.
            Command::Diff(_) => 3,
            _ => 1,
        }
    }
}

/// Runs a command. Returns whether all went well. Partial failures are printed.
///
/// # Errors
/// If the command could not run at all.
pub fn run(cli: &Cli, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
    match &cli.command {
        Command::Generate(generate) => generate.run(workspace, terminal),
        Command::Fetch(fetch) => fetch.run(workspace, terminal),
        Command::Diff(diff) => diff.run(workspace, terminal),
        Command::Release(release) => release.run(workspace, terminal),
        Command::Site(site) => site.run(|| Ok(workspace.clone()), terminal),
        Command::List => list(workspace, terminal),
        Command::Demo { arguments } => demo::run(arguments, workspace, terminal),
        Command::Corpus(passed) => lab("corpus", passed, workspace),
        Command::Bench(passed) => lab("bench", passed, workspace),
        Command::Roundtrip(passed) => lab("roundtrip", passed, workspace),
        Command::Differential(passed) => lab("differential", passed, workspace),
        Command::Api(passed) => lab("api", passed, workspace),
    }
}

/// Runs a command of `gapis-lab`, optimized, in the caller's folder, which its arguments may name files in.
fn lab(command: &str, passed: &Passed, workspace: &Workspace) -> Result<bool> {
    let status = cargo_run("gapis-lab", workspace)
        .args(["--release", "--", command])
        .args(&passed.arguments)
        .status()
        .context("cannot start cargo")?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_that_belong_together() {
        let parses = |line: &str| Cli::try_parse_from(line.split(' ')).is_ok();
        assert!(parses("xtask generate drive:v3 --only files.list,permissions.* --out mine --check"));
        assert!(!parses("xtask generate --only files.list --out mine"), "of which API?");
        assert!(!parses("xtask generate drive:v3 --only files.list"), "it would replace the whole crate");
        assert!(parses("xtask generate --all documents --out mine"));
        assert!(!parses("xtask generate --all documents"), "where to?");
        assert!(!parses("xtask generate drive:v3 --all documents --out mine"));
        assert!(parses("xtask demo -- --quiet"));
        assert!(parses("xtask diff - drive:v3 --json"));
        assert!(!parses("xtask diff drive:v3"));
        assert!(parses("xtask corpus --help"), "for the other program to answer");
        assert!(parses("xtask bench compile --only drive,instances --runs 3"));
    }
}
