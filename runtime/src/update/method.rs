//! What generated markers and requests say of an update.

use super::reply::SubReply;
use crate::Method;
use crate::value::{Field, Object};
use crate::wire::spec::UpdateSpec;

/// A method whose body has a list of requests and whose response has the replies to them: `documents.batchUpdate`.
/// Implemented by the markers of such methods.
pub trait UpdateMethod: Method<Output: Object + Default> {
    /// The body.
    type Body: Object + Field + Default;
    /// One request of the body's list, of whose members one is set.
    type Request: Object + Field + Default;
    /// One reply of the response's list, of whose members one is set, or none.
    type Reply: Object + Field + Default;
    /// What the members are called.
    const UPDATE: &'static UpdateSpec;
    /// The body's list.
    fn requests(body: &mut Self::Body) -> &mut Option<Vec<Self::Request>>;
    /// The response's list.
    fn replies(output: &mut Self::Output) -> &mut Option<Vec<Self::Reply>>;
}

/// The wire name that a request has in its union; empty for the union itself.
#[derive(Debug)]
pub struct Member(pub &'static str);

/// A request that an update of the method `M` can carry: a member of its union of requests, or that union itself, for a
/// request that is at hand as such.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request that `{M}` can carry",
    note = "the members of the method's type of requests can be pushed, and that type itself"
)]
pub trait SubRequest<M: UpdateMethod>: Into<M::Request> {
    /// What answers it: the reply of the same name, `()` where there is none, the whole reply for the union itself.
    type Reply: SubReply;
    /// Which member of the union it is.
    const MEMBER: Member;
}
