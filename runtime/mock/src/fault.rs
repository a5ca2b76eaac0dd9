//! Scripted faults: what fails, where and how often. Nothing is random unless a seed is given.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gapis_runtime::Method;

use crate::call::MockCall;
use crate::effect::{CallEffects, Effect, Ids, Order, ResponseEffects};
use crate::random::unit;
use crate::reply::MockResponse;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    Batch,
    Single,
}

type Predicate = dyn Fn(&MockCall) -> bool + Send + Sync;

/// A failure that the mock simulates. Create it with one of the functions below, restrict it with `on_…`, `for_…` and
/// `when`, and pass it to [`Handlers::fault`](crate::Handlers::fault).
///
/// A fault occurs once, at the first opportunity, unless [`times`](Self::times) or [`always`](Self::always) is set.
/// Faults of a call affect one call, alone or in a batch. Faults of a response affect a whole HTTP response. Several
/// faults can occur at the same place.
///
/// ```
/// use gapis_mock::{Fault, Handlers, MockError, MockResponse};
///
/// let handlers = Handlers::new();
/// handlers.route("GET", "/farm/v2/animals", |_| MockResponse::json(200, &serde_json::json!({})));
/// handlers.fault(Fault::error(MockError::too_many_requests(Some(1))).times(2));
/// let status = || {
///     let request = http::Request::get("/farm/v2/animals").body(bytes::Bytes::new()).unwrap();
///     handlers.handle(request).status().as_u16()
/// };
/// assert_eq!([status(), status(), status()], [429, 429, 200]);
/// ```
#[must_use = "a fault does nothing until it is passed to `fault`"]
#[derive(Clone)]
pub struct Fault {
    pub(crate) effect: Effect,
    request: Option<usize>,
    call: Option<usize>,
    method: Option<&'static str>,
    when: Option<Arc<Predicate>>,
    kind: Kind,
    skip: usize,
    every: usize,
    share: Option<(u64, f64)>,
    pub(crate) times: Option<usize>,
}

/// Faults of a call.
impl Fault {
    /// The handler runs, but its response is lost: the part is missing, or the connection of a call that was sent
    /// alone is closed.
    pub fn drop_part() -> Self {
        Self::of_call(|effects| effects.dropped = true)
    }

    /// The part occurs twice.
    pub fn duplicate_part() -> Self {
        Self::of_call(|effects| effects.duplicated = true)
    }

    /// The response to the call is this error, and no handler runs. [`MockError`](crate::MockError) has the most
    /// common ones: `too_many_requests`, `unavailable`, `rate_limit_exceeded`, `inner_batch_soft_limit`.
    pub fn error(answer: impl Into<MockResponse>) -> Self {
        let answer = answer.into();
        Self::of_call(move |effects| {
            effects.answer.get_or_insert_with(|| answer.clone());
        })
    }

    /// The body ends in the middle of its JSON, although all lengths say that it is complete.
    pub fn garble_json() -> Self {
        Self::of_call(|effects| effects.garbled_json = true)
    }

    /// The status line is not valid.
    pub fn garble_status_line() -> Self {
        Self::of_call(|effects| effects.garbled_status_line = true)
    }

    /// The part consists of these bytes: its headers, a blank line, and its content.
    pub fn raw_part(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::of_call(move |effects| {
            effects.raw.get_or_insert_with(|| bytes.clone());
        })
    }

    /// The part's inner `Content-Length` is too large by `by`, or too small if `by` is negative.
    pub fn wrong_content_length(by: i64) -> Self {
        Self::of_call(move |effects| effects.length_off = effects.length_off.saturating_add(by))
    }

    /// The blank line between the part's headers and the status line is missing.
    pub fn no_blank_line() -> Self {
        Self::of_call(|effects| effects.no_blank_line = true)
    }

    /// One of the part's inner header lines has no colon.
    pub fn header_without_colon() -> Self {
        Self::of_call(|effects| effects.no_colon = true)
    }

    /// The part's status line has no reason phrase.
    pub fn no_reason_phrase() -> Self {
        Self::of_call(|effects| effects.no_reason = true)
    }

    /// The blank line after the headers of a part without a body is missing.
    pub fn unfinished_head() -> Self {
        Self::of_call(|effects| effects.unfinished_head = true)
    }
}

/// Faults of a response.
impl Fault {
    /// The response to the HTTP request is this one, and no handler runs: an error such as
    /// [`MockError::unauthenticated`](crate::MockError::unauthenticated), an HTML page, or a 200 that is not
    /// multipart.
    pub fn respond(answer: impl Into<MockResponse>) -> Self {
        let answer = answer.into();
        Self::of_response(move |effects| {
            effects.answer.get_or_insert_with(|| answer.clone());
        })
    }

    /// The handlers run, and the connection is closed without a response.
    pub fn close() -> Self {
        Self::of_response(|effects| effects.way.close = true)
    }

    /// The connection fails after that many bytes of the body.
    pub fn cut(bytes: usize) -> Self {
        Self::of_response(move |effects| effects.way.cut = Some(bytes))
    }

    /// The body has only that many bytes, and is complete by its HTTP length.
    pub fn end_at(bytes: usize) -> Self {
        Self::of_response(move |effects| effects.end_at = Some(bytes))
    }

    /// The server waits before it responds.
    pub fn delay(time: Duration) -> Self {
        Self::of_response(move |effects| effects.way.delay += time)
    }

    /// The server waits before each part of a batch.
    pub fn delay_parts(time: Duration) -> Self {
        Self::of_response(move |effects| effects.way.part_delay = time)
    }

    /// The body is sent in chunks of that many bytes, each flushed separately.
    pub fn pieces(bytes: usize) -> Self {
        Self::of_response(move |effects| effects.way.pieces = Some(bytes.max(1)))
    }

    /// A batch with more calls is refused: `Inner request count exceeds the limit. Received: 100, Limit: 50`. For a
    /// permanent limit see [`BatchRules::max_calls`](crate::BatchRules::max_calls).
    pub fn limit(calls: usize) -> Self {
        Self::of_response(move |effects| {
            effects.limit = Some(effects.limit.map_or(calls, |other| other.min(calls)))
        })
    }

    /// The body is compressed, even if the client did not request it.
    pub fn gzip() -> Self {
        Self::of_response(|effects| effects.gzip = true)
    }

    /// The lines of a batch response end in LF.
    pub fn lf() -> Self {
        Self::of_response(|effects| effects.form.lf = true)
    }

    /// The parts are in reverse order.
    pub fn reverse() -> Self {
        Self::of_response(|effects| effects.form.order.push(Order::Reverse))
    }

    /// The parts are in a random order that depends on the seed.
    pub fn shuffle(seed: u64) -> Self {
        Self::of_response(move |effects| effects.form.order.push(Order::Shuffle(seed)))
    }

    /// No part has a `Content-ID`.
    pub fn no_content_ids() -> Self {
        Self::of_response(|effects| effects.form.ids = Ids::None)
    }

    /// Each part has the id of the request, without angle brackets and `response-`, in a header spelled `Content-Id`.
    pub fn plain_content_ids() -> Self {
        Self::of_response(|effects| effects.form.ids = Ids::Plain)
    }

    /// The boundary is in quotes and contains `=`.
    pub fn quoted_boundary() -> Self {
        Self::of_response(|effects| effects.form.quoted_boundary = true)
    }

    /// There is text before the first part and after the last.
    pub fn preamble_and_epilogue() -> Self {
        Self::of_response(|effects| effects.form.surrounded = true)
    }

    /// There is no line break after the closing boundary.
    pub fn no_final_line_break() -> Self {
        Self::of_response(|effects| effects.form.no_final_break = true)
    }
}

/// Where and how often.
impl Fault {
    fn of_call(add: impl Fn(&mut CallEffects) + Send + Sync + 'static) -> Self {
        Self::new(Effect::Call(Arc::new(add)))
    }

    fn of_response(add: impl Fn(&mut ResponseEffects) + Send + Sync + 'static) -> Self {
        Self::new(Effect::Response(Arc::new(add)))
    }

    fn new(effect: Effect) -> Self {
        Fault {
            effect,
            request: None,
            call: None,
            method: None,
            when: None,
            kind: Kind::Any,
            skip: 0,
            every: 1,
            share: None,
            times: Some(1),
        }
    }

    /// Restricts the fault to the HTTP request with that number, counted from 0 over all requests to the mock.
    pub fn on_request(mut self, number: usize) -> Self {
        self.request = Some(number);
        self
    }

    /// Restricts the fault to the call at that position in its batch, from 0. A call that is sent alone has position
    /// 0.
    pub fn on_call(mut self, index: usize) -> Self {
        self.call = Some(index);
        self
    }

    /// Restricts the fault to calls of that method.
    pub fn for_method<M: Method>(mut self) -> Self {
        self.method = Some(M::SPEC.id);
        self
    }

    /// Restricts the fault to batches.
    pub fn for_batches(mut self) -> Self {
        self.kind = Kind::Batch;
        self
    }

    /// Restricts the fault to calls that are sent alone.
    pub fn for_singles(mut self) -> Self {
        self.kind = Kind::Single;
        self
    }

    /// Restricts the fault to calls for which the predicate returns true. For a fault of a response, its argument is
    /// the HTTP request.
    pub fn when(mut self, predicate: impl Fn(&MockCall) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(Arc::new(predicate));
        self
    }

    /// Skips the first `occasions` opportunities.
    pub fn skip(mut self, occasions: usize) -> Self {
        self.skip = occasions;
        self
    }

    /// The fault occurs at every `n`th opportunity, without end.
    pub fn every(mut self, n: usize) -> Self {
        self.every = n.max(1);
        self.times = None;
        self
    }

    /// The fault occurs at this fraction (0 to 1) of the opportunities, chosen by the seed, without end.
    pub fn share(mut self, seed: u64, share: f64) -> Self {
        self.share = Some((seed, share));
        self.times = None;
        self
    }

    /// The fault occurs that many times.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// The fault occurs at every opportunity.
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Whether the fault may affect that call.
    pub(crate) fn fits(&self, call: &MockCall, batch: bool) -> bool {
        self.request.is_none_or(|number| number == call.request)
            && self.call.is_none_or(|index| index == call.index.unwrap_or(0))
            && self.method.is_none_or(|id| call.method_id() == Some(id))
            && match self.kind {
                Kind::Any => true,
                Kind::Batch => batch,
                Kind::Single => !batch,
            }
            && self.when.as_ref().is_none_or(|when| when(call))
    }

    /// Whether the fault occurs at the opportunity with that number.
    pub(crate) fn chosen(&self, occasion: usize) -> bool {
        let Some(past) = occasion.checked_sub(self.skip) else { return false };
        let by_turn = (past + 1).is_multiple_of(self.every);
        by_turn && self.share.is_none_or(|(seed, share)| unit(seed, past) < share)
    }
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fault")
            .field("effect", &self.effect)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
