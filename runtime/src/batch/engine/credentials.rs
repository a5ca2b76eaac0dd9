//! Requests to the credentials of several clients at the same time.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::send::credentials::AuthHeaders;
use crate::{BoxFuture, Client, Result};

/// The clients of the next calls, and what their credentials returned.
pub(super) type Authorized = Vec<(Client, Authorization)>;

/// What the credentials of a client returned: `None` if the time was over.
pub(super) struct Authorization {
    pub(super) result: Option<Result<AuthHeaders>>,
    /// How long the credentials were waited for.
    pub(super) waited: Duration,
}

/// The number of clients whose credentials are requested at the same time. Each may send a request to a token server.
const CONCURRENCY: usize = 32;

/// The requests for credentials that are waiting or running.
pub(super) struct Authorizing {
    pub(super) waiting: VecDeque<BoxFuture<'static, (Client, Authorization)>>,
    pub(super) requested: FuturesUnordered<BoxFuture<'static, (Client, Authorization)>>,
    pub(super) authorized: Authorized,
}

impl Authorizing {
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Authorized> {
        loop {
            let room = CONCURRENCY.saturating_sub(self.requested.len()).min(self.waiting.len());
            self.requested.extend(self.waiting.drain(..room));
            match std::task::ready!(self.requested.poll_next_unpin(cx)) {
                Some(authorization) => self.authorized.push(authorization),
                None => return Poll::Ready(std::mem::take(&mut self.authorized)),
            }
        }
    }
}
