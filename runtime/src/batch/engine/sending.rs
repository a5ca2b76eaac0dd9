//! Sends requests: decides which calls are next, and builds their HTTP request.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};

use super::super::exchange::{Exchange, Manifest};
use super::super::job::Job;
use super::super::plan::{Auths, Limits, Packed, covers, pack};
use super::super::queue::{Entry, LaneId};
use super::credentials::Authorized;
use super::{Engine, FAR, Preparing};
use crate::send::bucket::Admission;
use crate::send::credentials::AuthHeaders;
use crate::send::governor::lock;
use crate::send::gzip;
use crate::send::rt::Instant;
use crate::send::transport::HttpRequest;

impl<'cb> Engine<'cb> {
    /// Sends all requests that may be sent now.
    pub(super) fn send_ready(&mut self, cx: &mut Context<'_>, job: &mut dyn Job<'cb>) -> bool {
        let mut progressed = false;
        loop {
            if self.preparing.is_none() {
                if self.in_flight.len() >= self.options.concurrency || !self.prepare(cx, job) {
                    return progressed;
                }
                progressed = true;
            }
            let Some(preparing) = &mut self.preparing else { continue };
            let Poll::Ready(authorized) = preparing.authorizing.poll(cx) else { return progressed };
            progressed = true;
            if let Some(exchange) = self.start(job, authorized) {
                self.in_flight.push(Box::new(exchange));
            }
        }
    }

    /// Takes the calls of the next request out of those that wait. Returns whether anything changed.
    fn prepare(&mut self, cx: &Context<'_>, job: &mut dyn Job<'cb>) -> bool {
        let now = Instant::now();
        if self.abandon(job, now) {
            return true;
        }
        let is_group = !self.waiting.groups.is_empty();
        if self.waiting.ready == 0 && !is_group {
            self.partial = None;
            return false;
        }
        let size = self.limits().calls;
        if self.waiting.ready < size
            && !is_group
            && let Some(until) = self.linger_until(job, now)
        {
            self.wake_at(Some(until));
            return false;
        }
        if let Some(at) = self.paced.filter(|at| *at > now) {
            self.wake_at(Some(at));
            return false;
        }
        let admission = lock(&self.project).admit(self.number, now, cx.waker());
        let (most, units) = match admission {
            Admission::Open(units) => (size, units),
            Admission::Probe => (1, f64::INFINITY),
            Admission::Later(at) => {
                self.blocked = Some(at);
                self.wake_at(Some(at));
                return false;
            }
        };
        self.blocked = None;
        let (is_group, mut calls) = match self.waiting.next_group(most) {
            Some(group) => (true, group),
            None => (false, self.waiting.take(most, units, self.number, now, cx.waker())),
        };
        if calls.is_empty() {
            return true;
        }
        self.partial = None;
        let mut units_taken: Vec<(LaneId, f64)> = Vec::new();
        for entry in &calls {
            match units_taken.iter_mut().rfind(|(lane, _)| *lane == entry.lane) {
                Some((_, units)) => *units += entry.cost(),
                None => units_taken.push((entry.lane, entry.cost())),
            }
        }
        lock(&self.project).sent(units_taken.iter().map(|(_, units)| units).sum(), now);
        if is_group {
            // The units of other calls were taken when they left their lanes.
            units_taken.iter().for_each(|(lane, units)| self.waiting.take_units(*lane, *units, now));
        }
        self.drop_overdue(job, &mut calls);
        let authorizing = self.authorize(&calls);
        self.preparing = Some(Preparing { calls, is_group, units_taken, authorizing });
        true
    }

    /// Returns the units of calls that were taken and are not in the request that was sent. If one of them was a probe,
    /// another probe may be sent.
    pub(super) fn return_units(&mut self, units_taken: &[(LaneId, f64)], left: Option<&Exchange<'cb>>) {
        for (lane, units) in units_taken {
            let left = left.map_or(0.0, |exchange| exchange.tallies.units_of(*lane));
            if left < *units || left == 0.0 {
                lock(&self.project).unsent(units - left);
                if let Some(mut bucket) = self.waiting.bucket(*lane) {
                    bucket.unsent(units - left);
                }
            }
        }
    }

    /// Fails calls whose time for another attempt is over, and drops calls whose reply no task waits for.
    fn drop_overdue(&mut self, job: &mut dyn Job<'cb>, calls: &mut VecDeque<Entry<'cb>>) {
        let goes = |job: &dyn Job<'cb>, entry: &Entry<'cb>| {
            let is_over = entry.sent > 0 && entry.ledger.is_over(self.policy(entry), Duration::ZERO);
            is_over || entry.then.is_unwanted() || job.refuses(entry).is_some()
        };
        if !calls.iter().any(|entry| goes(job, entry)) {
            return;
        }
        let (gone, rest): (Vec<_>, Vec<_>) =
            std::mem::take(calls).into_iter().partition(|entry| goes(job, entry));
        *calls = rest.into();
        for entry in gone {
            match job.refuses(&entry) {
                Some(error) => self.answer(job, entry, Err(error)),
                None => self.give_up(job, entry),
            }
        }
    }

    /// Starts the HTTP request with as many of the prepared calls as fit. Returns `None` if there is nothing to send.
    fn start(&mut self, job: &mut dyn Job<'cb>, authorized: Authorized) -> Option<Exchange<'cb>> {
        let Preparing { mut calls, is_group, units_taken, .. } = self.preparing.take()?;
        let auths = self.authorized(job, &mut calls, authorized);
        let exchange = match self.alone {
            true => self.open_alone(job, &mut calls, auths),
            false => self.open(job, &mut calls, auths),
        };
        self.return_units(&units_taken, exchange.as_ref());
        match is_group {
            true if !calls.is_empty() => self.waiting.group(calls),
            // They keep their order.
            _ => calls.into_iter().rev().for_each(|entry| self.waiting.push_front(entry)),
        }
        exchange
    }

    /// Delays the next request by the time that this request's calls take at the batch's rate.
    pub(super) fn keep_pace(&mut self, calls: usize) {
        if let Some(rate) = self.options.rate {
            let begin = self.paced.unwrap_or_else(Instant::now).max(Instant::now());
            // The rate may be so low that the clock cannot represent the time of the next request.
            let pause = Duration::try_from_secs_f64(calls as f64 / rate).unwrap_or(FAR);
            self.paced = Some(begin + pause.min(FAR));
        }
    }

    /// Starts an HTTP request with calls from the front of `calls`.
    fn open(
        &mut self,
        job: &mut dyn Job<'cb>,
        calls: &mut VecDeque<Entry<'cb>>,
        mut inside: Auths,
    ) -> Option<Exchange<'cb>> {
        let client = self.client.clone();
        let is_own = |entry: &Entry<'_>| entry.request.client().is_same(&client);
        if !inside.iter().any(|(other, _)| other.is_same(&client)) && calls.iter().any(is_own) {
            // The remaining calls have more time than those that gave up. Their credentials are requested again.
            return None;
        }
        // If the batch's own client has no calls and no credentials, the calls of other clients have their own, and the
        // request itself has none.
        let place = inside.iter().position(|(other, _)| other.is_same(&client));
        let auth = place.map(|place| inside.swap_remove(place).1).unwrap_or_default();
        let own_auth = (client, auth);
        // If a call of another client would inherit a header of the batch's own client, these headers are put into the
        // parts.
        let outside = inside.iter().all(|other| covers(other, &own_auth));
        if !outside {
            inside.push(own_auth.clone());
        }
        let token = format!("{:08x}", self.rng.u32(..));
        let mut refused = Vec::new();
        let limits = self.limits();
        let packed = pack(calls, &mut refused, limits, &token, &self.client, &inside, &mut self.rng);
        for (entry, error) in refused {
            self.answer(job, entry, Err(error));
        }
        let Packed { entries, shared, content_type, body } = packed?;
        let manifest = self.record_sending(job, entries)?;
        let request = self.http_request(outside.then_some(&own_auth.1), shared, &content_type, body);
        let mut auths = inside;
        if outside {
            auths.push(own_auth);
        }
        Some(Exchange::start(&self.client, self.api, manifest, token, auths, request, self.options.limits))
    }

    /// Records that calls are about to be sent. If this fails, they get the error as their reply.
    pub(super) fn record_sending(
        &mut self,
        job: &mut dyn Job<'cb>,
        mut entries: Vec<Option<Entry<'cb>>>,
    ) -> Option<Manifest<'cb>> {
        let noted = entries.iter().flatten().try_for_each(|entry| job.sending(entry));
        if let Err(error) = noted.and_then(|()| job.commit_sending()) {
            entries.into_iter().flatten().for_each(|entry| self.answer(job, entry, Err(error.clone())));
            return None;
        }
        self.keep_pace(entries.len());
        let now = Instant::now();
        for entry in entries.iter_mut().flatten() {
            entry.ledger.begin(now);
            self.counts.retries += usize::from(entry.sent > 0);
            entry.sent += 1;
            entry.then.sent();
        }
        self.counts.requests += 1;
        Some(Manifest::new(entries))
    }

    pub(super) fn limits(&self) -> Limits {
        // With a rate, a request has the calls of one second at most.
        let burst = self.options.rate.map_or(usize::MAX, |rate| (rate.ceil() as usize).max(1));
        Limits {
            calls: if self.alone { 1 } else { self.size.min(burst) },
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
            // The client's headers are in the parts of its calls, because calls of other clients must not inherit them.
            None => {
                let agent = headers.remove(USER_AGENT);
                headers.clear();
                headers.extend(agent.map(|agent| (USER_AGENT, agent)));
            }
        }
        // Headers that all calls share replace those of the batch.
        for (name, value) in self.options.headers.iter().cloned().chain(shared) {
            headers.insert(name, value);
        }
        if let Ok(value) = HeaderValue::from_str(content_type) {
            headers.insert(CONTENT_TYPE, value);
        }
        gzip::accept(&mut headers);
        let mut url = [&self.root, self.api.batch_path].concat();
        if !self.options.query.is_empty() {
            url.push('?');
            url.push_str(self.options.query.as_str());
        }
        HttpRequest { method: http::Method::POST, url, headers, body: body.into() }
    }
}
