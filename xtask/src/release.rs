//! `cargo xtask release`: decides what is published, in which order and with which version. `RELEASING.md` has the
//! steps.
//!
//! **Architecture invariant:** the packages to publish are a plan in a file, and each step is recorded there when it is
//! done. So a run that was stopped can be continued, and publishes nothing twice.

mod changelog;
mod git;
mod plan;
mod prepare;
mod publish;
mod version;

use anyhow::{Result, bail};
use clap::Args;
use gapis_cli::{Generate, Terminal, Workspace};

use self::plan::Plan;
use self::publish::{Cargo, Packages};

/// The part of a release to do.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(after_help = "Examples:
  cargo xtask release --prepare
  cargo xtask release --plan
  cargo xtask release --dry-run
  cargo xtask release")]
pub struct Release {
    /// Raise the versions of the crates that changed, write their changelogs, and generate them again
    #[arg(long, group = "step")]
    pub prepare: bool,
    /// Print what would be published, in order, and how long the registry's rate limits make it take
    #[arg(long, group = "step")]
    pub plan: bool,
    /// Package what would be published, and compile each package as users of the registry will, without publishing
    #[arg(long, group = "step")]
    pub dry_run: bool,
    /// With `--dry-run`: package without compiling
    #[arg(long, requires = "dry_run")]
    pub no_verify: bool,
}

impl Release {
    /// Does it. Returns whether everything succeeded.
    ///
    /// # Errors
    /// If the repository is not ready for a release, or cargo or git fail.
    pub fn run(self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        if self.prepare {
            // Crates are generated before they are compared, and again with their new versions and changelogs.
            let mut quiet = Terminal { out: &mut Vec::new(), progress: terminal.progress };
            Generate::default().run(workspace, &mut quiet)?;
            prepare::run(workspace, terminal)?;
            return Generate::default().run(workspace, terminal);
        }
        let check = Generate { check: true, ..Generate::default() };
        let mut listed = Vec::new();
        if !check.run(workspace, &mut Terminal { out: &mut listed, progress: terminal.progress })? {
            terminal.out.write_all(&listed)?;
            bail!("the generated crates are not up to date; run `cargo xtask generate`");
        }
        let plan = Plan::of(workspace)?;
        if self.plan {
            plan.print(terminal)?;
            return Ok(true);
        }
        if self.dry_run {
            return Packages { workspace, verify: !self.no_verify }.make(&plan, terminal);
        }
        let unprepared = prepare::unprepared(workspace)?;
        if !unprepared.is_empty() {
            bail!(
                "changed since their last release: {}; run `cargo xtask release --prepare`",
                unprepared.join(", ")
            );
        }
        git::check_clean(&workspace.root)?;
        publish::run(workspace, plan, &mut Cargo::new(workspace), terminal)
    }
}
