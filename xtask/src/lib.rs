//! The commands behind `cargo xtask`, as a library so that tests can run them on folders of their own. What a user's own
//! repository needs too is in `gapis-cli`.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod cargo;
mod cli;
mod demo;
mod release;

use std::path::Path;

pub use cargo::{cargo, cargo_run};
pub use cli::{Cli, Command, run};
pub use gapis_cli::{
    ApiId, Apis, Diff, Entry, Fetch, Generate, Progress, Terminal, Workspace, files, for_each, sync,
};
pub use release::Release;

/// The repository that this program was built from.
#[must_use]
pub fn this_repository() -> Workspace {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    Workspace::at(xtask.parent().unwrap_or(xtask))
}
