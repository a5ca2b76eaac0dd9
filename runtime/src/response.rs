//! An HTTP response, read completely.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// An HTTP response as it came: of a call sent alone, or of one part of a batch.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawResponse {
    /// The status code.
    pub status: StatusCode,
    /// The headers, repeated ones kept.
    pub headers: HeaderMap,
    /// The body, after any content decoding.
    pub body: Bytes,
}

impl RawResponse {
    /// A response from its parts.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        RawResponse { status, headers, body }
    }
}

impl std::fmt::Debug for RawResponse {
    /// Status and sizes only: headers and body may carry what must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status.as_u16())
            .field("headers", &self.headers.len())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}
