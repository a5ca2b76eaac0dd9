//! Batches: many calls of one API in few HTTP requests, each answered exactly once.
//!
//! This module holds what a user touches. `engine` decides what is sent when and who is told what, `exchange` is one
//! HTTP request and its streamed answer. None of them is generic over the calls' types: a call is erased when it is
//! queued, and only the function that decodes its answer knows what it is.

mod batcher;
mod engine;
mod exchange;
mod job;
mod journal;
mod matching;
mod plan;
mod queue;
mod queued;
mod reply;
mod report;
mod run;
mod waiting;

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

pub use batcher::{Batcher, BatcherOptions, Driver, RawBatcher};
pub use journal::Store;
pub use reply::{FailedCall, Id, Outcome, Reply};
pub use report::{Record, Report, Ticket};
pub use run::{MaybeSend, Run, RunProgress, RunReport};

use crate::call::reading::Parts;
use crate::multipart::ReadLimits;
use crate::send::retry::RetryPolicy;
use crate::{Api, BoxFuture, IntoCall, Result};
use queue::RawBatch;
use reply::Then;

/// Calls of one API that travel together. Made by the service: `drive.batch()`.
///
/// Each call is answered exactly once when [`execute`](Batch::execute) completes, whatever the server does. Callbacks
/// may borrow what lives longer than the batch, so declare such locals before it. The server may execute the calls of
/// one batch in any order; [`barrier`](Batch::barrier) separates what must come after.
#[must_use = "a batch does nothing until `execute`"]
pub struct Batch<'cb, A> {
    raw: RawBatch<'cb>,
    api: PhantomData<fn() -> A>,
}

impl<'cb, A: Api> Batch<'cb, A> {
    /// A new batch. Generated services have `batch()`.
    pub fn new(api: &A) -> Self {
        Batch { raw: RawBatch::new(api.client().clone(), A::SPEC), api: PhantomData }
    }

    /// Queues a call and gives a ticket for its value, which the batch's [report](Report::redeem) redeems. A value can
    /// also be had [by the call's id](Report::take), and the ticket be dropped.
    ///
    /// # Errors
    /// If the call is not valid, goes to another endpoint than the batch, or has an id that the batch has already. Then
    /// nothing is queued.
    pub fn add<C: IntoCall<'cb, A>>(&mut self, call: C) -> Result<Ticket<C::Value>> {
        let Parts { request, reader } = call.into_parts();
        let index = self.raw.push(request, Then::ticket(reader))?;
        Ok(Ticket::new(self.raw.serial, index))
    }

    /// Queues a call whose reply goes to `callback`, as the call's own `queue` does. The callback runs exactly once
    /// when the batch is executed to its end.
    ///
    /// # Errors
    /// As [`add`](Batch::add); then `callback` never runs.
    pub fn queue<C: IntoCall<'cb, A>>(
        &mut self,
        call: C,
        callback: impl FnOnce(Reply<C::Value>) + Send + 'cb,
    ) -> Result<()> {
        let Parts { request, reader } = call.into_parts();
        self.raw.push(request, Then::callback(reader, callback)).map(drop)
    }

    /// Queues many calls of one type with one closure for all of their replies. It may borrow mutably.
    ///
    /// # Errors
    /// As [`add`](Batch::add), for the first call that is refused: those before it stay queued, those after it are not
    /// looked at.
    pub fn queue_all<C: IntoCall<'cb, A>>(
        &mut self,
        calls: impl IntoIterator<Item = C>,
        callback: impl FnMut(Reply<C::Value>) + Send + 'cb,
    ) -> Result<()> {
        let shared = Arc::new(Mutex::new(callback));
        calls.into_iter().try_for_each(|call| {
            let Parts { request, reader } = call.into_parts();
            self.raw.push(request, Then::shared(reader, Arc::clone(&shared))).map(drop)
        })
    }

    /// Runs for every reply of this batch, of calls queued before and after, when the call's own callback has run.
    pub fn on_reply(&mut self, callback: impl FnMut(&Outcome<'_>) + Send + 'cb) {
        self.raw.listeners.push(Box::new(callback));
    }

    /// Holds back what is queued after it until all before it is answered. The rest runs even if something failed.
    pub fn barrier(&mut self) {
        self.raw.barriers.push((self.raw.calls.len(), false));
    }

    /// The same, but if anything before it fails, what is queued after it is not sent: each such call is answered with an
    /// error that [says so](crate::Error::is_cancelled).
    pub fn barrier_if_ok(&mut self) {
        self.raw.barriers.push((self.raw.calls.len(), true));
    }

    /// At most this many calls in one HTTP request. By default the API's documented limit, or what its server said.
    pub fn with_max_calls(mut self, calls: usize) -> Self {
        self.raw.options.max_calls = Some(calls.max(1));
        self
    }

    /// At most this many bytes in the body of one HTTP request.
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.raw.options.max_bytes = bytes.max(1);
        self
    }

    /// At most this many HTTP requests at once. Default 2.
    pub fn with_concurrency(mut self, requests: usize) -> Self {
        self.raw.options.concurrency = requests.max(1);
        self
    }

    /// At most this many calls a second, for jobs that a quota bounds. By default there is no limit.
    pub fn with_rate(mut self, calls_per_second: f64) -> Self {
        self.raw.options.rate =
            (calls_per_second > 0.0 && calls_per_second.is_finite()).then_some(calls_per_second);
        self
    }

    /// Sends calls of this batch again by another policy than the client's.
    pub fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.raw.options.policy = policy;
        self
    }

    /// Other bounds on what a server may answer.
    pub fn with_limits(mut self, limits: ReadLimits) -> Self {
        self.raw.options.limits = limits;
        self
    }

    /// A header of the outer request, which the server applies to every call that has not its own.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.raw.options.add_header(name, value);
        self
    }

    /// A query parameter of the outer request, which the server applies to every call that has not its own.
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.raw.options.query.add(name, value);
        self
    }

    /// How many calls are queued.
    #[must_use]
    pub fn len(&self) -> usize {
        self.raw.calls.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.calls.is_empty()
    }

    /// Sends everything and runs every callback, as the replies arrive. It cannot fail as a whole: each call has its own
    /// result, and the report counts them. An empty batch sends nothing.
    ///
    /// When the future is dropped, no more callbacks run and nothing more is sent; calls on their way may be executed.
    ///
    /// # Panics
    /// If a callback panicked: the others run first, then the panic goes on.
    pub fn execute(self) -> Execute<'cb> {
        Execute(State::Waiting(Box::new(self.raw)))
    }
}

/// A batch that is being executed, made by [`Batch::execute`].
#[must_use = "futures do nothing unless awaited"]
pub struct Execute<'cb>(State<'cb>);

enum State<'cb> {
    Waiting(Box<RawBatch<'cb>>),
    Running(BoxFuture<'cb, Report>),
    Taken,
}

impl<'cb> Execute<'cb> {
    /// Executes the batch and waits on this thread. Inside an async runtime every call is answered with an error that
    /// says so; there, a thread of `spawn_blocking` can wait by `Handle::current().block_on(batch.execute())`.
    ///
    /// # Panics
    /// As [`Batch::execute`].
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    #[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
    pub fn block(self) -> Report {
        match (crate::send::blocking::check(), self.0) {
            (Err(error), State::Waiting(batch)) => batch.fail(&error),
            (_, state) => crate::send::blocking::run(Execute(state)),
        }
    }
}

impl Future for Execute<'_> {
    type Output = Report;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Report> {
        if let State::Waiting(_) = &self.0
            && let State::Waiting(batch) = std::mem::replace(&mut self.0, State::Taken)
        {
            self.0 = State::Running(Box::pin(batch.run()));
        }
        match &mut self.0 {
            State::Running(report) => report.as_mut().poll(cx),
            State::Waiting(_) | State::Taken => Poll::Pending,
        }
    }
}

impl std::fmt::Debug for Execute<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Execute")
    }
}

impl<A: Api> std::fmt::Debug for Batch<'_, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("api", &self.raw.api.name)
            .field("calls", &self.raw.calls.len())
            .finish()
    }
}
