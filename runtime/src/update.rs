//! Typed `batchUpdate`: one call whose body has a list of requests. The server applies all of them in order, or none,
//! and returns a reply at the same position for each.
//!
//! A generated method of this shape returns the crate's own `Update<'cb, M>`, which wraps [`RawUpdate`]. This module
//! collects the requests and creates the call; `settle` passes each request its reply. An update is never split,
//! because its requests are applied as a whole.

mod method;
mod reply;
mod settle;

use crate::call::reading::{AsDocumented, Parts};
use crate::call::request::Request;
use crate::value::{Field, Object, View, set_members};
use crate::wire::spec::UpdateSpec;
use crate::{DryRun, Error, Param, Result};

pub use method::{Member, SubRequest, UpdateMethod};
pub use reply::{SubReply, UpdateTicket};
use settle::{Callback, Settle};

/// The methods to which every crate's `Update` delegates. Not for users: `Update` has the same methods.
#[doc(hidden)]
pub struct RawUpdate<'cb, M: UpdateMethod> {
    request: Request,
    body: M::Body,
    /// For each request in the body's list, what receives its reply.
    callbacks: Vec<Callback<'cb, M>>,
}

impl<'cb, M: UpdateMethod> RawUpdate<'cb, M> {
    #[must_use]
    pub fn new(client: &crate::Client, path: &[&dyn Param]) -> Self {
        let request = Request::new::<M>(client, path, None);
        RawUpdate { request, body: M::Body::default(), callbacks: Vec::new() }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.callbacks.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.callbacks.is_empty()
    }

    pub fn set_param(&mut self, name: &str, value: &dyn Param) {
        self.request.set_param(name, value);
    }

    /// Sets a member of the body. `value` has the member's type.
    pub fn set_member(&mut self, wire: &str, value: &dyn Field) {
        if let Ok(index) = self.body.names().binary_search(&wire) {
            self.body.get_mut(index).assign(value);
        }
    }

    #[must_use]
    pub fn change(self, change: impl FnOnce(Request) -> Request) -> Self {
        RawUpdate { request: change(self.request), ..self }
    }

    /// Replaces the body. Its requests follow those already pushed, and members that it does not set keep their
    /// values.
    pub fn set_body(&mut self, mut body: M::Body) {
        let mut all = M::requests(&mut self.body).take().unwrap_or_default();
        all.append(&mut M::requests(&mut body).take().unwrap_or_default());
        self.callbacks.resize_with(all.len(), Callback::none);
        for (index, _) in set_members(&body) {
            self.body.get_mut(index).assign(body.get(index));
        }
        let into: &mut dyn Object = &mut self.body;
        for (name, value) in (&body as &dyn Object).extra().iter() {
            into.put_extra(name, value.clone());
        }
        *M::requests(&mut self.body) = Some(all);
    }

    pub fn push<R: SubRequest<M>>(&mut self, request: R) {
        self.put(request.into(), Callback::none());
    }

    pub fn push_with<R: SubRequest<M>>(
        &mut self,
        request: R,
        callback: impl FnOnce(Result<R::Reply>) + Send + 'cb,
    ) {
        self.put(request.into(), Callback::new::<R>(callback));
    }

    pub fn push_ticket<R: SubRequest<M>>(&mut self, request: R) -> UpdateTicket<R::Reply> {
        let (ticket, slot) = UpdateTicket::new();
        self.push_with(request, move |reply| UpdateTicket::fill(&slot, reply));
        ticket
    }

    fn put(&mut self, request: M::Request, callback: Callback<'cb, M>) {
        M::requests(&mut self.body).get_or_insert_default().push(request);
        self.callbacks.push(callback);
    }

    /// The call with its body, and the function that passes on the replies. If the update is invalid, the call has an
    /// error, which is returned when the call is sent or queued.
    fn finish(mut self) -> (Request, Settle<'cb, M>) {
        let spec = M::UPDATE;
        if let Err(error) = check::<M>(&mut self.body, self.request.api().limits.update_requests) {
            self.request.fail(error);
        }
        self.request.set_body(&self.body);
        let bytes = self.request.body().map_or(0, |body| body.bytes.len());
        let most = self.request.api().limits.update_bytes;
        if bytes > most {
            self.request.fail(Error::input(format!(
                "{}: the update has {bytes} bytes, but the API accepts {most}; it is not split, because it is applied as \
                 a whole",
                M::SPEC.id
            )));
        }
        self.request.keep_field(spec.replies);
        // A second execution would not find the required revision.
        if self.request.options().idempotent.is_none() && requires_revision(&self.body, spec) {
            self.request.options_mut().idempotent = Some(true);
        }
        (self.request, Settle::new(self.callbacks))
    }

    /// The call, and the function that passes on the replies.
    pub fn into_parts(self) -> Parts<'cb, M::Output> {
        let (request, settle) = self.finish();
        let settle = Box::new(move |result, response: Option<&_>| settle.settle(result, response));
        Parts::new::<M, AsDocumented>(request).with_settle(settle)
    }

    pub fn dry_run(self) -> Result<DryRun> {
        DryRun::new(self.finish().0)
    }
}

/// Refuses what a server would refuse anyway, or apply in part: an empty list, a list that is too long, and a request
/// with no member or several members.
fn check<M: UpdateMethod>(body: &mut M::Body, most: usize) -> Result<()> {
    let (id, list) = (M::SPEC.id, M::UPDATE.requests);
    let requests = M::requests(body).as_deref().unwrap_or_default();
    if requests.is_empty() {
        return Err(Error::input(format!("{id}: the update has no `{list}`")));
    }
    if requests.len() > most {
        return Err(Error::input(format!(
            "{id}: the update has {} requests, but the API accepts {most}; it is not split, because it is applied as a whole",
            requests.len()
        )));
    }
    let set = |request: &M::Request| set_members(request).count() + (request as &dyn Object).extra().len();
    match requests.iter().map(set).enumerate().find(|(_, set)| *set != 1) {
        Some((index, set)) => {
            Err(Error::input(format!("{id}: `{list}[{index}]` has {set} members, but must have exactly one")))
        }
        None => Ok(()),
    }
}

/// Whether the body requires a certain revision of the document.
fn requires_revision(body: &dyn Object, spec: &UpdateSpec) -> bool {
    !spec.revision.is_empty() && member(body, spec.revision).is_some_and(|revision| !revision.is_empty())
}

/// The text of a member, or of a member's member if the name has a dot, if it is set.
fn member<'o>(object: &'o dyn Object, name: &str) -> Option<&'o str> {
    let (name, rest) = name.split_once('.').map_or((name, None), |(name, rest)| (name, Some(rest)));
    let index = object.names().binary_search(&name).ok()?;
    match (object.get(index).view(), rest) {
        (View::Text(text), None) => Some(text),
        (View::Object(inner), Some(rest)) => member(inner, rest),
        _ => None,
    }
}

impl<M: UpdateMethod> std::fmt::Debug for RawUpdate<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Update")
            .field("method", &M::SPEC.id)
            .field("requests", &self.callbacks.len())
            .finish_non_exhaustive()
    }
}
