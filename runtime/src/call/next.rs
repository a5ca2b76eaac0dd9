//! The future returned by `next` of pages, items and chunks.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

/// A future for the next page, item or chunk, returned by `next`. It resolves to `None` at the end.
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct Next<'a, S>(&'a mut S);

impl<'a, S> Next<'a, S> {
    pub(crate) fn new(stream: &'a mut S) -> Self {
        Next(stream)
    }

    /// Waits for it on the current thread.
    ///
    /// # Errors
    /// The errors of the stream, and an input error if an async runtime is running on this thread.
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    #[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
    pub fn block<T>(self) -> Option<crate::Result<T>>
    where
        S: Stream<Item = crate::Result<T>> + Unpin,
    {
        crate::send::blocking::block_on(self).unwrap_or_else(|error| Some(Err(error)))
    }
}

impl<S: Stream + Unpin> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0).poll_next(cx)
    }
}
