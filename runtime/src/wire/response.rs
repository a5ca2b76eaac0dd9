//! An HTTP response that was read completely.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::multipart::Head;

/// An HTTP response as received: of a call that was sent alone, or of one part of a batch.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawResponse {
    /// The status code.
    pub status: StatusCode,
    /// The body, after any content decoding.
    pub body: Bytes,
    head: Lazy,
}

/// The headers of a part are parsed on first access, because most callers never look at them.
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

    /// Copies the body. A part of a batch is a slice of the received chunk, so keeping a part for long would keep the
    /// whole chunk in memory.
    pub(crate) fn detached(mut self) -> Self {
        self.body = Bytes::copy_from_slice(&self.body);
        if let Lazy::Raw(head, _) = &mut self.head {
            *head = head.detached();
        }
        self
    }

    /// The headers. A repeated header occurs repeatedly.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        match &self.head {
            Lazy::Read(headers) => headers,
            Lazy::Raw(head, read) => read.get_or_init(|| Box::new(head.to_map())),
        }
    }
}

impl std::fmt::Debug for RawResponse {
    /// Prints only the status and sizes, because headers and body may contain what must not be logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status.as_u16())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}
