//! The places of files, and the output of commands. Commands take both as arguments, so that tests can run them in a
//! temporary folder.

use std::io::Write;
use std::path::{Path, PathBuf};

use gapis_codegen::{Revision, Runtime};

/// The folders that commands work on, either in the repository of gapis or in a user's repository.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The root of the repository.
    pub root: PathBuf,
    /// The documents.
    pub discovery: PathBuf,
    /// The generated crates.
    pub generated: PathBuf,
    /// Where generated crates find the runtime.
    pub runtime: RuntimePlace,
    /// The kind of repository.
    pub kind: Kind,
}

/// Where generated crates find the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimePlace {
    /// In the registry.
    Registry,
    /// In this folder.
    Folder(PathBuf),
    /// In a Git repository, by its URL and the revision.
    Git(String, Option<Revision>),
}

/// The differences between the repository of gapis and a user's repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The repository of gapis: `discovery/apis.toml` lists the APIs, and each crate gets the repository's licenses.
    Gapis,
    /// A user's repository: `gapis.toml` lists the APIs.
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

    /// The changelog of an API's crate, which the generator copies into the crate.
    #[must_use]
    pub fn changelog(&self, api: &impl std::fmt::Display) -> PathBuf {
        self.discovery.join("changelogs").join(format!("{api}.md").replace(':', "."))
    }

    /// Where a crate in this folder finds the runtime.
    ///
    /// # Errors
    /// If the current folder is needed and does not exist any more.
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

    /// The command that adds an API, for messages.
    pub(crate) fn adds(self) -> &'static str {
        match self {
            Kind::Gapis => "cargo xtask fetch",
            Kind::User => "gapis add",
        }
    }

    /// The command that generates crates, for messages and for the first line of generated files.
    pub(crate) fn generates(self) -> &'static str {
        match self {
            Kind::Gapis => "cargo xtask generate",
            Kind::User => "gapis generate",
        }
    }

    /// The command that lists the APIs, for messages.
    pub(crate) fn lists(self) -> &'static str {
        match self {
            Kind::Gapis => "cargo xtask list",
            Kind::User => "gapis list",
        }
    }
}

/// The output of a command.
pub struct Terminal<'a> {
    /// The output for results: lists, changes and failures, one per line.
    pub out: &'a mut dyn Write,
    /// Whether progress is shown, on standard error.
    pub progress: bool,
}

impl std::fmt::Debug for Terminal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("progress", &self.progress).finish_non_exhaustive()
    }
}
