//! Batches: many calls of one API in few HTTP requests, each answered exactly once.
//!
//! This module holds what a user touches. `engine` decides what is sent when and who is told what, `exchange` is one
//! HTTP request and its streamed answer. None of them is generic over the calls' types: a call is erased when it is
//! queued, and only the function that decodes its answer knows what it is.

mod batcher;
mod engine;
mod exchange;
mod matching;
mod pace;
mod plan;
mod reply;
mod report;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http::header::{HeaderName, HeaderValue};

pub use batcher::{Batcher, BatcherOptions, Driver};
pub use reply::{Id, Outcome, Reply};
pub use report::{Record, Report, Ticket};

use crate::call::request::Request;
use crate::multipart::ReadLimits;
use crate::send::attempts::Ledger;
use crate::send::retry::RetryPolicy;
use crate::wire::headers;
use crate::wire::query::Query;
use crate::wire::spec::ApiSpec;
use crate::{Api, BoxFuture, Client, Error, IntoRequest, Method, RawResponse, Response, Result};
use reply::{Listener, Settled, Then};

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

/// The batch without its API's type.
pub(crate) struct RawBatch<'cb> {
    client: Client,
    api: &'static ApiSpec,
    /// Where all of its calls go, if its client has a place for them.
    root: Result<String>,
    serial: u64,
    calls: Vec<Entry<'cb>>,
    /// The caller's ids. Made ones are of another kind and cannot collide.
    ids: HashSet<String>,
    listeners: Vec<Listener<'cb>>,
    /// For each barrier, whether a failure before it cancels what comes after.
    barriers: Vec<bool>,
    options: BatchOptions,
}

/// What the caller said about the whole batch.
struct BatchOptions {
    max_calls: Option<usize>,
    max_bytes: usize,
    max_url: usize,
    concurrency: usize,
    rate: Option<f64>,
    policy: RetryPolicy,
    limits: ReadLimits,
    headers: Vec<(HeaderName, HeaderValue)>,
    query: Query,
    error: Option<Error>,
}

/// A queued call.
struct Entry<'cb> {
    id: Id,
    index: usize,
    stage: usize,
    request: Request,
    then: Then<'cb>,
    ledger: Ledger,
    /// How often it was sent, for the report.
    sent: u32,
}

static SERIAL: AtomicU64 = AtomicU64::new(0);

impl<'cb, A: Api> Batch<'cb, A> {
    /// A new batch. Generated services have `batch()`.
    pub fn new(api: &A) -> Self {
        Batch { raw: RawBatch::new(api.client().clone(), A::SPEC), api: PhantomData }
    }

    /// Queues a call with its callback, as [`Call::queue`](crate#the-core) does.
    ///
    /// # Errors
    /// If the call is not valid or goes to another endpoint.
    pub fn queue<C>(
        &mut self,
        call: C,
        callback: impl FnOnce(Reply<<C::Method as Method>::Output>) + Send + 'cb,
    ) -> Result<()>
    where
        C: IntoRequest,
        C::Method: Method<Api = A>,
    {
        self.raw.push(None, call.into_request(), Then::callback(callback)).map(drop)
    }

    /// The same under an id of the caller's.
    ///
    /// # Errors
    /// As [`queue`](Batch::queue), and if the batch has that id already.
    pub fn queue_as<C>(
        &mut self,
        call: C,
        id: impl Display,
        callback: impl FnOnce(Reply<<C::Method as Method>::Output>) + Send + 'cb,
    ) -> Result<()>
    where
        C: IntoRequest,
        C::Method: Method<Api = A>,
    {
        self.raw.push(Some(id.to_string()), call.into_request(), Then::callback(callback)).map(drop)
    }

    /// Queues a call and gives a ticket for its value.
    ///
    /// # Errors
    /// As [`queue`](Batch::queue).
    pub fn queue_ticket<C>(&mut self, call: C) -> Result<Ticket<<C::Method as Method>::Output>>
    where
        C: IntoRequest,
        C::Method: Method<Api = A>,
    {
        let then = Then::ticket::<<C::Method as Method>::Output>();
        let index = self.raw.push(None, call.into_request(), then)?;
        Ok(Ticket::new(self.raw.serial, index))
    }

    /// Queues an update: `settle` hands out the parts of the value before the callback gets the whole.
    pub(crate) fn push_settled<T: Response>(
        &mut self,
        id: Option<String>,
        request: Request,
        settle: impl FnOnce(Result<T>, Option<&RawResponse>) -> Settled<T> + Send + 'cb,
        callback: impl FnOnce(Reply<T>) + Send + 'cb,
    ) -> Result<()> {
        self.raw.push(id, request, Then::settled(settle, callback)).map(drop)
    }

    /// The same with a ticket for the whole.
    pub(crate) fn push_settled_ticket<T: Response>(
        &mut self,
        request: Request,
        settle: impl FnOnce(Result<T>, Option<&RawResponse>) -> Settled<T> + Send + 'cb,
    ) -> Result<Ticket<T>> {
        let index = self.raw.push(None, request, Then::settled_ticket(settle))?;
        Ok(Ticket::new(self.raw.serial, index))
    }

    /// Queues a call without a callback. The report keeps its reply, and [`on_reply`](Batch::on_reply) sees it.
    ///
    /// # Errors
    /// As [`queue`](Batch::queue).
    pub fn add<C>(&mut self, call: C) -> Result<()>
    where
        C: IntoRequest,
        C::Method: Method<Api = A>,
    {
        self.raw.push(None, call.into_request(), Then::keep::<<C::Method as Method>::Output>()).map(drop)
    }

    /// The same under an id of the caller's, by which [`Report::get`] finds the reply.
    ///
    /// # Errors
    /// As [`queue_as`](Batch::queue_as).
    pub fn add_as<C>(&mut self, id: impl Display, call: C) -> Result<()>
    where
        C: IntoRequest,
        C::Method: Method<Api = A>,
    {
        let then = Then::keep::<<C::Method as Method>::Output>();
        self.raw.push(Some(id.to_string()), call.into_request(), then).map(drop)
    }

    /// Queues many calls of one method with one closure for all of their replies. It may borrow mutably.
    ///
    /// # Errors
    /// As [`queue`](Batch::queue), for the first call that is refused: those before it stay queued, those after it are
    /// not looked at.
    pub fn add_all<C>(
        &mut self,
        calls: impl IntoIterator<Item = C>,
        callback: impl FnMut(Reply<<C::Method as Method>::Output>) + Send + 'cb,
    ) -> Result<()>
    where
        C: IntoRequest,
        C::Method: Method<Api = A>,
    {
        let shared = Arc::new(Mutex::new(callback));
        calls.into_iter().try_for_each(|call| {
            self.raw.push(None, call.into_request(), Then::shared(Arc::clone(&shared))).map(drop)
        })
    }

    /// The same with an id of the caller's for each call.
    ///
    /// # Errors
    /// As [`add_all`](Batch::add_all), and if the batch has an id already.
    pub fn add_all_as<I, C>(
        &mut self,
        calls: impl IntoIterator<Item = (I, C)>,
        callback: impl FnMut(Reply<<C::Method as Method>::Output>) + Send + 'cb,
    ) -> Result<()>
    where
        I: Display,
        C: IntoRequest,
        C::Method: Method<Api = A>,
    {
        let shared = Arc::new(Mutex::new(callback));
        calls.into_iter().try_for_each(|(id, call)| {
            self.raw
                .push(Some(id.to_string()), call.into_request(), Then::shared(Arc::clone(&shared)))
                .map(drop)
        })
    }

    /// Runs for every reply of this batch, of calls queued before and after, when the call's own callback has run.
    pub fn on_reply(&mut self, callback: impl FnMut(&Outcome<'_>) + Send + 'cb) {
        self.raw.listeners.push(Box::new(callback));
    }

    /// Holds back what is queued after it until all before it is answered. The rest runs even if something failed.
    pub fn barrier(&mut self) {
        self.raw.barriers.push(false);
    }

    /// The same, but if anything before it fails, what is queued after it is not sent: each such call is answered with an
    /// error that [says so](Error::is_cancelled).
    pub fn barrier_if_ok(&mut self) {
        self.raw.barriers.push(true);
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
    #[must_use = "futures do nothing unless awaited"]
    pub fn execute(self) -> BoxFuture<'cb, Report> {
        Box::pin(self.raw.run())
    }

    /// The same, waiting on this thread. Inside an async runtime every call is answered with an error that says so;
    /// there, a thread of `spawn_blocking` can wait by `Handle::current().block_on(batch.execute())`.
    ///
    /// # Panics
    /// As [`execute`](Batch::execute).
    #[cfg(feature = "blocking")]
    pub fn execute_blocking(self) -> Report {
        match crate::send::blocking::check() {
            Ok(()) => crate::send::blocking::run(self.raw.run()),
            Err(error) => self.raw.fail(&error),
        }
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

impl<'cb> RawBatch<'cb> {
    pub(crate) fn new(client: Client, api: &'static ApiSpec) -> Self {
        let options = BatchOptions {
            max_calls: None,
            max_bytes: api.limits.bytes,
            max_url: api.limits.url,
            concurrency: 2,
            rate: None,
            policy: client.policy().clone(),
            limits: ReadLimits::default(),
            headers: Vec::new(),
            query: Query::default(),
            error: None,
        };
        RawBatch {
            root: client.root(api).map(Cow::into_owned),
            client,
            api,
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            calls: Vec::new(),
            ids: HashSet::new(),
            listeners: Vec::new(),
            barriers: Vec::new(),
            options,
        }
    }

    /// Queues an erased call and gives its index.
    fn push(&mut self, id: Option<String>, request: Request, then: Then<'cb>) -> Result<usize> {
        request.check()?;
        let root = self.root.as_ref().map_err(Clone::clone)?;
        if !request.client().is_same(&self.client) && request.client().root(self.api)? != *root {
            return Err(Error::input(format!(
                "{}: the call goes to another endpoint than the batch",
                request.id()
            )));
        }
        let index = self.calls.len();
        let id = match id {
            Some(id) if self.ids.contains(&id) => {
                return Err(Error::input(format!(
                    "{}: the batch has a call with the id {id:?} already",
                    request.id()
                )));
            }
            Some(id) => {
                self.ids.insert(id.clone());
                Id::given(id)
            }
            None => Id::made(index),
        };
        let stage = self.barriers.len();
        self.calls.push(Entry { id, index, stage, request, then, ledger: Ledger::default(), sent: 0 });
        Ok(index)
    }
}

impl BatchOptions {
    fn add_header(&mut self, name: &str, value: &str) {
        match headers::parse(name, value) {
            Ok((name, value)) if !name.as_str().starts_with("content-") && name != http::header::HOST => {
                self.headers.push((name, value));
            }
            // These describe the outer message itself and are not applied to its parts.
            Ok((name, _)) => self.fail(format!("the header `{name}` of a batch is written by the library")),
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn fail(&mut self, message: String) {
        self.error.get_or_insert(Error::input(message));
    }
}

/// Decodes an answer of the method's type; the error has the whole message.
fn decode<T: Response>(request: &Request, response: &RawResponse) -> Result<T> {
    T::decode(request.api(), request.spec(), response).map_err(|error| error.with_response(response))
}
