//! What follows for calls that failed: an answer, another attempt at a time of its own, or a place in front of those that
//! the server holds back.
//!
//! Whether a refusal is the server's as a whole or one call's own is known when a request's answer has ended. Until then
//! the refused calls are kept with it.

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
    /// A call failed: it is answered, or kept until the end of the answer tells what follows.
    pub(super) fn judge(
        &mut self,
        job: &mut dyn Job<'cb>,
        exchange: &mut Exchange<'cb>,
        mut entry: Entry<'cb>,
        error: Error,
    ) {
        let policy = entry.request.options().retry.as_ref().unwrap_or(&self.options.policy);
        // The caller's own code may decide, and may panic.
        let judged = catch_unwind(AssertUnwindSafe(|| policy.judge(&error, entry.request.is_idempotent())));
        let verdict = judged.unwrap_or_else(|panic| {
            job.panicked(panic);
            Verdict::Final
        });
        let once = policy.max_attempts <= 1;
        let Verdict::Retry { after, rate_limited } = verdict else {
            exchange.told(&entry);
            let policy = policy.clone();
            return match entry.ledger.fate(&policy, verdict) {
                Fate::Renew => {
                    self.reject(entry.request.client(), &exchange.auths);
                    entry.ledger.last = Some(error);
                    job.returned(&entry);
                    exchange.renewed.push(entry);
                }
                _ => self.answer(job, entry, Err(error)),
            };
        };
        job.returned(&entry);
        // Who sends nothing twice is told what each call met, and is not kept waiting for better times.
        if once {
            exchange.told(&entry);
            return self.answer(job, entry, Err(error));
        }
        let refusal = refusal_of(&error, rate_limited);
        match refusal {
            Some(_) => exchange.refused(&entry),
            None => exchange.told(&entry),
        }
        entry.ledger.last = Some(error);
        exchange.held.push(Held { entry, after, refusal });
    }

    /// The server, or the way to it, refused a request as a whole.
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
        left.into_iter().for_each(|entry| self.judge(job, exchange, entry, error.clone()));
        let Some(refusal) = refusal.filter(|_| !exchange.held.is_empty()) else {
            return self.settle(job, exchange, false);
        };
        if error.answered().is_some() {
            lock(&self.project).reach();
        } else if !lock(&self.project).is_reached() {
            // It may be an address at which there is no server: attempts count, until something has answered.
            return self.unreached(job, exchange);
        }
        // One refusal of a whole request says little of a rate; if its probe is refused too, there is one.
        let is_closed = lock(&self.project).closed_since().is_some();
        let refusal = if is_closed { refusal } else { Refusal::Down };
        self.close(None, (refusal, error.retry_after()), exchange.sent, 0);
        let held = std::mem::take(&mut exchange.held);
        self.hold(job, held);
        // It was not about any user.
        exchange.seats.iter_mut().for_each(|seat| (seat.told, seat.refused) = (0, 0));
        self.settle(job, exchange, false);
    }

    /// There was no connection, as there has been none so far.
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

    /// Holds back the calls of a lane, or of all, after a refusal of a request that left at `sent`. `before` is how often
    /// its calls were refused by themselves before that.
    fn close(
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
                self.waiting.rouse(lane);
            }
        }
    }

    /// An answer has ended, or all of its calls are answered: says what its refusals were, and what follows for those who
    /// met them.
    pub(super) fn settle(&mut self, job: &mut dyn Job<'cb>, exchange: &mut Exchange<'cb>, complete: bool) {
        let renewed = std::mem::take(&mut exchange.renewed);
        self.tell(&renewed, Duration::ZERO);
        renewed.into_iter().rev().for_each(|entry| self.waiting.back(entry));
        let closed = self.count(exchange, complete);
        let held = std::mem::take(&mut exchange.held);
        if held.is_empty() {
            return;
        }
        // Many users who are refused at once share a limit of the project.
        let users = exchange.seats.len();
        let limited =
            exchange.seats.iter().filter(|seat| seat.refused > 0 && seat.refused == seat.told).count();
        let whole = users > 1 && (limited == users || limited >= MANY && limited * 2 >= users);
        let lanes = if whole { vec![None] } else { closed.into_iter().map(Some).collect() };
        let mut asked = Vec::new();
        for lane in lanes {
            let of = |held: &&Held<'_>| lane.is_none_or(|lane| held.entry.lane == lane);
            let refusals = held.iter().filter(of).filter_map(|held| held.refusal);
            let Some(refusal) = refusals.min_by_key(|refusal| *refusal == Refusal::Down) else { continue };
            // What is asked of one call alone is not asked of all.
            let after = held.iter().filter(of).map(|held| held.after).min().flatten();
            let times =
                |held: &Held<'_>| held.entry.limited.max(held.entry.ledger.attempts.saturating_sub(1));
            let before = lane.and_then(|_| held.iter().filter(of).map(times).max()).unwrap_or_default();
            self.close(lane, (refusal, after), exchange.sent, before);
            asked.push((lane, after));
        }
        // Who is asked to wait longer than the others waits by itself.
        let by_server = |held: &Held<'_>| {
            let place = asked.iter().find(|(lane, _)| lane.is_none_or(|lane| lane == held.entry.lane));
            held.refusal.is_some() && place.is_some_and(|(_, asked)| held.after <= *asked)
        };
        let (of_server, own): (Vec<_>, Vec<_>) = held.into_iter().partition(by_server);
        self.hold(job, of_server);
        self.again(job, own);
    }

    /// Counts what the calls of each lane were told. Gives the lanes whose users the server asks to slow down.
    fn count(&mut self, exchange: &Exchange<'cb>, complete: bool) -> Vec<LaneId> {
        let mut closed = Vec::new();
        for seat in &exchange.seats {
            let is_slow = self.waiting.tell(seat.lane, seat.told, seat.refused);
            if let Some(mut bucket) = self.waiting.bucket(seat.lane) {
                bucket.passed(seat.units, complete && !is_slow);
            }
            closed.extend(is_slow.then_some(seat.lane));
        }
        let passed = exchange.units_passed();
        let mut project = lock(&self.project);
        project.passed(passed, complete && closed.is_empty());
        if passed > 0.0 {
            project.reach();
        }
        drop(project);
        // An answer that refuses nothing shows that the server works, whatever it says; one that says nothing of a
        // probe lets another one go.
        for seat in &exchange.seats {
            if seat.told == 0 {
                self.give_back(&[(seat.lane, 0.0)], None);
                self.waiting.rouse(seat.lane);
            } else if seat.refused == 0 {
                self.opened(seat.lane, exchange.sent);
            }
        }
        closed
    }

    /// Calls that the server refused with all others cost no attempt: they stand in front of those that were not sent
    /// yet, as long as they have time.
    fn hold(&mut self, job: &mut dyn Job<'cb>, held: Vec<Held<'cb>>) {
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
        self.tell(&kept, wait);
        kept.into_iter().rev().for_each(|entry| self.waiting.back(entry));
    }

    /// Calls that failed by themselves: each waits its own time, those alike the same.
    fn again(&mut self, job: &mut dyn Job<'cb>, held: Vec<Held<'cb>>) {
        let mut waits: Vec<(u32, Option<Duration>, Duration, Vec<Entry<'cb>>)> = Vec::new();
        for Held { mut entry, after, refusal } in held {
            let policy = self.policy(&entry).clone();
            let times = if refusal == Some(Refusal::Limited) {
                // As long as it is limited it was not executed: that costs time and no attempt.
                entry.ledger.forget();
                entry.limited = entry.limited.saturating_add(1);
                entry.limited
            } else {
                let verdict = Verdict::Retry { after, rate_limited: false };
                if entry.ledger.fate(&policy, verdict) == Fate::Final || !self.client.budget().take() {
                    self.give_up(job, entry);
                    continue;
                }
                entry.ledger.attempts
            };
            let known = waits.iter().position(|(known, said, ..)| (*known, *said) == (times, after));
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
    pub(super) fn later(
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
        self.tell(&entries, wait);
        let at = Instant::now() + wait.min(FAR);
        entries.into_iter().for_each(|entry| self.waiting.again(entry, at));
    }

    /// Tells whoever observes of calls that are sent again.
    pub(super) fn tell(&self, calls: &[Entry<'_>], wait: Duration) {
        if let Some(first) = calls.first() {
            let last = first.ledger.last.as_ref();
            watch::retry(&self.client, self.api, None, calls.len(), wait, last);
            drop(Span::retry(calls.len(), wait, last));
        }
    }

    fn is_held_back(&self) -> bool {
        self.waiting.calls > 0 && (self.waiting.has_closed() || lock(&self.project).closed_since().is_some())
    }

    /// Answers the calls of which the time is over, while the server refuses everything that comes: those that were sent,
    /// with what they met; those that were not, when nothing has passed for as long as the policy has time. Whether
    /// there were any.
    pub(super) fn abandon(&mut self, job: &mut dyn Job<'cb>, now: Instant) -> bool {
        if now < self.swept + SWEEP {
            if self.is_held_back() {
                self.soon(Some(self.swept + SWEEP));
            }
            return false;
        }
        self.swept = now;
        let project = lock(&self.project).closed_since();
        let policy = self.options.policy.clone();
        let total = policy.total_time;
        let gone = self.waiting.take_closed(project, |entry, since| {
            let own = entry.request.options().retry.as_ref().unwrap_or(&policy);
            now.saturating_duration_since(since) >= total
                || entry.sent > 0 && entry.ledger.is_over(own, Duration::ZERO)
        });
        if gone.is_empty() {
            return false;
        }
        let error = Error::cancelled(format!(
            "the call was not sent, because the server has been asking to slow down and nothing has passed for {total:?}"
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

/// So many users with limits of their own do not meet them at the same moment.
const MANY: usize = 8;

/// How often calls that are held back are looked through for those whose time is over.
const SWEEP: Duration = Duration::from_secs(1);

/// Whether an error says that the server refused the call before it was executed, and why.
fn refusal_of(error: &Error, rate_limited: bool) -> Option<Refusal> {
    if rate_limited {
        return Some(Refusal::Limited);
    }
    let down = error.answered() == Some(503) || error.answered().is_none() && error.is_connect();
    down.then_some(Refusal::Down)
}
