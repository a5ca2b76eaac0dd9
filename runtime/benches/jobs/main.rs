//! The cost of whole jobs: CPU per call and peak memory, from a hundred to ten million calls, and what barriers and keys
//! add.
//!
//! `cargo bench -p gapis-runtime --bench jobs [-- --quick]`. Each row is a process of its own, whose transport responds from
//! memory. The CPU time and the peak memory are those that the kernel counts (`/proc/self`), so it runs on Linux only.

#![allow(clippy::print_stdout)]

#[path = "../batch/ours.rs"]
#[allow(dead_code)]
mod ours;
#[path = "../batch/table.rs"]
#[allow(dead_code)]
mod table;
#[path = "../batch/zoo.rs"]
#[allow(dead_code)]
mod zoo;

use std::io::{Error, Result};
use std::process::Command;
use std::sync::Arc;

use table::Table;
use zoo::{Answer, Prepared};

/// Calls in one HTTP request.
const SIZE: usize = 100;

/// How often each job is done, in turns. The lowest CPU time counts, because other programs only add to it.
const ROUNDS: usize = 5;

/// Longer jobs are done once, and not at all with `--quick`.
const LONG: usize = 1_000_000;

/// What is measured. The first one is what the others are compared with.
const KINDS: [(&str, &[usize]); 5] = [
    ("batch", &[SIZE, 10, 10_000, 500_000]),
    ("run", &[10, 100, 10_000, 1_000_000, 10_000_000]),
    ("barriers", &[500_000]),
    ("keys", &[1_000_000]),
    ("spread keys", &[1_000_000]),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, kind, count, ..] = arguments.as_slice()
        && word == "single"
    {
        return single(kind, count.parse().map_err(Error::other)?);
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let jobs: Vec<(&str, usize)> = KINDS
        .iter()
        .flat_map(|(kind, counts)| counts.iter().map(|count| (*kind, *count)))
        .filter(|(_, count)| !quick || *count <= LONG)
        .collect();
    let mut costs = vec![(f64::INFINITY, 0.0_f64); jobs.len()];
    for round in 0..if quick { 1 } else { ROUNDS } {
        for ((kind, count), (cpu, peak)) in jobs.iter().zip(&mut costs) {
            if round == 0 || *count <= LONG {
                let (next_cpu, next_peak) = measured(kind, *count)?;
                (*cpu, *peak) = (cpu.min(next_cpu), peak.max(next_peak));
            }
        }
    }
    let mut table = Table::new(&["job", "calls", "CPU µs per call", "/ one full request", "peak MB"]);
    let one_request = costs.first().map_or(f64::NAN, |(cpu, _)| *cpu);
    for ((kind, count), (cpu, peak)) in jobs.iter().zip(&costs) {
        let ratio = cpu / one_request;
        let cells = [format!("{cpu:.2}"), format!("{ratio:.2}"), format!("{peak:.1}")];
        table.row([vec![(*kind).to_owned(), count.to_string()], cells.to_vec()].concat());
    }
    println!("Jobs whose servers respond at once, {SIZE} calls in a request:\n\n{table}");
    Ok(())
}

/// The CPU time per call in microseconds, and the peak memory in megabytes, of a process that does this job.
fn measured(kind: &str, count: usize) -> Result<(f64, f64)> {
    let output =
        Command::new(std::env::current_exe()?).args(["single", kind, &count.to_string()]).output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let Some((micros, peak)) = printed.trim().split_once(' ') else {
        return Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    };
    Ok((micros.parse().map_err(Error::other)?, peak.parse().map_err(Error::other)?))
}

/// Does one job and prints its CPU time per call and its peak memory.
fn single(kind: &str, count: usize) -> Result<()> {
    let prepared = Arc::new(Prepared::new(SIZE, Answer::Dozen));
    let zoo = ours::zoo_of_any_size(&prepared);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let call = |at: usize| ours::call(&zoo, &zoo::id(at % SIZE));
    // Small jobs are done as often as it takes to measure them.
    let times = (200_000 / count).max(1);
    let before = cpu()?;
    for _ in 0..times {
        runtime.block_on(async {
            match kind {
                "run" | "keys" | "spread keys" => {
                    // The ten calls with the same key follow each other, or are far apart.
                    let calls = (0..count).map(|at| match kind {
                        "keys" => call(at).with_key(at / 10),
                        "spread keys" => call(at).with_key(at % (count / 10)),
                        _ => call(at),
                    });
                    let mut run = zoo.run(calls).with_max_calls(SIZE);
                    while let Some(reply) = run.next().await {
                        assert!(reply.result.is_ok());
                    }
                    assert_eq!(run.finish().calls, count);
                }
                _ => {
                    let mut batch = zoo.batch().with_max_calls(SIZE);
                    for at in 0..count {
                        if kind == "barriers" && at % (count / 1000) == 0 {
                            batch.barrier();
                        }
                        call(at).queue(&mut batch, |_| ()).expect("queued");
                    }
                    assert_eq!(batch.execute().await.calls(), count);
                }
            }
        });
    }
    let micros = (cpu()? - before) * 1e6 / (count * times) as f64;
    println!("{micros:.2} {:.1}", peak()?);
    Ok(())
}

/// The user's and the kernel's CPU time of this process, in seconds.
fn cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanos: f64 = stat.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default();
    Ok(nanos / 1e9)
}

/// The most memory that this process has had, in megabytes.
fn peak() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes: f64 =
        line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default();
    Ok(kilobytes / 1024.0)
}
