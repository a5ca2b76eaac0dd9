//! Spans and events for `tracing`, behind a feature: what happened, never a token, a header, a URL's values or a body.
//!
//! Without the feature every function here is empty, so that callers need no conditions.

use std::future::Future;
use std::time::Duration;

use crate::Error;
use crate::send::observe::Attempt;
#[cfg(feature = "tracing")]
use crate::send::observe::AttemptKind;
use crate::wire::spec::ApiSpec;

/// A span to run a future in.
#[derive(Clone)]
pub(crate) struct Span(#[cfg(feature = "tracing")] tracing::Span);

impl Span {
    /// One call sent by itself, or media, all attempts. What a call [ended](Span::ended) in is added later.
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

    /// One batch, all of its HTTP requests and rounds.
    #[allow(unused_variables)]
    pub(crate) fn batch(api: &ApiSpec, calls: usize) -> Span {
        Span(
            #[cfg(feature = "tracing")]
            tracing::info_span!("gapis.batch", api = api.name, version = api.version, calls),
        )
    }

    /// One HTTP request, until its response was read: of a batch by a name of its own. What it
    /// [ended](Span::ended) in is added later.
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

    /// Whether anybody listens to it.
    #[allow(clippy::unused_self)]
    pub(crate) fn is_heard(&self) -> bool {
        #[cfg(feature = "tracing")]
        let heard = !self.0.is_disabled();
        #[cfg(not(feature = "tracing"))]
        let heard = false;
        heard
    }

    /// Records how a call or an attempt ended: the response's status, and why it did not do what it should, in one word.
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

    /// The wait before something is sent again.
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

/// A response to a batch ended.
#[allow(unused_variables)]
pub(crate) fn response(calls: usize, unanswered: usize, status: Option<u16>) {
    #[cfg(feature = "tracing")]
    tracing::debug!(calls, unanswered, status, "answer to a batch");
}
