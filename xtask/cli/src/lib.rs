//! What the command `gapis` is made of, and what `cargo xtask` shares with it: documents are fetched, recorded, compared,
//! and written out as crates.
//!
//! It is no library for others: anything here may change in any release.
//!
//! **Architecture invariant:** this crate is the only code that touches disk or network while generating, but for
//! `gapis_codegen::Build`. What a crate looks like is decided in `gapis-codegen`; what is written to disk, and whether, is
//! decided in [`sync`] alone.

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
