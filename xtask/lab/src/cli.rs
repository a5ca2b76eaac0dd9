//! The command line: what can be said, and which command is meant.

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
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run every document of a folder through the generator, writing nothing into the repository
    ///
    /// Prints one line per failure and the totals. Exits 1 if any document failed.
    Corpus(Corpus),
    /// Measure what our crates cost beside published ones, and print the ratios
    ///
    /// Seconds are those of user CPU of the one compiler process. Exits 1 if a target is missed. Only a quiet machine
    /// gives figures that are worth noting.
    Bench(Bench),
    /// Read values made from the schemas of documents into the generated types, and write them again
    ///
    /// The values are made from the documents alone: every member, edges of formats, unknown members and enum values.
    /// Prints one line per value that does not come back the same, and the totals. Exits 1 if any did not.
    Roundtrip(Roundtrip),
    /// Build the same calls with generated crates and with google-api-python-client, and compare the requests
    ///
    /// Random methods with random arguments; verb, path, query, API version and body must be the same. Needs python3 with
    /// pip, which installs the peer below target/. Prints one line per difference, and the totals. Exits 1 if there is
    /// any.
    Differential(Differential),
    /// Write the public items of the crates that are to be published into public-api.txt beside each
    ///
    /// Exits 1 if an item names a crate of others that is not listed in this command's source.
    Api(PublicApi),
}

/// Runs a command. Returns whether all went well.
///
/// # Errors
/// If the command could not do its work at all. What fails in part is printed.
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
        assert!(!parses("lab corpus . --compile some"));
        assert!(!parses("lab corpus . --doc"));
        assert!(parses("lab bench compile --only drive,instances --runs 3"));
        assert!(parses("lab bench generate --documents . --no-peers"));
        assert!(!parses("lab bench"), "which?");
        assert!(parses("lab roundtrip . --documents drive.v3,sheets:v4 --seed 7"));
        assert!(parses("lab differential . --documents 5 --methods 40"));
        assert!(!parses("lab roundtrip . --documents ,"));
    }
}
