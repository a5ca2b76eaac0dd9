//! The questions that a program can ask about an error.

use std::sync::Arc;
#[cfg(not(target_family = "wasm"))]
use std::time as clock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
// The standard library has no clock in a browser.
#[cfg(target_family = "wasm")]
use web_time as clock;

use super::{ApiError, Detail, Error, Kind, Outcome};
use crate::wire::words::{self, Passes};
use crate::{DateTime, RawResponse};

impl Error {
    /// The kind of error as a word, for metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self.0.kind {
            Kind::Input => "input",
            Kind::Credentials => "credentials",
            Kind::Connect => "connect",
            Kind::Untrusted => "untrusted",
            Kind::Transport => "transport",
            Kind::Timeout => "timeout",
            Kind::Status => "status",
            Kind::BatchRefused => "batch_refused",
            Kind::Decode => "decode",
            Kind::Protocol => "protocol",
            Kind::Unreadable => "unreadable",
            Kind::BeyondLimits => "beyond_limits",
            Kind::Operation => "operation",
            Kind::UnknownOutcome => "unknown_outcome",
            Kind::Cancelled => "cancelled",
            Kind::Io => "io",
            Kind::Changed => "changed",
            Kind::Checksum => "checksum",
        }
    }

    /// The input was invalid, which was found before anything was sent. Sending it again cannot help.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.0.kind == Kind::Input
    }

    /// There were no usable credentials, or the server did not accept them (401).
    #[must_use]
    pub fn is_credentials(&self) -> bool {
        self.0.kind == Kind::Credentials || self.answered() == Some(401)
    }

    /// There were no usable credentials, but there may be later.
    pub(crate) fn is_transient_credentials(&self) -> bool {
        self.0.passes_after.is_some()
    }

    /// The server could not be reached, or the connection failed.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        matches!(self.0.kind, Kind::Connect | Kind::Untrusted | Kind::Transport)
    }

    /// No connection could be made, so nothing was sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, Kind::Connect | Kind::Untrusted)
    }

    /// No secure connection could be made, because of how the server and the client are set up: the server's
    /// certificate is not trusted, has expired or belongs to another host, or the two have no TLS version in common.
    /// Nothing was sent. Another attempt would fail the same way, so the library makes none. See
    /// [`Builder::root_certificates`](crate::Builder::root_certificates).
    #[must_use]
    pub fn is_untrusted(&self) -> bool {
        self.0.kind == Kind::Untrusted
    }

    /// The client stopped waiting.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::Timeout
    }

    /// The server responded to the call with a status outside 200 to 299.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.0.kind == Kind::Status
    }

    /// The server responded to a batch as a whole with a status outside 200 to 299. All calls of the batch have this
    /// one error, and its message names the address of the batch.
    ///
    /// The status says nothing about the calls' resources, so [`status`](Self::status) is `None`, and
    /// [`is_not_found`](Self::is_not_found) and similar methods return false.
    /// [`is_credentials`](Self::is_credentials), [`is_rate_limited`](Self::is_rate_limited) and
    /// [`is_quota_exhausted`](Self::is_quota_exhausted) work as for a single call. [`response`](Self::response)
    /// returns what the server sent.
    #[must_use]
    pub fn is_batch_refused(&self) -> bool {
        self.0.kind == Kind::BatchRefused
    }

    /// The long-running operation ended with an error. [`status`](Self::status) and methods such as
    /// [`is_not_found`](Self::is_not_found) then describe the operation's error; the requests that asked for the
    /// operation succeeded.
    #[must_use]
    pub fn is_operation(&self) -> bool {
        self.0.kind == Kind::Operation
    }

    /// The server responded, but the response does not match the document.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.0.kind == Kind::Decode
    }

    /// The response to a batch, or a part of it, does not follow the batch protocol; or a server responded to a
    /// request for media or for an operation in a way that leaves no way to continue.
    #[must_use]
    pub fn is_protocol(&self) -> bool {
        matches!(self.0.kind, Kind::Protocol | Kind::Unreadable | Kind::BeyondLimits)
    }

    /// The call may or may not have been executed, alone or in a batch. This is the case if no response arrived, the
    /// connection failed, the response cannot be read or is larger than allowed, or its status is 408, 500, 502 or
    /// 504, because a server that sends one of these does not know either. It is also the case if it was so for an
    /// [earlier attempt](Self::is_after_unknown_outcome).
    ///
    /// Ask the server for the state before you send such a call again. The library repeats it only if the call may be
    /// executed twice. The error does not take the verb into account: a call that only reads can always be sent again.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        self.0.outcome != Outcome::Known
    }

    /// The call was sent more than once, and an earlier attempt [may have been executed](Self::is_unknown_outcome). So
    /// this error may be an effect of the call itself: a DELETE that fails with [404](Self::is_not_found) has probably
    /// succeeded before, and so has an update that fails with [412](Self::is_precondition_failed). Always false for
    /// calls that only read.
    #[must_use]
    pub fn is_after_unknown_outcome(&self) -> bool {
        self.0.outcome == Outcome::UnknownBefore
    }

    /// The response exceeds a limit of the reader, and would exceed it again.
    pub(crate) fn is_beyond_limits(&self) -> bool {
        self.0.kind == Kind::BeyondLimits
    }

    /// The call was not sent, because something before it failed or ended; or a request of an update was not applied,
    /// because another request was refused. The other error is then the [`source`](std::error::Error::source).
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == Kind::Cancelled
    }

    /// Reading the source of an upload failed, or writing a download to its destination failed, or opening or writing the
    /// journal or the failures of a run; or the source, while
    /// it was read, turned out to be longer or shorter than declared, larger than the method accepts, or impossible to
    /// read again.
    #[must_use]
    pub fn is_io(&self) -> bool {
        self.0.kind == Kind::Io
    }

    /// The media changed on the server during the download, so the remaining bytes do not match those received before.
    /// Start the download again.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.0.kind == Kind::Changed
    }

    /// The received bytes do not have the checksum that the server sent.
    #[must_use]
    pub fn is_checksum_mismatch(&self) -> bool {
        self.0.kind == Kind::Checksum
    }

    /// The HTTP status, if the server responded to the call with a status outside 200 to 299. For an operation that
    /// failed, the HTTP status that corresponds to its error, if there is one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        let code = self.answered().filter(|_| !self.is_batch_refused())?;
        StatusCode::from_u16(code).ok()
    }

    /// The same as [`status`](Self::status), but also for a batch that was refused as a whole.
    pub(crate) fn answered(&self) -> Option<u16> {
        match (self.0.kind, &self.0.response) {
            (Kind::Status | Kind::BatchRefused, Some((response, _))) => Some(response.status.as_u16()),
            (Kind::Operation, Some((_, api))) => Some(api.code).filter(|&code| code != 0),
            _ => None,
        }
    }

    /// The API's own error, if the server responded to the call or its batch with a status outside 200 to 299, or if
    /// an operation failed.
    #[must_use]
    pub fn api_error(&self) -> Option<&ApiError> {
        let kinds = [Kind::Status, Kind::BatchRefused, Kind::Operation];
        self.0.response.as_ref().filter(|_| kinds.contains(&self.0.kind)).map(|(_, api)| api)
    }

    /// The response that the error was made from, if there was one.
    #[must_use]
    pub fn response(&self) -> Option<&RawResponse> {
        self.0.response.as_ref().map(|(response, _)| response)
    }

    /// The bytes of a part of a batch response that could not be read.
    #[must_use]
    pub fn raw_part(&self) -> Option<&Bytes> {
        self.0.raw.as_ref()
    }

    /// The first reason in the API's error: `notFound`, `rateLimitExceeded`, `API_KEY_INVALID`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.api_error()?.reason()
    }

    /// The status is 404: the resource does not exist, or is not visible to the caller.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// The status is 403, for any reason except a rate limit or a quota.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.status() == Some(StatusCode::FORBIDDEN) && self.limit().is_none()
    }

    /// The status is 409: the resource exists already, or was changed by another client.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(StatusCode::CONFLICT)
    }

    /// The status is 412: an `If-Match` condition failed.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.status() == Some(StatusCode::PRECONDITION_FAILED)
    }

    /// The status is 304: an `If-None-Match` condition failed, so the caller has the current version.
    #[must_use]
    pub fn is_not_modified(&self) -> bool {
        self.status() == Some(StatusCode::NOT_MODIFIED)
    }

    /// The server asks the client to slow down: the status is 429, or 403 with a reason such as `rateLimitExceeded`,
    /// `userRateLimitExceeded` or `quotaExceeded`, or Drive reports too many concurrent calls from one batch. Calls
    /// are accepted again within minutes.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.limit() == Some(Passes::Soon)
    }

    /// The status is 403 or 429 because of a quota that is not renewed within minutes: a daily quota, or storage that
    /// is full. The library does not send such a call again.
    #[must_use]
    pub fn is_quota_exhausted(&self) -> bool {
        matches!(self.limit(), Some(Passes::NextDay | Passes::Never))
    }

    /// When calls are accepted again, if a limit refused this call.
    fn limit(&self) -> Option<Passes> {
        let limit = self.api_error().and_then(ApiError::limit);
        match self.answered()? {
            429 => limit.max(Some(Passes::Soon)),
            403 => limit,
            _ => None,
        }
    }

    /// How long the server asks the client to wait: from the `Retry-After` header in seconds or as a date, or else
    /// from a `RetryInfo` in the error's details, or else from the time in the error's message, as Gmail sends it. For
    /// an error made by [`credentials_transient`](Self::credentials_transient), the wait that was passed to it.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let header = self.response().and_then(|response| retry_after(response.headers()));
        let detail = || {
            self.api_error()?.typed_details().find_map(|detail| match detail {
                Detail::RetryInfo(info) => info.retry_delay,
                _ => None,
            })
        };
        let message =
            || until(words::retry_at(&self.api_error()?.message)?.parse::<DateTime>().ok()?.to_std().ok()?);
        let credentials = || self.0.passes_after.filter(|after| !after.is_zero());
        header.or_else(detail).or_else(message).or_else(credentials)
    }

    /// Whether both are the same failure. The calls of a failed batch share one failure.
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
    until(httpdate::parse_http_date(value).ok()?)
}

/// The time from now until `then`, or zero if `then` is in the past.
fn until(then: SystemTime) -> Option<Duration> {
    let now = clock::SystemTime::now().duration_since(clock::UNIX_EPOCH).ok()?;
    Some(then.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(now))
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
        // RFC 9110 asks clients to read all three forms.
        for past in
            ["Wed, 21 Oct 2015 07:28:00 GMT", "Wednesday, 21-Oct-15 07:28:00 GMT", "Wed Oct 21 07:28:00 2015"]
        {
            assert_eq!(headers(past), Some(Duration::ZERO), "{past}");
        }
        // A day in the future, since how long the test takes must not matter.
        let tomorrow =
            until(SystemTime::now() + Duration::from_secs(86_400)).map(|wait| wait.as_secs() / 3600);
        assert!(matches!(tomorrow, Some(22..=24)), "{tomorrow:?}");
        assert_eq!(headers("soon"), None);
    }

    fn refused(status: u16, body: &str) -> Error {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let status = http::StatusCode::from_u16(status).unwrap();
        Error::from_response(RawResponse::new(status, HeaderMap::new(), body))
    }

    fn reason(domain: &str, reason: &str) -> String {
        format!(r#"{{"error":{{"errors":[{{"domain":"{domain}","reason":"{reason}"}}]}}}}"#)
    }

    #[test]
    fn limits_that_pass_soon_are_told_from_quotas_and_denials() {
        let info = |reason: &str, unit: &str| {
            let kind = "type.googleapis.com/google.rpc.ErrorInfo";
            format!(
                r#"{{"error":{{"details":[{{"@type":"{kind}","reason":"{reason}","metadata":{{"quota_unit":"{unit}"}}}}]}}}}"#
            )
        };
        let message = |message: &str| format!(r#"{{"error":{{"message":"{message}"}}}}"#);
        let soon = [
            reason("usageLimits", "rateLimitExceeded"),
            reason("usageLimits", "userRateLimitExceeded"),
            reason("usageLimits", "userRateLimitExceededUnreg"),
            reason("usageLimits", "rateLimitExceededUnreg"),
            reason("usageLimits", "servingLimitExceeded"),
            reason("usageLimits", "concurrentLimitExceeded"),
            reason("usageLimits", "quotaExceeded"),
            reason("", "sharingRateLimitExceeded"),
            reason("", "jobRateLimitExceeded"),
            info("RATE_LIMIT_EXCEEDED", "1/min/{project}"),
            info("RATE_LIMIT_EXCEEDED", ""),
            r#"{"error":{"status":"RESOURCE_EXHAUSTED"}}"#.to_owned(),
            message("Exceeds allowed inner batch requests soft limit. Please retry."),
        ];
        for body in &soon {
            for status in [403, 429] {
                let error = refused(status, body);
                assert!(error.is_rate_limited() && !error.is_quota_exhausted(), "{status} {body}");
                assert!(!error.is_permission_denied(), "{status} {body}");
            }
        }
        let late = [
            reason("usageLimits", "dailyLimitExceeded"),
            reason("usageLimits", "dailyLimitExceededUnreg"),
            reason("usageLimits", "variableTermExpiredDailyExceeded"),
            reason("usageLimits", "variableTermLimitExceeded"),
            reason("usageLimits", "limitExceeded"),
            reason("youtube.quota", "quotaExceeded"),
            reason("", "downloadQuotaExceeded"),
            reason("", "storageQuotaExceeded"),
            reason("", "teamDriveFileLimitExceeded"),
            reason("", "numChildrenInNonRootLimitExceeded"),
            reason("", "activeItemCreationLimitExceeded"),
            reason("", "myDriveHierarchyDepthLimitExceeded"),
            info("RATE_LIMIT_EXCEEDED", "1/d/{project}"),
            info("RESOURCE_QUOTA_EXCEEDED", ""),
            message("Quota exceeded for quota metric 'Queries' and limit 'Queries per day' of service 'x'."),
            message("Daily Limit Exceeded"),
            message("Quota 'CPUS' exceeded.  Limit: 24.0 in region r."),
        ];
        for body in &late {
            for status in [403, 429] {
                let error = refused(status, body);
                assert!(error.is_quota_exhausted() && !error.is_rate_limited(), "{status} {body}");
                assert!(!error.is_permission_denied(), "{status} {body}");
            }
        }
        for body in [String::new(), reason("global", "forbidden"), message("Rate of what?"), info("X", "")] {
            let error = refused(403, &body);
            assert!(error.is_permission_denied() && !error.is_rate_limited(), "{body}");
            assert!(refused(429, &body).is_rate_limited(), "{body}");
        }
        for body in soon.iter().chain(&late) {
            let error = refused(404, body);
            assert!(!error.is_rate_limited() && !error.is_quota_exhausted(), "of another status: {body}");
        }
    }

    #[test]
    fn a_message_may_say_when_to_come_back() {
        let at = |time: &str| {
            let message = format!("User-rate limit exceeded.  Retry after {time}");
            refused(429, &format!(r#"{{"error":{{"message":"{message}"}}}}"#)).retry_after()
        };
        assert_eq!(at("2015-10-21T07:28:00.000Z"), Some(Duration::ZERO));
        assert!(at("9999-01-01T00:00:00Z").is_some_and(|wait| wait > Duration::from_secs(1 << 30)));
        assert_eq!(at("a while"), None);
    }
}
