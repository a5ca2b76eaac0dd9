//! What callbacks are given, and how a typed callback is erased.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use crate::call::reading::{IntoCall, Panic, Parts, Reader, Reading, value};
use crate::call::request::Request;
use crate::{Api, Error, RawResponse, Response, Result};

/// The id of a call in its batch: the caller's, or one that was made and equals none of the caller's.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(Inner);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Inner {
    Given(String),
    Made(usize),
}

impl Id {
    pub(super) fn given(id: String) -> Self {
        Id(Inner::Given(id))
    }

    pub(super) fn made(index: usize) -> Self {
        Id(Inner::Made(index))
    }

    /// The caller's text, `None` for an id that was made.
    #[must_use]
    pub fn as_given(&self) -> Option<&str> {
        match &self.0 {
            Inner::Given(id) => Some(id),
            Inner::Made(_) => None,
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Given(id) => f.write_str(id),
            Inner::Made(index) => write!(f, "call-{index}"),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Given(id) => fmt::Debug::fmt(id, f),
            Inner::Made(index) => write!(f, "call-{index}"),
        }
    }
}

impl PartialEq<str> for Id {
    fn eq(&self, other: &str) -> bool {
        self.as_given() == Some(other)
    }
}

impl PartialEq<&str> for Id {
    fn eq(&self, other: &&str) -> bool {
        self.as_given() == Some(*other)
    }
}

/// The reply to one call of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The call's id: the caller's, or one that was made.
    pub id: Id,
    /// The call's place in the batch, counted from 0, whatever was split or sent again.
    pub index: usize,
    /// Its value, or why there is none.
    pub result: Result<T>,
    /// The HTTP response that the result was made of, where one came.
    pub response: Option<RawResponse>,
    /// The call itself if it failed, to be queued again. `None` for a `batchUpdate` whose parts had callbacks, because
    /// these have run.
    pub failed: Option<FailedCall<T>>,
}

/// A call that failed. It is queued again like any call, without being built again: on another batch, by a dispatcher or
/// in a run. It has its id, its key and its options.
///
/// If the [outcome](Error::is_unknown_outcome) of the first attempt is unknown, the call may have been executed.
///
/// In a run with a journal, a call that failed for good keeps its error: there, it is not sent again under its id.
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// # use gapis_runtime::Result;
/// # async fn example(farm: &Farm) -> Result<()> {
/// let mut failed = Vec::new();
/// let mut batch = farm.batch();
/// batch.queue_all(["1", "2", "3"].map(|id| farm.animals().get(id)), |reply| failed.extend(reply.failed))?;
/// batch.execute().await;
///
/// let mut batch = farm.batch();
/// batch.queue_all(failed, |reply| println!("{}: {:?}", reply.id, reply.result))?;
/// batch.execute().await;
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing until it is queued"]
pub struct FailedCall<T>(Box<Failed<T>>);

struct Failed<T> {
    request: Request,
    reader: Reader<'static, T>,
}

impl<T> FailedCall<T> {
    fn new(id: &Id, request: &Request, reader: Reader<'static, T>) -> Self {
        let mut request = request.clone();
        request.options_mut().id = id.as_given().map(str::to_owned);
        FailedCall(Box::new(Failed { request, reader }))
    }

    /// The method's id: `drive.files.get`.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.0.request.id()
    }
}

impl<'cb, A: Api, T: Send + 'static> IntoCall<'cb, A> for FailedCall<T> {
    type Value = T;

    fn into_parts(self) -> Parts<'cb, T> {
        let Failed { mut request, reader } = *self.0;
        request.require_api(A::SPEC);
        Parts { request, reader }
    }
}

impl<T> fmt::Debug for FailedCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FailedCall").field(&self.method()).finish()
    }
}

impl<T> Reply<T> {
    /// Gives the value to one function or the error to the other: the success and failure pair of other clients.
    ///
    /// ```no_run
    /// # fn show(reply: gapis_runtime::Reply<()>) {
    /// reply.split(|id, value| println!("{id}: {value:?}"), |id, error| eprintln!("{id}: {error}"));
    /// # }
    /// ```
    pub fn split<R>(self, on_success: impl FnOnce(Id, T) -> R, on_failure: impl FnOnce(Id, Error) -> R) -> R {
        match self.result {
            Ok(value) => on_success(self.id, value),
            Err(error) => on_failure(self.id, error),
        }
    }
}

/// What [`Batch::on_reply`](super::Batch::on_reply) sees of any reply.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome<'a> {
    /// The call's id.
    pub id: &'a Id,
    /// The call's place in the batch.
    pub index: usize,
    /// The method's id: `drive.files.get`.
    pub method: &'static str,
    /// Why there is no value, if there is none. A body that did not decode is an error here too.
    pub error: Option<&'a Error>,
    /// The HTTP response, where one came.
    pub response: Option<&'a RawResponse>,
    pub(super) request: &'a Request,
}

impl Outcome<'_> {
    /// The value as a `T`, which must be the method's output or something its JSON decodes to.
    ///
    /// # Errors
    /// The call's own error, or that the body is not a `T`.
    pub fn decode<T: Response>(&self) -> Result<T> {
        match (self.error, self.response) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(response)) => value(self.request.api(), self.request.spec(), response),
            (None, None) => Err(Error::protocol("the reply has no response")),
        }
    }
}

pub(super) type Listener<'cb> = Box<dyn FnMut(&Outcome<'_>) + Send + 'cb>;

/// A reply whose type was erased.
pub(super) struct Arrived<'a> {
    pub(super) id: Id,
    pub(super) index: usize,
    pub(super) request: &'a Request,
    pub(super) result: Result<RawResponse>,
    /// Where a callback says, before the user's code runs, that the body did not decode.
    pub(super) undecodable: &'a mut Option<Error>,
}

type Callback<'cb> = Box<dyn FnOnce(Arrived<'_>) + Send + 'cb>;

/// Gives a value to be kept, and the panic of whoever was given a part of it.
type Keep<'cb> = Box<dyn FnOnce(&Request, Result<RawResponse>) -> Reading<Box<dyn Any + Send>> + Send + 'cb>;

/// What is to be done with a call's reply.
pub(super) enum Then<'cb> {
    /// Run this.
    Callback(Callback<'cb>),
    /// Keep the value for the ticket's holder.
    Ticket(Keep<'cb>),
    /// Pass it on undecoded.
    Waiter(Waiter),
}

/// Whoever waits for the answer to a call of a dispatcher. If its driver is dropped when the call was sent, nobody knows
/// whether it was executed, and that is the answer.
pub(super) struct Waiter {
    answer: Option<oneshot::Sender<Result<RawResponse>>>,
    is_sent: bool,
}

impl Waiter {
    pub(super) fn new(answer: oneshot::Sender<Result<RawResponse>>) -> Self {
        Waiter { answer: Some(answer), is_sent: false }
    }

    /// Whether nobody waits any more.
    fn is_gone(&self) -> bool {
        self.answer.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    pub(super) fn answer(mut self, result: Result<RawResponse>) {
        if let Some(answer) = self.answer.take() {
            // Who has gone needs no answer.
            drop(answer.send(result));
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let Some(answer) = self.answer.take().filter(|_| self.is_sent) else { return };
        let message = "the driver of the batcher ended before the answer to the call came";
        drop(answer.send(Err(Error::unknown_outcome(message, None))));
    }
}

impl<'cb> Then<'cb> {
    /// Whether nobody wants the reply, so that the call need not be sent.
    pub(super) fn is_unwanted(&self) -> bool {
        matches!(self, Then::Waiter(waiter) if waiter.is_gone())
    }

    /// The call leaves.
    pub(super) fn sent(&mut self) {
        if let Then::Waiter(waiter) = self {
            waiter.is_sent = true;
        }
    }

    pub(super) fn callback<T: 'static>(
        reader: Reader<'cb, T>,
        callback: impl FnOnce(Reply<T>) + Send + 'cb,
    ) -> Self {
        Then::Callback(Box::new(move |arrived| {
            let (reply, panic) = typed(reader, arrived);
            match panic {
                None => callback(reply),
                // The first panic is the one that goes on, when everyone has been told.
                Some(panic) => {
                    drop(catch_unwind(AssertUnwindSafe(|| callback(reply))));
                    resume_unwind(panic);
                }
            }
        }))
    }

    pub(super) fn shared<T: 'static>(
        reader: Reader<'cb, T>,
        callback: Arc<Mutex<impl FnMut(Reply<T>) + Send + 'cb>>,
    ) -> Self {
        Then::callback(reader, move |reply| {
            // After a panic the closure still gets the replies that follow, as separate closures would.
            let mut callback = callback.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            callback(reply);
        })
    }

    pub(super) fn ticket<T: Send + 'static>(reader: Reader<'cb, T>) -> Self {
        Then::Ticket(Box::new(move |request, answer| {
            let Reading { result, response, panic } = reader.read(request.facts(), answer);
            Reading { result: result.map(|value| Box::new(value) as Box<dyn Any + Send>), response, panic }
        }))
    }
}

/// Decodes, and tells the engine when that failed, before the user's code sees the reply.
fn typed<T>(reader: Reader<'_, T>, arrived: Arrived<'_>) -> (Reply<T>, Option<Panic>) {
    let Arrived { id, index, request, result, undecodable } = arrived;
    let came = result.is_ok();
    let again = reader.again();
    let Reading { result, response, panic } = reader.read(request.facts(), result);
    *undecodable = result.as_ref().err().filter(|_| came).cloned();
    let again = again.filter(|_| result.is_err());
    let failed = again.map(|reader| FailedCall::new(&id, request, reader));
    (Reply { id, index, result, response, failed }, panic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_ids_equal_none_of_the_caller_s() {
        let made = Id::made(3);
        assert_eq!(made.to_string(), "call-3");
        assert_ne!(made, Id::given("call-3".to_owned()));
        assert!(made != "call-3" && Id::given("x".to_owned()) == "x");
    }
}
