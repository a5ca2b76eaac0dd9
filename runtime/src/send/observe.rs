//! What a client tells whoever measures it: each HTTP request when it begins and when it ends, and each wait before
//! something is sent again.
//!
//! What is told are names from discovery documents, numbers and times. No URL, header, token or body is among it, so that
//! nothing here can carry a secret into a metrics system. The spans of requests are made here too, of the same. A client
//! without an observer, to whose spans nobody listens, does none of this.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;

use crate::call::request::Request;
use crate::send::rt::Instant;
use crate::send::trace::Span;
use crate::send::transport::{HttpRequest, HttpResponse};
use crate::wire::spec::ApiSpec;
use crate::{Client, Error, Result};

/// Is told what a client sends: for counters, histograms and gauges of any metrics library. Given to
/// [`Builder::observer`](crate::Builder::observer).
///
/// Its functions are called on the tasks that send, while they send: they should be quick and must not block. For
/// each request that [started](Observer::attempt_started), [finished](Observer::attempt_finished) is called once,
/// also where its future is dropped.
///
/// ```
/// use gapis_runtime::observe::{Attempt, Ended, Observer, Retry};
/// use gapis_runtime::Client;
/// use std::collections::BTreeMap;
/// use std::sync::{Arc, Mutex};
///
/// /// How often each method ended in what.
/// #[derive(Default)]
/// struct Counts(Mutex<BTreeMap<(&'static str, String), u64>>);
///
/// impl Observer for Counts {
///     fn attempt_finished(&self, attempt: &Attempt, ended: &Ended) {
///         let method = attempt.method.unwrap_or("batch");
///         let outcome = match (ended.status, ended.error) {
///             (Some(status), _) => status.to_string(),
///             (None, error) => error.unwrap_or_default().to_owned(),
///         };
///         *self.0.lock().unwrap().entry((method, outcome)).or_default() += 1;
///     }
/// }
///
/// let counts = Arc::new(Counts::default());
/// let client = Client::builder().anonymous().observer(counts.clone()).build()?;
/// # Ok::<(), gapis_runtime::Error>(())
/// ```
pub trait Observer: Send + Sync {
    /// An HTTP request begins. Credentials are there already.
    fn attempt_started(&self, attempt: &Attempt) {
        let _ = attempt;
    }

    /// An HTTP request ended: its response was read, or it failed.
    fn attempt_finished(&self, attempt: &Attempt, ended: &Ended) {
        let _ = (attempt, ended);
    }

    /// Something is to be sent again, after a wait that begins now.
    fn retry(&self, retry: &Retry) {
        let _ = retry;
    }
}

impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn attempt_started(&self, attempt: &Attempt) {
        (**self).attempt_started(attempt);
    }

    fn attempt_finished(&self, attempt: &Attempt, ended: &Ended) {
        (**self).attempt_finished(attempt, ended);
    }

    fn retry(&self, retry: &Retry) {
        (**self).retry(retry);
    }
}

/// An HTTP request: whose, which and how large.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// What kind of request it is.
    pub kind: AttemptKind,
    /// The API's name in its discovery document, `drive`.
    pub api: &'static str,
    /// The API's version there, `v3`.
    pub version: &'static str,
    /// The method's id, `drive.files.get`; none for a batch, whose calls may be of several.
    pub method: Option<&'static str>,
    /// Which attempt it is, from 1. Of a batch, of the call in it that was sent most often; of media, since some of
    /// it last got through.
    pub number: u32,
    /// How many calls it carries: those of a batch, else 1.
    pub calls: usize,
    /// How many bytes the request's body has, if that is known before it was sent.
    pub bytes: Option<u64>,
}

/// The kinds of HTTP requests. No name is that of a type, so that the compiler's words on those stay short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptKind {
    /// A call sent by itself, or the opening of a resumable upload.
    SingleCall,
    /// Calls of a batch.
    BatchRequest,
    /// An upload in one request, or a piece of one that can be resumed.
    MediaUpload,
    /// A download, or what was left of it when it broke off.
    MediaDownload,
}

/// How an HTTP request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// The response's status, if there was one. Of a batch, the outer one.
    pub status: Option<u16>,
    /// Why the request did not do what it should, in one word: `status` (one outside 200 to 299), `connect`,
    /// `transport`, `timeout`, `protocol`, `unreadable` (an answer to a batch that is none), `io` (the caller's own
    /// reader failed), `dropped` (the future was). Others may come. Whether a body decodes is found later.
    pub error: Option<&'static str>,
    /// The time since the request began, until its response was read.
    pub duration: Duration,
    /// How many bytes of the response's body were read, after content decoding.
    pub bytes: u64,
}

/// The wait before something is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// The API's name in its discovery document.
    pub api: &'static str,
    /// The API's version there.
    pub version: &'static str,
    /// The method's id; none for calls of a batch.
    pub method: Option<&'static str>,
    /// How many calls wait.
    pub calls: usize,
    /// For how long. Zero where only credentials had to be renewed, or a batch had to be smaller.
    pub wait: Duration,
    /// The status that the last attempt was answered with, if it was. Of several calls, the first one's.
    pub status: Option<u16>,
    /// Why the last attempt failed, by the words of [`Ended::error`].
    pub error: Option<&'static str>,
}

/// Tells of a wait, if anybody listens.
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
    let (status, error) = (error.and_then(Error::status), error.map(Error::word));
    observer.retry(&Retry { api, version, method, calls, wait, status, error });
}

/// One HTTP request that is looked at, if anybody looks. It tells of the end when it is dropped at the latest.
pub(crate) struct Watch(Option<Box<Watching>>);

struct Watching {
    observer: Option<Arc<dyn Observer>>,
    span: Span,
    attempt: Attempt,
    began: Instant,
    seen: Arc<Seen>,
}

/// What was seen of the response so far.
#[derive(Default)]
struct Seen {
    /// Zero until the headers are there.
    status: AtomicU16,
    bytes: AtomicU64,
}

impl Watch {
    /// Nothing is looked at.
    pub(crate) fn none() -> Self {
        Watch(None)
    }

    /// Looks at a request with a call, or with its media.
    pub(crate) fn call(request: &Request, kind: AttemptKind, number: u32, bytes: Option<u64>) -> Self {
        Watch::start(request.client(), || {
            let api = request.api();
            let (api, version, method) = (api.name, api.version, Some(request.id()));
            Attempt { kind, api, version, method, number, calls: 1, bytes }
        })
    }

    /// Looks at a request with calls of a batch.
    pub(crate) fn batch(client: &Client, api: &ApiSpec, number: u32, calls: usize, bytes: usize) -> Self {
        Watch::start(client, || {
            let (api, version, bytes) = (api.name, api.version, Some(bytes as u64));
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

    /// Sends the request: the one way to a client's transport.
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

    /// The request ended, with an error or without.
    pub(crate) fn finish(&mut self, error: Option<&Error>) {
        self.end(error.map(Error::word));
    }

    /// The request was answered, with a status that is an error or is not.
    pub(crate) fn answered(&mut self, fine: bool) {
        self.end((!fine).then_some("status"));
    }

    fn end(&mut self, error: Option<&'static str>) {
        let Some(watching) = self.0.take() else { return };
        let status = watching.seen.status.load(Ordering::Relaxed);
        let ended = Ended {
            status: (status > 0).then_some(status),
            error,
            duration: watching.began.elapsed(),
            bytes: watching.seen.bytes.load(Ordering::Relaxed),
        };
        watching.span.ended(ended.status, ended.error);
        if let Some(observer) = &watching.observer {
            observer.attempt_finished(&watching.attempt, &ended);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end(Some("dropped"));
    }
}

impl Seen {
    /// The response, with its status kept and its body counted.
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
