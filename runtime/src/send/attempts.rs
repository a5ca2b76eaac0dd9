//! The one loop that repeats a request until it succeeds or must not be sent again.
//!
//! Calls, downloads, uploads and token requests implement [`Exchange`]: what one HTTP request is and what its response
//! means. The loop does the rest: attempts, waits, the retry budget, time limits, renewal of credentials, observers
//! and spans. A batch, whose calls fail individually, keeps the same [`Ledger`] for each of them.

use std::future::Future;
use std::time::Duration;

use crate::send::client::Client;
use crate::send::credentials::AuthHeaders;
use crate::send::gzip;
use crate::send::observe::AttemptKind;
use crate::send::retry::{RetryPolicy, Verdict};
use crate::send::rt::{self, Instant};
use crate::send::trace::Span;
use crate::send::transport::{HttpRequest, HttpResponse};
use crate::send::watch::{self, Watch};
use crate::wire::spec::ApiSpec;
use crate::{Error, RawResponse, Result};

/// What is sent, by which client, and with which options.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) client: Client,
    pub(crate) api: &'static ApiSpec,
    /// The method's id.
    pub(crate) method: &'static str,
    pub(crate) policy: RetryPolicy,
    /// How long one attempt may take. For media, how long the connection may be idle.
    pub(crate) timeout: Option<Duration>,
    /// Whether the call may be executed twice.
    pub(crate) idempotent: bool,
    /// Whether the call changes nothing, so that it does not matter whether it was executed.
    pub(crate) reads: bool,
}

/// An HTTP request that the loop repeats as often as necessary.
pub(crate) trait Exchange {
    /// The result.
    type Value;

    /// The kind of request that observers see.
    const KIND: AttemptKind;

    /// Whether the request has the client's credentials.
    const AUTHORIZED: bool = true;

    /// Prepares what the next request needs.
    ///
    /// # Errors
    /// An error that ends the loop.
    async fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    /// The size of the next request's body in bytes, if known.
    fn length(&self) -> Option<u64>;

    /// Sends one request and interprets the response.
    ///
    /// # Errors
    /// An error that ends the loop, whatever the policy says.
    async fn attempt(&mut self, attempt: &mut Attempt<'_>) -> Result<Step<Self::Value>>;
}

/// The outcome of an attempt.
pub(crate) enum Step<T> {
    /// The value.
    Done(T),
    /// Some of the work is done, and more remains. Attempts, time and renewals are counted from zero again.
    Progress,
    /// Nothing failed, and the next request follows immediately. This attempt is not counted.
    Next,
    /// The attempt failed. The policy decides what to do.
    Failed(Error),
    /// The attempt failed for a temporary reason. It is repeated as often as the policy allows.
    Again(Error),
}

/// One attempt: its credentials and its observer.
pub(crate) struct Attempt<'a> {
    subject: &'a Subject,
    ledger: &'a Ledger,
    auth: &'a AuthHeaders,
    watch: Watch,
}

/// The attempts of one exchange.
pub(crate) struct Attempts {
    subject: Subject,
    ledger: Ledger,
    /// The number of requests sent since the last progress.
    number: u32,
    /// The credentials of the last attempt.
    auth: AuthHeaders,
    /// The headers that a server rejected with 401, and that error.
    rejected: Option<(AuthHeaders, Error)>,
    rng: fastrand::Rng,
}

impl Attempts {
    pub(crate) fn new(subject: Subject) -> Self {
        let ledger = Ledger { since: Some(Instant::now()), ..Ledger::default() };
        let auth = AuthHeaders::none();
        Attempts { subject, ledger, number: 0, auth, rejected: None, rng: fastrand::Rng::new() }
    }

    /// Sends requests until there is a result.
    ///
    /// # Errors
    /// The error of the last attempt, an error of the credentials, or a timeout when the time limit for all attempts
    /// has passed.
    pub(crate) async fn run<E: Exchange>(&mut self, exchange: &mut E) -> Result<E::Value> {
        let result = self.attempt_all(exchange).await;
        result.map_err(|error| self.ledger.conclude(error, self.subject.reads))
    }

    async fn attempt_all<E: Exchange>(&mut self, exchange: &mut E) -> Result<E::Value> {
        loop {
            exchange.prepare().await?;
            if E::AUTHORIZED {
                match self.authorize().await {
                    Ok(auth) => self.auth = auth,
                    Err(error) if error.is_transient_credentials() => {
                        self.ledger.begin(Instant::now());
                        self.failed(error).await?;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            self.ledger.begin(Instant::now());
            self.number = self.number.saturating_add(1);
            let about = (self.subject.api, self.subject.method);
            let watch = Watch::call(&self.subject.client, about, E::KIND, self.number, exchange.length());
            let mut attempt =
                Attempt { subject: &self.subject, ledger: &self.ledger, auth: &self.auth, watch };
            let step = exchange.attempt(&mut attempt).await;
            match &step {
                Ok(Step::Done(_) | Step::Progress | Step::Next) => attempt.watch.finish(None),
                Ok(Step::Failed(error) | Step::Again(error)) | Err(error) => {
                    attempt.watch.finish(Some(error));
                }
            }
            match step? {
                Step::Done(value) => {
                    self.subject.client.budget().refund();
                    return Ok(value);
                }
                Step::Progress => {
                    self.subject.client.budget().refund();
                    self.progressed();
                }
                Step::Next => self.ledger.forget(),
                Step::Failed(error) => self.failed(error).await?,
                Step::Again(error) => self.wait(error, None).await?,
            }
        }
    }

    /// Records that the last attempt failed after it had returned its value, and waits until the next attempt may
    /// begin.
    ///
    /// # Errors
    /// The same error, if there must not be another attempt.
    pub(crate) async fn failed(&mut self, error: Error) -> Result<()> {
        let verdict = self.subject.policy.judge(&error, self.subject.idempotent);
        match self.ledger.fate(&self.subject.policy, verdict) {
            Fate::Renew => {
                self.tell(Duration::ZERO, &error);
                self.rejected = Some((self.auth.clone(), error.clone()));
                self.ledger.last = Some(error);
                Ok(())
            }
            Fate::Wait { after } => self.wait(error, after).await,
            Fate::Final => Err(error),
        }
    }

    /// Records progress: attempts, time and renewals are counted from zero again, because a long transfer outlives
    /// many tokens.
    pub(crate) fn progressed(&mut self) {
        self.ledger = Ledger { since: Some(Instant::now()), ..Ledger::default() };
        self.rejected = None;
        self.number = 0;
    }

    /// Restarts the policy's time limit: what began with [`progressed`](Self::progressed) has made progress until now.
    pub(crate) fn went_on(&mut self) {
        self.ledger = Ledger { since: Some(Instant::now()), attempts: 1, ..self.ledger.clone() };
    }

    /// The headers for the next attempt, obtained within the time limit for all attempts.
    async fn authorize(&self) -> Result<AuthHeaders> {
        let Subject { client, api, policy, .. } = &self.subject;
        let rejected = self.rejected.as_ref();
        let headers = client.authorize(api, rejected.map(|(headers, _)| headers));
        let left = self.ledger.left(policy);
        let auth = match rt::timeout(Some(left), headers).await {
            Some(auth) => auth?,
            None => return Err(self.ledger.time_is_over(policy).before_sending()),
        };
        match rejected {
            Some((headers, error)) if *headers == auth => Err(error.clone()),
            _ => Ok(auth),
        }
    }

    /// Waits before the next attempt, at least as long as the server asks for.
    async fn wait(&mut self, error: Error, after: Option<Duration>) -> Result<()> {
        let policy = &self.subject.policy;
        let backoff = policy.backoff(self.ledger.attempts, &mut self.rng);
        let wait = after.map_or(backoff, |after| after.max(backoff));
        let allowed = self.ledger.attempts < policy.max_attempts && self.ledger.has_time(policy, wait);
        if !allowed || !self.subject.client.budget().take() {
            return Err(error);
        }
        self.tell(wait, &error);
        Span::retry(1, wait, Some(&error)).around(rt::sleep(wait)).await;
        self.ledger.last = Some(error);
        Ok(())
    }

    fn tell(&self, wait: Duration, error: &Error) {
        let Subject { client, api, method, .. } = &self.subject;
        watch::retry(client, api, Some(method), 1, wait, Some(error));
    }
}

impl Attempt<'_> {
    pub(crate) fn client(&self) -> &Client {
        &self.subject.client
    }

    pub(crate) fn auth(&self) -> &AuthHeaders {
        self.auth
    }

    /// How long the attempt may take. For media, how long the connection may be idle.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.subject.timeout
    }

    /// Sends the request. Resolves when the headers of the response have arrived.
    ///
    /// # Errors
    /// The errors of the transport.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        self.watch.send(self.client(), request).await
    }

    /// Sends the request and reads the response completely.
    ///
    /// # Errors
    /// The errors of the transport, and an error if the response is larger than the client accepts.
    pub(crate) async fn exchange(&self, request: HttpRequest) -> Result<RawResponse> {
        self.client().read(gzip::decompress(self.send(request).await?)).await
    }

    /// Awaits the future within the timeout of one attempt.
    ///
    /// # Errors
    /// The error of the future, or a timeout.
    pub(crate) async fn within<T>(&self, what: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
        let after = self.subject.timeout;
        let result = rt::timeout(after, future).await;
        result.unwrap_or_else(|| Err(Error::timeout(what, after.unwrap_or_default())))
    }

    /// Awaits the future within the timeout of one attempt and the time left for all attempts.
    ///
    /// # Errors
    /// The error of the future, or a timeout that says which limit was exceeded.
    pub(crate) async fn within_total<T>(
        &self,
        what: &str,
        future: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let left = self.ledger.left(&self.subject.policy);
        match self.subject.timeout.filter(|own| *own < left) {
            Some(_) => self.within(what, future).await,
            None => {
                let result = rt::timeout(Some(left), future).await;
                result.unwrap_or_else(|| Err(self.ledger.time_is_over(&self.subject.policy)))
            }
        }
    }

    /// Returns the watch, for a response that is read after the attempt has returned its value.
    pub(crate) fn take_watch(&mut self) -> Watch {
        std::mem::replace(&mut self.watch, Watch::none())
    }
}

/// The record of one call's attempts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// The number of attempts that count for the policy.
    pub(crate) attempts: u32,
    /// When the policy's time limit began.
    since: Option<Instant>,
    /// Whether the call was sent again with renewed credentials after a 401.
    pub(crate) renewed: bool,
    /// The error of the last attempt, while the call waits for the next one.
    pub(crate) last: Option<Error>,
    /// Whether an attempt before the last one may have been executed.
    uncertain: bool,
}

/// What happens after a failure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// No further attempt.
    Final,
    /// Another attempt with renewed credentials.
    Renew,
    /// Another attempt after a wait, at least as long as the server asks for.
    Wait { after: Option<Duration> },
}

impl Ledger {
    /// Records that an attempt starts now.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.attempts = self.attempts.saturating_add(1);
        self.since.get_or_insert(now);
        self.uncertain |= self.last.as_ref().is_some_and(Error::is_unknown_outcome);
    }

    /// Converts the error of the last attempt into the error of the whole call, unless the call only reads.
    pub(crate) fn conclude(&self, error: Error, reads: bool) -> Error {
        if self.uncertain && !reads { error.after_unknown_outcome() } else { error }
    }

    /// Records an attempt that ended before anything was sent, because credentials did not arrive within `waited`.
    pub(crate) fn begin_without_credentials(&mut self, waited: Duration) {
        self.attempts = self.attempts.saturating_add(1);
        self.since.get_or_insert_with(|| {
            let now = Instant::now();
            now.checked_sub(waited).unwrap_or(now)
        });
    }

    /// Removes the last attempt from the count, because it tested nothing or was only a query.
    pub(crate) fn forget(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }

    /// Like [`forget`](Self::forget), for a call that the server refused together with all others: it counts as not
    /// sent, so that the time until its turn comes again does not count.
    pub(crate) fn forget_refusal(&mut self) {
        self.forget();
        if self.attempts == 0 {
            self.since = None;
        }
    }

    /// Decides what happens after a failure with this verdict.
    pub(crate) fn fate(&mut self, policy: &RetryPolicy, verdict: Verdict) -> Fate {
        match verdict {
            Verdict::Refresh if !self.renewed => {
                self.renewed = true;
                self.forget();
                Fate::Renew
            }
            Verdict::Retry { after, .. }
                if self.attempts < policy.max_attempts
                    && self.has_time(policy, after.unwrap_or_default()) =>
            {
                Fate::Wait { after }
            }
            _ => Fate::Final,
        }
    }

    /// Whether the policy allows an attempt after that wait. A server may ask for a wait of any length.
    pub(crate) fn has_time(&self, policy: &RetryPolicy, wait: Duration) -> bool {
        self.spent().saturating_add(wait) < policy.total_time
    }

    /// Whether the policy's time limit has passed. For a call that was never sent, only the wait for credentials
    /// counts.
    pub(crate) fn is_over(&self, policy: &RetryPolicy, waited: Duration) -> bool {
        self.since.map_or(waited, |since| since.elapsed()) >= policy.total_time
    }

    /// The time left for all attempts.
    pub(crate) fn left(&self, policy: &RetryPolicy) -> Duration {
        policy.total_time.saturating_sub(self.spent())
    }

    fn spent(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(crate) fn time_is_over(&self, policy: &RetryPolicy) -> Error {
        Error::total_time("the call", policy.total_time, self.last.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Verdict = Verdict::Retry { after: None, rate_limited: false };

    #[test]
    fn attempts_end() {
        let policy = RetryPolicy::default().with_max_attempts(2);
        let mut ledger = Ledger::default();
        ledger.begin(Instant::now());
        assert_eq!(ledger.fate(&policy, RETRY), Fate::Wait { after: None });
        ledger.begin(Instant::now());
        assert_eq!(ledger.fate(&policy, RETRY), Fate::Final);
        ledger.forget();
        assert_eq!(ledger.fate(&policy, RETRY), Fate::Wait { after: None });
        assert_eq!(ledger.fate(&policy, Verdict::Final), Fate::Final);
    }

    #[test]
    fn credentials_are_renewed_once_and_that_is_no_attempt() {
        let policy = RetryPolicy::none();
        let mut ledger = Ledger::default();
        ledger.begin(Instant::now());
        assert_eq!(ledger.fate(&policy, Verdict::Refresh), Fate::Renew);
        assert_eq!(ledger.attempts, 0);
        ledger.begin(Instant::now());
        assert_eq!(ledger.fate(&policy, Verdict::Refresh), Fate::Final);
    }

    #[test]
    fn the_server_s_word_counts_within_the_total_time() {
        let policy = RetryPolicy::default();
        let after =
            |seconds| Verdict::Retry { after: Some(Duration::from_secs(seconds)), rate_limited: true };
        let mut ledger = Ledger::default();
        ledger.begin(Instant::now());
        assert_eq!(ledger.fate(&policy, after(9)), Fate::Wait { after: Some(Duration::from_secs(9)) });
        assert_eq!(ledger.fate(&policy, after(3600)), Fate::Final);
        assert_eq!(ledger.fate(&policy, after(u64::MAX)), Fate::Final);
    }
}
