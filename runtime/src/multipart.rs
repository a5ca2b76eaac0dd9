//! The multipart/mixed codec of a batch: from calls to bytes, and from bytes to parts.
//!
//! These are pure functions over bytes, with their own error type. Nothing here does IO, waits, knows what a call
//! means, or uses another module of this crate. [`BatchWriter`] writes the one format that every server accepts.
//! [`Reader`] accepts what servers send in practice, in chunks of any size, in linear time, and in memory bounded by
//! the largest part. Matching parts to calls is the task of the batch engine, which gets the position and the
//! `Content-ID` of each part. Nothing here may panic, whatever the bytes.

mod error;
mod header;
mod part;
mod reader;
pub(crate) mod whole;
mod writer;

#[cfg(any(test, fuzzing))]
pub(crate) use error::ReadError;
#[cfg(test)]
pub(crate) use error::WriteError;
pub(crate) use header::Head;
pub(crate) use part::{Flaw, Part};
pub use reader::ReadLimits;
#[cfg(any(test, fuzzing))]
pub(crate) use reader::boundary;
pub(crate) use reader::{FIRST_LINE, Reader, first_boundary};
pub(crate) use writer::{BatchWriter, PartRequest};

#[cfg(any(test, fuzzing))]
#[allow(unreachable_pub)] // Public for the fuzz targets only.
pub(crate) mod check;

#[cfg(test)]
mod tests;
