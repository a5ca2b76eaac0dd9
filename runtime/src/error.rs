//! The one error type. It is opaque, cheap to clone (one outer failure reaches every call of a batch), and never shows a
//! token, a key or a request body.

mod api;
mod details;
mod html;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use api::{ApiError, ErrorItem};
use bytes::Bytes;
pub use details::{BadRequest, Detail, ErrorInfo, FieldViolation, QuotaFailure, QuotaViolation, RetryInfo};
use http::{HeaderMap, StatusCode, header};

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
    /// [`Transport`](crate::transport::Transport).
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

    /// What kind of error it is, for whoever counts them.
    pub(crate) fn word(&self) -> &'static str {
        match self.0.kind {
            Kind::Input => "input",
            Kind::Credentials => "credentials",
            Kind::Connect => "connect",
            Kind::Transport => "transport",
            Kind::Timeout => "timeout",
            Kind::Status => "status",
            Kind::Decode => "decode",
            Kind::Protocol => "protocol",
            Kind::Unreadable => "unreadable",
            Kind::Operation => "operation",
            Kind::UnknownOutcome => "unknown_outcome",
            Kind::Cancelled => "cancelled",
            Kind::Io => "io",
            Kind::Changed => "changed",
            Kind::Checksum => "checksum",
        }
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

    /// Bad input, found before anything was sent. Sending again cannot help.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.0.kind == Kind::Input
    }

    /// Credentials could not be had, or the server does not accept them (401).
    #[must_use]
    pub fn is_credentials(&self) -> bool {
        self.0.kind == Kind::Credentials || self.status() == Some(401)
    }

    /// The server could not be reached or the connection broke.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        matches!(self.0.kind, Kind::Connect | Kind::Transport)
    }

    /// No connection could be made, so nothing was sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.0.kind == Kind::Connect
    }

    /// The client gave up waiting.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::Timeout
    }

    /// The server answered with a status outside 200 to 299.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.0.kind == Kind::Status
    }

    /// The operation that was waited for ended with an error. What is said of the status, as by
    /// [`is_not_found`](Self::is_not_found), then is of the operation's error; the polls themselves were answered well.
    #[must_use]
    pub fn is_operation(&self) -> bool {
        self.0.kind == Kind::Operation
    }

    /// The server answered, but not with what the document says.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.0.kind == Kind::Decode
    }

    /// The answer to a batch, or a part of it, is not what the batch protocol says.
    #[must_use]
    pub fn is_protocol(&self) -> bool {
        matches!(self.0.kind, Kind::Protocol | Kind::Unreadable)
    }

    /// The call may or may not have been executed: no answer to it came, or none that can be read. Ask the server before
    /// sending it again; the library did so by itself only if the call may be executed twice.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        matches!(self.0.kind, Kind::UnknownOutcome | Kind::Unreadable)
    }

    /// The call was not sent, because something before it failed or ended; or a request of an update was not applied,
    /// because another one was refused, which is the [`source`](std::error::Error::source).
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == Kind::Cancelled
    }

    /// Reading the source of an upload failed, or writing where a download goes.
    #[must_use]
    pub fn is_io(&self) -> bool {
        self.0.kind == Kind::Io
    }

    /// The media changed on the server while it was being downloaded, so that the rest does not belong to what came
    /// before. Download it anew.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.0.kind == Kind::Changed
    }

    /// The bytes that came do not have the checksum that the server says.
    #[must_use]
    pub fn is_checksum_mismatch(&self) -> bool {
        self.0.kind == Kind::Checksum
    }

    /// The HTTP status, if the server answered with one outside 200 to 299, or the one that the error of an operation
    /// corresponds to, if there is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match (self.0.kind, &self.0.response) {
            (Kind::Status, Some((response, _))) => Some(response.status.as_u16()),
            (Kind::Operation, Some((_, api))) => Some(api.code).filter(|&code| code != 0),
            _ => None,
        }
    }

    /// The API's own error, if the server answered with a status outside 200 to 299 or an operation failed.
    #[must_use]
    pub fn api_error(&self) -> Option<&ApiError> {
        self.0.response.as_ref().filter(|_| self.is_status() || self.is_operation()).map(|(_, api)| api)
    }

    /// The response that the error was made of, if there was one.
    #[must_use]
    pub fn response(&self) -> Option<&RawResponse> {
        self.0.response.as_ref().map(|(response, _)| response)
    }

    /// The bytes of a part of a batch's answer that could not be read.
    #[must_use]
    pub fn raw_part(&self) -> Option<&Bytes> {
        self.0.raw.as_ref()
    }

    /// The first reason that the API names: `notFound`, `rateLimitExceeded`, `API_KEY_INVALID`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.api_error()?.reason()
    }

    /// 404: there is no such thing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// 403 for any reason but a rate limit.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.status() == Some(403) && !self.is_rate_limited()
    }

    /// 409: it exists already, or was changed by somebody else.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// 412: an `If-Match` did not hold.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.status() == Some(412)
    }

    /// 304: an `If-None-Match` held; what the caller has is current.
    #[must_use]
    pub fn is_not_modified(&self) -> bool {
        self.status() == Some(304)
    }

    /// The server asks to slow down: 429, 403 with `rateLimitExceeded` or `userRateLimitExceeded`, or Drive's limit on
    /// calls in one batch.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        match (self.status(), self.api_error()) {
            (Some(429), _) => true,
            (Some(403), Some(api)) => {
                matches!(api.reason(), Some("rateLimitExceeded" | "userRateLimitExceeded"))
                    || api.message.contains("inner batch requests soft limit")
            }
            _ => false,
        }
    }

    /// How long the server asks to wait: by its `Retry-After` header in seconds or as a date, else by a `RetryInfo`
    /// among the error's details.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let header = self.response().and_then(|response| retry_after(response.headers()));
        header.or_else(|| {
            self.api_error()?.typed_details().find_map(|detail| match detail {
                Detail::RetryInfo(info) => info.retry_delay,
                _ => None,
            })
        })
    }

    /// Whether both are the same failure, as the calls of one failed batch share one.
    #[must_use]
    pub fn is_same(&self, other: &Error) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
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

/// The wait that a `Retry-After` header asks for (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let wait = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
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
    fn rate_limits_are_told_from_denials() {
        for reason in ["rateLimitExceeded", "userRateLimitExceeded"] {
            let body = format!(r#"{{"error":{{"errors":[{{"reason":"{reason}"}}]}}}}"#);
            let error = Error::from_response(RawResponse::new(
                StatusCode::FORBIDDEN,
                HeaderMap::new(),
                Bytes::from(body.into_bytes()),
            ));
            assert!(error.is_rate_limited() && !error.is_permission_denied(), "{reason}");
        }
        let soft = response(
            403,
            r#"{"error":{"message":"Exceeds allowed inner batch requests soft limit. Please retry."}}"#,
        );
        assert!(soft.is_rate_limited());
        assert!(response(403, r#"{"error":{"errors":[{"reason":"forbidden"}]}}"#).is_permission_denied());
    }

    #[test]
    fn retry_after_comes_in_seconds_or_as_a_date() {
        let headers = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, http::HeaderValue::from_static(value));
            retry_after(&headers)
        };
        assert_eq!(headers("7"), Some(Duration::from_secs(7)));
        assert_eq!(headers("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(headers("soon"), None);
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
