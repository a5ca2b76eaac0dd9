//! `cargo xtask generate`: generates crates from documents. APIs are processed in parallel, each on one thread. The
//! output is in the order of the APIs' names.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use gapis_codegen::{Crate, ItemsRule, Options, UpdateRule};

use crate::api::{ApiId, Apis, Entry, ItemsEntry, UpdateEntry};
use crate::files::{documents_in, read_document};
use crate::lock::Lock;
use crate::progress::{Progress, for_each};
use crate::sync::{Change, Files, Mode, ROOT, leftovers, sync};
use crate::workspace::{Kind, Terminal, Workspace};

/// The crates to generate, and where.
#[derive(Args, Clone, Debug, Default)]
pub struct Generate {
    /// The APIs [default: all of apis.toml]
    #[arg(value_name = "API")]
    pub apis: Vec<String>,
    /// Write nothing; list what is stale, missing or extra, and exit 1 if anything is
    #[arg(long)]
    pub check: bool,
    /// The folder that contains the crates' folders [default: generated/]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Only these methods and the schemas that they need, such as 'files.list,permissions.*'
    ///
    /// Requires --out: programs that use other methods of the crate would no longer compile.
    #[arg(long, value_name = "METHODS", value_delimiter = ',', requires_all = ["apis", "out"])]
    pub only: Vec<String>,
    /// Every document in this folder, such as drive.v3.json, listed or not
    #[arg(long, value_name = "DIR", requires = "out", conflicts_with_all = ["apis", "only"])]
    pub all: Option<PathBuf>,
}

/// The result for one crate: the differences, and the warnings about its document.
struct Done {
    changes: Vec<Change>,
    warnings: Vec<String>,
}

impl Generate {
    /// Generates the crates. Returns whether no API failed and, with `check`, nothing is out of date.
    ///
    /// # Errors
    /// If `apis.toml` is invalid or does not list an API. Failures of single APIs are printed.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let apis = Apis::of(workspace)?;
        let chosen = self.choose(&apis)?;
        let out = self.out.as_deref().unwrap_or(&workspace.generated);
        let _lock = if self.check { None } else { Some(Lock::wait(out, terminal)?) };
        let progress = Progress::new(chosen.len(), terminal);
        let name = |(id, _): &(ApiId, Entry)| id.to_string();
        let mut results: Vec<(String, Result<Done>)> = for_each(&chosen, &progress, name, |(id, entry)| {
            (id.to_string(), self.generate(workspace, out, id, entry))
        });
        drop(progress);
        if self.apis.is_empty() && self.all.is_none() {
            results.extend(self.remove_leftovers(out, &apis)?);
        }
        self.report(&results, workspace.kind, terminal)
    }

    fn mode(&self) -> Mode {
        if self.check { Mode::Check } else { Mode::Write }
    }

    /// The APIs with their entries in the list. Documents of a folder need not be listed.
    fn choose(&self, apis: &Apis) -> Result<Vec<(ApiId, Entry)>> {
        let Some(folder) = &self.all else {
            let listed = |id: &ApiId| Some((id.clone(), apis.get(id)?.clone()));
            return Ok(apis.select(&self.apis)?.iter().filter_map(listed).collect());
        };
        let mut chosen = Vec::new();
        for path in documents_in(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let id: ApiId = name.parse().with_context(|| path.display().to_string())?;
            // The document of the folder is used, whichever file the list has.
            let file = std::path::absolute(&path)?.to_string_lossy().into_owned();
            let listed = apis.get(&id).cloned().unwrap_or_default();
            chosen.push((id, Entry { file, module: false, ..listed }));
        }
        Ok(chosen)
    }

    fn generate(&self, workspace: &Workspace, out: &Path, id: &ApiId, entry: &Entry) -> Result<Done> {
        let path = workspace.discovery.join(&entry.file);
        let document = read_document(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let only = if self.only.is_empty() { entry.only.clone() } else { self.only.clone() };
        let runtime = workspace.runtime_for(&out.join(id.crate_name()))?;
        let command = Some(format!("{} {id}", workspace.kind.generates()));
        let options = Options { only, runtime, command, ..options(id, entry) };
        let made = gapis_codegen::generate(&document, &options)?;
        check_identity(id, &made)?;
        let mut files = made.files;
        if workspace.kind == Kind::Gapis {
            add_licenses(workspace, &mut files);
            add_changelog(workspace, id, &mut files);
        }
        if entry.module {
            files = as_module(files);
        }
        let name = target(id, entry);
        let changes = sync(out, &name, &files, self.mode())?;
        Ok(Done { changes, warnings: made.warnings.iter().map(ToString::to_string).collect() })
    }

    /// Removes the crates of APIs that are no longer listed, or have become modules.
    fn remove_leftovers(&self, out: &Path, apis: &Apis) -> Result<Vec<(String, Result<Done>)>> {
        let crates = apis.iter().filter(|(_, entry)| !entry.module);
        let wanted: Vec<String> = crates.map(|(id, _)| id.crate_name()).collect();
        let gone = leftovers(out, &wanted).with_context(|| format!("cannot read {}", out.display()))?;
        let remove = |name: String| {
            let changes = sync(out, &name, &Files::new(), self.mode());
            (name, changes.map(|changes| Done { changes, warnings: Vec::new() }))
        };
        Ok(gone.into_iter().map(remove).collect())
    }

    fn report(
        &self,
        results: &[(String, Result<Done>)],
        kind: Kind,
        terminal: &mut Terminal<'_>,
    ) -> Result<bool> {
        let (mut files, mut touched, mut failed) = (0, 0, 0);
        for (name, result) in results {
            match result {
                Ok(done) => {
                    for warning in &done.warnings {
                        writeln!(terminal.out, "warning: {warning}")?;
                    }
                    if self.check {
                        for change in &done.changes {
                            writeln!(terminal.out, "{change}")?;
                        }
                    } else if !done.changes.is_empty() {
                        writeln!(terminal.out, "{name}: {}", count(done.changes.len(), "file"))?;
                    }
                    files += done.changes.len();
                    touched += usize::from(!done.changes.is_empty());
                }
                Err(error) => {
                    failed += 1;
                    writeln!(terminal.out, "error: {name}: {error:#}")?;
                }
            }
        }
        let (in_files, in_crates) = (count(files, "file"), count(touched, "crate"));
        match (files, self.check) {
            (0, _) => writeln!(terminal.out, "{} up to date", count(results.len() - failed, "crate"))?,
            (_, true) => {
                writeln!(
                    terminal.out,
                    "{in_files} of {in_crates} out of date; `{}` writes them",
                    kind.generates()
                )?;
            }
            (_, false) => writeln!(terminal.out, "{in_files} of {in_crates} brought up to date")?,
        }
        if failed > 0 {
            writeln!(terminal.out, "{failed} of {} failed", count(results.len(), "API"))?;
        }
        Ok(failed == 0 && !(self.check && files > 0))
    }
}

/// The name of the folder for an API's crate or module.
pub(crate) fn target(id: &ApiId, entry: &Entry) -> String {
    if entry.module { module_name(id) } else { id.crate_name() }
}

/// `drive_v3`.
pub(crate) fn module_name(id: &ApiId) -> String {
    id.crate_name().trim_start_matches("gapis-").replace('-', "_")
}

/// Adds the license texts of the repository, if it has any.
fn add_licenses(workspace: &Workspace, files: &mut Files) {
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        if let Ok(text) = fs::read_to_string(workspace.root.join(name)) {
            files.insert(PathBuf::from(name), text);
        }
    }
}

/// Adds the changelog, if the crate has been released.
fn add_changelog(workspace: &Workspace, id: &ApiId, files: &mut Files) {
    if let Ok(text) = fs::read_to_string(workspace.changelog(id)) {
        files.insert(PathBuf::from("CHANGELOG.md"), text);
    }
}

/// Moves the files of a crate so that they form a module in a folder: `mod drive_v3;` next to it includes it.
fn as_module(files: Files) -> Files {
    let moved = files.into_iter().map(|(path, text)| {
        let path = path.strip_prefix("src").map_or(path.clone(), Path::to_owned);
        (if path == Path::new("lib.rs") { PathBuf::from(ROOT) } else { path }, text)
    });
    moved.collect()
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The generator's options for an API.
#[must_use]
pub fn options(id: &ApiId, entry: &Entry) -> Options {
    let rule = |entry: &UpdateEntry| match entry {
        UpdateEntry::ByShape(true) => None,
        UpdateEntry::ByShape(false) => Some(UpdateRule::Never),
        UpdateEntry::Lists { requests, replies } => {
            Some(UpdateRule::Lists { requests: requests.clone(), replies: replies.clone() })
        }
    };
    let rules = entry.updates.iter().filter_map(|(method, entry)| Some((method.clone(), rule(entry)?)));
    let items = entry.items.iter().filter_map(|(method, entry)| match entry {
        ItemsEntry::ByName(true) => None,
        ItemsEntry::ByName(false) => Some((method.clone(), ItemsRule::None)),
        ItemsEntry::Member(member) => Some((method.clone(), ItemsRule::Member(member.clone()))),
    });
    Options {
        name: id.stem(),
        limits: entry.limits,
        quota: entry.quota.clone(),
        updates: rules.collect(),
        items: items.collect(),
        version: entry.version.clone(),
        only: entry.only.clone(),
        as_module: entry.module,
        ..Options::default()
    }
}

/// Fails if the document belongs to another API, whose crate must not be overwritten.
fn check_identity(id: &ApiId, made: &Crate) -> Result<()> {
    if made.name == id.crate_name() {
        return Ok(());
    }
    Err(anyhow!(
        "the document is that of {}:{}",
        made.summary.name.escape_debug(),
        made.summary.version.escape_debug()
    ))
}
