//! What the developers of gapis run and its users do not: benchmarks, and checks over documents at large.
//!
//! It stands apart from `gapis-xtask`, which uses nothing of it, so that the first command of a new user compiles little.

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
