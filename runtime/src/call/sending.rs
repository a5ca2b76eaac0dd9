//! Sending a call by itself: the future behind `.await`, `.send()` and their kin.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::call::reading::{Facts, Parts, Reader};
use crate::call::request::Request;
use crate::send::attempts::{Attempt, Attempts, Exchange, Step};
use crate::send::observe::AttemptKind;
use crate::send::retry::RetryPolicy;
use crate::send::trace::Span;
use crate::{BoxFuture, Error, RawResponse, Result};

/// A call that is being sent. It does nothing until it is polled, and stops when it is dropped.
///
/// It is what `.send()` of a call, an update and an upload gives, and what the verbs of a download give.
#[must_use = "futures do nothing unless awaited"]
pub struct Sending<'a, T> {
    method: &'static str,
    state: State<'a, T>,
}

enum State<'a, T> {
    /// The answer, wherever it comes from, and what makes the value of it. The future is not generic, so that it
    /// stands once for all types.
    Answer { answer: BoxFuture<'static, Result<RawResponse>>, of: Facts, reader: Option<Reader<'a, T>> },
    /// What has its value in another way.
    Other(BoxFuture<'a, Result<T>>),
}

impl<'a, T> Sending<'a, T> {
    /// Over the answer to a request, wherever it comes from.
    pub(crate) fn new(
        of: Facts,
        reader: Reader<'a, T>,
        answer: BoxFuture<'static, Result<RawResponse>>,
    ) -> Self {
        Sending { method: of.1.id, state: State::Answer { answer, of, reader: Some(reader) } }
    }

    /// Over a future of the value.
    pub(crate) fn other(method: &'static str, value: BoxFuture<'a, Result<T>>) -> Self {
        Sending { method, state: State::Other(value) }
    }

    /// Waits for the value on this thread.
    ///
    /// # Errors
    /// Those of the call, and an input error where an async runtime is already running on this thread. Threads of
    /// `spawn_blocking` belong to a runtime, too; there, `Handle::current().block_on(call.send())` waits.
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    #[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
    pub fn block(self) -> Result<T> {
        crate::send::blocking::block_on(self)?
    }
}

impl<T> Future for Sending<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            State::Answer { answer, of, reader } => {
                let answer = ready!(answer.as_mut().poll(cx));
                // The answer's future is the one to say that it was polled too often.
                let Some(reader) = reader.take() else { return Poll::Pending };
                Poll::Ready(reader.read(*of, answer).into_result())
            }
            State::Other(value) => value.as_mut().poll(cx),
        }
    }
}

impl<T> std::fmt::Debug for Sending<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("method", &self.method).finish_non_exhaustive()
    }
}

impl<'cb, T: Send + 'static> Parts<'cb, T> {
    /// Sends the call by itself.
    pub fn send(self) -> Sending<'cb, T> {
        let of = self.request.facts();
        Sending::new(of, self.reader, Box::pin(send(self.request)))
    }

    /// The same, and gives the response beside the value.
    pub fn send_with_response(self) -> Sending<'cb, (T, RawResponse)> {
        let (api, spec) = self.request.facts();
        let Parts { request, reader } = self;
        let value = async move {
            let answer = send(request).await;
            let response = answer.as_ref().ok().cloned();
            let value = reader.read((api, spec), answer).into_result()?;
            let response = response.ok_or_else(|| Error::protocol("there is a value without a response"))?;
            Ok((value, response))
        };
        Sending::other(spec.id, Box::pin(value))
    }
}

/// Sends a call by itself.
///
/// # Errors
/// The call's own, or what its attempts ended in.
pub(crate) async fn send(mut request: Request) -> Result<RawResponse> {
    request.check()?;
    request.fill_request_id();
    let span = Span::call(request.id(), request.verb().as_str());
    let mut attempts = Attempts::new(request.subject());
    let result = span.clone().around(attempts.run(&mut SingleCall(&request))).await;
    match &result {
        Ok(response) => span.ended(Some(response.status.as_u16()), None),
        Err(error) => span.ended(error.status().map(u16::from), Some(error.word())),
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

/// What the verbs of every crate's `Call<M>` delegate to. Not for users: `Call<M>` has it all.
#[doc(hidden)]
impl Request {
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

    #[must_use]
    pub fn with_id(mut self, id: &dyn std::fmt::Display) -> Self {
        self.options_mut().id = Some(id.to_string());
        self
    }
}
