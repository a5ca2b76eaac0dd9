//! Media: what is uploaded with a call, or downloaded by one. Such calls travel alone: a batch carries none.

use std::marker::PhantomData;

use bytes::Bytes;

use crate::request::Request;
use crate::{AcceptsMedia, Batch, Error, Reply, Result, Sending, ServesMedia};

/// What can be queued on a batch. Implemented by no media call, so that queueing one does not compile.
#[diagnostic::on_unimplemented(
    message = "a media call cannot be queued on a batch",
    label = "this call carries media",
    note = "Google's batch endpoints take no media upload and no media download: send it by itself with `.send().await`, or queue the call without `.upload(…)` or `.download()`, for its metadata alone"
)]
pub trait Queueable {}

/// Media to be uploaded: bytes and their type.
///
/// ```
/// use gapis_runtime::Source;
///
/// let text = Source::from("hello").with_content_type("text/plain");
/// let image = Source::from(vec![0x89, 0x50, 0x4e, 0x47]).with_content_type("image/png");
/// # let _ = (text, image);
/// ```
#[derive(Clone)]
pub struct Source {
    content_type: String,
    bytes: Bytes,
}

impl Source {
    /// The same with a media type; without one it is `application/octet-stream`.
    #[must_use]
    pub fn with_content_type(mut self, content_type: &str) -> Self {
        self.content_type = content_type.to_owned();
        self
    }
}

impl<T: Into<Bytes>> From<T> for Source {
    fn from(bytes: T) -> Self {
        Source { content_type: "application/octet-stream".to_owned(), bytes: bytes.into() }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("content_type", &self.content_type)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// A call that uploads media, made by `.upload(…)`.
#[derive(Debug)]
#[must_use = "an upload does nothing until it is sent"]
pub struct Upload<M> {
    request: Request,
    source: Source,
    method: PhantomData<fn() -> M>,
}

impl<M: AcceptsMedia> Upload<M> {
    #[doc(hidden)]
    pub fn new(request: Request, source: Source) -> Self {
        Upload { request, source, method: PhantomData }
    }

    /// Sends metadata and media in one request: a `multipart/related` one where the call has a body that says anything,
    /// else the media alone.
    pub fn send(self) -> Sending<M::Output> {
        self.request.with_media(self.source.content_type, self.source.bytes).send::<M>()
    }

    /// Not for use: says at compile time why an upload cannot be queued.
    #[doc(hidden)]
    pub fn queue<'cb>(
        self,
        _batch: &mut Batch<'cb, M::Api>,
        _callback: impl FnOnce(Reply<M::Output>) + Send + 'cb,
    ) -> Result<()>
    where
        Self: Queueable,
    {
        Err(Error::input("an upload cannot be queued"))
    }
}

/// A call that downloads media, made by `.download()`.
#[derive(Debug)]
#[must_use = "a download does nothing until it is sent"]
pub struct Download<M> {
    request: Request,
    method: PhantomData<fn() -> M>,
}

impl<M: ServesMedia> Download<M> {
    #[doc(hidden)]
    pub fn new(request: Request) -> Self {
        Download { request, method: PhantomData }
    }

    /// Downloads everything into memory.
    ///
    /// # Errors
    /// As any call.
    pub async fn bytes(self) -> Result<Bytes> {
        let request = self.request.for_download();
        let client = request.client().clone();
        Ok(client.send(request).await?.body)
    }

    /// Not for use: says at compile time why a download cannot be queued.
    #[doc(hidden)]
    pub fn queue<'cb>(
        self,
        _batch: &mut Batch<'cb, M::Api>,
        _callback: impl FnOnce(Reply<M::Output>) + Send + 'cb,
    ) -> Result<()>
    where
        Self: Queueable,
    {
        Err(Error::input("a download cannot be queued"))
    }
}

/// The body of a `multipart/related` upload: metadata, then media (RFC 2387). With the value of its `Content-Type`.
pub(crate) fn related(metadata: &Bytes, content_type: &str, media: &Bytes) -> Result<(String, Bytes)> {
    if http::HeaderValue::from_str(content_type).is_err() {
        return Err(Error::input(format!("not a media type: {content_type:?}")));
    }
    let mut rng = fastrand::Rng::new();
    // The chance that a random boundary occurs in the media is nil, but it costs little to know.
    let boundary = loop {
        let boundary: String = std::iter::repeat_with(|| rng.alphanumeric()).take(40).collect();
        let finder = memchr::memmem::Finder::new(&boundary);
        if finder.find(metadata).is_none() && finder.find(media).is_none() {
            break boundary;
        }
    };
    let mut body = Vec::with_capacity(metadata.len() + media.len() + 256);
    for (content_type, content) in [("application/json", metadata), (content_type, media)] {
        body.extend_from_slice(format!("--{boundary}\r\nContent-Type: {content_type}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((format!("multipart/related; boundary={boundary}"), body.into()))
}
