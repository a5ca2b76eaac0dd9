//! The values of schemas: how generated structs, open enums and formatted text are read, written, compared and printed.
//!
//! All of it works over [`dyn Field`](Field) and is compiled once, in this crate: a generated struct only lists its
//! members. Nothing in this module may fail or lose data because a server knows more than the document did.

mod base64;
mod compare;
mod containers;
mod deep;
mod extra;
mod field;
mod lenient;
mod mask;
mod member;
mod open;
pub(crate) mod param;
pub(crate) mod patch;
pub(crate) mod probe;
mod read;
mod scalars;
mod text;
mod time;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serializer;

pub use self::base64::Base64;
pub use self::deep::Deep;
pub use self::extra::Extra;
pub use self::field::{Field, Kind, Leaf, List, Map, Object, Scalar, Slot, View};
pub(crate) use self::lenient::parse_body;
pub use self::mask::FieldMask;
pub use self::member::{IntoMember, pushed};
pub use self::open::{Enum, Open, cmp_names, hash_name};
#[doc(hidden)]
pub use self::read::deserialize;
pub use self::read::{DecodeError, from_slice};
pub use self::text::ParseError;
pub use self::time::{Date, DateTime, Duration};
pub use self::write::{to_vec, to_writer};

pub(crate) use self::compare::same;
pub use self::compare::set_members;
pub(crate) use self::read::from_enveloped_slice;

/// Any JSON value.
pub type Json = serde_json::Value;

/// For `#[derive(Object)]`: clones a value.
#[doc(hidden)]
#[must_use]
pub fn clone<T: Object + Default>(value: &T) -> T {
    let mut copy = T::default();
    compare::copy(&mut copy, value);
    copy
}

/// For `#[derive(Object)]`: whether two values have the same members.
#[doc(hidden)]
#[must_use]
pub fn eq(left: &dyn Object, right: &dyn Object) -> bool {
    compare::same_object(left, right)
}

/// For `#[derive(Object)]`: prints the members that are set, under their wire names.
#[doc(hidden)]
pub fn debug(name: &str, value: &dyn Object, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    compare::print_object(name, value, f)
}

/// For `#[derive(Object)]`: writes the members that are set, then those of `extra`.
#[doc(hidden)]
pub fn serialize<S: Serializer>(value: &dyn Object, serializer: S) -> Result<S::Ok, S::Error> {
    write::object(value, serializer)
}
