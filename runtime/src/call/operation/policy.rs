//! The policy for polling an operation.

use std::time::Duration;

/// How often and how long an operation is polled.
///
/// ```
/// use gapis_runtime::PollPolicy;
/// use std::time::Duration;
///
/// let policy = PollPolicy::default()
///     .with_interval(Duration::from_millis(200), Duration::from_secs(5))
///     .with_total_time(Duration::from_secs(600));
/// # let _ = policy;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PollPolicy {
    pub(super) initial_interval: Duration,
    pub(super) max_interval: Duration,
    pub(super) total_time: Option<Duration>,
}

impl Default for PollPolicy {
    fn default() -> Self {
        PollPolicy {
            initial_interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(20),
            total_time: None,
        }
    }
}

impl PollPolicy {
    /// Sets the waits between polls. `initial` is the longest wait before the first poll; it doubles with each further
    /// poll, up to `max`. Each wait is shortened by a random amount of up to a half. Default: 1 and 20 seconds.
    #[must_use]
    pub fn with_interval(mut self, initial: Duration, max: Duration) -> Self {
        self.initial_interval = initial;
        self.max_interval = max;
        self
    }

    /// Sets how long to wait overall, counted from the first response. After that the wait fails, while the operation
    /// continues. By default there is no limit.
    #[must_use]
    pub fn with_total_time(mut self, time: Duration) -> Self {
        self.total_time = Some(time);
        self
    }
}
