//! Measures time and memory.

use std::fs;
use std::time::{Duration, Instant};

/// The time since `begun` and, if the system reports it, the processor time.
pub(crate) fn times(begun: Instant, cpu: Option<Duration>) -> String {
    let wall = begun.elapsed().as_secs_f64();
    match (cpu, cpu_time()) {
        (Some(before), Some(after)) => {
            format!("{wall:.1} s, {:.1} s of CPU", after.saturating_sub(before).as_secs_f64())
        }
        _ => format!("{wall:.1} s"),
    }
}

/// The processor time of this process and of its child processes that have ended, from `/proc`.
pub(crate) fn cpu_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, and may contain anything. The times are fields 14 to 17,
    // in hundredths of a second on every system that has `/proc`.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Option<u64> =
        fields.split_whitespace().skip(11).take(4).map(|field| field.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks? * 10))
}

/// The largest resident set of this process so far in megabytes, from `/proc`.
pub(crate) fn peak_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_passes() {
        if let Some(time) = cpu_time() {
            assert!(time < Duration::from_secs(86_400));
        }
    }

    #[test]
    fn memory_is_that_of_a_process() {
        if let Some(megabytes) = peak_memory() {
            assert!((1.0..100_000.0).contains(&megabytes), "{megabytes}");
        }
    }
}
