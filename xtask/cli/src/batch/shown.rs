//! What a job says on standard error while it runs: how far it is, and what it waits for.

use std::fmt::Write as _;
use std::io::{Write as _, stderr};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::record::Counts;
use super::send::Wait;
use super::stop::Signal;

/// How often the line on a terminal changes.
const EVERY: Duration = Duration::from_secs(1);

/// Shorter waits are not mentioned: on a terminal, where the line is replaced, and elsewhere, where many short waits
/// without a reply count as a long one.
const SHORT: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(10);

/// How often waits are mentioned where lines stay.
const SELDOM: Duration = Duration::from_secs(60);

pub(super) struct Shown {
    on_terminal: bool,
    quiet: bool,
    begun: Instant,
    /// When the line on the terminal was written last.
    last: Instant,
    /// The number of records, and since when it is the same.
    idle: (u64, Instant),
    /// When a wait was mentioned last.
    told: Option<Instant>,
    has_line: bool,
}

impl Shown {
    pub(super) fn new(on_terminal: bool, quiet: bool) -> Self {
        let now = Instant::now();
        Shown { on_terminal, quiet, begun: now, last: now, idle: (0, now), told: None, has_line: false }
    }

    /// Shows how far the job is, after the first second, and waits.
    pub(super) fn show(&mut self, counts: &Counts, wait: impl FnOnce() -> Option<Wait>) {
        let now = Instant::now();
        if now.duration_since(self.last) < EVERY {
            return;
        }
        self.last = now;
        if self.idle.0 != counts.all {
            self.idle = (counts.all, now);
        }
        let is_idle = now.duration_since(self.idle.1) >= LONG;
        if self.on_terminal {
            let rate = counts.all as f64 / self.begun.elapsed().as_secs_f64();
            let mut line = format!("{counts}, {rate:.0} a second");
            if let Some(wait) = wait().filter(|wait| wait.left >= SHORT) {
                let _ = write!(line, "; {}", waiting(&wait, SystemTime::now()));
            }
            self.has_line = true;
            // A terminal that is gone needs no progress.
            let _ = write!(stderr(), "\x1b[K{line}\r");
        } else if !self.quiet
            && self.told.is_none_or(|told| now.duration_since(told) >= SELDOM)
            && let Some(wait) = wait().filter(|wait| wait.left >= LONG || is_idle)
        {
            self.told = Some(now);
            let _ = writeln!(stderr(), "{}", waiting(&wait, SystemTime::now()));
        }
    }

    /// Says that a signal has stopped the job.
    pub(super) fn stopping(&self, signal: Signal) {
        self.clear();
        if !self.quiet {
            let name = signal.name();
            let _ = writeln!(
                stderr(),
                "{name}: no more calls are sent; waiting for the replies to those that were (another {name} ends at once)"
            );
        }
    }

    pub(super) fn clear(&self) {
        if self.has_line {
            let _ = write!(stderr(), "\x1b[K");
        }
    }
}

/// What is waited for, and until when.
fn waiting(Wait { api, left }: &Wait, now: SystemTime) -> String {
    let until = (now + *left).duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    let (hours, minutes, seconds) = (until / 3600, until / 60 % 60, until % 60);
    let left = left.as_secs();
    format!(
        "{api} takes no calls for {left} s, until {hours:02}:{minutes:02}:{seconds:02} UTC (a quota or an outage)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_names_its_end() {
        let now = UNIX_EPOCH + Duration::from_secs(20_000 * 86_400 + 86_390);
        let wait = Wait { api: "drive:v3", left: Duration::from_millis(75_500) };
        assert_eq!(
            waiting(&wait, now),
            "drive:v3 takes no calls for 75 s, until 00:01:05 UTC (a quota or an outage)"
        );
    }
}
