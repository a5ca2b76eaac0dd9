//! The commands behind `cargo xtask`, as a library so that tests can run them on folders of their own.
//!
//! **Architecture invariant:** this crate is the only code that touches disk or network while generating. What a crate
//! looks like is decided in `gapis-codegen`; what is written to disk, and whether, is decided in [`sync`] alone.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod api;
mod cargo;
mod cli;
mod demo;
mod diff;
mod fetch;
pub mod files;
mod generate;
mod list;
mod progress;
pub mod sync;
mod workspace;

pub use api::{ApiId, Apis, Entry};
pub use cargo::{cargo, cargo_run};
pub use cli::{Cli, Command, run};
pub use diff::Diff;
pub use fetch::Fetch;
pub use generate::Generate;
pub use progress::{Progress, for_each};
pub use workspace::{Terminal, Workspace};
