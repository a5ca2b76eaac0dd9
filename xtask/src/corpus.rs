//! `cargo xtask corpus`: every document of a folder goes through the generator, and on request through the compiler.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gapis_codegen::{Crate, Operations, Options};
use rayon::prelude::*;
use serde_json::Value;

use crate::files::read_document;
use crate::workspace::{Terminal, Workspace, relative};

mod compile;

/// What to do with the documents of a folder.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// The folder.
    pub folder: PathBuf,
    /// Which crates to compile.
    pub compile: Option<Compile>,
    /// Whether to build the documentation of those.
    pub doc: bool,
    /// Where the choice of crates to compile begins.
    pub turn: usize,
}

/// How many of the crates to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compile {
    /// So many, spread over all sizes.
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

/// A document of the folder.
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Whether another one has the same `id`, so that its crate is the same one.
    pub(crate) copy: bool,
}

impl Corpus {
    /// Runs the documents through. Returns whether none failed.
    ///
    /// # Errors
    /// If the folder cannot be read, or if cargo cannot be run.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let documents = read_folder(&self.folder)?;
        let (begun, cpu) = (Instant::now(), cpu_time());
        let home = workspace.root.join("target").join("corpus");
        let runtime = relative(&home.join("crates").join("any"), &workspace.runtime)?;
        let bar = terminal.bar(documents.len());
        let made: Vec<Result<Crate, String>> = documents
            .par_iter()
            .map(|document| {
                let made = generate(document, &runtime);
                bar.set_message(document.name.clone());
                bar.inc(1);
                made
            })
            .collect();
        bar.finish_and_clear();
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
        writeln!(
            terminal.out,
            "generated {} of {} documents ({copies} of them copies), {warnings} warnings, {} in, {} out, {}",
            crates.len() + copies,
            documents.len(),
            megabytes(read),
            megabytes(written),
            times(begun, cpu),
        )?;
        operations(crates.values().map(|(_, made)| made), terminal)?;
        if let Some(compile) = self.compile {
            let chosen = choose(crates.into_values().map(|(_, made)| made).collect(), compile, self.turn);
            failures += compile::run(&home, workspace, &chosen, self.doc, terminal)?;
        }
        Ok(failures == 0)
    }
}

/// Says how many methods answer operations that can be waited for: a census to be compared with the documents.
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

/// The documents' files in a folder, sorted; the index is none.
pub(crate) fn paths(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| {
        path.extension().is_some_and(|ending| ending == "json")
            && path.file_name().is_some_and(|name| name != "index.json")
    });
    paths.sort();
    Ok(paths)
}

/// The documents of a folder, largest first so that no large one is begun last.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<Document>> {
    let paths = paths(folder)?;
    let (mut documents, mut ids) = (Vec::new(), BTreeSet::new());
    for path in &paths {
        let bytes = read_document(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // A file that names no id is nobody's copy; what is wrong with it is told later.
        let copy = identity(&bytes).is_some_and(|id| !ids.insert(id));
        documents.push(Document { name, bytes, copy });
    }
    if documents.is_empty() {
        bail!("no documents in {}", folder.display());
    }
    documents.sort_by(|a, b| b.bytes.len().cmp(&a.bytes.len()).then_with(|| a.name.cmp(&b.name)));
    Ok(documents)
}

fn identity(bytes: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Identity {
        id: Option<Value>,
    }
    serde_json::from_slice::<Identity>(bytes).ok()?.id?.as_str().map(str::to_owned)
}

/// Makes a crate. A panic of the generator is a failure of that one document.
fn generate(document: &Document, runtime: &str) -> Result<Crate, String> {
    let options =
        Options { name: document.name.clone(), runtime_path: Some(runtime.to_owned()), ..Options::default() };
    let made = catch_unwind(AssertUnwindSafe(|| gapis_codegen::generate(&document.bytes, &options)));
    match made {
        Ok(made) => made.map_err(|error| error.to_string()),
        Err(_) => Err("the generator panicked".to_owned()),
    }
}

/// A choice that takes large and small ones alike and is the same in each run of one turn.
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

/// What has passed since `begun`, on the clock and, where the system tells, on the processors.
fn times(begun: Instant, cpu: Option<Duration>) -> String {
    let wall = begun.elapsed().as_secs_f64();
    match (cpu, cpu_time()) {
        (Some(before), Some(after)) => {
            format!("{wall:.1} s, {:.1} s of CPU", after.saturating_sub(before).as_secs_f64())
        }
        _ => format!("{wall:.1} s"),
    }
}

/// The processor time of this process and of the children it has waited for, where `/proc` tells it.
fn cpu_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, and may hold anything; the times are fields 14 to 17, in
    // hundredths of a second on every system that has `/proc`.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Option<u64> =
        fields.split_whitespace().skip(11).take(4).map(|field| field.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks? * 10))
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

    #[test]
    fn copies_are_told_and_the_index_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("a.v1.json", r#"{"id":"a:v1"}"#),
            ("a.v1copy.json", r#"{"id":"a:v1"}"#),
            ("b.json", "no JSON"),
            ("index.json", "{}"),
            ("x.txt", ""),
        ] {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let documents = read_folder(folder.path()).expect("read");
        let found: Vec<_> =
            documents.iter().map(|document| (document.name.as_str(), document.copy)).collect();
        assert_eq!(found, [("a.v1", false), ("a.v1copy", true), ("b", false)]);
    }

    #[test]
    fn cpu_time_passes() {
        if let Some(time) = cpu_time() {
            assert!(time < Duration::from_secs(86_400));
        }
    }
}
