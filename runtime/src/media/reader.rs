//! The reader of a download: it reads a response and, if that ends early, requests the rest, if the media is still the
//! same.

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_MATCH, IF_NONE_MATCH,
    LOCATION, RANGE,
};
use http::{HeaderMap, StatusCode};

use super::hash::Hashes;
use super::progress::Teller;
use super::state::{VALIDATORS, content_range, is_same, says_which};
use crate::call::request::Request;
use crate::send::attempts::{Attempt, Attempts, Exchange, Step};
use crate::send::gzip;
use crate::send::observe::AttemptKind;
use crate::send::rt;
use crate::send::transport::{BodyStream, HttpResponse};
use crate::send::watch::Watch;
use crate::{Error, Result};

pub(super) struct Reader {
    attempts: Attempts,
    /// Watches the request whose response is being read.
    watch: Watch,
    media: Media,
}

/// The media and the state of the download.
struct Media {
    request: Request,
    /// The requested range.
    from: u64,
    to: Option<u64>,
    /// The offset of the next byte for the caller.
    at: u64,
    /// The offset of the end, if the server sent it. The download must reach it.
    end: Option<u64>,
    body: Option<Body>,
    /// The first response, which all others must match.
    first: Option<(StatusCode, HeaderMap)>,
    hashes: Option<Hashes>,
    verify: bool,
    on_progress: Teller,
    ended: bool,
}

struct Body {
    stream: BodyStream,
    /// The offset of its next byte.
    at: u64,
    /// The offset of its end by its `Content-Range`, which may be before the end of the media.
    end: Option<u64>,
    /// Whether no byte of it was passed to the caller yet.
    fresh: bool,
}

impl Reader {
    /// Starts a download of the bytes of a range.
    pub(super) async fn open(
        mut request: Request,
        (from, to): (u64, Option<u64>),
        verify: bool,
        on_progress: Teller,
    ) -> Result<Self> {
        prepare(&mut request, (from, to))?;
        let mut subject = request.subject();
        subject.idempotent = true;
        let mut reader = Reader {
            attempts: Attempts::new(subject),
            watch: Watch::none(),
            media: Media {
                request,
                from,
                to,
                at: from,
                end: None,
                body: None,
                first: None,
                hashes: None,
                verify,
                on_progress,
                ended: false,
            },
        };
        reader.connect().await?;
        Ok(reader)
    }

    pub(super) fn headers(&self) -> HeaderMap {
        self.media.first.as_ref().map(|(_, headers)| headers.clone()).unwrap_or_default()
    }

    /// The number of bytes to be downloaded.
    pub(super) fn length(&self) -> Option<u64> {
        self.media.end.map(|end| end.saturating_sub(self.media.at))
    }

    /// The next bytes, `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.media.ended {
            return Ok(None);
        }
        let next = self.advance().await;
        self.media.ended = !matches!(next, Ok(Some(_)));
        next
    }

    async fn advance(&mut self) -> Result<Option<Bytes>> {
        loop {
            let media = &mut self.media;
            if media.end == Some(media.at) || media.to == Some(media.at) {
                return self.finish();
            }
            let after = media.request.attempt_timeout();
            let Some(body) = &mut media.body else {
                self.connect().await?;
                continue;
            };
            if body.end.is_some_and(|end| body.at >= end) {
                self.broke(early("the server sent only a part of the requested range")).await?;
                continue;
            }
            let error = match rt::timeout(after, body.stream.next()).await {
                Some(Some(Ok(chunk))) => {
                    let fresh = body.fresh;
                    let Some(chunk) = media.take(chunk) else { continue };
                    if fresh {
                        self.attempts.progressed();
                    }
                    return Ok(Some(chunk));
                }
                Some(Some(Err(error))) => error,
                Some(None) if media.end.is_none() => return self.finish(),
                Some(None) => early("the response is shorter than announced"),
                None => Error::timeout("the download", after.unwrap_or_default()),
            };
            self.broke(error).await?;
        }
    }

    fn finish(&mut self) -> Result<Option<Bytes>> {
        self.media.body = None;
        self.watch.finish(None);
        self.media.finish().map(|()| None)
    }

    /// Handles a response that ended early: waits until the rest may be requested.
    async fn broke(&mut self, error: Error) -> Result<()> {
        self.watch.finish(Some(&error));
        let Some(body) = self.media.body.take() else { return Err(error) };
        // Unless the server identifies this version of the media, the rest could belong to another version.
        if self.media.at > self.media.from && !self.media.is_known() {
            return Err(error);
        }
        // A response may deliver media for longer than the policy's total time, which limits the time without
        // progress.
        if !body.fresh {
            self.attempts.went_on();
        }
        self.attempts.failed(error).await
    }

    /// Requests the remaining bytes, until there is a response to read.
    async fn connect(&mut self) -> Result<()> {
        let (request, matched) = self.media.rest();
        let mut rest = Rest { media: &mut self.media, request, matched, redirects: 0 };
        self.watch = self.attempts.run(&mut rest).await?;
        Ok(())
    }
}

/// The request for the remaining bytes.
struct Rest<'a> {
    media: &'a mut Media,
    request: Request,
    /// Whether the server checks that the media is the same.
    matched: bool,
    /// The number of redirects followed.
    redirects: u8,
}

/// The maximum number of redirects to follow.
const REDIRECTS: u8 = 5;

impl Rest<'_> {
    /// Follows a redirect of a URL from a response. Drive serves exports this way.
    ///
    /// # Errors
    /// If the credentials must not be sent there.
    fn follow(&mut self, response: &HttpResponse) -> Result<bool> {
        let points = matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        if !points || !self.request.is_linked() || self.redirects >= REDIRECTS {
            return Ok(false);
        }
        let location = response.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let base = url::Url::parse(&self.request.url()?).ok();
        let Some(next) = location.zip(base).and_then(|(location, base)| base.join(location).ok()) else {
            return Ok(false);
        };
        self.redirects += 1;
        self.request.link_to(&next).map_err(|error| Error::protocol(format!("redirect: {error}")))?;
        Ok(true)
    }
}

impl Exchange for Rest<'_> {
    /// The watch for the response's body, which still has to be read.
    type Value = Watch;
    const KIND: AttemptKind = AttemptKind::MediaDownload;

    fn length(&self) -> Option<u64> {
        Some(0)
    }

    async fn attempt(&mut self, attempt: &mut Attempt<'_>) -> Result<Step<Watch>> {
        const WHAT: &str = "the download";
        let http = self.request.to_http(attempt.auth())?;
        let response = match attempt.within(WHAT, attempt.send(http)).await {
            Ok(response) => response,
            Err(error) => return Ok(Step::Failed(error)),
        };
        if self.follow(&response)? {
            return Ok(Step::Next);
        }
        let status = response.status;
        if status.is_success() {
            self.media.accept(response, self.matched)?;
            return Ok(Step::Done(attempt.take_watch()));
        }
        let error = match attempt.within(WHAT, attempt.client().read(gzip::decompress(response))).await {
            Ok(response) => Error::from_response(response),
            Err(error) => error,
        };
        if self.matched && status == StatusCode::PRECONDITION_FAILED {
            return Err(changed(self.media.at));
        }
        if self.media.is_complete(&error, self.matched) {
            self.media.end = Some(self.media.at);
            attempt.take_watch().finish(Some(&error));
            return Ok(Step::Done(Watch::none()));
        }
        Ok(Step::Failed(error))
    }
}

impl Media {
    /// The part of a chunk that was requested and not yet passed on.
    fn take(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        let body = self.body.as_mut()?;
        // Bytes after the announced range are not part of it.
        if let Some(end) = body.end {
            chunk.truncate(usize::try_from(end.saturating_sub(body.at)).unwrap_or(usize::MAX));
        }
        let skipped = self.at.saturating_sub(body.at).min(chunk.len() as u64);
        body.at += chunk.len() as u64;
        drop(chunk.split_to(usize::try_from(skipped).unwrap_or(usize::MAX)));
        if let Some(end) = self.end.or(self.to) {
            chunk.truncate(usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX));
        }
        if chunk.is_empty() {
            return None;
        }
        body.fresh = false;
        self.at += chunk.len() as u64;
        if let Some(hashes) = &mut self.hashes {
            hashes.add(&chunk);
        }
        self.tell(self.end);
        Some(chunk)
    }

    /// Reports the progress, with the end of the media if known.
    fn tell(&mut self, end: Option<u64>) {
        let total = end.map(|end| end.saturating_sub(self.from));
        self.on_progress.tell(self.at - self.from, total);
    }

    /// Ends a download that is complete.
    fn finish(&mut self) -> Result<()> {
        self.hashes.take().map_or(Ok(()), Hashes::check)?;
        self.tell(Some(self.at));
        Ok(())
    }

    /// Whether the first response identifies its version of the media.
    fn is_known(&self) -> bool {
        let first = self.first.as_ref();
        first.is_some_and(|(_, headers)| VALIDATORS.iter().any(|name| says_which(headers, name)))
    }

    /// Whether the response that ended early was complete, although its length was unknown: the server says that no
    /// bytes of the same media follow.
    fn is_complete(&self, error: &Error, matched: bool) -> bool {
        let Some(response) =
            error.response().filter(|_| error.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE))
        else {
            return false;
        };
        let total = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
        let total = total.and_then(|range| range.trim().strip_prefix("bytes */")?.parse().ok());
        let Some((_, first)) = &self.first else { return false };
        let same = is_same(first, response.headers(), matched).unwrap_or(self.hashes.is_some());
        self.end.is_none() && total == Some(self.at) && same
    }

    /// The request for the remaining bytes, and whether the server checks that the media is the same.
    fn rest(&self) -> (Request, bool) {
        let mut request = self.request.clone();
        set_range(&mut request, (self.at, self.to));
        let Some((_, headers)) = &self.first else { return (request, false) };
        request.headers_mut().remove(&IF_NONE_MATCH);
        // A weak ETag matches nothing (RFC 9110, section 13.1.1).
        let etag = headers.get(ETAG).and_then(|etag| etag.to_str().ok()).filter(|etag| etag.starts_with('"'));
        if let Some(etag) = etag {
            request.set_header(IF_MATCH.as_str(), etag);
        }
        (request, etag.is_some())
    }

    fn accept(&mut self, response: HttpResponse, matched: bool) -> Result<()> {
        let HttpResponse { status, headers, body } = response;
        let (start, total, last) = if status == StatusCode::PARTIAL_CONTENT {
            let range =
                headers.get(CONTENT_RANGE).and_then(|range| range.to_str().ok()).and_then(content_range);
            let (start, last, total) = range
                .ok_or_else(|| Error::protocol("the server sent a part of the media without its range"))?;
            if start != self.at {
                return Err(Error::protocol(format!(
                    "the server sent the media from byte {start} instead of byte {}",
                    self.at
                )));
            }
            (start, total, Some(last))
        } else {
            // A server may not support ranges. It then sends all bytes, and those before the range are discarded.
            let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
            (0, length, None)
        };
        match &self.first {
            None => {
                let end = total.or(last);
                self.end = end.map(|end| self.to.map_or(end, |to| end.min(to)));
                if self.end.is_some_and(|end| end < self.at) {
                    let id = self.request.id();
                    return Err(Error::protocol(format!("{id}: the media ends before the requested range")));
                }
                let whole = self.from == 0 && self.to.is_none() && status == StatusCode::OK;
                if self.verify && whole && is_as_stored(&headers) {
                    self.hashes = Hashes::expected(&headers);
                }
                self.first = Some((status, headers));
            }
            Some((_, first)) => {
                let same_total =
                    self.to.is_some() || total.is_none() || self.end.is_none() || self.end == total;
                match is_same(first, &headers, matched) {
                    _ if !same_total => return Err(changed(self.at)),
                    Some(true) => {}
                    Some(false) => return Err(changed(self.at)),
                    // The checksum of the whole will show whether it is the same.
                    None if self.hashes.is_some() => {}
                    None => {
                        let id = self.request.id();
                        return Err(Error::protocol(format!(
                            "{id}: the server does not say whether the rest belongs to the {} bytes received before",
                            self.at
                        )));
                    }
                }
                // The first response may not have said where the media ends.
                self.end = self.end.or(total.map(|end| self.to.map_or(end, |to| end.min(to))));
            }
        }
        self.body = Some(Body { stream: body, at: start, end: last, fresh: true });
        Ok(())
    }
}

/// Whether the bytes of the response are the stored bytes, to which the checksum refers.
fn is_as_stored(headers: &HeaderMap) -> bool {
    let coding = |name: &str| headers.get(name).map_or(&b"identity"[..], |coding| coding.as_bytes());
    coding("x-goog-stored-content-encoding") == coding(CONTENT_ENCODING.as_str())
}

/// Sets the headers of a download.
///
/// # Errors
/// If the call is not valid, or the range is empty.
fn prepare(request: &mut Request, (from, to): (u64, Option<u64>)) -> Result<()> {
    request.check()?;
    if to.is_some_and(|to| to <= from) {
        return Err(Error::input(format!("{}: the range to download is empty", request.id())));
    }
    if request.headers().has(&RANGE) {
        let id = request.id();
        return Err(Error::input(format!("{id}: set the range with `.with_range(…)` instead of a header")));
    }
    // Requests the stored bytes or, if they are stored compressed, that the server decompresses them.
    if !request.headers().has(&ACCEPT_ENCODING) {
        request.set_header(ACCEPT_ENCODING.as_str(), "identity");
    }
    if !request.headers().has(&ACCEPT) {
        request.set_header(ACCEPT.as_str(), "*/*");
    }
    Ok(())
}

fn set_range(request: &mut Request, (from, to): (u64, Option<u64>)) {
    if from > 0 || to.is_some() {
        let last = to.map(|to| (to - 1).to_string()).unwrap_or_default();
        request.set_header(RANGE.as_str(), &format!("bytes={from}-{last}"));
    }
}

/// The first request of a download.
///
/// # Errors
/// As [`prepare`].
pub(super) fn first(mut request: Request, range: (u64, Option<u64>)) -> Result<Request> {
    prepare(&mut request, range)?;
    set_range(&mut request, range);
    Ok(request)
}

fn early(why: &'static str) -> Error {
    Error::transport("the media ended early", why)
}

fn changed(at: u64) -> Error {
    Error::changed(format!("the media changed during the download, after {at} bytes"))
}
