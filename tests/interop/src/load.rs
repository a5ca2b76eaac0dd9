//! Many calls in one batch against a server that spoils a share of them in every way: each callback runs exactly once,
//! each value is its own call's, nothing is executed twice that must not be, and memory stays flat.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gapis_farm_v2::schemas::Animal;
use gapis_farm_v2::{AuthHeaders, Batch, BoxFuture, Credentials, Error, Farm, Reply, Result, RetryPolicy};

use crate::check::{Checked, ensure, memory, passed};
use crate::load_server::Server;

/// Credentials that are renewed whenever the server rejects them.
#[derive(Default)]
struct Renewed(AtomicU64);

impl Credentials for Renewed {
    fn headers<'a>(
        &'a self,
        _scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            let current = AuthHeaders::bearer(&self.0.load(Ordering::Relaxed).to_string())?;
            if rejected != Some(&current) {
                return Ok(current);
            }
            AuthHeaders::bearer(&(self.0.fetch_add(1, Ordering::Relaxed) + 1).to_string())
        })
    }
}

pub(crate) fn farm(server: &Server) -> Checked<Farm> {
    let policy = RetryPolicy::default()
        .with_backoff(Duration::from_millis(1), Duration::from_millis(20))
        .with_max_attempts(10);
    // Without ids of requests, by which the server would know an insert again: none may be sent twice.
    Ok(Farm::builder()
        .request_ids(false)
        .credentials(Renewed::default())
        .endpoint(&server.uri)
        .retry(policy)
        .retry_budget(u32::MAX)
        .build()?)
}

/// How the calls ended, by kind of end.
type Ends = Mutex<BTreeMap<String, usize>>;

/// What a failed call says in a word or two.
pub(crate) fn kind(error: &Error) -> String {
    match error.status().map(u16::from) {
        Some(status) => format!("status {status}"),
        None if error.is_unknown_outcome() => "outcome unknown".to_owned(),
        None if error.is_decode() => "undecodable".to_owned(),
        None if error.is_protocol() => "unreadable".to_owned(),
        None if error.is_connection() => "connection broke".to_owned(),
        None => format!("{error:?}"),
    }
}

/// What the callbacks saw.
struct Seen {
    times: Vec<AtomicU8>,
    ends: Ends,
}

impl Seen {
    fn note<T>(&self, reply: Reply<T>, fits: impl FnOnce(&T) -> bool) {
        if let Some(times) = self.times.get(reply.index) {
            times.fetch_add(1, Ordering::Relaxed);
        }
        let end = match &reply.result {
            Ok(value) if fits(value) => "value".to_owned(),
            Ok(_) => "ANOTHER CALL'S VALUE".to_owned(),
            Err(error) => kind(error),
        };
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner).entry(end).or_default() += 1;
    }
}

/// Half reads, a quarter each of inserts, which may not be repeated, and of deletes, which have no value.
fn queue(farm: &Farm, batch: &mut Batch<'_, Farm>, at: usize, seen: Arc<Seen>) -> Result<()> {
    let id = at as i64;
    match at % 4 {
        0 => {
            let animal = Animal { name: Some(at.to_string()), ..Default::default() };
            let call = farm.animals().insert(animal);
            call.queue(batch, move |reply| {
                seen.note(reply, |made| made.name.as_deref() == Some(&at.to_string()));
            })
        }
        1 => farm.animals().delete(id).queue(batch, move |reply| seen.note(reply, |()| true)),
        _ => farm.animals().get(id).queue(batch, move |reply| seen.note(reply, |read| read.id == Some(id))),
    }
}

pub(crate) async fn run(calls: usize, share: f64) -> Checked {
    let server = Server::start(share)?;
    let farm = farm(&server)?;
    let times = (0..calls).map(|_| AtomicU8::new(0)).collect();
    let seen = Arc::new(Seen { times, ends: Mutex::default() });
    let mut batch = farm.batch();
    for at in 0..calls {
        queue(&farm, &mut batch, at, Arc::clone(&seen))?;
    }
    let queued = memory("VmHWM");
    let start = Instant::now();
    let report = batch.execute().await;
    let elapsed = start.elapsed();
    let peak = memory("VmHWM");
    let (handled, twice) = server.end()?;

    println!(
        "      {calls} calls, {share} spoilt: {} requests, {} calls sent again, {handled} handled by the server, {elapsed:.2?}",
        report.requests(),
        report.retries()
    );
    println!("      peak memory: {queued} KiB when all were queued, {peak} KiB at the end");
    let ends = seen.ends.lock().unwrap_or_else(PoisonError::into_inner);
    println!("      ends: {ends:?}");
    let once = seen.times.iter().filter(|times| times.load(Ordering::Relaxed) == 1).count();
    ensure!(once == calls, "{once} of {calls} callbacks ran exactly once");
    ensure!(!ends.contains_key("ANOTHER CALL'S VALUE"), "a call got the value of another");
    ensure!(twice == 0, "{twice} inserts were executed more than once");
    let values = ends.get("value").copied().unwrap_or(0);
    ensure!(report.failures() == calls - values, "{report:?} counts otherwise than the callbacks");
    // How many are spoilt hangs on which requests meet which fault, and is bounded with room to spare.
    ensure!(values * 2 > calls, "only {values} values");
    // Answers are decoded as they arrive: beside the queue itself there is only what is in flight.
    let grown = peak.saturating_sub(queued);
    ensure!(grown < 48 * 1024, "memory grew by {grown} KiB while the batch was executed");
    passed(format!("{calls} callbacks ran once each; memory grew by {grown} KiB during execution"));
    Ok(())
}
