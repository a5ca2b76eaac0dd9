//! The source of an upload's media.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf, SeekFrom};

use crate::send::counted::PIECE;

/// Media to upload: bytes, a file, a reader or a stream, with its media type.
///
/// Bytes, files and sources made with [`seekable`](Source::seekable) can be read again. So an upload from them can
/// start again after a failure, or be resumed after a restart of the program.
///
/// ```
/// use gapis_runtime::Source;
///
/// let text = Source::from("hello").with_content_type("text/plain");
/// let image = Source::reader(&[0x89, 0x50, 0x4e, 0x47][..]).with_length(4).with_content_type("image/png");
/// assert_eq!((text.length(), image.length()), (Some(5), Some(4)));
/// ```
#[must_use]
pub struct Source {
    pub(super) content_type: String,
    pub(super) length: Option<u64>,
    pub(super) content: Content,
}

/// The content of a source.
pub(super) enum Content {
    Bytes(Bytes),
    Input(Box<dyn Input>),
}

/// Bytes that are read in order and only once, unless the input can seek.
pub(super) trait Input: Send {
    /// Appends at most `max` bytes; none at the end.
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut BytesMut, max: usize)
    -> Poll<io::Result<usize>>;
    /// Moves to that offset.
    fn poll_seek(&mut self, cx: &mut Context<'_>, to: u64) -> Poll<io::Result<()>>;
    /// Whether it can move to any offset.
    fn seeks(&self) -> bool;
}

impl Source {
    fn new(content: Content, length: Option<u64>) -> Self {
        Source { content_type: "application/octet-stream".to_owned(), length, content }
    }

    /// All bytes of a reader. Set the [length](Source::with_length) if it is known.
    pub fn reader(reader: impl AsyncRead + Send + Unpin + 'static) -> Self {
        Source::new(Content::Input(Box::new(ReaderInput(reader))), None)
    }

    /// All bytes of a reader that can seek. It is read from its beginning, whatever its current position.
    pub fn seekable(reader: impl AsyncRead + AsyncSeek + Send + Unpin + 'static) -> Self {
        Source::new(Content::Input(Box::new(Seekable { reader, seeking: None })), None)
    }

    /// All bytes of a stream. Set the [length](Source::with_length) if it is known.
    pub fn stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Source::new(Content::Input(Box::new(Streamed { stream: Box::pin(stream), rest: Bytes::new() })), None)
    }

    /// A file, which is read during the upload.
    ///
    /// # Errors
    /// If the file cannot be opened.
    #[cfg(feature = "fs")]
    pub async fn file(path: impl AsRef<std::path::Path>) -> crate::Result<Self> {
        let failed = |error| crate::Error::io("the file to upload cannot be opened", error);
        let file = tokio::fs::File::open(path.as_ref()).await.map_err(failed)?;
        let length = file.metadata().await.map_err(failed)?.len();
        Ok(Source::seekable(file).with_length(length))
    }

    /// Sets the media type. Default: `application/octet-stream`.
    pub fn with_content_type(mut self, content_type: &str) -> Self {
        content_type.clone_into(&mut self.content_type);
        self
    }

    /// Sets the number of bytes. If the source has fewer or more, the upload fails.
    pub fn with_length(mut self, bytes: u64) -> Self {
        if !matches!(self.content, Content::Bytes(_)) {
            self.length = Some(bytes);
        }
        self
    }

    /// The number of bytes, if known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The media type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }
}

impl<T: Into<Bytes>> From<T> for Source {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        let length = bytes.len() as u64;
        Source::new(Content::Bytes(bytes), Some(length))
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("content_type", &self.content_type)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Extends the buffer and reads into it.
fn poll_read<R: AsyncRead + Unpin>(
    reader: &mut R,
    cx: &mut Context<'_>,
    into: &mut BytesMut,
    max: usize,
) -> Poll<io::Result<usize>> {
    let before = into.len();
    into.resize(before + max.min(PIECE), 0);
    let mut read = 0;
    let result = match into.get_mut(before..) {
        Some(space) => {
            let mut buffer = ReadBuf::new(space);
            let result = Pin::new(reader).poll_read(cx, &mut buffer);
            read = buffer.filled().len();
            result
        }
        None => Poll::Ready(Ok(())),
    };
    into.truncate(before + read);
    result.map_ok(|()| read)
}

/// The result of seeking for an input that cannot seek, which is never called.
fn stays() -> Poll<io::Result<()>> {
    Poll::Ready(Err(io::Error::from(io::ErrorKind::Unsupported)))
}

struct ReaderInput<R>(R);

impl<R: AsyncRead + Send + Unpin> Input for ReaderInput<R> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut BytesMut,
        max: usize,
    ) -> Poll<io::Result<usize>> {
        poll_read(&mut self.0, cx, into, max)
    }
    fn poll_seek(&mut self, _: &mut Context<'_>, _: u64) -> Poll<io::Result<()>> {
        stays()
    }
    fn seeks(&self) -> bool {
        false
    }
}

struct Seekable<R> {
    reader: R,
    /// The target of the current seek.
    seeking: Option<u64>,
}

impl<R: AsyncRead + AsyncSeek + Send + Unpin> Input for Seekable<R> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut BytesMut,
        max: usize,
    ) -> Poll<io::Result<usize>> {
        poll_read(&mut self.reader, cx, into, max)
    }
    fn poll_seek(&mut self, cx: &mut Context<'_>, to: u64) -> Poll<io::Result<()>> {
        let mut reader = Pin::new(&mut self.reader);
        if self.seeking != Some(to) {
            // An earlier seek must be completed first.
            ready!(reader.as_mut().poll_complete(cx))?;
            reader.as_mut().start_seek(SeekFrom::Start(to))?;
            self.seeking = Some(to);
        }
        let result = ready!(reader.poll_complete(cx));
        self.seeking = None;
        Poll::Ready(result.map(|_| ()))
    }
    fn seeks(&self) -> bool {
        true
    }
}

struct Streamed<S> {
    stream: Pin<Box<S>>,
    /// Bytes that the stream returned and that were not read yet.
    rest: Bytes,
}

impl<S: Stream<Item = io::Result<Bytes>> + Send> Input for Streamed<S> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut BytesMut,
        max: usize,
    ) -> Poll<io::Result<usize>> {
        while self.rest.is_empty() {
            match ready!(self.stream.as_mut().poll_next(cx)) {
                Some(piece) => self.rest = piece?,
                None => return Poll::Ready(Ok(0)),
            }
        }
        let count = self.rest.len().min(max);
        into.extend_from_slice(&self.rest.split_to(count));
        Poll::Ready(Ok(count))
    }
    fn poll_seek(&mut self, _: &mut Context<'_>, _: u64) -> Poll<io::Result<()>> {
        stays()
    }
    fn seeks(&self) -> bool {
        false
    }
}
