//! `cargo xtask fetch`: copies documents into `discovery/`, from the discovery service, another URL or a folder.
//!
//! A document replaces the old one only if a crate can be generated from it. After a failure, the old file is
//! unchanged.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use gapis_codegen::normalize::{Prose, normalize, to_text};
use serde_json::Value;

use crate::api::{ApiId, Apis, Entry, sha256};
use crate::files::{read_document, replace};
use crate::generate::options;
use crate::near::did_you_mean;
use crate::progress::{Progress, for_each};
use crate::workspace::{Terminal, Workspace};

#[cfg(feature = "web")]
mod http;
#[cfg(feature = "web")]
mod service;

/// The documents to fetch, and their source.
#[derive(Args, Clone, Debug, Default)]
pub struct Fetch {
    /// The APIs [default: all of apis.toml except those whose document is written in this repository]
    #[arg(value_name = "API")]
    pub apis: Vec<String>,
    /// A folder of NAME.VERSION.json files, or the URL of a directory of APIs [default: Google's]
    #[arg(long, value_name = "DIR_OR_URL")]
    pub from: Option<String>,
    /// The source to record in apis.toml, in words [default: the URL]
    #[arg(long, value_name = "TEXT")]
    pub source: Option<String>,
    /// Remove the descriptions, so that only facts of the interface remain
    #[arg(long)]
    pub no_prose: bool,
}

/// A document that was accepted, and what to record about it.
pub(crate) struct Fetched {
    pub(crate) text: String,
    pub(crate) source: String,
    pub(crate) revision: String,
}

impl Fetch {
    /// Whether the documents are fetched over the network.
    #[must_use]
    pub fn uses_network(&self) -> bool {
        self.from.as_deref().is_none_or(is_address)
    }

    /// Fetches the documents. Returns whether every API could be fetched.
    ///
    /// # Errors
    /// If `apis.toml` cannot be read or written, or the source cannot be used. Failures of single APIs are printed.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let mut apis = Apis::of(workspace)?;
        let ids = self.select(&apis)?;
        let origin = Origin::of(self.from.as_deref(), workspace)?;
        let progress = Progress::new(ids.len(), terminal);
        let fetched = for_each(&ids, &progress, ApiId::to_string, |id| self.fetch(&origin, id, apis.get(id)));
        drop(progress);
        let mut failed = 0;
        for (id, result) in ids.iter().zip(fetched) {
            match result.and_then(|fetched| store(&mut apis, workspace, id, &fetched)) {
                Ok(news) => writeln!(terminal.out, "{id}: {news}")?,
                Err(error) => {
                    failed += 1;
                    writeln!(terminal.out, "error: {id}: {error:#}")?;
                }
            }
        }
        write_list(&apis, workspace)?;
        if failed > 0 {
            writeln!(terminal.out, "{failed} of {} APIs failed; their documents are unchanged", ids.len())?;
        }
        Ok(failed == 0)
    }

    /// The APIs to fetch. They may include an API that is not listed; it is added to the list.
    fn select(&self, apis: &Apis) -> Result<Vec<ApiId>> {
        if self.apis.is_empty() {
            return Ok(apis.iter().filter(|(_, entry)| !entry.local).map(|(id, _)| id.clone()).collect());
        }
        let mut ids = Vec::new();
        for text in &self.apis {
            let id = match apis.select(std::slice::from_ref(text)) {
                Ok(found) => found.into_iter().next().ok_or_else(|| anyhow!("`{text}` is not listed"))?,
                Err(_) => text.parse()?,
            };
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    fn fetch(&self, origin: &Origin, id: &ApiId, entry: Option<&Entry>) -> Result<Fetched> {
        let prose = if self.no_prose { Prose::Remove } else { Prose::Keep };
        let Newest { text, found, revision } = newest(origin, id, prose)?;
        let entry = entry.cloned().unwrap_or_default();
        gapis_codegen::generate(text.as_bytes(), &options(id, &entry))?;
        let source = match (&self.source, origin) {
            (Some(source), _) => format!("{source}, document {}.json", id.stem()),
            // A document that is read from our own folder keeps its source.
            (None, Origin::Folder { is_discovery: true, .. }) => entry.source,
            (None, _) => found,
        };
        Ok(Fetched { text, source, revision })
    }
}

/// A document in the form in which it is stored.
pub(crate) struct Newest {
    pub(crate) text: String,
    /// Where it was found.
    pub(crate) found: String,
    pub(crate) revision: String,
}

/// Reads the current document from a source.
pub(crate) fn newest(origin: &Origin, id: &ApiId, prose: Prose) -> Result<Newest> {
    let (bytes, found) = origin.document(id)?;
    let mut document: Value =
        serde_json::from_slice(&bytes).with_context(|| format!("{found} is not JSON"))?;
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("kind") != "discovery#restDescription" {
        bail!("{found} is not a discovery document");
    }
    if (text("name"), text("version")) != (&id.name, &id.version) {
        bail!(
            "{found} is the document of `{}:{}`",
            text("name").escape_debug(),
            text("version").escape_debug()
        );
    }
    let revision = text("revision").to_owned();
    normalize(&mut document, prose);
    Ok(Newest { text: to_text(&document), found, revision })
}

/// Writes the list of APIs.
pub(crate) fn write_list(apis: &Apis, workspace: &Workspace) -> Result<()> {
    let list = workspace.list();
    replace(&list, apis.to_string().as_bytes())
        .with_context(|| format!("cannot write {}", list.display()))?;
    Ok(())
}

/// Stores a document and records it in `apis.toml`. Returns what changed, in words.
pub(crate) fn store(apis: &mut Apis, workspace: &Workspace, id: &ApiId, fetched: &Fetched) -> Result<String> {
    let old = apis.get(id).map(|entry| entry.revision.clone());
    let mut recorded = apis.clone();
    recorded.record(id, &fetched.source, &fetched.revision, &sha256(fetched.text.as_bytes()));
    // The crate of a new API may have the same name as the crate of a listed one.
    let recorded = Apis::read(&recorded.to_string(), workspace.kind)?;
    fs::create_dir_all(&workspace.discovery)
        .with_context(|| format!("cannot make {}", workspace.discovery.display()))?;
    let path = workspace.discovery.join(format!("{}.json", id.stem()));
    let changed = replace(&path, fetched.text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    *apis = recorded;
    Ok(match (changed, old) {
        (false, _) => "unchanged".to_owned(),
        (true, Some(old)) if old != fetched.revision => format!("revision {old} became {}", fetched.revision),
        (true, Some(_)) => format!("revision {} stored again", fetched.revision),
        (true, None) => format!("revision {} added", fetched.revision),
    })
}

/// A source of documents.
pub(crate) enum Origin {
    Folder {
        folder: PathBuf,
        is_discovery: bool,
    },
    #[cfg(feature = "web")]
    Service(service::Service),
}

impl Origin {
    pub(crate) fn of(from: Option<&str>, workspace: &Workspace) -> Result<Self> {
        match from.filter(|from| !is_address(from)) {
            Some(folder) => {
                let folder = Path::new(folder);
                let is_discovery = fs::canonicalize(folder)
                    .with_context(|| format!("cannot find the folder {}", folder.display()))?
                    == fs::canonicalize(&workspace.discovery).unwrap_or_default();
                Ok(Origin::Folder { folder: folder.to_owned(), is_discovery })
            }
            #[cfg(feature = "web")]
            None => Ok(Origin::Service(service::Service::new(from, workspace)?)),
            #[cfg(not(feature = "web"))]
            None => bail!("this build has no HTTP client; build with `--features web`"),
        }
    }

    /// The APIs of the source, sorted by name.
    ///
    /// # Errors
    /// If the source cannot be read.
    pub(crate) fn apis(&self) -> Result<Vec<ApiId>> {
        let mut ids: Vec<ApiId> = match self {
            Origin::Folder { folder, .. } => fs::read_dir(folder)
                .with_context(|| format!("cannot read {}", folder.display()))?
                .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.parse().ok())
                .collect(),
            #[cfg(feature = "web")]
            Origin::Service(service) => service.apis()?,
        };
        ids.sort();
        Ok(ids)
    }

    /// A document and its exact source.
    fn document(&self, id: &ApiId) -> Result<(Vec<u8>, String)> {
        match self {
            Origin::Folder { folder, .. } => {
                let file = format!("{}.json", id.stem());
                let path = folder.join(&file);
                let bytes = read_document(&path).with_context(|| {
                    let there: Vec<String> =
                        self.apis().unwrap_or_default().iter().map(ToString::to_string).collect();
                    let close = did_you_mean(&id.to_string(), there.iter().map(String::as_str));
                    format!("cannot read {file}{}", if path.exists() { "" } else { &close })
                })?;
                // The folder's path on this machine is private.
                Ok((bytes, format!("file {file} of a local folder")))
            }
            #[cfg(feature = "web")]
            Origin::Service(service) => service.document(id),
        }
    }
}

fn is_address(from: &str) -> bool {
    from.starts_with("http://") || from.starts_with("https://")
}
