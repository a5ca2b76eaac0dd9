//! Benchmarks and checks over many documents, for the developers of gapis.
//!
//! The crate is separate from `gapis-xtask`, which does not depend on it, so that a new user's first command compiles
//! little.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod bench;
mod checks;
mod cli;
mod corpus;
mod documents;
mod public_api;
mod times;

pub use bench::plan::{Bench, Subject};
pub use bench::wrapper;
pub use checks::choice::Documents;
pub use checks::differential::Differential;
pub use checks::roundtrip::Roundtrip;
pub use cli::{Cli, Command, run};
pub use corpus::{Compile, Corpus};
pub use public_api::{PublicApi, run_as_rustdoc_if_asked};
