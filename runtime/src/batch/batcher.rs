//! The dispatcher: many tasks call `batcher.send(call)`, and calls that come within a short window travel together.
//!
//! It is a pair. The [`Batcher`] is the handle that tasks clone; the [`Driver`] is the future that does the work and is
//! spawned by the user, so that the runtime and its lifetime are the user's choice. Calls travel in the order in which
//! they came, so none waits for a batch that was formed after it, but for those on their way when all places are taken.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};

use super::queue::RawBatch;
use super::reply::Then;
use crate::call::reading::Parts;
use crate::call::request::Request;
use crate::send::rt::Timer;
use crate::wire::spec::ApiSpec;
use crate::{Api, BoxFuture, Client, Error, IntoCall, RawResponse, Result, Sending};

/// A handle of a dispatcher. Clones share it. When the last is dropped, what was accepted is still sent and answered, and
/// the driver ends.
pub struct Batcher<A> {
    raw: RawBatcher,
    api: PhantomData<fn() -> A>,
}

impl<A> Clone for Batcher<A> {
    fn clone(&self) -> Self {
        Batcher { raw: self.raw.clone(), api: PhantomData }
    }
}

/// The same without its API's type, for an API that is known at run time only.
#[derive(Clone)]
pub struct RawBatcher {
    jobs: mpsc::Sender<Job>,
    root: Result<Arc<str>>,
}

impl std::fmt::Debug for RawBatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawBatcher")
    }
}

impl<A: Api> std::fmt::Debug for Batcher<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batcher").field("api", &A::SPEC.name).finish_non_exhaustive()
    }
}

/// The work of a dispatcher: a future to be spawned. It ends when all handles are dropped and all calls are answered. If
/// it is dropped before, calls that wait are answered with an error.
#[must_use = "a driver does nothing until it is spawned or awaited"]
pub struct Driver(BoxFuture<'static, ()>);

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver")
    }
}

/// How a dispatcher forms its batches.
///
/// ```
/// use gapis_runtime::BatcherOptions;
/// use std::time::Duration;
///
/// let patient = BatcherOptions::default().with_window(Duration::from_millis(10)).with_max_calls(50);
/// # let _ = patient;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BatcherOptions {
    window: Duration,
    max_calls: Option<usize>,
    concurrency: usize,
    backlog: usize,
}

impl Default for BatcherOptions {
    fn default() -> Self {
        BatcherOptions { window: Duration::from_millis(2), max_calls: None, concurrency: 4, backlog: 1000 }
    }
}

impl BatcherOptions {
    /// How long the first call of a batch waits for others. Default 2 milliseconds.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How many calls fill a batch. By default the API's limit, but no more than 100.
    #[must_use]
    pub fn with_max_calls(mut self, calls: usize) -> Self {
        self.max_calls = Some(calls);
        self
    }

    /// How many batches are on their way at once. Default 4. When all are, calls wait.
    #[must_use]
    pub fn with_concurrency(mut self, batches: usize) -> Self {
        self.concurrency = batches;
        self
    }

    /// How many calls may wait to be taken into a batch; beyond, `send` itself waits. Default 1000.
    #[must_use]
    pub fn with_backlog(mut self, calls: usize) -> Self {
        self.backlog = calls;
        self
    }
}

/// A call that waits for its batch, and who waits for its answer.
struct Job {
    request: Request,
    answer: oneshot::Sender<Result<RawResponse>>,
}

impl<A: Api> Batcher<A> {
    /// A dispatcher with default options. Generated services have `batcher()`.
    pub fn new(api: &A) -> (Self, Driver) {
        Batcher::with_options(api, BatcherOptions::default())
    }

    /// A dispatcher with other options.
    ///
    /// ```no_run
    /// # use gapis_runtime::{Api, Batcher, BatcherOptions};
    /// # use std::time::Duration;
    /// # fn example<A: Api>(api: &A) {
    /// let options = BatcherOptions::default().with_window(Duration::from_millis(10));
    /// let (batcher, driver) = Batcher::with_options(api, options);
    /// # let _ = (batcher, driver);
    /// # }
    /// ```
    pub fn with_options(api: &A, options: BatcherOptions) -> (Self, Driver) {
        let (raw, driver) = RawBatcher::new(api.client(), A::SPEC, options);
        (Batcher { raw, api: PhantomData }, driver)
    }

    /// Sends a call or an update with those of other tasks. When the future is dropped before its batch is formed, the
    /// call is not sent.
    pub fn send<'cb, C: IntoCall<'cb, A>>(&self, call: C) -> Sending<'cb, C::Value> {
        let Parts { request, reader } = call.into_parts();
        let of = request.facts();
        Sending::new(of, reader, Box::pin(self.raw.send(request)))
    }
}

impl RawBatcher {
    /// A dispatcher for calls of that API.
    pub fn new(client: &Client, api: &'static ApiSpec, options: BatcherOptions) -> (Self, Driver) {
        let (jobs, waiting) = mpsc::channel(options.backlog.max(1));
        let client = client.clone();
        let root = client.root(api).map(Into::into);
        let state = State {
            waiting,
            closed: false,
            taken: VecDeque::new(),
            timer: None,
            flying: FuturesUnordered::new(),
            client,
            api,
            full: options.max_calls.unwrap_or(api.limits.calls.min(100)).max(1),
            options,
        };
        (RawBatcher { jobs, root }, Driver(Box::pin(state.run())))
    }

    /// Sends a call with those of other tasks. When the future is dropped before its batch is formed, the call is not
    /// sent.
    pub fn send(&self, request: Request) -> impl Future<Output = Result<RawResponse>> + Send + use<> {
        wait(self.jobs.clone(), self.root.clone(), request)
    }
}

/// Hands the call over, when there is room, and waits for its answer.
async fn wait(jobs: mpsc::Sender<Job>, root: Result<Arc<str>>, request: Request) -> Result<RawResponse> {
    request.check()?;
    if request.client().root(request.api())? != *root? {
        return Err(Error::input(format!(
            "{}: the call goes to another endpoint than the batcher",
            request.id()
        )));
    }
    let (answer, answered) = oneshot::channel();
    let stopped = || Error::cancelled("the driver of the batcher has ended, or was never spawned");
    jobs.send(Job { request, answer }).await.map_err(|_| stopped())?;
    // A waiter is no handle: when those are gone, nothing more can join its batch.
    drop(jobs);
    answered.await.map_err(|_| stopped())?
}

/// Whoever waits for the answer to a call that was taken into a batch. If the driver is dropped then, nobody knows
/// whether the call was executed, and that is the answer.
struct Waiter(Option<oneshot::Sender<Result<RawResponse>>>);

impl Waiter {
    fn answer(mut self, result: Result<RawResponse>) {
        if let Some(answer) = self.0.take() {
            // Who has gone needs no answer.
            drop(answer.send(result));
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if let Some(answer) = self.0.take() {
            let message = "the driver of the batcher ended before the answer to the call came";
            drop(answer.send(Err(Error::unknown_outcome(message, None))));
        }
    }
}

/// What the driver keeps.
struct State {
    waiting: mpsc::Receiver<Job>,
    /// All handles are dropped.
    closed: bool,
    /// Calls of the batch that is being formed.
    taken: VecDeque<Job>,
    /// Runs since the first of them came.
    timer: Option<Timer>,
    flying: FuturesUnordered<BoxFuture<'static, ()>>,
    client: Client,
    api: &'static ApiSpec,
    /// How many calls fill a batch.
    full: usize,
    options: BatcherOptions,
}

impl State {
    async fn run(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            while let Poll::Ready(Some(())) = self.flying.poll_next_unpin(cx) {}
            self.take(cx);
            let full = self.taken.len() >= self.full;
            let due = full || self.closed || self.is_due(cx);
            if self.taken.is_empty() {
                return if self.closed && self.flying.is_empty() { Poll::Ready(()) } else { Poll::Pending };
            }
            if !due || self.flying.len() >= self.options.concurrency.max(1) {
                return Poll::Pending;
            }
            self.form();
        }
    }

    /// Takes waiting calls until a batch is full. Those whose waiter has gone are dropped unsent.
    fn take(&mut self, cx: &mut Context<'_>) {
        while !self.closed && self.taken.len() < self.full {
            match self.waiting.poll_recv(cx) {
                Poll::Ready(Some(job)) => self.taken.push_back(job),
                Poll::Ready(None) => self.closed = true,
                Poll::Pending => break,
            }
        }
        if self.taken.is_empty() {
            self.timer = None;
        } else if self.timer.is_none() {
            self.timer = Some(Timer::new(self.options.window));
        }
    }

    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        self.timer.as_mut().is_some_and(|timer| Pin::new(timer).poll(cx).is_ready())
    }

    /// Sends what was taken as one batch.
    fn form(&mut self) {
        self.timer = None;
        let mut batch = RawBatch::new(self.client.clone(), self.api);
        for Job { request, answer } in self.taken.drain(..) {
            if answer.is_closed() {
                continue;
            }
            let waiter = Waiter(Some(answer));
            let forward = Then::Forward(Box::new(move |result| waiter.answer(result)));
            // The waiter checked the call, so that queueing cannot fail; if it did, the waiter would learn of it.
            drop(batch.push(request, forward));
        }
        self.flying.push(Box::pin(async move { drop(batch.run().await) }));
    }
}
