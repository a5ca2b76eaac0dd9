//! Decides what happens to calls that failed: a reply, another attempt after a wait of their own, or another attempt
//! before all other calls when the bucket that the refusal closed has opened.
//!
//! Only at the end of a response it is known whether the server refused all calls of a user or the project, or just one
//! call. Until then, refused calls are kept in the exchange.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::super::exchange::{Exchange, Held};
use super::super::job::Job;
use super::super::queue::{Entry, LaneId};
use super::{Engine, FAR};
use crate::Error;
use crate::send::attempts::Fate;
use crate::send::bucket::Refusal;
use crate::send::governor::{PROBES, lock};
use crate::send::retry::Verdict;
use crate::send::rt::Instant;
use crate::send::trace::Span;
use crate::send::watch;

impl<'cb> Engine<'cb> {
    /// Handles a failed call: gives it a reply, or keeps it until the end of the response.
    pub(super) fn judge(
        &mut self,
        job: &mut dyn Job<'cb>,
        exchange: &mut Exchange<'cb>,
        mut entry: Entry<'cb>,
        error: Error,
    ) {
        let policy = entry.request.options().retry.as_ref().unwrap_or(&self.options.policy);
        // The policy may call a closure of the caller, which may panic.
        let judged = catch_unwind(AssertUnwindSafe(|| policy.judge(&error, entry.request.is_idempotent())));
        let verdict = judged.unwrap_or_else(|panic| {
            job.panicked(panic);
            Verdict::Final
        });
        let once = policy.max_attempts <= 1;
        let Verdict::Retry { after, rate_limited } = verdict else {
            exchange.tallies.count_failed(&entry);
            let policy = policy.clone();
            return match entry.ledger.fate(&policy, verdict) {
                Fate::Renew => {
                    self.remember_rejected(entry.request.client(), &exchange.auths);
                    entry.ledger.last = Some(error);
                    job.returned(&entry);
                    exchange.renewed.push(entry);
                }
                _ => self.answer(job, entry, Err(error)),
            };
        };
        job.returned(&entry);
        // Calls that must be sent only once get their error immediately.
        if once {
            exchange.tallies.count_failed(&entry);
            return self.answer(job, entry, Err(error));
        }
        let refusal = refusal_of(&error, rate_limited);
        match refusal {
            Some(_) => exchange.tallies.count_refused(&entry),
            None => exchange.tallies.count_failed(&entry),
        }
        entry.ledger.last = Some(error);
        exchange.held.push(Held { entry, after, refusal, with_request: exchange.has_failed });
    }

    /// Handles a request that failed as a whole.
    pub(super) fn refused(
        &mut self,
        job: &mut dyn Job<'cb>,
        exchange: &mut Exchange<'cb>,
        left: Vec<Entry<'cb>>,
        error: &Error,
    ) {
        let verdict = self.options.policy.judge(error, true);
        let refusal = match verdict {
            Verdict::Retry { rate_limited, .. } => refusal_of(error, rate_limited),
            Verdict::Final | Verdict::Refresh => None,
        };
        exchange.has_failed = true;
        left.into_iter().for_each(|entry| self.judge(job, exchange, entry, error.clone()));
        let Some(refusal) = refusal.filter(|_| !exchange.held.is_empty()) else {
            return self.settle(job, exchange, false);
        };
        if error.answered().is_some() {
            lock(&self.project).reach();
        } else if !lock(&self.project).is_reached() {
            // There may be no server at this address at all. So attempts are counted until the server has responded
            // once.
            return self.unreached(job, exchange);
        }
        // A single refusal of a whole request does not show that there is a limit. If its probe is refused too, there
        // is one.
        let is_closed = lock(&self.project).closed_since().is_some();
        let refusal = if is_closed { refusal } else { Refusal::Down };
        self.close_bucket(None, (refusal, error.retry_after()), exchange.sent, 0);
        let held = std::mem::take(&mut exchange.held);
        self.retry_refused(job, held);
        // The refusal was not about any single user.
        exchange.tallies.forget_replies();
        self.settle(job, exchange, false);
    }

    /// Handles a request for which no connection could be made, if there has been none so far.
    fn unreached(&mut self, job: &mut dyn Job<'cb>, exchange: &mut Exchange<'cb>) {
        let held = std::mem::take(&mut exchange.held);
        let attempts = held.iter().map(|held| held.entry.ledger.attempts).max().unwrap_or(1);
        let wait = self.options.policy.backoff(attempts, &mut self.rng);
        let mut kept = Vec::new();
        for Held { mut entry, after, .. } in held {
            let policy = self.policy(&entry).clone();
            let fate = entry.ledger.fate(&policy, Verdict::Retry { after, rate_limited: false });
            match fate != Fate::Final && entry.ledger.has_time(&policy, wait) {
                true => kept.push(entry),
                false => self.give_up(job, entry),
            }
        }
        self.send_later(kept, wait);
    }

    /// Closes the bucket of a lane, or that of the project, after a refusal in a request that was sent at `sent`.
    /// `before` is the number of earlier refusals of its calls.
    fn close_bucket(
        &mut self,
        lane: Option<LaneId>,
        (refusal, after): (Refusal, Option<Duration>),
        sent: Instant,
        before: u32,
    ) {
        let after = after.map(|after| after.min(self.options.policy.total_time).min(FAR));
        let (policy, rng) = (&self.options.policy, &mut self.rng);
        let backoff = |tries: u32| policy.backoff(tries.saturating_add(before), rng).min(PROBES);
        let now = Instant::now();
        match lane {
            None => lock(&self.project).refused(refusal, sent, now, after, backoff),
            Some(lane) => {
                if let Some(mut bucket) = self.waiting.bucket(lane) {
                    bucket.refused(refusal, sent, now, after, backoff);
                }
                self.waiting.wake_lane(lane);
            }
        }
    }

    /// Decides about refused calls, when a response has ended or all of its calls have replies.
    pub(super) fn settle(&mut self, job: &mut dyn Job<'cb>, exchange: &mut Exchange<'cb>, complete: bool) {
        let renewed = std::mem::take(&mut exchange.renewed);
        self.report_retry(&renewed, Duration::ZERO);
        renewed.into_iter().rev().for_each(|entry| self.waiting.push_front(entry));
        let closed = self.count_replies(exchange, complete);
        let held = std::mem::take(&mut exchange.held);
        if held.is_empty() {
            return;
        }
        // If many users are refused at the same time, they share a limit of the project.
        let users = exchange.tallies.lanes();
        let limited = exchange
            .tallies
            .iter()
            .filter(|tally| tally.refused > 0 && tally.refused == tally.replies)
            .count();
        let whole = users > 1 && (limited == users || limited >= MANY_USERS && limited * 2 >= users);
        let lanes = if whole { vec![None] } else { closed.into_iter().map(Some).collect() };
        let mut closed_for = Vec::new();
        for lane in lanes {
            let in_lane = |held: &&Held<'_>| lane.is_none_or(|lane| held.entry.lane == lane);
            let refusals = held.iter().filter(in_lane).filter_map(|held| held.refusal);
            let Some(refusal) = refusals.min_by_key(|refusal| *refusal == Refusal::Down) else { continue };
            // A wait that the server asks for in one call only does not apply to all calls.
            let after = held.iter().filter(in_lane).map(|held| held.after).min().flatten();
            let times =
                |held: &Held<'_>| held.entry.limited.max(held.entry.ledger.attempts.saturating_sub(1));
            let before = lane.and_then(|_| held.iter().filter(in_lane).map(times).max()).unwrap_or_default();
            self.close_bucket(lane, (refusal, after), exchange.sent, before);
            closed_for.push((lane, after));
        }
        // A call for which the server asks for a longer wait than for the others waits by itself.
        let waits_for_bucket = |held: &Held<'_>| {
            let known = closed_for.iter().find(|(lane, _)| lane.is_none_or(|lane| lane == held.entry.lane));
            held.refusal.is_some() && known.is_some_and(|(_, lane_after)| held.after <= *lane_after)
        };
        let (refused, failed): (Vec<_>, Vec<_>) = held.into_iter().partition(waits_for_bucket);
        self.retry_refused(job, refused);
        self.retry_failed(job, failed);
    }

    /// Counts the replies for each lane. Returns the lanes whose users the server limits.
    fn count_replies(&mut self, exchange: &Exchange<'cb>, complete: bool) -> Vec<LaneId> {
        let mut closed = Vec::new();
        for tally in exchange.tallies.iter() {
            let is_slow = self.waiting.count_replies(tally.lane, tally.replies, tally.refused);
            if let Some(mut bucket) = self.waiting.bucket(tally.lane) {
                bucket.passed(tally.passed, complete && !is_slow);
            }
            closed.extend(is_slow.then_some(tally.lane));
        }
        let passed = exchange.tallies.units_passed();
        let mut project = lock(&self.project);
        project.passed(passed, complete && closed.is_empty());
        if passed > 0.0 {
            project.reach();
        }
        drop(project);
        // A response without a refusal shows that the server works, even if its calls failed otherwise. If a probe has
        // no reply, another one may be sent.
        for tally in exchange.tallies.iter() {
            if tally.replies == 0 {
                self.return_units(&[(tally.lane, 0.0)], None);
                self.waiting.wake_lane(tally.lane);
            } else if tally.refused == 0 {
                self.open_buckets(tally.lane, exchange.sent);
            }
        }
        closed
    }

    /// Puts calls that the server refused together with others before calls that were never sent, as long as they have
    /// time. This attempt is not counted.
    fn retry_refused(&mut self, job: &mut dyn Job<'cb>, held: Vec<Held<'cb>>) {
        let mut kept = Vec::with_capacity(held.len());
        for Held { mut entry, after, .. } in held {
            let has_time = entry.ledger.has_time(self.policy(&entry), after.unwrap_or_default());
            entry.ledger.forget_refusal();
            match has_time {
                true => kept.push(entry),
                false => self.give_up(job, entry),
            }
        }
        let until = kept.first().and_then(|entry| {
            let lane = self.waiting.bucket(entry.lane).and_then(|bucket| bucket.closed_until());
            lane.max(lock(&self.project).closed_until())
        });
        let wait = until.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
        self.report_retry(&kept, wait);
        kept.into_iter().rev().for_each(|entry| self.waiting.push_front(entry));
    }

    /// Sends calls that failed individually again, each after its own wait. Calls with the same history share a wait.
    fn retry_failed(&mut self, job: &mut dyn Job<'cb>, held: Vec<Held<'cb>>) {
        let mut waits: Vec<(u32, Option<Duration>, Duration, Vec<Entry<'cb>>)> = Vec::new();
        let mut request_is_paid = None;
        for Held { mut entry, after, refusal, with_request } in held {
            let policy = self.policy(&entry).clone();
            let times = if refusal == Some(Refusal::Limited) {
                // A limited call was not executed. So this attempt is not counted, and the call is tried until its time
                // is over.
                entry.ledger.forget();
                entry.limited = entry.limited.saturating_add(1);
                entry.limited
            } else {
                let verdict = Verdict::Retry { after, rate_limited: false };
                let is_final = entry.ledger.fate(&policy, verdict) == Fate::Final;
                // A request that failed as a whole is one request to send again, however many calls it has.
                let mut pay = || match with_request {
                    true => *request_is_paid.get_or_insert_with(|| self.client.budget().take()),
                    false => self.client.budget().take(),
                };
                if is_final || !pay() {
                    self.give_up(job, entry);
                    continue;
                }
                entry.ledger.attempts
            };
            let known =
                waits.iter().position(|(known, known_after, ..)| (*known, *known_after) == (times, after));
            let at = known.unwrap_or_else(|| {
                let wait = policy.backoff(times, &mut self.rng).max(after.unwrap_or_default());
                waits.push((times, after, wait, Vec::new()));
                waits.len() - 1
            });
            if let Some((.., wait, alike)) = waits.get_mut(at) {
                match entry.ledger.has_time(&policy, *wait) {
                    true => alike.push(entry),
                    false => self.give_up(job, entry),
                }
            }
        }
        for (.., wait, alike) in waits {
            self.send_later(alike, wait);
        }
    }

    /// Sends a call again after a wait, if it has time for it.
    pub(super) fn retry_later(
        &mut self,
        job: &mut dyn Job<'cb>,
        mut entry: Entry<'cb>,
        error: Error,
        wait: Duration,
    ) {
        entry.ledger.last = Some(error);
        match entry.ledger.has_time(self.policy(&entry), wait) {
            true => self.send_later(vec![entry], wait),
            false => self.give_up(job, entry),
        }
    }

    fn send_later(&mut self, entries: Vec<Entry<'cb>>, wait: Duration) {
        self.report_retry(&entries, wait);
        let at = Instant::now() + wait.min(FAR);
        entries.into_iter().for_each(|entry| self.waiting.push_at(entry, at));
    }

    /// Reports to observers and traces that calls are sent again.
    pub(super) fn report_retry(&self, calls: &[Entry<'_>], wait: Duration) {
        if let Some(first) = calls.first() {
            let last = first.ledger.last.as_ref();
            watch::retry(&self.client, self.api, None, calls.len(), wait, last);
            let _ = Span::retry(calls.len(), wait, last);
        }
    }

    fn is_held_back(&self) -> bool {
        self.waiting.calls > 0 && (self.waiting.has_closed() || lock(&self.project).closed_since().is_some())
    }

    /// Fails waiting calls whose time is over while their buckets are closed: calls that were sent, with their last
    /// error; other calls, if none has succeeded for the time limit of the policy. Returns whether there were any.
    pub(super) fn abandon(&mut self, job: &mut dyn Job<'cb>, now: Instant) -> bool {
        if now < self.swept + SWEEP {
            if self.is_held_back() {
                self.wake_at(Some(self.swept + SWEEP));
            }
            return false;
        }
        self.swept = now;
        let project = lock(&self.project).closed_since();
        let policy = self.options.policy.clone();
        let total = policy.total_time;
        let gone = self.waiting.take_closed(project, |entry, since| {
            let policy = entry.request.options().retry.as_ref().unwrap_or(&policy);
            now.saturating_duration_since(since) >= total
                || entry.sent > 0 && entry.ledger.is_over(policy, Duration::ZERO)
        });
        if gone.is_empty() {
            return false;
        }
        let error = Error::cancelled(format!(
            "the call was not sent, because the server has refused all calls for {total:?}"
        ));
        for entry in gone {
            match entry.ledger.last.is_some() {
                true => self.give_up(job, entry),
                false => self.answer(job, entry, Err(error.clone())),
            }
        }
        job.abandoned(&error);
        true
    }
}

/// This many users with separate limits do not reach their limits at the same moment.
const MANY_USERS: usize = 8;

/// The time between two checks for waiting calls whose time is over.
const SWEEP: Duration = Duration::from_secs(1);

/// Returns why the server refused a call before executing it, or `None` if it may have been executed.
fn refusal_of(error: &Error, rate_limited: bool) -> Option<Refusal> {
    if rate_limited {
        return Some(Refusal::Limited);
    }
    let down = error.answered() == Some(503) || error.answered().is_none() && error.is_connect();
    down.then_some(Refusal::Down)
}
