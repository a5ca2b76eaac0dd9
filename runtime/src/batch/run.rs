//! Runs: any number of calls, from a stream of calls to a stream of replies.
//!
//! Memory is limited. Only calls that are being sent or wait for another attempt are in memory, and a limited number of
//! replies: a call is taken from the source only when there is room.

mod failures;
mod report;
mod source;
mod streamed;

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt as _;

pub use report::{RunProgress, RunReport};
pub use source::MaybeSend;

use self::failures::Failures;
use self::source::Calls;
use self::streamed::Streamed;
use super::engine::Engine;
use super::journal::{Journal, Store};
use super::queue::{BatchOptions, Linger, RawBatch};
use super::reply::Reply;
use crate::call::next::Next;
use crate::call::reading::Parts;
use crate::call::request::Request;
use crate::multipart::ReadLimits;
use crate::send::retry::RetryPolicy;
use crate::send::rt::Instant;
use crate::wire::spec::{ApiSpec, Paging};
use crate::{Api, Client, Error, IntoCall, RawResponse, Result};

/// How long a request that is not full waits for more calls. See [`with_linger`](Run::with_linger).
const LINGER: Duration = Duration::from_millis(50);

/// How many replies may wait to be taken. See [`with_replies`](Run::with_replies).
const REPLIES: usize = 1000;

/// Sends many calls of one type in batches, and is a stream of their replies. Generated services make one:
/// `drive.run(calls)`, `drive.run_stream(calls)` and `drive.run_pages(lists)`.
///
/// Each call has one reply. Replies are in the order in which they arrive. Nothing is sent before the first reply is
/// requested with [`next`](Run::next), or while no reply is requested. If the run is dropped, nothing more is sent, but
/// the server may execute calls that it has received.
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// use gapis_runtime::Result;
///
/// # async fn example(farm: Farm) -> Result<()> {
/// // Calls are taken from the iterator as they are needed. Only those that are being sent are in memory.
/// let calls = (0..1_000_000).map(|number| farm.animals().get(&number.to_string()).with_id(number));
/// let mut replies = farm.run(calls);
/// while let Some(reply) = replies.next().await {
///     if let Err(error) = reply.result {
///         eprintln!("{}: {error}", reply.id);
///     }
/// }
/// let report = replies.finish();
/// println!("{} of {} failed", report.failed, report.calls);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until a reply is asked for"]
pub struct Run<'cb, A, T> {
    client: Client,
    api: &'static ApiSpec,
    root: Result<String>,
    options: BatchOptions,
    /// Created when the first reply is requested.
    engine: Option<Engine<'cb>>,
    began: Option<Instant>,
    job: Streamed<'cb, T>,
    is_done: bool,
    api_type: PhantomData<fn() -> A>,
}

impl<'cb, A: Api, T: Send + 'static> Run<'cb, A, T> {
    /// Makes a run of the calls of an iterator. Generated services have `run`.
    pub fn new<C, I>(api: &A, calls: I) -> Self
    where
        C: IntoCall<'cb, A, Value = T> + 'cb,
        I: IntoIterator<Item = C, IntoIter: MaybeSend + 'cb>,
    {
        Run::of(api.client(), A::SPEC, Calls::iterator(calls.into_iter().map(IntoCall::into_parts)))
    }

    /// Makes a run of the calls of a stream. Generated services have `run_stream`. If the stream returns an error, no
    /// more calls are taken from it. The calls before the error are completed, and the error is in the
    /// [report](RunReport::stopped).
    pub fn stream<C, S>(api: &A, calls: S) -> Self
    where
        C: IntoCall<'cb, A, Value = T> + 'cb,
        S: Stream<Item = Result<C>> + MaybeSend + 'cb,
    {
        Run::of(api.client(), A::SPEC, Calls::stream(calls))
    }

    /// Makes further calls from each reply that has a value, such as for the children of a folder. The closure runs
    /// before the reply is returned by [`next`](Run::next). It does not run for calls that failed.
    ///
    /// ```
    /// # use gapis_testkit::farm::Farm;
    /// # fn example(farm: &Farm) {
    /// let parents = farm.clone();
    /// let tree = farm.run([farm.animals().get("root")]).then(move |reply| {
    ///     let animal = reply.result.as_ref().ok();
    ///     animal.and_then(|animal| animal.name.as_ref()).map(|parent| parents.animals().get(parent))
    /// });
    /// # let _ = tree;
    /// # }
    /// ```
    pub fn then<C, I>(mut self, mut calls: impl FnMut(&Reply<T>) -> I + MaybeSend + 'cb) -> Self
    where
        C: IntoCall<'cb, A, Value = T>,
        I: IntoIterator<Item = C>,
    {
        self.job.then = Some(source::follow(move |reply, follow| {
            follow.extend(calls(reply).into_iter().map(IntoCall::into_parts));
        }));
        self
    }

    /// Adds a call, such as one that depends on a reply. It is sent before the calls of the source, without waiting for
    /// room, when the next reply is requested. A call may also be added after the source has ended.
    pub fn add<C: IntoCall<'cb, A, Value = T>>(&mut self, call: C) {
        self.job.follow(call.into_parts());
        self.is_done = false;
        if let Some(engine) = &mut self.engine {
            engine.reopen();
        }
    }
}

impl Run<'static, (), RawResponse> {
    /// Makes a run of the calls of an API that is only known at run time. The replies are not decoded.
    #[doc(hidden)]
    pub fn raw(
        client: &Client,
        api: &'static ApiSpec,
        calls: impl Stream<Item = Request> + MaybeSend + 'static,
    ) -> Self {
        let calls = calls.map(|request| Ok(Parts::untyped(request)));
        Run::of(client, api, Calls::Stream(Box::pin(calls)))
    }
}

impl<'cb, A, T: Send + 'static> Run<'cb, A, T> {
    fn of(client: &Client, api: &'static ApiSpec, calls: Calls<'cb, T>) -> Self {
        let RawBatch { client, api, root, options, .. } = RawBatch::new(client.clone(), api);
        let options = BatchOptions { linger: Linger::WhileInFlight(LINGER), concurrency: 4, ..options };
        Run {
            job: Streamed::new(calls, root.clone(), REPLIES),
            client,
            api,
            root,
            options,
            engine: None,
            began: None,
            is_done: false,
            api_type: PhantomData,
        }
    }

    /// Makes calls for the further pages of each list when a page arrives.
    #[doc(hidden)]
    pub fn paged(mut self, paging: &'static Paging) -> Self {
        self.job.paging = Some(paging);
        self
    }

    /// Sets the maximum number of calls in one HTTP request, at least 1. Default: the API's documented limit. If the
    /// server has stated a lower limit, that one applies.
    pub fn with_max_calls(mut self, calls: usize) -> Self {
        self.options.max_calls = Some(calls.max(1));
        self
    }

    /// Sets the maximum size of the body of one HTTP request, in bytes. Default: the API's documented limit.
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.options.max_bytes = bytes.max(1);
        self
    }

    /// Sets the maximum number of HTTP requests at the same time, at least 1. Default: 4.
    pub fn with_concurrency(mut self, requests: usize) -> Self {
        self.options.concurrency = requests.max(1);
        self
    }

    /// Sets how many replies may wait to be taken, at least 1. Default: 1000. If as many are waiting, responses of the
    /// server are not read further.
    pub fn with_replies(mut self, replies: usize) -> Self {
        self.job.room = replies.max(1);
        self
    }

    /// Sets how long a request that is not full waits for more calls. Default: 50 milliseconds. It waits while the
    /// source has no call ready, or while other requests are being sent, because their replies may lead to more calls.
    pub fn with_linger(mut self, linger: Duration) -> Self {
        self.options.linger = Linger::WhileInFlight(linger);
        self
    }

    /// Sets the retry policy for the calls of this run that have none of their own. Default: the client's policy.
    pub fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.options.policy = policy;
        self
    }

    /// Sets limits on the sizes of the server's responses. Default: [`ReadLimits::default`].
    pub fn with_limits(mut self, limits: ReadLimits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Sets a time limit for the whole run, counted from the first reply that is requested. Default: none. After it, no
    /// more calls are taken, and each call that was taken has a reply: a value, the error of its last attempt, an error
    /// that it was [not sent](Error::is_cancelled), or that its [outcome is unknown](Error::is_unknown_outcome).
    pub fn with_deadline(mut self, after: Duration) -> Self {
        self.options.deadline = Some(after);
        self
    }

    /// Cancels calls after a failure of a call with the same key. When a call fails, calls with its key that have not
    /// been sent yet are not sent: each gets a [cancellation error](Error::is_cancelled). Default: they are sent.
    pub fn with_keys_stopped_by_failures(mut self) -> Self {
        self.job.stop_keys = true;
        self
    }

    /// Records in a file which calls were sent and which have replies, so that the run can be started again after a
    /// crash. It then does not send a call again that has a reply, or that may have been executed and must not be
    /// executed twice. A call is recorded in the file before it is sent.
    ///
    /// Start the run again with the same file and the same source. The order of the source does not matter. Each call
    /// needs an id (`with_id`) that is the same in each run. The new run handles a call by what the file says of it:
    ///
    /// - The call succeeded: it is [skipped](RunReport::skipped). With
    ///   [`with_journal_values`](Run::with_journal_values), it has its reply from the file.
    /// - It failed permanently: it has its error from the file. To send it again, [`add`](Run::add) its
    ///   [`failed`](Reply::failed).
    /// - It failed temporarily, such as because of a rate limit, an unavailable server or rejected credentials: it is
    ///   sent again.
    /// - It was sent, has no reply, and may be sent again: it is sent again. This is so for idempotent calls, and for
    ///   calls with a `requestId`, which is the same as before, unless the caller forbids it with
    ///   `with_idempotent(false)`.
    /// - It was sent, has no reply, and must not be sent again: it has an [error that says
    ///   so](Error::is_unknown_outcome), and its id is in [`RunReport::unknown`].
    ///
    /// An id stands for one call. The journal does not know the credentials of a call, so calls for several users need ids
    /// that differ between users. A second call with the same id is not sent, and a different request with an id from
    /// the file gets an input error.
    ///
    /// If the last record of the file is incomplete, it is removed. If the file cannot be written, no more calls are
    /// sent or taken, calls that are being sent get their replies, and the report [has the error](RunReport::stopped).
    /// Writing blocks the thread until the disk has confirmed it, once for each HTTP request; see
    /// [`with_journal_sync_every`](Run::with_journal_sync_every). A call takes about 75 bytes in the file and 20 to 40
    /// bytes in memory: 280 MB for 10 million calls, and 420 MB while the hash table grows.
    ///
    /// The file has the ids of calls, names of methods and error messages, but no requests and no credentials.
    ///
    /// ```
    /// # use gapis_testkit::farm::Farm;
    /// use gapis_runtime::Result;
    ///
    /// # async fn example(farm: Farm) -> Result<()> {
    /// let old = ["1", "2", "3"];
    /// let calls = old.map(|animal| farm.animals().get(animal).with_id(animal));
    /// let mut replies = farm.run(calls).journal("cleanup.journal")?;
    /// replies.drain().await;
    /// let report = replies.finish();
    /// println!("{} succeeded in earlier runs, {} in this one", report.skipped, report.succeeded);
    /// for id in &report.unknown {
    ///     println!("check whether the call {id} was executed");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the file cannot be opened or read, if another run is using it, if it is not a journal or belongs to another
    /// API, or if it is damaged before its end. Also for a run of pages, because each page is requested with data of
    /// the page before.
    #[cfg(all(feature = "fs", not(target_family = "wasm")))]
    #[cfg_attr(docsrs, doc(cfg(feature = "fs")))]
    pub fn journal(self, path: impl AsRef<std::path::Path>) -> Result<Self> {
        let journal = Journal::open(path.as_ref(), self.api)?;
        self.with_journal(journal)
    }

    /// Like `journal`, with a store that is not a file.
    #[doc(hidden)]
    pub fn journal_in(self, store: impl Store + 'static) -> Result<Self> {
        let journal = Journal::new(Box::new(store), "of this run".to_owned(), self.api)?;
        self.with_journal(journal)
    }

    fn with_journal(mut self, journal: Journal) -> Result<Self> {
        if self.job.paging.is_some() {
            return Err(Error::input(
                "a run of pages cannot have a journal, because each page depends on the page before",
            ));
        }
        self.job.journal = Some(Box::new(journal));
        Ok(self)
    }

    /// Records the response bodies in the [journal](Run::journal), so that a later run has the replies of calls that
    /// succeeded before. Default: only for a run with [`then`](Run::then), because it makes calls from these replies.
    /// Also set it if you [`add`](Run::add) calls that depend on replies.
    pub fn with_journal_values(mut self) -> Self {
        self.job.keeps_values = true;
        self
    }

    /// Sets after how many HTTP requests the disk must confirm what was written to the [journal](Run::journal).
    /// Default: 1.
    ///
    /// If only the process is killed, nothing is lost with any setting. After a power failure, calls of the last
    /// `requests` HTTP requests may be sent twice.
    ///
    /// ```
    /// # use gapis_testkit::farm::Farm;
    /// # fn example(farm: Farm) -> gapis_runtime::Result<()> {
    /// let calls = (0..100_000).map(|number| farm.animals().get(&number.to_string()).with_id(number));
    /// let replies = farm.run(calls).journal("animals.journal")?.with_journal_values().with_journal_sync_every(10);
    /// # let _ = replies;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_journal_sync_every(mut self, requests: u32) -> Self {
        self.job.sync_every = requests.max(1);
        self
    }

    /// Writes a line of JSON for each call that failed permanently. The call can be made again from this line:
    ///
    /// `{"id":"7","method":"farm.animals.get","error":"…","status":404,"unknown":false,"verb":"GET","path":"/farm/v2/animals/7","body":null}`
    ///
    /// - `id` is the id that the caller set, or `null`.
    /// - `status` is the status of the response, or `null` if there was none. If it is below 300, the call was executed
    ///   and its value could not be decoded.
    /// - `unknown` is `true` if the call may have been executed and must not be executed twice.
    /// - `path` includes the query.
    /// - `headers` has the call's conditional headers (`If-…`), if there are any. Neither it nor `path` has
    ///   credentials.
    /// - `body` is the JSON of the request. A body that is not JSON is in `body_base64`, with its media type in
    ///   `content_type`.
    ///
    /// With a [journal](Run::journal), calls that the next run would send again have no line. Calls that failed in
    /// earlier runs have one, so that each run can write a new file.
    ///
    /// If writing fails, no more calls are taken, and the report [has the error](RunReport::stopped).
    ///
    /// ```
    /// # use gapis_testkit::farm::Farm;
    /// use std::io::{BufRead as _, BufReader};
    /// use gapis_runtime::{Json, http::Method};
    ///
    /// # async fn example(farm: Farm) -> Result<(), Box<dyn std::error::Error>> {
    /// # let calls = ["1"].map(|id| farm.animals().get(id).with_id(id));
    /// let mut replies = farm.run(calls).with_failures_to(std::fs::File::create("failures.ndjson")?);
    /// replies.drain().await;
    /// let report = replies.finish();
    ///
    /// let mut again = Vec::new();
    /// for line in BufReader::new(std::fs::File::open("failures.ndjson")?).lines() {
    ///     let line: Json = serde_json::from_str(&line?)?;
    ///     if line["unknown"] == false {
    ///         let verb: Method = line["verb"].as_str().unwrap_or_default().parse()?;
    ///         let body = Some(line["body"].clone()).filter(|body| !body.is_null());
    ///         let call = farm.call(verb, line["path"].as_str().unwrap_or_default(), body);
    ///         again.push(call.with_id(line["id"].as_str().unwrap_or_default()));
    ///     }
    /// }
    /// farm.run(again).drain().await;
    /// # let _ = report;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_failures_to(mut self, sink: impl std::io::Write + MaybeSend + 'cb) -> Self {
        self.job.failures = Some(Failures::new(sink));
        self
    }

    /// Returns the next reply, or `None` when all calls have replies.
    ///
    /// # Panics
    /// If the closure of [`then`](Run::then) or other code of the caller panicked. The panic continues after all other
    /// replies.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Next<'_, Self> {
        Next::new(self)
    }

    /// Stops the run, such as when the user wants the program to end. No more calls are taken or sent. Calls that are being
    /// sent get their replies; go on with [`next`](Run::next) until it returns `None`. A call that was taken and not
    /// sent, or that waits for another attempt, has an error: that of its last attempt, or that it was [not
    /// sent](Error::is_cancelled). The report has such an error too, as the [reason](RunReport::stopped) why calls were
    /// left in the source.
    ///
    /// ```
    /// # use gapis_testkit::farm::Farm;
    /// # async fn example(farm: Farm) {
    /// let mut replies = farm.run((0..1_000_000).map(|number| farm.animals().get(&number.to_string())));
    /// while let Some(reply) = replies.next().await {
    ///     if reply.result.is_err_and(|error| error.status().is_some()) {
    ///         replies.stop();
    ///     }
    /// }
    /// println!("{} calls have a value", replies.finish().succeeded);
    /// # }
    /// ```
    pub fn stop(&mut self) {
        self.job.stop(Error::cancelled("the run was stopped"));
        if let Some(engine) = &mut self.engine {
            engine.stop();
        }
    }

    /// Waits until all calls have replies, and drops the replies.
    pub fn drain(&mut self) -> impl Future<Output = ()> + '_ {
        poll_fn(|cx| {
            while let Some(reply) = std::task::ready!(Pin::new(&mut *self).poll_next(cx)) {
                drop(reply);
            }
            Poll::Ready(())
        })
    }

    /// Returns how far the run has come.
    #[must_use]
    pub fn progress(&self) -> RunProgress {
        let elapsed = self.began.map_or(Duration::ZERO, |began| began.elapsed());
        let counts = &self.job.counts;
        let answered = counts.succeeded + counts.failed;
        let open = counts.open();
        let rate = if elapsed.is_zero() { 0.0 } else { answered as f64 / elapsed.as_secs_f64() };
        let now = Instant::now();
        let left = self.job.calls.left().map(|left| left + open);
        RunProgress {
            taken: counts.taken,
            succeeded: counts.succeeded,
            failed: counts.failed,
            skipped: counts.skipped,
            open,
            rate,
            blocked_for: self
                .engine
                .as_ref()
                .and_then(Engine::blocked_until)
                .map(|until| until.saturating_duration_since(now))
                .filter(|left| !left.is_zero()),
            remaining: left
                .filter(|_| rate > 0.0)
                .and_then(|left| Duration::try_from_secs_f64(left as f64 / rate).ok()),
        }
    }

    /// Returns the results so far. After the last reply, these are the results of all calls.
    pub fn finish(mut self) -> RunReport {
        self.job.sync();
        let mut unknown = self.job.unknown;
        unknown.extend(self.job.journal.iter().flat_map(|journal| journal.unknown()));
        let counts = self.engine.as_ref().map(|engine| engine.counts).unwrap_or_default();
        RunReport {
            calls: self.job.counts.taken,
            succeeded: self.job.counts.succeeded,
            failed: self.job.counts.failed,
            skipped: self.job.counts.skipped,
            unknown,
            requests: counts.requests,
            retries: counts.retries,
            elapsed: self.began.map_or(Duration::ZERO, |began| began.elapsed()),
            stopped: self.job.stopped,
        }
    }
}

impl<A, T> Unpin for Run<'_, A, T> {}

impl<A, T: Send + 'static> Stream for Run<'_, A, T> {
    type Item = Reply<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.engine.is_none() {
            if let Some(journal) = &mut this.job.journal {
                journal.keeps_values = this.job.keeps_values || this.job.then.is_some();
                journal.sync_every = this.job.sync_every;
            }
            this.began = Some(Instant::now());
            let (client, root) = (this.client.clone(), this.root.clone());
            let engine = this.engine.insert(Engine::new(client, this.api, root, this.options.clone()));
            if this.job.stopped.is_some() {
                engine.stop();
            }
        }
        loop {
            if let Some(reply) = this.job.replies.pop_front() {
                return Poll::Ready(Some(reply));
            }
            if this.is_done {
                if let Some(panic) = this.job.panic.take() {
                    std::panic::resume_unwind(panic);
                }
                return Poll::Ready(None);
            }
            let Some(engine) = &mut this.engine else { return Poll::Ready(None) };
            let polled = engine.poll(cx, &mut this.job);
            this.job.flush();
            match polled {
                Poll::Ready(()) => {
                    this.is_done = true;
                    this.job.sync();
                }
                Poll::Pending if this.job.replies.is_empty() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }
}

impl<A, T> std::fmt::Debug for Run<'_, A, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("api", &self.api.name)
            .field("taken", &self.job.counts.taken)
            .finish_non_exhaustive()
    }
}
