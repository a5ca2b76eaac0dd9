//! Requests that leave: which calls go next, and what their HTTP request is.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};

use super::super::exchange::{Exchange, Manifest};
use super::super::job::Job;
use super::super::plan::{Auths, Limits, Packed, covers, pack};
use super::super::queue::{Entry, LaneId};
use super::credentials::Authorized;
use super::{Boarding, Engine, FAR};
use crate::send::bucket::Admission;
use crate::send::credentials::AuthHeaders;
use crate::send::governor::lock;
use crate::send::gzip;
use crate::send::rt::Instant;
use crate::send::transport::HttpRequest;

impl<'cb> Engine<'cb> {
    /// Sends what may be sent now.
    pub(super) fn depart(&mut self, cx: &mut Context<'_>, job: &mut dyn Job<'cb>) -> bool {
        let mut progressed = false;
        loop {
            if self.boarding.is_none() {
                if self.flying.len() >= self.options.concurrency || !self.board(cx, job) {
                    return progressed;
                }
                progressed = true;
            }
            let Some(boarding) = &mut self.boarding else { continue };
            let Poll::Ready(authorized) = boarding.authorizing.poll(cx) else { return progressed };
            progressed = true;
            if let Some(exchange) = self.launch(job, authorized) {
                self.flying.push(Box::new(exchange));
            }
        }
    }

    /// Takes the calls of the next request out of those that wait. Whether anything changed.
    fn board(&mut self, cx: &Context<'_>, job: &mut dyn Job<'cb>) -> bool {
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
            && let Some(until) = self.lingers(job, now)
        {
            self.soon(Some(until));
            return false;
        }
        if let Some(at) = self.paced.filter(|at| *at > now) {
            self.soon(Some(at));
            return false;
        }
        let admission = lock(&self.project).admit(self.number, now, cx.waker());
        let (most, units) = match admission {
            Admission::Open(units) => (size, units),
            Admission::Probe => (1, f64::INFINITY),
            Admission::Later(at) => {
                self.blocked = Some(at);
                self.soon(Some(at));
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
        let mut booked: Vec<(LaneId, f64)> = Vec::new();
        for entry in &calls {
            match booked.iter_mut().rfind(|(lane, _)| *lane == entry.lane) {
                Some((_, units)) => *units += entry.cost(),
                None => booked.push((entry.lane, entry.cost())),
            }
        }
        lock(&self.project).sent(booked.iter().map(|(_, units)| units).sum(), now);
        if is_group {
            // The others were booked when they were taken out of their lanes.
            booked.iter().for_each(|(lane, units)| self.waiting.book(*lane, *units, now));
        }
        self.drop_overdue(job, &mut calls);
        let authorizing = self.authorize(&calls);
        self.boarding = Some(Boarding { calls, is_group, booked, authorizing });
        true
    }

    /// Gives back the units of calls that were taken and did not leave with that request. If one was a probe, another one
    /// may go.
    pub(super) fn give_back(&mut self, booked: &[(LaneId, f64)], left: Option<&Exchange<'cb>>) {
        for (lane, units) in booked {
            let left = left.map_or(0.0, |exchange| exchange.booked(*lane));
            if left < *units || left == 0.0 {
                lock(&self.project).unsent(units - left);
                if let Some(mut bucket) = self.waiting.bucket(*lane) {
                    bucket.unsent(units - left);
                }
            }
        }
    }

    /// Answers those of which the time for another attempt is over, and those that nobody waits for any more.
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

    /// Begins the HTTP request of the calls that were taken, as far as it has room. Nothing if there was nothing to send
    /// after all.
    fn launch(&mut self, job: &mut dyn Job<'cb>, authorized: Authorized) -> Option<Exchange<'cb>> {
        let Boarding { mut calls, is_group, booked, .. } = self.boarding.take()?;
        let auths = self.authorized(job, &mut calls, authorized);
        let exchange = match self.alone {
            true => self.open_alone(job, &mut calls, auths),
            false => self.open(job, &mut calls, auths),
        };
        self.give_back(&booked, exchange.as_ref());
        match is_group {
            true if !calls.is_empty() => self.waiting.group(calls),
            // The first of them stands first again.
            _ => calls.into_iter().rev().for_each(|entry| self.waiting.back(entry)),
        }
        exchange
    }

    /// A request with so many calls begins: the next one waits as long as the batch's rate asks for.
    pub(super) fn keep_pace(&mut self, calls: usize) {
        if let Some(rate) = self.options.rate {
            let begin = self.paced.unwrap_or_else(Instant::now).max(Instant::now());
            // A rate may be so low that the next request is beyond what a clock can say.
            let pause = Duration::try_from_secs_f64(calls as f64 / rate).unwrap_or(FAR);
            self.paced = Some(begin + pause.min(FAR));
        }
    }

    /// Begins one HTTP request with calls from the front of `calls`.
    fn open(
        &mut self,
        job: &mut dyn Job<'cb>,
        calls: &mut VecDeque<Entry<'cb>>,
        mut inside: Auths,
    ) -> Option<Exchange<'cb>> {
        let client = self.client.clone();
        let is_own = |entry: &Entry<'_>| entry.request.client().is_same(&client);
        if !inside.iter().any(|(other, _)| other.is_same(&client)) && calls.iter().any(is_own) {
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
        let limits = self.limits();
        let packed = pack(calls, &mut refused, limits, &token, &self.client, &inside, &mut self.rng);
        for (entry, error) in refused {
            self.answer(job, entry, Err(error));
        }
        let Packed { entries, shared, content_type, body } = packed?;
        let manifest = self.sign(job, entries)?;
        let request = self.http_request(outside.then_some(&own.1), shared, &content_type, body);
        let mut auths = inside;
        if outside {
            auths.push(own);
        }
        Some(Exchange::start(&self.client, self.api, manifest, token, auths, request, self.options.limits))
    }

    /// Notes that calls are about to be sent. Where that cannot be noted, they are answered with the reason.
    pub(super) fn sign(
        &mut self,
        job: &mut dyn Job<'cb>,
        mut entries: Vec<Option<Entry<'cb>>>,
    ) -> Option<Manifest<'cb>> {
        let noted = entries.iter().flatten().try_for_each(|entry| job.sending(entry));
        if let Err(error) = noted.and_then(|()| job.departing()) {
            entries.into_iter().flatten().for_each(|entry| self.answer(job, entry, Err(error.clone())));
            return None;
        }
        self.keep_pace(entries.len());
        for entry in entries.iter_mut().flatten() {
            entry.ledger.begin();
            self.counts.retries += usize::from(entry.sent > 0);
            entry.sent += 1;
            entry.then.sent();
        }
        self.counts.requests += 1;
        Some(Manifest::new(entries))
    }

    pub(super) fn limits(&self) -> Limits {
        // With a rate, no more than a second's worth goes out at once.
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
}
