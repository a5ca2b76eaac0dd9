//! When calls are sent again and how long to wait before: one mechanism for single calls and for batches.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::Error;

/// When and how often a client sends a call again.
///
/// Any call is sent again
///
/// - after 401, once, with renewed credentials,
/// - after 429, 503, and 403 with the reason of a rate limit,
/// - if no connection could be made,
/// - if there are [temporarily](Error::credentials_transient) no credentials.
///
/// An idempotent call is also sent again after 500, 502, 504, a timeout, a failed connection, or a response to a batch
/// that cannot be read. A call is idempotent because of its verb, because it has a parameter `requestId` or
/// `ifGenerationMatch`, or because the caller says so.
///
/// ```
/// use gapis_runtime::RetryPolicy;
/// use std::time::Duration;
///
/// let patient = RetryPolicy::default().with_max_attempts(8).with_total_time(Duration::from_secs(600));
/// let never = RetryPolicy::none();
/// # let _ = (patient, never);
/// ```
///
/// The default time limit for a call is long enough for all attempts, and the waits between them, if each attempt ends
/// with the client's [timeout](crate::Builder::timeout); only the last attempt may have up to 15 seconds less. If you
/// set a longer timeout, also set a longer time limit. Otherwise an attempt that times out may be the last one, and no
/// attempt can take longer than the limit.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    pub(crate) max_attempts: u32,
    pub(crate) total_time: Duration,
    initial_backoff: Duration,
    max_backoff: Duration,
    /// The caller's exceptions to the rules.
    decide: Option<Decide>,
}

/// The caller's decisions about errors.
#[derive(Clone)]
struct Decide(Arc<Decision>);

type Decision = dyn Fn(&Error) -> Option<bool> + Send + Sync;

impl PartialEq for Decide {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Decide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decide")
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            max_attempts: 5,
            total_time: Duration::from_secs(600),
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(60),
            decide: None,
        }
    }
}

impl RetryPolicy {
    /// A policy that sends each call once.
    #[must_use]
    pub fn none() -> Self {
        RetryPolicy { max_attempts: 1, ..RetryPolicy::default() }
    }

    /// Sets how often a call is sent at most, including the first time. Default: 5.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets how long a call may take overall: its attempts, the waits between them, and getting credentials. Default:
    /// 10 minutes.
    ///
    /// A call that is sent alone fails with a [timeout](Error::is_timeout) when this time has passed. The
    /// [source](std::error::Error::source) of that error is the error of the last attempt that ended. If the wait
    /// before another attempt would take longer than the time left, the last error is returned immediately.
    ///
    /// Calls of a batch, uploads and downloads are not sent again after this time, but a request that has started may
    /// take longer: it has other calls too, or media of any size. The client's timeout limits how long such a request
    /// may be idle. For an upload in chunks and for a download, the time is counted again from the last progress.
    #[must_use]
    pub fn with_total_time(mut self, time: Duration) -> Self {
        self.total_time = time;
        self
    }

    /// Sets the waits between attempts. `initial` is the longest wait before the second attempt; it doubles with each
    /// further attempt, up to `max`. Default: 1 second and 1 minute. A server's `Retry-After` may be longer.
    #[must_use]
    pub fn with_backoff(mut self, initial: Duration, max: Duration) -> Self {
        self.initial_backoff = initial;
        self.max_backoff = max.max(initial);
        self
    }

    /// Overrides the rules for some errors. `Some(true)` sends the call again, whether or not it is idempotent;
    /// `Some(false)` does not; `None` applies the rules above.
    ///
    /// The limits on attempts and time and the client's budget apply in any case. The closure is not called for errors
    /// before anything was sent, nor for a 401 after which credentials can be renewed.
    ///
    /// ```
    /// use gapis_runtime::RetryPolicy;
    /// use gapis_runtime::http::StatusCode;
    ///
    /// let policy = RetryPolicy::default().with_decision(|error| match error.status() {
    ///     Some(StatusCode::CONFLICT) if error.reason() == Some("concurrentModification") => Some(true),
    ///     Some(StatusCode::INTERNAL_SERVER_ERROR) => Some(false),
    ///     _ => None,
    /// });
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn with_decision(mut self, decide: impl Fn(&Error) -> Option<bool> + Send + Sync + 'static) -> Self {
        self.decide = Some(Decide(Arc::new(decide)));
        self
    }

    /// Decides what an error means for another attempt of a call, which may be idempotent.
    pub(crate) fn judge(&self, error: &Error, idempotent: bool) -> Verdict {
        let usual = judge(error, idempotent);
        let sent = error.answered().is_some()
            || !(error.is_input() || error.is_credentials() || error.is_cancelled());
        let decided = self.decide.as_ref().filter(|_| sent && usual != Verdict::Refresh);
        match decided.and_then(|decide| decide.0(error)) {
            None => usual,
            Some(false) => Verdict::Final,
            Some(true) => again(error),
        }
    }

    /// The wait after `attempts` attempts: a random time between half and all of an exponentially growing duration, so
    /// that many clients do not return at the same time.
    pub(crate) fn backoff(&self, attempts: u32, rng: &mut fastrand::Rng) -> Duration {
        let doubled = 2u32.saturating_pow(attempts.saturating_sub(1).min(31));
        let longest = self.initial_backoff.saturating_mul(doubled).min(self.max_backoff);
        longest.mul_f64(0.5 + rng.f64() / 2.0)
    }
}

/// Whether there should be another attempt after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There should be none.
    Final,
    /// There should be one with renewed credentials.
    Refresh,
    /// There should be one after a wait. The server may have asked for a certain wait.
    Retry { after: Option<Duration>, rate_limited: bool },
}

/// Decides by the rules, for an error of a call or of a batch request.
fn judge(error: &Error, idempotent: bool) -> Verdict {
    let retry = again(error);
    match error.answered() {
        Some(401) => Verdict::Refresh,
        Some(_) if error.is_quota_exhausted() => Verdict::Final,
        Some(503) => retry,
        Some(_) if error.is_rate_limited() => retry,
        None if error.is_untrusted() => Verdict::Final,
        None if error.is_connect() || error.is_transient_credentials() => retry,
        _ if idempotent && error.is_unknown_outcome() && !error.is_beyond_limits() => retry,
        _ => Verdict::Final,
    }
}

fn again(error: &Error) -> Verdict {
    Verdict::Retry { after: error.retry_after(), rate_limited: error.is_rate_limited() }
}

/// Limits retries, so that they do not make an outage worse. Each repeated HTTP request takes a token, and each
/// success returns a part of a token. Without tokens, nothing is sent again until requests succeed.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    tokens: Mutex<f64>,
    capacity: f64,
}

/// How much a success returns.
const REFUND: f64 = 0.1;

impl RetryBudget {
    pub(crate) fn new(capacity: u32) -> Self {
        RetryBudget { tokens: Mutex::new(f64::from(capacity)), capacity: f64::from(capacity) }
    }

    /// Takes a token for a repeated request, if there is one.
    pub(crate) fn take(&self) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if *tokens < 1.0 {
            return false;
        }
        *tokens -= 1.0;
        true
    }

    pub(crate) fn refund(&self) {
        let mut tokens = self.tokens.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *tokens = (*tokens + REFUND).min(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RawResponse;
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    fn status(code: u16) -> Error {
        Error::from_response(RawResponse::new(
            StatusCode::from_u16(code).unwrap(),
            HeaderMap::new(),
            Bytes::new(),
        ))
    }

    #[test]
    fn what_may_be_sent_again() {
        let retry = |rate_limited| Verdict::Retry { after: None, rate_limited };
        for idempotent in [false, true] {
            assert_eq!(judge(&status(401), idempotent), Verdict::Refresh);
            assert_eq!(judge(&status(429), idempotent), retry(true));
            assert_eq!(judge(&status(503), idempotent), retry(false));
            assert_eq!(judge(&status(404), idempotent), Verdict::Final);
            assert_eq!(judge(&Error::connect("x", "y"), idempotent), retry(false));
            assert_eq!(judge(&Error::input("x"), idempotent), Verdict::Final);
            assert_eq!(judge(&Error::credentials("x"), idempotent), Verdict::Final);
            assert_eq!(judge(&Error::credentials_transient("x", Duration::ZERO), idempotent), retry(false));
            assert_eq!(judge(&Error::part_beyond_limits("x", Bytes::new()), idempotent), Verdict::Final);
            let body = Bytes::from_static(br#"{"error":{"errors":[{"reason":"dailyLimitExceeded"}]}}"#);
            let daily = RawResponse::new(StatusCode::TOO_MANY_REQUESTS, HeaderMap::new(), body);
            assert_eq!(judge(&Error::from_response(daily), idempotent), Verdict::Final);
            let only_idempotent = if idempotent { retry(false) } else { Verdict::Final };
            for error in [
                status(500),
                status(502),
                status(504),
                Error::transport("x", "y"),
                Error::unknown_outcome("x", None),
                Error::unreadable_part("x", Bytes::new()),
            ] {
                assert_eq!(judge(&error, idempotent), only_idempotent, "{error}");
            }
        }
    }

    #[test]
    fn a_caller_decides_otherwise() {
        let policy = RetryPolicy::default().with_decision(|error| match error.status().map(u16::from) {
            Some(409) => Some(true),
            Some(404) => None,
            _ => Some(false),
        });
        let retry = Verdict::Retry { after: None, rate_limited: false };
        assert_eq!(policy.judge(&status(409), false), retry);
        assert_eq!(policy.judge(&status(503), true), Verdict::Final);
        assert_eq!(policy.judge(&status(404), true), Verdict::Final);
        assert_eq!(policy.judge(&status(401), true), Verdict::Refresh, "credentials are renewed as ever");
        let always = RetryPolicy::default().with_decision(|_| Some(true));
        assert_eq!(always.judge(&Error::transport("x", "y"), false), retry);
        for error in [Error::input("x"), Error::credentials("x"), Error::cancelled("x")] {
            assert_eq!(always.judge(&error, true), Verdict::Final, "nothing was sent: {error}");
        }
        assert_eq!(always, always.clone());
        assert_ne!(always, RetryPolicy::default());
    }

    #[test]
    fn waits_grow_within_bounds() {
        let policy = RetryPolicy::default();
        let mut rng = fastrand::Rng::new();
        for (attempts, longest) in [(1, 1), (2, 2), (3, 4), (7, 60), (u32::MAX, 60)] {
            let wait = policy.backoff(attempts, &mut rng);
            assert!(
                wait >= Duration::from_millis(longest * 500) && wait <= Duration::from_secs(longest),
                "{wait:?}"
            );
        }
    }

    #[test]
    fn a_budget_ends_and_recovers() {
        let budget = RetryBudget::new(2);
        assert!(budget.take() && budget.take() && !budget.take());
        (0..11).for_each(|_| budget.refund());
        assert!(budget.take() && !budget.take());
    }
}
