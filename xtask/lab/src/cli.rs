//! The command line: arguments and commands.

use anyhow::Result;
use clap::{Parser, Subcommand};
use gapis_xtask::{Terminal, Workspace};

use crate::bench::plan::Bench;
use crate::checks::differential::Differential;
use crate::checks::roundtrip::Roundtrip;
use crate::corpus::Corpus;
use crate::public_api::PublicApi;

/// Benchmarks and checks for work on gapis itself.
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
    /// Generate crates from every document of a folder, writing nothing into the repository
    ///
    /// Prints one line per failure and the totals. Exits 1 if any document failed.
    Corpus(Corpus),
    /// Measure the cost of our crates and of published ones, and print the ratios
    ///
    /// Times are user CPU seconds of the crate's own compiler process. Exits 1 if a target is missed. Only figures
    /// from an otherwise idle machine should be recorded.
    Bench(Bench),
    /// Deserialize values made from documents' schemas into the generated types, and serialize them again
    ///
    /// The values have every member, extremes of each format, unknown members and unknown enum values. Prints one line
    /// for each value that has changed, and the totals. Exits 1 if any has changed.
    Roundtrip(Roundtrip),
    /// Build the same calls with generated crates and with google-api-python-client, and compare the requests
    ///
    /// Random methods with random arguments; method, path, query, API version and body must be the same. Needs python3
    /// with pip, which installs google-api-python-client below target/. Prints one line for each difference, and the
    /// totals. Exits 1 if there is any.
    Differential(Differential),
    /// Write the public items of the published crates into public-api.txt in each
    ///
    /// Exits 1 if an item mentions a third-party crate that this command's source does not list.
    Api(PublicApi),
}

/// Runs a command. Returns whether all went well. Partial failures are printed.
///
/// # Errors
/// If the command could not run at all.
pub fn run(cli: &Cli, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
    match &cli.command {
        Command::Corpus(corpus) => corpus.run(workspace, terminal),
        Command::Bench(bench) => bench.run(workspace, terminal),
        Command::Roundtrip(roundtrip) => roundtrip.run(workspace, terminal),
        Command::Differential(differential) => differential.run(workspace, terminal),
        Command::Api(api) => api.run(workspace, terminal),
    }
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
        assert!(parses("lab corpus . --compile all --doc"));
        assert!(parses("lab corpus . --compile 12 --turn 3"));
        assert!(parses("lab corpus . --warnings"));
        assert!(!parses("lab corpus . --compile some"));
        assert!(!parses("lab corpus . --doc"));
        assert!(parses("lab bench compile --only drive,instances --runs 3"));
        assert!(parses("lab bench generate --documents . --no-peers"));
        assert!(parses("lab bench growth --only prose"));
        assert!(!parses("lab bench"), "which?");
        assert!(parses("lab roundtrip . --documents drive.v3,sheets:v4 --seed 7"));
        assert!(parses("lab differential . --documents 5 --methods 40"));
        assert!(!parses("lab roundtrip . --documents ,"));
    }
}
