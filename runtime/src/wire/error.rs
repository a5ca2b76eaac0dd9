//! The one error type. It is opaque, cheap to clone (one failed batch request fails every call in it), and never shows
//! a token, a key or a request body.

mod api;
mod details;
mod predicates;
mod text;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use api::{ApiError, ErrorItem};
use bytes::Bytes;
pub use details::{BadRequest, Detail, ErrorInfo, FieldViolation, QuotaFailure, QuotaViolation, RetryInfo};
use http::StatusCode;

use crate::RawResponse;
use crate::value::ParseError;

/// A result whose error is [`Error`] by default.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call did not return a value.
///
/// There is one type for all failures; its predicates tell them apart. `Display` prints one line. The cause, if there
/// is one, is the [`source`](std::error::Error::source). Cloning is cheap.
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

#[derive(Clone)]
struct Inner {
    kind: Kind,
    message: String,
    /// Whether the call may have been executed.
    outcome: Outcome,
    response: Option<(RawResponse, ApiError)>,
    /// A received part that cannot be parsed.
    raw: Option<Bytes>,
    /// Set if the credentials may be available later: how long to wait at least.
    passes_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Inner {
    fn new(kind: Kind, message: &str) -> Self {
        let (message, outcome) = (text::one_line(message, LONGEST), kind.outcome());
        Inner { kind, message, outcome, response: None, raw: None, passes_after: None, source: None }
    }
}

/// Whether the call may have been executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The call was not executed, or the server's answer says what happened.
    Known,
    /// The request that failed may have executed the call.
    Unknown,
    /// An earlier request may have executed the call.
    UnknownBefore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Input,
    Credentials,
    Connect,
    /// No secure connection could be made, because of how the server and the client are set up.
    Untrusted,
    Transport,
    Timeout,
    Status,
    /// The server refused a batch as a whole.
    BatchRefused,
    Decode,
    Protocol,
    /// The response to a batch, or a part of it, cannot be parsed.
    Unreadable,
    /// A part of a batch response exceeds the limits of the reader.
    BeyondLimits,
    UnknownOutcome,
    Cancelled,
    Io,
    Operation,
    Changed,
    Checksum,
}

impl Kind {
    /// What an error of this kind says about the call's execution. For a response, its status decides.
    fn outcome(self) -> Outcome {
        match self {
            Kind::Transport
            | Kind::Timeout
            | Kind::Unreadable
            | Kind::BeyondLimits
            | Kind::UnknownOutcome => Outcome::Unknown,
            _ => Outcome::Known,
        }
    }
}

/// What a response with that status says about the call's execution. A server that gave up on the server behind it, or
/// that failed while it worked, does not know either.
fn outcome_of(status: StatusCode) -> Outcome {
    match status.as_u16() {
        408 | 500 | 502 | 504 => Outcome::Unknown,
        _ => Outcome::Known,
    }
}

/// The maximum number of characters of a message. A server may send more; the response keeps all of it.
const LONGEST: usize = 1000;

impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error::with(kind, message, |_| {})
    }

    fn with_source(
        kind: Kind,
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Error::with(kind, message, |inner| inner.source = Some(source.into().into()))
    }

    /// Creates every error. The message is made one line of limited length.
    fn with(kind: Kind, message: impl Into<String>, fill: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner::new(kind, &message.into());
        fill(&mut inner);
        Error(Arc::new(inner))
    }

    /// Invalid input, found before anything was sent.
    #[must_use]
    pub fn input(message: impl Into<String>) -> Self {
        Error::new(Kind::Input, message)
    }

    /// No usable credentials. For implementations of [`Credentials`](crate::Credentials).
    #[must_use]
    pub fn credentials(message: impl Into<String>) -> Self {
        Error::new(Kind::Credentials, message)
    }

    /// No usable credentials, with a cause.
    #[must_use]
    pub fn credentials_source(
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Error::with_source(Kind::Credentials, message, source)
    }

    /// No usable credentials at the moment, because the token server was down, slow, or asked to wait. The client
    /// tries again as its [`RetryPolicy`](crate::RetryPolicy) allows, after waiting for at least `after`.
    ///
    /// ```
    /// use gapis_runtime::Error;
    /// use std::time::Duration;
    ///
    /// let error = Error::credentials_transient("the vault is sealed", Duration::from_secs(2));
    /// assert!(error.is_credentials());
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
    /// ```
    #[must_use]
    pub fn credentials_transient(message: impl Into<String>, after: Duration) -> Self {
        Error::with(Kind::Credentials, message, |inner| inner.passes_after = Some(after))
    }

    /// No connection could be made, so nothing was sent. For implementations of
    /// [`Transport`](crate::send::transport::Transport).
    #[must_use]
    pub fn connect(message: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error::with_source(Kind::Connect, message, source)
    }

    /// No secure connection could be made, because of how the server and the client are set up. Another attempt would
    /// fail the same way. For implementations of [`Transport`](crate::send::transport::Transport).
    #[must_use]
    pub fn untrusted(message: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error::with_source(Kind::Untrusted, message, source)
    }

    /// The connection failed after something may have been sent.
    #[must_use]
    pub fn transport(message: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error::with_source(Kind::Transport, message, source)
    }

    /// No response arrived within `after`.
    pub(crate) fn timeout(what: &str, after: Duration) -> Self {
        Error::new(Kind::Timeout, format!("{what} timed out after {after:?}"))
    }

    /// The time limit for all attempts has passed. `last` is the error of the last attempt that ended.
    pub(crate) fn total_time(what: &str, total: Duration, last: Option<Error>) -> Self {
        let message = format!("{what} timed out: the {total:?} allowed for all attempts have passed");
        match last {
            Some(last) => Error::with_source(Kind::Timeout, message, last),
            None => Error::new(Kind::Timeout, message),
        }
    }

    /// A body that cannot be decoded, at that JSON path. The message shows a snippet of the body.
    #[must_use]
    pub fn decode(path: impl AsRef<str>, message: impl fmt::Display, body: &[u8]) -> Self {
        let path = path.as_ref();
        let place = if path.is_empty() { String::new() } else { format!(" at `{path}`") };
        Error::new(
            Kind::Decode,
            format!("cannot decode the response{place}: {message}; {}", text::snippet(body)),
        )
    }

    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Error::new(Kind::Protocol, message)
    }

    /// A part of a batch response that cannot be parsed, with all of its bytes.
    pub(crate) fn unreadable_part(message: impl fmt::Display, raw: Bytes) -> Self {
        Error::of_part(Kind::Unreadable, message, raw)
    }

    /// A part of a batch response that exceeds the limits of the reader, with its beginning. Another attempt would
    /// return a part of the same size.
    pub(crate) fn part_beyond_limits(message: impl fmt::Display, raw: Bytes) -> Self {
        Error::of_part(Kind::BeyondLimits, message, raw)
    }

    fn of_part(kind: Kind, message: impl fmt::Display, raw: Bytes) -> Self {
        let message = format!("{message}; {}", text::snippet(&raw));
        Error::with(kind, message, |inner| inner.raw = Some(raw))
    }

    /// A response to a batch that is not a batch response.
    pub(crate) fn unreadable_response(message: String, response: RawResponse) -> Self {
        let message = format!("{message}; {}", text::snippet(&response.body));
        Error::with(Kind::Unreadable, message, |inner| inner.response = Some((response, ApiError::default())))
    }

    /// Adds the response that the error was made from, if it has none yet.
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

    /// Marks the call as not executed: its last request was not sent, because there were no credentials.
    pub(crate) fn before_sending(mut self) -> Self {
        if self.0.outcome != Outcome::Known {
            Arc::make_mut(&mut self.0).outcome = Outcome::Known;
        }
        self
    }

    /// Marks the call as one that an earlier request may have executed.
    pub(crate) fn after_unknown_outcome(mut self) -> Self {
        if self.0.outcome != Outcome::UnknownBefore {
            let inner = Arc::make_mut(&mut self.0);
            inner.outcome = Outcome::UnknownBefore;
            inner.message.push_str("; an earlier attempt of this call may have been executed");
        }
        self
    }

    pub(crate) fn cancelled(message: impl Into<String>) -> Self {
        Error::new(Kind::Cancelled, message)
    }

    /// A call that was not sent, with the error that caused this.
    pub(crate) fn cancelled_by(message: impl Into<String>, source: Error) -> Self {
        Error::with_source(Kind::Cancelled, message, source)
    }

    /// The caller's own file, reader, stream or writer failed.
    pub(crate) fn io(what: &str, source: std::io::Error) -> Self {
        Error::with_source(Kind::Io, format!("{what}: {source}"), source)
    }

    /// The source of an upload does not have the declared properties or lacks a needed one, which was found after
    /// something had been sent.
    pub(crate) fn bad_source(message: impl Into<String>) -> Self {
        Error::new(Kind::Io, message)
    }

    /// The media changed during its download.
    pub(crate) fn changed(message: impl Into<String>) -> Self {
        Error::new(Kind::Changed, message)
    }

    /// The received bytes differ from the bytes that were sent.
    pub(crate) fn checksum(message: impl Into<String>) -> Self {
        Error::new(Kind::Checksum, message)
    }

    /// The error for a response with a status outside 200 to 299.
    #[must_use]
    pub fn from_response(response: RawResponse) -> Self {
        let api = ApiError::parse(response.status, &response.body);
        let message = describe(response.status, &api, &response);
        Error::with(Kind::Status, message, |inner| {
            inner.outcome = outcome_of(response.status);
            inner.response = Some((response, api));
        })
    }

    /// The error of every call of a batch that the server at `place` refused as a whole.
    pub(crate) fn batch_refused(place: &str, response: RawResponse) -> Self {
        let api = ApiError::parse(response.status, &response.body);
        let what = describe(response.status, &api, &response);
        let message = format!("the batch as a whole was refused by {}: {what}", text::one_line(place, 200));
        Error::with(Kind::BatchRefused, message, |inner| {
            inner.outcome = outcome_of(response.status);
            inner.response = Some((response, api));
        })
    }

    /// The error with which a long-running operation ended. `what` names the operation.
    pub(crate) fn operation(what: &str, api: ApiError, answer: RawResponse) -> Self {
        let mut line = format!("{what}: ");
        if let Ok(status) = StatusCode::from_u16(api.code) {
            line.push_str(&name(status));
            line.push_str(": ");
        }
        match &*api.message {
            "" => line.push_str("no message"),
            message => line.push_str(&text::one_line(message, LONGEST / 2)),
        }
        push_reason(&mut line, &api);
        Error::with(Kind::Operation, line, |inner| inner.response = Some((answer, api)))
    }
}

/// `404 Not Found: File not found: x. (notFound)`, or the readable part of a body that is not an API error.
fn describe(status: StatusCode, api: &ApiError, response: &RawResponse) -> String {
    let mut line = name(status);
    if !api.message.is_empty() {
        line.push_str(": ");
        line.push_str(&text::one_line(&api.message, LONGEST / 2));
    } else if !response.body.is_empty() {
        line.push_str(": ");
        line.push_str(&text::snippet(&response.body));
    } else {
        line.push_str(", with an empty body");
    }
    push_reason(&mut line, api);
    if status == StatusCode::FORBIDDEN
        && let Some(advice) = api.advice()
    {
        line.push_str("; ");
        line.push_str(advice);
    }
    line
}

/// `404 Not Found`
fn name(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(name) => format!("{} {name}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

fn push_reason(line: &mut String, api: &ApiError) {
    if let Some(reason) = api.reason() {
        line.push_str(" (");
        line.push_str(&text::one_line(reason, LONGEST / 10));
        line.push(')');
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Error::input(error.to_string())
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

    /// The reasons of `google/api/error_reason.proto` and those of the older form, also where a general one comes first.
    #[test]
    fn a_wrong_quota_project_or_scope_says_what_to_do() {
        let info = |reason: &str| {
            serde_json::json!({ "error": {
                "code": 403, "message": "No.", "status": "PERMISSION_DENIED", "errors": [{ "reason": "forbidden" }],
                "details": [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason }],
            } })
        };
        let old = serde_json::json!({ "error": { "errors": [{ "reason": "accessNotConfigured" }] } });
        for (body, words) in [
            (info("SERVICE_DISABLED"), "enable the API in the quota project"),
            (old, "enable the API in the quota project"),
            (info("USER_PROJECT_DENIED"), "the role Service Usage Consumer"),
            (info("CONSUMER_INVALID"), "`.quota_project(…)`"),
            (info("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "`.scopes(…)`"),
        ] {
            let refused = |status| {
                let body = Bytes::from(body.to_string());
                Error::from_response(RawResponse::new(status, HeaderMap::new(), body))
            };
            let error = refused(StatusCode::FORBIDDEN);
            assert!(error.to_string().contains(words) && error.is_permission_denied(), "{error}");
            assert!(!refused(StatusCode::NOT_FOUND).to_string().contains(words));
        }
        let other = info("IAM_PERMISSION_DENIED").to_string();
        let other = RawResponse::new(StatusCode::FORBIDDEN, HeaderMap::new(), Bytes::from(other));
        assert_eq!(Error::from_response(other).to_string(), "403 Forbidden: No. (forbidden)");
    }

    #[test]
    fn html_and_empty_bodies_read_well() {
        let error =
            response(413, "<html><head><title>Too  large</title></head><body><h1>No</h1></body></html>");
        assert_eq!(error.to_string(), "413 Payload Too Large: Too large");
        assert_eq!(response(502, "").to_string(), "502 Bad Gateway, with an empty body");
    }

    #[test]
    fn a_message_is_one_line_of_bounded_length_whoever_wrote_it() {
        let long = "\u{1b}[31m\u{202e}\r\nx".repeat(100_000);
        let body = serde_json::json!({"error": {"message": long, "errors": [{"reason": long}]}}).to_string();
        let answer = || RawResponse::new(StatusCode::NOT_FOUND, HeaderMap::new(), Bytes::from(body.clone()));
        let api = ApiError::parse(StatusCode::NOT_FOUND, body.as_bytes());
        for error in [
            Error::from_response(answer()),
            Error::operation("o", api, answer()),
            Error::unreadable_response(long.clone(), answer()),
            Error::unreadable_part(&long, Bytes::from(long.clone())),
            Error::decode(&long, &long, long.as_bytes()),
            Error::input(&*long),
            Error::credentials_source(&*long, &*long),
            Error::connect(&*long, &*long),
            Error::cancelled_by(&*long, Error::input(&*long)),
            Error::io(&long, std::io::Error::other(long.clone())),
        ] {
            let text = error.to_string();
            assert!(text.len() < 9 * LONGEST && text.contains('…'), "{text}");
            assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text}");
        }
        assert_eq!(Error::from_response(answer()).api_error().map(|api| &*api.message), Some(&*long));
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
