//! Batches: many calls of one API in few HTTP requests, with exactly one reply for each call.
//!
//! This module has the public types. `engine` is the scheduler, which decides what is sent when and passes replies on.
//! `exchange` is one HTTP request and its response, which is read as it arrives. Neither is generic over the types of
//! the calls: a call's type is erased when it is queued, and only the function that decodes its reply knows it.

mod batcher;
mod engine;
mod exchange;
mod idle;
mod job;
mod journal;
mod matching;
mod plan;
mod queue;
mod queued;
mod reply;
mod report;
mod run;
mod tally;
mod waiting;

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

pub use batcher::{Batcher, BatcherOptions, Driver};
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

/// Calls of one API that are sent together. Generated services make one: `drive.batch()`.
///
/// Each call has exactly one reply when [`execute`](Batch::execute) completes, whatever the server does. Callbacks may
/// borrow what lives longer than the batch, so declare such variables before the batch. The server may execute the
/// calls of a batch in any order; calls after a [`barrier`](Batch::barrier) are sent when those before it have replies.
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// use gapis_runtime::Result;
///
/// # async fn example(farm: Farm) -> Result<()> {
/// let mut names = Vec::new();
/// let mut batch = farm.batch();
/// for id in ["1", "2"] {
///     farm.animals().get(id).queue(&mut batch, |reply| match reply.result {
///         Ok(animal) => println!("{}: {:?}", reply.id, animal.name),
///         Err(error) => eprintln!("{}: {error}", reply.id),
///     })?;
/// }
/// // One closure for all replies may borrow mutably.
/// let calls = ["3", "4"].map(|id| farm.animals().get(id).with_id(id));
/// batch.queue_all(calls, |reply| names.extend(reply.result.ok().and_then(|animal| animal.name)))?;
/// let report = batch.execute().await;
/// println!("{} of {} calls failed", report.failures(), report.calls());
/// # Ok(())
/// # }
/// ```
#[must_use = "a batch does nothing until `execute`"]
pub struct Batch<'cb, A> {
    raw: RawBatch<'cb>,
    api: PhantomData<fn() -> A>,
}

impl<'cb, A: Api> Batch<'cb, A> {
    /// Makes an empty batch. Generated services have `batch()`.
    pub fn new(api: &A) -> Self {
        Batch { raw: RawBatch::new(api.client().clone(), A::SPEC), api: PhantomData }
    }

    /// Queues a call and returns a ticket, with which the [report](Report::redeem) of the batch gives the call's value.
    /// The value is also available [by the call's id](Report::take), so the ticket may be dropped.
    ///
    /// # Errors
    /// If the call is invalid, has another endpoint than the batch, or has an id that the batch already contains. The
    /// call is not queued then.
    pub fn add<C: IntoCall<'cb, A>>(&mut self, call: C) -> Result<Ticket<C::Value>> {
        let Parts { request, reader } = call.into_parts();
        let index = self.raw.push(request, Then::ticket(reader))?;
        Ok(Ticket::new(self.raw.serial, index))
    }

    /// Queues a call and a callback for its reply, like the `queue` method of the call. The callback runs exactly once
    /// if the batch is executed to its end.
    ///
    /// # Errors
    /// The errors of [`add`](Batch::add). The callback does not run then.
    pub fn queue<C: IntoCall<'cb, A>>(
        &mut self,
        call: C,
        callback: impl FnOnce(Reply<C::Value>) + Send + 'cb,
    ) -> Result<()> {
        let Parts { request, reader } = call.into_parts();
        self.raw.push(request, Then::callback(reader, callback)).map(drop)
    }

    /// Queues many calls of one type with one closure for all of their replies. The closure may borrow mutably.
    ///
    /// # Errors
    /// The errors of [`add`](Batch::add), for the first call that cannot be queued. The calls before it stay queued;
    /// those after it are not taken from the iterator.
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

    /// Sets a closure that runs for every reply of this batch, after the call's own callback. It does not matter
    /// whether the call was queued before or after. Several closures run in the order in which they were set.
    pub fn on_reply(&mut self, callback: impl FnMut(&Outcome<'_>) + Send + 'cb) {
        self.raw.listeners.push(Box::new(callback));
    }

    /// Separates the calls queued so far from the calls queued later: those are not sent until all calls before the
    /// barrier have replies. They are also sent if calls before it failed.
    pub fn barrier(&mut self) {
        self.raw.barriers.push((self.raw.calls.len(), false));
    }

    /// Like [`barrier`](Batch::barrier), but if a call before it failed, the calls after it are not sent. Each of them
    /// gets a [cancellation error](crate::Error::is_cancelled).
    pub fn barrier_if_ok(&mut self) {
        self.raw.barriers.push((self.raw.calls.len(), true));
    }

    /// Sets the maximum number of calls in one HTTP request, at least 1. Default: the API's documented limit. If the
    /// server has stated a lower limit, that one applies.
    pub fn with_max_calls(mut self, calls: usize) -> Self {
        self.raw.options.max_calls = Some(calls.max(1));
        self
    }

    /// Sets the maximum size of the body of one HTTP request, in bytes. Default: the API's documented limit.
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.raw.options.max_bytes = bytes.max(1);
        self
    }

    /// Sets the maximum number of HTTP requests at the same time, at least 1. Default: 2.
    pub fn with_concurrency(mut self, requests: usize) -> Self {
        self.raw.options.concurrency = requests.max(1);
        self
    }

    /// Sets the maximum number of calls per second. No request has more calls than one second allows. Default: no
    /// limit, apart from the quotas of the client's [governor](crate::Governor). A rate that is not positive and finite
    /// removes the limit.
    pub fn with_rate(mut self, calls_per_second: f64) -> Self {
        self.raw.options.rate =
            (calls_per_second > 0.0 && calls_per_second.is_finite()).then_some(calls_per_second);
        self
    }

    /// Sets the retry policy for the calls of this batch that have none of their own. Default: the client's policy.
    pub fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.raw.options.policy = policy;
        self
    }

    /// Sets limits on the sizes of the server's responses. Default: those of [`ReadLimits::default`].
    pub fn with_limits(mut self, limits: ReadLimits) -> Self {
        self.raw.options.limits = limits;
        self
    }

    /// Adds a header to the HTTP request of the batch. The server applies it to every call that does not have this
    /// header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.raw.options.add_header(name, value);
        self
    }

    /// Adds a query parameter to the HTTP request of the batch. The server applies it to every call that does not have
    /// this parameter.
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.raw.options.query.add(name, value);
        self
    }

    /// The number of queued calls.
    #[must_use]
    pub fn len(&self) -> usize {
        self.raw.calls.len()
    }

    /// Whether no call is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.calls.is_empty()
    }

    /// Sends all calls, and runs callbacks as the replies arrive. A batch does not fail as a whole: each call has its
    /// own result, and the report counts them. An empty batch sends nothing.
    ///
    /// If the future is dropped, no more callbacks run and no more requests are sent, but the server may execute calls
    /// that it has received.
    ///
    /// # Panics
    /// If a callback panicked. The panic continues after all other callbacks have run.
    pub fn execute(self) -> Execute<'cb> {
        Execute(State::Waiting(Box::new(self.raw)))
    }
}

/// The future of [`Batch::execute`].
#[must_use = "futures do nothing unless awaited"]
pub struct Execute<'cb>(State<'cb>);

enum State<'cb> {
    Waiting(Box<RawBatch<'cb>>),
    Running(BoxFuture<'cb, Report>),
    Taken,
}

impl<'cb> Execute<'cb> {
    /// Executes the batch and blocks this thread until it is done. Inside an async runtime, every call gets an error
    /// that says so; use `Handle::current().block_on(batch.execute())` on a thread of `spawn_blocking` there.
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
