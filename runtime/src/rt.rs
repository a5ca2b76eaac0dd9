//! What differs between platforms: boxed futures and sleeping. Everything else in the runtime is the same everywhere.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A boxed future. It is `Send`, but on `wasm32`, where there is one thread and the browser's futures are not.
#[cfg(not(target_family = "wasm"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A boxed future. It is `Send`, but on `wasm32`, where there is one thread and the browser's futures are not.
#[cfg(target_family = "wasm")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

#[cfg(not(target_family = "wasm"))]
pub(crate) use tokio::time::Instant;

/// Waits. On `wasm32` outside tests the host's timer does.
#[cfg(not(target_family = "wasm"))]
pub(crate) async fn sleep(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

/// The future's output, or `None` when the time is over first.
#[cfg(not(target_family = "wasm"))]
pub(crate) async fn timeout<T>(after: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match after {
        Some(after) => tokio::time::timeout(after, future).await.ok(),
        None => Some(future.await),
    }
}

/// A wait that can be begun anew: resolves to its length.
#[cfg(not(target_family = "wasm"))]
pub(crate) struct Timer {
    after: Duration,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

#[cfg(not(target_family = "wasm"))]
impl Timer {
    pub(crate) fn new(after: Duration) -> Self {
        Timer { after, sleep: Box::pin(tokio::time::sleep(after)) }
    }

    /// The wait takes so much longer.
    pub(crate) fn extend(&mut self, by: Duration) {
        if let Some(end) = self.sleep.deadline().checked_add(by) {
            self.sleep.as_mut().reset(end);
        }
    }

    /// The wait begins again now.
    pub(crate) fn restart(&mut self) {
        // A duration too long for the clock means no end.
        if let Some(end) = tokio::time::Instant::now().checked_add(self.after) {
            self.sleep.as_mut().reset(end);
        }
    }
}

#[cfg(not(target_family = "wasm"))]
impl Future for Timer {
    type Output = Duration;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Duration> {
        let after = self.after;
        self.sleep.as_mut().poll(cx).map(|()| after)
    }
}
