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

use super::Entry;
use super::plan::Auths;
use crate::multipart::{Flaw, Part, ReadLimits, Reader};
use crate::send::gzip;
use crate::send::rt::Timer;
use crate::send::transport::{BodyStream, HttpRequest, HttpResponse};
use crate::send::watch::Watch;
use crate::wire::spec::ApiSpec;
use crate::{BoxFuture, Client, Error, RawResponse, Result};

/// A request on its way.
pub(super) struct Exchange<'cb> {
    /// The calls, by their number in this request; taken when they are answered.
    pub(super) entries: Vec<Option<Entry<'cb>>>,
    /// What the calls of each client were authorized with.
    pub(super) auths: Auths,
    /// How many calls were told to slow down.
    pub(super) slowed: usize,
    token: String,
    watch: Watch,
    phase: Phase,
    idle: Option<Timer>,
    stream_ended: bool,
    /// Parts without an id: they belong to calls by their order, if all parts are such and there are as many as calls.
    without_id: VecDeque<Part>,
    with_id: usize,
    by_order: usize,
}

enum Phase {
    Sending(BoxFuture<'static, Result<Answer>>),
    Reading(Box<Reader>, BodyStream),
    /// The response ended, and this is how.
    Ending(End),
    Ended,
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
            End::Refused(error) => error.status(),
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
        entries: Vec<Option<Entry<'cb>>>,
        token: String,
        auths: Auths,
        request: HttpRequest,
        limits: ReadLimits,
    ) -> Self {
        let (calls, bytes) = (entries.len(), request.body.length());
        let attempt = entries.iter().flatten().map(|entry| entry.sent).max().unwrap_or(1);
        let watch = Watch::batch(client, api, attempt, calls, bytes);
        let sending = open(watch.send(client, request), limits);
        Exchange {
            entries,
            auths,
            slowed: 0,
            token,
            watch,
            phase: Phase::Sending(Box::pin(sending)),
            idle: client.timeout().map(Timer::new),
            stream_ended: false,
            without_id: VecDeque::new(),
            with_id: 0,
            by_order: 0,
        }
    }

    /// The next thing that happens. Not to be called after the end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            let result = match &mut self.phase {
                Phase::Sending(sending) => match sending.as_mut().poll(cx) {
                    Poll::Ready(Ok(Answer::Parts(reader, stream))) => {
                        self.phase = Phase::Reading(reader, stream);
                        self.touch();
                        continue;
                    }
                    Poll::Ready(Ok(Answer::Refused(error)) | Err(error)) => Ok(End::Refused(error)),
                    Poll::Pending => Err(()),
                },
                Phase::Reading(..) => match self.read(cx) {
                    Poll::Ready(Ok(event)) => return Poll::Ready(event),
                    Poll::Ready(Err(end)) => Ok(end),
                    Poll::Pending => Err(()),
                },
                Phase::Ending(end) => {
                    let end = end.clone();
                    return Poll::Ready(self.at_end(end));
                }
                Phase::Ended => return Poll::Pending,
            };
            match result {
                Ok(end) => self.phase = Phase::Ending(end),
                Err(()) => {
                    let after = ready!(self.poll_idle(cx));
                    let error = Error::timeout("the batch", after);
                    self.phase = Phase::Ending(match self.phase {
                        Phase::Reading(..) => End::Broken(error),
                        _ => End::Refused(error),
                    });
                }
            }
        }
    }

    /// The next part that belongs to a call, or how the response ended.
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, End>> {
        loop {
            let Phase::Reading(reader, stream) = &mut self.phase else { return Poll::Pending };
            match reader.next_part() {
                Ok(Some(part)) => match part.content_id().map(|_| part.index(&self.token)) {
                    None => self.keep_for_order(part),
                    Some(number) => {
                        self.with_id += 1;
                        self.without_id.clear();
                        // A part that answers no call of ours, or one that is answered already, is nobody's.
                        let waiting =
                            number.filter(|number| self.entries.get(*number).is_some_and(Option::is_some));
                        if let Some(number) = waiting {
                            return Poll::Ready(Ok(Event::Part(number, content(part))));
                        }
                    }
                },
                Ok(None) if reader.is_done() => return Poll::Ready(Err(End::Complete)),
                Ok(None) => match ready!(stream.as_mut().poll_next(cx)) {
                    Some(Ok(chunk)) => {
                        reader.feed(chunk);
                        self.touch();
                    }
                    Some(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                    // At the end of the stream the reader says what it makes of the rest, and then nothing more.
                    None if self.stream_ended => return Poll::Ready(Err(End::Complete)),
                    None => {
                        self.stream_ended = true;
                        reader.finish();
                    }
                },
                Err(error) => {
                    let error = Error::protocol(error.to_string());
                    return Poll::Ready(Err(End::Broken(error)));
                }
            }
        }
    }

    /// A part without an id waits for the end, unless it is plain already that order will not tell whose it is.
    fn keep_for_order(&mut self, part: Part) {
        let calls = self.entries.len();
        if self.with_id > 0 || self.without_id.len() >= calls {
            // One more than the calls, so that the counts disagree at the end as well.
            self.with_id += 1;
            self.without_id.clear();
        } else {
            self.without_id.push_back(part);
        }
    }

    /// The connection broke: what the reader holds of a last part may still be a whole one.
    fn broken(&mut self, error: Error) -> End {
        let Phase::Reading(reader, _) = &mut self.phase else { return End::Broken(error) };
        reader.finish();
        while let Ok(Some(part)) = reader.next_part() {
            match part.content_id() {
                // A part that is matched by order cannot be matched in a response that broke.
                None => {}
                Some(_) => self.without_id.push_back(part),
            }
        }
        End::Broken(error)
    }

    /// Gives out what could only be matched at the end, then the end itself.
    fn at_end(&mut self, end: End) -> Event {
        if let End::Broken(_) = end {
            // Here the queue holds complete parts with an id that came last.
            while let Some(part) = self.without_id.pop_front() {
                let waiting =
                    part.index(&self.token).filter(|n| self.entries.get(*n).is_some_and(Option::is_some));
                if let Some(number) = waiting {
                    return Event::Part(number, content(part));
                }
            }
        }
        let in_order = self.with_id == 0 && self.without_id.len() + self.by_order == self.entries.len();
        if matches!(end, End::Complete)
            && in_order
            && let Some(part) = self.without_id.pop_front()
        {
            let number = self.by_order;
            self.by_order += 1;
            return Event::Part(number, content(part));
        }
        self.phase = Phase::Ended;
        self.watch.finish(end.error());
        Event::End(end)
    }

    fn touch(&mut self) {
        if let Some(idle) = &mut self.idle {
            idle.restart();
        }
    }

    /// For so long nobody listened: the server's silence did not count.
    pub(super) fn excuse(&mut self, busy: Duration) {
        if let Some(idle) = &mut self.idle {
            idle.extend(busy);
        }
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        match &mut self.idle {
            Some(idle) => Pin::new(idle).poll(cx),
            None => Poll::Pending,
        }
    }
}

/// Sends the request and looks at what kind of answer came.
async fn open(sending: impl Future<Output = Result<HttpResponse>>, limits: ReadLimits) -> Result<Answer> {
    let response = gzip::decompress(sending.await?);
    if response.status.is_success() {
        let content_type = response.headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        return match Reader::new(content_type, limits) {
            Ok(reader) => Ok(Answer::Parts(Box::new(reader), response.body)),
            Err(error) => Ok(Answer::Refused(refusal(response, Some(error.to_string()), limits).await)),
        };
    }
    Ok(Answer::Refused(refusal(response, None, limits).await))
}

/// The error that an answer without parts stands for: of its body, as much as came and as one part may have. Status and
/// headers alone tell what happened.
async fn refusal(response: HttpResponse, protocol: Option<String>, limits: ReadLimits) -> Error {
    let HttpResponse { status, headers, body: mut stream } = response;
    let mut body = BytesMut::new();
    while let Some(Ok(chunk)) = stream.next().await {
        let room = limits.part_bytes.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() >= room {
            break;
        }
    }
    let response = RawResponse::new(status, headers, body.freeze());
    match protocol {
        Some(message) => Error::unreadable_response(message, response),
        None => Error::from_response(response),
    }
}

/// The response in a part, or why there is none.
fn content(part: Part) -> Result<RawResponse> {
    match part.content {
        Ok(inner) => Ok(RawResponse::from_head(inner.status, inner.head, inner.body)),
        Err(flaw) => {
            let message = format!("part {} of the answer to a batch cannot be read: {flaw}", part.order + 1);
            let raw = Bytes::copy_from_slice(&part.raw);
            Err(match flaw {
                Flaw::NoStatusLine => Error::unreadable_part(message, raw),
                Flaw::TooManyHeaders(_) | Flaw::TooLarge(_) => Error::part_beyond_limits(message, raw),
            })
        }
    }
}
