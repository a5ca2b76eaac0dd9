//! The credentials of the clients whose calls are next, asked while answers are read.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::send::credentials::AuthHeaders;
use crate::{BoxFuture, Client, Result};

/// The clients whose calls are among the next ones, and what their credentials gave: nothing where time was over.
pub(super) type Authorized = Vec<(Client, Answer)>;

/// What the credentials of a client gave.
pub(super) struct Answer {
    pub(super) result: Option<Result<AuthHeaders>>,
    /// How long they were waited for.
    pub(super) waited: Duration,
}

/// How many clients' credentials are asked at once: each may be a request to a token server.
const AT_ONCE: usize = 32;

/// Credentials that are being asked, those of several clients at once.
pub(super) struct Authorizing {
    pub(super) waiting: VecDeque<BoxFuture<'static, (Client, Answer)>>,
    pub(super) asked: FuturesUnordered<BoxFuture<'static, (Client, Answer)>>,
    pub(super) answers: Authorized,
}

impl Authorizing {
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Authorized> {
        loop {
            let room = AT_ONCE.saturating_sub(self.asked.len()).min(self.waiting.len());
            self.asked.extend(self.waiting.drain(..room));
            match std::task::ready!(self.asked.poll_next_unpin(cx)) {
                Some(answer) => self.answers.push(answer),
                None => return Poll::Ready(std::mem::take(&mut self.answers)),
            }
        }
    }
}
