//! Bytes in, parts out; calls in, bytes out.

mod reading;
mod writing;
