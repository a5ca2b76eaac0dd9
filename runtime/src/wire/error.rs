//! The one error type. It is opaque, cheap to clone (one outer failure reaches every call of a batch), and never shows a
//! token, a key or a request body.

mod api;
mod details;
mod html;
mod predicates;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use api::{ApiError, ErrorItem};
use bytes::Bytes;
pub use details::{BadRequest, Detail, ErrorInfo, FieldViolation, QuotaFailure, QuotaViolation, RetryInfo};
use http::StatusCode;

use crate::RawResponse;

/// A result whose error is [`Error`] by default.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call did not give a value.
///
/// One type for everything, told apart by predicates. `Display` is one line for a person; the cause, where there is
/// one, is [`source`](std::error::Error::source). Cloning is cheap.
///
/// ```
/// use gapis_runtime::Error;
///
/// let error = Error::input("drive.files.get: path parameter `fileId` is empty");
/// assert!(error.is_input());
/// assert_eq!(error.status(), None);
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: Kind,
    message: String,
    response: Option<(RawResponse, ApiError)>,
    /// Bytes that could not be understood.
    raw: Option<Bytes>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Input,
    Credentials,
    Connect,
    Transport,
    Timeout,
    Status,
    Decode,
    Protocol,
    /// An answer to a batch, or a part of one, that cannot be read: whether its calls were executed is not known.
    Unreadable,
    UnknownOutcome,
    Cancelled,
    Io,
    Operation,
    Changed,
    Checksum,
}

impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error(Arc::new(Inner { kind, message: message.into(), response: None, raw: None, source: None }))
    }

    fn with_source(
        kind: Kind,
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let source = Some(source.into());
        Error(Arc::new(Inner { kind, message: message.into(), response: None, raw: None, source }))
    }

    /// Bad input, found before anything was sent.
    #[must_use]
    pub fn input(message: impl Into<String>) -> Self {
        Error::new(Kind::Input, message)
    }

    /// No usable credentials: made by implementations of [`Credentials`](crate::Credentials).
    #[must_use]
    pub fn credentials(message: impl Into<String>) -> Self {
        Error::new(Kind::Credentials, message)
    }

    /// The same with a cause.
    #[must_use]
    pub fn credentials_source(
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Error::with_source(Kind::Credentials, message, source)
    }

    /// No connection could be made, so nothing was sent: made by implementations of
    /// [`Transport`](crate::send::transport::Transport).
    #[must_use]
    pub fn connect(message: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error::with_source(Kind::Connect, message, source)
    }

    /// The connection broke after something may have been sent.
    #[must_use]
    pub fn transport(message: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error::with_source(Kind::Transport, message, source)
    }

    pub(crate) fn timeout(what: &str, after: Duration) -> Self {
        Error::new(Kind::Timeout, format!("{what} timed out after {after:?}"))
    }

    /// The time for all attempts is over, with what the last one that ended gave.
    pub(crate) fn total_time(what: &str, total: Duration, last: Option<Error>) -> Self {
        let message = format!("{what} timed out: the {total:?} for all of its attempts are over");
        match last {
            Some(last) => Error::with_source(Kind::Timeout, message, last),
            None => Error::new(Kind::Timeout, message),
        }
    }

    /// A body that does not decode, at that JSON path; the message shows a snippet of the body.
    #[must_use]
    pub fn decode(path: impl AsRef<str>, message: impl fmt::Display, body: &[u8]) -> Self {
        let path = path.as_ref();
        let place = if path.is_empty() { String::new() } else { format!(" at `{path}`") };
        Error::new(
            Kind::Decode,
            format!("cannot decode the response{place}: {message}; {}", html::snippet(body)),
        )
    }

    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Error::new(Kind::Protocol, message)
    }

    /// A part of the answer to a batch that cannot be read, with all of its bytes.
    pub(crate) fn unreadable_part(message: impl fmt::Display, raw: Bytes) -> Self {
        Error::of_part(Kind::Unreadable, message, raw)
    }

    /// A part of the answer to a batch that goes beyond what the reader may take, with its beginning. It would be as
    /// large again.
    pub(crate) fn part_beyond_limits(message: impl fmt::Display, raw: Bytes) -> Self {
        Error::of_part(Kind::Protocol, message, raw)
    }

    fn of_part(kind: Kind, message: impl fmt::Display, raw: Bytes) -> Self {
        let message = format!("{message}; {}", html::snippet(&raw));
        Error(Arc::new(Inner { kind, message, response: None, raw: Some(raw), source: None }))
    }

    /// An answer to a batch that is none.
    pub(crate) fn unreadable_response(message: String, response: RawResponse) -> Self {
        let message = format!("{message}; {}", html::snippet(&response.body));
        let response = Some((response, ApiError::default()));
        Error(Arc::new(Inner { kind: Kind::Unreadable, message, response, raw: None, source: None }))
    }

    /// The same error with the response that it was made of, where it has none yet.
    pub(crate) fn with_response(mut self, response: &RawResponse) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.response.get_or_insert_with(|| (response.clone(), ApiError::default()));
        }
        self
    }

    pub(crate) fn unknown_outcome(message: impl Into<String>, source: Option<Error>) -> Self {
        match source {
            Some(source) => Error::with_source(Kind::UnknownOutcome, message, source),
            None => Error::new(Kind::UnknownOutcome, message),
        }
    }

    pub(crate) fn cancelled(message: impl Into<String>) -> Self {
        Error::new(Kind::Cancelled, message)
    }

    /// The same, with the error that it is for.
    pub(crate) fn cancelled_by(message: impl Into<String>, source: Error) -> Self {
        Error::with_source(Kind::Cancelled, message, source)
    }

    /// The caller's own file, reader, stream or writer failed.
    pub(crate) fn io(what: &str, source: std::io::Error) -> Self {
        Error::with_source(Kind::Io, format!("{what}: {source}"), source)
    }

    /// The source of an upload is not what was said of it, or cannot do what is needed, which turned out after things
    /// were sent.
    pub(crate) fn bad_source(message: impl Into<String>) -> Self {
        Error::new(Kind::Io, message)
    }

    /// What was being downloaded is another thing now.
    pub(crate) fn changed(message: impl Into<String>) -> Self {
        Error::new(Kind::Changed, message)
    }

    /// What came is not what was sent.
    pub(crate) fn checksum(message: impl Into<String>) -> Self {
        Error::new(Kind::Checksum, message)
    }

    /// The error that a response with a status outside 200 to 299 stands for.
    #[must_use]
    pub fn from_response(response: RawResponse) -> Self {
        let api = ApiError::parse(response.status, &response.body);
        let message = describe(response.status, &api, &response);
        Error(Arc::new(Inner {
            kind: Kind::Status,
            message,
            response: Some((response, api)),
            raw: None,
            source: None,
        }))
    }

    /// The error that a long-running operation ended with. `what` names the operation.
    pub(crate) fn operation(what: &str, api: ApiError, answer: RawResponse) -> Self {
        let mut text = format!("{what}: ");
        if let Ok(status) = StatusCode::from_u16(api.code) {
            text.push_str(&name(status));
            text.push_str(": ");
        }
        text.push_str(if api.message.is_empty() { "no message" } else { &api.message });
        push_reason(&mut text, &api);
        let response = Some((answer, api));
        Error(Arc::new(Inner { kind: Kind::Operation, message: text, response, raw: None, source: None }))
    }
}

/// `404 Not Found: File not found: x. (notFound)`, or what is readable of a body that is no API error.
fn describe(status: StatusCode, api: &ApiError, response: &RawResponse) -> String {
    let mut text = name(status);
    if !api.message.is_empty() {
        text.push_str(": ");
        text.push_str(&api.message);
    } else if !response.body.is_empty() {
        text.push_str(": ");
        text.push_str(&html::snippet(&response.body));
    } else {
        text.push_str(", with an empty body");
    }
    push_reason(&mut text, api);
    text
}

/// `404 Not Found`
fn name(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(name) => format!("{} {name}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

fn push_reason(text: &mut String, api: &ApiError) {
    if let Some(reason) = api.reason() {
        text.push_str(" (");
        text.push_str(reason);
        text.push(')');
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind).field("message", &self.0.message);
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn response(status: u16, body: &'static str) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        Error::from_response(RawResponse::new(status, HeaderMap::new(), Bytes::from_static(body.as_bytes())))
    }

    #[test]
    fn an_error_is_small_and_travels() {
        fn travels<T: Clone + Send + Sync + 'static>() {}
        travels::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn a_legacy_error_reads_well() {
        let error = response(
            404,
            r#"{"error":{"code":404,"message":"No such animal: rex.","errors":[{"domain":"global","reason":"notFound","message":"x"}]}}"#,
        );
        assert_eq!(error.to_string(), "404 Not Found: No such animal: rex. (notFound)");
        assert!(error.is_not_found() && error.is_status() && !error.is_rate_limited());
        assert_eq!(error.reason(), Some("notFound"));
    }

    #[test]
    fn html_and_empty_bodies_read_well() {
        let error =
            response(413, "<html><head><title>Too  large</title></head><body><h1>No</h1></body></html>");
        assert_eq!(error.to_string(), "413 Payload Too Large: Too large No");
        assert_eq!(response(502, "").to_string(), "502 Bad Gateway, with an empty body");
    }

    #[test]
    fn a_decode_error_names_path_and_snippet() {
        let error = Error::decode("files[3].size", "expected a number", br#"{"files":[]}"#);
        assert_eq!(
            error.to_string(),
            r#"cannot decode the response at `files[3].size`: expected a number; body: {"files":[]}"#
        );
    }
}
