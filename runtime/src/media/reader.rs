//! What a download reads: one response, and when it breaks off another one for the rest, if that is still the same.

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_MATCH, IF_NONE_MATCH,
    RANGE,
};
use http::{HeaderMap, StatusCode};

use super::hash::Hashes;
use super::progress::Teller;
use super::state::{VALIDATORS, content_range, is_same, says_which};
use crate::call::request::Request;
use crate::send::client::Tries;
use crate::send::credentials::AuthHeaders;
use crate::send::observe::{AttemptKind, Watch};
use crate::send::rt;
use crate::send::transport::{BodyStream, HttpResponse};
use crate::{Error, Result};

pub(super) struct Reader {
    request: Request,
    tries: Tries,
    /// Looks at the request whose response is read.
    watch: Watch,
    /// What was asked for: from, and where it ends.
    from: u64,
    to: Option<u64>,
    /// The place of the next byte for the caller.
    at: u64,
    /// Where it ends, if the server says: what comes must reach it.
    end: Option<u64>,
    body: Option<Body>,
    /// The first response, which all others must belong to.
    first: Option<(StatusCode, HeaderMap)>,
    hashes: Option<Hashes>,
    verify: bool,
    on_progress: Teller,
    ended: bool,
}

struct Body {
    stream: BodyStream,
    /// The place of its next byte.
    at: u64,
    /// Where it ends by its `Content-Range`, which may be before the end of the media.
    end: Option<u64>,
    auth: AuthHeaders,
    /// Nothing of it was handed to the caller yet.
    fresh: bool,
}

impl Reader {
    /// Asks for media, from one byte up to another.
    pub(super) async fn open(
        mut request: Request,
        (from, to): (u64, Option<u64>),
        verify: bool,
        on_progress: Teller,
    ) -> Result<Self> {
        let own_encoding = request.has_header(ACCEPT_ENCODING.as_str());
        prepare(&mut request, (from, to))?;
        let mut reader = Reader {
            tries: Tries::new(&request),
            watch: Watch::none(),
            request,
            from,
            to,
            at: from,
            end: None,
            body: None,
            first: None,
            hashes: None,
            verify: verify && !own_encoding,
            on_progress,
            ended: false,
        };
        reader.connect().await?;
        Ok(reader)
    }

    pub(super) fn headers(&self) -> HeaderMap {
        self.first.as_ref().map(|(_, headers)| headers.clone()).unwrap_or_default()
    }

    /// How many bytes are to come.
    pub(super) fn length(&self) -> Option<u64> {
        self.end.map(|end| end.saturating_sub(self.at))
    }

    /// The next bytes, none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.ended {
            return Ok(None);
        }
        let next = self.advance().await;
        self.ended = !matches!(next, Ok(Some(_)));
        next
    }

    async fn advance(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.end == Some(self.at) || self.to == Some(self.at) {
                return self.finish();
            }
            let after = self.request.client().timeout_of(&self.request);
            let Some(body) = &mut self.body else {
                self.connect().await?;
                continue;
            };
            if body.end.is_some_and(|end| body.at >= end) {
                self.broke(early("the server sent only a part of what it was asked for")).await?;
                continue;
            }
            let error = match rt::timeout(after, body.stream.next()).await {
                Some(Some(Ok(chunk))) => match self.take(chunk) {
                    Some(chunk) => return Ok(Some(chunk)),
                    None => continue,
                },
                Some(Some(Err(error))) => error,
                Some(None) if self.end.is_none() => return self.finish(),
                Some(None) => early("the response is shorter than it was said"),
                None => Error::timeout("the download", after.unwrap_or_default()),
            };
            self.broke(error).await?;
        }
    }

    /// What of a chunk belongs to what was asked for and was not handed out yet.
    fn take(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        let body = self.body.as_mut()?;
        // What stands behind the range that the server gave is not part of it.
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
        if std::mem::take(&mut body.fresh) {
            self.tries.progressed();
        }
        self.at += chunk.len() as u64;
        if let Some(hashes) = &mut self.hashes {
            hashes.add(&chunk);
        }
        self.tell(self.end);
        Some(chunk)
    }

    /// Tells how far it is, where it ends there.
    fn tell(&mut self, end: Option<u64>) {
        let total = end.map(|end| end.saturating_sub(self.from));
        self.on_progress.tell(self.at - self.from, total);
    }

    fn finish(&mut self) -> Result<Option<Bytes>> {
        self.body = None;
        self.watch.finish(None);
        self.hashes.take().map_or(Ok(()), Hashes::check)?;
        self.tell(Some(self.at));
        Ok(None)
    }

    /// The response broke off: waits until the rest may be asked for.
    async fn broke(&mut self, error: Error) -> Result<()> {
        self.watch.finish(Some(&error));
        let Some(body) = self.body.take() else { return Err(error) };
        let known = self
            .first
            .as_ref()
            .is_some_and(|(_, headers)| VALIDATORS.iter().any(|name| says_which(headers, name)));
        // Without a sign of what the media is, its rest could be that of another one.
        if self.at > self.from && !known {
            return Err(error);
        }
        // A response may give media for longer than the policy's total time, which is for what achieves nothing.
        if !body.fresh {
            self.tries.went_on();
        }
        self.tries.failed(error, body.auth, true).await
    }

    /// Asks for what is still to come, until there is a response to read.
    async fn connect(&mut self) -> Result<()> {
        let (request, matched) = self.rest();
        loop {
            let auth = self.tries.authorise().await?;
            self.watch = self.tries.watch(&request, AttemptKind::MediaDownload, Some(0));
            let error = match attempt(&request, &auth, &self.watch).await {
                Ok(response) if response.status.is_success() => {
                    let accepted = self.accept(response, auth, matched);
                    return accepted.inspect_err(|error| self.watch.finish(Some(error)));
                }
                Ok(response) => {
                    let client = self.request.client();
                    let after = client.timeout_of(&self.request);
                    let status = response.status;
                    let error = match rt::timeout(after, client.read(response)).await {
                        Some(Ok(response)) => Error::from_response(response),
                        Some(Err(error)) => error,
                        None => Error::timeout("the download", after.unwrap_or_default()),
                    };
                    self.watch.finish(Some(&error));
                    if matched && status == StatusCode::PRECONDITION_FAILED {
                        return Err(changed(self.at));
                    }
                    error
                }
                Err(error) => {
                    self.watch.finish(Some(&error));
                    error
                }
            };
            if self.is_complete(&error, matched) {
                self.end = Some(self.at);
                return Ok(());
            }
            self.tries.failed(error, auth, true).await?;
        }
    }

    /// Whether the response that broke off had everything, where nobody had said how much that is: the server says that
    /// nothing comes after it, of the same media.
    fn is_complete(&self, error: &Error, matched: bool) -> bool {
        let Some(response) = error.response().filter(|_| error.status() == Some(416)) else { return false };
        let total = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
        let total = total.and_then(|range| range.trim().strip_prefix("bytes */")?.parse().ok());
        let Some((_, first)) = &self.first else { return false };
        let same = is_same(first, response.headers(), matched).unwrap_or(self.hashes.is_some());
        self.end.is_none() && total == Some(self.at) && same
    }

    /// The request for what is still to come, and whether the server is asked to see that it is the same.
    fn rest(&self) -> (Request, bool) {
        let mut request = self.request.clone();
        set_range(&mut request, (self.at, self.to));
        let Some((_, headers)) = &self.first else { return (request, false) };
        request.remove_header(IF_NONE_MATCH.as_str());
        // A weak ETag matches nothing (RFC 9110, section 13.1.1).
        let etag = headers.get(ETAG).and_then(|etag| etag.to_str().ok()).filter(|etag| etag.starts_with('"'));
        if let Some(etag) = etag {
            request.set_header(IF_MATCH.as_str(), etag);
        }
        (request, etag.is_some())
    }

    fn accept(&mut self, response: HttpResponse, auth: AuthHeaders, matched: bool) -> Result<()> {
        let HttpResponse { status, headers, body } = response;
        let (start, total, last) = if status == StatusCode::PARTIAL_CONTENT {
            let range =
                headers.get(CONTENT_RANGE).and_then(|range| range.to_str().ok()).and_then(content_range);
            let (start, last, total) = range.ok_or_else(|| {
                Error::protocol("the server sends a part of the media without saying which")
            })?;
            if start != self.at {
                return Err(Error::protocol(format!(
                    "the server sends the media from byte {start}, not from byte {} as it was asked to",
                    self.at
                )));
            }
            (start, total, Some(last))
        } else {
            // A server may know nothing of ranges: then all comes, and what is not wanted is dropped.
            let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
            (0, length.filter(|_| !headers.contains_key(CONTENT_ENCODING)), None)
        };
        match &self.first {
            None => {
                let end = total.or(last);
                self.end = end.map(|end| self.to.map_or(end, |to| end.min(to)));
                if self.end.is_some_and(|end| end < self.at) {
                    let id = self.request.id();
                    return Err(Error::protocol(format!("{id}: the media ends before the range asked for")));
                }
                let stored =
                    headers.get("x-goog-stored-content-encoding").is_none_or(|coding| coding == "identity");
                let whole = self.from == 0 && self.to.is_none() && status == StatusCode::OK;
                if self.verify && whole && stored && !headers.contains_key(CONTENT_ENCODING) {
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
                    // The checksum of the whole will tell.
                    None if self.hashes.is_some() => {}
                    None => {
                        let id = self.request.id();
                        return Err(Error::protocol(format!(
                            "{id}: the server does not say whether the rest belongs to the {} bytes that came before",
                            self.at
                        )));
                    }
                }
                // The first response may not have said where the media ends.
                self.end = self.end.or(total.map(|end| self.to.map_or(end, |to| end.min(to))));
            }
        }
        self.body = Some(Body { stream: body, at: start, end: last, auth, fresh: true });
        Ok(())
    }
}

/// Sets the headers of a download.
///
/// # Errors
/// If the call is not valid, or the range is one that no bytes can be in.
fn prepare(request: &mut Request, (from, to): (u64, Option<u64>)) -> Result<()> {
    request.check()?;
    if to.is_some_and(|to| to <= from) {
        return Err(Error::input(format!("{}: the range to be downloaded is empty", request.id())));
    }
    if request.has_header(RANGE.as_str()) {
        let id = request.id();
        return Err(Error::input(format!(
            "{id}: a range of media is said by `.range(…)`, not by a header of the call"
        )));
    }
    // Stored bytes are wanted, or if they are stored compressed the server is to decompress them: what a transport
    // decompressed would have other lengths and places than the server speaks of.
    if !request.has_header(ACCEPT_ENCODING.as_str()) {
        request.set_header(ACCEPT_ENCODING.as_str(), "identity");
    }
    if !request.has_header(ACCEPT.as_str()) {
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

async fn attempt(request: &Request, auth: &AuthHeaders, watch: &Watch) -> Result<HttpResponse> {
    let client = request.client();
    let after = client.timeout_of(request);
    let http = client.http_request(request, auth)?;
    match rt::timeout(after, watch.send(client, http)).await {
        Some(result) => result,
        None => Err(Error::timeout("the download", after.unwrap_or_default())),
    }
}

fn early(why: &'static str) -> Error {
    Error::transport("the media ended early", why)
}

fn changed(at: u64) -> Error {
    Error::changed(format!(
        "the media changed while it was being downloaded: {at} bytes are of its former state"
    ))
}
