//! Answers that arrive: which call gets what, and what the end of an answer means for those that got nothing.

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

impl<'cb> Engine<'cb> {
    /// Reads what has come of each answer, one event of each in turn.
    pub(super) fn arrive(&mut self, cx: &mut Context<'_>, job: &mut dyn Job<'cb>) -> bool {
        let mut progressed = false;
        let mut place = 0;
        while job.has_room()
            && let Some(exchange) = self.flying.get_mut(place)
        {
            let Poll::Ready(event) = exchange.poll(cx) else {
                place += 1;
                continue;
            };
            progressed = true;
            let began = Instant::now();
            let mut exchange = self.flying.swap_remove(place);
            match event {
                Event::Part(number, result) => {
                    self.part(job, &mut exchange, number, result);
                    if exchange.is_answered() {
                        self.land(cx, job, exchange);
                    } else {
                        self.flying.push(exchange);
                        let last = self.flying.len() - 1;
                        self.flying.swap(place, last);
                        place += 1;
                    }
                }
                Event::End(end) => self.ended(job, &mut exchange, end),
            }
            self.excuse(began);
        }
        self.drain(cx);
        progressed
    }

    /// Time that callbacks took is not held against servers.
    fn excuse(&mut self, began: Instant) {
        let busy = began.elapsed();
        if busy > Duration::from_millis(1) {
            self.flying.iter_mut().for_each(|exchange| exchange.excuse(busy));
        }
    }

    /// A part came for a call.
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
                if exchange.passed(&entry) {
                    self.opened(entry.lane, exchange.sent);
                }
                self.answer(job, entry, Ok(response));
            }
            Ok(response) => self.judge(job, exchange, entry, Error::from_response(response.detached())),
            Err(error) => self.judge(job, exchange, entry, error),
        }
    }

    /// The first call of a lane in this request has passed: if the server was refusing everything, it no longer does.
    pub(super) fn opened(&mut self, lane: usize, sent: Instant) {
        let now = Instant::now();
        lock(&self.project).opened(sent, now);
        let was_closed = self.waiting.bucket(lane).is_some_and(|mut bucket| bucket.opened(sent, now));
        if was_closed {
            self.waiting.forget(lane);
            self.waiting.rouse(lane);
        }
    }

    /// All calls of an answer are answered: its place is free, and what is left of it is read beside.
    fn land(&mut self, cx: &mut Context<'_>, job: &mut dyn Job<'cb>, mut exchange: Box<Exchange<'cb>>) {
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

    /// A response ended: whoever has no answer yet gets one, or another attempt.
    fn ended(&mut self, job: &mut dyn Job<'cb>, exchange: &mut Exchange<'cb>, end: End) {
        let left = exchange.take_left();
        let sent = exchange.calls();
        if !self.alone {
            trace::response(sent, left.len(), end.status());
        }
        match end {
            End::Complete => {
                let error = Error::unknown_outcome("the server's answer has no part for this call", None);
                self.all_failed(job, exchange, left, &error);
                self.settle(job, exchange, true);
            }
            End::Broken(cause) => {
                let message = "the server's answer broke off before the part for this call";
                let error = Error::unknown_outcome(message, Some(cause));
                self.all_failed(job, exchange, left, &error);
                self.settle(job, exchange, false);
            }
            End::Refused(error) if self.has_no_endpoint(&error) => {
                self.send_alone();
                self.unread(job, left);
                self.settle(job, exchange, false);
            }
            End::Refused(error) => match too_large(&error, sent) {
                Some(TooLarge::Calls(limit)) => {
                    self.client.learn_batch_calls(self.api, limit);
                    self.size = self.size.min(limit);
                    self.unread(job, left);
                    self.settle(job, exchange, false);
                }
                Some(TooLarge::Bytes) => {
                    self.split(job, left);
                    self.settle(job, exchange, false);
                }
                None => {
                    // What is said of the outer request is not said of other clients' credentials.
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

    /// Calls that the server did not look at go again, those before others that were before them.
    fn unread(&mut self, job: &mut dyn Job<'cb>, left: Vec<Entry<'cb>>) {
        self.tell(&left, Duration::ZERO);
        left.iter().for_each(|entry| job.returned(entry));
        for mut entry in left.into_iter().rev() {
            entry.ledger.forget();
            self.waiting.back(entry);
        }
    }

    /// A request was too large: its calls go in two, and none of the others has to be smaller.
    fn split(&mut self, job: &mut dyn Job<'cb>, mut left: Vec<Entry<'cb>>) {
        self.tell(&left, Duration::ZERO);
        left.iter().for_each(|entry| job.returned(entry));
        left.iter_mut().for_each(|entry| entry.ledger.forget());
        let behind = left.split_off(left.len() / 2);
        self.waiting.group(left.into());
        self.waiting.group(behind.into());
    }
}

/// Of what a request had too much.
enum TooLarge {
    /// Of calls: so many are taken.
    Calls(usize),
    Bytes,
}

/// Whether the server refused a request unread because it was too large.
fn too_large(error: &Error, sent: usize) -> Option<TooLarge> {
    if sent < 2 {
        return None;
    }
    match error.answered()? {
        400 => match words::of_batch_size(&error.to_string())? {
            words::BatchSize::Calls(said) => {
                let limit = said.filter(|limit| (1..sent).contains(limit)).unwrap_or(sent / 2);
                Some(TooLarge::Calls(limit))
            }
            words::BatchSize::Bytes => Some(TooLarge::Bytes),
        },
        413 => Some(TooLarge::Bytes),
        _ => None,
    }
}
