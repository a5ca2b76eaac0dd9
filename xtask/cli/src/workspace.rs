//! Where files are, and where output goes. Commands take both as arguments, so that a test can run them in a temporary
//! folder.

use std::io::Write;
use std::path::{Path, PathBuf};

use gapis_codegen::{Revision, Runtime};

/// The folders that the commands work on: those of the repository of gapis, or those of a user's own.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The root of the repository.
    pub root: PathBuf,
    /// The documents.
    pub discovery: PathBuf,
    /// The generated crates.
    pub generated: PathBuf,
    /// Where the generated crates find the runtime.
    pub runtime: RuntimePlace,
    /// Which kind of repository it is.
    pub kind: Kind,
}

/// Where the generated crates find the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimePlace {
    /// In the registry.
    Registry,
    /// In this folder.
    Folder(PathBuf),
    /// In a Git repository, by its address and the revision to take.
    Git(String, Option<Revision>),
}

/// What differs between the repository of gapis and a user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// That of gapis: `discovery/apis.toml` lists the APIs, and each crate gets the repository's licenses.
    Gapis,
    /// A user's: `gapis.toml` lists the APIs.
    User,
}

impl Workspace {
    /// The repository of gapis in a folder.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Workspace {
            root: root.to_owned(),
            discovery: root.join("discovery"),
            generated: root.join("generated"),
            runtime: RuntimePlace::Folder(root.join("runtime")),
            kind: Kind::Gapis,
        }
    }

    /// The file that lists the APIs.
    #[must_use]
    pub fn list(&self) -> PathBuf {
        match self.kind {
            Kind::Gapis => self.discovery.join("apis.toml"),
            Kind::User => self.root.join("gapis.toml"),
        }
    }

    /// The changelog of an API's crate, which the generator puts into it.
    #[must_use]
    pub fn changelog(&self, api: &impl std::fmt::Display) -> PathBuf {
        self.discovery.join("changelogs").join(format!("{api}.md").replace(':', "."))
    }

    /// Where a crate in that folder finds the runtime.
    ///
    /// # Errors
    /// If the current folder is needed to tell, and is gone.
    pub(crate) fn runtime_for(&self, folder: &Path) -> std::io::Result<Runtime> {
        Ok(match &self.runtime {
            RuntimePlace::Registry => Runtime::Registry,
            RuntimePlace::Folder(runtime) => Runtime::Path(crate::files::relative(folder, runtime)?),
            RuntimePlace::Git(url, revision) => Runtime::Git { url: url.clone(), revision: revision.clone() },
        })
    }
}

impl Kind {
    /// The name of the file that lists the APIs, for messages.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Kind::Gapis => "apis.toml",
            Kind::User => "gapis.toml",
        }
    }

    /// What adds an API, for messages.
    pub(crate) fn adds(self) -> &'static str {
        match self {
            Kind::Gapis => "cargo xtask fetch",
            Kind::User => "gapis add",
        }
    }

    /// What generates, for messages and for the first line of generated files.
    pub(crate) fn generates(self) -> &'static str {
        match self {
            Kind::Gapis => "cargo xtask generate",
            Kind::User => "gapis generate",
        }
    }

    /// What lists the APIs, for messages.
    pub(crate) fn lists(self) -> &'static str {
        match self {
            Kind::Gapis => "cargo xtask list",
            Kind::User => "gapis list",
        }
    }
}

/// Where a command prints.
pub struct Terminal<'a> {
    /// For results: lists, changes and failures, a line each.
    pub out: &'a mut dyn Write,
    /// Whether progress is shown, on standard error.
    pub progress: bool,
}

impl std::fmt::Debug for Terminal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("progress", &self.progress).finish_non_exhaustive()
    }
}
