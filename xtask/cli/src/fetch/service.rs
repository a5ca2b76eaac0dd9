//! Documents from a directory of APIs on a web server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use reqwest::Url;
use serde_json::Value;

use super::http::Http;
use crate::api::ApiId;
use crate::files::read_document;
use crate::near::did_you_mean;
use crate::workspace::Workspace;

/// The directory of all APIs.
const GOOGLE: &str = "https://www.googleapis.com/discovery/v1/apis";

/// A directory, which is read once.
pub(crate) struct Service {
    http: Http,
    google: bool,
    /// The folder of the documents that were fetched before.
    discovery: PathBuf,
    directory: OnceLock<Result<BTreeMap<String, String>, String>>,
}

impl Service {
    /// The directory at a URL, or Google's.
    pub(super) fn new(address: Option<&str>, workspace: &Workspace) -> Result<Self> {
        let base = address.map_or(GOOGLE, |address| address.trim_end_matches('/'));
        Ok(Service {
            http: Http::new(base)?,
            google: base == GOOGLE,
            discovery: workspace.discovery.clone(),
            directory: OnceLock::new(),
        })
    }

    /// The APIs that the directory lists.
    pub(super) fn apis(&self) -> Result<Vec<ApiId>> {
        match self.known() {
            Ok(known) => Ok(known.keys().filter_map(|id| id.parse().ok()).collect()),
            Err(error) => bail!("{error}"),
        }
    }

    /// The URLs of the documents that the directory lists, by `id`.
    fn known(&self) -> &Result<BTreeMap<String, String>, String> {
        self.directory.get_or_init(|| read_directory(&self.http).map_err(|error| format!("{error:#}")))
    }

    /// A document and its address.
    pub(super) fn document(&self, id: &ApiId) -> Result<(Vec<u8>, String)> {
        let Service { http, google, discovery, .. } = self;
        let known = self.known();
        let (addresses, mut errors) = match known {
            Ok(known) => (known.get(&id.to_string()), Vec::new()),
            Err(error) => (None, vec![error.clone()]),
        };
        let mut tried = Vec::new();
        for address in addresses.cloned().into_iter().chain(guesses(http, *google, discovery, id)) {
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
        let names = known.iter().flat_map(BTreeMap::keys).map(String::as_str);
        bail!("cannot fetch it: {}{}", errors.join("; "), did_you_mean(&id.to_string(), names))
    }
}

/// Reads the URLs of the documents from the directory, by `id`.
fn read_directory(http: &Http) -> Result<BTreeMap<String, String>> {
    let directory: Value =
        serde_json::from_slice(&http.get(http.base())?).context("the directory is not JSON")?;
    let items = directory.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(items.iter().filter_map(|item| Some((text(item, "id")?, text(item, "discoveryRestUrl")?))).collect())
}

/// The probable URLs of a document that the directory does not list, which is true for about half of them: the usual
/// place in the directory, and the service itself.
fn guesses(http: &Http, google: bool, discovery: &Path, id: &ApiId) -> Vec<String> {
    let root = if google {
        let root_url = || {
            let old = read_document(&discovery.join(format!("{}.json", id.stem()))).ok()?;
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
