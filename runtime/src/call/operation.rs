//! Long-running operations: waiting until one is done.
//!
//! A call that starts an operation answers at once with the operation, not with what comes of it. Here the operation is
//! asked for again until it is done. Each poll is an ordinary call of the client, with its credentials, retries and
//! timeouts; nothing here sends in a way of its own.

mod locate;
mod policy;
mod poll;
mod state;
mod template;

use std::future::IntoFuture;
use std::time::Duration;

use serde::de::DeserializeOwned;

use poll::Start;

pub use policy::PollPolicy;

use crate::call::reading::{Decode, value};
use crate::call::request::Request;
use crate::value::{Field, Object};
use crate::wire::spec::Polling;
use crate::{Api, BoxFuture, Client, RawResponse, Response, Result};

/// A long-running operation: a schema that says whether it is done, and that can be asked for again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation that can be waited for",
    label = "this call does not answer such an operation",
    note = "operations can be waited for where the API has a GET method that asks for them again"
)]
pub trait Operation: Object + Field {
    /// The API that the operation belongs to.
    type Api: Api;
    /// What tells that it is done, and what asks for it.
    const POLLING: &'static Polling;
}

/// An operation of google.longrunning: what comes of it is its member `response`, whose type the document does not tell.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation with a response",
    label = "what comes of this call's operation is the operation itself, or there is none",
    note = "`.wait()` gives the finished operation, where there is one"
)]
pub trait LongRunning: Operation {}

/// Waiting for an operation, made by `.wait()` of a call or `.wait_for(…)` of a service. `.await` begins it.
///
/// A call is sent once; then the operation is asked for until it is done. An operation that is done already is not asked
/// for. Dropping the future stops the waiting, and leaves the operation to the server.
///
/// ```
/// # use gapis_testkit::farm::{Farm, barns, schemas};
/// # #[tokio::main]
/// # async fn main() -> Result<(), gapis_runtime::Error> {
/// # use gapis_mock::{Handlers, MockResponse};
/// # let handlers = Handlers::new();
/// # handlers.route("POST", "farm/v2/barns", |_| {
/// #     MockResponse::json(200, &serde_json::json!({ "name": "operations/1", "metadata": { "percent": 50 } }))
/// # });
/// # handlers.route("GET", "farm/v2/operations/1", |_| {
/// #     MockResponse::json(200, &serde_json::json!({ "name": "operations/1", "done": true, "response": { "doors": 2 } }))
/// # });
/// # let farm = Farm::builder().anonymous().transport(handlers).build()?;
/// use schemas::Barn;
/// use std::time::Duration;
///
/// let wait = farm.barns().build(Barn { doors: Some(2), ..Default::default() }).wait().reply_as::<Barn>();
/// let barn = wait
///     .with_total_time(Duration::from_secs(3600))
///     .on_progress(|operation| println!("{:?}: {:?}", operation.name, operation.metadata))
///     .await?;
/// assert_eq!(barn.doors, Some(2));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As the call itself and each poll, whose retries are those of the call: by its `with_retry`, else by its client's policy.
/// [`Error::is_operation`](crate::Error::is_operation) where the operation failed; the error has the operation's code,
/// message and details. [`Error::is_timeout`](crate::Error::is_timeout) where the policy's total time is over.
#[must_use = "waiting begins with `.await`"]
pub struct Wait<'p, O, T = O> {
    start: Start,
    policy: PollPolicy,
    progress: Option<OnOperation<'p, O>>,
    decode: Decode<T>,
}

/// What is told each answer.
type OnOperation<'p, O> = Box<dyn FnMut(&O) + Send + 'p>;

impl<O: Operation> Wait<'static, O> {
    #[doc(hidden)]
    pub fn new(request: Request) -> Self {
        Wait::from_start(Start::Call(request))
    }

    #[doc(hidden)]
    pub fn known(client: &Client, operation: &O) -> Self {
        let encoded = Response::encode(operation, <O::Api as Api>::SPEC);
        let answer =
            encoded.map(|body| RawResponse::new(http::StatusCode::OK, http::HeaderMap::new(), body.bytes));
        Wait::from_start(Start::Known { client: client.clone(), answer })
    }

    fn from_start(start: Start) -> Self {
        Wait { start, policy: PollPolicy::default(), progress: None, decode: value::<O> }
    }
}

impl<'p, O: Operation, T> Wait<'p, O, T> {
    /// Waits by another policy.
    pub fn with_policy(mut self, policy: PollPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Waits that long in all, from the first answer on.
    pub fn with_total_time(mut self, time: Duration) -> Self {
        self.policy.total_time = Some(time);
        self
    }

    /// Is told the operation each time it comes, the first answer and the last among them: for what it says of its
    /// progress, or to save its name.
    pub fn on_progress<'q>(self, tell: impl FnMut(&O) + Send + 'q) -> Wait<'q, O, T> {
        Wait { start: self.start, policy: self.policy, progress: Some(Box::new(tell)), decode: self.decode }
    }

    /// Gives what came of the operation, its member `response`, as the caller's own type or a schema: which one, the
    /// document does not say. The member `@type` in it is left out, unless the type can only be read with it. An
    /// operation without a response reads as `null`, an empty one as `()` too.
    pub fn reply_as<U>(self) -> Wait<'p, O, U>
    where
        O: LongRunning,
        U: DeserializeOwned + Send + 'static,
    {
        Wait { start: self.start, policy: self.policy, progress: self.progress, decode: state::response::<U> }
    }

    /// Waits on this thread.
    ///
    /// # Errors
    /// As waiting otherwise, and an input error where an async runtime is already running on this thread.
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    #[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
    pub fn block(self) -> Result<T> {
        crate::send::blocking::block_on(self.into_future())?
    }

    async fn run(self) -> Result<T> {
        let api = <O::Api as Api>::SPEC;
        let Wait { start, policy, mut progress, decode } = self;
        let poller = poll::Poller { api, polling: O::POLLING, members: O::empty().names() };
        let mut tell = |spec: &'static _, response: &_| match &mut progress {
            Some(tell) => O::decode(api, spec, response).map(|operation| tell(&operation)),
            None => Ok(()),
        };
        let (spec, response) = poller.finish(start, &policy, &mut tell).await?;
        decode(api, spec, &response)
    }
}

impl<'p, O: Operation, T: 'p> IntoFuture for Wait<'p, O, T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'p, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<O, T> std::fmt::Debug for Wait<'_, O, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let method = match &self.start {
            Start::Call(request) => request.id(),
            Start::Known { .. } => "(an operation that is known)",
        };
        f.debug_struct("Wait").field("method", &method).field("policy", &self.policy).finish_non_exhaustive()
    }
}
