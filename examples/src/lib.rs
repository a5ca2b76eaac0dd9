//! The servers that the programs in `examples/` use by default: typed handlers for a state that calls change.
//!
//! A program is one file, and a test runs it unchanged. None of this is needed to use a generated crate.

pub mod servers;

pub use gapis_example_farm::{Output, Shared, Stage};

/// The code in the README and in the guide, which is compiled by the tests.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../README.md")]
    pub struct Readme;
    #[doc = include_str!("../../runtime/guide/batch-update.md")]
    pub struct BatchUpdate;
    #[doc = include_str!("../../runtime/guide/batching.md")]
    pub struct Batching;
    #[doc = include_str!("../../runtime/guide/client.md")]
    pub struct Client;
    #[doc = include_str!("../../runtime/guide/errors.md")]
    pub struct Errors;
    #[doc = include_str!("../../runtime/guide/jobs.md")]
    pub struct Jobs;
    #[doc = include_str!("../../runtime/guide/journal.md")]
    pub struct Journal;
    #[doc = include_str!("../../runtime/guide/lists.md")]
    pub struct Lists;
    #[doc = include_str!("../../runtime/guide/media.md")]
    pub struct Media;
    #[doc = include_str!("../../runtime/guide/operations.md")]
    pub struct Operations;
    #[doc = include_str!("../../runtime/guide/testing.md")]
    pub struct Testing;
    #[doc = include_str!("../../runtime/guide/values.md")]
    pub struct Values;
}
