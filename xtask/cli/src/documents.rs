//! The documents that `gapis describe` and `gapis batch` look methods up in: those of the repository, or named files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use gapis_codegen::inventory::Method;
use gapis_codegen::{Inventory, Limits, Options, Quota};

use crate::api::{ApiId, Apis, Entry};
use crate::files::read_document;
use crate::generate::options;
use crate::workspace::Workspace;

/// How many calls a batch has at most, where nothing else is known: the number that the batch guides of the Python and .NET
/// clients give for all APIs.
const USUAL_CALLS: usize = 1000;

/// Documents, not read yet.
#[derive(Debug)]
pub(crate) struct Documents(Vec<Document>);

/// A document, not read yet.
#[derive(Debug)]
pub(crate) struct Document {
    path: PathBuf,
    /// What its file is called says which API it is of.
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
    /// Those of a repository.
    ///
    /// # Errors
    /// If its list cannot be read.
    pub(crate) fn of(workspace: &Workspace) -> Result<Self> {
        let apis = Apis::of(workspace)?;
        let document = |(id, entry): (&ApiId, &Entry)| Document {
            path: workspace.discovery.join(&entry.file),
            id: Some(id.clone()),
            entry: entry.clone(),
        };
        Ok(Documents(apis.iter().map(document).collect()))
    }

    /// Files. What is known of an API by the name of its file is known here, too.
    ///
    /// # Errors
    /// If this program's own list cannot be read.
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

    /// All of them with their numbers, those first whose API's name begins the method's id.
    pub(crate) fn by_method<'d>(&'d self, id: &'d str) -> impl Iterator<Item = (usize, &'d Document)> {
        let all = || self.0.iter().enumerate();
        let first = all().filter(|(_, document)| document.begins(id));
        first.chain(all().filter(|(_, document)| !document.begins(id)))
    }
}

impl Document {
    /// Whether the text names its API: `drive:v3`, `drive.v3`, `gapis-drive-v3`.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        let is = |id: &ApiId| text == id.to_string() || text == id.stem() || text == id.crate_name();
        self.id.as_ref().is_some_and(is)
    }

    /// Its API, if its file is called as one.
    #[cfg(feature = "site")]
    pub(crate) fn id(&self) -> Option<&ApiId> {
        self.id.as_ref()
    }

    /// Its API as `drive:v3`, or its path.
    #[cfg(feature = "site")]
    pub(crate) fn name(&self) -> String {
        self.id.as_ref().map_or_else(|| self.path.display().to_string(), ToString::to_string)
    }

    /// Whether a pattern names its API: as in [`Document::is_called`], by the name without the version, or with a `*` for
    /// any text.
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

    /// Whether the name of its API begins that method's id.
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

    /// How many calls a batch has at most; 0 if there are no batches.
    pub(crate) fn calls(&self) -> usize {
        self.limits().calls.unwrap_or(USUAL_CALLS)
    }

    /// How its calls are batched, in words.
    pub(crate) fn batch_facts(&self, inventory: &Inventory) -> String {
        let path = &inventory.service.batch_path;
        match self.limits().calls {
            Some(0) => "the API takes no batches; calls go one by one".to_owned(),
            Some(calls) => {
                let source = self.limits_source().unwrap_or("gapis.toml");
                format!("up to {calls} calls in one request to /{path} ({source})")
            }
            None => format!("up to {USUAL_CALLS} calls in one request to /{path}, the usual limit"),
        }
    }

    /// What a call of a method costs, and of what, where something is known of that.
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

    /// Reads it: all of its methods, whichever are generated.
    ///
    /// # Errors
    /// If it cannot be read, or is no discovery document.
    pub(crate) fn read(&self) -> Result<Read> {
        let (bytes, options) = self.bytes()?;
        let inventory = gapis_codegen::inventory(&bytes, &options)?;
        Ok(Read { bytes, inventory })
    }

    /// Reads it with the documentation of what is in it.
    ///
    /// # Errors
    /// As [`Document::read`].
    #[cfg(feature = "site")]
    pub(crate) fn documented(&self) -> Result<Inventory> {
        let (bytes, options) = self.bytes()?;
        Ok(gapis_codegen::documented(&bytes, &options)?)
    }

    /// Reads what a call needs of it.
    ///
    /// # Errors
    /// As [`Document::read`].
    #[cfg(feature = "batch")]
    pub(crate) fn methods(&self) -> Result<Inventory> {
        let (bytes, options) = self.bytes()?;
        Ok(gapis_codegen::methods(&bytes, &options)?)
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
