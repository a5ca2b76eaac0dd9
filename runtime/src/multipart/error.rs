//! Why the codec cannot write a call or read a response.

use std::error::Error;
use std::fmt;

use bytes::Bytes;

/// Why a response cannot be read, or cannot be read further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The response's `Content-Type` is not multipart.
    NotMultipart,
    /// The response's `Content-Type` has no boundary, or one that cannot be used.
    NoBoundary,
    /// The boundary does not occur in the response.
    NoDelimiter,
    /// The stream ended before the closing delimiter. Holds the received bytes of an incomplete last part, if any.
    Truncated(Bytes),
    /// The response has more bytes than this limit.
    TooLarge(u64),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NotMultipart => f.write_str("the batch response is not multipart"),
            ReadError::NoBoundary => f.write_str("the batch response has no boundary in its content type"),
            ReadError::NoDelimiter => f.write_str("the batch response does not contain its boundary"),
            ReadError::Truncated(_) => f.write_str("the batch response ended early"),
            ReadError::TooLarge(limit) => write!(f, "the batch response has more than {limit} bytes"),
        }
    }
}

impl Error for ReadError {}

/// Why a call cannot be written as a part: some of its text could be read as something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// The token has characters that are not allowed in a `Content-ID`.
    Token,
    /// Not an HTTP method.
    Verb(String),
    /// The target is not a path and query.
    Target,
    /// A byte of the target that must be percent-encoded.
    TargetByte(u8),
    /// The media type of the body has a control character.
    ContentType,
    /// Not a header name.
    HeaderName(String),
    /// The value of that header has a control character. The message does not show the value, which may be a secret.
    HeaderValue(String),
    /// A header about message framing, which the writer sets.
    Framing(String),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Token => {
                f.write_str("the token of a batch may only have letters, digits, `-`, `_` and `.`")
            }
            WriteError::Verb(verb) => write!(f, "not an HTTP method: {verb:?}"),
            WriteError::Target => f.write_str(
                "the URL of a batched call must be a path and a query that begin with a single `/`",
            ),
            WriteError::TargetByte(byte) => {
                write!(f, "the byte {byte:#04x} in the URL of a batched call must be percent-encoded")
            }
            WriteError::ContentType => f.write_str("the content type of a body has a control character"),
            WriteError::HeaderName(name) => write!(f, "not a header name: {name:?}"),
            WriteError::HeaderValue(name) => {
                write!(f, "the value of the header `{name}` has a control character")
            }
            WriteError::Framing(name) => {
                write!(f, "the header `{name}` of a batched call can only be set by the library")
            }
        }
    }
}

impl Error for WriteError {}
