//! What a client reports for metrics: the start and the end of each HTTP request, and each wait before a retry.
//!
//! The reports contain names from discovery documents, numbers and times. They contain no URL, header, token or body,
//! so they cannot carry a secret into a metrics system.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

/// Receives reports about what a client sends, for counters, histograms and gauges of any metrics library. See
/// [`Builder::observer`](crate::Builder::observer).
///
/// The methods are called on the tasks that send requests, so they should be fast and must not block. For each request
/// that [started](Observer::attempt_started), [finished](Observer::attempt_finished) is called exactly once, even if
/// its future is dropped.
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
///             (Some(status), _) => status.as_str().to_owned(),
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
    /// An HTTP request starts. Credentials have been obtained.
    fn attempt_started(&self, attempt: &Attempt) {
        let _ = attempt;
    }

    /// An HTTP request ended: its response was read, or the request failed.
    fn attempt_finished(&self, attempt: &Attempt, ended: &Ended) {
        let _ = (attempt, ended);
    }

    /// A request will be sent again, after a wait that begins now.
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

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// What kind of request it is.
    pub kind: AttemptKind,
    /// The name of the API in its discovery document, `drive`.
    pub api: &'static str,
    /// The version of the API in its discovery document, `v3`.
    pub version: &'static str,
    /// The id of the method, `drive.files.get`. `None` for a batch, which may have calls of several methods.
    pub method: Option<&'static str>,
    /// The number of the attempt, from 1. For a batch, the highest number among its calls. For media, counted from the
    /// last request that made progress.
    pub number: u32,
    /// The number of calls in the request: 1, except for a batch.
    pub calls: usize,
    /// The size of the request's body in bytes, if known before it is sent.
    pub bytes: Option<u64>,
}

/// The kinds of HTTP requests. No variant has the name of a type, so that compiler messages about those types stay
/// short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptKind {
    /// A call that is sent alone, or the start of a resumable upload.
    SingleCall,
    /// A batch of calls.
    BatchRequest,
    /// An upload in one request, or a chunk of a resumable upload.
    MediaUpload,
    /// A download, or the rest of a download that was interrupted.
    MediaDownload,
    /// A request for an access token.
    TokenRequest,
}

/// How an HTTP request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// The status of the response, if there was one. For a batch, the status of the batch as a whole.
    pub status: Option<StatusCode>,
    /// Why the request failed, in one word: `status` (a status outside 200 to 299), `batch_refused` (such a status for
    /// a batch as a whole), `connect`, `untrusted`, `transport`, `timeout`, `protocol`, `unreadable` (a response to a
    /// batch that cannot be parsed), `io` (the caller's own reader failed), `dropped` (the future was dropped). There
    /// may be others in later versions. Whether a body can be decoded is determined later and is not reported.
    pub error: Option<&'static str>,
    /// The time from the start of the request until its response was read.
    pub duration: Duration,
    /// How many bytes of the response's body were read, before decompression.
    pub bytes: u64,
}

/// The wait before calls are sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// The name of the API in its discovery document.
    pub api: &'static str,
    /// The version of the API in its discovery document.
    pub version: &'static str,
    /// The id of the method. `None` for calls of a batch.
    pub method: Option<&'static str>,
    /// The number of calls that wait.
    pub calls: usize,
    /// The length of the wait. Zero if only credentials had to be renewed, or a batch had to be made smaller.
    pub wait: Duration,
    /// The status of the response to the last attempt, if there was one. For several calls, that of the first.
    pub status: Option<StatusCode>,
    /// Why the last attempt failed, in the words of [`Ended::error`].
    pub error: Option<&'static str>,
}
