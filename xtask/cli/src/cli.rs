//! The command line of `gapis`.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

#[cfg(feature = "batch")]
use crate::batch::Batch;
use crate::config;
use crate::generate::Generate;
#[cfg(feature = "site")]
use crate::site::Site;
use crate::user::{Add, Changes, Describe, Show, Update};
use crate::workspace::Terminal;

/// Adds typed clients of Google APIs to your repository and keeps them up to date.
///
/// The file gapis.toml lists the APIs of the repository; `gapis add` creates it. An API is written as `drive:v3`.
#[derive(Debug, Parser)]
#[command(
    name = "gapis",
    version,
    after_help = "Examples:
  gapis list --all calendar
  gapis add calendar:v3
  gapis describe calendar.events.list

Exits 1 on errors and 2 if the command line is wrong. Some commands have further statuses; their help names them."
)]
pub struct Gapis {
    /// The command.
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Download an API's document and write its crate, or a module, into this repository
    Add(Add),
    /// Download the newest documents, show what they change, and write the crates again
    ///
    /// A document replaces the old one only if a crate can be generated from it.
    Update(Update),
    /// Write the crates again from the documents in this repository, after a change of gapis.toml
    Generate(Again),
    /// Show what the newest documents would change in the Rust API, or the differences between two documents
    ///
    /// One line per difference. Breaking changes come first and begin with `breaks`. Exits 0 if nothing breaks, 3 if
    /// something does, 1 if a document cannot be read.
    Diff(Changes),
    /// Show the APIs of this repository, or all APIs that can be added
    List(Show),
    /// Show the parameters, response, scopes and batch limit of a method, and the Rust code that calls it
    Describe(Describe),
    /// Send calls of any method in batches; each call is a line of JSON
    #[cfg(feature = "batch")]
    Batch(Batch),
    /// Write a site to look APIs up in: the guide, and each method with the Rust that calls it
    ///
    /// It is files that a browser opens from the folder, without a server, with a search over all APIs. The folder is replaced
    /// as a whole, and only if it is such a site, is empty or does not exist.
    #[command(after_help = "Examples:
  gapis site
  gapis site drive:v3 'compute:*' --out docs/apis
  gapis site --documents documents --out docs/apis")]
    #[cfg(feature = "site")]
    Site(Site),
    /// Print completions for a shell
    #[command(after_help = "Examples:
  gapis completions bash > ~/.local/share/bash-completion/completions/gapis
  gapis completions fish > ~/.config/fish/completions/gapis.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// The crates to write again.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:
  gapis generate
  gapis generate drive:v3
  gapis generate --check")]
struct Again {
    /// The APIs [default: all of gapis.toml]
    #[arg(value_name = "API")]
    apis: Vec<String>,
    /// Write nothing; list what is stale, missing or extra, and exit 1 if anything is
    #[arg(long)]
    check: bool,
}

/// The exit statuses.
const WELL: u8 = 0;
const NOT_WELL: u8 = 1;
const BREAKS: u8 = 3;

impl Gapis {
    /// Runs the command in a folder of a user's repository. Returns the exit status.
    ///
    /// # Errors
    /// If the command could not run. Partial failures are printed.
    pub fn run(&self, folder: &Path, terminal: &mut Terminal<'_>) -> Result<u8> {
        let workspace = || config::find(folder);
        let (well, otherwise) = match &self.command {
            #[cfg(feature = "batch")]
            Command::Batch(batch) => return batch.run(workspace, terminal),
            Command::Add(add) => (add.run(folder, terminal)?, NOT_WELL),
            Command::Update(update) => (update.run(&workspace()?, terminal)?, NOT_WELL),
            Command::Generate(Again { apis, check }) => {
                let generate = Generate { apis: apis.clone(), check: *check, ..Generate::default() };
                (generate.run(&workspace()?, terminal)?, NOT_WELL)
            }
            Command::Diff(changes) => (changes.run(&workspace()?, terminal)?, BREAKS),
            Command::List(show) => (show.run(folder, terminal)?, NOT_WELL),
            Command::Describe(describe) => (describe.run(workspace, terminal)?, NOT_WELL),
            #[cfg(feature = "site")]
            Command::Site(site) => (site.run(workspace, terminal)?, NOT_WELL),
            Command::Completions { shell } => {
                complete(*shell, terminal.out)?;
                (true, NOT_WELL)
            }
        };
        Ok(if well { WELL } else { otherwise })
    }
}

/// Prints the completions. They are generated in memory first, because the library panics if it cannot write.
fn complete(shell: Shell, out: &mut dyn Write) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Gapis::command(), "gapis", &mut script);
    out.write_all(&script)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Gapis::command().debug_assert();
    }

    #[test]
    fn every_help_has_examples() {
        let mut command = Gapis::command();
        assert!(command.render_long_help().to_string().contains("Examples:\n"));
        for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
            let help = sub.render_long_help().to_string();
            assert!(help.contains("Examples:\n  "), "{}: {help}", sub.get_name());
            for line in help.lines().filter(|line| line.trim_start().starts_with("gapis ")) {
                let words = line.split_whitespace().take_while(|word| !matches!(*word, ">" | "<" | "|"));
                let words: Vec<String> = words.map(|word| word.trim_matches('\'').to_owned()).collect();
                Gapis::try_parse_from(&words).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
        }
    }
}
