//! The progress and the results of a run.

use std::time::Duration;

use super::super::reply::Id;
use crate::Error;

/// How far a [`Run`](crate::Run) has come. Returned by [`Run::progress`](crate::Run::progress).
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// # async fn example(farm: Farm) {
/// let calls = (0..5000).map(|number| farm.animals().get(&number.to_string()));
/// let mut replies = farm.run(calls);
/// while replies.next().await.is_some() {
///     let progress = replies.progress();
///     let done = progress.succeeded + progress.failed;
///     if done % 1000 == 0 {
///         println!("{done} done, {:.0} per second, remaining: {:?}", progress.rate, progress.remaining);
///     }
/// }
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RunProgress {
    /// The number of calls taken from the source.
    pub taken: usize,
    /// The number of these calls that have a value.
    pub succeeded: usize,
    /// The number of these calls that have an error.
    pub failed: usize,
    /// The number of calls that succeeded in an earlier run with the same [journal](crate::Run::journal). They have no
    /// reply.
    pub skipped: usize,
    /// The number of calls that are being sent or wait for an attempt.
    pub open: usize,
    /// Replies per second, on average since the start.
    pub rate: f64,
    /// How long nothing will be sent, because a quota is used up or the server refuses calls. `None` if calls can be
    /// sent.
    pub blocked_for: Option<Duration>,
    /// How long the remaining calls will take at the current `rate`. `None` if the source does not know how many calls
    /// it has left.
    pub remaining: Option<Duration>,
}

/// The results of a [`Run`](crate::Run). Returned by [`Run::finish`](crate::Run::finish).
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// # async fn example(farm: Farm) -> gapis_runtime::Result<()> {
/// let mut replies = farm.run(["1", "2"].map(|id| farm.animals().get(id).with_id(id)));
/// replies.drain().await;
/// let report = replies.finish();
/// println!("{} of {} calls failed in {:?}", report.failed, report.calls, report.elapsed);
/// for id in &report.unknown {
///     println!("check whether the call {id} was executed");
/// }
/// // Whether the run has taken all calls from the source.
/// report.stopped.map_or(Ok(()), Err)
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "a source that failed, and calls whose outcome is unknown, are named here"]
pub struct RunReport {
    /// The number of calls taken from the source.
    pub calls: usize,
    /// The number of these calls that have a value.
    pub succeeded: usize,
    /// The number of these calls that have an error.
    pub failed: usize,
    /// The number of calls that succeeded in an earlier run with the same [journal](crate::Run::journal). They have no
    /// reply.
    pub skipped: usize,
    /// The ids of calls that may have been executed: they were sent, have no response, and must not be sent twice. With
    /// a journal, calls of earlier runs are included.
    pub unknown: Vec<Id>,
    /// The number of HTTP requests that were sent, without requests for credentials.
    pub requests: usize,
    /// How often calls were sent again, counting each call separately.
    pub retries: usize,
    /// The time since the first reply was requested.
    pub elapsed: Duration,
    /// The reason why calls were left in the source: the source returned an error, the server refused all calls until
    /// the time limit of the retry policy, or the journal or the lines of failed calls could not be written. `None`
    /// otherwise.
    pub stopped: Option<Error>,
}
