//! `cargo xtask corpus`: generates a crate from every document of a folder, and compiles crates on request.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use gapis_codegen::{Crate, Operations, Options, Runtime};

use crate::documents::{Document, read_folder};
use crate::times::{cpu_time, peak_memory, times};
use gapis_xtask::files::relative;
use gapis_xtask::{Progress, Terminal, Workspace, for_each};

mod compile;

/// What to do with the documents of a folder.
#[derive(Args, Clone, Debug)]
pub struct Corpus {
    /// The folder of documents
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Also print the warnings about unusual documents
    #[arg(long)]
    pub warnings: bool,
    /// Also compile the crates: a number of them spread over all sizes, or `all`
    #[arg(long, value_name = "N|all")]
    pub compile: Option<Compile>,
    /// Also build the documentation of the crates that are compiled, refusing warnings
    #[arg(long, requires = "compile")]
    pub doc: bool,
    /// Start the choice of --compile at another document, so that runs with different numbers take turns
    #[arg(long, value_name = "N", default_value_t = 0, requires = "compile")]
    pub turn: usize,
}

/// How many of the crates to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compile {
    /// This many, spread over all sizes.
    Some(usize),
    /// All.
    All,
}

impl FromStr for Compile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Compile::All),
            number => number.parse().map(Compile::Some).map_err(|_| "a number or `all`".to_owned()),
        }
    }
}

impl Corpus {
    /// Generates the crates. Returns whether no document failed.
    ///
    /// # Errors
    /// If the folder cannot be read, or if cargo cannot be run.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let documents = read_folder(&self.folder)?;
        let (begun, cpu) = (Instant::now(), cpu_time());
        let home = workspace.root.join("target").join("corpus");
        let runtime = relative(&home.join("crates").join("any"), &workspace.root.join("runtime"))?;
        let progress = Progress::new(documents.len(), terminal);
        let made = for_each(&documents, &progress, |one| one.name.clone(), |one| generate(one, &runtime));
        drop(progress);
        let mut crates: BTreeMap<String, (&str, Crate)> = BTreeMap::new();
        let (mut failures, mut copies) = (0, 0);
        for (document, made) in documents.iter().zip(made) {
            let clash =
                |name: &str| crates.get(name).map(|(other, _)| format!("it has the crate name of {other}"));
            match made {
                Ok(_) if document.copy => copies += 1,
                made => match made.and_then(|made| clash(&made.name).map_or(Ok(made), Err)) {
                    Ok(made) => {
                        crates.insert(made.name.clone(), (&document.name, made));
                    }
                    Err(error) => {
                        failures += 1;
                        writeln!(terminal.out, "failed: {}: {error}", document.name)?;
                    }
                },
            }
        }
        let read: usize = documents.iter().map(|document| document.bytes.len()).sum();
        let written: usize = crates.values().map(|(_, made)| bytes(made)).sum();
        let warnings: usize = crates.values().map(|(_, made)| made.warnings.len()).sum();
        let memory = peak_memory().map(|peak| format!(", {peak:.0} MB of memory")).unwrap_or_default();
        writeln!(
            terminal.out,
            "generated {} of {} documents ({copies} of them copies), {warnings} warnings, {} in, {} out, {}{memory}",
            crates.len() + copies,
            documents.len(),
            megabytes(read),
            megabytes(written),
            times(begun, cpu),
        )?;
        if self.warnings {
            for warning in crates.values().flat_map(|(_, made)| &made.warnings) {
                writeln!(terminal.out, "warning: {warning}")?;
            }
        }
        operations(crates.values().map(|(_, made)| made), terminal)?;
        if let Some(compile) = self.compile {
            let chosen = choose(crates.into_values().map(|(_, made)| made).collect(), compile, self.turn);
            failures += compile::run(&home, workspace, &chosen, self.doc, terminal)?;
        }
        Ok(failures == 0)
    }
}

/// Prints how many methods return operations that can be waited for, to compare with the documents.
fn operations<'c>(
    crates: impl Iterator<Item = &'c Crate> + Clone,
    terminal: &mut Terminal<'_>,
) -> Result<()> {
    let count = |form: fn(&Operations) -> usize| {
        let counts = crates.clone().map(|made| form(&made.operations)).filter(|&methods| methods > 0);
        (counts.clone().sum::<usize>(), counts.count())
    };
    let (done, done_in) = count(|operations| operations.long_running);
    let (status, status_in) = count(|operations| operations.with_status);
    writeln!(
        terminal.out,
        "methods whose operation can be waited for: {done} in {done_in} documents by `done`, \
         {status} in {status_in} by `status`"
    )?;
    Ok(())
}

/// Generates a crate. A panic of the generator is a failure of that document.
fn generate(document: &Document, runtime: &str) -> Result<Crate, String> {
    let options = Options {
        name: document.name.clone(),
        runtime: Runtime::Path(runtime.to_owned()),
        ..Options::default()
    };
    let made = catch_unwind(AssertUnwindSafe(|| gapis_codegen::generate(&document.bytes, &options)));
    match made {
        Ok(made) => made.map_err(|error| error.to_string()),
        Err(_) => Err("the generator panicked".to_owned()),
    }
}

/// Chooses large and small crates. The choice is the same in each run with the same turn.
fn choose(mut crates: Vec<Crate>, compile: Compile, turn: usize) -> Vec<Crate> {
    let Compile::Some(wanted) = compile else { return crates };
    crates.sort_by(|a, b| bytes(a).cmp(&bytes(b)).then_with(|| a.name.cmp(&b.name)));
    let (all, wanted) = (crates.len(), wanted.min(crates.len()));
    let places: BTreeSet<usize> = (0..wanted).map(|n| (n * all / wanted + turn) % all).collect();
    crates.into_iter().enumerate().filter(|(place, _)| places.contains(place)).map(|(_, made)| made).collect()
}

fn bytes(made: &Crate) -> usize {
    made.files.values().map(String::len).sum()
}

fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, size: usize) -> Crate {
        Crate {
            name: name.to_owned(),
            files: [(PathBuf::from("src/lib.rs"), " ".repeat(size))].into(),
            warnings: Vec::new(),
            summary: gapis_codegen::Summary::default(),
            operations: Operations::default(),
        }
    }

    #[test]
    fn the_choice_is_spread_and_takes_turns() {
        let crates = || (0..10).map(|n| named(&format!("gapis-{n}"), n)).collect::<Vec<_>>();
        let names = |compile, turn| {
            choose(crates(), compile, turn).into_iter().map(|made| made.name).collect::<Vec<_>>()
        };
        assert_eq!(names(Compile::Some(2), 0), ["gapis-0", "gapis-5"]);
        assert_eq!(names(Compile::Some(2), 1), ["gapis-1", "gapis-6"]);
        assert_eq!(names(Compile::Some(2), 7), ["gapis-2", "gapis-7"]);
        assert_eq!(names(Compile::Some(0), 0), [""; 0]);
        assert_eq!(names(Compile::Some(99), 3).len(), 10);
        assert_eq!(names(Compile::All, 3).len(), 10);
        assert!(choose(Vec::new(), Compile::Some(5), 2).is_empty());
    }
}
