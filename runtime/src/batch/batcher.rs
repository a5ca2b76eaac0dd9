//! The dispatcher: many tasks call `batcher.send(call)`, and calls from within a short time window are sent together.
//!
//! It has two parts. The [`Batcher`] is the handle, which tasks clone. The [`Driver`] is the future that does the work.
//! The caller spawns it, and so decides on which async runtime it runs and for how long.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::engine::Engine;
use super::job;
use super::queue::{BatchOptions, Entry, Linger, RawBatch};
use super::reply::{Id, Then, Waiter};
use crate::call::reading::{Panic, Parts};
use crate::call::request::Request;
use crate::wire::spec::ApiSpec;
use crate::{Api, BoxFuture, Client, Error, IntoCall, RawResponse, Result, Sending};

/// The maximum number of permits of a tokio semaphore, and so of calls that can wait.
const MAX_BACKLOG: usize = usize::MAX >> 4;

/// A handle of a dispatcher, which collects calls from many tasks into batches. Clones belong to the same dispatcher.
/// When the last clone is dropped, calls that were accepted are still sent, and then the driver ends.
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// use gapis_runtime::{Batcher, Result};
///
/// # async fn example(farm: Farm) -> Result<()> {
/// let (batcher, driver) = Batcher::new(&farm);
/// tokio::spawn(driver);
/// // Calls that are sent at almost the same time share an HTTP request.
/// let first = async { batcher.send(farm.animals().get("1")).await };
/// let second = async { batcher.send(farm.animals().get("2")).await };
/// let (first, second) = futures_util::future::try_join(first, second).await?;
/// # let _ = (first, second);
/// # Ok(())
/// # }
/// ```
pub struct Batcher<A> {
    raw: RawBatcher,
    api: PhantomData<fn() -> A>,
}

impl<A> Clone for Batcher<A> {
    fn clone(&self) -> Self {
        Batcher { raw: self.raw.clone(), api: PhantomData }
    }
}

/// A [`Batcher`] without a type for its API.
#[derive(Clone)]
struct RawBatcher {
    jobs: mpsc::Sender<Job>,
    root: Result<Arc<str>>,
}

impl<A: Api> std::fmt::Debug for Batcher<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batcher").field("api", &A::SPEC.name).finish_non_exhaustive()
    }
}

/// The future that does the work of a dispatcher. Spawn it. It ends when all handles are dropped and all calls have
/// replies. If it is dropped earlier, calls without a reply fail.
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
/// // Fewer and larger batches, for which each call waits up to 10 milliseconds.
/// let options = BatcherOptions::default().with_window(Duration::from_millis(10)).with_concurrency(2);
/// # let _ = options;
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
    /// Sets how long the first call of a batch waits for others. Default: 2 milliseconds.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets the maximum number of calls in a batch, at least 1. A full batch is sent immediately. Default: the API's
    /// documented limit, but at most 100. If the server has stated a lower limit, that one applies.
    #[must_use]
    pub fn with_max_calls(mut self, calls: usize) -> Self {
        self.max_calls = Some(calls);
        self
    }

    /// Sets the maximum number of batches that are sent at the same time, at least 1. Default: 4. Further calls wait.
    #[must_use]
    pub fn with_concurrency(mut self, batches: usize) -> Self {
        self.concurrency = batches;
        self
    }

    /// Sets how many calls may wait to be taken into a batch, at least 1. Default: 1000. If as many are waiting, `send`
    /// waits too.
    #[must_use]
    pub fn with_backlog(mut self, calls: usize) -> Self {
        self.backlog = calls;
        self
    }
}

/// A call that waits for its batch, and the sender of its reply.
struct Job {
    request: Request,
    answer: oneshot::Sender<Result<RawResponse>>,
}

impl<A: Api> Batcher<A> {
    /// Makes a dispatcher with default options. Generated services have `batcher()`.
    pub fn new(api: &A) -> (Self, Driver) {
        Batcher::with_options(api, BatcherOptions::default())
    }

    /// Makes a dispatcher with other options.
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

    /// Sends a call or an update together with calls of other tasks. If the future is dropped before the batch of the
    /// call is formed, the call is not sent.
    ///
    /// # Errors
    /// The future returns the call's own error, and a [cancellation error](Error::is_cancelled) if the driver was never
    /// spawned or has ended.
    pub fn send<'cb, C: IntoCall<'cb, A>>(&self, call: C) -> Sending<'cb, C::Value> {
        let Parts { request, reader } = call.into_parts();
        let facts = request.facts();
        Sending::new(facts, reader, Box::pin(self.raw.send(request)))
    }
}

impl RawBatcher {
    /// Makes a dispatcher for calls of the API.
    fn new(client: &Client, api: &'static ApiSpec, options: BatcherOptions) -> (Self, Driver) {
        let (jobs, waiting) = mpsc::channel(options.backlog.clamp(1, MAX_BACKLOG));
        let root = client.root(api).map(Into::into);
        let raw = RawBatch::new(client.clone(), api);
        let (max_calls, default) = (options.max_calls, api.limits.calls.min(100));
        let batch_options = BatchOptions {
            max_calls: Some(max_calls.unwrap_or(default).max(1)),
            concurrency: options.concurrency.max(1),
            linger: Linger::Always(options.window),
            ..raw.options
        };
        let engine = Engine::new(raw.client, raw.api, raw.root, batch_options);
        let calls = Dispatched { waiting, panic: None, index: 0 };
        (RawBatcher { jobs, root }, Driver(Box::pin(calls.run(engine))))
    }

    /// Sends a call together with calls of other tasks. If the future is dropped before the batch of the call is
    /// formed, the call is not sent.
    ///
    /// # Errors
    /// As [`Batcher::send`].
    fn send(&self, request: Request) -> impl Future<Output = Result<RawResponse>> + Send + use<> {
        wait(self.jobs.clone(), self.root.clone(), request)
    }
}

/// Passes the call to the driver when there is room, and waits for the reply.
async fn wait(jobs: mpsc::Sender<Job>, root: Result<Arc<str>>, request: Request) -> Result<RawResponse> {
    request.check()?;
    if request.client().root(request.api())? != *root? {
        return Err(Error::input(format!(
            "{}: the call's endpoint differs from the batcher's",
            request.id()
        )));
    }
    let (answer, answered) = oneshot::channel();
    let stopped = || Error::cancelled("the driver of the batcher has ended, or was never spawned");
    jobs.send(Job { request, answer }).await.map_err(|_| stopped())?;
    // A call that waits is not a handle: if all handles are dropped, no more calls can join its batch.
    drop(jobs);
    answered.await.map_err(|_| stopped())?
}

/// The calls of all tasks, in the order of their arrival.
struct Dispatched {
    waiting: mpsc::Receiver<Job>,
    /// A panic of the caller's code, which continues when all calls have replies.
    panic: Option<Panic>,
    index: usize,
}

impl Dispatched {
    async fn run(mut self, mut engine: Engine<'static>) {
        poll_fn(|cx| engine.poll(cx, &mut self)).await;
        if let Some(panic) = self.panic {
            resume_unwind(panic);
        }
    }
}

impl job::Job<'static> for Dispatched {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Entry<'static>>> {
        while let Some(Job { mut request, answer }) = ready!(self.waiting.poll_recv(cx)) {
            if answer.is_closed() {
                continue;
            }
            request.fill_request_id();
            self.index += 1;
            let id = Id::made(self.index);
            return Poll::Ready(Some(Entry::new(id, self.index, request, Then::Waiter(Waiter::new(answer)))));
        }
        Poll::Ready(None)
    }

    fn answer(&mut self, entry: Entry<'static>, result: Result<RawResponse>) {
        let Entry { request, then, ledger, .. } = entry;
        if let Then::Waiter(waiter) = then {
            waiter.answer(result.map_err(|error| ledger.conclude(error, request.reads())));
        }
    }

    fn panicked(&mut self, panic: Panic) {
        self.panic.get_or_insert(panic);
    }
}
