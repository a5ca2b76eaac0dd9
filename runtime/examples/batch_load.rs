//! 100,000 calls in one batch against the mock server, with five calls in a hundred spoilt in every way: each callback
//! runs once. Prints how the calls ended, the time and the peak memory of client and server together.
//!
//! `cargo run --release -p gapis-runtime --features mock --example batch_load [CALLS] [SHARE]`

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gapis_runtime::mock::{Fault, MockError, MockServer};
use gapis_runtime::{Client, Json, RetryPolicy};

/// The service.
#[derive(Clone, Debug)]
pub struct Zoo(Client);
gapis_runtime::api! { Zoo { name: "zoo", version: "v1", root_url: "https://zoo.test/", service_path: "zoo/v1/", batch_path: "batch/zoo/v1" } }

/// The one method.
pub enum Get {}
gapis_runtime::method! { Get: Zoo => Json; "zoo.animals.get" GET "animals/{id}" }

fn faults(mock: &MockServer, share: f64) {
    let kinds = [
        Fault::drop_part(),
        Fault::duplicate_part(),
        Fault::garble_json(),
        Fault::garble_status_line(),
        Fault::wrong_content_length(7),
        Fault::error(MockError::too_many_requests(None)),
        Fault::error(MockError::unavailable(None)),
        Fault::error(MockError::inner_batch_soft_limit()),
        Fault::error(MockError::new(500, "backendError", "Backend Error")),
        Fault::error(MockError::not_found("it")),
    ];
    let each = share / kinds.len() as f64;
    for (seed, kind) in (1..).zip(kinds) {
        mock.fault(kind.share(seed, each));
    }
    let responses = [
        Fault::cut(20_000),
        Fault::end_at(30_000),
        Fault::close(),
        Fault::gzip(),
        Fault::reverse(),
        Fault::respond(MockError::unavailable(None)),
        Fault::respond(MockError::too_many_requests(None)),
    ];
    for (seed, kind) in (100..).zip(responses) {
        mock.fault(kind.share(seed, share));
    }
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim).to_owned()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let calls: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let share: f64 = arguments.next().map_or(Ok(0.05), |text| text.parse())?;
    let mock = MockServer::start()?;
    mock.keep(0, 0).on::<Get>(|call| Ok(serde_json::json!({ "id": call.var("id")? })));
    faults(&mock, share);
    let policy = RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(20));
    let zoo = Zoo::builder()
        .anonymous()
        .endpoint(&mock.uri())
        .retry(policy.with_max_attempts(10))
        .retry_budget(1_000_000)
        .build()?;

    let seen: Arc<Vec<AtomicU8>> = Arc::new((0..calls).map(|_| AtomicU8::new(0)).collect());
    let ends: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let mut batch = zoo.batch();
    for at in 0..calls {
        let (seen, ends) = (seen.clone(), ends.clone());
        let id = at.to_string();
        Call::<Get>::new(&zoo.0, &[&id.as_str()], None).queue(&mut batch, move |reply| {
            seen[at].fetch_add(1, Ordering::Relaxed);
            let end = match reply.result {
                Ok(json) if json["id"].as_str() == Some(&*at.to_string()) => "ok".to_owned(),
                Ok(_) => "another call's value".to_owned(),
                Err(error) if error.status().is_some() => {
                    format!("status {}", error.status().unwrap_or_default())
                }
                Err(error) => format!("{error:?}").split(',').next().unwrap_or_default().to_owned(),
            };
            *ends.lock().unwrap_or_else(|lock| lock.into_inner()).entry(end).or_default() += 1;
        })?;
    }
    let queued = memory();
    let start = Instant::now();
    let report = batch.execute().await;
    let elapsed = start.elapsed();
    let once = seen.iter().filter(|times| times.load(Ordering::Relaxed) == 1).count();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "calls {calls}, callbacks that ran once {once}, HTTP requests {}, retries {}",
        report.requests(),
        report.retries()
    )?;
    writeln!(out, "ends {:?}", ends.lock().unwrap_or_else(|lock| lock.into_inner()))?;
    writeln!(out, "calls handled by the server {}, time {elapsed:.2?}", mock.call_count())?;
    writeln!(out, "peak memory when queued {queued}, at the end {}", memory())?;
    if once == calls { Ok(()) } else { Err("a callback did not run exactly once".into()) }
}
