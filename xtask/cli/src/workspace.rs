//! Where files are, and where output goes. Commands take both as arguments, so that a test can run them in a temporary
//! folder.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The folders that the commands work on.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The root of the repository.
    pub root: PathBuf,
    /// The documents and `apis.toml`.
    pub discovery: PathBuf,
    /// The generated crates.
    pub generated: PathBuf,
    /// The runtime crate, which generated crates depend on by path.
    pub runtime: PathBuf,
}

impl Workspace {
    /// A repository in a folder.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Workspace {
            root: root.to_owned(),
            discovery: root.join("discovery"),
            generated: root.join("generated"),
            runtime: root.join("runtime"),
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
