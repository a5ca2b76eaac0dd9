//! The commands behind `cargo xtask`, as a library so that tests can run them on folders of their own.
//!
//! **Architecture invariant:** this crate is the only code that touches disk or network while generating. What a crate
//! looks like is decided in `gapis-codegen`; what is written to disk, and whether, is decided in [`sync`] alone.

mod api;
pub mod bench;
mod checks;
mod cli;
mod corpus;
mod demo;
mod diff;
mod fetch;
mod files;
mod generate;
mod http;
mod list;
pub mod sync;
mod workspace;

pub use api::{ApiId, Apis, Entry};
pub use bench::{Bench, Subject};
pub use checks::choice::Documents;
pub use checks::differential::Differential;
pub use checks::roundtrip::Roundtrip;
pub use cli::{Cli, Command, run};
pub use corpus::{Compile, Corpus};
pub use diff::Diff;
pub use fetch::Fetch;
pub use generate::Generate;
pub use workspace::{Terminal, Workspace};
