//! One HTTP request to the batch endpoint and its answer, read part by part as it arrives.
//!
//! It matches parts to calls and knows nothing of retries or callbacks. A part that cannot be matched harms no other.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header::CONTENT_TYPE;

use super::matching::Matching;
use super::plan::Auths;
use super::queue::{Entry, LaneId};
use crate::multipart::{FIRST_LINE, Flaw, Part, ReadLimits, Reader, first_boundary};
use crate::send::bucket::Refusal;
use crate::send::client;
use crate::send::counted::{Taken, counted};
use crate::send::gzip;
use crate::send::observe::AttemptKind;
use crate::send::rt::{Instant, Timer};
use crate::send::transport::{BodyStream, HttpRequest, HttpResponse, RequestBody};
use crate::send::watch::Watch;
use crate::wire::address::host_and_path;
use crate::wire::spec::ApiSpec;
use crate::{BoxFuture, Client, Error, RawResponse, Result};

/// How much is read of an answer whose calls are all answered, so that its connection can be used again.
const DRAINED_CHUNKS: usize = 16;

/// How long its end may take to come.
const DRAINED_TIME: Duration = Duration::from_secs(1);

/// A request on its way.
pub(super) struct Exchange<'cb> {
    /// The calls, by their number in this request; taken when they are answered.
    entries: Vec<Option<Entry<'cb>>>,
    /// How many of them are not answered yet.
    open: usize,
    /// What the calls of each client were authorized with.
    pub(super) auths: Auths,
    /// When it left.
    pub(super) sent: Instant,
    /// When the last call was answered.
    pub(super) answered_at: Instant,
    /// What the calls of each lane were told.
    pub(super) seats: Vec<Seat>,
    /// Calls that failed and may be sent again: how, is known when the answer has ended.
    pub(super) held: Vec<Held<'cb>>,
    /// Calls that are sent again with renewed credentials.
    pub(super) renewed: Vec<Entry<'cb>>,
    watch: Watch,
    phase: Phase,
    idle: Option<Timer>,
    upload: Upload,
    matching: Matching,
}

/// How much of the request's body was sent.
#[derive(Default)]
struct Upload {
    taken: Taken,
    /// How much it was when the idle timeout last ended.
    before: u64,
}

/// The calls of a request.
pub(super) struct Manifest<'cb> {
    entries: Vec<Option<Entry<'cb>>>,
    seats: Vec<Seat>,
}

/// What the calls of one lane in a request were told.
pub(super) struct Seat {
    pub(super) lane: LaneId,
    /// The units of all of them.
    booked: f64,
    /// How many were told anything.
    pub(super) told: usize,
    /// How many were told to slow down.
    pub(super) refused: usize,
    /// The units of those that passed.
    pub(super) units: f64,
}

/// A call that failed and may be sent again.
pub(super) struct Held<'cb> {
    pub(super) entry: Entry<'cb>,
    /// How long the server asks to wait.
    pub(super) after: Option<Duration>,
    /// It was refused before it was executed.
    pub(super) refusal: Option<Refusal>,
}

impl<'cb> Manifest<'cb> {
    pub(super) fn new(mut entries: Vec<Option<Entry<'cb>>>) -> Self {
        let mut seats: Vec<Seat> = Vec::new();
        for entry in entries.iter_mut().flatten() {
            // Calls of a lane mostly stand together.
            let known = seats.iter().rposition(|seat| seat.lane == entry.lane);
            let seat = known.unwrap_or_else(|| {
                seats.push(Seat { lane: entry.lane, booked: 0.0, told: 0, refused: 0, units: 0.0 });
                seats.len() - 1
            });
            entry.seat = u16::try_from(seat).unwrap_or(u16::MAX);
            if let Some(seat) = seats.get_mut(seat) {
                seat.booked += entry.cost();
            }
        }
        Manifest { entries, seats }
    }
}

enum Phase {
    /// One call, sent by itself.
    Alone(BoxFuture<'static, Result<RawResponse>>),
    Sending(BoxFuture<'static, Result<Answer>>),
    Reading(Box<Reader>, Source),
    /// The response ended like this; before that is said, the parts that were matched by it are given out.
    Ending(End, VecDeque<(usize, Part)>),
    Ended,
}

/// Where the bytes of a response come from.
enum Source {
    Stream(BodyStream),
    /// The stream ended.
    Closed,
    /// The connection broke.
    Broken(Error),
}

/// What came back.
enum Answer {
    Parts(Box<Reader>, BodyStream),
    Refused(Error),
}

/// What happened.
pub(super) enum Event {
    /// The call with that number was answered, or its part could not be read.
    Part(usize, Result<RawResponse>),
    /// There is no more.
    End(End),
}

/// How a response ended; calls that were not answered until then have it as their fate.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// The response is complete.
    Complete,
    /// The response broke off: for a call without an answer the outcome is unknown.
    Broken(Error),
    /// The server, or the way to it, refused the request as a whole, or its answer as a whole is none.
    Refused(Error),
}

impl End {
    /// The status of an answer that refused the whole request.
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

/// The request with a body that counts how much of it was sent, if it is large.
fn counting(mut request: HttpRequest) -> (HttpRequest, Upload) {
    let upload = Upload::default();
    request.body = match request.body {
        RequestBody::Bytes(bytes) => counted(bytes, &upload.taken),
        stream @ RequestBody::Stream { .. } => stream,
    };
    (request, upload)
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
        let Manifest { entries, seats } = manifest;
        let (calls, bytes) = (entries.len(), request.body.length());
        let attempt = entries.iter().flatten().map(|entry| entry.sent).max().unwrap_or(1);
        let watch = Watch::batch(client, api, attempt, calls, bytes);
        let (request, upload) = counting(request);
        let url = request.url.clone();
        let sending = open(watch.send(client, request), url, limits);
        let phase = Phase::Sending(Box::pin(sending));
        let idle = client.timeout().map(Timer::new);
        let exchange = Exchange::new(entries, seats, auths, watch, phase, idle, Matching::new(token, calls));
        Exchange { upload, ..exchange }
    }

    /// Sends one call by itself. Nothing happens until it is polled.
    pub(super) fn alone(manifest: Manifest<'cb>, auths: Auths, request: HttpRequest) -> Option<Self> {
        let Manifest { entries, seats } = manifest;
        let entry = entries.first()?.as_ref()?;
        let call = &entry.request;
        let client = call.client().clone();
        let about = (call.api(), call.id());
        let watch = Watch::call(&client, about, AttemptKind::SingleCall, entry.sent, request.body.length());
        let idle = call.attempt_timeout().map(Timer::new);
        let (request, upload) = counting(request);
        let sending = watch.send(&client, request);
        let answer = async move { client.read(gzip::decompress(sending.await?)).await };
        let phase = Phase::Alone(Box::pin(answer));
        let matching = Matching::new(String::new(), 1);
        Some(Exchange { upload, ..Exchange::new(entries, seats, auths, watch, phase, idle, matching) })
    }

    fn new(
        entries: Vec<Option<Entry<'cb>>>,
        seats: Vec<Seat>,
        auths: Auths,
        watch: Watch,
        phase: Phase,
        idle: Option<Timer>,
        matching: Matching,
    ) -> Self {
        let (open, now) = (entries.len(), Instant::now());
        Exchange {
            entries,
            open,
            auths,
            sent: now,
            answered_at: now,
            seats,
            held: Vec::new(),
            renewed: Vec::new(),
            watch,
            phase,
            idle,
            upload: Upload::default(),
            matching,
        }
    }

    /// How many calls it was sent with.
    pub(super) fn calls(&self) -> usize {
        self.entries.len()
    }

    /// Whether each of them has an answer, or is kept until it goes again.
    pub(super) fn is_answered(&self) -> bool {
        self.open == 0 && matches!(self.phase, Phase::Reading(..))
    }

    /// The call with that number, if it has no answer yet.
    pub(super) fn take(&mut self, number: usize) -> Option<Entry<'cb>> {
        let entry = self.entries.get_mut(number)?.take()?;
        self.open -= 1;
        Some(entry)
    }

    /// All calls that have no answer yet.
    pub(super) fn take_left(&mut self) -> Vec<Entry<'cb>> {
        self.open = 0;
        self.entries.iter_mut().filter_map(Option::take).collect()
    }

    /// The calls that have no answer yet, and those that were to be sent again.
    pub(super) fn into_calls(mut self) -> (Vec<Entry<'cb>>, Vec<Entry<'cb>>) {
        let left = self.take_left();
        let held = self.held.drain(..).map(|held| held.entry).chain(self.renewed.drain(..)).collect();
        (left, held)
    }

    fn seat(&mut self, entry: &Entry<'_>) -> Option<&mut Seat> {
        self.seats.get_mut(usize::from(entry.seat))
    }

    /// A call passed. Whether it is the first of its lane.
    pub(super) fn passed(&mut self, entry: &Entry<'_>) -> bool {
        self.seat(entry).is_some_and(|seat| {
            let first = seat.units == 0.0;
            seat.told += 1;
            seat.units += entry.cost();
            first
        })
    }

    /// A call was told something that has nothing to do with limits.
    pub(super) fn told(&mut self, entry: &Entry<'_>) {
        if let Some(seat) = self.seat(entry) {
            seat.told += 1;
        }
    }

    /// A call was told to slow down.
    pub(super) fn refused(&mut self, entry: &Entry<'_>) {
        if let Some(seat) = self.seat(entry) {
            seat.told += 1;
            seat.refused += 1;
        }
    }

    /// The units of a lane's calls.
    pub(super) fn booked(&self, lane: LaneId) -> f64 {
        self.seats.iter().find(|seat| seat.lane == lane).map_or(0.0, |seat| seat.booked)
    }

    pub(super) fn units_passed(&self) -> f64 {
        self.seats.iter().map(|seat| seat.units).sum()
    }

    /// Reads what is left of an answer whose calls are all answered. Ready at its end, or when that is too far away.
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

    /// The next thing that happens. Not to be called after the end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            let end = match &mut self.phase {
                Phase::Alone(answer) => {
                    let result = match answer.as_mut().poll(cx) {
                        Poll::Ready(result) => result,
                        Poll::Pending => Err(ready!(self.poll_idle(cx))),
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
                    Poll::Ready(Ok(Answer::Parts(reader, stream))) => {
                        self.phase = Phase::Reading(reader, Source::Stream(stream));
                        self.touch();
                        continue;
                    }
                    Poll::Ready(Ok(Answer::Refused(error)) | Err(error)) => End::Refused(error),
                    Poll::Pending => End::Refused(ready!(self.poll_idle(cx))),
                },
                Phase::Reading(..) => match self.read(cx) {
                    Poll::Ready(Ok((number, part))) => {
                        return Poll::Ready(Event::Part(number, content(part)));
                    }
                    Poll::Ready(Err(end)) => end,
                    Poll::Pending => End::Broken(ready!(self.poll_idle(cx))),
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
                // What was to come is not known, so neither places nor counts say anything.
                End::Broken(_) | End::Refused(_) => Vec::new(),
            };
            self.phase = Phase::Ending(end, parts.into());
        }
    }

    /// The next part that belongs to a call, or how the response ended.
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
                        self.touch();
                    }
                    // Now the reader says what it makes of the rest: the last part may be a whole one.
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

    fn touch(&mut self) {
        self.upload.before = self.upload.taken.get();
        if let Some(idle) = &mut self.idle {
            idle.restart();
        }
    }

    /// Nobody listened for this long, so the server's silence did not count.
    pub(super) fn excuse(&mut self, busy: Duration) {
        if let Some(idle) = &mut self.idle {
            idle.extend(busy);
        }
    }

    /// The timeout, when the server has been silent for too long.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let Some(idle) = &mut self.idle else { return Poll::Pending };
        loop {
            let after = ready!(Pin::new(&mut *idle).poll(cx));
            let taken = self.upload.taken.get();
            if std::mem::replace(&mut self.upload.before, taken) == taken {
                return Poll::Ready(Error::timeout("the request", after));
            }
            // The request was still being sent.
            idle.restart();
        }
    }
}

/// Sends the request and looks at what kind of answer came.
async fn open(
    sending: impl Future<Output = Result<HttpResponse>>,
    url: String,
    limits: ReadLimits,
) -> Result<Answer> {
    let mut response = gzip::decompress(sending.await?);
    if !response.status.is_success() {
        let response = client::read_explanation(response, limits.part_bytes).await;
        return Ok(Answer::Refused(Error::batch_refused(&host_and_path(&url), response)));
    }
    let reader = match response.headers.get(CONTENT_TYPE) {
        Some(content_type) => Reader::new(content_type.as_bytes(), limits),
        None => {
            let (beginning, stream) = peek(response.body).await;
            response.body = stream;
            // Where the body does not say it either, the header's absence is what is wrong.
            let boundary = first_boundary(&beginning);
            boundary
                .map(|boundary| Reader::with_boundary(boundary, limits))
                .map_or_else(|| Reader::new(b"", limits), Ok)
        }
    };
    match reader {
        Ok(reader) => Ok(Answer::Parts(Box::new(reader), response.body)),
        Err(error) => {
            let response = client::read_beginning(response, limits.part_bytes).await;
            Ok(Answer::Refused(Error::unreadable_response(error.to_string(), response)))
        }
    }
}

/// The first line of a body, or what came of it, and the body as if nothing had been read.
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

/// The response in a part, or why there is none.
fn content(part: Part) -> Result<RawResponse> {
    match part.content {
        Ok(inner) => Ok(RawResponse::from_head(inner.status, inner.head, inner.body)),
        Err(flaw) => {
            let message = format!("part {} of the answer to a batch cannot be read: {flaw}", part.order + 1);
            let raw = Bytes::copy_from_slice(&part.raw);
            Err(match flaw {
                Flaw::NoStatusLine | Flaw::NoBody => Error::unreadable_part(message, raw),
                Flaw::TooManyHeaders(_) | Flaw::TooLarge(_) => Error::part_beyond_limits(message, raw),
            })
        }
    }
}
