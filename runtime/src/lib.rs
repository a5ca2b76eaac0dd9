//! The shared runtime of the generated gapis crates.

mod error;
mod macros;
mod method;
#[cfg(feature = "mock")]
pub mod mock;
#[allow(dead_code, unused_imports)] // Until the batch engine uses all of it.
mod multipart;
mod response;
pub mod schema;
pub mod spec;

#[doc(hidden)]
pub use serde;

pub use error::{Error, Result};
pub use method::{AcceptsMedia, Api, Body, Method, Paged, Response, ServesMedia};
pub use response::RawResponse;

/// Any JSON value.
pub type Json = serde_json::Value;

/// What sends calls: connections, credentials and policies, shared by its clones.
#[derive(Debug, Clone)]
pub struct Client;

/// What the fuzz targets and the benchmarks of the multipart codec need; not for use.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz {
    pub use crate::multipart::check::{part, read_batch, reader, write_batch, writer};
}
