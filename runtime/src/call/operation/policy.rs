//! How often an operation is asked for.

use std::time::Duration;

/// How often an operation is asked for, and for how long.
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
    /// How long the waits are: `initial` is the longest before the first poll, which doubles with each further one, and
    /// `max` the longest before any. Each is shortened at random by up to a half. Default 1 and 20 seconds.
    #[must_use]
    pub fn with_interval(mut self, initial: Duration, max: Duration) -> Self {
        self.initial_interval = initial;
        self.max_interval = max;
        self
    }

    /// How long to wait in all, from the first answer on; then the wait fails, and the operation goes on. By default until
    /// the operation is done.
    #[must_use]
    pub fn with_total_time(mut self, time: Duration) -> Self {
        self.total_time = Some(time);
        self
    }
}
