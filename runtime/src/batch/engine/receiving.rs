//! Reads responses: passes replies on, and decides what happens at the end of a response to calls without a reply.

use std::task::{Context, Poll};
use std::time::Duration;

use super::super::exchange::{End, Event, Exchange};
use super::super::job::Job;
use super::super::queue::Entry;
use super::Engine;
use crate::send::governor::lock;
use crate::send::rt::Instant;
use crate::send::trace;
use crate::wire::words;
use crate::{Error, RawResponse, Result};

/// How many events of one response are handled before the other responses have their turn and more requests are sent.
const EVENTS_IN_TURN: usize = 32;

/// An event that takes longer than this ends the turn of its response.
const SLOW_CALLBACK: Duration = Duration::from_millis(1);

impl<'cb> Engine<'cb> {
    /// Handles what has arrived of each response, some events of each in turn.
    pub(super) fn receive(&mut self, cx: &mut Context<'_>, job: &mut dyn Job<'cb>) -> bool {
        let mut progressed = false;
        let (mut place, mut events) = (0, 0);
        let mut before = Instant::now();
        while job.has_room()
            && let Some(exchange) = self.in_flight.get_mut(place)
        {
            let Poll::Ready(event) = exchange.poll(cx) else {
                (place, events) = (place + 1, 0);
                continue;
            };
            progressed = true;
            events += 1;
            let mut exchange = self.in_flight.swap_remove(place);
            match event {
                Event::Part(number, result) => {
                    self.part(job, &mut exchange, number, result);
                    if exchange.is_answered() {
                        self.finish_answered(cx, job, exchange);
                        events = 0;
                    } else {
                        self.in_flight.push(exchange);
                        let last = self.in_flight.len() - 1;
                        self.in_flight.swap(place, last);
                    }
                }
                Event::End(end) => {
                    self.ended(job, &mut exchange, end);
                    events = 0;
                }
            }
            let now = Instant::now();
            let busy = now.duration_since(std::mem::replace(&mut before, now));
            if busy > SLOW_CALLBACK {
                self.extend_idle_timeouts(busy);
            }
            if events == EVENTS_IN_TURN || (events > 0 && busy > SLOW_CALLBACK) {
                (place, events) = (place + 1, 0);
            }
        }
        self.drain(cx);
        progressed
    }

    /// Excludes time that was spent in callbacks from the idle timeouts of all requests.
    fn extend_idle_timeouts(&mut self, busy: Duration) {
        self.in_flight.iter_mut().for_each(|exchange| exchange.extend_idle_timeout(busy));
    }

    /// Handles a part, which belongs to a call.
    fn part(
        &mut self,
        job: &mut dyn Job<'cb>,
        exchange: &mut Exchange<'cb>,
        number: usize,
        result: Result<RawResponse>,
    ) {
        self.was_answered |= !self.alone;
        let Some(entry) = exchange.take(number) else { return };
        match result {
            Ok(response) if response.status.is_success() => {
                if exchange.tallies.count_passed(&entry) {
                    self.open_buckets(entry.lane, exchange.sent);
                }
                self.answer(job, entry, Ok(response));
            }
            Ok(response) => self.judge(job, exchange, entry, Error::from_response(response.detached())),
            Err(error) => self.judge(job, exchange, entry, error),
        }
    }

    /// Opens the buckets of a lane and of the project, after a call of the lane has succeeded in a request sent at
    /// `sent`.
    pub(super) fn open_buckets(&mut self, lane: usize, sent: Instant) {
        let now = Instant::now();
        lock(&self.project).opened(sent, now);
        let was_closed = self.waiting.bucket(lane).is_some_and(|mut bucket| bucket.opened(sent, now));
        if was_closed {
            self.waiting.reset_counts(lane);
            self.waiting.wake_lane(lane);
        }
    }

    /// Handles a response in which all calls have replies. Another request may be sent, while the rest of this response
    /// is read.
    fn finish_answered(
        &mut self,
        cx: &mut Context<'_>,
        job: &mut dyn Job<'cb>,
        mut exchange: Box<Exchange<'cb>>,
    ) {
        exchange.answered_at = Instant::now();
        let is_drained = exchange.drain(cx).is_ready();
        self.settle(job, &mut exchange, true);
        if !self.alone {
            trace::response(exchange.calls(), 0, Some(200));
        }
        if !is_drained {
            self.draining.push(exchange);
        }
    }

    /// Handles the end of a response. Calls without a reply get one, or another attempt.
    fn ended(&mut self, job: &mut dyn Job<'cb>, exchange: &mut Exchange<'cb>, end: End) {
        let left = exchange.take_left();
        let sent = exchange.calls();
        if !self.alone {
            trace::response(sent, left.len(), end.status());
        }
        match end {
            End::Complete => {
                let error = Error::unknown_outcome("the server's response has no part for this call", None);
                self.all_failed(job, exchange, left, &error);
                self.settle(job, exchange, true);
            }
            End::Broken(cause) => {
                let message = "the server's response ended before the part for this call";
                let error = Error::unknown_outcome(message, Some(cause));
                exchange.has_failed = true;
                self.all_failed(job, exchange, left, &error);
                self.settle(job, exchange, false);
            }
            End::Refused(error) if self.has_no_endpoint(&error) => {
                self.send_alone();
                self.resend_unprocessed(job, left);
                self.settle(job, exchange, false);
            }
            End::Refused(error) => match too_large(&error, sent) {
                Some(TooLarge::Calls(limit)) => {
                    self.client.learn_batch_calls(self.api, limit);
                    self.size = self.size.min(limit);
                    self.resend_unprocessed(job, left);
                    self.settle(job, exchange, false);
                }
                Some(TooLarge::Bytes) => {
                    self.split(job, left);
                    self.settle(job, exchange, false);
                }
                None => {
                    // A rejection of the request concerns the credentials of the batch's own client only.
                    exchange.auths.retain(|(client, _)| client.is_same(&self.client));
                    self.refused(job, exchange, left, &error);
                }
            },
        }
    }

    fn all_failed(
        &mut self,
        job: &mut dyn Job<'cb>,
        exchange: &mut Exchange<'cb>,
        left: Vec<Entry<'cb>>,
        error: &Error,
    ) {
        left.into_iter().for_each(|entry| self.judge(job, exchange, entry, error.clone()));
    }

    /// Sends calls again that the server did not process, before calls that were never sent.
    fn resend_unprocessed(&mut self, job: &mut dyn Job<'cb>, left: Vec<Entry<'cb>>) {
        self.report_retry(&left, Duration::ZERO);
        left.iter().for_each(|entry| job.returned(entry));
        for mut entry in left.into_iter().rev() {
            entry.ledger.forget();
            self.waiting.push_front(entry);
        }
    }

    /// Sends the calls of a request that was too large in two requests. Other requests are not made smaller.
    fn split(&mut self, job: &mut dyn Job<'cb>, mut left: Vec<Entry<'cb>>) {
        self.report_retry(&left, Duration::ZERO);
        left.iter().for_each(|entry| job.returned(entry));
        left.iter_mut().for_each(|entry| entry.ledger.forget());
        let behind = left.split_off(left.len() / 2);
        self.waiting.group(left.into());
        self.waiting.group(behind.into());
    }
}

/// The limit that a request exceeded.
enum TooLarge {
    /// The number of calls. The server accepts this many.
    Calls(usize),
    Bytes,
}

/// Returns which limit the request exceeded, if the server rejected it unread because it was too large.
fn too_large(error: &Error, sent: usize) -> Option<TooLarge> {
    if sent < 2 {
        return None;
    }
    match error.answered()? {
        400 => match words::of_batch_size(&error.to_string())? {
            words::BatchSize::Calls(stated) => {
                let limit = stated.filter(|limit| (1..sent).contains(limit)).unwrap_or(sent / 2);
                Some(TooLarge::Calls(limit))
            }
            words::BatchSize::Bytes => Some(TooLarge::Bytes),
        },
        413 => Some(TooLarge::Bytes),
        _ => None,
    }
}
