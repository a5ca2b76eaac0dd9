//! Telling calls their fate: the one place where a call gets its answer.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::super::queue::Entry;
use super::super::reply::{Arrived, Id, Outcome, Then};
use super::super::report::Record;
use super::Engine;
use crate::call::request::Request;
use crate::{Error, RawResponse, Result};

/// What came of giving a call its answer.
#[derive(Default)]
struct Delivered {
    /// A body of a successful answer that did not decode.
    undecodable: Option<Error>,
    panic: Option<Box<dyn Any + Send>>,
}

impl<'cb> Engine<'cb> {
    pub(super) fn answer_all(&mut self, calls: VecDeque<Entry<'cb>>, error: &Error) {
        calls.into_iter().for_each(|entry| self.answer(entry, Err(error.clone())));
    }

    /// Answers a call that was waiting for another attempt with what the last one gave.
    pub(super) fn give_up(&mut self, mut entry: Entry<'cb>) {
        let error = entry.ledger.last.take().unwrap_or_else(|| Error::cancelled("the call was not sent"));
        self.answer(entry, Err(error));
    }

    /// The one place where a call gets its answer: its own callback first, then those of the batch.
    pub(super) fn answer(&mut self, entry: Entry<'cb>, result: Result<RawResponse>) {
        let Entry { id, index, request, then, sent, ledger, .. } = entry;
        let result = result.map_err(|error| ledger.conclude(error, request.reads()));
        let mut error = result.as_ref().err().cloned();
        let response = match &result {
            Ok(response) if !self.listeners.is_empty() => Some(response.clone()),
            _ => error.as_ref().and_then(Error::response).cloned(),
        };
        let delivered = self.deliver(then, &id, index, &request, result);
        self.note_panic(delivered.panic);
        error = error.or(delivered.undecodable);
        let method = request.id();
        let mut listeners = std::mem::take(&mut self.listeners);
        for listener in &mut listeners {
            let outcome = Outcome {
                id: &id,
                index,
                method,
                error: error.as_ref(),
                response: response.as_ref(),
                request: &request,
            };
            let panic = catch_unwind(AssertUnwindSafe(|| listener(&outcome))).err();
            self.note_panic(panic);
        }
        self.listeners = listeners;
        self.failures += usize::from(error.is_some());
        if let Some(record) = self.records.get_mut(index) {
            *record = Some(Record { id, index, method, error, attempts: sent });
        }
    }

    /// Gives the answer to whoever waits for it.
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
            (Then::Forward(forward), result) => {
                delivered.panic = catch_unwind(AssertUnwindSafe(|| forward(result))).err();
            }
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

    pub(super) fn note_panic(&mut self, panic: Option<Box<dyn Any + Send>>) {
        if self.panic.is_none() {
            self.panic = panic;
        }
    }
}
