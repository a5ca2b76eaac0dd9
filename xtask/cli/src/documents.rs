//! The documents in which `gapis describe` and `gapis batch` find methods: those of the repository, or files given by
//! the user.

use std::path::PathBuf;

use anyhow::{Context, Result};
#[cfg(feature = "batch")]
use gapis_codegen::Methods;
use gapis_codegen::inventory::Method;
use gapis_codegen::{Inventory, Limits, Options, Quota};

use crate::api::{ApiId, Apis, Entry};
use crate::files::read_document;
use crate::generate::options;
use crate::workspace::Workspace;

/// The maximum number of calls in a batch, if no other limit is known. The batch guides of the Python and .NET clients
/// state it for all APIs.
const USUAL_CALLS: usize = 1000;

/// Documents that have not been read yet.
#[derive(Debug)]
pub(crate) struct Documents(Vec<Document>);

/// A document that has not been read yet.
#[derive(Debug)]
pub(crate) struct Document {
    path: PathBuf,
    /// The API, by the name of the file.
    id: Option<ApiId>,
    entry: Entry,
}

/// A document that was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) bytes: Vec<u8>,
    pub(crate) inventory: Inventory,
}

impl Documents {
    /// The documents of a repository.
    ///
    /// # Errors
    /// If the list of APIs cannot be read.
    pub(crate) fn of(workspace: &Workspace) -> Result<Self> {
        let apis = Apis::of(workspace)?;
        let document = |(id, entry): (&ApiId, &Entry)| Document {
            path: workspace.discovery.join(&entry.file),
            id: Some(id.clone()),
            entry: entry.clone(),
        };
        Ok(Documents(apis.iter().map(document).collect()))
    }

    /// The documents in these files. If a file is named like an API's document, the known limits and quotas of the API
    /// apply.
    ///
    /// # Errors
    /// If the program's built-in list is invalid.
    pub(crate) fn of_files(paths: &[PathBuf]) -> Result<Self> {
        let known = Apis::known()?;
        let document = |path: &PathBuf| {
            let id: Option<ApiId> =
                path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            let entry = id.as_ref().and_then(|id| known.get(id)).cloned().unwrap_or_default();
            Document { path: path.clone(), id, entry }
        };
        Ok(Documents(paths.iter().map(document).collect()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Document> {
        self.0.iter()
    }

    /// All documents with their indices. Documents of the API whose name begins the method's id come first.
    pub(crate) fn by_method<'d>(&'d self, id: &'d str) -> impl Iterator<Item = (usize, &'d Document)> {
        let all = || self.0.iter().enumerate();
        let first = all().filter(|(_, document)| document.begins(id));
        first.chain(all().filter(|(_, document)| !document.begins(id)))
    }
}

impl Document {
    /// Whether the text names the document's API: `drive:v3`, `drive.v3` or `gapis-drive-v3`.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        let is = |id: &ApiId| text == id.to_string() || text == id.stem() || text == id.crate_name();
        self.id.as_ref().is_some_and(is)
    }

    /// The document's API, if its file is named like an API's document.
    #[cfg(feature = "site")]
    pub(crate) fn id(&self) -> Option<&ApiId> {
        self.id.as_ref()
    }

    /// The document's API in the form `drive:v3`, or its path.
    #[cfg(feature = "site")]
    pub(crate) fn name(&self) -> String {
        self.id.as_ref().map_or_else(|| self.path.display().to_string(), ToString::to_string)
    }

    /// Whether a pattern matches the document's API: a name as in [`Document::is_called`], a name without the version,
    /// or text with `*` for any characters.
    #[cfg(feature = "site")]
    pub(crate) fn is_named(&self, pattern: &str) -> bool {
        let Some(id) = &self.id else { return false };
        if self.is_called(pattern) || id.name == pattern {
            return true;
        }
        let mut parts = pattern.split('*');
        let name = id.to_string();
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let Some(last) = parts.next_back() else { return false };
        for part in parts {
            let Some(at) = rest.find(part) else { return false };
            rest = rest.get(at + part.len()..).unwrap_or_default();
        }
        rest.ends_with(last)
    }

    /// Whether the method's id begins with the name of the document's API.
    pub(crate) fn begins(&self, method: &str) -> bool {
        let name = method.split('.').next().unwrap_or(method);
        self.id.as_ref().is_some_and(|id| id.name == name)
    }

    pub(crate) fn limits(&self) -> Limits {
        self.entry.limits
    }

    pub(crate) fn limits_source(&self) -> Option<&str> {
        self.entry.limits_source.as_deref()
    }

    /// The maximum number of calls in a batch, or 0 if the API does not accept batches.
    pub(crate) fn calls(&self) -> usize {
        self.limits().calls.unwrap_or(USUAL_CALLS)
    }

    /// The limit of batches, in words.
    pub(crate) fn batch_facts(&self, inventory: &Inventory) -> String {
        let path = &inventory.service.batch_path;
        match self.limits().calls {
            Some(0) => "the API does not accept batches; calls are sent one by one".to_owned(),
            Some(calls) => {
                let source = self.limits_source().unwrap_or("gapis.toml");
                format!("up to {calls} calls in one request to /{path} ({source})")
            }
            None => format!("up to {USUAL_CALLS} calls in one request to /{path}, the usual limit"),
        }
    }

    /// The cost of a call of the method and the quotas of the API, in words, if anything is known about them.
    pub(crate) fn quota_facts(&self, method: &Method) -> Option<String> {
        let quota = self.quota();
        let units = quota.units_of(&method.id);
        let rates = [(quota.project_per_minute, "a project"), (quota.user_per_minute, "each user")];
        let rates: Vec<String> = rates
            .iter()
            .filter_map(|(rate, whose)| Some(format!("{} a minute for {whose}", (*rate)?)))
            .collect();
        if units == 1 && rates.is_empty() {
            return None;
        }
        let of = if rates.is_empty() { String::new() } else { format!(" of {}", rates.join(", ")) };
        let source = self.quota_source().unwrap_or("gapis.toml");
        Some(format!("{units} {}{of} ({source})", if units == 1 { "unit" } else { "units" }))
    }

    pub(crate) fn quota(&self) -> &Quota {
        &self.entry.quota
    }

    pub(crate) fn quota_source(&self) -> Option<&str> {
        self.entry.quota_source.as_deref()
    }

    /// Reads the document: all of its methods, whether or not they are generated.
    ///
    /// # Errors
    /// If it cannot be read, or is not a discovery document.
    pub(crate) fn read(&self) -> Result<Read> {
        let (bytes, options) = self.bytes()?;
        let inventory = gapis_codegen::inventory(&bytes, &options)?;
        Ok(Read { bytes, inventory })
    }

    /// Reads the document, including descriptions.
    ///
    /// # Errors
    /// As [`Document::read`].
    #[cfg(feature = "site")]
    pub(crate) fn documented(&self) -> Result<Inventory> {
        let (bytes, options) = self.bytes()?;
        Ok(gapis_codegen::documented(&bytes, &options)?)
    }

    /// The document's methods, each of which is read when it is called. The document stays in memory until the program ends.
    ///
    /// # Errors
    /// As [`Document::read`].
    #[cfg(feature = "batch")]
    pub(crate) fn methods(&self) -> Result<Methods<'static>> {
        let (bytes, options) = self.bytes()?;
        Ok(Methods::of(Vec::leak(bytes), &options)?)
    }

    fn bytes(&self) -> Result<(Vec<u8>, Options)> {
        let bytes =
            read_document(&self.path).with_context(|| format!("cannot read {}", self.path.display()))?;
        let options = match &self.id {
            Some(id) => options(id, &self.entry),
            None => Options::default(),
        };
        Ok((bytes, Options { name: self.path.display().to_string(), only: Vec::new(), ..options }))
    }
}
