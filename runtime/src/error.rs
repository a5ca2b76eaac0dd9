//! The one error type.

use std::fmt;
use std::sync::Arc;

/// A result whose error is [`Error`] by default.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call did not give a value. Cheap to clone: one outer failure reaches every call of a batch.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    message: String,
}

impl Error {
    /// Bad input, found before anything was sent.
    #[must_use]
    pub fn input(message: impl Into<String>) -> Self {
        Error(Arc::new(Inner { message: message.into() }))
    }
    /// A body that does not decode, at that JSON path.
    #[must_use]
    pub fn decode(path: impl Into<String>, message: impl Into<String>, body: &[u8]) -> Self {
        let _ = body;
        Error(Arc::new(Inner { message: format!("{}: {}", path.into(), message.into()) }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Error {}
