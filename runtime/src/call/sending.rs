//! Sending a call by itself: the future behind `.await`, `.send()` and their kin.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::call::request::Request;
use crate::send::attempts::{Attempt, Attempts, Exchange, Step};
use crate::send::observe::AttemptKind;
use crate::send::retry::RetryPolicy;
use crate::send::trace::Span;
use crate::wire::spec::{ApiSpec, MethodSpec};
use crate::{BoxFuture, Error, Json, Method, RawResponse, Response, Result};

/// A call of some method: every generated crate's `Call<M>`. For code that takes calls of any API.
pub trait IntoRequest {
    /// The method that is called.
    type Method: Method;
    /// The call without its type.
    fn into_request(self) -> Request;
}

/// How an answer becomes a value.
pub(crate) type Decode<T> = fn(&'static ApiSpec, &'static MethodSpec, RawResponse) -> Result<T>;

/// A call that is being sent. It does nothing until it is polled, and stops when it is dropped.
#[must_use = "futures do nothing unless awaited"]
pub struct Sending<T> {
    answer: BoxFuture<'static, Result<RawResponse>>,
    decode: Decode<T>,
    api: &'static ApiSpec,
    spec: &'static MethodSpec,
}

impl<T> Sending<T> {
    /// Over the answer to a request, wherever it comes from.
    pub(crate) fn new(
        api: &'static ApiSpec,
        spec: &'static MethodSpec,
        decode: Decode<T>,
        answer: BoxFuture<'static, Result<RawResponse>>,
    ) -> Self {
        Sending { answer, decode, api, spec }
    }

    /// Waits for the answer on this thread.
    ///
    /// # Errors
    /// As the call itself, and an input error where an async runtime is already running on this thread. Its threads of
    /// `spawn_blocking` count as such; there, `Handle::current().block_on(call.send())` waits.
    #[cfg(feature = "blocking")]
    pub fn block(self) -> Result<T>
    where
        T: 'static,
    {
        crate::send::blocking::block_on(self)?
    }
}

impl<T> Future for Sending<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let answer = std::task::ready!(this.answer.as_mut().poll(cx));
        Poll::Ready(answer.and_then(|response| (this.decode)(this.api, this.spec, response)))
    }
}

impl<T> std::fmt::Debug for Sending<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("method", &self.spec.id).finish_non_exhaustive()
    }
}

/// Sends a call by itself.
///
/// # Errors
/// The call's own, or what its attempts ended in.
pub(crate) async fn send(request: Request) -> Result<RawResponse> {
    request.check()?;
    let span = Span::call(request.id(), request.verb().as_str());
    let mut attempts = Attempts::new(request.subject());
    let result = span.clone().around(attempts.run(&mut SingleCall(&request))).await;
    match &result {
        Ok(response) => span.ended(Some(response.status.as_u16()), None),
        Err(error) => span.ended(error.status(), Some(error.word())),
    }
    result
}

/// One HTTP request and its response, read completely.
struct SingleCall<'a>(&'a Request);

impl Exchange for SingleCall<'_> {
    type Value = RawResponse;
    const KIND: AttemptKind = AttemptKind::SingleCall;

    fn length(&self) -> Option<u64> {
        Some(self.0.body().map_or(0, |body| body.bytes.len() as u64))
    }

    async fn attempt(&mut self, attempt: &mut Attempt<'_>) -> Result<Step<RawResponse>> {
        let http = self.0.to_http(attempt.auth())?;
        Ok(match attempt.within_total("the call", attempt.exchange(http)).await {
            Ok(response) if response.status.is_success() => Step::Done(response),
            Ok(response) => Step::Failed(Error::from_response(response)),
            Err(error) => Step::Failed(error),
        })
    }
}

/// The value that the document says. Its error keeps the response, for who wants to see what came.
pub(crate) fn value<T: Response>(api: &ApiSpec, spec: &MethodSpec, response: &RawResponse) -> Result<T> {
    T::decode(api, spec, response).map_err(|error| error.with_response(response))
}

/// The same, of a response that is not needed any more.
pub(crate) fn decode<T: Response>(
    api: &'static ApiSpec,
    spec: &'static MethodSpec,
    response: RawResponse,
) -> Result<T> {
    value(api, spec, &response)
}

/// The same, with the message that it was made of.
pub(crate) fn decode_with_response<T: Response>(
    api: &'static ApiSpec,
    spec: &'static MethodSpec,
    response: RawResponse,
) -> Result<(T, RawResponse)> {
    value(api, spec, &response).map(|value| (value, response))
}

fn decode_as<T: DeserializeOwned>(
    api: &'static ApiSpec,
    _spec: &'static MethodSpec,
    response: RawResponse,
) -> Result<T> {
    from_json(api, &response).map_err(|error| error.with_response(&response))
}

/// Decodes a body into the caller's own type, below `data` where the API wraps it.
pub(crate) fn from_json<T: DeserializeOwned>(api: &ApiSpec, response: &RawResponse) -> Result<T> {
    let body: &[u8] = if response.body.is_empty() { b"null" } else { &response.body };
    let decoded = if api.data_wrapper {
        let whole: Json = serde_json::from_slice(body).map_err(|error| Error::decode("", error, body))?;
        serde_path_to_error::deserialize(whole.get("data").unwrap_or(&Json::Null))
    } else {
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body))
    };
    decoded.map_err(|error| {
        let path = error.path().to_string();
        let path = match (path.as_str(), api.data_wrapper) {
            (".", false) => String::new(),
            (".", true) => "data".to_owned(),
            (_, false) => path,
            (_, true) => format!("data.{path}"),
        };
        Error::decode(path, error.into_inner(), body)
    })
}

/// What the verbs of every crate's `Call<M>` delegate to. Not for users: `Call<M>` has it all.
#[doc(hidden)]
impl Request {
    pub fn send<M: Method>(self) -> Sending<M::Output> {
        self.start(decode::<M::Output>)
    }

    pub fn send_with_response<M: Method>(self) -> Sending<(M::Output, RawResponse)> {
        self.start(decode_with_response::<M::Output>)
    }

    pub fn send_as<T: DeserializeOwned + Send + 'static>(mut self) -> Sending<T> {
        if !self.parameters().has("fields") {
            let fields = crate::value::probe::fields::<T>();
            if !fields.is_empty() {
                let wrapped = self.api().data_wrapper.then(|| format!("data({fields})"));
                self.set_param("fields", &wrapped.as_deref().unwrap_or(&fields));
            }
        }
        self.start(decode_as::<T>)
    }

    fn start<T>(self, decode: Decode<T>) -> Sending<T> {
        let (api, spec) = (self.api(), self.spec());
        Sending::new(api, spec, decode, Box::pin(send(self)))
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.set_header(name, value);
        self
    }

    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.add_query(name, value);
        self
    }

    #[must_use]
    pub fn timeout(mut self, after: Duration) -> Self {
        self.options_mut().timeout = Some(after);
        self
    }

    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options_mut().retry = Some(policy);
        self
    }

    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.options_mut().idempotent = Some(idempotent);
        self
    }
}
