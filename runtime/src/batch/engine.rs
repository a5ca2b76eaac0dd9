//! The scheduler: takes calls from a job, decides what is sent when, and gives each call exactly one reply.
//!
//! Calls wait in [`Waiting`] until a request with them may be sent. A call that failed and may be sent again waits
//! there too, until its next attempt is due. If a server refuses all calls, the bucket of these calls is closed: only
//! one probe at a time is sent, until a call succeeds. Such refusals cost time but no attempts.

mod alone;
mod authorize;
mod credentials;
mod fate;
mod receiving;
mod sending;

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

/// Longer than any job takes, and short enough to be added to any clock.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// The maximum number of calls that are taken from the source and wait. Most of them wait for another attempt, or for
/// the quota of their user.
const MOST_WAITING: usize = 8192;

/// How long a request that would only have repeated calls waits for others, while requests are being sent.
const RETRY_LINGER: Duration = Duration::from_secs(1);

/// How long a finished job waits for the ends of responses, so that their connections can be reused.
const GRACE: Duration = Duration::from_millis(20);

/// The number of HTTP requests, and how often calls were sent again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) requests: usize,
    pub(super) retries: usize,
}

/// The scheduler of one job.
pub(super) struct Engine<'cb> {
    client: Client,
    api: &'static ApiSpec,
    /// The root URL of requests. Empty if there is none; then no call could be queued.
    root: String,
    options: BatchOptions,
    pub(super) counts: Counts,
    waiting: Waiting<'cb>,
    // Boxed, because they are moved out and back for each part.
    #[allow(clippy::vec_box)]
    in_flight: Vec<Box<Exchange<'cb>>>,
    /// Responses that have all replies, but whose ends have not been read.
    #[allow(clippy::vec_box)]
    draining: Vec<Box<Exchange<'cb>>>,
    preparing: Option<Preparing<'cb>>,
    /// Whether the source has no more calls.
    ended: bool,
    /// The maximum number of calls in a request.
    size: usize,
    /// The bucket for the project's quota of this API.
    project: Shared,
    /// The number by which buckets know this scheduler.
    number: u64,
    /// The headers that were rejected with 401, by client.
    rejected: Vec<(Client, AuthHeaders)>,
    /// Whether every call is sent by itself, because the server does not accept batches.
    alone: bool,
    /// Whether the server has replied to a batch with parts.
    was_answered: bool,
    /// When the next request may be sent, if the batch has a rate.
    paced: Option<Instant>,
    /// Since when fewer calls wait than fill a request.
    partial: Option<Instant>,
    deadline: Option<Instant>,
    /// Whether no more calls are taken or sent.
    stopped: bool,
    /// When waiting calls were last checked for those whose time limit has passed.
    swept: Instant,
    /// When the scheduler has something to do at the latest.
    next: Option<Instant>,
    alarm: Alarm,
    rng: fastrand::Rng,
    /// Until when no calls are sent because of a quota or because the server refuses calls.
    blocked: Option<Instant>,
}

/// The calls of the next request, while credentials for them are requested.
struct Preparing<'cb> {
    calls: VecDeque<Entry<'cb>>,
    /// Whether they are a group, which is sent without other calls.
    is_group: bool,
    /// The units taken for them from the quota of each lane.
    units_taken: Vec<(LaneId, f64)>,
    authorizing: Authorizing,
}

impl<'cb> Engine<'cb> {
    pub(super) fn new(
        client: Client,
        api: &'static ApiSpec,
        root: Result<String>,
        options: BatchOptions,
    ) -> Self {
        // The caller's limit replaces the documented one, and a limit that the server has stated always applies.
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
            in_flight: Vec::new(),
            draining: Vec::new(),
            preparing: None,
            ended: false,
            size: if alone { 1 } else { max_calls.max(1) },
            rejected: Vec::new(),
            paced: None,
            partial: None,
            deadline: options.deadline.map(|after| now + after.min(FAR)),
            stopped: false,
            swept: now,
            next: None,
            alarm: Alarm::default(),
            rng: fastrand::Rng::new(),
            blocked: None,
            options,
        }
    }

    /// Does everything that can be done now, or as much as is needed for the job to [have replies](Job::has_replies).
    /// Ready when every call of the job has a reply.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, job: &mut dyn Job<'cb>) -> Poll<()> {
        loop {
            self.next = self.deadline;
            if self.is_past_deadline() {
                self.expire(job);
            }
            if self.stopped {
                self.cancel_waiting(job, "the call was not sent, because the job was stopped");
            }
            self.waiting.wake(Instant::now());
            let mut progressed = self.intake(cx, job);
            progressed |= self.send_ready(cx, job);
            if job.has_replies() {
                return Poll::Pending;
            }
            progressed |= self.receive(cx, job);
            if progressed {
                continue;
            }
            if self.is_done() {
                return self.poll_draining(cx);
            }
            let due = self.waiting.next_due();
            self.wake_at(due);
            self.alarm.set(self.next);
            if self.alarm.poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Sets the time at which the scheduler continues at the latest.
    fn wake_at(&mut self, at: Option<Instant>) {
        self.next = self.next.into_iter().chain(at).min();
    }

    /// Records that the source has calls again.
    pub(super) fn reopen(&mut self) {
        self.ended = self.stopped;
    }

    /// Takes and sends no more calls. Calls that are being sent get their replies.
    pub(super) fn stop(&mut self) {
        (self.stopped, self.ended) = (true, true);
    }

    /// Until when nothing is sent: because of the project's quota, because the server refuses calls, or because each
    /// call waits for a quota of its user or for its next attempt.
    pub(super) fn blocked_until(&self) -> Option<Instant> {
        let is_idle = self.in_flight.is_empty() && self.preparing.is_none();
        let all_wait = is_idle && self.waiting.ready == 0 && self.waiting.groups.is_empty();
        self.blocked.or_else(|| self.waiting.next_due().filter(|_| all_wait))
    }

    fn is_done(&self) -> bool {
        self.ended && self.in_flight.is_empty() && self.preparing.is_none() && self.waiting.calls == 0
    }

    /// Waits a moment for the ends of responses, so that their connections can be reused.
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

    /// Takes calls from the source, but no more than are needed soon.
    fn intake(&mut self, cx: &mut Context<'_>, job: &mut dyn Job<'cb>) -> bool {
        // Enough for one request more than may be sent now, so that the next one can be sent as soon as one has ended.
        let requests = self.options.concurrency.saturating_sub(self.in_flight.len()).saturating_add(1);
        let enough = self.size.saturating_mul(requests).min(MOST_WAITING);
        let mut taken = false;
        // If many calls wait for their turn, such as behind others with the same key, one full request is enough.
        let is_enough = |ready: usize, calls: usize| {
            ready >= enough
                || calls >= MOST_WAITING
                || (ready >= self.size && calls >= enough.saturating_mul(2))
        };
        while !self.ended && !is_enough(self.waiting.ready, self.waiting.calls) {
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

    /// The retry policy of the call, or that of the job if the call has none.
    fn policy<'p>(&'p self, entry: &'p Entry<'_>) -> &'p RetryPolicy {
        entry.request.options().retry.as_ref().unwrap_or(&self.options.policy)
    }

    /// Gives a call its reply. This is the only place where a call gets one.
    fn answer(&mut self, job: &mut dyn Job<'cb>, entry: Entry<'cb>, result: Result<RawResponse>) {
        if result.is_ok() {
            self.client.budget().refund();
        }
        // The next call with the same key is sent later, when the job knows this reply.
        self.waiting.answered(entry.lane, entry.request.options().key.as_deref());
        job.answer(entry, result);
    }

    /// Fails a call that was waiting for another attempt, with the error of its last attempt.
    fn give_up(&mut self, job: &mut dyn Job<'cb>, mut entry: Entry<'cb>) {
        let error = entry.ledger.last.take().unwrap_or_else(|| Error::cancelled("the call was not sent"));
        self.answer(job, entry, Err(error));
    }

    fn is_past_deadline(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Gives every call a reply after the deadline.
    fn expire(&mut self, job: &mut dyn Job<'cb>) {
        self.deadline = None;
        self.ended = true;
        self.cancel_waiting(job, "the call was not sent before the job's deadline");
        for exchange in std::mem::take(&mut self.in_flight) {
            let (in_flight, held) = exchange.into_calls();
            held.into_iter().for_each(|entry| self.give_up(job, entry));
            for entry in in_flight {
                let message = "the job's deadline passed before the reply to the call arrived";
                self.answer(job, entry, Err(Error::unknown_outcome(message, None)));
            }
        }
    }

    /// Gives a reply to every call that is not being sent: the error of its last attempt, or this cancellation.
    fn cancel_waiting(&mut self, job: &mut dyn Job<'cb>, message: &str) {
        let mut waiting = self.waiting.take_all();
        if let Some(preparing) = self.preparing.take() {
            self.return_units(&preparing.units_taken, None);
            waiting.extend(preparing.calls);
        }
        for entry in waiting {
            match entry.ledger.last {
                Some(_) => self.give_up(job, entry),
                None => self.answer(job, entry, Err(Error::cancelled(message))),
            }
        }
    }

    /// Until when a request that is not full waits for more calls.
    fn linger_until(&mut self, job: &dyn Job<'cb>, now: Instant) -> Option<Instant> {
        let since = *self.partial.get_or_insert(now);
        let is_in_flight = !self.in_flight.is_empty();
        let linger = match self.options.linger {
            Linger::Always(_) if self.ended => Duration::ZERO,
            Linger::Always(linger) => linger,
            Linger::WhileInFlight(linger) if is_in_flight || !job.is_exhausted() => linger,
            Linger::WhileInFlight(_) | Linger::Never => Duration::ZERO,
        };
        let retry_linger =
            if self.waiting.fresh == 0 && is_in_flight { RETRY_LINGER } else { Duration::ZERO };
        let until = since + linger.max(retry_linger);
        (until > now).then_some(until)
    }
}
