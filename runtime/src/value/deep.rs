//! Where the types of a long chain of schemas stop being looked at as a whole.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::{Field, Object};

/// A value of a schema that stands at the end of a long chain of schemas.
///
/// Whether a struct can be sent to another thread, the compiler decides from its members, from theirs, and so on; after
/// 128 steps it gives up (`error[E0275]`). The members of this type are always the same, whatever `T` is, so that it ends
/// such a chain. It is used like a [`Box`]: it derefs to `T`, and is made of one with `into()`. None of Google's own
/// documents needs it.
///
/// ```
/// # use gapis_runtime::{Deep, Extra, private::derive::Object};
/// #[derive(Object)]
/// pub struct Leaf {
///     pub name: Option<String>,
///     pub extra: Extra,
/// }
///
/// let mut leaf: Deep<Leaf> = Leaf::default().into();
/// leaf.name = Some("oak".to_owned());
/// assert_eq!(leaf.into_inner().name.as_deref(), Some("oak"));
/// ```
pub struct Deep<T> {
    /// Always a `T`.
    value: Box<dyn Any + Send + Sync>,
    /// Of any `T`, this can be sent to other threads.
    of: PhantomData<fn() -> T>,
}

impl<T: Object> Deep<T> {
    /// The value.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self.value.downcast() {
            Ok(value) => *value,
            Err(_) => another(),
        }
    }
}

/// Only `From` makes one, of a value of its own type.
#[cold]
fn another() -> ! {
    unreachable!("a value of another type")
}

impl<T: Object> From<T> for Deep<T> {
    fn from(value: T) -> Self {
        Deep { value: Box::new(value), of: PhantomData }
    }
}

impl<T: 'static> Deref for Deep<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.downcast_ref().unwrap_or_else(|| another())
    }
}

impl<T: 'static> DerefMut for Deep<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.downcast_mut().unwrap_or_else(|| another())
    }
}

impl<T: Object + Default> Default for Deep<T> {
    fn default() -> Self {
        T::default().into()
    }
}

impl<T: Object + Clone> Clone for Deep<T> {
    fn clone(&self) -> Self {
        T::clone(self).into()
    }
}

impl<T: PartialEq + 'static> PartialEq for Deep<T> {
    fn eq(&self, other: &Self) -> bool {
        T::eq(self, other)
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for Deep<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

impl<T: Object> Serialize for Deep<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::write::object(&**self, serializer)
    }
}

impl<'de, T: Object + Default + Clone> Deserialize<'de> for Deep<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::deserialize(deserializer)
    }
}

impl<T: Object> Object for Deep<T> {
    fn names(&self) -> &'static [&'static str] {
        T::names(self)
    }
    fn get(&self, index: usize) -> &dyn Field {
        T::get(self, index)
    }
    fn get_mut(&mut self, index: usize) -> &mut dyn Field {
        T::get_mut(self, index)
    }
    fn type_name(&self) -> &'static str {
        T::type_name(self)
    }
}
