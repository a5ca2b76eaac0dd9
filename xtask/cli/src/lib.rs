//! The implementation of the command `gapis`, and what it shares with `cargo xtask`: fetching documents, recording
//! them, comparing them, and writing crates.
//!
//! This is not a library for other programs: everything here may change in any release.
//!
//! **Architecture invariant:** during generation, this crate is the only code that uses the disk or the network, except
//! for `gapis_codegen::Build`. `gapis-codegen` decides what a crate contains; [`sync`] alone decides what is written to
//! disk.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod api;
#[cfg(feature = "batch")]
mod batch;
mod cli;
mod config;
mod diff;
mod documents;
mod fetch;
pub mod files;
mod generate;
mod lines;
mod list;
mod lock;
mod near;
mod progress;
mod site;
pub mod sync;
mod user;
mod workspace;

pub use api::{ApiId, Apis, Entry};
pub use cli::Gapis;
pub use diff::Diff;
pub use fetch::Fetch;
pub use generate::{Generate, options};
pub use list::list;
pub use progress::{Progress, for_each};
pub use site::Site;
pub use workspace::{Kind, RuntimePlace, Terminal, Workspace};
