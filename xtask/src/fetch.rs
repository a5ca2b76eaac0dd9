//! `cargo xtask fetch`: brings documents into `discovery/`, from the discovery service, another address or a folder.
//!
//! A document replaces the old one only after the whole pipeline has accepted it, and as a whole; whatever fails leaves
//! the old file where it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, bail};
use gapis_codegen::normalize::{Prose, normalize, to_text};
use rayon::prelude::*;
use reqwest::Url;
use serde_json::Value;

use crate::api::{ApiId, Apis, Entry, sha256};
use crate::files::{read_document, replace};
use crate::generate::options;
use crate::http::Http;
use crate::workspace::{Terminal, Workspace};

/// The directory of all APIs.
const SERVICE: &str = "https://www.googleapis.com/discovery/v1/apis";

/// What to fetch, and from where.
#[derive(Clone, Debug, Default)]
pub struct Fetch {
    /// The APIs; those of `apis.toml` that are not our own if none is named.
    pub apis: Vec<String>,
    /// A folder with `<name>.<version>.json` files, or the address of a directory; the discovery service if absent.
    pub from: Option<String>,
    /// What to note as the source, instead of the address or file.
    pub source: Option<String>,
    /// Whether descriptions are removed.
    pub no_prose: bool,
}

/// A document that was accepted, and what to note of it.
struct Fetched {
    text: String,
    source: String,
    revision: String,
}

impl Fetch {
    /// Fetches. Returns whether every API could be fetched.
    ///
    /// # Errors
    /// If nothing could be begun, or if `apis.toml` cannot be written. Failures of single APIs are printed.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let mut apis = Apis::load(&workspace.discovery)?;
        let ids = self.select(&apis)?;
        let origin = Origin::of(self.from.as_deref(), workspace)?;
        let bar = terminal.bar(ids.len());
        let fetched: Vec<Result<Fetched>> = ids
            .par_iter()
            .map(|id| {
                let fetched = self.one(workspace, &origin, id, apis.get(id));
                bar.set_message(id.to_string());
                bar.inc(1);
                fetched
            })
            .collect();
        bar.finish_and_clear();
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
        replace(&workspace.discovery.join("apis.toml"), apis.to_string().as_bytes())
            .context("cannot write apis.toml")?;
        if failed > 0 {
            writeln!(
                terminal.out,
                "{failed} of {} APIs failed; their documents are as they were",
                ids.len()
            )?;
        }
        Ok(failed == 0)
    }

    /// Unlike elsewhere, an API that is not listed may be named: fetching it lists it.
    fn select(&self, apis: &Apis) -> Result<Vec<ApiId>> {
        if self.apis.is_empty() {
            return Ok(apis.iter().filter(|(_, entry)| !entry.local).map(|(id, _)| id.clone()).collect());
        }
        let mut ids = Vec::new();
        for text in &self.apis {
            let id = match apis.select(std::slice::from_ref(text)) {
                Ok(found) => found.into_iter().next().ok_or_else(|| anyhow!("`{text}` names nothing"))?,
                Err(_) => text.parse()?,
            };
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    fn one(
        &self,
        workspace: &Workspace,
        origin: &Origin,
        id: &ApiId,
        entry: Option<&Entry>,
    ) -> Result<Fetched> {
        let (bytes, found) = origin.document(workspace, id)?;
        let mut document: Value =
            serde_json::from_slice(&bytes).with_context(|| format!("{found} is no JSON"))?;
        let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("kind") != "discovery#restDescription" {
            bail!("{found} is no discovery document");
        }
        if (text("name"), text("version")) != (&id.name, &id.version) {
            bail!(
                "{found} is the document of `{}:{}`",
                text("name").escape_debug(),
                text("version").escape_debug()
            );
        }
        let revision = text("revision").to_owned();
        normalize(&mut document, if self.no_prose { Prose::Remove } else { Prose::Keep });
        let text = to_text(&document);
        let entry = entry.cloned().unwrap_or_default();
        gapis_codegen::generate(text.as_bytes(), &options(id, &entry, String::new()))?;
        let source = match (&self.source, origin) {
            (Some(source), _) => format!("{source}, document {}.json", id.stem()),
            // What is read from our own folder and put back is still from where it was.
            (None, Origin::Folder { own: true, .. }) => entry.source,
            (None, _) => found,
        };
        Ok(Fetched { text, source, revision })
    }
}

/// Puts a document and the note on it in place, and says what happened.
fn store(apis: &mut Apis, workspace: &Workspace, id: &ApiId, fetched: &Fetched) -> Result<String> {
    let old = apis.get(id).map(|entry| entry.revision.clone());
    let mut noted = apis.clone();
    noted.record(id, &fetched.source, &fetched.revision, &sha256(fetched.text.as_bytes()));
    // A new API may become the same crate as one that is listed.
    let noted = Apis::parse(&noted.to_string())?;
    let path = workspace.discovery.join(format!("{}.json", id.stem()));
    let changed = replace(&path, fetched.text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    *apis = noted;
    Ok(match (changed, old) {
        (false, _) => "unchanged".to_owned(),
        (true, Some(old)) if old != fetched.revision => format!("revision {old} became {}", fetched.revision),
        (true, Some(_)) => format!("revision {} written anew", fetched.revision),
        (true, None) => format!("revision {} added", fetched.revision),
    })
}

/// Where documents come from.
enum Origin {
    Folder { folder: PathBuf, own: bool },
    Service { http: Http, google: bool, directory: OnceLock<Result<BTreeMap<String, String>, String>> },
}

impl Origin {
    fn of(from: Option<&str>, workspace: &Workspace) -> Result<Self> {
        let base = match from {
            Some(from) if !from.starts_with("http://") && !from.starts_with("https://") => {
                let folder = Path::new(from);
                let own = fs::canonicalize(folder)
                    .with_context(|| format!("no folder {}", folder.display()))?
                    == fs::canonicalize(&workspace.discovery)?;
                return Ok(Origin::Folder { folder: folder.to_owned(), own });
            }
            Some(base) => base.trim_end_matches('/'),
            None => SERVICE,
        };
        Ok(Origin::Service { http: Http::new(base)?, google: base == SERVICE, directory: OnceLock::new() })
    }

    /// A document and where exactly it was.
    fn document(&self, workspace: &Workspace, id: &ApiId) -> Result<(Vec<u8>, String)> {
        match self {
            Origin::Folder { folder, .. } => {
                let file = format!("{}.json", id.stem());
                let bytes =
                    read_document(&folder.join(&file)).with_context(|| format!("cannot read {file}"))?;
                // Where that folder is on this machine is nobody's business.
                Ok((bytes, format!("file {file} of a local folder")))
            }
            Origin::Service { http, google, directory } => {
                let known =
                    directory.get_or_init(|| read_directory(http).map_err(|error| format!("{error:#}")));
                let (addresses, mut errors) = match known {
                    Ok(known) => (known.get(&id.to_string()), Vec::new()),
                    Err(error) => (None, vec![error.clone()]),
                };
                let mut tried = Vec::new();
                for address in addresses.cloned().into_iter().chain(guesses(http, *google, workspace, id)) {
                    if tried.contains(&address) {
                        continue;
                    }
                    let url = Url::parse(&address).with_context(|| format!("`{}`", address.escape_debug()));
                    match url.and_then(|url| http.get(&url)) {
                        Ok(bytes) => return Ok((bytes, address)),
                        Err(error) => errors.push(format!("{error:#}")),
                    }
                    tried.push(address);
                }
                bail!("found nowhere: {}", errors.join("; "))
            }
        }
    }
}

/// The addresses of the documents that the directory lists, by `id`.
fn read_directory(http: &Http) -> Result<BTreeMap<String, String>> {
    let directory: Value =
        serde_json::from_slice(&http.get(http.base())?).context("the directory is no JSON")?;
    let items = directory.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(items.iter().filter_map(|item| Some((text(item, "id")?, text(item, "discoveryRestUrl")?))).collect())
}

/// Where a document is that the directory does not list, as is true of every second one: at the directory's own usual
/// place, and at the service itself.
fn guesses(http: &Http, google: bool, workspace: &Workspace, id: &ApiId) -> Vec<String> {
    let root = if google {
        let root_url = || {
            let old = read_document(&workspace.discovery.join(format!("{}.json", id.stem()))).ok()?;
            let old: Value = serde_json::from_slice(&old).ok()?;
            Some(old.get("rootUrl")?.as_str()?.trim_end_matches('/').to_owned())
        };
        root_url().unwrap_or_else(|| format!("https://{}.googleapis.com", id.name))
    } else {
        http.base().origin().ascii_serialization()
    };
    let base = http.base().as_str().trim_end_matches('/');
    vec![
        format!("{base}/{}/{}/rest", id.name, id.version),
        format!("{root}/$discovery/rest?version={}", id.version),
    ]
}
