//! What generated code, `gapis-auth` and `gapis-mock` need of this crate. Not for users: anything here may change in any
//! release.

pub use gapis_derive::{Object, OpenEnum};
pub use serde;

pub use crate::value::*;
