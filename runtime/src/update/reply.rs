//! The reply to one request of an update: how it is found in the response, and the ticket that stands for it.

use std::any::Any;
use std::sync::{Arc, Mutex};

use crate::value::{Field, Kind, Object, Slot, View};
use crate::{Error, Result};

/// What answers a request of an update: a schema, or `()` where a request has no reply.
pub trait SubReply: Sized + Send + 'static {
    /// Finds it in one reply of the response's list; an empty `member` means that reply as a whole.
    #[doc(hidden)]
    fn find(reply: &dyn Field, member: &str) -> Option<Self>;
    /// Makes it that member of a reply, as a server does.
    #[doc(hidden)]
    fn put(self, reply: &mut dyn Field, member: &str);
    /// Whether the server says anything.
    #[doc(hidden)]
    const SAYS: bool;
}

impl SubReply for () {
    const SAYS: bool = false;
    fn find(_: &dyn Field, _: &str) -> Option<Self> {
        Some(())
    }
    fn put(self, _: &mut dyn Field, _: &str) {}
}

impl<T: Object + Field> SubReply for T {
    const SAYS: bool = true;
    fn find(reply: &dyn Field, member: &str) -> Option<Self> {
        if member.is_empty() {
            return (reply as &dyn Any).downcast_ref::<T>().map(T::duplicate);
        }
        match reply.view() {
            View::Object(object) => member_of::<T>(object, member).map(T::duplicate),
            _ => None,
        }
    }
    fn put(self, reply: &mut dyn Field, member: &str) {
        if member.is_empty() {
            reply.assign(&self);
        } else if let Slot::Object(object) = reply.slot(Kind::Map)
            && let Ok(index) = object.names().binary_search(&member)
        {
            let field: &mut dyn Any = object.get_mut(index);
            if let Some(place) = field.downcast_mut::<Option<T>>() {
                *place = Some(self);
            } else if let Some(place) = field.downcast_mut::<Option<Box<T>>>() {
                *place = Some(Box::new(self));
            }
        }
    }
}

/// A member of a union, if it is the one that is set.
pub(crate) fn member_of<'o, T: Field>(object: &'o dyn Object, member: &str) -> Option<&'o T> {
    let index = object.names().binary_search(&member).ok()?;
    let field: &dyn Any = object.get(index);
    let plain = field.downcast_ref::<Option<T>>().and_then(Option::as_ref);
    plain.or_else(|| field.downcast_ref::<Option<Box<T>>>()?.as_deref())
}

/// Where a reply waits for its ticket.
pub(super) type Place<T> = Arc<Mutex<Option<Result<T>>>>;

/// Stands for the reply to one request of an update; [`redeem`](UpdateTicket::redeem) it when the update was answered,
/// in whichever way it was sent.
#[must_use = "a ticket is there to be redeemed"]
pub struct UpdateTicket<T>(Place<T>);

impl<T> UpdateTicket<T> {
    pub(super) fn new() -> (Self, Place<T>) {
        let place = Place::default();
        (UpdateTicket(Arc::clone(&place)), place)
    }

    pub(super) fn fill(place: &Place<T>, reply: Result<T>) {
        *place.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(reply);
    }

    /// The reply.
    ///
    /// # Errors
    /// Why there is none: the call failed, another request of the update was refused so that nothing was applied, or the
    /// update was not sent to its end.
    pub fn redeem(self) -> Result<T> {
        let reply = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        reply.unwrap_or_else(|| Err(Error::cancelled("the update that the ticket is of was not answered")))
    }
}

impl<T> std::fmt::Debug for UpdateTicket<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UpdateTicket")
    }
}
