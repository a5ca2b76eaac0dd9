//! What a client tells whoever measures it: each HTTP request when it begins and when it ends, and each wait before
//! something is sent again.
//!
//! What is told are names from discovery documents, numbers and times. No URL, header, token or body is among it, so that
//! nothing here can carry a secret into a metrics system.

use std::sync::Arc;
use std::time::Duration;

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
    /// A request for an access token.
    TokenRequest,
}

/// How an HTTP request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// The response's status, if there was one. Of a batch, the outer one.
    pub status: Option<u16>,
    /// Why the request did not do what it should, in one word: `status` (one outside 200 to 299), `batch_refused` (the same,
    /// of a batch as a whole), `connect`, `untrusted`,
    /// `transport`, `timeout`, `protocol`, `unreadable` (an answer to a batch that is none), `io` (the caller's own
    /// reader failed), `dropped` (the future was). Others may come. Whether a body decodes is found later.
    pub error: Option<&'static str>,
    /// The time since the request began, until its response was read.
    pub duration: Duration,
    /// How many bytes of the response's body were read, as they came over the wire.
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
