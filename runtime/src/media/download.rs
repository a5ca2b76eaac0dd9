//! The call that downloads media.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, ETAG};
use tokio::io::AsyncWrite;

use super::progress::{Progress, Teller};
use super::reader::{self, Reader};
use crate::call::next::Next;
use crate::call::request::Request;
use crate::call::sending::Sending;
use crate::send::gzip;
use crate::send::trace::Span;
use crate::send::transport::BodyStream;
use crate::{Batch, DryRun, Error, IntoCall, Reply, Result, ServesMedia};

/// A call that downloads media, returned by `.download()`.
///
/// If the connection fails, the rest is requested, as often as the retry policy allows. This is done only if the media
/// is known to be the same, by its ETag (but not by a weak one), generation or checksum. If the media has changed in
/// the meantime, the download [fails](Error::is_changed). If the server sends none of these values, a failed
/// connection ends the download with an error.
///
/// The bytes are returned as the server sends them. By default the request asks for uncompressed bytes. The server
/// then decompresses media that is stored compressed (`Content-Encoding: gzip`); its length is not known in advance,
/// and there is no checksum. With the header `Accept-Encoding: gzip` the stored bytes are returned unchanged, and
/// ranges and checksums refer to them. [`with_decompression`](Download::with_decompression) requests the stored bytes
/// and decompresses them here. If the whole of the stored bytes is downloaded, the checksums in `x-goog-hash` are
/// verified; see [`Error::is_checksum_mismatch`].
///
/// The timeout limits how long the connection may be idle: the time to the response, and the time between bytes.
#[must_use = "a download does nothing until its bytes are requested"]
pub struct Download<M> {
    request: Request,
    from: u64,
    to: Option<u64>,
    /// Whether the range is beyond the largest possible offset.
    overflow: bool,
    verify: bool,
    decompress: bool,
    on_progress: Teller,
    method: PhantomData<fn() -> M>,
}

impl<M: ServesMedia> Download<M> {
    #[doc(hidden)]
    pub fn new(request: Request) -> Self {
        Download {
            request: request.for_download(),
            from: 0,
            to: None,
            overflow: false,
            verify: true,
            decompress: false,
            on_progress: Teller::default(),
            method: PhantomData,
        }
    }

    /// Downloads only these bytes: `..1024`, `1024..2048`, `2048..`. The range may end after the end of the media, but
    /// if it begins there, the server responds with status 416.
    pub fn with_range(mut self, range: impl RangeBounds<u64>) -> Self {
        let after = |at: u64, overflow: &mut bool| {
            at.checked_add(1).unwrap_or_else(|| {
                *overflow = true;
                at
            })
        };
        self.from = match range.start_bound() {
            Bound::Included(at) => *at,
            Bound::Excluded(at) => after(*at, &mut self.overflow),
            Bound::Unbounded => 0,
        };
        self.to = match range.end_bound() {
            Bound::Included(at) => Some(after(*at, &mut self.overflow)),
            Bound::Excluded(at) => Some(*at),
            Bound::Unbounded => None,
        };
        self
    }

    /// Whether to verify the server's checksum. Default: true.
    pub fn with_verification(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// Requests compressed bytes and decompresses them. This transfers less data, and the checksum of media that is
    /// stored compressed can be verified. It cannot be combined with a range, because a part of a gzip stream cannot
    /// be decompressed.
    pub fn with_decompression(mut self) -> Self {
        self.decompress = true;
        if !self.request.headers().has(&ACCEPT_ENCODING) {
            self.request.set_header(ACCEPT_ENCODING.as_str(), "gzip");
        }
        self
    }

    /// Calls a closure with the progress of the download.
    pub fn on_progress(mut self, tell: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Teller::new(tell);
        self
    }

    /// Starts the download. Resolves when the headers of the response have arrived.
    ///
    /// # Errors
    /// The errors of any call.
    pub fn stream(self) -> Sending<'static, MediaStream> {
        Sending::other(self.request.id(), Box::pin(self.open()))
    }

    async fn open(self) -> Result<MediaStream> {
        self.check_range()?;
        let decompress = self.decompress;
        let span = Span::call(self.request.id(), self.request.verb().as_str());
        let range = (self.from, self.to);
        let reader = span.around(Reader::open(self.request, range, self.verify, self.on_progress)).await?;
        let headers = reader.headers();
        let compressed = decompress && gzip::is_compressed(&headers);
        let length = reader.length().filter(|_| !compressed);
        let chunks = stream::unfold(reader, |mut reader| async move {
            reader.next().await.transpose().map(|chunk| (chunk, reader))
        });
        let chunks: BodyStream = Box::pin(chunks.fuse());
        let chunks = if compressed { gzip::decompressed(chunks) } else { chunks };
        Ok(MediaStream { headers, length, chunks })
    }

    /// Downloads all bytes into memory.
    ///
    /// # Errors
    /// - The errors of any call
    /// - If the media is larger than the client's [`max_response`](crate::Builder::max_response)
    /// - If the media changed or does not match its checksum
    pub fn bytes(self) -> Sending<'static, Bytes> {
        Sending::other(self.request.id(), Box::pin(self.collect()))
    }

    async fn collect(self) -> Result<Bytes> {
        let (max, id) = (self.request.client().max_response(), self.request.id());
        let mut stream = self.stream().await?;
        let too_large = || Error::protocol(format!("{id}: the media is larger than {max} bytes"));
        if stream.length().is_some_and(|length| length > max as u64) {
            return Err(too_large());
        }
        let Some(first) = stream.next().await.transpose()? else { return Ok(Bytes::new()) };
        if first.len() > max {
            return Err(too_large());
        }
        // Small media arrives in one chunk, which is not copied.
        let Some(second) = stream.next().await.transpose()? else { return Ok(first) };
        let mut all = BytesMut::from(&first[..]);
        let mut next = Some(second);
        while let Some(chunk) = next {
            if all.len() + chunk.len() > max {
                return Err(too_large());
            }
            all.extend_from_slice(&chunk);
            next = stream.next().await.transpose()?;
        }
        Ok(all.freeze())
    }

    /// Downloads all bytes into a writer, which is flushed at the end. Resolves to the number of bytes.
    ///
    /// # Errors
    /// - The errors of any call
    /// - If the media changed or does not match its checksum. The writer then has already received bytes.
    /// - [`Error::is_io`] if the writer fails
    pub fn write_to<'w, W>(self, writer: &'w mut W) -> Sending<'w, u64>
    where
        M: 'w,
        W: AsyncWrite + Unpin + Send + ?Sized,
    {
        Sending::other(self.request.id(), Box::pin(self.copy(writer)))
    }

    async fn copy<W: AsyncWrite + Unpin + ?Sized>(self, writer: &mut W) -> Result<u64> {
        let failed = |error| Error::io("the downloaded bytes cannot be written", error);
        let mut stream = self.stream().await?;
        let mut count = 0;
        while let Some(chunk) = stream.next().await.transpose()? {
            let mut rest = &chunk[..];
            while !rest.is_empty() {
                let written =
                    poll_fn(|cx| Pin::new(&mut *writer).poll_write(cx, rest)).await.map_err(failed)?;
                if written == 0 {
                    return Err(failed(std::io::ErrorKind::WriteZero.into()));
                }
                rest = rest.get(written..).unwrap_or_default();
            }
            count += chunk.len() as u64;
        }
        poll_fn(|cx| Pin::new(&mut *writer).poll_flush(cx)).await.map_err(failed)?;
        Ok(count)
    }

    /// Returns the first request without sending it, to inspect it or print it as a `curl` command. Secrets are
    /// masked.
    ///
    /// # Errors
    /// If the call or the range is not valid.
    pub fn dry_run(self) -> Result<DryRun> {
        self.check_range()?;
        DryRun::new(reader::first(self.request, (self.from, self.to))?)
    }

    fn check_range(&self) -> Result<()> {
        if self.overflow {
            return Err(Error::input(format!("{}: the range is not valid", self.request.id())));
        }
        if self.decompress && (self.from > 0 || self.to.is_some()) {
            return Err(Error::input(format!(
                "{}: a range of compressed media cannot be decompressed",
                self.request.id()
            )));
        }
        Ok(())
    }

    /// Not for use. It makes the compiler say why a download cannot be queued.
    #[doc(hidden)]
    pub fn queue<'cb>(
        self,
        _batch: &mut Batch<'cb, M::Api>,
        _callback: impl FnOnce(Reply<M::Output>) + Send + 'cb,
    ) -> Result<()>
    where
        Self: IntoCall<'cb, M::Api>,
    {
        Err(Error::input("a download cannot be queued"))
    }
}

impl<M> std::fmt::Debug for Download<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("request", &self.request)
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// Media that arrives in chunks. It ends after an error.
#[must_use = "a stream does nothing unless it is read"]
pub struct MediaStream {
    headers: HeaderMap,
    length: Option<u64>,
    chunks: BodyStream,
}

impl MediaStream {
    /// The next chunk.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Next<'_, Self> {
        Next::new(self)
    }

    /// The headers of the first response.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The total size in bytes, if known; for a range, its size.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The media type, if the server sent it.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// The ETag, if the server sent it.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.headers.get(ETAG)?.to_str().ok()
    }
}

impl Stream for MediaStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for MediaStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaStream").field("length", &self.length).finish_non_exhaustive()
    }
}
