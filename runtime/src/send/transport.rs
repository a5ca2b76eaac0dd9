//! The one module that speaks HTTP: a small trait, and its implementation over `reqwest`.
//!
//! Nothing above it knows the HTTP library. It never retries, never follows a redirect (credentials would go along to
//! another host) and never logs a URL, a header or a body.

use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use http::{HeaderMap, Method, StatusCode};

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
    /// A client with our own settings.
    pub(crate) fn new() -> Result<Self> {
        let builder = reqwest::Client::builder();
        #[cfg(not(target_family = "wasm"))]
        let builder = native(builder)?;
        let client =
            builder.build().map_err(|e| Error::connect("cannot set up the HTTP client", e.without_url()))?;
        Ok(Reqwest(client))
    }

    /// The caller's own client: its proxy, TLS and pool.
    pub(crate) fn with(client: reqwest::Client) -> Self {
        Reqwest(client)
    }
}

#[cfg(not(target_family = "wasm"))]
fn native(builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
    let builder = builder
        .redirect(reqwest::redirect::Policy::none())
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(std::time::Duration::from_secs(30));
    #[cfg(feature = "rustls")]
    let builder = builder.tls_backend_preconfigured(rustls_config()?);
    Ok(builder)
}

/// TLS with the platform's trusted roots and a provider of our own, so that no process-wide one is needed or touched.
#[cfg(all(feature = "rustls", not(target_family = "wasm")))]
fn rustls_config() -> Result<rustls::ClientConfig> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let failed = |e: rustls::Error| Error::connect("cannot set up TLS", e);
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_platform_verifier()
        .map_err(failed)?
        .with_no_client_auth();
    if cfg!(feature = "http2") {
        config.alpn_protocols.push(b"h2".to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(config)
}

impl Transport for Reqwest {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let client = self.0.clone();
        Box::pin(async move {
            let mut built = reqwest::Request::new(
                request.method,
                request
                    .url
                    .parse()
                    .map_err(|e| Error::input(format!("the endpoint does not make a URL: {e}")))?,
            );
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
            let response = client.execute(built).await.map_err(failure)?;
            // Our own client follows nothing. Of another one it is only known afterwards.
            if response.url().origin() != asked {
                return Err(Error::protocol(
                    "the HTTP client followed a redirect to another host, and credentials may have gone along: build it \
                     with `redirect(Policy::none())`",
                ));
            }
            let (status, headers) = (response.status(), response.headers().clone());
            Ok(HttpResponse { status, headers, body: Box::pin(Chunks(Box::pin(response.bytes_stream()))) })
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
struct Chunks<S>(Pin<Box<S>>);

impl<S: Stream<Item = reqwest::Result<Bytes>>> Stream for Chunks<S> {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx).map(|chunk| chunk.map(|chunk| chunk.map_err(failure)))
    }
}

/// A URL may hold what must not be printed, so it never stays in an error.
fn failure(error: reqwest::Error) -> Error {
    let error = error.without_url();
    #[cfg(not(target_family = "wasm"))]
    let connect = error.is_connect();
    #[cfg(target_family = "wasm")]
    let connect = false;
    if connect {
        Error::connect("cannot connect to the server", error)
    } else {
        Error::transport("the connection to the server broke", error)
    }
}
