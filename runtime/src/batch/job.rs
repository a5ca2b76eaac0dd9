//! Where a scheduler's calls come from, and where their answers go.

use std::task::{Context, Poll};

use super::queue::Entry;
use crate::call::reading::Panic;
use crate::{Error, RawResponse, Result};

/// A source of calls that takes their answers. Each call that it gives is answered exactly once.
pub(super) trait Job<'cb> {
    /// The next call, and nothing when there will be none. It is asked again when an answer was given, so that it may wait
    /// for one.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Entry<'cb>>>;

    /// Whether no calls will come, but those that follow from replies.
    fn is_exhausted(&self) -> bool {
        false
    }

    /// Why a call that was taken is not to be sent after all.
    fn refuses(&self, entry: &Entry<'cb>) -> Option<Error> {
        let _ = entry;
        None
    }

    /// A call is about to be sent. If that cannot be noted, it is not.
    ///
    /// # Errors
    /// What the call is answered with in place of being sent.
    fn sending(&mut self, entry: &Entry<'cb>) -> Result<()> {
        let _ = entry;
        Ok(())
    }

    /// Calls were noted as about to be sent, and now they are.
    ///
    /// # Errors
    /// What they are answered with in place of being sent.
    fn departing(&mut self) -> Result<()> {
        Ok(())
    }

    /// A call that was sent waits for another attempt: it was not executed, or may be executed twice.
    fn returned(&mut self, entry: &Entry<'cb>) {
        let _ = entry;
    }

    /// The answer to a call.
    fn answer(&mut self, entry: Entry<'cb>, result: Result<RawResponse>);

    /// Code of the caller's panicked. The job goes on, and the panic with it when all calls are answered.
    fn panicked(&mut self, panic: Panic);

    /// Calls were not sent because the server refused whatever came for as long as there was time.
    fn abandoned(&mut self, error: &Error) {
        let _ = error;
    }

    /// Whether it takes answers now. Otherwise servers' answers are left unread.
    fn has_room(&self) -> bool {
        true
    }
}
