//! Uploads in one request: the media alone, or metadata and media as `multipart/related` (RFC 2387).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use tokio::sync::Mutex;

use super::progress::Teller;
use super::silence::until_silent;
use super::source::{Content, Source};
use super::stored::Sums;
use super::window::{rewind, too_large, wrong_length};
use crate::call::request::Request;
use crate::send::attempts::{Attempt, Attempts, Exchange, Step};
use crate::send::counted::{PIECE, Taken, is_one_piece};
use crate::send::observe::AttemptKind;
use crate::send::transport::{BodyStream, RequestBody};
use crate::wire::body::Encoded;
use crate::{Error, RawResponse, Result};

/// The content to send, which may be sent more than once.
struct Outgoing {
    head: Bytes,
    tail: Bytes,
    media: Media,
    /// Checksums of zero bytes, with which each attempt starts.
    sums: Sums,
}

enum Media {
    Whole {
        body: Bytes,
        /// The media without metadata.
        media: Bytes,
    },
    /// Behind a lock, because a transport may still hold the body of a failed attempt.
    Streamed(Arc<Stream>),
}

struct Stream {
    /// The method's id, for errors.
    id: &'static str,
    length: Option<u64>,
    /// The maximum size that the method accepts.
    max_size: Option<u64>,
    /// The number of bytes taken. It is outside the lock, because reading the source may take long.
    taken: Taken,
    shared: Mutex<Shared>,
}

struct Shared {
    content: Content,
    /// The checksums of the bytes that this attempt has taken.
    sums: Sums,
    /// The attempt that may read the source.
    attempt: u32,
    /// Why the source failed. A transport only reports that the body failed.
    error: Option<Error>,
    progress: Teller,
}

/// Sends an upload in one request, with the metadata if there is any.
pub(super) async fn send(request: Request, source: Source, progress: Teller) -> Result<RawResponse> {
    let (request, outgoing) = prepare(request, source, progress);
    Attempts::new(request.subject()).run(&mut OneRequest { request, outgoing, number: 0 }).await
}

/// The upload as one HTTP request.
struct OneRequest {
    request: Request,
    outgoing: Outgoing,
    /// The number of the attempt, from 1.
    number: u32,
}

impl Exchange for OneRequest {
    type Value = RawResponse;
    const KIND: AttemptKind = AttemptKind::MediaUpload;

    fn length(&self) -> Option<u64> {
        self.outgoing.length()
    }

    async fn attempt(&mut self, attempt: &mut Attempt<'_>) -> Result<Step<RawResponse>> {
        self.number = self.number.saturating_add(1);
        let error = match self.outgoing.exchange(&self.request, attempt, self.number).await {
            Ok(response) if response.status.is_success() => {
                self.outgoing.check(&self.request, &response).await?;
                self.outgoing.tell_all().await;
                return Ok(Step::Done(response));
            }
            Ok(response) => Error::from_response(response),
            Err(error) => error,
        };
        if let Some(error) = self.outgoing.source_error().await {
            return Err(error);
        }
        if !self.outgoing.can_repeat().await {
            return Err(error);
        }
        Ok(Step::Failed(error))
    }
}

/// Splits the upload into the request without its body, and the body.
fn prepare(request: Request, source: Source, progress: Teller) -> (Request, Outgoing) {
    let metadata = request.metadata();
    let protocol = if metadata.is_some() { "multipart" } else { "media" };
    let max_size = request.spec().upload.and_then(|upload| upload.max_size);
    let sums = Sums::new(&request);
    let (content_type, outgoing) = Outgoing::new((request.id(), max_size), metadata, source, progress, sums);
    (request.for_upload(protocol).with_body(Some(Encoded::new(content_type, Bytes::new()))), outgoing)
}

/// The request that would be sent, without its body.
pub(super) fn without_media(request: Request, source: Source) -> Request {
    prepare(request, source, Teller::default()).0
}

impl Outgoing {
    fn new(
        (id, max_size): (&'static str, Option<u64>),
        metadata: Option<Bytes>,
        source: Source,
        progress: Teller,
        sums: Sums,
    ) -> (String, Self) {
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
        if let Content::Bytes(bytes) = &content
            && is_one_piece(bytes.len())
            && !progress.is_some()
        {
            let whole = match head.is_empty() {
                true => bytes.clone(),
                false => [&head, &bytes[..], tail.as_bytes()].concat().into(),
            };
            let outgoing = Outgoing {
                head: Bytes::new(),
                tail: Bytes::new(),
                media: Media::Whole { body: whole, media: bytes.clone() },
                sums,
            };
            return (request_type, outgoing);
        }
        let shared = Mutex::new(Shared { content, sums: sums.clone(), attempt: 0, error: None, progress });
        let media =
            Media::Streamed(Arc::new(Stream { id, length, max_size, taken: Taken::default(), shared }));
        (request_type, Outgoing { head: head.into(), tail: tail.into(), media, sums })
    }

    /// Sends one request and reads the response. The timeout limits how long no media is taken and no response
    /// arrives.
    async fn exchange(&self, request: &Request, attempt: &Attempt<'_>, number: u32) -> Result<RawResponse> {
        let mut http = request.to_http(attempt.auth())?;
        let taken = self.taken();
        let exchange = async {
            http.body = self.body(number).await?;
            attempt.exchange(http).await
        };
        until_silent(attempt, "the upload", &taken, exchange).await
    }

    /// The number of bytes that an attempt sends, if known.
    fn length(&self) -> Option<u64> {
        match &self.media {
            Media::Whole { body, .. } => Some(body.len() as u64),
            Media::Streamed(stream) => {
                stream.length.map(|length| length + (self.head.len() + self.tail.len()) as u64)
            }
        }
    }

    /// The number of bytes of the media taken by this attempt; always 0 for a body in one piece.
    fn taken(&self) -> Taken {
        match &self.media {
            Media::Whole { .. } => Taken::default(),
            Media::Streamed(stream) => stream.taken.clone(),
        }
    }

    async fn body(&self, attempt: u32) -> Result<RequestBody> {
        let media = match &self.media {
            Media::Whole { body, .. } => return Ok(body.clone().into()),
            Media::Streamed(media) => media,
        };
        let mut held = media.shared.lock().await;
        rewind(&mut held.content).await?;
        (held.attempt, held.error, held.sums) = (attempt, None, self.sums.clone());
        media.taken.set(0);
        drop(held);
        let (head, tail) = (self.head.clone(), self.tail.clone());
        let stream = stream::unfold(Some((head, media.clone(), tail)), move |state| async move {
            let (head, media, tail) = state?;
            if !head.is_empty() {
                return Some((Ok(head), Some((Bytes::new(), media, tail))));
            }
            match media.piece(attempt).await {
                Ok(piece) if !piece.is_empty() => Some((Ok(piece), Some((head, media, tail)))),
                Ok(_) if !tail.is_empty() => Some((Ok(tail), None)),
                Ok(_) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        let stream: BodyStream = Box::pin(stream);
        Ok(RequestBody::Stream { stream, length: self.length() })
    }

    async fn source_error(&self) -> Option<Error> {
        match &self.media {
            Media::Whole { .. } => None,
            Media::Streamed(media) => media.shared.lock().await.error.clone(),
        }
    }

    /// Whether the media can be sent again: because all of it is in memory, or none of it was taken.
    async fn can_repeat(&self) -> bool {
        match &self.media {
            Media::Whole { .. } => true,
            Media::Streamed(media) => {
                let shared = media.shared.lock().await;
                let unread = media.taken.get() == 0;
                unread
                    || match &shared.content {
                        Content::Bytes(_) => true,
                        Content::Input(input) => input.seeks(),
                    }
            }
        }
    }

    /// Compares the checksums that the server returned with those of the sent bytes.
    async fn check(&self, request: &Request, response: &RawResponse) -> Result<()> {
        match &self.media {
            Media::Whole { media, .. } => {
                let mut sums = self.sums.clone();
                sums.add(0, media);
                sums.check(request, media.len() as u64, response)
            }
            Media::Streamed(media) => {
                media.shared.lock().await.sums.check(request, media.taken.get(), response)
            }
        }
    }

    /// Reports that the server has all bytes.
    async fn tell_all(&self) {
        if let Media::Streamed(media) = &self.media {
            let read = media.taken.get();
            media.shared.lock().await.progress.tell(read, media.length.or(Some(read)));
        }
    }
}

impl Stream {
    /// The next bytes, none at the end.
    async fn piece(&self, attempt: u32) -> Result<Bytes> {
        let mut shared = self.shared.lock().await;
        if attempt != shared.attempt {
            return Err(Error::cancelled("another attempt has started"));
        }
        let result = self.read(&mut shared).await;
        if let Err(error) = &result {
            shared.error = Some(error.clone());
        }
        result
    }

    async fn read(&self, shared: &mut Shared) -> Result<Bytes> {
        let before = self.taken.get();
        let piece = match &mut shared.content {
            Content::Bytes(all) => {
                let from = usize::try_from(before).unwrap_or(usize::MAX).min(all.len());
                all.slice(from..all.len().min(from.saturating_add(PIECE)))
            }
            Content::Input(input) => {
                let mut piece = BytesMut::new();
                std::future::poll_fn(|cx| input.poll_read(cx, &mut piece, PIECE))
                    .await
                    .map_err(|error| Error::io("the source of the upload cannot be read", error))?;
                piece.freeze()
            }
        };
        let count = piece.len();
        shared.sums.add(before, &piece);
        let read = before + count as u64;
        self.taken.set(read);
        if let Some(max) = self.max_size.filter(|max| read > *max) {
            return Err(Error::bad_source(too_large(self.id, max)));
        }
        match self.length {
            Some(length) if read > length || count == 0 && read < length => Err(wrong_length(length, read)),
            _ => {
                if count > 0 {
                    shared.progress.tell(read, self.length);
                }
                Ok(piece)
            }
        }
    }
}

/// A boundary that does not occur in the content. For a stream this cannot be checked, but a collision is extremely
/// unlikely.
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
