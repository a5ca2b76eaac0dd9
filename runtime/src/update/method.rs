//! What generated methods and requests declare about updates.

use super::reply::SubReply;
use crate::Method;
use crate::value::{Field, Object};
use crate::wire::spec::UpdateSpec;

/// A method whose body has a list of requests and whose response has a list of their replies, such as
/// `documents.batchUpdate`. Implemented by the types of such methods.
pub trait UpdateMethod: Method<Output: Object + Default> {
    /// The body.
    type Body: Object + Field + Default;
    /// An item of the body's list. Exactly one of its members is set.
    type Request: Object + Field + Default;
    /// An item of the response's list. At most one of its members is set.
    type Reply: Object + Field + Default;
    /// The names of the members.
    const UPDATE: &'static UpdateSpec;
    /// The body's list.
    fn requests(body: &mut Self::Body) -> &mut Option<Vec<Self::Request>>;
    /// The response's list.
    fn replies(output: &mut Self::Output) -> &mut Option<Vec<Self::Reply>>;
}

/// The wire name of a request in its union; empty for the union itself.
#[derive(Debug)]
pub struct Member(pub &'static str);

/// A request for an update with the method `M`: a member of its union of requests, or the union itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request for `{M}`",
    note = "the method accepts its request type, and the types of that type's members"
)]
pub trait SubRequest<M: UpdateMethod>: Into<M::Request> {
    /// The type of the reply: the reply of the same name, `()` if there is none, or the whole reply for the union
    /// itself.
    type Reply: SubReply;
    /// The member of the union that this request is.
    const MEMBER: Member;
}
