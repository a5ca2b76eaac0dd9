#![doc = include_str!("../README.md")]
#![warn(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

// The layers, from the lowest: each file uses those above it in this list, and never one below.
mod table;
mod visible;

mod error;
mod features;
pub mod normalize;
mod options;
mod steps;

mod log;

mod discovery;

mod naming;
mod prose;
mod wire;

mod model;
mod resolve;

mod rust_type;
mod source;

mod emit;
pub mod inventory;

mod generate;

mod build;
mod excerpt;

#[cfg(test)]
mod growth;

pub use build::{Build, BuildError};
pub use error::{Error, Warning};
pub use excerpt::Methods;
pub use generate::{Crate, Operations, Summary, documented, generate, inventory, summarize};
pub use inventory::Inventory;
pub use naming::crate_name;
pub use options::{FeaturePolicy, ItemsRule, Limits, Options, Quota, Revision, Runtime, UpdateRule};
pub use visible::visible;
