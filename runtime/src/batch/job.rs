//! The interface between a scheduler and the source of its calls, which also takes their replies.

use std::task::{Context, Poll};

use super::queue::Entry;
use crate::call::reading::Panic;
use crate::{Error, RawResponse, Result};

/// A source of calls, which also takes their replies. Each call from it has exactly one reply.
pub(super) trait Job<'cb> {
    /// Returns the next call, or `None` if there are no more. It is polled again after each reply, so it may wait for
    /// one.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Entry<'cb>>>;

    /// Whether there are no more calls, except for those that depend on replies.
    fn is_exhausted(&self) -> bool {
        false
    }

    /// The reason why a call that was taken must not be sent, if there is one.
    fn refuses(&self, entry: &Entry<'cb>) -> Option<Error> {
        let _ = entry;
        None
    }

    /// Records that a call is about to be sent. If this fails, the call is not sent.
    ///
    /// # Errors
    /// The error that the call gets as its reply.
    fn sending(&mut self, entry: &Entry<'cb>) -> Result<()> {
        let _ = entry;
        Ok(())
    }

    /// Called after `sending` was called for all calls of a request, before the request is sent. If this fails, it is
    /// not sent.
    ///
    /// # Errors
    /// The error that the calls get as their replies.
    fn commit_sending(&mut self) -> Result<()> {
        Ok(())
    }

    /// Records that a call that was sent waits for another attempt: it was not executed, or may be executed twice.
    fn returned(&mut self, entry: &Entry<'cb>) {
        let _ = entry;
    }

    /// Takes the reply to a call.
    fn answer(&mut self, entry: Entry<'cb>, result: Result<RawResponse>);

    /// Takes a panic of the caller's code. The job continues, and the panic continues when all calls have replies.
    fn panicked(&mut self, panic: Panic);

    /// Called when calls were not sent because the server refused all calls until the time limit.
    fn abandoned(&mut self, error: &Error) {
        let _ = error;
    }

    /// Whether there are replies that someone will take before the scheduler is polled again. The scheduler then stops, so
    /// that replies are passed on while they are in the processor's cache, and before more of them arrive.
    fn has_replies(&self) -> bool {
        false
    }

    /// Whether replies can be taken now. Otherwise responses are not read further.
    fn has_room(&self) -> bool {
        true
    }
}
