//! What is left when a batch is done: counts, a record for each call, and the values that tickets stand for.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Mutex, OnceLock};

use super::reply::Id;
use crate::{Error, RawResponse, Result};

/// Stands for the value of one call until [`Report::redeem`].
///
/// One that is dropped costs nothing but the value, which the report then keeps to its end, or until
/// [`Report::take`] is asked for it.
pub struct Ticket<T> {
    batch: u64,
    index: usize,
    value: PhantomData<fn() -> T>,
}

impl<T> Ticket<T> {
    pub(super) fn new(batch: u64, index: usize) -> Self {
        Ticket { batch, index, value: PhantomData }
    }

    /// The call's place in its batch.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }
}

impl<T> fmt::Debug for Ticket<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("index", &self.index).finish_non_exhaustive()
    }
}

/// How the calls of a batch went. By the time there is a report, every callback has run.
#[must_use = "failures are counted here; `error_for_failures` makes one error of them"]
pub struct Report {
    pub(super) batch: u64,
    pub(super) requests: usize,
    pub(super) retries: usize,
    pub(super) records: Vec<Record>,
    pub(super) values: Mutex<HashMap<usize, Box<dyn Any + Send>>>,
    /// Places of the records, made when somebody first asks by id.
    pub(super) by_id: OnceLock<HashMap<String, usize>>,
}

/// How one call of a batch went.
#[non_exhaustive]
pub struct Record {
    /// The call's id.
    pub id: Id,
    /// The call's place in the batch.
    pub index: usize,
    /// The method's id: `drive.files.get`.
    pub method: &'static str,
    /// Why there is no value, if there is none.
    pub error: Option<Error>,
    /// How often the call was sent.
    pub attempts: u32,
}

impl Record {
    /// The HTTP response of a call that failed, where one came.
    #[must_use]
    pub fn response(&self) -> Option<&RawResponse> {
        self.error.as_ref().and_then(Error::response)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Record");
        debug.field("id", &self.id).field("index", &self.index).field("method", &self.method);
        debug.field("attempts", &self.attempts).field("error", &self.error).finish_non_exhaustive()
    }
}

impl Report {
    /// The value that a ticket stands for.
    ///
    /// # Errors
    /// The call's own error, or an input error for a ticket of another batch and for a value that was
    /// [taken](Report::take).
    pub fn redeem<T: Send + 'static>(&self, ticket: Ticket<T>) -> Result<T> {
        if ticket.batch != self.batch {
            return Err(Error::input("the ticket is of another batch"));
        }
        self.value(ticket.index)
    }

    /// The value of the call with that id of the caller's, which was [added](crate::Batch::add) and whose ticket was
    /// not redeemed. `T` is the type that the ticket has.
    ///
    /// # Errors
    /// The call's own error, or an input error if there is no such call, its value is of another type, or was given
    /// to a callback or taken before.
    pub fn take<T: Send + 'static>(&self, id: &str) -> Result<T> {
        match self.get(id) {
            Some(record) => self.value(record.index),
            None => Err(Error::input(format!("the batch had no call with the id {id:?}"))),
        }
    }

    fn value<T: Send + 'static>(&self, index: usize) -> Result<T> {
        let record = self.records.get(index);
        if let Some(error) = record.and_then(|record| record.error.clone()) {
            return Err(error);
        }
        let mut values = self.values.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if values.get(&index).is_some_and(|value| value.is::<T>()) {
            let value = values.remove(&index).and_then(|value| value.downcast().ok());
            return value.map(|value| *value).ok_or_else(|| Error::input("the value is gone"));
        }
        let why = match values.get(&index) {
            Some(_) => format!("is no `{}`", std::any::type_name::<T>()),
            None => "went to a callback, or was taken before".to_owned(),
        };
        let method = record.map_or("a call", |record| record.method);
        Err(Error::input(format!("{method}: the value of call {index} {why}")))
    }

    /// How many calls were queued.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.records.len()
    }

    /// How many of them have no value.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.records.iter().filter(|record| record.error.is_some()).count()
    }

    /// How many HTTP requests were made to the batch endpoint.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// How many times a call was sent again.
    #[must_use]
    pub fn retries(&self) -> usize {
        self.retries
    }

    /// How each call went, in the order in which they were queued.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    /// How the call with that id of the caller's went.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Record> {
        let by_id = self.by_id.get_or_init(|| {
            let given = |(place, record): (usize, &Record)| Some((record.id.as_given()?.to_owned(), place));
            self.records.iter().enumerate().filter_map(given).collect()
        });
        self.records.get(*by_id.get(id)?)
    }

    /// `Ok` if every call has a value, else the first failure.
    ///
    /// # Errors
    /// The error of the first call, in the order of the queue, that has no value.
    pub fn error_for_failures(&self) -> Result<()> {
        self.records.iter().find_map(|record| record.error.clone()).map_or(Ok(()), Err)
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("calls", &self.calls())
            .field("failures", &self.failures())
            .field("requests", &self.requests)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
