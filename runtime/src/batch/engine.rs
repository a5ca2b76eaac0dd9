//! The scheduler: takes calls from a job, decides what is sent when, and gives each call its answer, exactly once.
//!
//! There are no rounds. Calls wait in [`Waiting`] until a request may leave; what failed and may be sent again waits there
//! for its own time. A server that refuses everything costs time only: then the bucket of its calls is closed, one probe
//! goes at a time, and what passes opens it again.

mod alone;
mod arriving;
mod authorize;
mod credentials;
mod departing;
mod fate;

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use self::credentials::Authorizing;
use super::exchange::Exchange;
use super::job::Job;
use super::queue::{BatchOptions, Entry, LaneId, Linger};
use super::waiting::Waiting;
use crate::send::credentials::AuthHeaders;
use crate::send::governor::{self, Shared};
use crate::send::retry::RetryPolicy;
use crate::send::rt::{Alarm, Instant};
use crate::wire::spec::ApiSpec;
use crate::{Client, Error, RawResponse, Result};

/// Longer than any job runs, and short enough for every clock.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// How many calls are taken from the source at most, beside those that fly: most of them wait for their next attempt, or
/// for a user who is being held back.
const MOST_WAITING: usize = 8192;

/// How long calls that are only sent again wait for others to join them, while requests are on their way.
const COMPANY: Duration = Duration::from_secs(1);

/// How long a job that is done waits for the last bytes of answers, so that their connections can be used again.
const GRACE: Duration = Duration::from_millis(20);

/// How many requests were made, and how many times a call was sent again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) requests: usize,
    pub(super) retries: usize,
}

/// A job that is being done.
pub(super) struct Engine<'cb> {
    client: Client,
    api: &'static ApiSpec,
    /// Where requests go; without such a place no call was queued.
    root: String,
    options: BatchOptions,
    pub(super) counts: Counts,
    waiting: Waiting<'cb>,
    // Boxed, as they are moved out and back for each part.
    #[allow(clippy::vec_box)]
    flying: Vec<Box<Exchange<'cb>>>,
    /// Answers whose calls are all answered, and whose ends have not come.
    #[allow(clippy::vec_box)]
    draining: Vec<Box<Exchange<'cb>>>,
    boarding: Option<Boarding<'cb>>,
    /// The source has no more calls.
    ended: bool,
    /// How many calls a request carries at most.
    size: usize,
    /// The project's quota of this API.
    project: Shared,
    /// What buckets know this scheduler by.
    number: u64,
    /// What was rejected with 401, by client.
    rejected: Vec<(Client, AuthHeaders)>,
    /// Every call is sent by itself: the server takes no batches.
    alone: bool,
    /// The server has answered a batch with parts.
    was_answered: bool,
    /// When the next request may begin, where the batch has a rate.
    paced: Option<Instant>,
    /// Since when calls wait that would fill a part of a request.
    partial: Option<Instant>,
    deadline: Option<Instant>,
    /// When calls that are held back were last looked through for those whose time is over.
    swept: Instant,
    /// When there is something to do, whatever else happens.
    next: Option<Instant>,
    alarm: Alarm,
    rng: fastrand::Rng,
    /// Until when nothing leaves, if a quota or the server's refusals are why.
    pub(super) blocked: Option<Instant>,
}

/// Calls whose credentials are being asked.
struct Boarding<'cb> {
    calls: VecDeque<Entry<'cb>>,
    /// They travel with no others, and go back as a group if they do not fit.
    is_group: bool,
    /// The units that were taken for them, of each lane's quota.
    booked: Vec<(LaneId, f64)>,
    authorizing: Authorizing,
}

impl<'cb> Engine<'cb> {
    pub(super) fn new(
        client: Client,
        api: &'static ApiSpec,
        root: Result<String>,
        options: BatchOptions,
    ) -> Self {
        // What the caller says wins over the table, what the server said over both.
        let max_calls = options.max_calls.unwrap_or(api.limits.calls).min(client.learned_batch_calls(api));
        let alone = client.sends_alone(api);
        let now = Instant::now();
        Engine {
            alone,
            was_answered: false,
            project: client.governor().project(api),
            number: governor::number(),
            client,
            api,
            root: root.unwrap_or_default(),
            counts: Counts::default(),
            waiting: Waiting::new(),
            flying: Vec::new(),
            draining: Vec::new(),
            boarding: None,
            ended: false,
            size: if alone { 1 } else { max_calls.max(1) },
            rejected: Vec::new(),
            paced: None,
            partial: None,
            deadline: options.deadline.map(|after| now + after.min(FAR)),
            swept: now,
            next: None,
            alarm: Alarm::default(),
            rng: fastrand::Rng::new(),
            blocked: None,
            options,
        }
    }

    /// Does what can be done now. Ready when every call of the job is answered.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, job: &mut dyn Job<'cb>) -> Poll<()> {
        loop {
            self.next = self.deadline;
            if self.is_over() {
                self.end(job);
            }
            self.waiting.wake(Instant::now());
            let mut progressed = self.intake(cx, job);
            progressed |= self.depart(cx, job);
            progressed |= self.arrive(cx, job);
            if progressed {
                continue;
            }
            if self.is_done() {
                return self.poll_draining(cx);
            }
            let due = self.waiting.next_due();
            self.soon(due);
            self.alarm.set(self.next);
            if self.alarm.poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Something is to be done at that time at the latest.
    fn soon(&mut self, at: Option<Instant>) {
        self.next = self.next.into_iter().chain(at).min();
    }

    /// The source has calls again.
    pub(super) fn reopen(&mut self) {
        self.ended = false;
    }

    fn is_done(&self) -> bool {
        self.ended && self.flying.is_empty() && self.boarding.is_none() && self.waiting.calls == 0
    }

    /// Waits a moment for the ends of answers, so that their connections can be used again.
    fn poll_draining(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.drain(cx);
        let last = self.draining.iter().map(|exchange| exchange.answered_at + GRACE).max();
        let Some(last) = last.filter(|last| *last > Instant::now()) else {
            self.draining.clear();
            return Poll::Ready(());
        };
        self.alarm.set(Some(last));
        match self.alarm.poll(cx) {
            Poll::Ready(()) => {
                self.draining.clear();
                Poll::Ready(())
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn drain(&mut self, cx: &mut Context<'_>) {
        self.draining.retain_mut(|exchange| exchange.drain(cx).is_pending());
    }

    /// Takes calls from the source, no more than will be needed soon.
    fn intake(&mut self, cx: &mut Context<'_>, job: &mut dyn Job<'cb>) -> bool {
        // One request more than can fly, so that the next one can leave at once.
        let enough = self.size.saturating_mul(self.options.concurrency.saturating_add(1)).min(MOST_WAITING);
        let mut taken = false;
        while !self.ended && self.waiting.ready < enough && self.waiting.calls < MOST_WAITING {
            match job.poll_next(cx) {
                Poll::Ready(Some(entry)) => {
                    self.waiting.push(entry, self.client.governor(), self.api);
                    taken = true;
                }
                Poll::Ready(None) => {
                    self.ended = true;
                    taken = true;
                }
                Poll::Pending => break,
            }
        }
        taken
    }

    /// A call's own policy, else the job's.
    fn policy<'p>(&'p self, entry: &'p Entry<'_>) -> &'p RetryPolicy {
        entry.request.options().retry.as_ref().unwrap_or(&self.options.policy)
    }

    /// The one place where a call gets its answer.
    fn answer(&mut self, job: &mut dyn Job<'cb>, entry: Entry<'cb>, result: Result<RawResponse>) {
        if result.is_ok() {
            self.client.budget().refund();
        }
        let key = entry.request.options().key.clone();
        let lane = entry.lane;
        job.answer(entry, result);
        self.waiting.answered(lane, key.as_deref());
    }

    /// Answers a call that was waiting for another attempt with what the last one gave.
    fn give_up(&mut self, job: &mut dyn Job<'cb>, mut entry: Entry<'cb>) {
        let error = entry.ledger.last.take().unwrap_or_else(|| Error::cancelled("the call was not sent"));
        self.answer(job, entry, Err(error));
    }

    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// The deadline has passed: every call is answered with what is known of it.
    fn end(&mut self, job: &mut dyn Job<'cb>) {
        self.deadline = None;
        self.ended = true;
        let mut waiting = self.waiting.take_all();
        if let Some(boarding) = self.boarding.take() {
            self.give_back(&boarding.booked, None);
            waiting.extend(boarding.calls);
        }
        for entry in waiting {
            if entry.ledger.last.is_some() {
                self.give_up(job, entry);
            } else {
                let error = Error::cancelled("the call was not sent before the job's deadline");
                self.answer(job, entry, Err(error));
            }
        }
        for exchange in std::mem::take(&mut self.flying) {
            let (flying, held) = exchange.into_calls();
            held.into_iter().for_each(|entry| self.give_up(job, entry));
            for entry in flying {
                let message = "the job's deadline passed before the answer to the call came";
                self.answer(job, entry, Err(Error::unknown_outcome(message, None)));
            }
        }
    }

    /// How long a request that is not full still waits for more calls.
    fn lingers(&mut self, job: &dyn Job<'cb>, now: Instant) -> Option<Instant> {
        let since = *self.partial.get_or_insert(now);
        let is_flying = !self.flying.is_empty();
        let linger = match self.options.linger {
            Linger::Always(_) if self.ended => Duration::ZERO,
            Linger::Always(linger) => linger,
            Linger::WhileFlying(linger) if is_flying || !job.is_exhausted() => linger,
            Linger::WhileFlying(_) | Linger::Never => Duration::ZERO,
        };
        let company = if self.waiting.fresh == 0 && is_flying { COMPANY } else { Duration::ZERO };
        let until = since + linger.max(company);
        (until > now).then_some(until)
    }
}
