//! The one module that speaks HTTP: a small trait, and its implementation over `reqwest`.
//!
//! Nothing above it knows the HTTP library. It never retries, never follows a redirect (credentials would go along to
//! another host) and never logs a URL, a header or a body.

mod own;

use std::error::Error as StdError;
use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use http::{HeaderMap, Method, StatusCode};

pub(crate) use own::Settings;
use url::Url;

use crate::wire::address::host_and_port;
use crate::{BoxFuture, Error, Result};

/// A response body as it arrives.
#[cfg(not(target_family = "wasm"))]
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// A response body as it arrives.
#[cfg(target_family = "wasm")]
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes>>>>;

/// A request, ready to be sent.
pub struct HttpRequest {
    /// The verb.
    pub method: Method,
    /// The absolute URL.
    pub url: String,
    /// All headers but `Host` and `Content-Length`, which the transport writes.
    pub headers: HeaderMap,
    /// The body; an empty one is sent with `Content-Length: 0` where the verb may have a body.
    pub body: RequestBody,
}

/// A request body: bytes, as those of nearly all calls are, or a stream of an upload's media.
///
/// ```
/// use gapis_runtime::transport::RequestBody;
///
/// let body = RequestBody::from("hello");
/// assert_eq!(body.length(), Some(5));
/// ```
pub enum RequestBody {
    /// All of it.
    Bytes(Bytes),
    /// It comes in pieces.
    Stream {
        /// The pieces. It ends after as many bytes as `length` says, or with an error.
        stream: BodyStream,
        /// How many bytes there are, if that is known.
        length: Option<u64>,
    },
}

impl RequestBody {
    /// How many bytes there are, if that is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match self {
            RequestBody::Bytes(bytes) => Some(bytes.len() as u64),
            RequestBody::Stream { length, .. } => *length,
        }
    }

    /// The bytes, unless they come in pieces.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            RequestBody::Bytes(bytes) => Some(bytes),
            RequestBody::Stream { .. } => None,
        }
    }

    /// All bytes in memory: for a transport that sends no streams.
    ///
    /// # Errors
    /// The stream's own.
    pub async fn collect(self) -> Result<Bytes> {
        let mut stream = match self {
            RequestBody::Bytes(bytes) => return Ok(bytes),
            RequestBody::Stream { stream, .. } => stream,
        };
        let mut all = bytes::BytesMut::new();
        while let Some(piece) = stream.next().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all.freeze())
    }
}

impl Default for RequestBody {
    fn default() -> Self {
        RequestBody::Bytes(Bytes::new())
    }
}

impl<T: Into<Bytes>> From<T> for RequestBody {
    fn from(bytes: T) -> Self {
        RequestBody::Bytes(bytes.into())
    }
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestBody").field("length", &self.length()).finish_non_exhaustive()
    }
}

/// A response whose body is still to be read.
pub struct HttpResponse {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came. Where `Content-Encoding: gzip` is among the headers, it is decompressed later.
    pub body: BodyStream,
}

/// Sends one HTTP request. Implemented over `reqwest`; tests and other stacks bring their own.
pub trait Transport: Send + Sync {
    /// Sends, and resolves when the response's headers are there.
    ///
    /// # Errors
    /// [`Error::connect`] when nothing can have been sent, [`Error::transport`] else. A status is no error.
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>>;
}

/// The transport over `reqwest`.
#[derive(Clone)]
pub(crate) struct Reqwest(reqwest::Client);

impl Reqwest {
    /// The library's own client.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        settings.client().map(Reqwest)
    }

    /// The caller's own client: its proxy, TLS and pool.
    #[cfg(feature = "reqwest")]
    pub(crate) fn with(client: reqwest::Client) -> Self {
        Reqwest(client)
    }
}

impl Transport for Reqwest {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let client = self.0.clone();
        Box::pin(async move {
            // What stands in the URL may be a secret.
            let url = Url::parse(&request.url)
                .map_err(|error| Error::input(format!("the call does not make a valid URL: {error}")))?;
            let place = host_and_port(&url);
            let mut built = reqwest::Request::new(request.method, url);
            let may_have_body = has_body(built.method());
            *built.headers_mut() = request.headers;
            // Of an empty body the HTTP library says nothing, and Google's front end refuses such a request with 411.
            if let Some(length) = request.body.length().filter(|length| *length > 0 || may_have_body) {
                built.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
            }
            *built.body_mut() = Some(match request.body {
                RequestBody::Bytes(bytes) => reqwest::Body::from(bytes),
                RequestBody::Stream { stream, .. } => streamed(stream).await?,
            });
            let asked = built.url().origin();
            let response = client.execute(built).await.map_err(|error| failure(error, &place))?;
            // Our own client follows nothing. Of another one it is only known afterwards.
            if response.url().origin() != asked {
                return Err(Error::protocol(
                    "the HTTP client followed a redirect to another host, and credentials may have gone along: build it \
                     with `redirect(Policy::none())`",
                ));
            }
            let (status, headers) = (response.status(), response.headers().clone());
            let chunks = Chunks { stream: Box::pin(response.bytes_stream()), place };
            Ok(HttpResponse { status, headers, body: Box::pin(chunks) })
        })
    }
}

/// Whether a request with this verb has a body, even if that is empty (RFC 9110, section 8.6).
fn has_body(verb: &Method) -> bool {
    matches!(*verb, Method::POST | Method::PUT | Method::PATCH)
}

#[cfg(not(target_family = "wasm"))]
#[allow(clippy::unused_async)]
async fn streamed(stream: BodyStream) -> Result<reqwest::Body> {
    Ok(reqwest::Body::wrap_stream(stream))
}

/// A browser sends no streams.
#[cfg(target_family = "wasm")]
async fn streamed(stream: BodyStream) -> Result<reqwest::Body> {
    RequestBody::Stream { stream, length: None }.collect().await.map(reqwest::Body::from)
}

/// The body stream with our errors.
struct Chunks<S> {
    stream: Pin<Box<S>>,
    place: String,
}

impl<S: Stream<Item = reqwest::Result<Bytes>>> Stream for Chunks<S> {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let chunk = std::task::ready!(self.stream.as_mut().poll_next(cx));
        std::task::Poll::Ready(chunk.map(|chunk| chunk.map_err(|error| failure(error, &self.place))))
    }
}

/// The error with where the connection went and what broke it. A URL may hold what must not be printed, so it never stays
/// in an error.
fn failure(error: reqwest::Error, place: &str) -> Error {
    let error = error.without_url();
    let cause = cause(&error);
    #[cfg(not(target_family = "wasm"))]
    let connect = error.is_connect();
    #[cfg(target_family = "wasm")]
    let connect = false;
    if error.is_builder() {
        Error::input(format!("the request to {place} is not valid: {cause}"))
    } else if connect && is_tls(&error) {
        Error::untrusted(format!("no secure connection to {place} can be made: {cause}"), error)
    } else if connect {
        Error::connect(format!("cannot connect to {place}: {cause}"), error)
    } else {
        Error::transport(format!("the connection to {place} broke: {cause}"), error)
    }
}

/// What the innermost error says: those around it only say that something failed.
fn cause(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

/// Whether a handshake failed for what the two sides are: a certificate, a version, an identity. TLS libraries give such
/// errors as invalid data, and a connection that breaks meanwhile as what broke it.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    chain(error)
        .filter_map(|error| error.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::InvalidData)
}

/// The error and its sources. What an IO error was made of is not among its sources, so it is asked for.
fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn StdError + 'static)| {
        let error: &'e (dyn StdError + 'static) = *error;
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}
