//! Decides what is sent when, and tells each call's callback its fate, exactly once.
//!
//! The calls between two barriers are a stage. A stage goes in rounds: all that is waiting is sent, in as many HTTP
//! requests as limits ask for; what may be sent again waits for the next round, before which there is one sleep.

mod alone;
mod answer;
mod authorize;
mod credentials;

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::panic::resume_unwind;
use std::sync::{Mutex, OnceLock};
use std::task::Poll;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};

use self::credentials::{Authorized, Authorizing};
use super::exchange::{End, Event, Exchange};
use super::pace::{Pace, Told};
use super::plan::{Auths, Limits, Packed, covers, pack};
use super::queue::{BatchOptions, Entry, RawBatch};
use super::reply::Listener;
use super::report::{Record, Report};
use crate::send::attempts::Fate;
use crate::send::credentials::AuthHeaders;
use crate::send::gzip;
use crate::send::retry::{RetryPolicy, Verdict};
use crate::send::rt::{self, Instant};
use crate::send::trace::{self, Span};
use crate::send::transport::HttpRequest;
use crate::send::watch;
use crate::wire::spec::ApiSpec;
use crate::wire::words;
use crate::{Client, Error, RawResponse, Result};

/// Longer than any batch runs, and short enough for every clock.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A batch that is being executed.
struct Engine<'cb> {
    client: Client,
    api: &'static ApiSpec,
    /// Where requests go; without such a place no call was queued.
    root: String,
    options: BatchOptions,
    listeners: Vec<Listener<'cb>>,
    records: Vec<Option<Record>>,
    values: HashMap<usize, Box<dyn Any + Send>>,
    serial: u64,
    requests: usize,
    retries: usize,
    failures: usize,
    /// How large requests are, and how many fly at once.
    pace: Pace,
    /// How many rounds in a row the server refused all that came, asking to slow down.
    refusals: u32,
    /// Since when it has done so: when a call last met something else, or the batch began.
    progress: Instant,
    /// What was rejected with 401, by client.
    rejected: Vec<(Client, AuthHeaders)>,
    /// Every call is sent by itself: the server takes no batches.
    alone: bool,
    /// The server has answered a batch with parts.
    was_answered: bool,
    /// When the next request may begin, where there is a rate.
    paced: Option<Instant>,
    rng: fastrand::Rng,
    /// The first panic of a callback.
    panic: Option<Box<dyn Any + Send>>,
}

/// What a round waits for.
enum Next {
    /// The credentials for the next request are there.
    Authorized(Authorized),
    /// Something came from a request that is flying.
    Event(usize, Event),
    /// The next request may begin.
    Paused,
}

/// What one round left to be done.
#[derive(Default)]
struct Round<'cb> {
    /// To be sent again at once: the server refused them unread, or their credentials were renewed.
    at_once: Vec<Entry<'cb>>,
    /// To be sent again after a wait.
    later: Vec<Entry<'cb>>,
    /// Not sent, because the server asked to slow down before their turn came.
    held_back: VecDeque<Entry<'cb>>,
    /// The longest wait that the server asked for before one of `later`.
    after: Option<Duration>,
    /// The longest that it asked for with a limit, whether its call is sent again or not.
    quiet: Option<Duration>,
    /// What was said of limits.
    told: Told,
}

/// Since then nobody listened to the servers, because a callback ran: that is not held against them.
fn excuse(flying: &mut [Exchange<'_>], began: Instant) {
    let busy = began.elapsed();
    if busy > Duration::from_millis(1) {
        flying.iter_mut().for_each(|exchange| exchange.excuse(busy));
    }
}

impl RawBatch<'_> {
    /// Sends everything and answers every call.
    pub(crate) async fn run(self) -> Report {
        let span = Span::batch(self.api, self.calls.len());
        span.around(self.run_stages()).await
    }

    async fn run_stages(self) -> Report {
        let barriers = self.barriers.clone();
        let (mut engine, calls) = Engine::new(self);
        let mut calls = VecDeque::from(calls);
        let error = engine.options.error.clone();
        for stage in 0..=barriers.len() {
            let end = calls.partition_point(|entry| entry.stage <= stage);
            // With one stage this moves the queue; a copy of it would count for as long as the batch takes.
            let rest = calls.split_off(end);
            let stage_calls = std::mem::replace(&mut calls, rest);
            let needs_success = stage > 0 && barriers.get(stage - 1).copied().unwrap_or(false);
            if let Some(error) = &error {
                engine.answer_all(stage_calls, error);
            } else if needs_success && engine.failures > 0 {
                let error = Error::cancelled("the call was not sent, because one before the barrier failed");
                engine.answer_all(stage_calls, &error);
            } else {
                engine.stage(stage_calls).await;
            }
        }
        engine.finish()
    }

    /// Answers every call with an error, without sending any.
    #[cfg(feature = "blocking")]
    pub(crate) fn fail(self, error: &Error) -> Report {
        let (mut engine, calls) = Engine::new(self);
        engine.answer_all(calls.into(), error);
        engine.finish()
    }
}

impl<'cb> Engine<'cb> {
    fn new(batch: RawBatch<'cb>) -> (Self, Vec<Entry<'cb>>) {
        let RawBatch { client, api, root, serial, calls, listeners, options, .. } = batch;
        // What the caller says wins over the table, what the server said over both.
        let max_calls = options.max_calls.unwrap_or(api.limits.calls).min(client.learned_batch_calls(api));
        let alone = client.sends_alone(api);
        let engine = Engine {
            alone,
            was_answered: false,
            client,
            api,
            root: root.unwrap_or_default(),
            options,
            listeners,
            records: std::iter::repeat_with(|| None).take(calls.len()).collect(),
            values: HashMap::new(),
            serial,
            requests: 0,
            retries: 0,
            failures: 0,
            pace: Pace::new(if alone { 1 } else { max_calls }),
            refusals: 0,
            progress: Instant::now(),
            rejected: Vec::new(),
            paced: None,
            rng: fastrand::Rng::new(),
            panic: None,
        };
        (engine, calls)
    }

    fn finish(mut self) -> Report {
        if let Some(panic) = self.panic.take() {
            resume_unwind(panic);
        }
        Report {
            batch: self.serial,
            requests: self.requests,
            retries: self.retries,
            records: self.records.into_iter().flatten().collect(),
            values: Mutex::new(self.values),
            by_id: OnceLock::new(),
        }
    }

    async fn stage(&mut self, mut pending: VecDeque<Entry<'cb>>) {
        while !pending.is_empty() {
            let Round { mut at_once, mut later, mut held_back, after, quiet, told } =
                self.round(pending).await;
            self.pace.round_ended(&told);
            let refused = told.slowed > 0 && told.slowed >= told.calls;
            if refused {
                self.refusals = self.refusals.saturating_add(1);
            } else {
                (self.refusals, self.progress) = (0, Instant::now());
            }
            let attempts = later.iter().map(|entry| entry.ledger.attempts).max();
            let holds = told.is_slow() && !held_back.is_empty();
            if let Some(attempts) = attempts.or(holds.then_some(1)) {
                let backoff = self.options.policy.backoff(attempts.max(self.refusals), &mut self.rng);
                // A wait that the calls have no time for is not theirs.
                let wait = backoff.max(if later.is_empty() { quiet } else { after }.unwrap_or_default());
                later = self.in_time(later, wait);
                let affordable = self.affordable(later.len());
                later.drain(affordable..).for_each(|entry| self.give_up(entry));
                if refused && self.progress.elapsed().saturating_add(wait) > self.options.policy.total_time {
                    self.abandon(std::mem::take(&mut held_back));
                }
                if let Some(span) = self.waiting(&later, held_back.len(), wait) {
                    span.around(rt::sleep(wait)).await;
                }
            }
            self.tell(&at_once, Duration::ZERO);
            self.retries += later.len() + at_once.len();
            at_once.append(&mut later);
            at_once.sort_unstable_by_key(|entry| entry.index);
            // What was sent stood before what was held back, which may be long and is not copied.
            pending = held_back;
            at_once.into_iter().rev().for_each(|entry| pending.push_front(entry));
        }
    }

    /// The wait before calls that are sent again, and before those that were held back meanwhile, if there are any.
    fn waiting(&self, later: &[Entry<'_>], held_back: usize, wait: Duration) -> Option<Span> {
        self.tell(later, wait);
        let last = later.first().and_then(|entry| entry.ledger.last.as_ref());
        (later.len() + held_back > 0).then(|| Span::retry(later.len(), wait, last))
    }

    /// Answers calls that were never sent, since the server has refused whatever came for as long as the policy has time.
    fn abandon(&mut self, held_back: VecDeque<Entry<'cb>>) {
        let time = self.options.policy.total_time;
        let error = Error::cancelled(format!(
            "the call was not sent, because the server has been asking to slow down and nothing has passed for {time:?}"
        ));
        self.answer_all(held_back, &error);
    }

    /// Tells whoever observes of calls that are sent again.
    fn tell(&self, calls: &[Entry<'_>], wait: Duration) {
        if let Some(first) = calls.first() {
            watch::retry(&self.client, self.api, None, calls.len(), wait, first.ledger.last.as_ref());
        }
    }

    /// The calls that have time for another attempt after that wait; the others are answered.
    fn in_time(&mut self, later: Vec<Entry<'cb>>, wait: Duration) -> Vec<Entry<'cb>> {
        let has_time = |entry: &Entry<'_>| entry.ledger.has_time(self.policy(entry), wait);
        let (kept, late): (Vec<_>, Vec<_>) = later.into_iter().partition(has_time);
        late.into_iter().for_each(|entry| self.give_up(entry));
        kept
    }

    /// A call's own policy, else the batch's.
    fn policy<'p>(&'p self, entry: &'p Entry<'_>) -> &'p RetryPolicy {
        entry.request.options().retry.as_ref().unwrap_or(&self.options.policy)
    }

    /// How many of so many calls may be sent again, by what the client's budget has left for their requests.
    fn affordable(&self, calls: usize) -> usize {
        let mut granted = 0;
        for size in self.pace.sizes() {
            if granted >= calls || !self.client.budget().take() {
                break;
            }
            granted += size;
        }
        granted.min(calls)
    }

    /// Sends all that is pending, some requests at a time, and answers what can be answered. When the server asks to slow
    /// down, the rest is held back.
    async fn round(&mut self, mut pending: VecDeque<Entry<'cb>>) -> Round<'cb> {
        let mut round = Round::default();
        let mut flying: Vec<Exchange<'cb>> = Vec::new();
        let mut authorizing: Option<Authorizing> = None;
        loop {
            let mut pause = None;
            if authorizing.is_none()
                && flying.len() < self.pace.lanes(self.options.concurrency)
                && !pending.is_empty()
            {
                if round.told.is_slow() {
                    round.held_back = std::mem::take(&mut pending);
                } else {
                    pause = self.pause();
                    if pause.is_none() {
                        authorizing = Some(self.authorize(&pending));
                    }
                }
            }
            if flying.is_empty() && authorizing.is_none() {
                match pause {
                    Some(pause) => rt::sleep(pause).await,
                    None => return round,
                }
                continue;
            }
            let mut timer = pause.map(rt::Timer::new);
            let event = std::future::poll_fn(|cx| {
                if let Some(asked) = &mut authorizing
                    && let Poll::Ready(authorized) = asked.poll(cx)
                {
                    return Poll::Ready(Next::Authorized(authorized));
                }
                for (place, exchange) in flying.iter_mut().enumerate() {
                    if let Poll::Ready(event) = exchange.poll(cx) {
                        return Poll::Ready(Next::Event(place, event));
                    }
                }
                match &mut timer {
                    Some(timer) => std::pin::Pin::new(timer).poll(cx).map(|_| Next::Paused),
                    None => Poll::Pending,
                }
            });
            match event.await {
                Next::Paused => {}
                Next::Authorized(authorized) => {
                    authorizing = None;
                    if round.told.is_slow() {
                        continue;
                    }
                    let began = Instant::now();
                    let auths = self.authorized(&mut pending, authorized, &mut round);
                    let opened = match self.alone {
                        true => self.open_alone(&mut pending, auths),
                        false => self.open(&mut pending, auths),
                    };
                    excuse(&mut flying, began);
                    flying.extend(opened);
                }
                Next::Event(place, Event::Part(number, result)) => {
                    let began = Instant::now();
                    if let Some(exchange) = flying.get_mut(place)
                        && let Some(entry) = exchange.entries.get_mut(number).and_then(Option::take)
                    {
                        let slowed = round.told.slowed;
                        self.part(entry, result, &exchange.auths, &mut round);
                        exchange.slowed += round.told.slowed - slowed;
                    }
                    excuse(&mut flying, began);
                }
                Next::Event(place, Event::End(end)) => {
                    let began = Instant::now();
                    let exchange = flying.swap_remove(place);
                    round.told.request_ended(exchange.entries.len(), exchange.slowed);
                    if matches!(end, End::Complete) && exchange.slowed == 0 {
                        round.told.passed += 1;
                        self.pace.passed();
                    }
                    self.ended(exchange, end, &mut round);
                    excuse(&mut flying, began);
                }
            }
        }
    }

    /// How long the next request has to wait, where there is a rate.
    fn pause(&self) -> Option<Duration> {
        let wait = self.paced?.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some(wait)
    }

    /// A request with so many calls begins: the next one waits as long as the rate asks for.
    fn keep_pace(&mut self, calls: usize) {
        if let Some(rate) = self.options.rate {
            let begin = self.paced.unwrap_or_else(Instant::now).max(Instant::now());
            // A rate may be so low that the next request is beyond what a clock can say.
            let pause = Duration::try_from_secs_f64(calls as f64 / rate).unwrap_or(FAR);
            self.paced = Some(begin + pause.min(FAR));
        }
    }

    /// Begins one HTTP request with calls from the front of `pending`. `None` if there was nothing to send after all.
    fn open(&mut self, pending: &mut VecDeque<Entry<'cb>>, mut inside: Auths) -> Option<Exchange<'cb>> {
        let limits = self.limits();
        let client = self.client.clone();
        let is_own = |entry: &Entry<'_>| entry.request.client().is_same(&client);
        if !inside.iter().any(|(other, _)| other.is_same(&client)) && pending.iter().any(is_own) {
            // Calls that have more time than those that gave up: their credentials are asked again.
            return None;
        }
        // Where there are none, calls of other clients bring their own, and the outer request goes without.
        let place = inside.iter().position(|(other, _)| other.is_same(&client));
        let auth = place.map(|place| inside.swap_remove(place).1).unwrap_or_default();
        let own = (client, auth);
        // Where another client's call would inherit something of ours, ours travels inside as well.
        let outside = inside.iter().all(|other| covers(other, &own));
        if !outside {
            inside.push(own.clone());
        }
        let token = format!("{:08x}", self.rng.u32(..));
        let mut refused = Vec::new();
        let packed = pack(pending, &mut refused, limits, &token, &self.client, &inside, &mut self.rng);
        for (entry, error) in refused {
            self.answer(entry, Err(error));
        }
        let Packed { mut entries, shared, content_type, body } = packed?;
        self.keep_pace(entries.len());
        for entry in entries.iter_mut().flatten() {
            entry.ledger.begin();
            entry.sent += 1;
        }
        self.requests += 1;
        let request = self.http_request(outside.then_some(&own.1), shared, &content_type, body);
        let mut auths = inside;
        if outside {
            auths.push(own);
        }
        Some(Exchange::start(&self.client, self.api, entries, token, auths, request, self.options.limits))
    }

    fn limits(&self) -> Limits {
        // With a rate, no more than a second's worth goes out at once.
        let burst = self.options.rate.map_or(usize::MAX, |rate| (rate.ceil() as usize).max(1));
        Limits {
            calls: self.pace.size().min(burst),
            bytes: self.options.max_bytes,
            url: self.options.max_url,
        }
    }

    fn http_request(
        &self,
        auth: Option<&AuthHeaders>,
        shared: Vec<(http::HeaderName, HeaderValue)>,
        content_type: &str,
        body: bytes::Bytes,
    ) -> HttpRequest {
        let mut headers = self.client.headers().clone();
        match auth {
            Some(auth) => auth.put(&mut headers),
            // The client's headers are in its calls' parts, where they belong to no other client's.
            None => {
                let agent = headers.remove(USER_AGENT);
                headers.clear();
                headers.extend(agent.map(|agent| (USER_AGENT, agent)));
            }
        }
        // What all calls say of themselves wins over what is said of the batch.
        for (name, value) in self.options.headers.iter().cloned().chain(shared) {
            headers.insert(name, value);
        }
        if let Ok(value) = HeaderValue::from_str(content_type) {
            headers.insert(CONTENT_TYPE, value);
        }
        gzip::accept(&mut headers);
        let mut url = format!("{}{}", self.root, self.api.batch_path);
        if !self.options.query.is_empty() {
            url.push('?');
            url.push_str(self.options.query.as_str());
        }
        HttpRequest { method: http::Method::POST, url, headers, body: body.into() }
    }

    /// A part came for this call.
    fn part(&mut self, entry: Entry<'cb>, result: Result<RawResponse>, auth: &Auths, round: &mut Round<'cb>) {
        round.told.calls += 1;
        self.was_answered |= !self.alone;
        match result {
            Ok(response) if response.status.is_success() => self.answer(entry, Ok(response)),
            Ok(response) => self.failed(entry, Error::from_response(response.detached()), auth, round),
            Err(error) => self.failed(entry, error, auth, round),
        }
    }

    /// A call failed: it is sent again, if it may be, or answered.
    fn failed(&mut self, mut entry: Entry<'cb>, error: Error, auth: &Auths, round: &mut Round<'cb>) {
        let policy = entry.request.options().retry.as_ref().unwrap_or(&self.options.policy);
        let verdict = policy.judge(&error, entry.request.is_idempotent());
        // Who sends nothing twice is told what each call met, and is not kept waiting for better times.
        if let Verdict::Retry { after, rate_limited: true } = verdict
            && policy.max_attempts > 1
        {
            round.told.slowed += 1;
            round.quiet = round.quiet.max(after);
        }
        match entry.ledger.fate(policy, verdict) {
            Fate::Final => self.answer(entry, Err(error)),
            Fate::Renew => {
                self.reject(entry.request.client(), auth);
                entry.ledger.last = Some(error);
                round.at_once.push(entry);
            }
            Fate::Wait { after } => {
                round.after = round.after.max(after);
                entry.ledger.last = Some(error);
                round.later.push(entry);
            }
        }
    }

    /// A response ended: whoever has no answer yet gets one, or another attempt.
    fn ended(&mut self, exchange: Exchange<'cb>, end: End, round: &mut Round<'cb>) {
        let Exchange { entries, auths: mut auth, .. } = exchange;
        let sent = entries.len();
        let mut left: Vec<Entry<'cb>> = entries.into_iter().flatten().collect();
        if !self.alone {
            trace::response(sent, left.len(), end.status());
        }
        round.told.calls += left.len();
        match end {
            End::Complete => {
                self.client.budget().refund();
                let error = Error::unknown_outcome("the server's answer has no part for this call", None);
                left.into_iter().for_each(|entry| self.failed(entry, error.clone(), &auth, round));
            }
            End::Broken(cause) => {
                let message = "the server's answer broke off before the part for this call";
                let error = Error::unknown_outcome(message, Some(cause));
                left.into_iter().for_each(|entry| self.failed(entry, error.clone(), &auth, round));
            }
            End::Refused(error) if self.has_no_endpoint(&error) => {
                self.send_alone();
                left.iter_mut().for_each(|entry| entry.ledger.forget());
                round.at_once.append(&mut left);
            }
            End::Refused(error) => match self.lower_limit(&error, sent) {
                Some(calls) => {
                    self.pace.lower(calls);
                    left.iter_mut().for_each(|entry| entry.ledger.forget());
                    round.at_once.append(&mut left);
                }
                None => {
                    // What is said of the outer request is not said of other clients' credentials.
                    auth.retain(|(client, _)| client.is_same(&self.client));
                    left.into_iter().for_each(|entry| self.failed(entry, error.clone(), &auth, round));
                }
            },
        }
    }

    /// How many calls a request may have, if the server refused one unread because it was too large.
    fn lower_limit(&mut self, error: &Error, sent: usize) -> Option<usize> {
        if sent < 2 {
            return None;
        }
        match error.answered()? {
            400 => {
                // In the API's own error, or in whatever else the body says.
                let said = words::of_batch_size(&error.to_string())?;
                let limit = said.filter(|limit| (1..sent).contains(limit)).unwrap_or(sent / 2);
                self.client.learn_batch_calls(self.api, limit);
                Some(limit)
            }
            413 => Some(sent / 2),
            _ => None,
        }
    }
}
