//! What generated code, `gapis-auth` and `gapis-mock` need of this crate. Not for users: anything here may change in any
//! release.

pub use serde;

pub use crate::call::reading::{Decode, Parts};
pub use crate::send::token::{is_mtls, is_transient, request_token};
pub use crate::value::*;

/// The derives alone: a schema may have the name of the trait [`Object`].
pub mod derive {
    pub use gapis_derive::{Object, OpenEnum};
}
