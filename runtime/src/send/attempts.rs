//! The one loop that sends something until it succeeds or must not be sent again.
//!
//! Calls, downloads, uploads and requests for tokens say by [`Exchange`] what one HTTP request is and what its answer
//! means. Attempts, waits, the retry budget, time limits, renewed credentials, observers and spans are the loop's own. A
//! batch, whose calls fail one by one, keeps the same [`Ledger`] for each of them.

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

/// What is sent, on whose behalf, and by which rules.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) client: Client,
    pub(crate) api: &'static ApiSpec,
    /// The method's id.
    pub(crate) method: &'static str,
    pub(crate) policy: RetryPolicy,
    /// How long one attempt may take. Of media, how long nothing may happen.
    pub(crate) timeout: Option<Duration>,
    /// Whether it may be executed twice.
    pub(crate) idempotent: bool,
    /// It changes nothing, so that nobody asks whether it was executed.
    pub(crate) reads: bool,
}

/// An HTTP request that the loop makes as often as it takes.
pub(crate) trait Exchange {
    /// What comes of it.
    type Value;

    /// What observers are told that it is.
    const KIND: AttemptKind;

    /// Whether it carries the client's credentials.
    const AUTHORIZED: bool = true;

    /// Gets ready what the next request carries.
    ///
    /// # Errors
    /// One that ends the loop.
    async fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    /// How many bytes the next request's body has, if that is known.
    fn length(&self) -> Option<u64>;

    /// Sends one request and says what its answer means.
    ///
    /// # Errors
    /// One that ends the loop, whatever the policy says.
    async fn attempt(&mut self, attempt: &mut Attempt<'_>) -> Result<Step<Self::Value>>;
}

/// What an attempt came to.
pub(crate) enum Step<T> {
    /// The value.
    Done(T),
    /// Something was achieved and more is to be done: attempts, time and renewals count anew.
    Progress,
    /// Nothing failed, and the next request follows at once: this one does not count.
    Next,
    /// It failed: the policy decides what follows.
    Failed(Error),
    /// It failed in a way that is known to pass: sent again as often as the policy allows.
    Again(Error),
}

/// One attempt: what it is authorized by, and who looks at it.
pub(crate) struct Attempt<'a> {
    subject: &'a Subject,
    ledger: &'a Ledger,
    auth: &'a AuthHeaders,
    watch: Watch,
}

/// The attempts at one thing.
pub(crate) struct Attempts {
    subject: Subject,
    ledger: Ledger,
    /// How many requests were sent since there was progress.
    number: u32,
    /// What the last attempt was authorized by.
    auth: AuthHeaders,
    /// The headers that were answered 401, and that answer.
    rejected: Option<(AuthHeaders, Error)>,
    rng: fastrand::Rng,
}

impl Attempts {
    pub(crate) fn new(subject: Subject) -> Self {
        let ledger = Ledger { since: Some(Instant::now()), ..Ledger::default() };
        let auth = AuthHeaders::none();
        Attempts { subject, ledger, number: 0, auth, rejected: None, rng: fastrand::Rng::new() }
    }

    /// Sends until there is a value.
    ///
    /// # Errors
    /// The last attempt's, the credentials', or a timeout when the time for all attempts is over.
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
                        self.ledger.begin();
                        self.failed(error).await?;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            self.ledger.begin();
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

    /// The last attempt failed, as it turned out after it had given its value: waits until the next may begin.
    ///
    /// # Errors
    /// The same error, if there is to be no other attempt.
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

    /// Something was achieved: attempts, time and renewals count anew, as long media outlives many tokens.
    pub(crate) fn progressed(&mut self) {
        self.ledger = Ledger { since: Some(Instant::now()), ..Ledger::default() };
        self.rejected = None;
        self.number = 0;
    }

    /// What was begun by [`progressed`](Self::progressed) went on until now: the policy's limits count from here.
    pub(crate) fn went_on(&mut self) {
        self.ledger = Ledger { since: Some(Instant::now()), attempts: 1, ..self.ledger.clone() };
    }

    /// The headers for the next attempt, within the time for all of them.
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

    /// Waits before the next attempt, for as long as the server asks for at least.
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

    /// How long it may take; of media, how long nothing may happen.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.subject.timeout
    }

    /// Sends the request. Resolves when the response's headers are there.
    ///
    /// # Errors
    /// The transport's own.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        self.watch.send(self.client(), request).await
    }

    /// Sends the request and reads the response completely.
    ///
    /// # Errors
    /// The transport's own, and if the response is larger than the client takes.
    pub(crate) async fn exchange(&self, request: HttpRequest) -> Result<RawResponse> {
        self.client().read(gzip::decompress(self.send(request).await?)).await
    }

    /// The future's output within the timeout of one attempt.
    ///
    /// # Errors
    /// The future's own, or a timeout.
    pub(crate) async fn within<T>(&self, what: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
        let after = self.subject.timeout;
        let result = rt::timeout(after, future).await;
        result.unwrap_or_else(|| Err(Error::timeout(what, after.unwrap_or_default())))
    }

    /// The same, and within the time that is left for all attempts.
    ///
    /// # Errors
    /// The same; the timeout says which time is over.
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

    /// Hands over who looks at the request, for a response that is read after the attempt has given its value.
    pub(crate) fn take_watch(&mut self) -> Watch {
        std::mem::replace(&mut self.watch, Watch::none())
    }
}

/// What is known of one call's attempts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// How many were made that count against the policy.
    pub(crate) attempts: u32,
    /// Since when its time counts.
    since: Option<Instant>,
    /// It was answered 401 and sent again with other credentials.
    pub(crate) renewed: bool,
    /// What the last attempt ended in, of a call that waits for its next one.
    pub(crate) last: Option<Error>,
    /// An attempt before the last one may have been executed.
    uncertain: bool,
}

/// What follows a failure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing.
    Final,
    /// Another attempt with renewed credentials.
    Renew,
    /// Another attempt after a wait, for as long as the server asks for at least.
    Wait { after: Option<Duration> },
}

impl Ledger {
    /// An attempt begins.
    pub(crate) fn begin(&mut self) {
        self.attempts = self.attempts.saturating_add(1);
        self.since.get_or_insert_with(Instant::now);
        self.uncertain |= self.last.as_ref().is_some_and(Error::is_unknown_outcome);
    }

    /// What the last attempt's error says of the call as a whole, if that does not only read.
    pub(crate) fn conclude(&self, error: Error, reads: bool) -> Error {
        if self.uncertain && !reads { error.after_unknown_outcome() } else { error }
    }

    /// An attempt ended before anything was sent, since credentials that were waited for so long did not come.
    pub(crate) fn begin_without_credentials(&mut self, waited: Duration) {
        self.attempts = self.attempts.saturating_add(1);
        self.since.get_or_insert_with(|| {
            let now = Instant::now();
            now.checked_sub(waited).unwrap_or(now)
        });
    }

    /// The last attempt does not count: nothing of it was looked at, or it only asked.
    pub(crate) fn forget(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }

    /// What follows a failure that was judged so.
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

    /// Whether the policy lets an attempt begin after that wait, which a server may make as long as it likes.
    pub(crate) fn has_time(&self, policy: &RetryPolicy, wait: Duration) -> bool {
        self.spent().saturating_add(wait) < policy.total_time
    }

    /// Whether the policy's time is over. Of a call that was never sent, only the wait for credentials counts.
    pub(crate) fn is_over(&self, policy: &RetryPolicy, waited: Duration) -> bool {
        self.since.map_or(waited, |since| since.elapsed()) >= policy.total_time
    }

    /// How much of the time for all attempts is left.
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
        ledger.begin();
        assert_eq!(ledger.fate(&policy, RETRY), Fate::Wait { after: None });
        ledger.begin();
        assert_eq!(ledger.fate(&policy, RETRY), Fate::Final);
        ledger.forget();
        assert_eq!(ledger.fate(&policy, RETRY), Fate::Wait { after: None });
        assert_eq!(ledger.fate(&policy, Verdict::Final), Fate::Final);
    }

    #[test]
    fn credentials_are_renewed_once_and_that_is_no_attempt() {
        let policy = RetryPolicy::none();
        let mut ledger = Ledger::default();
        ledger.begin();
        assert_eq!(ledger.fate(&policy, Verdict::Refresh), Fate::Renew);
        assert_eq!(ledger.attempts, 0);
        ledger.begin();
        assert_eq!(ledger.fate(&policy, Verdict::Refresh), Fate::Final);
    }

    #[test]
    fn the_server_s_word_counts_within_the_total_time() {
        let policy = RetryPolicy::default();
        let after =
            |seconds| Verdict::Retry { after: Some(Duration::from_secs(seconds)), rate_limited: true };
        let mut ledger = Ledger::default();
        ledger.begin();
        assert_eq!(ledger.fate(&policy, after(9)), Fate::Wait { after: Some(Duration::from_secs(9)) });
        assert_eq!(ledger.fate(&policy, after(3600)), Fate::Final);
        assert_eq!(ledger.fate(&policy, after(u64::MAX)), Fate::Final);
    }
}
