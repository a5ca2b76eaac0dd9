//! Handles updates (`batchUpdate`): a handler for each type of request, and a state that changes as a whole or not at
//! all.

use std::sync::{Arc, Mutex, PoisonError};

use gapis_runtime::private::{Field, Object, set_members};
use gapis_runtime::{SubReply, SubRequest, UpdateMethod};

use crate::call::MockCall;
use crate::reply::{MockError, MockResult};
use crate::table::Handlers;

type Check<M, S> = dyn Fn(&S, &MockCall, &<M as UpdateMethod>::Body) -> MockResult<()> + Send + Sync;
type Apply<M, S> = dyn Fn(&mut S, &<M as UpdateMethod>::Request) -> Option<MockResult<<M as UpdateMethod>::Reply>>
    + Send
    + Sync;
type Finish<M, S> = dyn Fn(&mut S, &MockCall, &mut <M as gapis_runtime::Method>::Output) + Send + Sync;

/// Handles a method that applies a list of requests, all of them or none, with a handler for each type of request and
/// a state. The handlers work on a copy of the state, which replaces it after the last request has been applied. The
/// first error is the response to the whole update, with the location of its request as Google's servers name it:
/// `Invalid requests[1].insertText: …`.
///
/// The guide to typed updates has an example.
pub struct UpdateHandler<M: UpdateMethod, S> {
    state: Arc<Mutex<S>>,
    check: Option<Box<Check<M, S>>>,
    apply: Vec<Box<Apply<M, S>>>,
    finish: Option<Box<Finish<M, S>>>,
}

impl<M: UpdateMethod, S: Clone + Send + 'static> UpdateHandler<M, S> {
    /// A handler with that state, and without handlers for requests.
    #[must_use]
    pub fn new(state: Arc<Mutex<S>>) -> Self {
        UpdateHandler { state, check: None, apply: Vec::new(), finish: None }
    }

    /// Handles requests of one type. If it is called twice for a type, the first handler is used.
    #[must_use]
    pub fn on<R>(
        mut self,
        handler: impl Fn(&mut S, R) -> MockResult<R::Reply> + Send + Sync + 'static,
    ) -> Self
    where
        R: SubRequest<M> + Object + Field,
    {
        self.apply.push(Box::new(move |state, request| {
            let request = R::find(request, R::MEMBER.0)?;
            Some(handler(state, request).map(|answer| {
                let mut reply = M::Reply::default();
                answer.put(&mut reply, R::MEMBER.0);
                reply
            }))
        }));
        self
    }

    /// Checks the call before anything is applied, for example the revision that it requires.
    #[must_use]
    pub fn before(
        mut self,
        check: impl Fn(&S, &MockCall, &M::Body) -> MockResult<()> + Send + Sync + 'static,
    ) -> Self {
        self.check = Some(Box::new(check));
        self
    }

    /// Completes the response after everything has been applied. The replies are already set.
    #[must_use]
    pub fn after(
        mut self,
        finish: impl Fn(&mut S, &MockCall, &mut M::Output) + Send + Sync + 'static,
    ) -> Self {
        self.finish = Some(Box::new(finish));
        self
    }

    /// Handles one call.
    ///
    /// # Errors
    /// The errors of the handlers, and a 400 for a body that cannot be decoded, an empty list, or a request without a
    /// handler.
    pub fn answer(&self, call: &MockCall) -> MockResult<M::Output> {
        let mut body: M::Body = call.body()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(check) = &self.check {
            check(&state, call, &body)?;
        }
        let requests = M::requests(&mut body).take().unwrap_or_default();
        if requests.is_empty() {
            return Err(MockError::invalid("Must specify at least one request."));
        }
        let mut next = state.clone();
        let mut replies = Vec::with_capacity(requests.len());
        for (index, request) in requests.iter().enumerate() {
            let applied = self.apply.iter().find_map(|apply| apply(&mut next, request));
            let applied = applied.unwrap_or_else(|| Err(MockError::invalid("No request set.")));
            let place = || format!("Invalid {}[{index}]{}", M::UPDATE.requests, member(request));
            replies.push(applied.map_err(|error| error.prefixed(&place()))?);
        }
        let mut output = M::Output::default();
        *M::replies(&mut output) = Some(replies);
        if let Some(finish) = &self.finish {
            finish(&mut next, call, &mut output);
        }
        *state = next;
        Ok(output)
    }
}

/// The member that is set, such as `.insertText`.
fn member(request: &dyn Object) -> String {
    set_members(request).next().map(|(_, name)| format!(".{name}")).unwrap_or_default()
}

impl<M: UpdateMethod, S> std::fmt::Debug for UpdateHandler<M, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpdateHandler")
            .field("method", &M::SPEC.id)
            .field("requests", &self.apply.len())
            .finish_non_exhaustive()
    }
}

impl Handlers {
    /// Handles calls of a method that applies a list of requests.
    pub fn on_update<M: UpdateMethod, S: Clone + Send + 'static>(
        &self,
        handler: UpdateHandler<M, S>,
    ) -> &Self {
        self.on::<M>(move |call| handler.answer(call))
    }
}
