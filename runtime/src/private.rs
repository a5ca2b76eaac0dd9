//! What generated code, `gapis-auth` and `gapis-mock` need of this crate. Not for users: anything here may change in any
//! release.

pub use crate::call::reading::{Decode, Parts};
pub use crate::value::*;
