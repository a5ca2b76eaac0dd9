//! Replies as callbacks get them, and the erasure of their types.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use crate::call::reading::{IntoCall, Panic, Parts, Reader, Reading, value};
use crate::call::request::Request;
use crate::{Api, Error, RawResponse, Response, Result};

/// The id of a call in its batch: set by the caller, or generated. Generated ids differ from all ids of callers.
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// # async fn example(farm: Farm) {
/// let mut replies = farm.run([farm.animals().get("1").with_id("first"), farm.animals().get("2")]);
/// while let Some(reply) = replies.next().await {
///     match reply.id.as_given() {
///         Some(id) => println!("the call with the id {id}"),
///         None => println!("the call at index {}", reply.index),
///     }
/// }
/// # }
/// ```
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

    /// The id that the caller set, or `None` for a generated id.
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
    /// The call's id, set by the caller or generated.
    pub id: Id,
    /// The position of the call in the batch, counted from 0. It does not change when calls are sent again.
    pub index: usize,
    /// The value, or the reason why there is none.
    pub result: Result<T>,
    /// The HTTP response of the call, if the server sent one.
    pub response: Option<RawResponse>,
    /// The call itself, if it failed, so that it can be queued again. `None` for a `batchUpdate` whose parts had
    /// callbacks, because the callbacks have run.
    pub failed: Option<FailedCall<T>>,
    /// Whether the reply is from the [journal](crate::Run::journal) of the run, so that the call was not sent by this run.
    pub from_journal: bool,
}

/// A failed call. It can be queued again without being built again: in another batch, with a dispatcher or in a run. It
/// has the same id, key and options as before.
///
/// If the [outcome](Error::is_unknown_outcome) of the first attempt is unknown, the call may have been executed.
///
/// A run with a journal sends it again, though the journal has its error, and records the new reply.
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
        request.options_mut().resends = true;
        FailedCall(Box::new(Failed { request, reader }))
    }

    /// The id of the method, such as `drive.files.get`.
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
    /// Passes the value to the first function or the error to the second. Other client libraries take such a pair of
    /// callbacks.
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

/// A reply of any type, as the closure of [`Batch::on_reply`](super::Batch::on_reply) gets it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome<'a> {
    /// The call's id.
    pub id: &'a Id,
    /// The position of the call in the batch, counted from 0.
    pub index: usize,
    /// The id of the method, such as `drive.files.get`.
    pub method: &'static str,
    /// The reason why there is no value. It is also set if the body could not be decoded.
    pub error: Option<&'a Error>,
    /// The HTTP response of the call, if the server sent one.
    pub response: Option<&'a RawResponse>,
    pub(super) request: &'a Request,
}

impl Outcome<'_> {
    /// Decodes the value as a `T`: the method's output type, or another type for its JSON.
    ///
    /// # Errors
    /// The call's own error, or an error if the body cannot be decoded as a `T`.
    pub fn decode<T: Response>(&self) -> Result<T> {
        match (self.error, self.response) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(response)) => value(self.request.api(), self.request.spec(), response),
            (None, None) => Err(Error::protocol("the reply has no response")),
        }
    }
}

pub(super) type Listener<'cb> = Box<dyn FnMut(&Outcome<'_>) + Send + 'cb>;

/// A reply whose type is erased.
pub(super) struct Arrived<'a> {
    pub(super) id: Id,
    pub(super) index: usize,
    pub(super) request: &'a Request,
    pub(super) result: Result<RawResponse>,
    /// Set by the callback, before the caller's code runs, if the body cannot be decoded.
    pub(super) undecodable: &'a mut Option<Error>,
}

type Callback<'cb> = Box<dyn FnOnce(Arrived<'_>) + Send + 'cb>;

/// Decodes a value so that the report can keep it. Also returns a panic of the caller's code that decoded.
type Keep<'cb> = Box<dyn FnOnce(&Request, Result<RawResponse>) -> Reading<Box<dyn Any + Send>> + Send + 'cb>;

/// What happens with the reply to a call.
pub(super) enum Then<'cb> {
    /// The callback runs.
    Callback(Callback<'cb>),
    /// The report keeps the value for the holder of the ticket.
    Ticket(Keep<'cb>),
    /// The task that called [`Batcher::send`](super::Batcher::send) gets the response, which is not decoded here.
    Waiter(Waiter),
}

/// The sender of the reply to a call of a dispatcher. If it is dropped after the call was sent, because the driver was
/// dropped, the reply is that the outcome is unknown.
pub(super) struct Waiter {
    answer: Option<oneshot::Sender<Result<RawResponse>>>,
    is_sent: bool,
}

impl Waiter {
    pub(super) fn new(answer: oneshot::Sender<Result<RawResponse>>) -> Self {
        Waiter { answer: Some(answer), is_sent: false }
    }

    /// Whether the task that sent the call no longer waits.
    fn is_gone(&self) -> bool {
        self.answer.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    pub(super) fn answer(mut self, result: Result<RawResponse>) {
        if let Some(answer) = self.answer.take() {
            // The send fails if the task no longer waits. That is no error.
            drop(answer.send(result));
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let Some(answer) = self.answer.take().filter(|_| self.is_sent) else { return };
        let message = "the driver of the batcher ended before the reply to the call arrived";
        drop(answer.send(Err(Error::unknown_outcome(message, None))));
    }
}

impl<'cb> Then<'cb> {
    /// Whether no task waits for the reply any more, so that the call need not be sent.
    pub(super) fn is_unwanted(&self) -> bool {
        matches!(self, Then::Waiter(waiter) if waiter.is_gone())
    }

    /// Records that the call is being sent.
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
                // The first panic is the one that continues, when all callbacks have run.
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
            // After a panic, the closure still gets the replies that follow, as separate closures would.
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

/// Decodes the reply. If that fails, records it before the caller's code gets the reply.
fn typed<T>(reader: Reader<'_, T>, arrived: Arrived<'_>) -> (Reply<T>, Option<Panic>) {
    let Arrived { id, index, request, result, undecodable } = arrived;
    let came = result.is_ok();
    let again = reader.again();
    let reading = reader.read(request.facts(), result);
    *undecodable = reading.result.as_ref().err().filter(|_| came).cloned();
    let again = again.filter(|_| reading.result.is_err());
    let failed = again.map(|reader| FailedCall::new(&id, request, reader));
    let Reading { result, response, panic } = reading;
    (Reply { id, index, result, response, failed, from_journal: false }, panic)
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
