//! Obtains the headers that authorize the calls of the next request, for the batch's own client and for others, and
//! renews them after a 401.
//!
//! Meanwhile, responses to other requests are read. Credentials are waited for as long as the calls that need them have
//! time.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;

use super::super::job::Job;
use super::super::plan::Auths;
use super::super::queue::Entry;
use super::Engine;
use super::credentials::{Authorization, Authorized, Authorizing};
use crate::send::attempts::Fate;
use crate::send::retry::Verdict;
use crate::send::rt::{self, Instant};
use crate::{BoxFuture, Client, Error};

impl<'cb> Engine<'cb> {
    /// Starts to request the credentials of all clients whose calls are in `calls`.
    pub(super) fn authorize(&self, calls: &VecDeque<Entry<'cb>>) -> Authorizing {
        let mut clients: Vec<(&Client, Duration)> = Vec::new();
        if !self.alone {
            clients.push((&self.client, Duration::MAX));
        }
        for entry in calls {
            let client = entry.request.client();
            let left = entry.ledger.left(self.policy(entry));
            match clients.iter_mut().find(|(known, _)| known.is_same(client)) {
                Some((_, least)) => *least = left.min(*least),
                None => clients.push((client, left)),
            }
        }
        // If only other clients have calls, the batch's own client is not waited for longer than they are.
        if let Some(longest) =
            clients.iter().map(|(_, left)| *left).filter(|left| *left < Duration::MAX).max()
        {
            clients.iter_mut().for_each(|(_, left)| *left = longest.min(*left));
        }
        let waiting =
            clients.into_iter().map(|(client, left)| self.request_headers(client.clone(), left)).collect();
        Authorizing { waiting, requested: FuturesUnordered::new(), authorized: Vec::new() }
    }

    fn request_headers(&self, client: Client, left: Duration) -> BoxFuture<'static, (Client, Authorization)> {
        let api = self.api;
        let rejected = self
            .rejected
            .iter()
            .find(|(other, _)| other.is_same(&client))
            .map(|(_, headers)| headers.clone());
        // The time before its turn counts too.
        let began = Instant::now();
        Box::pin(async move {
            let left = left.saturating_sub(began.elapsed());
            let result = rt::timeout(Some(left), client.authorize(api, rejected.as_ref())).await;
            (client, Authorization { result, waited: began.elapsed() })
        })
    }

    /// Returns the headers that were obtained. Calls without credentials fail or are tried again later.
    pub(super) fn authorized(
        &mut self,
        job: &mut dyn Job<'cb>,
        calls: &mut VecDeque<Entry<'cb>>,
        authorized: Authorized,
    ) -> Auths {
        let mut auths = Auths::new();
        for (client, Authorization { result, waited }) in authorized {
            match result {
                Some(Ok(headers)) => {
                    let rejected = self.rejected.iter().find(|(other, _)| other.is_same(&client));
                    if rejected.is_some_and(|(_, rejected)| *rejected == headers) {
                        let renewed = |entry: &Entry<'_>| entry.ledger.renewed;
                        take(calls, &client, renewed).into_iter().for_each(|entry| self.give_up(job, entry));
                    }
                    auths.push((client, headers));
                }
                Some(Err(error)) => {
                    for entry in take(calls, &client, |_| true) {
                        self.unauthorized(job, entry, error.clone(), waited);
                    }
                }
                None => {
                    let policy = self.options.policy.clone();
                    let is_over = |entry: &Entry<'_>| {
                        let policy = entry.request.options().retry.as_ref().unwrap_or(&policy);
                        entry.ledger.is_over(policy, waited)
                    };
                    for entry in take(calls, &client, is_over) {
                        let error = entry.ledger.time_is_over(self.policy(&entry));
                        self.answer(job, entry, Err(error));
                    }
                }
            }
        }
        auths
    }

    /// Handles a call for which there are no credentials.
    fn unauthorized(
        &mut self,
        job: &mut dyn Job<'cb>,
        mut entry: Entry<'cb>,
        error: Error,
        waited: Duration,
    ) {
        let policy = self.policy(&entry).clone();
        // Renewal after a 401 is for calls that were sent. This one was not.
        let verdict = match policy.judge(&error, true) {
            Verdict::Refresh => Verdict::Final,
            verdict => verdict,
        };
        entry.ledger.begin_without_credentials(waited);
        match entry.ledger.fate(&policy, verdict) {
            Fate::Wait { after } => {
                let backoff = policy.backoff(entry.ledger.attempts, &mut self.rng);
                self.retry_later(job, entry, error, backoff.max(after.unwrap_or_default()));
            }
            Fate::Final | Fate::Renew => self.answer(job, entry, Err(error)),
        }
    }

    /// Remembers the headers with which calls of a client were rejected.
    pub(super) fn remember_rejected(&mut self, client: &Client, auth: &Auths) {
        self.rejected.retain(|(other, _)| !other.is_same(client));
        self.rejected.extend(auth.iter().find(|(other, _)| other.is_same(client)).cloned());
    }
}

/// Takes the calls of a client for which `which` returns true.
fn take<'cb>(
    calls: &mut VecDeque<Entry<'cb>>,
    client: &Client,
    which: impl Fn(&Entry<'_>) -> bool,
) -> Vec<Entry<'cb>> {
    let goes = |entry: &Entry<'_>| entry.request.client().is_same(client) && which(entry);
    if !calls.iter().any(goes) {
        return Vec::new();
    }
    let (gone, kept) = std::mem::take(calls).into_iter().partition::<Vec<_>, _>(goes);
    *calls = kept.into();
    gone
}
