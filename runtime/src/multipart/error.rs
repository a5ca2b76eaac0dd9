//! Why the codec cannot write a call or read an answer.

use std::error::Error;
use std::fmt;

use bytes::Bytes;

/// Why a response as a whole cannot be read, or not further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The response's `Content-Type` is not multipart.
    NotMultipart,
    /// The response's `Content-Type` names no boundary, or none that can be used.
    NoBoundary,
    /// The boundary never came.
    NoDelimiter,
    /// The stream ended before the closing delimiter. With what came of a part that is not complete, if anything.
    Truncated(Bytes),
    /// The response has more bytes than this.
    TooLarge(u64),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NotMultipart => f.write_str("the answer to a batch is not multipart"),
            ReadError::NoBoundary => f.write_str("the answer to a batch names no boundary"),
            ReadError::NoDelimiter => f.write_str("the answer to a batch does not contain its boundary"),
            ReadError::Truncated(_) => f.write_str("the answer to a batch broke off"),
            ReadError::TooLarge(limit) => write!(f, "the answer to a batch has more than {limit} bytes"),
        }
    }
}

impl Error for ReadError {}

/// Why a call cannot be written as a part: something of it could leave its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// The token has characters that a `Content-ID` may not have.
    Token,
    /// Not an HTTP method.
    Verb(String),
    /// The target is no path and query.
    Target,
    /// A byte of the target that must be percent-encoded.
    TargetByte(u8),
    /// The body's type has a control character.
    ContentType,
    /// Not a header name.
    HeaderName(String),
    /// The value of that header has a control character. The value stays out of the message: it may be a secret.
    HeaderValue(String),
    /// A header that frames the message, which the writer sets.
    Framing(String),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Token => {
                f.write_str("the token of a batch is made of letters, digits, `-`, `_` and `.`")
            }
            WriteError::Verb(verb) => write!(f, "not an HTTP method: {verb:?}"),
            WriteError::Target => {
                f.write_str("the address of a batched call is a path and a query, beginning with one `/`")
            }
            WriteError::TargetByte(byte) => {
                write!(f, "the byte {byte:#04x} in the address of a batched call must be percent-encoded")
            }
            WriteError::ContentType => f.write_str("a control character in the content type of a body"),
            WriteError::HeaderName(name) => write!(f, "not a header name: {name:?}"),
            WriteError::HeaderValue(name) => {
                write!(f, "a control character in the value of the header `{name}`")
            }
            WriteError::Framing(name) => {
                write!(f, "the header `{name}` of a batched call is set by the library")
            }
        }
    }
}

impl Error for WriteError {}
