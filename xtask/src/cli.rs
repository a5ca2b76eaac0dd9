//! The command line: what can be said, and which command is meant.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::bench::{Bench, Subject};
use crate::checks::choice::Documents;
use crate::checks::differential::Differential;
use crate::checks::roundtrip::Roundtrip;
use crate::corpus::{Compile, Corpus};
use crate::diff::Diff;
use crate::fetch::Fetch;
use crate::generate::Generate;
use crate::workspace::{Terminal, Workspace};
use crate::{demo, list};

/// Generates the client crates of Google APIs and keeps their documents up to date.
///
/// What is generated stands in discovery/apis.toml. An API is named as `drive:v3`, `drive.v3` or `gapis-drive-v3`.
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
    /// Generate the crates from the documents in discovery/
    ///
    /// Writes only what changed and removes what is no longer generated. A crate is exchanged as a whole or left
    /// untouched; folders that were not generated are never touched. APIs that fail are told and do not stop the others.
    Generate(GenerateArgs),
    /// Bring documents into discovery/ and note where they came from
    ///
    /// A document replaces the old one only if a crate can be made of it; otherwise the old one stays. An API that is
    /// not yet in apis.toml is added to it.
    Fetch(FetchArgs),
    /// Show the APIs of apis.toml: revision, methods, batch path, calls per batch, whether generated
    List,
    /// Generate the farm and run the example on it against its own mock server
    Demo {
        /// Arguments for the example program
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run every document of a folder through the generator, writing nothing into the repository
    ///
    /// Prints one line per failure and the totals. Exits 1 if any document failed.
    Corpus(CorpusArgs),
    /// Measure what our crates cost beside published ones, and print the ratios
    ///
    /// Seconds are those of user CPU of the one compiler process. Exits 1 if a target is missed. Only a quiet machine
    /// gives figures that are worth noting.
    Bench(BenchArgs),
    /// Tell what changed in the Rust API between two revisions of a document
    ///
    /// One line per difference. Those that begin with `breaks` come first: what is removed or renamed, another type,
    /// other arguments. What is added is `ok`, values of enums and members of structs included.
    ///
    /// Exits 0 if nothing breaks, 3 if something does, 1 if a document cannot be read.
    Diff(DiffArgs),
    /// Read values made from the schemas of documents into the generated types, and write them again
    ///
    /// The values are made from the documents alone: every member, edges of formats, unknown members and enum values.
    /// Prints one line per value that does not come back the same, and the totals. Exits 1 if any did not.
    Roundtrip(RoundtripArgs),
    /// Build the same calls with generated crates and with google-api-python-client, and compare the requests
    ///
    /// Random methods with random arguments; verb, path, query, API version and body must be the same. Needs python3 with
    /// pip, which installs the peer below target/. Prints one line per difference, and the totals. Exits 1 if there is
    /// any.
    Differential(DifferentialArgs),
}

/// Arguments of `generate`.
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// The APIs [default: all of apis.toml]
    #[arg(value_name = "API")]
    apis: Vec<String>,
    /// Write nothing; list what is stale, missing or extra, and exit 1 if anything is
    #[arg(long)]
    check: bool,
    /// The folder that the crates' folders are in [default: generated/]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only these methods and the schemas they reach, such as 'files.list,permissions.*'
    #[arg(long, value_name = "METHODS", value_delimiter = ',', requires = "apis")]
    only: Vec<String>,
}

/// Arguments of `fetch`.
#[derive(Args, Debug)]
pub struct FetchArgs {
    /// The APIs [default: all of apis.toml but those whose document is written here]
    #[arg(value_name = "API")]
    apis: Vec<String>,
    /// A folder of <name>.<version>.json files, or the address of a directory of APIs [default: Google's]
    #[arg(long, value_name = "DIR_OR_URL")]
    from: Option<String>,
    /// What to note in apis.toml as the source, in words [default: the address]
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Remove the descriptions, so that only facts of the interface remain
    #[arg(long)]
    no_prose: bool,
}

/// Arguments of `corpus`.
#[derive(Args, Debug)]
pub struct CorpusArgs {
    /// The folder of documents
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also compile the crates: a number of them spread over all sizes, or `all`
    #[arg(long, value_name = "N|all")]
    compile: Option<Compile>,
    /// Also build the documentation of the crates that are compiled, refusing warnings
    #[arg(long, requires = "compile")]
    doc: bool,
    /// Begin the choice of --compile at another document, so that runs with different numbers take turns
    #[arg(long, value_name = "N", default_value_t = 0, requires = "compile")]
    turn: usize,
}

/// Arguments of `bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// What to measure
    #[arg(value_enum, value_name = "WHAT")]
    subject: Subject,
    /// Of `compile` and `hello` only the comparisons that have one of these in their own or their peers' names
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// The folder of documents for `generate`
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
    /// An interpreter that has google-api-python-client, for `batch` [default: one is set up below target/]
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// How often to compile each crate; the least counts
    #[arg(long, value_name = "N", default_value_t = 1)]
    runs: usize,
    /// Measure ours alone
    #[arg(long)]
    no_peers: bool,
}

/// Arguments of `diff`.
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// The older document: a file, `-` for standard input, or an API in discovery/
    #[arg(value_name = "OLD")]
    old: String,
    /// The newer document, likewise
    #[arg(value_name = "NEW")]
    new: String,
    /// Print one JSON object: `old` and `new` (api, revision, crate_name), `breaks`, and `changes` with change, kind,
    /// path, breaks, old, new and note
    #[arg(long)]
    json: bool,
}

impl Cli {
    /// The status to exit with when the command did its work and found that not all is well.
    #[must_use]
    pub fn status_if_not_well(&self) -> u8 {
        match self.command {
            // Not 1, which says that the documents could not be compared, nor 2, which is the command line's.
            Command::Diff(_) => 3,
            _ => 1,
        }
    }
}

/// Arguments of `roundtrip`.
#[derive(Args, Debug)]
pub struct RoundtripArgs {
    /// The folder of documents
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// How many documents, spread over all sizes (of ten and more, some have every format), or which
    #[arg(long, value_name = "N|a,b,c", default_value = "20")]
    documents: Documents,
    /// Another number: other values, and other documents where only their number was given
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

/// Arguments of `differential`.
#[derive(Args, Debug)]
pub struct DifferentialArgs {
    /// The folder of documents
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// How many documents, spread over all sizes, or which
    #[arg(long, value_name = "N|a,b,c", default_value = "25")]
    documents: Documents,
    /// How many methods of all of them
    #[arg(long, value_name = "N", default_value_t = 200)]
    methods: usize,
    /// Another number: other methods and arguments, and other documents where only their number was given
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

/// Runs a command. Returns whether all went well.
///
/// # Errors
/// If the command could not do its work at all. What fails in part is printed.
pub fn run(cli: &Cli, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
    match &cli.command {
        Command::Generate(GenerateArgs { apis, check, out, only }) => {
            Generate { apis: apis.clone(), check: *check, out: out.clone(), only: only.clone() }
                .run(workspace, terminal)
        }
        Command::Fetch(FetchArgs { apis, from, source, no_prose }) => {
            Fetch { apis: apis.clone(), from: from.clone(), source: source.clone(), no_prose: *no_prose }
                .run(workspace, terminal)
        }
        Command::Bench(BenchArgs { subject, only, documents, python, runs, no_peers }) => Bench {
            subject: *subject,
            only: only.clone(),
            documents: documents.clone(),
            python: python.clone(),
            runs: *runs,
            no_peers: *no_peers,
        }
        .run(workspace, terminal),
        Command::Diff(DiffArgs { old, new, json }) => {
            Diff { old: old.clone(), new: new.clone(), json: *json }.run(workspace, terminal)
        }
        Command::List => list::run(workspace, terminal),
        Command::Demo { arguments } => demo::run(arguments, workspace, terminal),
        Command::Corpus(CorpusArgs { folder, compile, doc, turn }) => {
            Corpus { folder: folder.clone(), compile: *compile, doc: *doc, turn: *turn }
                .run(workspace, terminal)
        }
        Command::Differential(DifferentialArgs { folder, documents, methods, seed }) => Differential {
            folder: folder.clone(),
            documents: documents.clone(),
            methods: *methods,
            seed: *seed,
        }
        .run(workspace, terminal),
        Command::Roundtrip(RoundtripArgs { folder, documents, seed }) => {
            Roundtrip { folder: folder.clone(), documents: documents.clone(), seed: *seed }
                .run(workspace, terminal)
        }
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
        assert!(parses("xtask generate drive:v3 --only files.list,permissions.* --check"));
        assert!(!parses("xtask generate --only files.list"), "of which API?");
        assert!(parses("xtask corpus . --compile all --doc"));
        assert!(parses("xtask corpus . --compile 12 --turn 3"));
        assert!(!parses("xtask corpus . --compile some"));
        assert!(!parses("xtask corpus . --doc"));
        assert!(parses("xtask bench compile --only drive,instances --runs 3"));
        assert!(parses("xtask bench generate --documents . --no-peers"));
        assert!(!parses("xtask bench"), "which?");
        assert!(parses("xtask demo -- --quiet"));
        assert!(parses("xtask diff - drive:v3 --json"));
        assert!(!parses("xtask diff drive:v3"));
        assert!(parses("xtask roundtrip . --documents drive.v3,sheets:v4 --seed 7"));
        assert!(parses("xtask differential . --documents 5 --methods 40"));
        assert!(!parses("xtask roundtrip . --documents ,"));
    }
}
