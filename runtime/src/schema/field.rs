//! The object-safe interface through which the runtime reads and writes any generated value.
//!
//! A generated struct costs compile time for every line of code that is its own. So it only says which members it has
//! ([`Object`]); reading, writing, printing, comparing and cloning stand once, here, over `dyn Field`.

use std::any::Any;

use serde_json::Value;

use super::Extra;

/// The kind of JSON value that is about to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`, a number or a string
    Leaf,
    /// `[…]`
    List,
    /// `{…}`
    Map,
}

/// Where an incoming JSON value goes.
pub enum Slot<'a> {
    /// Nowhere: the value is read and dropped, as `null` is for a member that is then unset.
    Skip,
    /// A scalar.
    Leaf(&'a mut dyn Leaf),
    /// A list.
    List(&'a mut dyn List),
    /// A map with text keys.
    Map(&'a mut dyn Map),
    /// An object with known members.
    Object(&'a mut dyn Object),
    /// Any JSON value.
    Json(&'a mut Value),
    /// The value has another kind than the member: what was expected, for the message.
    Mismatch(&'static str),
}

/// What an outgoing value is.
pub enum View<'a> {
    /// Unset: the member is not sent.
    Absent,
    /// A JSON boolean.
    Bool(bool),
    /// A JSON number.
    Signed(i64),
    /// A JSON number.
    Unsigned(u64),
    /// A JSON number; infinities and NaN go as text, as protobuf's JSON form has them.
    Float(f64),
    /// A 64-bit number, sent as a JSON string.
    SignedText(i64),
    /// A 64-bit number, sent as a JSON string.
    UnsignedText(u64),
    /// A JSON string.
    Text(&'a str),
    /// A list.
    List(&'a dyn List),
    /// A map with text keys.
    Map(&'a dyn Map),
    /// An object with known members.
    Object(&'a dyn Object),
    /// Any JSON value.
    Json(&'a Value),
}

/// A value that can be a member of a schema, an item of its lists, a value of its maps, a body or a response.
pub trait Field: Any + Send + Sync {
    /// A value to read into.
    fn empty() -> Self
    where
        Self: Sized;
    /// The value, to be written, printed or compared.
    fn view(&self) -> View<'_>;
    /// Where an incoming value of that kind goes. `Option` makes its content here, and drops it for `null`.
    fn slot(&mut self, kind: Kind) -> Slot<'_>;
    /// A copy.
    fn duplicate(&self) -> Self
    where
        Self: Sized;
    /// Makes this a copy of `other`, which has the same type.
    fn assign(&mut self, other: &dyn Field);
    /// For `assign`.
    fn as_any(&self) -> &dyn Any;
}

/// A scalar that is being read. The error says what was expected.
pub trait Leaf {
    /// Stores `true` or `false`.
    fn set_bool(&mut self, value: bool) -> Result<(), &'static str>;
    /// Stores a number.
    fn set_signed(&mut self, value: i64) -> Result<(), &'static str>;
    /// Stores a number.
    fn set_unsigned(&mut self, value: u64) -> Result<(), &'static str>;
    /// Stores a number.
    fn set_float(&mut self, value: f64) -> Result<(), &'static str>;
    /// Stores a string.
    fn set_text(&mut self, value: &str) -> Result<(), &'static str>;
}

/// A list of values of one type.
pub trait List {
    /// The number of items.
    fn len(&self) -> usize;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The item at `index`, which is below `len`.
    fn get(&self, index: usize) -> &dyn Field;
    /// Appends an empty item and gives it to be read into.
    fn push(&mut self) -> &mut dyn Field;
    /// Removes all items.
    fn clear(&mut self);
}

/// A map from text to values of one type.
pub trait Map {
    /// The number of entries.
    fn len(&self) -> usize;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Calls `visit` for each entry, in the order of the keys.
    fn each(&self, visit: &mut dyn FnMut(&str, &dyn Field) -> bool);
    /// The value at that key.
    fn get(&self, key: &str) -> Option<&dyn Field>;
    /// Inserts an empty value and gives it to be read into.
    fn insert(&mut self, key: &str) -> &mut dyn Field;
    /// Removes all entries.
    fn clear(&mut self);
}

/// A generated struct: its members by index. Written by [`object!`](crate::object).
pub trait Object: Any + Send + Sync {
    /// The members' wire names, sorted bytewise.
    fn names(&self) -> &'static [&'static str];
    /// The member at `index`, which is below the number of names.
    fn get(&self, index: usize) -> &dyn Field;
    /// The member at `index`, which is below the number of names.
    fn get_mut(&mut self, index: usize) -> &mut dyn Field;
    /// Members that the document does not know.
    fn extra(&self) -> &Extra;
    /// Members that the document does not know.
    fn extra_mut(&mut self) -> &mut Extra;
}
