//! `gapis add`: an API's document and its crate or module, in a user's repository.

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

/// What to add, and in which form.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:
  gapis add drive:v3
  gapis add gmail:v1 --only 'users.messages.*,users.labels.list'
  gapis add calendar:v3 --module --folder src/google
  gapis add drive:v3 --runtime ../gapis/runtime")]
pub(crate) struct Add {
    /// The APIs: drive:v3
    #[arg(value_name = "API", required = true)]
    pub(crate) apis: Vec<String>,
    /// Only these methods and the schemas they reach, such as 'files.list,permissions.*'
    #[arg(long, value_name = "METHODS", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Write a module of your own crate, which depends on gapis-runtime, in place of a crate
    #[arg(long)]
    pub(crate) module: bool,
    /// Remove the descriptions, so that only facts of the interface remain
    #[arg(long)]
    pub(crate) no_prose: bool,
    /// A folder of NAME.VERSION.json files, or the URL of a directory of APIs [default: Google's]
    #[arg(long, value_name = "DIR_OR_URL")]
    pub(crate) from: Option<String>,
    /// The folder for documents and crates, where there is no gapis.toml yet [default: apis]
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<String>,
    /// The folder or Git repository of gapis-runtime, where there is no gapis.toml yet [default: that of gapis]
    #[arg(long, value_name = "DIR_OR_URL")]
    pub(crate) runtime: Option<String>,
}

impl Add {
    /// Adds to the repository that `folder` is in, or makes one of it. Returns whether all went well.
    ///
    /// # Errors
    /// If an API cannot be had, or no crate can be made of it; then nothing is left behind.
    pub(crate) fn run(&self, folder: &Path, terminal: &mut Terminal<'_>) -> Result<bool> {
        if self.apis.len() > 1 && !self.only.is_empty() {
            bail!("`--only` goes with one API");
        }
        let found = config::find_if_any(folder)?;
        if found.is_some() && (self.folder.is_some() || self.runtime.is_some()) {
            bail!("there is a gapis.toml already: change `folder` and `runtime` in it");
        }
        let is_new = found.is_none();
        let workspace = match found {
            Some(workspace) => workspace,
            None => self.found_repository(folder)?,
        };
        let done = self.add(&workspace, terminal);
        if is_new && done.is_err() {
            // It was made for nothing. That it may stay is not what went wrong.
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
                tell(&workspace, folder, id, entry, terminal)?;
            }
        }
        Ok(true)
    }

    /// Makes the folder a repository of APIs.
    fn found_repository(&self, folder: &Path) -> Result<Workspace> {
        let path = folder.join(config::FILE);
        let text = config::new_file(self.folder.as_deref(), self.runtime.as_deref());
        replace(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
        config::find(folder).inspect_err(|_| {
            let _ = fs::remove_file(&path);
        })
    }

    /// Stores the documents and lists the APIs. Returns those that are to be generated.
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
                bail!("{id} is here already; `gapis update {id}` brings its newest revision");
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
        // Everything can be made. Only now something is written.
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

/// The API that is meant. Where the version is missing, the error names those that there are.
fn named(text: &str, origin: &Origin) -> Result<ApiId> {
    let wrong = match text.parse() {
        Ok(id) => return Ok(id),
        Err(wrong) => wrong,
    };
    // What cannot be asked for is no help.
    let all = origin.apis().unwrap_or_default();
    let versions: Vec<String> =
        all.iter().filter(|id| id.name == text).map(|id| format!("`gapis add {id}`")).collect();
    if !versions.is_empty() {
        bail!("`{text}` is an API without its version: {}", versions.join(" or "));
    }
    let names: Vec<&str> = all.iter().map(|id| id.name.as_str()).collect();
    Err(wrong.context(format!("no API `{}`{}", text.escape_debug(), did_you_mean(text, names))))
}

/// Says what was made, and how it is used.
fn tell(
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

/// The dependency on the runtime in the `Cargo.toml` of the folder.
fn runtime_line(workspace: &Workspace, from: &Path) -> Result<String> {
    Ok(match &workspace.runtime {
        RuntimePlace::Registry => format!("gapis-runtime = \"{}\"", env!("CARGO_PKG_VERSION")),
        RuntimePlace::Folder(folder) => {
            format!("gapis-runtime = {{ path = {:?} }}", relative(from, folder)?)
        }
        RuntimePlace::Git(url, _) => format!("gapis-runtime = {{ git = {url:?} }}"),
    })
}
