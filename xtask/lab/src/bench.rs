//! `cargo xtask bench`: the cost of our crates, compared with published crates and generators.
//!
//! Each table comes from one run on one machine, so that its ratios are meaningful. Times are the user CPU seconds of
//! the one `rustc` that compiled the crate, recorded by a wrapper around `rustc`; they are never wall time or
//! incremental builds. A peer that cannot be built is reported and left out.

mod batch;
mod compile;
mod generate;
mod growth;
mod hello;
pub(crate) mod plan;
mod project;
mod sizes;
mod table;
pub mod wrapper;

use anyhow::Result;
use gapis_xtask::{Terminal, Workspace};
use plan::{Bench, Subject};
use project::Builder;
use table::Report;

impl Bench {
    /// Measures and prints. Returns whether every measured target is met.
    ///
    /// # Errors
    /// If one of our crates cannot be built or run.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let wants = |subject| self.subject == subject || self.subject == Subject::All;
        let mut met = true;
        if wants(Subject::Sizes) {
            sizes::run(workspace, terminal)?;
        }
        let mut report = Report::default();
        let builder = Builder::new(workspace, self.runs)?;
        if wants(Subject::Compile) {
            match &self.before {
                None => compile::run(self, &builder, &mut report)?,
                Some(checkout) => {
                    let before = Builder::of_checkout(workspace, checkout)?;
                    compile::run_both(self, &Builder::new(workspace, 1)?, &before, &mut report)?;
                }
            }
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
        if wants(Subject::Growth) {
            met &= growth::run(self, workspace, terminal)?;
        }
        if wants(Subject::Batch) {
            met &= batch::run(self, workspace, terminal)?;
        }
        Ok(met)
    }
}
