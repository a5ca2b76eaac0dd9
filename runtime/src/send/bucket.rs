//! How fast calls go that share a quota, by what their servers refuse: a state machine without a clock.
//!
//! A bucket is open, and then calls take units out of it at its rate, or it is closed, because the server refused what
//! came. While it is closed nothing goes but one probe at a time. The first call that passes opens it, and what passed
//! between two refusals tells what the server's rate is.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use crate::send::rt::Instant;

/// A request carries at most what the rate gives in this time, so that a refusal meets few calls.
const QUANTUM: f64 = 0.5;

/// The share of the rate that a refusal takes away.
const DECREASE: f64 = 0.1;

/// How long it takes until the rate is again what it was before that, in seconds: at first, and at most, when refusals
/// have met the same rate several times.
const RECOVERY: [f64; 2] = [30.0, 60.0];

/// What two processes with one quota must have in common to meet in the middle: an increase that does not depend on
/// their own rates much. In units per second and second, for the root of the rate.
const INCREASE: f64 = 0.005;

/// The slowest rate that is learned, in units per second.
const SLOWEST: f64 = 0.05;

/// What may go in one request grows by so much with each that passes, after the server refused everything.
const RAMP: f64 = 4.0;

/// So many units must have passed before the first refusal to tell a rate.
const EVIDENCE: f64 = 20.0;

/// After so long without a call, the time before it says nothing about the rate.
const IDLE: Duration = Duration::from_secs(5);

/// A probe without an answer for so long does not keep others from being sent.
const PROBE_TIME: Duration = Duration::from_secs(30);

/// Whoever does not ask for so long after its turn came has lost it.
const TURN_TIME: Duration = Duration::from_secs(1);

/// The longest wait for units before the question is asked again.
const LONGEST: Duration = Duration::from_secs(3600);

/// A rate that was configured: units per second, and how many may go at once after a pause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
}

/// What may be sent now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Admission {
    /// Calls of so many units together, one at least.
    Open(f64),
    /// One call, to see whether the server still refuses what comes.
    Probe,
    /// Nothing before then.
    Later(Instant),
}

/// Why calls were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There were more than the server allows: its rate is learned.
    Limited,
    /// The server is not there.
    Down,
}

#[derive(Debug)]
pub(crate) struct Bucket {
    limit: Option<Limit>,
    learned: Option<Learned>,
    /// Units that may go at once.
    level: f64,
    /// When the level was last brought up to date.
    at: Instant,
    /// Units that passed since `since`.
    passed: f64,
    since: Instant,
    last_sent: Instant,
    /// What was sent before then says nothing about now.
    opened: Instant,
    state: State,
    /// Calls that may go in one request after an outage: grows with each that passes.
    ramp: f64,
    /// The server has answered something.
    reached: bool,
    /// Who waits for units, in the order in which they came, and when each was told to ask again.
    turns: VecDeque<(u64, Instant)>,
    wakers: Vec<Waker>,
}

/// A rate that was learned: what it was when the bucket opened, and when that was.
#[derive(Debug, Clone, Copy)]
struct Learned {
    peak: f64,
    since: Instant,
    /// How long it takes to be at the peak again, in seconds.
    recovery: f64,
}

#[derive(Debug)]
enum State {
    Open,
    Closed {
        at: Instant,
        /// When the next probe may go.
        until: Instant,
        /// How many probes were refused.
        tries: u32,
        why: Refusal,
        /// Until when the probe that was sent keeps others from being sent.
        probe: Option<Instant>,
    },
}

impl Learned {
    /// Slower than the peak at first, at the peak after the recovery, and ever faster from then on.
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

    /// Units per second, where there is a rate.
    pub(crate) fn rate(&self, now: Instant) -> Option<f64> {
        let learned = self.learned.map(|learned| learned.rate(now));
        match (self.limit, learned) {
            (Some(limit), Some(learned)) => Some(learned.min(limit.per_second)),
            (limit, learned) => limit.map(|limit| limit.per_second).or(learned),
        }
    }

    /// Whether the server refuses what comes, and until when nothing is sent.
    pub(crate) fn closed_until(&self) -> Option<Instant> {
        match self.state {
            State::Open => None,
            State::Closed { until, .. } => Some(until),
        }
    }

    /// Since when the server refuses what comes.
    pub(crate) fn closed_since(&self) -> Option<Instant> {
        match self.state {
            State::Open => None,
            State::Closed { at, .. } => Some(at),
        }
    }

    /// The server has answered something.
    pub(crate) fn reach(&mut self) {
        self.reached = true;
    }

    /// Whether it ever has.
    pub(crate) fn is_reached(&self) -> bool {
        self.reached
    }

    /// Whether nothing is known that another bucket would not know from the start.
    pub(crate) fn is_idle(&self, now: Instant) -> bool {
        let quiet = now.saturating_duration_since(self.last_sent) > Duration::from_secs(600);
        let gained =
            self.rate(now).unwrap_or_default() * now.saturating_duration_since(self.at).as_secs_f64();
        let owes = self.level + gained < 0.0;
        quiet && !owes && matches!(self.state, State::Open) && self.turns.is_empty()
    }

    /// What `asker` may send now. Whoever has to wait is woken when that changes.
    pub(crate) fn admit(&mut self, asker: u64, now: Instant, waker: &Waker) -> Admission {
        if let State::Closed { until, ref mut probe, .. } = self.state {
            let free = probe.is_none_or(|expiry| expiry <= now);
            if until <= now && free {
                return Admission::Probe;
            }
            // The answer to another scheduler's probe may come any time.
            let later = if free { until } else { until.max(now + TURN_TIME) };
            self.wake_later(waker);
            return Admission::Later(later);
        }
        let Some(rate) = self.rate(now) else { return Admission::Open(self.ramp) };
        self.refill(now, rate);
        let quantum = self.quantum(rate);
        if self.level >= quantum && self.is_turn(asker, now) {
            self.turns.retain(|(id, _)| *id != asker);
            return Admission::Open(self.level.min(self.ramp));
        }
        let place = self.enroll(asker, now);
        let missing = (quantum - self.level).max(0.0) + quantum * place as f64;
        let wait = Duration::try_from_secs_f64(missing / rate).unwrap_or(LONGEST);
        // Never nothing: a wait that rounds to no time would be asked for again and again.
        let later = now + wait.clamp(Duration::from_millis(1), LONGEST);
        if let Some((_, back)) = self.turns.get_mut(place) {
            *back = later;
        }
        Admission::Later(later)
    }

    /// Calls of so many units leave.
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

    /// Units that were to leave and did not, or whose request ended before anything was known.
    pub(crate) fn unsent(&mut self, units: f64) {
        self.level += units;
        self.end_probe();
    }

    /// Calls of so many units passed. With `whole`, their request was answered to its end, and no limit was met.
    pub(crate) fn passed(&mut self, units: f64, whole: bool) {
        self.passed += units;
        if whole && self.ramp.is_finite() {
            self.ramp = if self.ramp < 1e6 { self.ramp * RAMP } else { f64::INFINITY };
        }
    }

    /// A call passed, of a request that left at `sent`: if that was a probe, the bucket is open again. Whether it was
    /// closed.
    pub(crate) fn opened(&mut self, sent: Instant, now: Instant) -> bool {
        let State::Closed { until, why, .. } = self.state else { return false };
        if sent < until {
            return false;
        }
        let has_learned = why == Refusal::Limited && self.learn(now);
        self.state = State::Open;
        self.ramp = if has_learned { f64::INFINITY } else { 1.0 };
        self.opened = now;
        // Too little for a rate is counted on, or a server that allows little would never be understood.
        if has_learned || why == Refusal::Down {
            (self.passed, self.since) = (0.0, now);
        }
        self.wake();
        true
    }

    /// Calls were refused, of a request that left at `sent`. `backoff` gives the wait after so many refused probes; the
    /// server may ask for a longer one.
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

    /// The rate is what passed since the bucket last opened, for as long as that and the refusals took. False if too
    /// little passed to tell.
    fn learn(&mut self, now: Instant) -> bool {
        let State::Closed { at, .. } = self.state else { return false };
        if self.learned.is_none() && self.passed < EVIDENCE {
            return false;
        }
        let elapsed = now.saturating_duration_since(self.since).as_secs_f64().max(0.001);
        let measured = self.passed / elapsed;
        let [first, longest] = RECOVERY;
        let (peak, recovery) = match self.learned {
            // What passed in a moment says little, so a refusal takes half at most.
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
        // After a pause a learned rate gives no more than a request, because the server's burst is not known.
        let most = match self.limit {
            Some(limit) if self.learned.is_none() => limit.burst.max(quantum),
            _ => quantum,
        };
        self.level = (self.level + gained).min(most.max(self.level));
        self.at = now;
    }

    /// How many units go at once at that rate: one at least, and no more than the limit allows at once.
    fn quantum(&self, rate: f64) -> f64 {
        let burst = self.limit.map_or(f64::INFINITY, |limit| limit.burst);
        (rate * QUANTUM).min(burst).max(1.0)
    }

    fn is_turn(&mut self, asker: u64, now: Instant) -> bool {
        while let Some((first, back)) = self.turns.front() {
            if *first == asker {
                return true;
            }
            if now < *back + TURN_TIME {
                return false;
            }
            self.turns.pop_front();
        }
        true
    }

    /// The place in the queue of those who wait.
    fn enroll(&mut self, asker: u64, now: Instant) -> usize {
        let place = self.turns.iter().position(|(id, _)| *id == asker);
        place.unwrap_or_else(|| {
            self.turns.push_back((asker, now));
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
