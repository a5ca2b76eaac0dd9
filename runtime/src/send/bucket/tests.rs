//! The bucket by itself, under a clock that the tests turn, and against servers that are a few lines each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// How long a request is under way.
const LATENCY: Duration = Duration::from_millis(80);

/// How many calls a request takes.
const BATCH: u32 = 100;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Doubles with each refused probe, up to ten seconds.
fn backoff(tries: u32) -> Duration {
    seconds((0.5 * 2f64.powi(tries.min(10) as i32 - 1)).min(10.0))
}

fn limit(per_second: f64, burst: f64) -> Option<Limit> {
    Some(Limit { per_second, burst })
}

/// Counts how often a bucket woke it.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn admit(bucket: &mut Bucket, scheduler: u64, now: Instant) -> Admission {
    bucket.admit(scheduler, now, Waker::noop())
}

/// When a scheduler may come again.
#[track_caller]
fn later(bucket: &mut Bucket, scheduler: u64, now: Instant) -> Instant {
    match admit(bucket, scheduler, now) {
        Admission::Later(at) => at,
        other => panic!("{other:?}"),
    }
}

/// How many units may go.
#[track_caller]
fn open(bucket: &mut Bucket, scheduler: u64, now: Instant) -> f64 {
    match admit(bucket, scheduler, now) {
        Admission::Open(units) => units,
        other => panic!("{other:?}"),
    }
}

/// Refuses, as a server does that has had more than its limit.
fn refuse(bucket: &mut Bucket, why: Refusal, sent: Instant, now: Instant) {
    bucket.refused(why, sent, now, None, backoff);
}

/// A bucket whose server refused a request that left at `sent`, and when the first probe may go.
fn closed(why: Refusal, sent: Instant) -> (Bucket, Instant) {
    let mut bucket = Bucket::new(None, sent);
    bucket.sent(30.0, sent);
    bucket.passed(29.0, false);
    refuse(&mut bucket, why, sent, sent + LATENCY);
    (bucket, sent + LATENCY + backoff(1))
}

/// A server that allows so much.
enum Server {
    /// So many units in each window.
    Windows { units: f64, length: Duration, since: Instant, used: f64 },
    /// Units at a rate, some at once after a pause.
    Tokens { rate: f64, burst: f64, level: f64, at: Instant },
}

impl Server {
    fn windows(units: f64, length: Duration, since: Instant) -> Self {
        Server::Windows { units, length, since, used: 0.0 }
    }

    fn tokens(rate: f64, burst: f64, at: Instant) -> Self {
        Server::Tokens { rate, burst, level: burst, at }
    }

    fn takes(&mut self, cost: f64, now: Instant) -> bool {
        match self {
            Server::Windows { units, length, since, used } => {
                while now >= *since + *length {
                    (*since, *used) = (*since + *length, 0.0);
                }
                let fits = *used + cost <= *units;
                *used += if fits { cost } else { 0.0 };
                fits
            }
            Server::Tokens { rate, burst, level, at } => {
                *level = (*level + (now - *at).as_secs_f64() * *rate).min(*burst);
                *at = now;
                let fits = *level >= cost;
                *level -= if fits { cost } else { 0.0 };
                fits
            }
        }
    }
}

/// A program that always has calls to send, one request after the other.
struct Program {
    bucket: Bucket,
    cost: f64,
    next: Instant,
    flying: Option<Flying>,
    /// The units of each request that passed, and when it left.
    passed: Vec<(Instant, f64)>,
    refused: f64,
    seed: u32,
}

struct Flying {
    sent: Instant,
    passed: f64,
    refused: f64,
}

impl Program {
    fn new(bucket: Bucket, cost: f64, start: Instant) -> Self {
        Program { bucket, cost, next: start, flying: None, passed: Vec::new(), refused: 0.0, seed: 1 }
    }

    fn step(&mut self, server: &mut Server) {
        let now = self.next;
        if let Some(Flying { sent, passed, refused }) = self.flying.take() {
            if passed > 0.0 {
                self.bucket.opened(sent, now);
            }
            self.bucket.passed(passed, refused == 0.0);
            if refused > 0.0 {
                // Like the policy's, so that programs do not stay in step.
                self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let jitter = f64::from(self.seed >> 8) / f64::from(1 << 24);
                let wait = |tries| backoff(tries).mul_f64(0.5 + jitter / 2.0);
                self.bucket.refused(Refusal::Limited, sent, now, None, wait);
            }
            self.passed.push((sent, passed));
            self.refused += refused;
        }
        let calls = match admit(&mut self.bucket, 1, now) {
            Admission::Later(at) => {
                assert!(at > now, "asked again at once");
                self.next = at;
                return;
            }
            Admission::Probe => 1,
            Admission::Open(units) => ((units / self.cost).ceil().min(f64::from(BATCH)) as u32).max(1),
        };
        let units = f64::from(calls) * self.cost;
        self.bucket.sent(units, now);
        let passed = (0..calls).filter(|_| server.takes(self.cost, now)).count() as f64 * self.cost;
        self.flying = Some(Flying { sent: now, passed, refused: units - passed });
        self.next = now + LATENCY;
    }

    /// Units that passed in a time.
    fn passed_in(&self, from: Instant, to: Instant) -> f64 {
        self.passed.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, units)| units).sum()
    }
}

/// Lets programs send to one server, each when it is due.
fn run(programs: &mut [Program], server: &mut Server, until: Instant) {
    while let Some(program) = programs.iter_mut().min_by_key(|program| program.next)
        && program.next < until
    {
        program.step(server);
    }
}

#[track_caller]
fn finds_its_rate(mut server: Server, rate: f64, cost: f64, least: f64, start: Instant) {
    let mut program = Program::new(Bucket::new(None, start), cost, start);
    let (from, to) = (start + 5 * MINUTE, start + 35 * MINUTE);
    run(std::slice::from_mut(&mut program), &mut server, from);
    let refused = program.refused;
    run(std::slice::from_mut(&mut program), &mut server, to);
    let share = program.passed_in(from, to) / (rate * 30.0 * 60.0);
    let refused = program.refused - refused;
    assert!(share > least, "{share} of the rate");
    // One in a hundred, and a few a minute where there are not many hundreds.
    let most = program.passed_in(from, to) / 100.0;
    assert!(refused <= most.max(5.0 * 30.0), "{refused} refused, {most} are one in a hundred");
}

#[test]
fn the_rate_of_a_server_with_windows_is_found() {
    let start = Instant::now();
    finds_its_rate(Server::windows(3000.0, MINUTE, start), 50.0, 1.0, 0.95, start);
    finds_its_rate(Server::windows(60.0, MINUTE, start), 1.0, 1.0, 0.95, start);
    finds_its_rate(Server::windows(500.0, Duration::from_secs(1), start), 500.0, 5.0, 0.85, start);
}

#[test]
fn the_rate_of_a_server_with_tokens_is_found() {
    let start = Instant::now();
    finds_its_rate(Server::tokens(50.0, 50.0, start), 50.0, 1.0, 0.95, start);
    finds_its_rate(Server::tokens(250.0, 2500.0, start), 250.0, 5.0, 0.95, start);
    finds_its_rate(Server::tokens(2.0, 10.0, start), 2.0, 1.0, 0.95, start);
}

/// Two programs on one quota, of which one was there ten minutes before: how much more the faster one has of the hour that
/// begins half an hour later.
fn ratio_after_half_an_hour(mut server: Server, seed: u32, start: Instant) -> f64 {
    let first = Program { seed, ..Program::new(Bucket::new(None, start), 1.0, start) };
    let second = Program::new(Bucket::new(None, start), 1.0, start + 10 * MINUTE);
    let mut programs = [first, Program { seed: seed + 1000, ..second }];
    let from = start + 40 * MINUTE;
    let to = from + 60 * MINUTE;
    run(&mut programs, &mut server, to);
    let [first, second] = programs.each_ref().map(|program| program.passed_in(from, to));
    first.max(second) / first.min(second)
}

#[test]
fn two_programs_with_one_quota_converge() {
    let start = Instant::now();
    for seed in 1..=2 {
        for server in [
            Server::tokens(50.0, 50.0, start),
            Server::tokens(250.0, 2500.0, start),
            Server::windows(3000.0, MINUTE, start),
            Server::windows(500.0, Duration::from_secs(1), start),
        ] {
            let ratio = ratio_after_half_an_hour(server, seed, start);
            assert!(ratio < 1.5, "{ratio}");
        }
    }
}

/// No window has more than the rate gives in it and the burst; a call that costs more than was left is paid for later.
#[test]
fn no_window_has_more_than_the_limit_and_its_burst() {
    let start = Instant::now();
    for (per_second, burst, cost) in
        [(10.0, 10.0, 1.0), (250.0, 7500.0, 5.0), (10.0, 20.0, 7.0), (10.0, 1.0, 1.0), (0.5, 4.0, 1.0)]
    {
        let mut server = Server::tokens(f64::MAX, f64::MAX, start);
        let mut program = Program::new(Bucket::new(limit(per_second, burst), start), cost, start);
        run(std::slice::from_mut(&mut program), &mut server, start + 5 * MINUTE);
        // A pause does not add up to more than a burst.
        program.next = start + 15 * MINUTE;
        program.flying = None;
        run(std::slice::from_mut(&mut program), &mut server, start + 20 * MINUTE);
        let sent = &program.passed;
        for first in 0..sent.len() {
            let mut units = 0.0;
            for (at, more) in &sent[first..] {
                units += more;
                let most = (*at - sent[first].0).as_secs_f64() * per_second + burst.max(1.0) + cost;
                assert!(
                    units <= most + 1e-6,
                    "{units} instead of {most} at {per_second} a second, {burst} at once"
                );
            }
        }
        let share = program.passed_in(start, start + 5 * MINUTE) / (300.0 * per_second + burst);
        assert!(share > 0.95, "{share} of what is allowed");
    }
}

#[test]
fn a_server_that_allows_less_than_the_limit_is_obeyed() {
    let start = Instant::now();
    let mut server = Server::tokens(5.0, 10.0, start);
    let mut program = Program::new(Bucket::new(limit(50.0, 100.0), start), 1.0, start);
    run(std::slice::from_mut(&mut program), &mut server, start + 30 * MINUTE);
    let rate = program.bucket.rate(program.next).expect("a rate");
    assert!((4.0..6.5).contains(&rate), "{rate}");
    // And one that allows more does not lift it.
    server = Server::tokens(500.0, 500.0, program.next);
    run(std::slice::from_mut(&mut program), &mut server, start + 300 * MINUTE);
    assert_eq!(program.bucket.rate(program.next), Some(50.0));
}

#[test]
fn a_closed_bucket_lets_one_probe_through_at_a_time() {
    let start = Instant::now();
    let (mut bucket, until) = closed(Refusal::Limited, start);
    assert_eq!((bucket.closed_until(), bucket.closed_since()), (Some(until), Some(start + LATENCY)));
    assert_eq!(later(&mut bucket, 1, until - seconds(0.1)), until);
    assert_eq!(admit(&mut bucket, 1, until), Admission::Probe);
    // Nobody took the first one, so another scheduler may.
    assert_eq!(admit(&mut bucket, 2, until), Admission::Probe);
    bucket.sent(1.0, until);
    let again = later(&mut bucket, 1, until + seconds(0.1));
    assert!(again <= until + seconds(0.1) + TURN_TIME, "the answer may come any time");
    // A probe that was not sent after all, or is lost, does not keep others from being sent.
    assert_eq!(admit(&mut bucket, 1, until + PROBE_TIME), Admission::Probe);
    bucket.unsent(1.0);
    assert_eq!(admit(&mut bucket, 1, until + seconds(0.2)), Admission::Probe);
}

#[test]
fn refused_probes_go_further_and_further_apart() {
    let start = Instant::now();
    let (mut bucket, mut until) = closed(Refusal::Down, start);
    for tries in 2..8 {
        bucket.sent(1.0, until);
        let now = until + LATENCY;
        refuse(&mut bucket, Refusal::Down, until, now);
        until = now + backoff(tries);
        assert_eq!(bucket.closed_until(), Some(until));
        assert_eq!(later(&mut bucket, 1, now), until);
    }
    assert_eq!(bucket.closed_since(), Some(start + LATENCY), "it has been closed all the time");
}

#[test]
fn a_longer_wait_that_the_server_asks_for_is_kept() {
    let start = Instant::now();
    let mut bucket = Bucket::new(None, start);
    bucket.refused(Refusal::Limited, start, start, Some(seconds(60.0)), backoff);
    assert_eq!(bucket.closed_until(), Some(start + seconds(60.0)));
    // Whoever was sent before learns of it too, and a shorter one takes nothing away.
    bucket.refused(Refusal::Limited, start, start + LATENCY, Some(seconds(90.0)), backoff);
    assert_eq!(bucket.closed_until(), Some(start + LATENCY + seconds(90.0)));
    bucket.refused(Refusal::Limited, start, start + LATENCY, Some(seconds(1.0)), backoff);
    assert_eq!(bucket.closed_until(), Some(start + LATENCY + seconds(90.0)));
}

#[test]
fn a_probe_that_passes_opens_it_and_wakes_who_waits() {
    let start = Instant::now();
    let (mut bucket, until) = closed(Refusal::Limited, start);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    for _ in 0..3 {
        bucket.admit(2, until - LATENCY, &waker);
    }
    assert!(!bucket.opened(start, until), "what was sent before says nothing");
    bucket.sent(1.0, until);
    assert!(bucket.opened(until, until + LATENCY));
    assert_eq!(woken.0.load(Ordering::Relaxed), 1, "once, although it asked three times");
    assert_eq!(bucket.closed_until(), None);
    assert!(!bucket.opened(until, until + LATENCY), "it is open already");
}

#[test]
fn what_was_sent_before_it_opened_does_not_close_it() {
    let start = Instant::now();
    let (mut bucket, until) = closed(Refusal::Limited, start);
    bucket.sent(1.0, until);
    assert!(bucket.opened(until, until + LATENCY));
    refuse(&mut bucket, Refusal::Limited, until - seconds(0.1), until + 2 * LATENCY);
    assert_eq!(bucket.closed_until(), None);
    refuse(&mut bucket, Refusal::Limited, until + LATENCY, until + 2 * LATENCY);
    assert!(bucket.closed_until().is_some());
}

#[test]
fn after_an_outage_requests_grow_from_one_call() {
    let start = Instant::now();
    let (mut bucket, until) = closed(Refusal::Down, start);
    bucket.sent(1.0, until);
    assert!(bucket.opened(until, until + LATENCY));
    assert_eq!(bucket.rate(until + LATENCY), None, "an outage tells no rate");
    let mut now = until + LATENCY;
    for size in [1.0, RAMP, RAMP * RAMP] {
        assert_eq!(open(&mut bucket, 1, now), size);
        bucket.sent(size, now);
        now += LATENCY;
        bucket.passed(size, true);
    }
    bucket.passed(8.0, false);
    assert_eq!(open(&mut bucket, 1, now), RAMP.powi(3), "one of which some were refused does not count");
}

#[test]
fn little_that_passed_tells_no_rate() {
    let start = Instant::now();
    let mut bucket = Bucket::new(None, start);
    bucket.sent(10.0, start);
    bucket.passed(EVIDENCE - 1.0, false);
    refuse(&mut bucket, Refusal::Limited, start, start + LATENCY);
    let until = bucket.closed_until().expect("closed");
    bucket.sent(1.0, until);
    assert!(bucket.opened(until, until + LATENCY));
    assert_eq!(bucket.rate(until + LATENCY), None);
    assert_eq!(open(&mut bucket, 1, until + LATENCY), 1.0, "so it is found out slowly");
}

#[test]
fn those_who_wait_take_turns() {
    let start = Instant::now();
    let mut bucket = Bucket::new(limit(10.0, 5.0), start);
    let mut due = [(1, start, 0.0), (2, start + seconds(0.01), 0.0), (3, start + seconds(0.02), 0.0)];
    let end = start + MINUTE;
    while let Some((scheduler, next, taken)) = due.iter_mut().min_by_key(|(_, next, _)| *next)
        && *next < end
    {
        match admit(&mut bucket, *scheduler, *next) {
            Admission::Open(units) => {
                bucket.sent(units, *next);
                *taken += units;
                // The first one is always there again at once.
                *next += if *scheduler == 1 { Duration::from_millis(1) } else { Duration::from_millis(30) };
            }
            Admission::Later(at) => *next = at,
            Admission::Probe => panic!("it is open"),
        }
    }
    let taken = due.map(|(_, _, taken)| taken);
    assert!(taken.iter().sum::<f64>() > 590.0, "{taken:?}");
    assert!(taken.iter().all(|units| (190.0..215.0).contains(units)), "{taken:?}");
}

#[test]
fn who_does_not_come_back_loses_its_turn() {
    let start = Instant::now();
    let mut bucket = Bucket::new(limit(10.0, 5.0), start);
    assert_eq!(open(&mut bucket, 1, start), 5.0);
    bucket.sent(5.0, start);
    let first = later(&mut bucket, 2, start);
    let second = later(&mut bucket, 3, start);
    assert!(first < second);
    assert!(matches!(admit(&mut bucket, 3, second), Admission::Later(_)), "it is not its turn yet");
    let now = second.max(first + TURN_TIME);
    assert!(open(&mut bucket, 3, now) >= 5.0);
}

#[test]
fn a_call_that_costs_more_than_was_left_is_paid_for() {
    let start = Instant::now();
    let mut bucket = Bucket::new(limit(10.0, 10.0), start);
    assert_eq!(open(&mut bucket, 1, start), 10.0);
    bucket.sent(100.0, start);
    let at = later(&mut bucket, 1, start);
    assert_eq!(at, start + seconds(9.5), "90 units of debt, and what a request takes");
    assert!(matches!(admit(&mut bucket, 1, at - seconds(0.1)), Admission::Later(_)));
    assert_eq!(open(&mut bucket, 1, at), 5.0);
}

#[test]
fn units_that_did_not_leave_may_go_again() {
    let start = Instant::now();
    let mut bucket = Bucket::new(limit(10.0, 10.0), start);
    bucket.sent(10.0, start);
    bucket.unsent(10.0);
    assert_eq!(open(&mut bucket, 1, start), 10.0);
}

#[test]
fn a_bucket_is_idle_when_nothing_is_known_of_it() {
    let start = Instant::now();
    let idle = start + Duration::from_secs(601);
    assert!(!Bucket::new(None, start).is_idle(start + Duration::from_secs(599)));
    assert!(Bucket::new(None, start).is_idle(idle));
    assert!(!closed(Refusal::Down, start).0.is_idle(idle), "the server may still be down");
    // At a unit in two seconds, 600 seconds pay 300.
    let mut bucket = Bucket::new(limit(0.5, 1.0), start);
    bucket.sent(1000.0, start);
    assert!(!bucket.is_idle(idle), "it owes units");
    assert!(bucket.is_idle(start + Duration::from_secs(2100)));
}
