//! The result of a batch: counts, a record for each call, and the values for tickets.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Mutex, OnceLock};

use super::reply::Id;
use crate::{Error, RawResponse, Result};

/// A claim to the value of one call, for [`Report::redeem`].
///
/// A ticket may be dropped. The report keeps the value until it is dropped itself or [`Report::take`] takes the value.
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// # async fn example(farm: Farm) -> gapis_runtime::Result<()> {
/// let mut batch = farm.batch();
/// let first = batch.add(farm.animals().get("1"))?;
/// batch.add(farm.animals().get("2").with_id("second"))?;
/// let report = batch.execute().await;
/// let first = report.redeem(first)?;
/// let second: gapis_testkit::farm::schemas::Animal = report.take("second")?;
/// # let _ = (first, second);
/// # Ok(())
/// # }
/// ```
pub struct Ticket<T> {
    batch: u64,
    index: usize,
    value: PhantomData<fn() -> T>,
}

impl<T> Ticket<T> {
    pub(super) fn new(batch: u64, index: usize) -> Self {
        Ticket { batch, index, value: PhantomData }
    }

    /// The position of the call in its batch, counted from 0.
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

/// The results of a batch. Every callback has run before there is a report.
#[must_use = "failures are counted here; `error_for_failures` makes one error of them"]
pub struct Report {
    pub(super) batch: u64,
    pub(super) requests: usize,
    pub(super) retries: usize,
    pub(super) records: Vec<Record>,
    pub(super) values: Mutex<HashMap<usize, Box<dyn Any + Send>>>,
    /// The index of the record for each of the caller's ids, built when it is first needed.
    pub(super) by_id: OnceLock<HashMap<String, usize>>,
}

/// The result of one call of a batch.
#[non_exhaustive]
pub struct Record {
    /// The call's id.
    pub id: Id,
    /// The position of the call in the batch, counted from 0.
    pub index: usize,
    /// The id of the method, such as `drive.files.get`.
    pub method: &'static str,
    /// The reason why there is no value, or `None` if the call succeeded.
    pub error: Option<Error>,
    /// The number of times the call was sent.
    pub attempts: u32,
}

impl Record {
    /// The HTTP response of a failed call, if the server sent one.
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
    /// Returns the value for a ticket.
    ///
    /// # Errors
    /// The call's own error. Also an input error if the ticket belongs to another batch or the value was already
    /// [taken](Report::take).
    pub fn redeem<T: Send + 'static>(&self, ticket: Ticket<T>) -> Result<T> {
        if ticket.batch != self.batch {
            return Err(Error::input("the ticket belongs to another batch"));
        }
        self.value(ticket.index)
    }

    /// Returns the value of the call with this id, which the caller set. The call must have been queued with
    /// [`Batch::add`](crate::Batch::add), and its ticket not redeemed. `T` is the type parameter of the ticket.
    ///
    /// # Errors
    /// The call's own error. Also an input error if there is no such call, if the value has another type, or if it was
    /// passed to a callback or taken before.
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
            Some(_) => format!("is not a `{}`", std::any::type_name::<T>()),
            None => "was passed to a callback or taken before".to_owned(),
        };
        let method = record.map_or("a call", |record| record.method);
        Err(Error::input(format!("{method}: the value of call {index} {why}")))
    }

    /// The number of calls that were queued.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.records.len()
    }

    /// The number of calls that failed.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.records.iter().filter(|record| record.error.is_some()).count()
    }

    /// The number of HTTP requests that were sent, without requests for credentials.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// How often calls were sent again, counting each call separately.
    #[must_use]
    pub fn retries(&self) -> usize {
        self.retries
    }

    /// The record of each call, in the order in which the calls were queued.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    /// The record of the call with this id, if the caller has set it for a call.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Record> {
        let by_id = self.by_id.get_or_init(|| {
            let given = |(place, record): (usize, &Record)| Some((record.id.as_given()?.to_owned(), place));
            self.records.iter().enumerate().filter_map(given).collect()
        });
        self.records.get(*by_id.get(id)?)
    }

    /// Returns `Ok` if every call succeeded.
    ///
    /// # Errors
    /// The error of the first failed call, in the order in which the calls were queued.
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
