//! Counts the allocations of a batch.
//!
//! `cargo bench -p gapis-runtime --bench allocations`. Fails if reading a batch allocates more
//! than five times a call beyond the decoded value.

// The counting allocator is this program's only; the other benchmarks run with the usual one and use more of these.
#[allow(dead_code)]
#[path = "batch/ours.rs"]
mod ours;
#[allow(dead_code)]
#[path = "batch/table.rs"]
mod table;
#[allow(dead_code)]
#[path = "batch/zoo.rs"]
mod zoo;

use std::alloc::System;
use std::hint::black_box;
use std::io::{Error, Result, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use table::Table;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The maximum number of allocations for reading a call, in addition to those of the value.
const TARGET: f64 = 5.0;

/// The count after the request was written.
static WRITTEN: AtomicUsize = AtomicUsize::new(0);

/// Growing an allocation counts too, because it may move.
fn count() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

fn main() -> Result<()> {
    let mut table =
        Table::new(&["calls", "build", "write", "read and decode", "value", "beyond", "target", "met"]);
    let mut met = true;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    for calls in [10, 100, 1000] {
        let ids: Vec<String> = (0..calls).map(zoo::id).collect();
        let zoo = ours::zoo(&Arc::new(zoo::Prepared::new(calls, zoo::Answer::Dozen)), || {
            WRITTEN.store(count(), Ordering::Relaxed)
        });
        // A first run, so that one-time allocations are not counted.
        runtime.block_on(ours::whole(&zoo, &ids));
        let seen = AtomicUsize::new(0);
        let start = count();
        let batch = ours::build(&zoo, &ids, &seen);
        let built = count();
        let report = runtime.block_on(batch.execute());
        let done = count();
        drop(report);
        let written = WRITTEN.load(Ordering::Relaxed);
        let json = zoo::Answer::Dozen.json(1);
        let before = count();
        drop(black_box(ours::decode(json.as_bytes())));
        let value = (count() - before) as f64;
        let per_call = |from: usize, to: usize| (to - from) as f64 / calls as f64;
        let read = per_call(written, done);
        let beyond = read - value;
        met &= beyond <= TARGET;
        let cell = |value: f64| format!("{value:.2}");
        table.row(vec![
            calls.to_string(),
            cell(per_call(start, built)),
            cell(per_call(built, written)),
            cell(read),
            cell(value),
            cell(beyond),
            format!("≤ {TARGET}"),
            if beyond <= TARGET { "yes" } else { "no" }.to_owned(),
        ]);
    }
    writeln!(stdout(), "Allocations of a batch, per call:\n\n{table}")?;
    if met { Ok(()) } else { Err(Error::other("reading allocates more than it may")) }
}
