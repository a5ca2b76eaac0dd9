//! The one module that uses HTTP: a small trait, and its implementation with `reqwest`.
//!
//! No other module depends on the HTTP library. The implementation never retries, never follows a redirect (which
//! would send credentials to another host) and never logs a URL, a header or a body.

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

/// A response body that arrives in chunks.
#[cfg(not(target_family = "wasm"))]
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// A response body that arrives in chunks.
#[cfg(target_family = "wasm")]
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes>>>>;

/// A request that is ready to be sent.
pub struct HttpRequest {
    /// The HTTP method.
    pub method: Method,
    /// The absolute URL.
    pub url: String,
    /// All headers except `Host` and `Content-Length`, which the transport adds.
    pub headers: HeaderMap,
    /// The body. An empty body is sent with `Content-Length: 0` if the method may have a body.
    pub body: RequestBody,
}

/// A request body: bytes for nearly all calls, or a stream for the media of an upload.
///
/// ```
/// use gapis_runtime::transport::RequestBody;
///
/// let body = RequestBody::from("hello");
/// assert_eq!(body.length(), Some(5));
/// ```
pub enum RequestBody {
    /// The whole body.
    Bytes(Bytes),
    /// A body in chunks.
    Stream {
        /// The chunks. The stream ends after `length` bytes, or with an error.
        stream: BodyStream,
        /// The size in bytes, if known.
        length: Option<u64>,
    },
}

impl RequestBody {
    /// The size in bytes, if known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match self {
            RequestBody::Bytes(bytes) => Some(bytes.len() as u64),
            RequestBody::Stream { length, .. } => *length,
        }
    }

    /// The bytes, unless the body is a stream.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            RequestBody::Bytes(bytes) => Some(bytes),
            RequestBody::Stream { .. } => None,
        }
    }

    /// Reads the whole body into memory, for a transport that does not support streams.
    ///
    /// # Errors
    /// The error of the stream.
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

/// A response whose body has not been read yet.
pub struct HttpResponse {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as received. With the header `Content-Encoding: gzip` it is decompressed later.
    pub body: BodyStream,
}

/// Sends HTTP requests. The default implementation uses `reqwest`; tests and other HTTP stacks can implement it too.
pub trait Transport: Send + Sync {
    /// Sends the request. Resolves when the headers of the response have arrived.
    ///
    /// # Errors
    /// [`Error::connect`] if nothing can have been sent, [`Error::transport`] otherwise. A status is not an error.
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>>;
}

/// The transport that uses `reqwest`.
#[derive(Clone)]
pub(crate) struct Reqwest(reqwest::Client);

impl Reqwest {
    /// Uses the library's own client.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        settings.client().map(Reqwest)
    }

    /// Uses the caller's client, with its proxy, TLS settings and connection pool.
    #[cfg(feature = "reqwest")]
    pub(crate) fn with(client: reqwest::Client) -> Self {
        Reqwest(client)
    }
}

impl Transport for Reqwest {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let client = self.0.clone();
        Box::pin(async move {
            // The URL may contain a secret, so errors do not show it.
            let url = Url::parse(&request.url)
                .map_err(|error| Error::input(format!("the URL of the call is not valid: {error}")))?;
            let place = host_and_port(&url);
            let mut built = reqwest::Request::new(request.method, url);
            let may_have_body = has_body(built.method());
            *built.headers_mut() = request.headers;
            // The HTTP library sends no length for an empty body, and Google's front end rejects such a request with
            // 411.
            if let Some(length) = request.body.length().filter(|length| *length > 0 || may_have_body) {
                built.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
            }
            *built.body_mut() = Some(match request.body {
                RequestBody::Bytes(bytes) => reqwest::Body::from(bytes),
                RequestBody::Stream { stream, .. } => streamed(stream).await?,
            });
            let asked = built.url().origin();
            let response = client.execute(built).await.map_err(|error| failure(error, &place))?;
            // The library's own client follows no redirect. For another client, this can only be detected afterwards.
            if response.url().origin() != asked {
                return Err(Error::protocol(
                    "the HTTP client followed a redirect to another host, and may have sent the credentials there: \
                     build it with `redirect(Policy::none())`",
                ));
            }
            let (status, headers) = (response.status(), response.headers().clone());
            let chunks = Chunks { stream: Box::pin(response.bytes_stream()), place };
            Ok(HttpResponse { status, headers, body: Box::pin(chunks) })
        })
    }
}

/// Whether a request with this method has a body, even if it is empty (RFC 9110, section 8.6).
fn has_body(verb: &Method) -> bool {
    matches!(*verb, Method::POST | Method::PUT | Method::PATCH)
}

#[cfg(not(target_family = "wasm"))]
#[allow(clippy::unused_async)]
async fn streamed(stream: BodyStream) -> Result<reqwest::Body> {
    Ok(reqwest::Body::wrap_stream(stream))
}

/// Collects the stream, because browsers do not support streams as bodies.
#[cfg(target_family = "wasm")]
async fn streamed(stream: BodyStream) -> Result<reqwest::Body> {
    RequestBody::Stream { stream, length: None }.collect().await.map(reqwest::Body::from)
}

/// A body stream with this library's errors.
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

/// Converts an error of the HTTP library. The message has the address and the cause. The URL is removed, because it
/// may contain a secret.
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
        Error::transport(format!("the connection to {place} failed: {cause}"), error)
    }
}

/// The message of the innermost error. The outer errors only say that something failed.
fn cause(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

/// Whether a TLS handshake failed because of a certificate, a protocol version or an identity. TLS libraries report
/// these as invalid data, but report a failed connection with its own kind.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let kinds =
        || chain(error).filter_map(|error| error.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    kinds().any(|kind| kind == std::io::ErrorKind::InvalidData)
        || is_native(error) && kinds().next().is_none()
}

/// Whether the platform's TLS library reports it. If the connection failed, its error contains an IO error.
#[cfg(all(feature = "native-tls", not(target_family = "wasm")))]
fn is_native(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|error| error.is::<native_tls::Error>())
}

#[cfg(not(all(feature = "native-tls", not(target_family = "wasm"))))]
fn is_native(_: &(dyn StdError + 'static)) -> bool {
    false
}

/// The error and its sources. The error inside an IO error is not among its sources, so it is requested separately.
fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn StdError + 'static)| {
        let error: &'e (dyn StdError + 'static) = *error;
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}
