//! What differs between platforms: boxed futures, the clock and timers.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A boxed future that is `Send`, except on `wasm32`, where there is only one thread.
#[cfg(not(target_family = "wasm"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A boxed future that is `Send`, except on `wasm32`, where there is only one thread.
#[cfg(target_family = "wasm")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

#[cfg(not(target_family = "wasm"))]
pub(crate) use native::*;
#[cfg(target_family = "wasm")]
pub(crate) use wasm::*;

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll};
    use std::time::Duration;

    pub(crate) use tokio::time::Instant;

    /// Waits for the duration.
    pub(crate) async fn sleep(duration: Duration) {
        if !duration.is_zero() {
            tokio::time::sleep(duration).await;
        }
    }

    /// Returns the output of the future, or `None` if the time passes first.
    pub(crate) async fn timeout<T>(after: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
        // In one place, so that the code of the future, which is large, is compiled once and its state is held once.
        let future = pin!(future);
        match after {
            Some(after) => tokio::time::timeout(after, future).await.ok(),
            None => Some(future.await),
        }
    }

    /// A timer that can be restarted. It resolves to its duration.
    pub(crate) struct Timer {
        after: Duration,
        sleep: Pin<Box<tokio::time::Sleep>>,
    }

    impl Timer {
        pub(crate) fn new(after: Duration) -> Self {
            Timer { after, sleep: Box::pin(tokio::time::sleep(after)) }
        }

        /// Postpones the end.
        pub(crate) fn extend(&mut self, by: Duration) {
            if let Some(end) = self.sleep.deadline().checked_add(by) {
                self.sleep.as_mut().reset(end);
            }
        }

        /// Restarts the timer.
        pub(crate) fn restart(&mut self) {
            // A timer whose end the clock cannot represent never ends.
            if let Some(end) = tokio::time::Instant::now().checked_add(self.after) {
                self.sleep.as_mut().reset(end);
            }
        }
    }

    impl Future for Timer {
        type Output = Duration;

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Duration> {
            let after = self.after;
            self.sleep.as_mut().poll(cx).map(|()| after)
        }
    }
}

/// Uses the host's `setTimeout` and `performance.now()`.
#[cfg(target_family = "wasm")]
mod wasm {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll};
    use std::time::Duration;

    use futures_util::future::{Either, select};
    use gloo_timers::future::TimeoutFuture;

    pub(crate) use web_time::Instant;

    /// Waits for the duration.
    pub(crate) async fn sleep(duration: Duration) {
        if !duration.is_zero() {
            Timer::new(duration).await;
        }
    }

    /// Returns the output of the future, or `None` if the time passes first.
    pub(crate) async fn timeout<T>(after: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
        let Some(after) = after else { return Some(future.await) };
        match select(pin!(future), Timer::new(after)).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    /// A timer that can be restarted. It resolves to its duration.
    pub(crate) struct Timer {
        after: Duration,
        /// `None` if the clock cannot represent the end; the timer then never ends.
        end: Option<Instant>,
        /// The host's timer, which ends at `end` or earlier. Restarting does not change it, because that happens with
        /// every chunk of a body.
        host: TimeoutFuture,
    }

    impl Timer {
        pub(crate) fn new(after: Duration) -> Self {
            Timer { after, end: Instant::now().checked_add(after), host: host_timer(after) }
        }

        /// Postpones the end.
        pub(crate) fn extend(&mut self, by: Duration) {
            self.end = self.end.and_then(|end| end.checked_add(by));
        }

        /// Restarts the timer.
        pub(crate) fn restart(&mut self) {
            self.end = Instant::now().checked_add(self.after);
        }
    }

    impl Future for Timer {
        type Output = Duration;

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Duration> {
            while Pin::new(&mut self.host).poll(cx).is_ready() {
                let left =
                    self.end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
                if left.is_zero() {
                    return Poll::Ready(self.after);
                }
                self.host = host_timer(left);
            }
            Poll::Pending
        }
    }

    /// A timer of the host, which counts milliseconds in 31 bits and ends immediately for longer durations.
    fn host_timer(wait: Duration) -> TimeoutFuture {
        let longest = i32::MAX.unsigned_abs();
        let millis = u32::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(longest);
        TimeoutFuture::new(millis.min(longest))
    }
}

/// A timer that is set to one time after the other.
#[derive(Default)]
pub(crate) struct Alarm {
    at: Option<Instant>,
    timer: Option<Timer>,
}

impl Alarm {
    /// Wakes at that time, or never.
    pub(crate) fn set(&mut self, at: Option<Instant>) {
        if self.at != at {
            self.at = at;
            self.timer = at.map(|at| Timer::new(at.saturating_duration_since(Instant::now())));
        }
    }

    /// Ready once when the time has come.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        Pin::new(timer).poll(cx).map(|_| (self.at, self.timer) = (None, None))
    }
}
