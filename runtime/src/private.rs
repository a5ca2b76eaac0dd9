//! Items for generated code, `gapis-auth`, `gapis-cli` and `gapis-mock`. They are not for users: anything here may change in any
//! release.
//!
//! The traits that only generated code implements ([`Api`](crate::Api), [`Method`](crate::Method) and others) have
//! items whose types can be named only through this module. That seals them: code that implements one depends on this
//! module.

pub use futures_core::Stream;
pub use serde;

pub use crate::batch::{MaybeSend, Store};
pub use crate::call::reading::{Decode, Parts};
pub use crate::call::request::Request;
pub use crate::send::token::{is_mtls, is_transient, request_token};
pub use crate::update::{Member, RawUpdate};
pub use crate::value::*;
pub use crate::wire::spec;

/// Only the derive macros, because a schema may have the same name as the trait [`Object`].
pub mod derive {
    pub use gapis_derive::{Object, OpenEnum};
}

/// The parts of the codec that the fuzz targets (compiled with `--cfg fuzzing`) and the benchmarks use.
pub mod codec {
    #[cfg(fuzzing)]
    pub use crate::multipart::check::{part, reader, writer};
    pub use crate::multipart::whole::{read_batch, write_batch};
}
