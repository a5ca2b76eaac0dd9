//! One HTTP request to the batch endpoint, and its response, which is read part by part as it arrives.
//!
//! This module matches parts to calls. It does not know about retries or callbacks. A part that cannot be matched does
//! not affect the others.

use std::collections::VecDeque;
use std::future::Future;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header::CONTENT_TYPE;

use super::idle::Idle;
use super::matching::Matching;
use super::plan::Auths;
use super::queue::Entry;
use super::tally::Tallies;
use crate::multipart::{FIRST_LINE, Flaw, Part, ReadLimits, Reader, first_boundary};
use crate::send::bucket::Refusal;
use crate::send::client;
use crate::send::gzip;
use crate::send::observe::AttemptKind;
use crate::send::rt::Instant;
use crate::send::transport::{BodyStream, HttpRequest, HttpResponse};
use crate::send::watch::Watch;
use crate::wire::address::host_and_path;
use crate::wire::spec::ApiSpec;
use crate::{BoxFuture, Client, Error, RawResponse, Result};

/// How many chunks of a response are read after the last reply, so that its connection can be reused.
const DRAINED_CHUNKS: usize = 16;

/// How long the end of such a response may take.
const DRAINED_TIME: Duration = Duration::from_secs(1);

/// A request that is being sent, or whose response is being read.
pub(super) struct Exchange<'cb> {
    /// The calls, by their number in this request. A call is taken when it has a reply.
    entries: Vec<Option<Entry<'cb>>>,
    /// The number of calls that have no reply yet.
    open: usize,
    /// The credentials of each client's calls.
    pub(super) auths: Auths,
    /// When the request was sent.
    pub(super) sent: Instant,
    /// When the last call got its reply.
    pub(super) answered_at: Instant,
    /// The counts of replies for each lane.
    pub(super) tallies: Tallies,
    /// Failed calls that may be sent again. When they are, is decided at the end of the response.
    pub(super) held: Vec<Held<'cb>>,
    /// Calls that are sent again with renewed credentials.
    pub(super) renewed: Vec<Entry<'cb>>,
    /// Whether the request failed as a whole, or its response ended early.
    pub(super) has_failed: bool,
    watch: Watch,
    phase: Phase,
    idle: Idle,
    matching: Matching,
}

/// The calls of a request.
pub(super) struct Manifest<'cb> {
    entries: Vec<Option<Entry<'cb>>>,
    tallies: Tallies,
}

/// A failed call that may be sent again.
pub(super) struct Held<'cb> {
    pub(super) entry: Entry<'cb>,
    /// The wait that the server asks for.
    pub(super) after: Option<Duration>,
    /// Why the server refused the call before executing it, if it did.
    pub(super) refusal: Option<Refusal>,
    /// Whether the call failed because its whole request did.
    pub(super) with_request: bool,
}

impl<'cb> Manifest<'cb> {
    pub(super) fn new(mut entries: Vec<Option<Entry<'cb>>>) -> Self {
        let tallies = Tallies::new(entries.iter_mut().flatten());
        Manifest { entries, tallies }
    }
}

enum Phase {
    /// A single call, which is sent by itself.
    Alone(BoxFuture<'static, Result<RawResponse>>),
    Sending(BoxFuture<'static, Result<Opened>>),
    Reading(Box<Reader>, Source),
    /// The response ended. Parts that could only be matched at the end are returned before the end itself.
    Ending(End, VecDeque<(usize, Part)>),
    Ended,
}

/// The source of a response's bytes.
enum Source {
    Stream(BodyStream),
    /// The stream ended.
    Closed,
    /// The connection failed.
    Broken(Error),
}

/// The response to a batch request, when its headers have arrived.
enum Opened {
    Parts(Box<Reader>, BodyStream),
    Refused(Error),
}

/// What happened in an exchange.
pub(super) enum Event {
    /// The call with this number has a response, or its part cannot be read.
    Part(usize, Result<RawResponse>),
    /// The response ended.
    End(End),
}

/// How a response ended, which decides what happens to calls without a reply.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// The response is complete.
    Complete,
    /// The connection failed, or the response could not be read further. The outcome of calls without a reply is
    /// unknown.
    Broken(Error),
    /// The request was not sent, or the response is not a batch response.
    Refused(Error),
}

impl End {
    /// The status of the response, if there is one.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            End::Complete => Some(200),
            End::Broken(_) => None,
            End::Refused(error) => error.answered(),
        }
    }

    fn error(&self) -> Option<&Error> {
        match self {
            End::Complete => None,
            End::Broken(error) | End::Refused(error) => Some(error),
        }
    }
}

impl<'cb> Exchange<'cb> {
    /// Sends. Nothing happens until it is polled.
    pub(super) fn start(
        client: &Client,
        api: &ApiSpec,
        manifest: Manifest<'cb>,
        token: String,
        auths: Auths,
        request: HttpRequest,
        limits: ReadLimits,
    ) -> Self {
        let Manifest { entries, tallies } = manifest;
        let (calls, bytes) = (entries.len(), request.body.length());
        let attempt = entries.iter().flatten().map(|entry| entry.sent).max().unwrap_or(1);
        let watch = Watch::batch(client, api, attempt, calls, bytes);
        let idle = Idle::new(client.timeout());
        let request = idle.watch_upload(request);
        let url = request.url.clone();
        let sending = open(watch.send(client, request), url, limits);
        let phase = Phase::Sending(Box::pin(sending));
        Exchange::new(entries, tallies, auths, watch, phase, idle, Matching::new(token, calls))
    }

    /// Sends one call by itself. Nothing happens until the exchange is polled.
    pub(super) fn alone(manifest: Manifest<'cb>, auths: Auths, request: HttpRequest) -> Option<Self> {
        let Manifest { entries, tallies } = manifest;
        let entry = entries.first()?.as_ref()?;
        let call = &entry.request;
        let client = call.client().clone();
        let about = (call.api(), call.id());
        let watch = Watch::call(&client, about, AttemptKind::SingleCall, entry.sent, request.body.length());
        let idle = Idle::new(call.attempt_timeout());
        let sending = watch.send(&client, idle.watch_upload(request));
        let answer = async move { client.read(gzip::decompress(sending.await?)).await };
        let phase = Phase::Alone(Box::pin(answer));
        Some(Exchange::new(entries, tallies, auths, watch, phase, idle, Matching::new(String::new(), 1)))
    }

    fn new(
        entries: Vec<Option<Entry<'cb>>>,
        tallies: Tallies,
        auths: Auths,
        watch: Watch,
        phase: Phase,
        idle: Idle,
        matching: Matching,
    ) -> Self {
        let (open, now) = (entries.len(), Instant::now());
        Exchange {
            entries,
            open,
            auths,
            sent: now,
            answered_at: now,
            tallies,
            held: Vec::new(),
            renewed: Vec::new(),
            has_failed: false,
            watch,
            phase,
            idle,
            matching,
        }
    }

    /// The number of calls in the request.
    pub(super) fn calls(&self) -> usize {
        self.entries.len()
    }

    /// Whether each call has a reply or waits for another attempt.
    pub(super) fn is_answered(&self) -> bool {
        self.open == 0 && matches!(self.phase, Phase::Reading(..))
    }

    /// Takes the call with this number, if it has no reply yet.
    pub(super) fn take(&mut self, number: usize) -> Option<Entry<'cb>> {
        let entry = self.entries.get_mut(number)?.take()?;
        self.open -= 1;
        Some(entry)
    }

    /// Takes all calls that have no reply yet.
    pub(super) fn take_left(&mut self) -> Vec<Entry<'cb>> {
        self.open = 0;
        self.entries.iter_mut().filter_map(Option::take).collect()
    }

    /// Returns the calls that have no reply yet, and those that were to be sent again.
    pub(super) fn into_calls(mut self) -> (Vec<Entry<'cb>>, Vec<Entry<'cb>>) {
        let left = self.take_left();
        let held = self.held.drain(..).map(|held| held.entry).chain(self.renewed.drain(..)).collect();
        (left, held)
    }

    /// Reads the rest of a response after its last reply. Ready at its end, or when the end is too far away.
    pub(super) fn drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..DRAINED_CHUNKS {
            let Phase::Reading(_, Source::Stream(stream)) = &mut self.phase else { break };
            match stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(_) => break,
                Poll::Pending if self.answered_at.elapsed() < DRAINED_TIME => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        self.phase = Phase::Ended;
        self.watch.finish(None);
        Poll::Ready(())
    }

    /// Returns the next event. Must not be called after the end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            let end = match &mut self.phase {
                Phase::Alone(answer) => {
                    let result = match answer.as_mut().poll(cx) {
                        Poll::Ready(result) => result,
                        Poll::Pending => Err(ready!(self.idle.poll(cx))),
                    };
                    let end = result.as_ref().map_or_else(|e| End::Broken(e.clone()), |_| End::Complete);
                    if let Ok(response) = result.as_ref()
                        && !response.status.is_success()
                    {
                        self.watch.finish(Some(&Error::from_response(response.clone())));
                    }
                    self.phase = Phase::Ending(end, VecDeque::new());
                    return Poll::Ready(Event::Part(0, result));
                }
                Phase::Sending(sending) => match sending.as_mut().poll(cx) {
                    Poll::Ready(Ok(Opened::Parts(reader, stream))) => {
                        self.phase = Phase::Reading(reader, Source::Stream(stream));
                        self.idle.restart();
                        continue;
                    }
                    Poll::Ready(Ok(Opened::Refused(error)) | Err(error)) => End::Refused(error),
                    Poll::Pending => End::Refused(ready!(self.idle.poll(cx))),
                },
                Phase::Reading(..) => match self.read(cx) {
                    Poll::Ready(Ok((number, part))) => {
                        return Poll::Ready(Event::Part(number, content(part)));
                    }
                    Poll::Ready(Err(end)) => end,
                    Poll::Pending => End::Broken(ready!(self.idle.poll(cx))),
                },
                Phase::Ending(end, parts) => {
                    if let Some((number, part)) = parts.pop_front() {
                        return Poll::Ready(Event::Part(number, content(part)));
                    }
                    let end = end.clone();
                    self.phase = Phase::Ended;
                    self.watch.finish(end.error());
                    return Poll::Ready(Event::End(end));
                }
                Phase::Ended => return Poll::Pending,
            };
            let parts = match end {
                End::Complete => {
                    let waiting = self.entries.iter().enumerate().filter(|(_, entry)| entry.is_some());
                    self.matching.finish(waiting.map(|(number, _)| number))
                }
                // Without the rest of the response, neither the order nor the number of parts identifies a call.
                End::Broken(_) | End::Refused(_) => Vec::new(),
            };
            self.phase = Phase::Ending(end, parts.into());
        }
    }

    /// Returns the next part that belongs to a call, or how the response ended.
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(usize, Part), End>> {
        loop {
            let Phase::Reading(reader, source) = &mut self.phase else { return Poll::Pending };
            match (reader.next_part(), &mut *source) {
                (Ok(Some(part)), _) => {
                    let waits = |number| self.entries.get(number).is_some_and(Option::is_some);
                    if let Some(matched) = self.matching.push(part, waits) {
                        return Poll::Ready(Ok(matched));
                    }
                }
                (Ok(None), Source::Stream(_)) if reader.is_done() => return Poll::Ready(Err(End::Complete)),
                (Ok(None), Source::Stream(stream)) => match ready!(stream.as_mut().poll_next(cx)) {
                    Some(Ok(chunk)) => {
                        reader.feed(chunk);
                        self.idle.restart();
                    }
                    // The reader decides about the rest: it may be a complete last part.
                    None => {
                        *source = Source::Closed;
                        reader.finish();
                    }
                    Some(Err(error)) => {
                        *source = Source::Broken(error);
                        reader.break_off();
                    }
                },
                (Ok(None), Source::Closed) => return Poll::Ready(Err(End::Complete)),
                (Ok(None) | Err(_), Source::Broken(error)) => {
                    return Poll::Ready(Err(End::Broken(error.clone())));
                }
                (Err(error), _) => {
                    return Poll::Ready(Err(End::Broken(Error::protocol(error.to_string()))));
                }
            }
        }
    }

    /// Extends the idle timeout by the time in which nobody read the response.
    pub(super) fn extend_idle_timeout(&mut self, busy: Duration) {
        self.idle.extend(busy);
    }
}

/// Sends the request, and examines the headers of the response.
async fn open(
    sending: impl Future<Output = Result<HttpResponse>>,
    url: String,
    limits: ReadLimits,
) -> Result<Opened> {
    let mut response = gzip::decompress(sending.await?);
    if !response.status.is_success() {
        let response = client::read_explanation(response, limits.part_bytes).await;
        return Ok(Opened::Refused(Error::batch_refused(&host_and_path(&url), response)));
    }
    let reader = match response.headers.get(CONTENT_TYPE) {
        Some(content_type) => Reader::new(content_type.as_bytes(), limits),
        None => {
            let (beginning, stream) = peek(response.body).await;
            response.body = stream;
            // If the body has no boundary either, the missing header is reported.
            let boundary = first_boundary(&beginning);
            boundary
                .map(|boundary| Reader::with_boundary(boundary, limits))
                .map_or_else(|| Reader::new(b"", limits), Ok)
        }
    };
    match reader {
        Ok(reader) => Ok(Opened::Parts(Box::new(reader), response.body)),
        Err(error) => {
            let response = client::read_beginning(response, limits.part_bytes).await;
            Ok(Opened::Refused(Error::unreadable_response(error.to_string(), response)))
        }
    }
}

/// Returns the first line of the body, or the bytes until the stream ended or failed, and the complete body.
async fn peek(stream: BodyStream) -> (Bytes, BodyStream) {
    let mut stream = stream.fuse();
    let (mut beginning, mut read) = (BytesMut::new(), Vec::new());
    while beginning.len() < FIRST_LINE && !beginning.trim_ascii_start().contains(&b'\n') {
        let Some(chunk) = stream.next().await else { break };
        if let Ok(chunk) = &chunk {
            beginning.extend_from_slice(chunk);
        }
        let failed = chunk.is_err();
        read.push(chunk);
        if failed {
            break;
        }
    }
    (beginning.freeze(), Box::pin(futures_util::stream::iter(read).chain(stream)))
}

/// Returns the response in a part, or an error that says why there is none.
fn content(part: Part) -> Result<RawResponse> {
    match part.content {
        Ok(inner) => Ok(RawResponse::from_head(inner.status, inner.head, inner.body)),
        Err(flaw) => {
            let message =
                format!("part {} of the response to a batch cannot be read: {flaw}", part.order + 1);
            let raw = Bytes::copy_from_slice(&part.raw);
            Err(match flaw {
                Flaw::NoStatusLine | Flaw::NoBody => Error::unreadable_part(message, raw),
                Flaw::TooManyHeaders(_) | Flaw::TooLarge(_) => Error::part_beyond_limits(message, raw),
            })
        }
    }
}
