//! How far a run has come, and how it went.

use std::time::Duration;

use super::super::reply::Id;
use crate::Error;

/// How far a [`Run`](crate::Run) has come, by [`Run::progress`](crate::Run::progress).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RunProgress {
    /// How many calls were taken from the source.
    pub taken: usize,
    /// How many of them have a value.
    pub succeeded: usize,
    /// How many have an error.
    pub failed: usize,
    /// How many had succeeded in an earlier run with the same journal, and have no reply.
    pub skipped: usize,
    /// How many are on their way or wait for their next attempt.
    pub open: usize,
    /// Calls that were answered per second, over all the time.
    pub rate: f64,
    /// How long nothing is sent because the server asked to slow down or a quota is used up, if that is so.
    pub blocked_for: Option<Duration>,
    /// How long it will take at this rate, where the source knows how many calls it has left.
    pub remaining: Option<Duration>,
}

/// How a [`Run`](crate::Run) went.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "a source that failed, and calls whose outcome is unknown, are named here"]
pub struct RunReport {
    /// How many calls were taken from the source.
    pub calls: usize,
    /// How many of them have a value.
    pub succeeded: usize,
    /// How many have an error.
    pub failed: usize,
    /// How many had succeeded in an earlier run with the same [journal](crate::Run::journal), and have no reply.
    pub skipped: usize,
    /// Calls that may have been executed, though nobody knows: sent without an answer, and not to be sent twice. With a
    /// journal also those of earlier runs.
    pub unknown: Vec<Id>,
    /// How many HTTP requests were made.
    pub requests: usize,
    /// How many times a call was sent again.
    pub retries: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// Why the source was not read to its end, if it was not: its own error, that the server refused everything for as
    /// long as there was time, or that the journal or the failures could not be written.
    pub stopped: Option<Error>,
}
