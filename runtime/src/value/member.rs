//! What can be given for a member in [`object!`](crate::object).

use serde_json::Value as Json;

use super::{Base64, Deep, Duration, Enum, FieldMask, Object, Open};

/// A value that can be given for a member of type `T`, or for an item of a list of `T`.
///
/// It is not `Into<T>`, because a number without a suffix then has the member's type, while `Into` leaves open which of
/// several types it has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given for a member of type `{T}`",
    note = "a floating-point member takes `1.0`, not `1`"
)]
pub trait IntoMember<T> {
    /// The member's value.
    fn into_member(self) -> T;
}

impl<T> IntoMember<T> for T {
    fn into_member(self) -> T {
        self
    }
}

impl<T> IntoMember<Box<T>> for T {
    fn into_member(self) -> Box<T> {
        Box::new(self)
    }
}

impl<T: Object> IntoMember<Deep<T>> for T {
    fn into_member(self) -> Deep<T> {
        self.into()
    }
}

impl<E: Enum> IntoMember<Open<E>> for E {
    fn into_member(self) -> Open<E> {
        Open::Known(self)
    }
}

impl<E: Enum> IntoMember<Open<E>> for &str {
    fn into_member(self) -> Open<E> {
        self.into()
    }
}

/// Types that are made with `From`.
macro_rules! members {
    ($($from:ty => $to:ty;)*) => {$(
        impl IntoMember<$to> for $from {
            fn into_member(self) -> $to {
                self.into()
            }
        }
    )*};
}

// Of integers and of floating-point numbers only one type each becomes `Json`, so that a number without a suffix has it.
members! {
    &str => String;
    &String => String;
    &str => FieldMask;
    &[u8] => Base64;
    Vec<u8> => Base64;
    std::time::Duration => Duration;
    &str => Json;
    String => Json;
    bool => Json;
    i64 => Json;
    f64 => Json;
}

/// Adds an empty item to a list.
pub fn pushed<T: Default>(list: &mut Vec<T>) -> &mut T {
    let last = list.len();
    list.resize_with(last + 1, T::default);
    match list.get_mut(last) {
        Some(item) => item,
        None => unreachable!("the list has just grown"),
    }
}
