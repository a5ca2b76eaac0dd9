//! Waits for long-running operations.
//!
//! A call that starts an operation returns the operation immediately, not its result. This module requests the
//! operation again until it is done. Each request is an ordinary call of the client, with its credentials, retries and
//! timeouts.

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

/// A long-running operation: a schema that says whether the operation is done, and that can be requested again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation that can be waited for",
    label = "this call does not return such an operation",
    note = "only operations for which the API has a GET method can be waited for"
)]
pub trait Operation: Object + Field {
    /// The API that the operation belongs to.
    type Api: Api;
    /// How to see that the operation is done, and the methods that return it.
    const POLLING: &'static Polling;
}

/// An operation of google.longrunning. Its result is the member `response`, whose type the document does not define.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation with a response",
    label = "this call returns no operation, or one without a separate result",
    note = "`.wait()` returns the finished operation, if the call returns one"
)]
pub trait LongRunning: Operation {}

/// A wait for an operation, returned by `.wait()` of a call or `.wait_for(…)` of a service. It starts with `.await`.
///
/// The call is sent once. Then the operation is requested until it is done. An operation that is already done is not
/// requested again. Dropping the future stops the wait, but not the operation on the server.
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
/// - The errors of the call and of each poll. Polls have the retry policy of the call, or else of its client.
/// - [`Error::is_operation`](crate::Error::is_operation) if the operation failed. The error has the operation's code,
///   message and details.
/// - [`Error::is_timeout`](crate::Error::is_timeout) if the policy's time limit has passed.
#[must_use = "waiting begins with `.await`"]
pub struct Wait<'p, O, T = O> {
    start: Start,
    policy: PollPolicy,
    progress: Option<OnOperation<'p, O>>,
    decode: Decode<T>,
}

/// Receives each response.
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
    /// Sets the policy for polling.
    pub fn with_policy(mut self, policy: PollPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how long to wait overall, counted from the first response.
    pub fn with_total_time(mut self, time: Duration) -> Self {
        self.policy.total_time = Some(time);
        self
    }

    /// Calls a closure with the operation each time it is received, including the first and the last time. It can
    /// report progress, or save the operation's name.
    pub fn on_progress<'q>(self, tell: impl FnMut(&O) + Send + 'q) -> Wait<'q, O, T> {
        Wait { start: self.start, policy: self.policy, progress: Some(Box::new(tell)), decode: self.decode }
    }

    /// Returns the result of the operation, its member `response`, as a schema or a type of the caller's own. The
    /// document does not say which type fits.
    ///
    /// The member `@type` of the result is removed, unless the type can only be read with it. An operation without a
    /// result is read as `null`; an empty result can also be read as `()`.
    pub fn reply_as<U>(self) -> Wait<'p, O, U>
    where
        O: LongRunning,
        U: DeserializeOwned + Send + 'static,
    {
        Wait { start: self.start, policy: self.policy, progress: self.progress, decode: state::response::<U> }
    }

    /// Waits on the current thread.
    ///
    /// # Errors
    /// The errors of an asynchronous wait, and an input error if an async runtime is running on this thread.
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
            Start::Known { .. } => "(a known operation)",
        };
        f.debug_struct("Wait").field("method", &method).field("policy", &self.policy).finish_non_exhaustive()
    }
}
