//! The job of a batch: its calls in the order in which they were queued, with barriers and a record for each call.

use std::any::Any;
use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, OnceLock};
use std::task::{Context, Poll};

use super::engine::{Counts, Engine};
use super::job::Job;
use super::queue::{Entry, RawBatch};
use super::reply::{Arrived, Id, Listener, Outcome, Then};
use super::report::{Record, Report};
use crate::call::reading::Panic;
use crate::call::request::Request;
use crate::send::trace::Span;
use crate::{Error, RawResponse, Result};

/// A batch whose calls are being sent.
struct Queued<'cb> {
    calls: std::vec::IntoIter<Entry<'cb>>,
    /// For each barrier, the number of calls before it, and whether a failure before it cancels the calls after it.
    barriers: std::iter::Peekable<std::vec::IntoIter<(usize, bool)>>,
    /// The first error of the batch's options.
    error: Option<Error>,
    /// Whether calls up to the next barrier are cancelled, because a call before the last barrier failed.
    cancelled: bool,
    taken: usize,
    answered: usize,
    failures: usize,
    listeners: Vec<Listener<'cb>>,
    records: Vec<Option<Record>>,
    values: HashMap<usize, Box<dyn Any + Send>>,
    /// The first panic of a callback.
    panic: Option<Panic>,
}

/// The outcome of passing a reply on.
#[derive(Default)]
struct Delivered {
    /// The error of decoding, if the response was successful and could not be decoded.
    undecodable: Option<Error>,
    panic: Option<Panic>,
}

impl RawBatch<'_> {
    /// Sends everything and gives every call a reply.
    pub(crate) async fn run(self) -> Report {
        let span = Span::batch(self.api, self.calls.len());
        span.around(self.send_all()).await
    }

    async fn send_all(mut self) -> Report {
        let serial = self.serial;
        let mut job = Queued::new(&mut self);
        let mut engine = Engine::new(self.client, self.api, self.root, self.options);
        poll_fn(|cx| engine.poll(cx, &mut job)).await;
        job.finish(serial, engine.counts)
    }

    /// Fails every call with this error, without sending any.
    #[cfg(feature = "blocking")]
    pub(crate) fn fail(mut self, error: &Error) -> Report {
        let mut job = Queued::new(&mut self);
        job.answer_rest(error);
        job.finish(self.serial, Counts::default())
    }
}

impl<'cb> Queued<'cb> {
    fn new(batch: &mut RawBatch<'cb>) -> Self {
        let calls = std::mem::take(&mut batch.calls);
        Queued {
            error: batch.options.error.clone(),
            cancelled: false,
            taken: 0,
            answered: 0,
            failures: 0,
            listeners: std::mem::take(&mut batch.listeners),
            records: std::iter::repeat_with(|| None).take(calls.len()).collect(),
            calls: calls.into_iter(),
            barriers: std::mem::take(&mut batch.barriers).into_iter().peekable(),
            values: HashMap::new(),
            panic: None,
        }
    }

    fn finish(mut self, serial: u64, counts: Counts) -> Report {
        // If the deadline has passed, the remaining calls have not been taken.
        if self.calls.len() > 0 {
            self.answer_rest(&Error::cancelled("the call was not sent before the job's deadline"));
        }
        if let Some(panic) = self.panic.take() {
            resume_unwind(panic);
        }
        let mut records = Vec::with_capacity(self.records.len());
        records.extend(self.records.into_iter().flatten());
        Report {
            batch: serial,
            requests: counts.requests,
            retries: counts.retries,
            records,
            values: Mutex::new(self.values),
            by_id: OnceLock::new(),
        }
    }

    fn answer_rest(&mut self, error: &Error) {
        while let Some(entry) = self.calls.next() {
            self.taken += 1;
            self.answer(entry, Err(error.clone()));
        }
    }

    /// Passes the reply to the callback, the ticket or the task that waits for it.
    fn deliver(
        &mut self,
        then: Then<'cb>,
        id: &Id,
        index: usize,
        request: &Request,
        result: Result<RawResponse>,
    ) -> Delivered {
        let mut delivered = Delivered::default();
        match (then, result) {
            (Then::Callback(callback), result) => {
                let undecodable = &mut delivered.undecodable;
                let arrived = Arrived { id: id.clone(), index, request, result, undecodable };
                delivered.panic = catch_unwind(AssertUnwindSafe(|| callback(arrived))).err();
            }
            (Then::Waiter(waiter), result) => waiter.answer(result),
            (Then::Ticket(keep), result) => {
                let came = result.is_ok();
                let kept = catch_unwind(AssertUnwindSafe(|| keep(request, result)));
                let (value, panic) = match kept {
                    Ok(reading) => (reading.result, reading.panic),
                    Err(panic) => (Err(Error::cancelled("reading the reply panicked")), Some(panic)),
                };
                match value {
                    Ok(value) => drop(self.values.insert(index, value)),
                    Err(error) => delivered.undecodable = Some(error).filter(|_| came),
                }
                delivered.panic = panic;
            }
        }
        delivered
    }
}

impl<'cb> Job<'cb> for Queued<'cb> {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Entry<'cb>>> {
        if let Some(error) = self.error.take() {
            self.answer_rest(&error);
        }
        loop {
            while let Some((before, needs_success)) = self.barriers.peek().copied()
                && self.taken >= before
            {
                if self.answered < self.taken {
                    return Poll::Pending;
                }
                self.cancelled = needs_success && self.failures > 0;
                self.barriers.next();
            }
            let entry = self.calls.next();
            self.taken += usize::from(entry.is_some());
            match entry {
                Some(entry) if self.cancelled => {
                    let message = "the call was not sent, because a call before the barrier failed";
                    self.answer(entry, Err(Error::cancelled(message)));
                }
                entry => return Poll::Ready(entry),
            }
        }
    }

    /// Runs the call's own callback first, then those of the batch.
    fn answer(&mut self, entry: Entry<'cb>, result: Result<RawResponse>) {
        let Entry { id, index, request, then, sent, ledger, .. } = entry;
        self.answered += 1;
        let result = result.map_err(|error| ledger.conclude(error, request.reads()));
        let mut error = result.as_ref().err().cloned();
        let response = match &result {
            Ok(response) if !self.listeners.is_empty() => Some(response.clone()),
            _ => error.as_ref().and_then(Error::response).cloned(),
        };
        let delivered = self.deliver(then, &id, index, &request, result);
        self.panic = self.panic.take().or(delivered.panic);
        error = error.or(delivered.undecodable);
        let method = request.id();
        for listener in &mut self.listeners {
            let outcome = Outcome {
                id: &id,
                index,
                method,
                error: error.as_ref(),
                response: response.as_ref(),
                request: &request,
            };
            let panic = catch_unwind(AssertUnwindSafe(|| listener(&outcome))).err();
            self.panic = self.panic.take().or(panic);
        }
        self.failures += usize::from(error.is_some());
        if let Some(record) = self.records.get_mut(index) {
            *record = Some(Record { id, index, method, error, attempts: sent });
        }
    }

    fn panicked(&mut self, panic: Panic) {
        self.panic.get_or_insert(panic);
    }
}
