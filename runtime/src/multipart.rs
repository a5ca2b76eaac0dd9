//! The multipart/mixed codec of a batch: calls to bytes, bytes to answers.
//!
//! Pure functions over bytes, with an error type of their own: nothing here does IO, waits, knows what a call means, or
//! uses another module of this crate. [`BatchWriter`] writes the one
//! form that every server accepts; [`Reader`] takes whatever servers really send, in chunks of any size, in linear
//! time and in memory bounded by the largest part. Matching answers to calls is the batch engine's: it gets each
//! part's place in the response and its `Content-ID`. Nothing here may panic, whatever the bytes.

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
