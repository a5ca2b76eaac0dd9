//! Spans and events for `tracing` (feature `tracing`). They never contain a token, a header, the values in a URL, or a
//! body.
//!
//! Without the feature every function here is empty, so callers need no conditions.

use std::future::Future;
use std::time::Duration;

use crate::Error;
use crate::send::observe::Attempt;
#[cfg(feature = "tracing")]
use crate::send::observe::AttemptKind;
use crate::wire::spec::ApiSpec;

/// A span in which a future runs.
#[derive(Clone)]
pub(crate) struct Span(#[cfg(feature = "tracing")] tracing::Span);

impl Span {
    /// A span for all attempts of a call that is sent alone, or of media. How the call [ended](Span::ended) is
    /// recorded later.
    #[allow(unused_variables)]
    pub(crate) fn call(method: &'static str, verb: &str) -> Span {
        Span(
            #[cfg(feature = "tracing")]
            tracing::info_span!(
                "gapis.call",
                method,
                verb,
                status = tracing::field::Empty,
                error = tracing::field::Empty
            ),
        )
    }

    /// A span for a batch with all of its HTTP requests.
    #[allow(unused_variables)]
    pub(crate) fn batch(api: &ApiSpec, calls: usize) -> Span {
        Span(
            #[cfg(feature = "tracing")]
            tracing::info_span!("gapis.batch", api = api.name, version = api.version, calls),
        )
    }

    /// A span for an HTTP request, until its response is read. The request of a batch has its own name. How the
    /// request [ended](Span::ended) is recorded later.
    #[allow(unused_variables)]
    pub(crate) fn attempt(attempt: &Attempt) -> Span {
        Span(
            #[cfg(feature = "tracing")]
            match attempt.kind {
                AttemptKind::BatchRequest => tracing::debug_span!(
                    "gapis.batch.request",
                    calls = attempt.calls,
                    bytes = attempt.bytes,
                    attempt = attempt.number,
                    status = tracing::field::Empty,
                    error = tracing::field::Empty
                ),
                kind => tracing::debug_span!(
                    "gapis.attempt",
                    method = attempt.method,
                    kind = ?kind,
                    attempt = attempt.number,
                    status = tracing::field::Empty,
                    error = tracing::field::Empty
                ),
            },
        )
    }

    /// Whether a subscriber records this span.
    #[allow(clippy::unused_self)]
    pub(crate) fn is_heard(&self) -> bool {
        #[cfg(feature = "tracing")]
        let heard = !self.0.is_disabled();
        #[cfg(not(feature = "tracing"))]
        let heard = false;
        heard
    }

    /// Records how a call or an attempt ended: the status of the response, and the word for the error.
    #[allow(unused_variables, clippy::unused_self)]
    pub(crate) fn ended(&self, status: Option<u16>, error: Option<&'static str>) {
        #[cfg(feature = "tracing")]
        {
            if let Some(status) = status {
                self.0.record("status", status);
            }
            if let Some(error) = error {
                self.0.record("error", error);
            }
        }
    }

    /// A span for the wait before calls are sent again.
    #[allow(unused_variables)]
    pub(crate) fn retry(calls: usize, wait: Duration, error: Option<&Error>) -> Span {
        Span(
            #[cfg(feature = "tracing")]
            tracing::debug_span!(
                "gapis.retry",
                calls,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                status = error.and_then(Error::answered)
            ),
        )
    }

    /// Runs a future in this span.
    #[cfg(feature = "tracing")]
    pub(crate) fn around<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        tracing::Instrument::instrument(future, self.0)
    }

    /// Runs a future in this span.
    #[cfg(not(feature = "tracing"))]
    pub(crate) fn around<F: Future>(self, future: F) -> F {
        future
    }
}

/// An event for a response to a batch.
#[allow(unused_variables)]
pub(crate) fn response(calls: usize, unanswered: usize, status: Option<u16>) {
    #[cfg(feature = "tracing")]
    tracing::debug!(calls, unanswered, status, "batch response");
}
