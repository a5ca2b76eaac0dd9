//! `cargo xtask bench`: what our crates cost, beside the crates and generators that others publish.
//!
//! Each table is of one run on one machine, so that its ratios hold: user CPU seconds of the one `rustc` that compiled
//! the crate, which a wrapper around `rustc` notes; never wall time, never incremental. A peer that cannot be built is
//! told and left out.

mod batch;
mod compile;
mod generate;
mod hello;
mod project;
mod sizes;
mod table;
pub mod wrapper;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::workspace::{Terminal, Workspace};
use project::Builder;
use table::Report;

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// `cargo check` of compute, whole and with one resource, and of drive: seconds and memory
    Compile,
    /// A program with one call, in release: seconds and size
    Hello,
    /// The generator over a folder of documents (--documents)
    Generate,
    /// A batch at run time, beside the same work by hand and beside google-api-python-client
    Batch,
    /// Lines and bytes of the generated crates
    Sizes,
    /// All of these
    All,
}

/// What to measure, and how.
#[derive(Clone, Debug)]
pub struct Bench {
    /// Which of the benchmarks.
    pub subject: Subject,
    /// Of their comparisons only those whose name, or whose peer's, has one of these in it.
    pub only: Vec<String>,
    /// The folder of documents for the generator.
    pub documents: Option<PathBuf>,
    /// The Python interpreter that has google-api-python-client, if it is not to be set up below `target/`.
    pub python: Option<PathBuf>,
    /// How often each crate is compiled; the least counts.
    pub runs: usize,
    /// Leave the peers out.
    pub no_peers: bool,
}

impl Bench {
    /// Measures and prints. Returns whether every target that could be looked at is met.
    ///
    /// # Errors
    /// If something of ours cannot be built or run.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let wants = |subject| self.subject == subject || self.subject == Subject::All;
        let mut met = true;
        if wants(Subject::Sizes) {
            sizes::run(workspace, terminal)?;
        }
        let mut report = Report::default();
        let builder = Builder::new(workspace, self.runs)?;
        if wants(Subject::Compile) {
            compile::run(self, &builder, &mut report)?;
        }
        if wants(Subject::Hello) {
            hello::run(self, &builder, &mut report)?;
        }
        if wants(Subject::Generate) {
            generate::run(self, workspace, &mut report)?;
        }
        if !report.is_empty() {
            writeln!(terminal.out, "{report}")?;
            met &= report.is_met();
        }
        if wants(Subject::Batch) {
            met &= batch::run(self, workspace, terminal)?;
        }
        Ok(met)
    }

    /// Whether a comparison is wanted: by a part of its own name, or of the peer's.
    fn wants(&self, name: &str, peer: &str) -> bool {
        let named = |part: &String| name.contains(part.as_str()) || peer.contains(part.as_str());
        self.only.is_empty() || self.only.iter().any(named)
    }
}
