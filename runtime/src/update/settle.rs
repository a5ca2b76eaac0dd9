//! Passes the response of an update on: each request gets its reply, or an error, exactly once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::method::{SubRequest, UpdateMethod};
use super::reply::SubReply;
use crate::call::reading::Panic;
use crate::wire::error::Detail;
use crate::{Error, RawResponse, Result};

type Deliver<'cb, M> = Box<dyn FnOnce(usize, Result<&<M as UpdateMethod>::Reply>) + Send + 'cb>;

/// What receives a reply.
pub(super) struct Callback<'cb, M: UpdateMethod> {
    deliver: Option<Deliver<'cb, M>>,
    /// Whether it needs a value, which only a reply has.
    expects: bool,
}

impl<'cb, M: UpdateMethod> Callback<'cb, M> {
    pub(super) fn none() -> Self {
        Callback { deliver: None, expects: false }
    }

    pub(super) fn new<R: SubRequest<M>>(callback: impl FnOnce(Result<R::Reply>) + Send + 'cb) -> Self {
        let deliver = move |index: usize, reply: Result<&M::Reply>| {
            callback(reply.and_then(|reply| {
                R::Reply::find(reply, R::MEMBER.0).ok_or_else(|| {
                    let path = format!("{}[{index}]", M::UPDATE.replies);
                    let message = format!("the update was applied, but the reply has no `{}`", R::MEMBER.0);
                    Error::decode(path, message, &crate::value::to_vec(reply).unwrap_or_default())
                })
            }));
        };
        Callback { deliver: Some(Box::new(deliver)), expects: R::Reply::SAYS }
    }
}

/// The callbacks of an update, in the order of its requests.
pub(super) struct Settle<'cb, M: UpdateMethod>(Vec<Callback<'cb, M>>);

impl<'cb, M: UpdateMethod> Settle<'cb, M> {
    pub(super) fn new(callbacks: Vec<Callback<'cb, M>>) -> Self {
        Settle(callbacks)
    }

    /// Runs every callback, even if one panics.
    pub(super) fn settle(
        self,
        result: Result<M::Output>,
        response: Option<&RawResponse>,
    ) -> (Result<M::Output>, Option<Panic>) {
        match result.and_then(|output| self.pair(output, response)) {
            Ok(mut output) => {
                let replies = M::replies(&mut output).as_deref().unwrap_or_default();
                let none = M::Reply::default();
                let panic = self.tell(|index| Ok(replies.get(index).unwrap_or(&none)));
                (Ok(output), panic)
            }
            Err(error) => {
                let (error, panic) = self.failed(error);
                (Err(error), panic)
            }
        }
    }

    fn failed(self, error: Error) -> (Error, Option<Panic>) {
        let refused = refused::<M>(&error).filter(|index| *index < self.0.len());
        let panic = self.tell(|index| match refused {
            Some(refused) if refused != index => Err(not_applied::<M>(refused, &error)),
            _ => Err(error.clone()),
        });
        (error, panic)
    }

    fn tell<'r>(self, reply: impl Fn(usize) -> Result<&'r M::Reply>) -> Option<Panic> {
        let mut first = None;
        for (index, callback) in self.0.into_iter().enumerate() {
            let Some(deliver) = callback.deliver else { continue };
            let reply = reply(index);
            let panic = catch_unwind(AssertUnwindSafe(|| deliver(index, reply))).err();
            first = first.or(panic);
        }
        first
    }

    /// Returns the response if its replies can be matched: if there are as many as requests. If no request needs a
    /// reply, there may also be none, because a server may omit empty replies.
    fn pair(&self, mut output: M::Output, response: Option<&RawResponse>) -> Result<M::Output> {
        let replies = M::replies(&mut output).as_ref().map(Vec::len);
        let silent = replies.is_none() && !self.0.iter().any(|callback| callback.expects);
        if silent || replies == Some(self.0.len()) {
            return Ok(output);
        }
        let error = Error::protocol(format!(
            "{}: {} requests were applied, but the response has {} `{}`, so replies cannot be matched to requests",
            M::SPEC.id,
            self.0.len(),
            replies.unwrap_or_default(),
            M::UPDATE.replies,
        ));
        Err(match response {
            Some(response) => error.with_response(response),
            None => error,
        })
    }
}

/// The index of the request that the server refused, if the error names it: `Invalid requests[3].insertText: …`.
fn refused<M: UpdateMethod>(error: &Error) -> Option<usize> {
    let api = error.api_error().filter(|_| error.is_status())?;
    let violations = api.typed_details().filter_map(|detail| match detail {
        Detail::BadRequest(bad) => Some(bad.field_violations),
        _ => None,
    });
    let fields = violations.flatten().map(|violation| violation.field);
    std::iter::once(api.message.clone()).chain(fields).find_map(|text| place(&text, M::UPDATE.requests))
}

/// The number in `list[number]`.
fn place(text: &str, list: &str) -> Option<usize> {
    text.match_indices(list).find_map(|(at, found)| {
        let (before, from) = text.split_at_checked(at)?;
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let (number, _) = from.strip_prefix(found)?.strip_prefix('[')?.split_once(']')?;
        number.parse().ok()
    })
}

/// The error for the other requests if one is refused.
fn not_applied<M: UpdateMethod>(refused: usize, error: &Error) -> Error {
    let message = format!(
        "{}: nothing was applied, because `{}[{refused}]` was refused",
        M::SPEC.id,
        M::UPDATE.requests
    );
    Error::cancelled_by(message, error.clone())
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn the_server_s_word_on_which_request_it_means() {
        assert_eq!(place("Invalid requests[3].insertText: out of range", "requests"), Some(3));
        assert_eq!(place("requests[12]", "requests"), Some(12));
        assert_eq!(place("subrequests[1] and requests[2]", "requests"), Some(2));
        for other in
            ["", "requests", "requests[", "requests[x]", "requests[-1]", "myrequests[1]", "requests 3"]
        {
            assert_eq!(place(other, "requests"), None, "{other}");
        }
    }
}
