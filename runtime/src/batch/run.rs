//! Many calls, maybe endlessly many: a stream of calls in, a stream of replies out.
//!
//! Memory is what flies, what waits for its next attempt, and a bounded number of replies that were not taken yet: the
//! source is asked for a call only when there is room.

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
use crate::multipart::ReadLimits;
use crate::send::retry::RetryPolicy;
use crate::send::rt::Instant;
use crate::wire::spec::{ApiSpec, Paging};
use crate::{Api, Client, Error, IntoCall, Result};

/// How long a request that is not full waits for more calls while others are on their way, unless
/// [`with_linger`](Run::with_linger) says otherwise.
const LINGER: Duration = Duration::from_millis(50);

/// How many replies wait to be taken, unless [`with_replies`](Run::with_replies) says otherwise.
const REPLIES: usize = 1000;

/// Many calls of one type that are sent in batches while they come, and a stream of their replies. Made by the service:
/// `drive.run(calls)`, `drive.run_stream(calls)` and `drive.run_pages(lists)`.
///
/// Replies come in the order in which servers answer. Each call has one. Nothing is sent before the first reply is asked
/// for, and nothing more is when the run is dropped; calls on their way then may be executed.
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// use gapis_runtime::Result;
///
/// # async fn example(farm: Farm) -> Result<()> {
/// // As many as the source has: only those that are on their way are in memory.
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
    /// Made when the first reply is asked for.
    engine: Option<Engine<'cb>>,
    began: Option<Instant>,
    job: Streamed<'cb, T>,
    is_done: bool,
    of: PhantomData<fn() -> A>,
}

impl<'cb, A: Api, T: Send + 'static> Run<'cb, A, T> {
    /// Calls of an iterator. Generated services have `run`.
    pub fn new<C, I>(api: &A, calls: I) -> Self
    where
        C: IntoCall<'cb, A, Value = T> + 'cb,
        I: IntoIterator<Item = C, IntoIter: MaybeSend + 'cb>,
    {
        Run::of(api, Calls::iterator(calls.into_iter().map(IntoCall::into_parts)))
    }

    /// Calls of a stream, which may fail: then no more are taken, what was taken is answered, and the error is in the
    /// [report](RunReport::stopped). Generated services have `run_stream`.
    pub fn stream<C, S>(api: &A, calls: S) -> Self
    where
        C: IntoCall<'cb, A, Value = T> + 'cb,
        S: Stream<Item = Result<C>> + MaybeSend + 'cb,
    {
        Run::of(api, Calls::stream(calls))
    }

    fn of(api: &A, calls: Calls<'cb, T>) -> Self {
        let RawBatch { client, api, root, options, .. } = RawBatch::new(api.client().clone(), A::SPEC);
        let options = BatchOptions { linger: Linger::WhileFlying(LINGER), concurrency: 4, ..options };
        Run {
            job: Streamed::new(calls, root.clone(), REPLIES),
            client,
            api,
            root,
            options,
            engine: None,
            began: None,
            is_done: false,
            of: PhantomData,
        }
    }

    /// Goes on with the next page of each list when a page arrives.
    #[doc(hidden)]
    pub fn paged(mut self, paging: &'static Paging) -> Self {
        self.job.paging = Some(paging);
        self
    }

    /// At most this many calls in one HTTP request. By default the API's documented limit, or what its server said.
    pub fn with_max_calls(mut self, calls: usize) -> Self {
        self.options.max_calls = Some(calls.max(1));
        self
    }

    /// At most this many bytes in the body of one HTTP request.
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.options.max_bytes = bytes.max(1);
        self
    }

    /// At most this many HTTP requests at once. Default 4.
    pub fn with_concurrency(mut self, requests: usize) -> Self {
        self.options.concurrency = requests.max(1);
        self
    }

    /// At most this many replies wait to be taken; beyond, servers' answers are left unread. Default 1000.
    pub fn with_replies(mut self, replies: usize) -> Self {
        self.job.room = replies.max(1);
        self
    }

    /// A request that is not full waits this long for more calls, while the source has none or others are on their way,
    /// whose replies may bring some. Default 50 milliseconds.
    pub fn with_linger(mut self, linger: Duration) -> Self {
        self.options.linger = Linger::WhileFlying(linger);
        self
    }

    /// Sends calls again by another policy than the client's.
    pub fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.options.policy = policy;
        self
    }

    /// Other bounds on what a server may answer.
    pub fn with_limits(mut self, limits: ReadLimits) -> Self {
        self.options.limits = limits;
        self
    }

    /// The time for the whole run, from the first reply that is asked for. When it is over, no more calls are taken, and
    /// each that was has a reply with what is known of it: that it was not sent, what its last attempt met, or that its
    /// [outcome is unknown](Error::is_unknown_outcome).
    pub fn with_deadline(mut self, after: Duration) -> Self {
        self.options.deadline = Some(after);
        self
    }

    /// When a call with a key fails, those with the same key that wait for it are not sent: each has an error that
    /// [says so](Error::is_cancelled).
    pub fn with_keys_stopped_by_failures(mut self) -> Self {
        self.job.stop_keys = true;
        self
    }

    /// Makes more calls from each reply that has a value, before it is taken: the children of a folder. What would follow
    /// from a call that failed is never made.
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

    /// Notes in a file which calls are sent and which are answered, so that the same run can be started again after a
    /// crash: no call that was answered is sent again, and none that was sent and must not be executed twice. What is
    /// sent is in the file before it leaves.
    ///
    /// Start it again with the same file and the same source; the order of the source does not matter. Each call needs
    /// an id (`with_id`) that is the same in each run. A call that
    ///
    /// - succeeded is [skipped](RunReport::skipped), or has its reply from the file, with
    ///   [`with_journal_values`](Run::with_journal_values);
    /// - failed for good has its error from the file;
    /// - was sent, has no answer, and may be sent again, is: because it is idempotent, or with the `requestId` with which
    ///   it was sent before;
    /// - was sent, has no answer, and must not be sent again, has an
    ///   [error that says so](Error::is_unknown_outcome), and is in [`RunReport::unknown`];
    /// - failed for the moment, such as by a rate limit, an unavailable server or rejected credentials, is sent again.
    ///
    /// An id stands for one call: a second one with the same id is not sent, and another request under an id that the
    /// journal knows is an input error.
    ///
    /// An end of the file that was written by half is removed. If the file cannot be written, no more calls are sent or
    /// taken, each call on its way has its reply, and the report [says why](RunReport::stopped). Writing blocks the
    /// thread, for as long as the disk takes to confirm it once for each HTTP request; see
    /// [`with_journal_sync_every`](Run::with_journal_sync_every). An answered call takes about 75 bytes of the file and 20 to
    /// 40 bytes of memory: 280 MB for 10 million, and 420 MB while the table of them grows.
    ///
    /// The file has ids, names of methods and messages of errors, but no request and no credentials.
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
    /// println!("{} done before, {} now", report.skipped, report.succeeded);
    /// for id in &report.unknown {
    ///     println!("look for yourself whether {id} was done");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the file cannot be opened or read, if another run has it open, if it is the journal of another API, or is no
    /// journal, and if it is damaged elsewhere than at its end. Also for a run of pages, where each page needs the reply
    /// before.
    #[cfg(all(feature = "fs", not(target_family = "wasm")))]
    #[cfg_attr(docsrs, doc(cfg(feature = "fs")))]
    pub fn journal(self, path: impl AsRef<std::path::Path>) -> Result<Self> {
        let journal = Journal::open(path.as_ref(), self.api)?;
        self.with_journal(journal)
    }

    /// The same in another place than a file.
    #[doc(hidden)]
    pub fn journal_in(self, store: impl Store + 'static) -> Result<Self> {
        let journal = Journal::new(Box::new(store), "of this run".to_owned(), self.api)?;
        self.with_journal(journal)
    }

    fn with_journal(mut self, journal: Journal) -> Result<Self> {
        if self.job.paging.is_some() {
            return Err(Error::input("a run of pages can have no journal: each page needs the reply before"));
        }
        self.job.journal = Some(Box::new(journal));
        Ok(self)
    }

    /// Keeps the bodies of answers in the [journal](Run::journal), so that calls of earlier runs have their replies again.
    /// A run with [`then`](Run::then) always does, because the calls that follow are made from them. Set it if you
    /// [`add`](Run::add) calls that follow from replies.
    pub fn with_journal_values(mut self) -> Self {
        self.job.keeps_values = true;
        self
    }

    /// Waits for the disk to confirm the [journal](Run::journal) only with each `requests`th HTTP request. Default 1.
    ///
    /// If the process ends, nothing is lost either way. If the power fails, what was sent in the last `requests` HTTP
    /// requests may be sent a second time.
    pub fn with_journal_sync_every(mut self, requests: u32) -> Self {
        self.job.sync_every = requests.max(1);
        self
    }

    /// Writes a line of JSON for each call that failed for good, from which the call can be made again:
    ///
    /// `{"id":"7","method":"farm.animals.get","error":"…","status":404,"unknown":false,"verb":"GET","path":"/farm/v2/animals/7","body":null}`
    ///
    /// `id` is the caller's and otherwise `null`. `status` is that of the response, `null` if there was none, and below
    /// 300 if the call was executed and its value could not be decoded. `unknown` says that nobody knows whether the call
    /// was executed, and that it must not be executed twice. `path` has the query, and `headers` those on which the
    /// call depends (`If-…`), if it has any; credentials are in neither. A body that is not JSON is in `body_base64`,
    /// and its media type in `content_type`.
    ///
    /// With a [journal](Run::journal) there is no line for a call that another run with it would send again; and each run
    /// has all lines, also of calls that failed in earlier runs, so that each may write a new file.
    ///
    /// If writing fails, no more calls are taken, and the report [says why](RunReport::stopped).
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

    /// Takes one more call, before those of the source and without waiting for room: one that follows from a reply. It is
    /// sent when the next reply is asked for, also when the source has ended.
    pub fn add<C: IntoCall<'cb, A, Value = T>>(&mut self, call: C) {
        self.job.follow(call.into_parts());
        self.is_done = false;
        if let Some(engine) = &mut self.engine {
            engine.reopen();
        }
    }

    /// The next reply, `None` when all calls are answered.
    ///
    /// # Panics
    /// If the closure of [`then`](Run::then) or code that the run calls panicked, after all other replies.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Next<'_, Self> {
        Next::new(self)
    }

    /// Waits for all replies that were not taken, without looking at them.
    pub fn drain(&mut self) -> impl Future<Output = ()> + '_ {
        poll_fn(|cx| {
            while let Some(reply) = std::task::ready!(Pin::new(&mut *self).poll_next(cx)) {
                drop(reply);
            }
            Poll::Ready(())
        })
    }

    /// How far it has come.
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
                .and_then(|engine| engine.blocked)
                .map(|until| until.saturating_duration_since(now)),
            remaining: left
                .filter(|_| rate > 0.0)
                .and_then(|left| Duration::try_from_secs_f64(left as f64 / rate).ok()),
        }
    }

    /// How it went until now; after the last reply, all of it.
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

impl<A: Api, T: Send + 'static> Stream for Run<'_, A, T> {
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
            this.engine = Some(Engine::new(client, this.api, root, this.options.clone()));
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

impl<A: Api, T> std::fmt::Debug for Run<'_, A, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("api", &A::SPEC.name)
            .field("taken", &self.job.counts.taken)
            .finish_non_exhaustive()
    }
}
