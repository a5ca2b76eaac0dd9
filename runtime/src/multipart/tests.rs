//! Bytes in, parts out; calls in, bytes out.

mod cutting;
mod interop;
mod reading;
mod writing;
