//! Processor time and instructions.

use std::process::{Command, Stdio};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::work::{Phase, Side, Work};
use crate::zoo::Answer;

/// The processor time of this process so far, for all threads and including the kernel's.
pub(crate) fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Microseconds of processor time for a call, alternating between the two sides. The lowest of several is used,
/// because other programs only add to it.
pub(crate) fn microseconds<const N: usize>(
    sides: [Side; N],
    phase: Phase,
    count: usize,
    answer: Answer,
    quick: bool,
) -> [f64; N] {
    let works = sides.map(|side| Work::new(side, phase, count, answer));
    let (rounds, calls) = if quick { (3, 5_000) } else { (15, 20_000) };
    let times = (calls / count).max(1);
    let mut least = [f64::INFINITY; N];
    for _ in 0..=rounds {
        for (work, least) in works.iter().zip(&mut least) {
            let start = cpu();
            (0..times).for_each(|_| work.once());
            let spent = cpu().saturating_sub(start).as_secs_f64() * 1e6 / (times * count) as f64;
            *least = least.min(spent);
        }
    }
    least
}

/// Instructions for a call, counted by valgrind if it is installed: the difference of two runs, so that the start of
/// the program is not included.
pub(crate) fn instructions(side: Side, phase: Phase, count: usize, answer: Answer) -> Option<f64> {
    let (few, many) = (1, 1 + (1000 / count).max(2));
    let counted = |times: usize| collected(side, phase, count, answer, times);
    let difference = counted(many)?.checked_sub(counted(few)?)?;
    Some(difference as f64 / ((many - few) * count) as f64)
}

fn collected(side: Side, phase: Phase, count: usize, answer: Answer, times: usize) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["single", &format!("{side:?}"), &format!("{phase:?}"), &format!("{answer:?}")])
        .args([count, times].map(|number| number.to_string()))
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split_once("Collected :"))?.1;
    line.trim().parse().ok().filter(|_| output.status.success())
}
