//! What generated code, `gapis-auth`, `gapis-cli` and `gapis-mock` need of this crate. Not for users: anything here may change in any
//! release.
//!
//! The traits that only generated code implements ([`Api`](crate::Api), [`Method`](crate::Method) and the like) have
//! items whose types can be named here only. That seals them: who implements one depends on this module.

pub use serde;

pub use crate::batch::RawBatcher;
pub use crate::call::reading::{Decode, Parts};
pub use crate::call::request::Request;
pub use crate::send::token::{is_mtls, is_transient, request_token};
pub use crate::update::{Member, RawUpdate};
pub use crate::value::*;
pub use crate::wire::spec;

/// The derives alone: a schema may have the name of the trait [`Object`].
pub mod derive {
    pub use gapis_derive::{Object, OpenEnum};
}

/// What the fuzz targets (which are compiled with `--cfg fuzzing`) and the benchmarks need of the codec.
pub mod codec {
    #[cfg(fuzzing)]
    pub use crate::multipart::check::{part, reader, writer};
    pub use crate::multipart::whole::{read_batch, write_batch};
}
