//! An HTTP response, read completely.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::multipart::Head;

/// An HTTP response as it came: of a call sent alone, or of one part of a batch.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawResponse {
    /// The status code.
    pub status: StatusCode,
    /// The body, after any content decoding.
    pub body: Bytes,
    head: Lazy,
}

/// The headers of a part are read when somebody asks for them: most callers never do.
#[derive(Clone)]
enum Lazy {
    Read(Box<HeaderMap>),
    Raw(Head, OnceLock<Box<HeaderMap>>),
}

impl RawResponse {
    /// A response from its parts.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        RawResponse { status, body, head: Lazy::Read(Box::new(headers)) }
    }

    pub(crate) fn from_head(status: StatusCode, head: Head, body: Bytes) -> Self {
        RawResponse { status, body, head: Lazy::Raw(head, OnceLock::new()) }
    }

    /// The same with bytes of its own. A part of a batch is a slice of the chunk that it came in, and what is kept of it
    /// for long would keep the whole chunk.
    pub(crate) fn detached(mut self) -> Self {
        self.body = Bytes::copy_from_slice(&self.body);
        if let Lazy::Raw(head, _) = &mut self.head {
            *head = head.detached();
        }
        self
    }

    /// The headers, repeated ones kept.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        match &self.head {
            Lazy::Read(headers) => headers,
            Lazy::Raw(head, read) => read.get_or_init(|| Box::new(head.to_map())),
        }
    }
}

impl std::fmt::Debug for RawResponse {
    /// Status and sizes only: headers and body may carry what must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status.as_u16())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}
