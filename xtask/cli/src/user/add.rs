//! `gapis add`: adds an API's document and its crate or module to a user's repository.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use gapis_codegen::normalize::Prose;

use crate::api::{ApiId, Apis, Entry};
use crate::config;
use crate::fetch::{Fetched, Newest, Origin, newest, store, write_list};
use crate::files::{relative, replace};
use crate::generate::{Generate, count, options, target};
use crate::near::did_you_mean;
use crate::progress::Progress;
use crate::workspace::{RuntimePlace, Terminal, Workspace};

/// The APIs to add, and in which form.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:
  gapis add drive:v3
  gapis add gmail:v1 --only 'users.messages.*,users.labels.list'
  gapis add calendar:v3 --module --folder src/google
  gapis add drive:v3 --runtime ../gapis/runtime")]
pub(crate) struct Add {
    /// The APIs, such as drive:v3
    #[arg(value_name = "API", required = true)]
    pub(crate) apis: Vec<String>,
    /// Only these methods and the schemas that they need, such as 'files.list,permissions.*'
    #[arg(long, value_name = "METHODS", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Write a module of your own crate, which depends on gapis-runtime, instead of a crate
    #[arg(long)]
    pub(crate) module: bool,
    /// Remove the descriptions, so that only facts of the interface remain
    #[arg(long)]
    pub(crate) no_prose: bool,
    /// A folder of NAME.VERSION.json files, or the URL of a directory of APIs [default: Google's]
    #[arg(long, value_name = "DIR_OR_URL")]
    pub(crate) from: Option<String>,
    /// The folder for documents and crates, if there is no gapis.toml yet [default: apis]
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<String>,
    /// The folder or Git repository of gapis-runtime, if there is no gapis.toml yet [default: that of gapis]
    #[arg(long, value_name = "DIR_OR_URL")]
    pub(crate) runtime: Option<String>,
}

impl Add {
    /// Adds the APIs to the repository that contains `folder`, or creates `gapis.toml` there. Returns whether
    /// everything succeeded.
    ///
    /// # Errors
    /// If an API cannot be fetched, or no crate can be generated for it. Nothing is left behind then.
    pub(crate) fn run(&self, folder: &Path, terminal: &mut Terminal<'_>) -> Result<bool> {
        if self.apis.len() > 1 && !self.only.is_empty() {
            bail!("`--only` needs exactly one API");
        }
        let found = config::find_if_any(folder)?;
        if found.is_some() && (self.folder.is_some() || self.runtime.is_some()) {
            bail!("gapis.toml already exists; change `folder` and `runtime` there");
        }
        let is_new = found.is_none();
        let workspace = match found {
            Some(workspace) => workspace,
            None => self.found_repository(folder)?,
        };
        let done = self.add(&workspace, terminal);
        if is_new && done.is_err() {
            // The new file is not needed. The first error is the one to report.
            let _ = fs::remove_file(workspace.list());
        }
        let added = done?;
        if added.is_empty() {
            return Ok(true);
        }
        let apis = added.iter().map(ToString::to_string).collect();
        let mut quiet = Vec::new();
        let mut log = Terminal { out: &mut quiet, progress: terminal.progress };
        let well = Generate { apis, ..Generate::default() }.run(&workspace, &mut log)?;
        if !well {
            terminal.out.write_all(&quiet)?;
            return Ok(false);
        }
        let apis = Apis::of(&workspace)?;
        for id in &added {
            if let Some(entry) = apis.get(id) {
                report_added(&workspace, folder, id, entry, terminal)?;
            }
        }
        Ok(true)
    }

    /// Creates `gapis.toml` in the folder.
    fn found_repository(&self, folder: &Path) -> Result<Workspace> {
        let path = folder.join(config::FILE);
        let text = config::new_file(self.folder.as_deref(), self.runtime.as_deref());
        replace(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
        config::find(folder).inspect_err(|_| {
            let _ = fs::remove_file(&path);
        })
    }

    /// Stores the documents and lists the APIs. Returns the APIs to generate.
    fn add(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Vec<ApiId>> {
        let mut apis = Apis::of(workspace)?;
        let origin = Origin::of(self.from.as_deref(), workspace)?;
        let known = Apis::known()?;
        let prose = if self.no_prose { Prose::Remove } else { Prose::Keep };
        let mut documents = Vec::new();
        let progress = Progress::new(self.apis.len(), terminal);
        for text in &self.apis {
            let id = named(text, &origin)?;
            if apis.get(&id).is_some() && self.only.is_empty() && !self.module {
                drop(progress);
                bail!("{id} has already been added; `gapis update {id}` fetches its newest revision");
            }
            progress.begin(&id.to_string());
            let newest = newest(&origin, &id, prose)?;
            let mut entry = Entry { only: self.only.clone(), module: self.module, ..Entry::default() };
            if let Some(known) = known.get(&id) {
                entry = entry.with_known(known);
            }
            gapis_codegen::generate(newest.text.as_bytes(), &options(&id, &entry))?;
            progress.advance(&id.to_string());
            documents.push((id, newest));
        }
        drop(progress);
        // Every crate can be generated. Only now files are written.
        let mut added = Vec::new();
        for (id, Newest { text, found: source, revision }) in documents {
            store(&mut apis, workspace, &id, &Fetched { text, source, revision })?;
            apis.choose(&id, &self.only, self.module);
            added.push(id);
        }
        write_list(&apis, workspace)?;
        Ok(added)
    }
}

/// The API with this name. If the version is missing, the error names the versions that exist.
fn named(text: &str, origin: &Origin) -> Result<ApiId> {
    let wrong = match text.parse() {
        Ok(id) => return Ok(id),
        Err(wrong) => wrong,
    };
    // If the directory cannot be read, the error has no suggestions.
    let all = origin.apis().unwrap_or_default();
    let versions: Vec<String> =
        all.iter().filter(|id| id.name == text).map(|id| format!("`gapis add {id}`")).collect();
    if !versions.is_empty() {
        bail!("`{text}` needs a version: {}", versions.join(" or "));
    }
    let names: Vec<&str> = all.iter().map(|id| id.name.as_str()).collect();
    Err(wrong.context(format!("no API `{}`{}", text.escape_debug(), did_you_mean(text, names))))
}

/// Prints what was added, and how to use it.
fn report_added(
    workspace: &Workspace,
    from: &Path,
    id: &ApiId,
    entry: &Entry,
    terminal: &mut Terminal<'_>,
) -> Result<()> {
    let folder = workspace.generated.join(target(id, entry));
    let shown = relative(from, &folder)?;
    let document = fs::read(workspace.discovery.join(&entry.file))?;
    let summary = gapis_codegen::summarize(&document, &id.stem())?;
    let written = gapis_codegen::inventory(&document, &options(id, entry))?.methods.len();
    let part = if written < summary.methods { format!("{written} of ") } else { String::new() };
    writeln!(
        terminal.out,
        "{id}: revision {}, {part}{}, in {shown}",
        summary.revision.escape_debug(),
        count(summary.methods, "method")
    )?;
    if entry.module {
        let name = target(id, entry);
        writeln!(terminal.out, "    in Cargo.toml: {}", runtime_line(workspace, from)?)?;
        writeln!(terminal.out, "    in src/main.rs: #[path = \"../{shown}/mod.rs\"] mod {name};")?;
    } else {
        writeln!(terminal.out, "    cargo add --path {shown}")?;
    }
    Ok(())
}

/// The dependency on the runtime, for the `Cargo.toml` of the folder.
fn runtime_line(workspace: &Workspace, from: &Path) -> Result<String> {
    Ok(match &workspace.runtime {
        RuntimePlace::Registry => format!("gapis-runtime = \"{}\"", env!("CARGO_PKG_VERSION")),
        RuntimePlace::Folder(folder) => {
            format!("gapis-runtime = {{ path = {:?} }}", relative(from, folder)?)
        }
        RuntimePlace::Git(url, _) => format!("gapis-runtime = {{ git = {url:?} }}"),
    })
}
