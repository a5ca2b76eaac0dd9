//! The dispatcher: many tasks call `batcher.send(call)`, and calls that come within a short window travel together.
//!
//! It is a pair. The [`Batcher`] is the handle that tasks clone; the [`Driver`] is the future that does the work and is
//! spawned by the user, so that the runtime and its lifetime are the user's choice. It is a scheduler over the calls of all
//! tasks.

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

/// As many calls may wait as there is room for in a semaphore, which is more than fit in memory.
const MOST: usize = usize::MAX >> 4;

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
        let (jobs, waiting) = mpsc::channel(options.backlog.clamp(1, MOST));
        let root = client.root(api).map(Into::into);
        let raw = RawBatch::new(client.clone(), api);
        let (full, most) = (options.max_calls, api.limits.calls.min(100));
        let sending = BatchOptions {
            max_calls: Some(full.unwrap_or(most).max(1)),
            concurrency: options.concurrency.max(1),
            linger: Linger::Always(options.window),
            ..raw.options
        };
        let engine = Engine::new(raw.client, raw.api, raw.root, sending);
        let calls = Dispatched { waiting, panic: None, index: 0 };
        (RawBatcher { jobs, root }, Driver(Box::pin(calls.run(engine))))
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

/// The calls of all tasks, as they come.
struct Dispatched {
    waiting: mpsc::Receiver<Job>,
    /// A panic of the caller's code, which goes on when all calls are answered.
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
