//! Sends a call alone: the future returned by `send` and similar methods.

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
/// It is returned by `send` of a call, an update and an upload, and by the methods of a download.
#[must_use = "futures do nothing unless awaited"]
pub struct Sending<'a, T> {
    method: &'static str,
    state: State<'a, T>,
}

enum State<'a, T> {
    /// The response, from any source, and the reader of its value. The future is not generic, so that it is compiled
    /// once for all types.
    Answer { answer: BoxFuture<'static, Result<RawResponse>>, of: Facts, reader: Option<Reader<'a, T>> },
    /// A future for the value.
    Other(BoxFuture<'a, Result<T>>),
}

impl<'a, T> Sending<'a, T> {
    /// From a future for a response.
    pub(crate) fn new(
        of: Facts,
        reader: Reader<'a, T>,
        answer: BoxFuture<'static, Result<RawResponse>>,
    ) -> Self {
        Sending { method: of.1.id, state: State::Answer { answer, of, reader: Some(reader) } }
    }

    /// From a future for the value.
    pub(crate) fn other(method: &'static str, value: BoxFuture<'a, Result<T>>) -> Self {
        Sending { method, state: State::Other(value) }
    }

    /// Waits for the value on the current thread.
    ///
    /// # Errors
    /// The errors of the call, and an input error if an async runtime is running on this thread. Threads of
    /// `spawn_blocking` belong to a runtime too; use `Handle::current().block_on(call.send())` there.
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
                // After completion, the future of the response panics when it is polled.
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
    /// Sends the call alone.
    pub fn send(self) -> Sending<'cb, T> {
        let of = self.request.facts();
        Sending::new(of, self.reader, Box::pin(send(self.request)))
    }

    /// Sends the call alone, and returns the response with the value.
    pub fn send_with_response(self) -> Sending<'cb, (T, RawResponse)> {
        let (api, spec) = self.request.facts();
        let Parts { request, reader } = self;
        let value = async move {
            let answer = send(request).await;
            let response = answer.as_ref().ok().cloned();
            let value = reader.read((api, spec), answer).into_result()?;
            let response = response.ok_or_else(|| Error::protocol("the value has no response"))?;
            Ok((value, response))
        };
        Sending::other(spec.id, Box::pin(value))
    }
}

/// Sends a call alone.
///
/// # Errors
/// The error of the call, or of its last attempt.
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

/// One HTTP request and its complete response.
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

/// The methods to which every crate's `Call<M>` delegates. Not for users: `Call<M>` has the same methods.
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

    /// Sends the call even if the journal of its run has an error for it.
    #[must_use]
    pub fn resend(mut self) -> Self {
        self.options_mut().resends = true;
        self
    }

    #[must_use]
    pub fn with_key(mut self, key: &dyn std::fmt::Display) -> Self {
        self.options_mut().key = Some(key.to_string().into());
        self
    }
}
