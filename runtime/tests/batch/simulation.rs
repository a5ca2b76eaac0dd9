//! Whole jobs in virtual time, against servers with quotas, outages, limits, slow parts and lost answers.
//!
//! Each job must end with no call failed, close to the time that is ideal for its server. `any_server` draws servers from
//! seeds; thousands of them run by
//! `cargo test --release -p gapis-runtime --all-features --test batch simulation -- --ignored`.

#![allow(clippy::print_stderr)] // The distance from the ideal time is what these runs are for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use gapis_runtime::{Builder, Error, Governor, Rate, Run};
use tokio::time::Instant;

use gapis_testkit::zoo::*;

/// How a server counts calls.
#[derive(Clone, Copy, Debug)]
enum Quota {
    /// So many in each window of so many seconds, beginning with the first.
    Window(u32, f64),
    /// So many a second, and so many at once.
    Tokens(f64, f64),
}

/// What a server does beside answering.
#[derive(Clone, Debug)]
struct Server {
    quota: Option<Quota>,
    /// From when to when it is down, in seconds.
    outage: Option<(f64, f64)>,
    /// Down means that connections are refused, and not 503.
    refuses: bool,
    latency: Duration,
    /// The share of calls that are answered 503, 500 or nothing the first time they come.
    ill: f64,
    /// The share of calls that are limited by themselves the first time.
    limited: f64,
    /// The share of requests whose answer breaks off, when the calls were executed.
    lost: f64,
}

impl Server {
    fn new() -> Self {
        Server {
            quota: None,
            outage: None,
            refuses: false,
            latency: millis(200),
            ill: 0.0,
            limited: 0.0,
            lost: 0.0,
        }
    }

    /// How long so many calls take at least.
    fn ideal(&self, calls: usize) -> f64 {
        let calls = calls as f64;
        match self.quota {
            None => 0.0,
            Some(Quota::Window(most, seconds)) => ((calls / f64::from(most)).ceil() - 1.0) * seconds,
            Some(Quota::Tokens(rate, burst)) => (calls - burst).max(0.0) / rate,
        }
    }
}

/// What happened at a server.
#[derive(Default)]
struct Seen {
    /// How often each call was executed.
    executed: HashMap<String, usize>,
    refused: usize,
    /// Requests that came while it was down.
    in_outage: usize,
    /// When each call was executed last, in milliseconds.
    at: HashMap<String, u128>,
}

/// Counts calls against a quota.
struct Meter {
    quota: Option<Quota>,
    window: u64,
    used: f64,
    level: f64,
    at: f64,
}

impl Meter {
    fn admits(&mut self, now: f64) -> bool {
        match self.quota {
            None => true,
            Some(Quota::Window(most, seconds)) => {
                let window = (now / seconds) as u64;
                if window != self.window {
                    (self.window, self.used) = (window, 0.0);
                }
                self.used += 1.0;
                self.used <= f64::from(most)
            }
            Some(Quota::Tokens(rate, burst)) => {
                self.level = (self.level + (now - self.at) * rate).min(burst);
                self.at = now;
                let admits = self.level >= 1.0;
                self.level -= f64::from(u8::from(admits));
                admits
            }
        }
    }
}

/// The peer of that server.
fn peer(server: Server, seed: u64) -> (Peer, Arc<Mutex<Seen>>) {
    let seen = Arc::<Mutex<Seen>>::default();
    let (noted, start) = (Arc::clone(&seen), Instant::now());
    let mut rng = fastrand::Rng::with_seed(seed);
    let level = if let Some(Quota::Tokens(_, burst)) = server.quota { burst } else { 0.0 };
    let mut meter = Meter { quota: server.quota, window: 0, used: 0.0, level, at: 0.0 };
    let mut met = std::collections::HashSet::new();
    let peer = Peer::new(move |sent| {
        let now = start.elapsed().as_secs_f64();
        let mut seen = noted.lock().unwrap();
        if server.outage.is_some_and(|(from, to)| (from..to).contains(&now)) {
            seen.in_outage += 1;
            return match server.refuses {
                true => Answer::error(Error::connect("refused", "x")),
                false => Answer::json(503, "").after(server.latency),
            };
        }
        let answer = sent.answer(|part| {
            let id = part.animal();
            if !meter.admits(now) {
                seen.refused += 1;
                return Some(failed(429, "rateLimitExceeded"));
            }
            let (ill, limited) = (rng.f64() < server.ill, rng.f64() < server.limited);
            if (ill || limited) && met.insert(id.clone()) {
                return match (limited, part.line.starts_with("GET"), rng.u32(..3)) {
                    (true, ..) => Some(failed(429, "userRateLimitExceeded")),
                    (_, true, 0) => Some(failed(500, "backendError")),
                    (_, true, 1) => None,
                    _ => Some(failed(503, "backendError")),
                };
            }
            *seen.executed.entry(id.clone()).or_default() += 1;
            seen.at.insert(id.clone(), start.elapsed().as_millis());
            Some(animal(&id))
        });
        let answer = answer.after(server.latency);
        let at = answer.bytes().len().min(200);
        if rng.f64() < server.lost { answer.cut(at, Some(Piece::Break)) } else { answer }
    });
    (peer, seen)
}

fn builder(peer: &Peer) -> Builder<Zoo> {
    peer.builder().timeout(Some(secs(60)))
}

/// What came of a job.
struct Outcome {
    seconds: f64,
    failed: usize,
    unknown: usize,
    requests: usize,
    seen: Arc<Mutex<Seen>>,
}

/// A run of GETs, or of POSTs, against a server.
async fn job(server: &Server, calls: usize, reads: bool, seed: u64) -> Outcome {
    fastrand::seed(seed);
    let (peer, seen) = peer(server.clone(), seed);
    let zoo = builder(&peer).build().unwrap();
    let start = Instant::now();
    let ids = (0..calls).map(|at| at.to_string());
    let mut run: Run<'_, Zoo, Animal> = match reads {
        true => zoo.run(ids.map(|id| zoo.get(&id))),
        false => zoo.run(ids.map(|id| zoo.insert(&id))),
    };
    let (mut failed, mut answered) = (0, 0);
    while let Some(reply) = run.next().await {
        answered += 1;
        failed += usize::from(reply.result.is_err());
    }
    assert_eq!(answered, calls, "each call ends once");
    let report = run.finish();
    let seconds = start.elapsed().as_secs_f64();
    Outcome { seconds, failed, unknown: report.unknown.len(), requests: report.requests, seen }
}

#[tokio::test(start_paused = true)]
async fn a_few_ill_parts_in_many_batches_cost_no_call() {
    let server = Server { ill: 0.005, ..Server::new() };
    let job = job(&server, 30_000, true, 1).await;
    assert_eq!(job.failed, 0);
    assert!(job.requests <= 330, "{} requests", job.requests);
}

#[tokio::test(start_paused = true)]
async fn a_quota_is_used_and_no_call_fails() {
    for (quota, calls) in [
        (Quota::Window(3000, 60.0), 20_000),
        (Quota::Tokens(50.0, 50.0), 10_000),
        (Quota::Tokens(50.0, 1000.0), 10_000),
        (Quota::Window(100, 1.0), 10_000),
        (Quota::Window(50, 100.0), 1_000),
    ] {
        let server = Server { quota: Some(quota), ..Server::new() };
        let job = job(&server, calls, false, 2).await;
        let (ideal, refused) = (server.ideal(calls), job.seen.lock().unwrap().refused);
        eprintln!("{quota:?}: {:.0} s, ideal {ideal:.0} s, {refused} refused of {calls}", job.seconds);
        assert_eq!((job.failed, job.unknown), (0, 0), "{quota:?}");
        assert!(job.seen.lock().unwrap().executed.values().all(|times| *times == 1));
        assert!(job.seconds <= ideal * 1.15 + 20.0, "{quota:?}: {:.0} s, ideal {ideal:.0} s", job.seconds);
        assert!(refused <= calls / 20 + 600, "{quota:?}: {refused} refused");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_waited_out() {
    for refuses in [false, true] {
        let server = Server { outage: Some((3.0, 33.0)), refuses, ..Server::new() };
        let job = job(&server, 20_000, false, 3).await;
        let in_outage = job.seen.lock().unwrap().in_outage;
        eprintln!("outage, refused {refuses}: {:.0} s, {in_outage} requests into it", job.seconds);
        assert_eq!(job.failed, 0, "refuses: {refuses}");
        assert!(in_outage <= 60, "{in_outage} requests went into it");
        assert!(job.seconds <= 33.0 + 25.0, "{}", job.seconds);
    }
}

/// A configured rate is kept from the start.
#[tokio::test(start_paused = true)]
async fn a_configured_rate_meets_few_refusals() {
    let server = Server { quota: Some(Quota::Window(3000, 60.0)), ..Server::new() };
    let (peer, seen) = peer(server.clone(), 4);
    let governor = Governor::new().with_user_rate("zoo", Rate::per_minute(3000.0));
    let zoo = builder(&peer).governor(governor).build().unwrap();
    let start = Instant::now();
    let mut run = zoo.run((0..20_000).map(|at| zoo.get(&at.to_string())));
    run.drain().await;
    assert_eq!(run.finish().failed, 0);
    let (seconds, refused) = (start.elapsed().as_secs_f64(), seen.lock().unwrap().refused);
    assert!(seconds <= 400.0 * 1.05 && refused <= 200, "{seconds} s, {refused} refused");
}

/// One call of a hundred is limited by itself: the others do not wait for it.
#[tokio::test(start_paused = true)]
async fn a_few_limited_calls_do_not_slow_the_others() {
    let mut medians = Vec::new();
    for limited in [0.0, 0.01] {
        let server = Server { limited, ..Server::new() };
        let (peer, _) = peer(server, 5);
        let zoo = builder(&peer).build().unwrap();
        let (batcher, driver) = zoo.batcher();
        tokio::spawn(driver);
        let calls = (0..5000).map(|at| {
            let (batcher, call) = (batcher.clone(), zoo.get(&at.to_string()));
            async move {
                tokio::time::sleep(millis(2 * at)).await;
                let start = Instant::now();
                assert!(batcher.send(call).await.is_ok());
                start.elapsed()
            }
        });
        let mut times = join_all(calls).await;
        times.sort();
        medians.push(times[times.len() / 2]);
    }
    assert!(medians[1] <= medians[0].mul_f64(1.2), "{medians:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dispatcher_under_a_quota_answers_every_task() {
    let server = Server { quota: Some(Quota::Tokens(50.0, 50.0)), ..Server::new() };
    let (peer, _) = peer(server, 6);
    let zoo = builder(&peer).build().unwrap();
    let (batcher, driver) = zoo.batcher();
    tokio::spawn(driver);
    let results = join_all((0..5000).map(|at| batcher.send(zoo.insert(&at.to_string())))).await;
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 0);
}

/// Two processes know of each other only what the server refuses.
#[tokio::test(start_paused = true)]
async fn two_processes_on_one_quota_share_it() {
    fastrand::seed(7);
    let server = Server { quota: Some(Quota::Tokens(100.0, 100.0)), ..Server::new() };
    let (peer, _) = peer(server, 7);
    let done = Mutex::new(Vec::new());
    let process = |name: usize, calls: usize| {
        let (zoo, done) = (builder(&peer).build().unwrap(), &done);
        async move {
            // The second one comes when the first has all of the quota.
            tokio::time::sleep(secs(60) * u32::try_from(name).unwrap()).await;
            let mut run = zoo.run((0..calls).map(|at| zoo.get(&format!("{name}-{at}"))));
            while let Some(reply) = run.next().await {
                assert!(reply.result.is_ok());
                done.lock().unwrap().push((name, Instant::now()));
            }
        }
    };
    let start = Instant::now();
    tokio::join!(process(0, 40_000), process(1, 20_000));
    // While both were at it, after some time to find each other.
    let share = |name: usize| {
        let both = start + secs(300)..start + secs(500);
        done.lock().unwrap().iter().filter(|(of, at)| *of == name && both.contains(at)).count() as f64
    };
    let (first, second) = (share(0), share(1));
    eprintln!("{first} calls of the first, {second} of the second");
    // The one that was first keeps more for some time: each takes a tenth less after a refusal, and both grow alike.
    assert!(first / second < 8.0 && second / first < 8.0, "{first} and {second}");
    // Ideal are 600 seconds.
    assert!(start.elapsed() <= secs(800), "{:?}", start.elapsed());
}

/// A server that refuses some requests whatever their rate, as one behind a sick front does, is not taken for one with a low
/// quota.
#[tokio::test(start_paused = true)]
async fn refusals_at_random_are_no_quota() {
    fastrand::seed(9);
    let mut rng = fastrand::Rng::with_seed(9);
    let peer = Peer::new(move |sent| match rng.u32(..20) {
        0 => Answer::json(429, "").after(millis(50)),
        1 => Answer::json(503, "").after(millis(50)),
        _ => sent
            .answer(|part| {
                Some(if rng.u32(..50) == 0 {
                    failed(429, "rateLimitExceeded")
                } else {
                    animal(&part.animal())
                })
            })
            .after(millis(50)),
    });
    let zoo = builder(&peer).build().unwrap();
    let start = Instant::now();
    let mut run = zoo.run((0..20_000).map(|at| zoo.insert(&at.to_string())));
    run.drain().await;
    let report = run.finish();
    assert_eq!((report.failed, report.calls), (0, 20_000));
    // 39,509 seconds and 20,843 requests when each such refusal was learned from.
    assert!(start.elapsed() <= secs(400), "{:?}", start.elapsed());
    assert!(report.requests <= 1000, "{} requests", report.requests);
}

/// A small batch beside a flood with the same quota is done soon.
#[tokio::test(start_paused = true)]
async fn a_small_task_does_not_wait_out_a_flood() {
    let server = Server { quota: Some(Quota::Tokens(100.0, 100.0)), ..Server::new() };
    let (peer, _) = peer(server, 8);
    let zoo = builder(&peer).build().unwrap();
    let flood = async {
        let mut run = zoo.run((0..30_000).map(|at| zoo.get(&at.to_string())));
        run.drain().await;
        run.finish()
    };
    let small = async {
        tokio::time::sleep(secs(100)).await;
        let start = Instant::now();
        let mut batch = zoo.batch();
        batch.queue_all((0..20).map(|at| zoo.get(&format!("small {at}"))), |_| ()).unwrap();
        let report = batch.execute().await;
        (report.failures(), start.elapsed())
    };
    let (flood, (failures, took)) = tokio::join!(flood, small);
    assert_eq!((flood.failed, failures), (0, 0));
    assert!(took <= secs(5), "{took:?}");
}

/// A user whose quota is used up does not hold others.
#[tokio::test(start_paused = true)]
async fn a_user_who_is_limited_holds_nobody_else() {
    let start = Instant::now();
    let peer = Peer::new(move |sent| {
        let early = start.elapsed() < secs(60);
        let limited = |part: &Part| early && part.animal().starts_with("slow");
        sent.answer(|part| {
            Some(if limited(part) { failed(429, "userRateLimitExceeded") } else { animal(&part.animal()) })
        })
        .after(millis(100))
    });
    let zoo = builder(&peer).build().unwrap();
    let other = Zoo(zoo.client().with_credentials(gapis_runtime::BearerToken::new("other")));
    let calls = (0..4000).map(|at| match at % 2 {
        0 => other.get(&format!("slow {at}")).with_id(at),
        _ => zoo.get(&format!("fast {at}")).with_id(at),
    });
    let mut run = zoo.run(calls);
    let mut fast = Vec::new();
    while let Some(reply) = run.next().await {
        if reply.result.unwrap().id().starts_with("fast") {
            fast.push(start.elapsed());
        }
    }
    assert_eq!(fast.len(), 2000);
    let last = fast.last().unwrap();
    assert!(*last < secs(20), "the last of the others came after {last:?}");
}

/// Draws a server and a job from a seed.
async fn any_server(seed: u64) -> Result<(), String> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let quota = match rng.u32(..4) {
        0 => None,
        1 => Some(Quota::Window(rng.u32(50..5000), rng.f64().mul_add(59.0, 1.0))),
        _ => Some(Quota::Tokens(rng.f64().mul_add(490.0, 10.0), f64::from(rng.u32(10..1000)))),
    };
    let from = rng.f64() * 20.0;
    let some = |rng: &mut fastrand::Rng, most: f64| if rng.bool() { 0.0 } else { rng.f64() * most };
    let server = Server {
        quota,
        outage: rng.bool().then(|| (from, from + rng.f64() * 60.0)),
        refuses: rng.bool(),
        latency: millis(rng.u64(10..2000)),
        ill: some(&mut rng, 0.02),
        limited: some(&mut rng, 0.02),
        lost: some(&mut rng, 0.01),
    };
    let (calls, reads) = (rng.usize(100..3000), rng.bool());
    let job = job(&server, calls, reads, seed).await;
    let seen = job.seen.lock().unwrap();
    let twice = seen.executed.values().filter(|times| **times > 1).count();
    // The end of an outage is seen by a probe, of which there is one in ten seconds, and then requests grow from one call.
    let outage = server.outage.map_or(0.0, |(from, to)| to - from + 20.0);
    // Two requests at once, of which no more calls pass than the server allows at once.
    let at_once = if let Some(Quota::Tokens(_, burst)) = server.quota { burst.min(100.0) } else { 100.0 };
    let slowest = server.latency.as_secs_f64() * (calls as f64 / (2.0 * at_once) + 10.0);
    // Learning a rate takes its time.
    let bound = server.ideal(calls) * 1.5 + outage + slowest + 200.0;
    let wrong = match () {
        () if !reads && twice > 0 => "a POST was executed twice",
        () if job.failed > job.unknown => "calls failed",
        () if reads && job.failed > 0 => "reads failed",
        () if job.seconds > bound => "it took too long",
        () => return Ok(()),
    };
    Err(format!(
        "seed {seed}: {wrong}: {} of {calls} failed, {} unknown, {twice} twice, {:.0} s (ideal {:.0}), {server:?}",
        job.failed,
        job.unknown,
        job.seconds,
        server.ideal(calls),
    ))
}

#[tokio::test(start_paused = true)]
async fn servers_of_any_kind() {
    for seed in 0..12 {
        any_server(seed).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "thousands of jobs: minutes in release"]
async fn servers_of_any_kind_by_the_thousand() {
    let mut wrong = Vec::new();
    for seed in 0..3000 {
        wrong.extend(any_server(seed).await.err());
    }
    assert!(wrong.is_empty(), "{} of 3000: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

/// The jobs that the engine with rounds failed, at full size, and how far each is from the ideal time.
#[tokio::test(start_paused = true)]
#[ignore = "half a million calls: minutes in release"]
async fn jobs_at_full_size() {
    let ill = job(&Server { ill: 0.005, ..Server::new() }, 300_000, true, 1).await;
    eprintln!("0.5 % ill parts: {} of 300,000 failed, {} requests", ill.failed, ill.requests);
    let server = Server { quota: Some(Quota::Window(3000, 60.0)), ..Server::new() };
    let paced = job(&server, 100_000, false, 2).await;
    let (ideal, refused) = (server.ideal(100_000), paced.seen.lock().unwrap().refused);
    eprintln!("3,000 a minute: {:.3} of the ideal time, {refused} refused", paced.seconds / ideal);
    let server = Server { outage: Some((5.0, 35.0)), ..Server::new() };
    let outage = job(&server, 100_000, true, 3).await;
    eprintln!(
        "30 s of outage: {} failed, {} requests into it",
        outage.failed,
        outage.seen.lock().unwrap().in_outage
    );
    assert_eq!((ill.failed, paced.failed, outage.failed), (0, 0, 0));
    assert!(paced.seconds <= ideal * 1.05 && refused <= 1000, "{} s of {ideal}, {refused}", paced.seconds);
}
