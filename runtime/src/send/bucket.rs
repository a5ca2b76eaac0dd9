//! A token bucket whose rate is configured or learned: a state machine without a clock, for calls that share a quota.
//!
//! While a bucket is open, calls take units out of it at its rate. When the server refuses calls because there are too
//! many, or because it is unavailable, the bucket is closed, and only one probe at a time is sent. The first call that
//! succeeds opens the bucket again. The units that succeeded between two refusals give the rate that the server allows.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use crate::send::rt::Instant;

/// The seconds of the rate that a request may have at most, so that a refusal affects few calls.
const QUANTUM: f64 = 0.5;

/// The share by which a refusal lowers the rate.
const DECREASE: f64 = 0.1;

/// The seconds until the rate is again what it was before a refusal: at first, and at most, after several refusals at
/// the same rate.
const RECOVERY: [f64; 2] = [30.0, 60.0];

/// An increase of the rate that depends little on the rate itself, so that the rates of two processes that share a
/// quota become similar. In units per second squared, for a rate of 1; it grows with the square root of the rate.
const INCREASE: f64 = 0.005;

/// The lowest rate that is learned, in units per second.
const SLOWEST: f64 = 0.05;

/// The factor by which the maximum size of a request grows with each success after an outage.
const RAMP: f64 = 4.0;

/// The number of units that must have succeeded before the first refusal from which a rate is learned.
const EVIDENCE: f64 = 20.0;

/// After a pause of this length, the time before it is not used to learn a rate.
const IDLE: Duration = Duration::from_secs(5);

/// The time after which another probe is sent if a probe has no reply.
const PROBE_TIME: Duration = Duration::from_secs(30);

/// A scheduler that does not come back within this time after its turn loses its turn.
const TURN_TIME: Duration = Duration::from_secs(1);

/// The longest wait for units before the bucket is asked again.
const LONGEST: Duration = Duration::from_secs(3600);

/// A configured rate: units per second, and the number of units that may be sent at once after a pause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
}

/// What a scheduler may send now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Admission {
    /// Calls with this many units in total, but at least one call.
    Open(f64),
    /// One call, to find out whether the server still refuses calls.
    Probe,
    /// Nothing before this time.
    Later(Instant),
}

/// The reason for which the server refused calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There were more calls than the server allows. A rate is learned from this.
    Limited,
    /// The server is unavailable.
    Down,
}

/// A bucket for the calls that share a quota.
#[derive(Debug)]
pub(crate) struct Bucket {
    limit: Option<Limit>,
    learned: Option<Learned>,
    /// The units that may be sent at once. Negative if too many were sent.
    level: f64,
    /// The time for which `level` is correct.
    at: Instant,
    /// The units that succeeded since `since`.
    passed: f64,
    since: Instant,
    last_sent: Instant,
    /// When the bucket was last opened. Refusals of requests that were sent before are ignored.
    opened: Instant,
    state: State,
    /// The maximum units of a request after an outage, which grow with each success.
    ramp: f64,
    /// Whether the server has ever responded.
    reached: bool,
    /// The schedulers that wait for units, in their order, and when each was asked to come back.
    turns: VecDeque<(u64, Instant)>,
    wakers: Vec<Waker>,
}

/// A learned rate: its value when the bucket was opened, and when that was.
#[derive(Debug, Clone, Copy)]
struct Learned {
    peak: f64,
    since: Instant,
    /// The seconds until the rate is `peak` again.
    recovery: f64,
}

#[derive(Debug)]
enum State {
    Open,
    Closed {
        at: Instant,
        /// When the next probe may be sent.
        until: Instant,
        /// The number of refused probes.
        tries: u32,
        why: Refusal,
        /// When another probe may be sent if the current one has no reply. `None` if no probe is being sent.
        probe: Option<Instant>,
    },
}

impl Learned {
    /// The rate: below `peak` at first, equal to it after `recovery`, and then growing faster and faster.
    fn rate(&self, now: Instant) -> f64 {
        let t = now.saturating_duration_since(self.since).as_secs_f64();
        let distance = (t / self.recovery - 1.0).clamp(-1.0, 10.0);
        self.peak * (1.0 + DECREASE * distance.powi(3)) + INCREASE * self.peak.sqrt() * t
    }
}

impl Bucket {
    pub(crate) fn new(limit: Option<Limit>, now: Instant) -> Self {
        Bucket {
            limit,
            learned: None,
            level: limit.map_or(f64::INFINITY, |limit| limit.burst),
            at: now,
            passed: 0.0,
            since: now,
            last_sent: now,
            opened: now,
            state: State::Open,
            ramp: f64::INFINITY,
            reached: false,
            turns: VecDeque::new(),
            wakers: Vec::new(),
        }
    }

    /// The current rate in units per second, if there is one.
    pub(crate) fn rate(&self, now: Instant) -> Option<f64> {
        let learned = self.learned.map(|learned| learned.rate(now));
        match (self.limit, learned) {
            (Some(limit), Some(learned)) => Some(learned.min(limit.per_second)),
            (limit, learned) => limit.map(|limit| limit.per_second).or(learned),
        }
    }

    /// Until when no probe is sent, if the bucket is closed.
    pub(crate) fn closed_until(&self) -> Option<Instant> {
        match self.state {
            State::Open => None,
            State::Closed { until, .. } => Some(until),
        }
    }

    /// Since when the bucket is closed, if it is.
    pub(crate) fn closed_since(&self) -> Option<Instant> {
        match self.state {
            State::Open => None,
            State::Closed { at, .. } => Some(at),
        }
    }

    /// Records that the server has responded.
    pub(crate) fn reach(&mut self) {
        self.reached = true;
    }

    /// Whether the server has ever responded.
    pub(crate) fn is_reached(&self) -> bool {
        self.reached
    }

    /// Whether the bucket can be replaced by a new one, because it has nothing to remember.
    pub(crate) fn is_idle(&self, now: Instant) -> bool {
        let quiet = now.saturating_duration_since(self.last_sent) > Duration::from_secs(600);
        let gained =
            self.rate(now).unwrap_or_default() * now.saturating_duration_since(self.at).as_secs_f64();
        let owes = self.level + gained < 0.0;
        quiet && !owes && matches!(self.state, State::Open) && self.turns.is_empty()
    }

    /// Decides what a scheduler may send now. If it has to wait because the bucket is closed, the waker is woken when
    /// this changes.
    pub(crate) fn admit(&mut self, scheduler: u64, now: Instant, waker: &Waker) -> Admission {
        if let State::Closed { until, ref mut probe, .. } = self.state {
            let free = probe.is_none_or(|expiry| expiry <= now);
            if until <= now && free {
                return Admission::Probe;
            }
            // If another scheduler sent the probe, its reply may arrive at any time.
            let later = if free { until } else { until.max(now + TURN_TIME) };
            self.wake_later(waker);
            return Admission::Later(later);
        }
        let Some(rate) = self.rate(now) else { return Admission::Open(self.ramp) };
        self.refill(now, rate);
        let quantum = self.quantum(rate);
        if self.level >= quantum && self.is_turn(scheduler, now) {
            self.turns.retain(|(id, _)| *id != scheduler);
            return Admission::Open(self.level.min(self.ramp));
        }
        let place = self.join_queue(scheduler, now);
        let missing = (quantum - self.level).max(0.0) + quantum * place as f64;
        let wait = Duration::try_from_secs_f64(missing / rate).unwrap_or(LONGEST);
        // A wait of less than a millisecond would be rounded to zero and repeated immediately.
        let later = now + wait.clamp(Duration::from_millis(1), LONGEST);
        if let Some((_, again_at)) = self.turns.get_mut(place) {
            *again_at = later;
        }
        Admission::Later(later)
    }

    /// Takes units for calls that are sent.
    pub(crate) fn sent(&mut self, units: f64, now: Instant) {
        if let Some(rate) = self.rate(now) {
            self.refill(now, rate);
            self.level -= units;
        }
        if now.saturating_duration_since(self.last_sent) > IDLE && matches!(self.state, State::Open) {
            (self.passed, self.since) = (0.0, now);
        }
        self.last_sent = now;
        if let State::Closed { until, ref mut probe, .. } = self.state
            && until <= now
        {
            *probe = Some(now + PROBE_TIME);
        }
    }

    /// Returns units of calls that were not sent, or whose request ended without replies.
    pub(crate) fn unsent(&mut self, units: f64) {
        self.level += units;
        self.end_probe();
    }

    /// Records that calls with this many units succeeded. `whole` says that their response was complete and none was
    /// refused.
    pub(crate) fn passed(&mut self, units: f64, whole: bool) {
        self.passed += units;
        if whole && self.ramp.is_finite() {
            self.ramp = if self.ramp < 1e6 { self.ramp * RAMP } else { f64::INFINITY };
        }
    }

    /// Records that a call succeeded in a request that was sent at `sent`. If that was a probe, the bucket is opened.
    /// Returns whether it was closed.
    pub(crate) fn opened(&mut self, sent: Instant, now: Instant) -> bool {
        let State::Closed { until, why, .. } = self.state else { return false };
        if sent < until {
            return false;
        }
        let has_learned = why == Refusal::Limited && self.learn(now);
        self.state = State::Open;
        self.ramp = if has_learned { f64::INFINITY } else { 1.0 };
        self.opened = now;
        // If too few units succeeded for a rate, they are counted together with the next ones. Otherwise a rate would
        // never be learned from a server that allows little.
        if has_learned || why == Refusal::Down {
            (self.passed, self.since) = (0.0, now);
        }
        self.wake();
        true
    }

    /// Records that calls were refused in a request that was sent at `sent`. `backoff` returns the wait after a number
    /// of refused probes, and `after` is the wait that the server asks for. The longer one applies.
    pub(crate) fn refused(
        &mut self,
        why: Refusal,
        sent: Instant,
        now: Instant,
        after: Option<Duration>,
        backoff: impl FnOnce(u32) -> Duration,
    ) {
        match &mut self.state {
            State::Open if sent < self.opened => return,
            State::Open => {
                let until = now + backoff(1).max(after.unwrap_or_default());
                self.state = State::Closed { at: now, until, tries: 1, why, probe: None };
            }
            State::Closed { until, tries, probe, why: known, .. } if sent >= *until => {
                *known = why;
                *tries = tries.saturating_add(1);
                *until = now + backoff(*tries).max(after.unwrap_or_default());
                *probe = None;
            }
            State::Closed { until, .. } => {
                *until = (*until).max(now + after.unwrap_or_default());
            }
        }
        self.turns.clear();
        self.wake();
    }

    fn end_probe(&mut self) {
        if let State::Closed { probe, .. } = &mut self.state
            && probe.take().is_some()
        {
            self.wake();
        }
    }

    /// Learns a rate: the units that succeeded since the bucket was last opened, divided by the time, which includes
    /// the refusals. Returns false if too few units succeeded.
    fn learn(&mut self, now: Instant) -> bool {
        let State::Closed { at, .. } = self.state else { return false };
        if self.learned.is_none() && self.passed < EVIDENCE {
            return false;
        }
        let elapsed = now.saturating_duration_since(self.since).as_secs_f64().max(0.001);
        let measured = self.passed / elapsed;
        let [first, longest] = RECOVERY;
        let (peak, recovery) = match self.learned {
            // A rate that was measured in a short time is not exact, so a refusal reduces the rate at most to half.
            Some(learned) => {
                let before = learned.rate(at);
                let is_same = (0.8..1.25).contains(&(before / learned.peak));
                let recovery = if is_same { (learned.recovery * 2.0).min(longest) } else { first };
                (measured.clamp(before / 2.0, before), recovery)
            }
            None => (measured, first),
        };
        self.learned = Some(Learned { peak: peak.max(SLOWEST), since: now, recovery });
        (self.level, self.at) = (0.0, now);
        true
    }

    fn refill(&mut self, now: Instant, rate: f64) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * rate;
        let quantum = self.quantum(rate);
        // After a pause, a learned rate allows one request at once, because the server's burst is not known.
        let most = match self.limit {
            Some(limit) if self.learned.is_none() => limit.burst.max(quantum),
            _ => quantum,
        };
        self.level = (self.level + gained).min(most.max(self.level));
        self.at = now;
    }

    /// The number of units in one request at this rate: at least one, and at most the burst of the limit.
    fn quantum(&self, rate: f64) -> f64 {
        let burst = self.limit.map_or(f64::INFINITY, |limit| limit.burst);
        (rate * QUANTUM).min(burst).max(1.0)
    }

    fn is_turn(&mut self, scheduler: u64, now: Instant) -> bool {
        while let Some((first, again_at)) = self.turns.front() {
            if *first == scheduler {
                return true;
            }
            if now < *again_at + TURN_TIME {
                return false;
            }
            self.turns.pop_front();
        }
        true
    }

    /// The position of the scheduler in the queue, which it joins if necessary.
    fn join_queue(&mut self, scheduler: u64, now: Instant) -> usize {
        let place = self.turns.iter().position(|(id, _)| *id == scheduler);
        place.unwrap_or_else(|| {
            self.turns.push_back((scheduler, now));
            self.turns.len() - 1
        })
    }

    fn wake_later(&mut self, waker: &Waker) {
        if !self.wakers.iter().any(|known| known.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
    }

    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests;
