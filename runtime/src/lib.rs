//! The shared runtime of the generated gapis crates.

mod body;
mod error;
mod macros;
mod method;
#[cfg(feature = "mock")]
pub mod mock;
#[allow(dead_code, unused_imports)] // Until the batch engine uses all of it.
mod multipart;
mod param;
#[allow(dead_code)] // Until requests are made from it.
mod path;
mod response;
pub mod schema;
pub mod spec;

#[doc(hidden)]
pub use serde;

pub use body::HttpBody;
pub use error::{Error, Result};
pub use method::{AcceptsMedia, Api, Body, Method, Paged, Response, ServesMedia};
pub use param::Param;
pub use response::RawResponse;
pub use schema::{Base64, Date, DateTime, Duration, Extra, FieldMask, Open};

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

/// What a generated crate re-exports for its users.
pub mod prelude {
    pub use crate::{Base64, Date, DateTime, Duration, Extra, FieldMask, HttpBody, Json, Open};
}
