//! Uploads in one request: the media alone, or metadata and media as `multipart/related` (RFC 2387).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use tokio::sync::Mutex;

use super::source::{Content, InMemory, PIECE, Source};
use super::window::{rewind, wrong_length};
use super::{OnProgress, Progress};
use crate::client::Tries;
use crate::credentials::AuthHeaders;
use crate::request::Request;
use crate::transport::{BodyStream, RequestBody};
use crate::{Error, RawResponse, Result, rt};

/// Bytes up to this are put into one buffer with their metadata.
const COPIED: usize = 1 << 20;

/// What is sent, as often as it may be.
struct Outgoing {
    head: Bytes,
    tail: Bytes,
    media: Media,
}

enum Media {
    Whole(Bytes),
    /// Behind a lock, as a transport may still hold the body of an attempt that failed.
    Streamed(Arc<Mutex<Shared>>, Option<u64>),
}

struct Shared {
    content: Content,
    /// The attempt that may read.
    attempt: u32,
    read: u64,
    /// Why the source failed: a transport only says that its body did.
    error: Option<Error>,
    progress: Option<OnProgress>,
    length: Option<u64>,
}

/// Sends an upload in one request, with the metadata if there is any.
pub(super) async fn send(
    request: Request,
    source: Source,
    progress: Option<OnProgress>,
) -> Result<RawResponse> {
    let metadata = request.metadata();
    let protocol = if metadata.is_some() { "multipart" } else { "media" };
    let request = request.for_upload(protocol);
    let (content_type, outgoing) = Outgoing::new(metadata, source, progress);
    let request = request.with_body(Some((content_type, Bytes::new())));
    let client = request.client().clone();
    let mut tries = Tries::new(&request);
    for attempt in 1.. {
        let auth = tries.authorise().await?;
        let error = match outgoing.attempt(&request, &auth, attempt).await {
            Ok(response) if response.status.is_success() => {
                client.budget().refund();
                return Ok(response);
            }
            Ok(response) => Error::from_response(response),
            Err(error) => error,
        };
        if let Some(error) = outgoing.source_error().await {
            return Err(error);
        }
        if !outgoing.can_repeat().await {
            return Err(error);
        }
        tries.failed(error, auth, request.is_idempotent()).await?;
    }
    Err(Error::cancelled("more attempts than can be counted"))
}

impl Outgoing {
    fn new(metadata: Option<Bytes>, source: Source, progress: Option<OnProgress>) -> (String, Self) {
        let Source { content_type, length, content } = source;
        let (request_type, head, tail) = match metadata {
            Some(metadata) => {
                let boundary = boundary(&metadata, &content);
                let head = format!("--{boundary}\r\nContent-Type: application/json\r\n\r\n");
                let between = format!("\r\n--{boundary}\r\nContent-Type: {content_type}\r\n\r\n");
                let head = [head.as_bytes(), &metadata, between.as_bytes()].concat();
                let tail = format!("\r\n--{boundary}--\r\n");
                (format!("multipart/related; boundary={boundary}"), head, tail)
            }
            None => (content_type, Vec::new(), String::new()),
        };
        let content = match content {
            Content::Bytes(bytes) if head.is_empty() && progress.is_none() => {
                let outgoing =
                    Outgoing { head: Bytes::new(), tail: Bytes::new(), media: Media::Whole(bytes) };
                return (request_type, outgoing);
            }
            Content::Bytes(bytes) if bytes.len() <= COPIED && progress.is_none() => {
                let whole = [&head, &bytes[..], tail.as_bytes()].concat().into();
                let outgoing =
                    Outgoing { head: Bytes::new(), tail: Bytes::new(), media: Media::Whole(whole) };
                return (request_type, outgoing);
            }
            Content::Bytes(bytes) => Content::Input(Box::new(InMemory { rest: bytes.clone(), all: bytes })),
            input @ Content::Input(_) => input,
        };
        let shared = Shared { content, attempt: 0, read: 0, error: None, progress, length };
        let media = Media::Streamed(Arc::new(Mutex::new(shared)), length);
        (request_type, Outgoing { head: head.into(), tail: tail.into(), media })
    }

    /// One attempt. What must not take too long is silence: neither media taken nor an answer.
    async fn attempt(&self, request: &Request, auth: &AuthHeaders, attempt: u32) -> Result<RawResponse> {
        let client = request.client();
        let after = client.timeout_of(request);
        let mut http = client.http_request(request, auth)?;
        let exchange = async {
            http.body = self.body(attempt).await?;
            client.read(client.transport().send(http).await?).await
        };
        let mut exchange = std::pin::pin!(exchange);
        let mut read = None;
        loop {
            if let Some(result) = rt::timeout(after, exchange.as_mut()).await {
                return result;
            }
            let now = self.read();
            if now.is_none() || now == read {
                return Err(Error::timeout("the upload", after.unwrap_or_default()));
            }
            read = now;
        }
    }

    /// How much of the media was taken, if it is a stream and nobody reads just now.
    fn read(&self) -> Option<u64> {
        match &self.media {
            Media::Whole(_) => None,
            Media::Streamed(shared, _) => shared.try_lock().ok().map(|shared| shared.read),
        }
    }

    async fn body(&self, attempt: u32) -> Result<RequestBody> {
        let (shared, length) = match &self.media {
            Media::Whole(bytes) => return Ok(bytes.clone().into()),
            Media::Streamed(shared, length) => (shared, length),
        };
        let mut held = shared.lock().await;
        rewind(&mut held.content).await?;
        (held.attempt, held.read, held.error) = (attempt, 0, None);
        drop(held);
        let around = (self.head.len() + self.tail.len()) as u64;
        let (head, tail) = (self.head.clone(), self.tail.clone());
        let stream = stream::unfold(Some((head, shared.clone(), tail)), move |state| async move {
            let (head, shared, tail) = state?;
            if !head.is_empty() {
                return Some((Ok(head), Some((Bytes::new(), shared, tail))));
            }
            let piece = shared.lock().await.piece(attempt).await;
            match piece {
                Ok(piece) if !piece.is_empty() => Some((Ok(piece), Some((head, shared, tail)))),
                Ok(_) if !tail.is_empty() => Some((Ok(tail), None)),
                Ok(_) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        let stream: BodyStream = Box::pin(stream);
        Ok(RequestBody::stream(stream, length.map(|length| length + around)))
    }

    async fn source_error(&self) -> Option<Error> {
        match &self.media {
            Media::Whole(_) => None,
            Media::Streamed(shared, _) => shared.lock().await.error.clone(),
        }
    }

    /// Whether the media can be sent once more: all of it is there, or none of it was taken.
    async fn can_repeat(&self) -> bool {
        match &self.media {
            Media::Whole(_) => true,
            Media::Streamed(shared, _) => {
                let shared = shared.lock().await;
                shared.read == 0 || matches!(&shared.content, Content::Input(input) if input.seeks())
            }
        }
    }
}

impl Shared {
    /// The next piece, none at the end.
    async fn piece(&mut self, attempt: u32) -> Result<Bytes> {
        if attempt != self.attempt {
            return Err(Error::cancelled("another attempt has begun"));
        }
        let result = self.read().await;
        if let Err(error) = &result {
            self.error = Some(error.clone());
        }
        result
    }

    async fn read(&mut self) -> Result<Bytes> {
        let mut piece = BytesMut::new();
        let Content::Input(input) = &mut self.content else { return Ok(Bytes::new()) };
        let count = std::future::poll_fn(|cx| input.poll_read(cx, &mut piece, PIECE))
            .await
            .map_err(|error| Error::io("the source of the upload cannot be read", error))?;
        self.read += count as u64;
        match self.length {
            Some(length) if self.read > length || count == 0 && self.read < length => {
                Err(wrong_length(length, self.read))
            }
            _ => {
                if let Some(progress) = self.progress.as_mut().filter(|_| count > 0) {
                    progress(Progress { bytes: self.read, total: self.length });
                }
                Ok(piece.freeze())
            }
        }
    }
}

/// A line that does not occur in what it separates. Of a stream that cannot be known, but the chance is nil.
fn boundary(metadata: &Bytes, content: &Content) -> String {
    let mut rng = fastrand::Rng::new();
    let occurs = |boundary: &str| {
        let finder = memchr::memmem::Finder::new(boundary);
        finder.find(metadata).is_some()
            || matches!(content, Content::Bytes(bytes) if finder.find(bytes).is_some())
    };
    loop {
        let boundary: String = std::iter::repeat_with(|| rng.alphanumeric()).take(40).collect();
        if !occurs(&boundary) {
            return boundary;
        }
    }
}
