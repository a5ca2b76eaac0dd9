//! The object-safe interface through which the runtime reads and writes any generated value.
//!
//! Every line of code in a generated struct costs compile time. So a struct only lists its members ([`Object`]);
//! reading, writing, printing, comparing and cloning are implemented once, here, over `dyn Field`.

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
    /// Nowhere: the value is read and discarded, such as a `null`, which leaves the member unset.
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
    /// The value is of a different kind than the member. Holds what was expected, for the message.
    Mismatch(&'static str),
}

/// The form of an outgoing value.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// Unset: the member is not sent.
    Absent,
    /// A JSON boolean.
    Bool(bool),
    /// A JSON number.
    Signed(i64),
    /// A JSON number.
    Unsigned(u64),
    /// A JSON number. Infinities and NaN are sent as text, as in protobuf's JSON format.
    Float(f64),
    /// A JSON number of single precision, printed with as many digits as it has.
    Single(f32),
    /// A 64-bit integer, sent as a JSON string.
    SignedText(i64),
    /// A 64-bit integer, sent as a JSON string.
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

/// A scalar as it was received.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// `true` or `false`
    Bool(bool),
    /// An integer that fits in 64 bits.
    Signed(i64),
    /// An integer that fits in 64 bits.
    Unsigned(u64),
    /// A number with a fraction or an exponent, or an integer beyond 64 bits.
    Float(f64),
    /// A string.
    Text(&'a str),
}

/// A value that can be a member of a schema, an item of its lists, a value of its maps, a request body or a response.
///
/// This crate implements it for every type that generated crates use. Programs need not implement it.
pub trait Field: Any + Send + Sync {
    /// An empty value to read into.
    fn empty() -> Self
    where
        Self: Sized;
    /// The value, to be written, printed or compared.
    fn view(&self) -> View<'_>;
    /// Where an incoming value of that kind is stored. `Option` creates its content here, and clears it for `null`.
    fn slot(&mut self, kind: Kind) -> Slot<'_>;
    /// A copy of the value.
    fn duplicate(&self) -> Self
    where
        Self: Sized;
    /// Makes this value a copy of `other`, which has the same type. A value of a different type is ignored.
    fn assign(&mut self, other: &dyn Field);
}

/// A scalar that is being read.
pub trait Leaf {
    /// Stores the value.
    ///
    /// # Errors
    /// If the value cannot be converted without loss. The error says what was expected.
    fn set(&mut self, value: Scalar<'_>) -> Result<(), &'static str>;
}

/// A list of values of one type.
pub trait List {
    /// The number of items.
    fn len(&self) -> usize;
    /// Whether the list is empty.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The item at `index`, if `index` is below `len`.
    fn get(&self, index: usize) -> Option<&dyn Field>;
    /// Appends an empty item and returns it, to be read into.
    fn push(&mut self) -> &mut dyn Field;
}

/// A map from text to values of one type.
pub trait Map {
    /// The number of entries.
    fn len(&self) -> usize;
    /// Whether the map is empty.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Calls `visit` for each entry, in key order, until it returns `false`.
    fn each(&self, visit: &mut dyn FnMut(&str, &dyn Field) -> bool);
    /// The value for that key.
    fn get(&self, key: &str) -> Option<&dyn Field>;
    /// Inserts an empty value, replacing any earlier one, and returns it, to be read into.
    fn insert(&mut self, key: &str) -> &mut dyn Field;
}

/// A generated struct: its members by index. Implemented by `#[derive(Object)]`.
pub trait Object: Send + Sync + 'static {
    /// The members' wire names, sorted bytewise.
    fn names(&self) -> &'static [&'static str];
    /// The member at `index`. Behind the last name is the [`Extra`], so that a struct needs no other function for it.
    fn get(&self, index: usize) -> &dyn Field;
    /// The member at `index`, or the [`Extra`] behind the last name.
    fn get_mut(&mut self, index: usize) -> &mut dyn Field;
    /// The type's name, for printing.
    fn type_name(&self) -> &'static str {
        last_of_path(std::any::type_name::<Self>())
    }
}

fn last_of_path(path: &'static str) -> &'static str {
    path.rsplit(':').next().unwrap_or(path)
}

impl dyn Object + '_ {
    /// Members that the document does not define.
    pub fn extra(&self) -> &Extra {
        static NONE: Extra = Extra::NEW;
        let behind: &dyn Any = self.get(self.names().len());
        behind.downcast_ref().unwrap_or(&NONE)
    }

    /// Adds a member that the document does not define.
    pub fn put_extra(&mut self, name: impl Into<String>, value: Value) {
        let behind: &mut dyn Any = self.get_mut(self.names().len());
        if let Some(extra) = behind.downcast_mut::<Extra>() {
            extra.insert(name, value);
        }
    }
}
