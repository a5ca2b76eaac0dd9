//! The idle timeout of a request: it limits how long nothing of the request is sent and nothing of the response arrives.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::Error;
use crate::send::counted::{Taken, counted};
use crate::send::rt::Timer;
use crate::send::transport::{HttpRequest, RequestBody};

/// The idle timeout of one request.
pub(super) struct Idle {
    timer: Option<Timer>,
    /// How much of the body of the request was sent.
    taken: Taken,
    /// The value of `taken` when the timer was last restarted.
    before: u64,
}

impl Idle {
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        Idle { timer: timeout.map(Timer::new), taken: Taken::default(), before: 0 }
    }

    /// The request, with a body that counts how much of it was sent, if it is large.
    pub(super) fn watch_upload(&self, mut request: HttpRequest) -> HttpRequest {
        request.body = match request.body {
            RequestBody::Bytes(bytes) => counted(bytes, &self.taken),
            stream @ RequestBody::Stream { .. } => stream,
        };
        request
    }

    /// Restarts the timeout, because something of the response has arrived.
    pub(super) fn restart(&mut self) {
        self.before = self.taken.get();
        if let Some(timer) = &mut self.timer {
            timer.restart();
        }
    }

    /// Extends the timeout.
    pub(super) fn extend(&mut self, by: Duration) {
        if let Some(timer) = &mut self.timer {
            timer.extend(by);
        }
    }

    /// The error when nothing was sent and nothing has arrived for too long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        loop {
            let after = ready!(Pin::new(&mut *timer).poll(cx));
            let taken = self.taken.get();
            if std::mem::replace(&mut self.before, taken) == taken {
                return Poll::Ready(Error::timeout("the request", after));
            }
            // The request was still being sent.
            timer.restart();
        }
    }
}
