//! The plan of a release: the packages to publish, in order, and which of them are done.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gapis_cli::files::replace;
use gapis_cli::{Apis, Terminal, Workspace};
use serde::{Deserialize, Serialize};

use super::{git, prepare};

/// The crates that are written by hand. Each comes after its dependencies.
const BY_HAND: [(&str, &str); 6] = [
    ("gapis-derive", "runtime/derive"),
    ("gapis-runtime", "runtime"),
    ("gapis-auth", "runtime/auth"),
    ("gapis-mock", "runtime/mock"),
    ("gapis-codegen", "codegen"),
    ("gapis-cli", "xtask/cli"),
];

/// The registry's minimum time between two new crates, and between two new versions of other crates
/// (<https://crates.io/docs/rate-limits>).
const AFTER_NEW: Duration = Duration::from_secs(600);
const AFTER_UPDATE: Duration = Duration::from_secs(60);

/// The steps of a release.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The commit that is released.
    pub(super) commit: String,
    pub(super) steps: Vec<Step>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) package: String,
    pub(super) version: String,
    /// Whether the registry does not have the crate yet.
    pub(super) is_new: bool,
    #[serde(default)]
    pub(super) done: bool,
}

impl Step {
    /// The time to wait after this step.
    pub(super) fn pause(&self) -> Duration {
        if self.is_new { AFTER_NEW } else { AFTER_UPDATE }
    }
}

impl Plan {
    /// The plan of an earlier run that was not finished, or a new plan of everything that changed since the last
    /// release.
    ///
    /// # Errors
    /// If the unfinished plan belongs to another commit, or git or the list of APIs cannot be read.
    pub(super) fn of(workspace: &Workspace) -> Result<Self> {
        let commit = git::head(&workspace.root)?;
        let path = file(workspace);
        if let Ok(text) = fs::read_to_string(&path) {
            let plan: Plan = serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
            if plan.commit != commit {
                bail!(
                    "a release of {} is unfinished: check that commit out and run this again, or remove {}",
                    plan.commit,
                    path.display()
                );
            }
            return Ok(plan);
        }
        Ok(Plan { steps: steps(workspace)?, commit })
    }

    /// Writes the plan, so that a run that is stopped can be continued.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn store(&self, workspace: &Workspace) -> Result<()> {
        let path = file(workspace);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        replace(&path, &serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }

    /// Removes the file of a finished plan.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(super) fn remove(workspace: &Workspace) -> Result<()> {
        let path = file(workspace);
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
    }

    /// The steps that are not done.
    pub(super) fn open(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| !step.done)
    }

    /// The total time that the registry's rate limits require.
    pub(super) fn pauses(&self) -> Duration {
        let pauses: Vec<Duration> = self.open().map(Step::pause).collect();
        // There is no wait after the last step.
        pauses.iter().rev().skip(1).sum()
    }

    /// Prints the steps, one per line.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub(super) fn print(&self, terminal: &mut Terminal<'_>) -> Result<()> {
        for Step { package, version, is_new, done } in &self.steps {
            let kind = match (done, is_new) {
                (true, _) => "done",
                (false, true) => "new crate",
                (false, false) => "new version",
            };
            writeln!(terminal.out, "{kind:11}  {package} {version}")?;
        }
        let open = self.open().count();
        let minutes = match self.pauses().as_secs().div_ceil(60) {
            1 => "a minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        };
        writeln!(terminal.out, "{open} to publish, with waits of {minutes} in total")?;
        Ok(())
    }
}

fn file(workspace: &Workspace) -> PathBuf {
    workspace.root.join("target").join("release-plan.json")
}

/// The packages that changed since they were published.
fn steps(workspace: &Workspace) -> Result<Vec<Step>> {
    let root = &workspace.root;
    let version = env!("CARGO_PKG_VERSION");
    let mut steps = Vec::new();
    if !git::has_tag(root, &format!("v{version}"))? {
        let is_new = !git::has_any_release(root)?;
        let is_here = |folder: &str| root.join(folder).join("Cargo.toml").is_file();
        let present = BY_HAND.iter().filter(|(_, folder)| is_here(folder));
        steps.extend(present.map(|(package, _)| Step {
            package: (*package).to_owned(),
            version: version.to_owned(),
            is_new,
            done: false,
        }));
    }
    for (id, entry) in Apis::of(workspace)?.iter().filter(|(_, entry)| !entry.local) {
        let name = id.crate_name();
        let changed = match &entry.released {
            None => true,
            Some(commit) => git::has_changed(root, commit, &format!("generated/{name}"))?,
        };
        if changed {
            let version = prepare::current(entry)?.to_string();
            steps.push(Step { package: name, version, is_new: entry.released.is_none(), done: false });
        }
    }
    Ok(steps)
}
