//! The documents that `gapis describe` and `gapis batch` look methods up in: those of the repository, or named files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use gapis_codegen::{Inventory, Limits, Options, Quota};

use crate::api::{ApiId, Apis, Entry};
use crate::files::read_document;
use crate::generate::options;
use crate::workspace::Workspace;

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
