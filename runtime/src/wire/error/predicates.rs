//! What can be asked of an error.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};

use super::{ApiError, Detail, Error, Kind};
use crate::RawResponse;

impl Error {
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

    /// The answer to a batch, or a part of it, is not what the batch protocol says; or a server of media or of an
    /// operation answered what cannot be gone on with.
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

    /// Reading the source of an upload failed, or writing where a download goes; or the source turned out, while it was
    /// read, to be longer or shorter than was said, larger than the method takes, or none that can be read again.
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

/// The wait that a `Retry-After` header asks for (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let wait = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
