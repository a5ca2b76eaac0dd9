//! Reports each HTTP request to the client's observer and to subscribers of its spans.
//!
//! Without an observer and subscribers, nothing is recorded.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use http::StatusCode;

use crate::send::client::Client;
use crate::send::observe::{Attempt, AttemptKind, Ended, Observer, Retry};
use crate::send::rt::Instant;
use crate::send::trace::Span;
use crate::send::transport::{HttpRequest, HttpResponse};
use crate::wire::spec::ApiSpec;
use crate::{Error, Result};

/// Reports the wait before calls are sent again to the observer, if there is one.
pub(crate) fn retry(
    client: &Client,
    api: &ApiSpec,
    method: Option<&'static str>,
    calls: usize,
    wait: Duration,
    error: Option<&Error>,
) {
    let Some(observer) = client.observer() else { return };
    let (api, version) = (api.name, api.version);
    let status = error.and_then(Error::answered).and_then(status_code);
    let error = error.map(Error::word);
    observer.retry(&Retry { api, version, method, calls, wait, status, error });
}

/// An HTTP request that is reported, if there is an observer or a subscriber. The end is reported when this is
/// dropped, if not before.
pub(crate) struct Watch(Option<Box<Watching>>);

struct Watching {
    observer: Option<Arc<dyn Observer>>,
    span: Span,
    attempt: Attempt,
    began: Instant,
    seen: Arc<Seen>,
}

/// The parts of the response that were seen so far.
#[derive(Default)]
struct Seen {
    /// Zero until the headers have arrived.
    status: AtomicU16,
    bytes: AtomicU64,
}

impl Watch {
    /// Reports nothing.
    pub(crate) fn none() -> Self {
        Watch(None)
    }

    /// Reports a request with a single call, or with its media.
    pub(crate) fn call(
        client: &Client,
        (api, method): (&ApiSpec, &'static str),
        kind: AttemptKind,
        number: u32,
        bytes: Option<u64>,
    ) -> Self {
        Watch::start(client, || {
            let (api, version, method) = (api.name, api.version, Some(method));
            Attempt { kind, api, version, method, number, calls: 1, bytes }
        })
    }

    /// Reports a request with calls of a batch.
    pub(crate) fn batch(
        client: &Client,
        api: &ApiSpec,
        number: u32,
        calls: usize,
        bytes: Option<u64>,
    ) -> Self {
        Watch::start(client, || {
            let (api, version) = (api.name, api.version);
            Attempt { kind: AttemptKind::BatchRequest, api, version, method: None, number, calls, bytes }
        })
    }

    fn start(client: &Client, attempt: impl FnOnce() -> Attempt) -> Self {
        let observer = client.observer().cloned();
        if observer.is_none() && !cfg!(feature = "tracing") {
            return Watch::none();
        }
        let attempt = attempt();
        let span = Span::attempt(&attempt);
        if observer.is_none() && !span.is_heard() {
            return Watch::none();
        }
        if let Some(observer) = &observer {
            observer.attempt_started(&attempt);
        }
        Watch(Some(Box::new(Watching {
            observer,
            span,
            attempt,
            began: Instant::now(),
            seen: Arc::default(),
        })))
    }

    /// Sends the request. All requests to a client's transport go through this.
    pub(crate) fn send(
        &self,
        client: &Client,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpResponse>> + use<> {
        let client = client.clone();
        let watched = self.0.as_ref().map(|watching| (watching.span.clone(), Arc::clone(&watching.seen)));
        async move {
            let sending = client.transport().send(request);
            Ok(match watched {
                Some((span, seen)) => seen.watch(span.around(sending).await?),
                None => sending.await?,
            })
        }
    }

    /// Reports the end of the request, and the error if there was one.
    pub(crate) fn finish(&mut self, error: Option<&Error>) {
        self.end(error.map(Error::word));
    }

    fn end(&mut self, error: Option<&'static str>) {
        let Some(watching) = self.0.take() else { return };
        let status = watching.seen.status.load(Ordering::Relaxed);
        let ended = Ended {
            status: status_code(status),
            error,
            duration: watching.began.elapsed(),
            bytes: watching.seen.bytes.load(Ordering::Relaxed),
        };
        watching.span.ended(ended.status.map(|status| status.as_u16()), ended.error);
        if let Some(observer) = &watching.observer {
            observer.attempt_finished(&watching.attempt, &ended);
        }
    }
}

/// Not a status: none yet, or the code of an operation's error that is not one of HTTP.
fn status_code(code: u16) -> Option<StatusCode> {
    StatusCode::from_u16(code).ok()
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end(Some("dropped"));
    }
}

impl Seen {
    /// Records the status of the response, and counts the bytes of its body.
    fn watch(self: Arc<Self>, response: HttpResponse) -> HttpResponse {
        self.status.store(response.status.as_u16(), Ordering::Relaxed);
        let body = response.body.inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                self.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            }
        });
        HttpResponse { body: Box::pin(body), ..response }
    }
}
