//! The reply to a request of an update: how it is found in the response, and the ticket for it.

use std::any::Any;
use std::sync::{Arc, Mutex};

use crate::value::{Field, Kind, Object, Slot, View};
use crate::{Error, Result};

/// The reply to a request of an update: a schema, or `()` for a request without a reply.
pub trait SubReply: Sized + Send + 'static {
    /// Takes the reply from an item of the response's list. If `member` is empty, the whole item is the reply.
    #[doc(hidden)]
    fn find(reply: &dyn Field, member: &str) -> Option<Self>;
    /// Stores the reply as that member of an item, as a server does.
    #[doc(hidden)]
    fn put(self, reply: &mut dyn Field, member: &str);
    /// Whether the server returns data for such a request.
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
            if let Some(cell) = field.downcast_mut::<Option<T>>() {
                *cell = Some(self);
            } else if let Some(cell) = field.downcast_mut::<Option<Box<T>>>() {
                *cell = Some(Box::new(self));
            }
        }
    }
}

/// The member of a union, if it is the one that is set.
pub(crate) fn member_of<'o, T: Field>(object: &'o dyn Object, member: &str) -> Option<&'o T> {
    let index = object.names().binary_search(&member).ok()?;
    let field: &dyn Any = object.get(index);
    let plain = field.downcast_ref::<Option<T>>().and_then(Option::as_ref);
    plain.or_else(|| field.downcast_ref::<Option<Box<T>>>()?.as_deref())
}

/// Where a reply is kept for its ticket.
pub(super) type ReplyCell<T> = Arc<Mutex<Option<Result<T>>>>;

/// A ticket for the reply to a request of an update. [`redeem`](UpdateTicket::redeem) it after the response to the
/// update has arrived, however the update was sent.
#[must_use = "a ticket does nothing until it is redeemed"]
pub struct UpdateTicket<T>(ReplyCell<T>);

impl<T> UpdateTicket<T> {
    pub(super) fn new() -> (Self, ReplyCell<T>) {
        let cell = ReplyCell::default();
        (UpdateTicket(Arc::clone(&cell)), cell)
    }

    pub(super) fn fill(cell: &ReplyCell<T>, reply: Result<T>) {
        *cell.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(reply);
    }

    /// Returns the reply.
    ///
    /// # Errors
    /// If there is no reply: because the call failed, because another request of the update was refused, so that
    /// nothing was applied, or because sending the update was interrupted.
    pub fn redeem(self) -> Result<T> {
        let reply = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        reply.unwrap_or_else(|| Err(Error::cancelled("the ticket's update has no response yet")))
    }
}

impl<T> std::fmt::Debug for UpdateTicket<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UpdateTicket")
    }
}
