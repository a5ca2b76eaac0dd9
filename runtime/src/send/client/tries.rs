//! The attempts at one thing: credentials and their renewal, the waits in between, and the budget.

use std::future::Future;
use std::time::Duration;

use super::Client;
use crate::call::request::Request;
use crate::send::credentials::AuthHeaders;
use crate::send::observe;
use crate::send::observe::{AttemptKind, Watch};
use crate::send::retry::{Attempts, Verdict};
use crate::send::rt;
use crate::send::trace::Span;
use crate::wire::spec::ApiSpec;
use crate::{Error, Result};

/// The attempts at a call, or at the next piece of media.
pub(crate) struct Tries {
    client: Client,
    api: &'static ApiSpec,
    method: &'static str,
    attempts: Attempts,
    /// How many requests were sent since there was progress.
    sent: u32,
    rejected: Option<(AuthHeaders, Error)>,
    /// What the last attempt ended in, if it was followed by another.
    last: Option<Error>,
}

impl Tries {
    pub(crate) fn new(request: &Request) -> Self {
        let client = request.client().clone();
        let policy = request.options().retry.as_ref().unwrap_or(client.policy()).clone();
        let (api, method) = (request.api(), request.id());
        Tries { client, api, method, attempts: Attempts::new(policy), sent: 0, rejected: None, last: None }
    }

    /// Lets whoever observes look at the next request.
    pub(crate) fn watch(&mut self, request: &Request, kind: AttemptKind, bytes: Option<u64>) -> Watch {
        self.sent = self.sent.saturating_add(1);
        Watch::call(request, kind, self.sent, bytes)
    }

    /// The headers for the next attempt.
    ///
    /// # Errors
    /// If there are none, or the last were rejected and there are no others.
    pub(crate) async fn authorise(&self) -> Result<AuthHeaders> {
        let rejected = self.rejected.as_ref();
        let auth = self.client.authorise(self.api, rejected.map(|(headers, _)| headers)).await?;
        match rejected {
            Some((headers, error)) if *headers == auth => Err(error.clone()),
            _ => Ok(auth),
        }
    }

    /// The same for a call sent by itself, within the time for all of its attempts.
    ///
    /// # Errors
    /// The same, and a timeout when that time is over.
    pub(crate) async fn authorise_in_time(&self) -> Result<AuthHeaders> {
        rt::timeout(Some(self.attempts.left()), self.authorise()).await.unwrap_or_else(|| Err(self.over()))
    }

    /// The output of an attempt at a call, which may take so long, but no longer than what is left for all attempts.
    ///
    /// # Errors
    /// The attempt's own, or a timeout that says which time is over.
    pub(crate) async fn in_time<T>(
        &self,
        own: Option<Duration>,
        attempt: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let left = self.attempts.left();
        let shorter = own.filter(|own| *own < left);
        let result = rt::timeout(Some(shorter.unwrap_or(left)), attempt).await;
        result.unwrap_or_else(|| match shorter {
            Some(own) => Err(Error::timeout("the call", own)),
            None => Err(self.over()),
        })
    }

    /// The time for all attempts is over.
    fn over(&self) -> Error {
        Error::total_time("the call", self.attempts.total_time(), self.last.clone())
    }

    /// Waits until the next attempt may begin.
    ///
    /// # Errors
    /// The same error, if there is to be none.
    pub(crate) async fn failed(&mut self, error: Error, auth: AuthHeaders, idempotent: bool) -> Result<()> {
        match self.attempts.judge(&error, idempotent) {
            Verdict::Refresh if self.rejected.is_none() => {
                self.tell(Duration::ZERO, &error);
                self.last = Some(error.clone());
                self.rejected = Some((auth, error));
                Ok(())
            }
            Verdict::Retry { after, .. } => self.again(error, after).await,
            _ => Err(error),
        }
    }

    /// The same for a failure that is known to pass.
    pub(crate) async fn again(&mut self, error: Error, after: Option<Duration>) -> Result<()> {
        match self.attempts.next(after) {
            Some(wait) if self.client.budget().take() => {
                self.tell(wait, &error);
                Span::retry(1, wait, Some(&error)).around(rt::sleep(wait)).await;
                self.last = Some(error);
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Something was achieved: attempts and renewals count anew, as long media outlives many tokens.
    pub(crate) fn progressed(&mut self) {
        self.client.budget().refund();
        self.attempts.restart();
        self.rejected = None;
        self.last = None;
        self.sent = 0;
    }

    /// What was begun by [`progressed`](Self::progressed) went on until now: the policy's limits count from here.
    pub(crate) fn went_on(&mut self) {
        self.attempts.restart();
    }

    fn tell(&self, wait: Duration, error: &Error) {
        observe::retry(&self.client, self.api, Some(self.method), 1, wait, Some(error));
    }
}
