//! Open enums: the values that the document defines, and any other value that a server sends.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::{Field, Kind, Leaf, Scalar, Slot, View};
use super::scalars::leaf;

/// A fieldless enum with the wire names of its values. Implemented by `#[derive(OpenEnum)]`.
pub trait Enum: Copy + Eq + Ord + Hash + fmt::Debug + Send + Sync + 'static {
    /// The wire names, in the order of the variants.
    const NAMES: &'static [&'static str];
    /// The values, in the same order.
    const VALUES: &'static [Self];
    /// The index of the variant.
    fn index(self) -> usize;
    /// The wire name.
    fn as_str(self) -> &'static str {
        Self::NAMES.get(self.index()).copied().unwrap_or_default()
    }
    /// The value with that wire name.
    fn from_name(name: &str) -> Option<Self> {
        position(Self::NAMES, name).and_then(|index| Self::VALUES.get(index).copied())
    }
}

/// Compares two values by their wire names, as [`Open`] does.
#[doc(hidden)]
pub fn cmp_names<E: Enum>(left: E, right: E) -> Ordering {
    left.as_str().cmp(right.as_str())
}

/// Hashes a value as [`Open`] does.
#[doc(hidden)]
pub fn hash_name<E: Enum, H: Hasher>(value: E, state: &mut H) {
    value.as_str().hash(state);
}

// Names are in the document's order, so the search is linear; comparing lengths first makes it fast.
fn position(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|&known| known == name)
}

/// A value of the enum `E`, or a value that this version of the document does not define.
///
/// ```
/// use gapis_runtime::Open;
/// # use gapis_runtime::private::derive::OpenEnum;
///
/// #[derive(OpenEnum)]
/// #[non_exhaustive]
/// pub enum Status {
///     Running,
///     Stopped,
/// }
///
/// let status: Open<Status> = "RUNNING".into();
/// assert_eq!(status, Status::Running);
/// assert_eq!(status, "RUNNING");
/// let newer: Open<Status> = "HIBERNATING".into();
/// assert_eq!(newer.known(), None);
/// assert_eq!(newer.as_str(), "HIBERNATING");
/// ```
#[derive(Clone)]
pub enum Open<E> {
    /// A value that the document defines.
    Known(E),
    /// Any other value, as it was received.
    Unknown(String),
}

impl<E: Enum> Open<E> {
    /// The wire name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Open::Known(value) => value.as_str(),
            Open::Unknown(name) => name,
        }
    }
    /// The value, if the document defines it.
    #[must_use]
    pub fn known(&self) -> Option<E> {
        match self {
            Open::Known(value) => Some(*value),
            Open::Unknown(_) => None,
        }
    }
}

impl<E: Enum> Leaf for Open<E> {
    fn set(&mut self, value: Scalar<'_>) -> Result<(), &'static str> {
        *self = match value {
            Scalar::Text(name) => name.into(),
            // Protobuf's JSON format also allows the numbers of values. They are kept as text, so nothing is lost.
            Scalar::Signed(number) => Open::Unknown(number.to_string()),
            Scalar::Unsigned(number) => Open::Unknown(number.to_string()),
            Scalar::Bool(_) | Scalar::Float(_) => return Err("the name of an enum value"),
        };
        Ok(())
    }
}

impl<E: Enum> Field for Open<E> {
    fn empty() -> Self {
        Open::Unknown(String::new())
    }
    fn view(&self) -> View<'_> {
        View::Text(self.as_str())
    }
    fn slot(&mut self, kind: Kind) -> Slot<'_> {
        leaf(self, kind, "the name of an enum value")
    }
    fn duplicate(&self) -> Self {
        self.clone()
    }
    fn assign(&mut self, other: &dyn Field) {
        if let Some(other) = (other as &dyn std::any::Any).downcast_ref::<Self>() {
            self.clone_from(other);
        }
    }
}

impl<E: Enum> From<E> for Open<E> {
    fn from(value: E) -> Self {
        Open::Known(value)
    }
}

impl<E: Enum> From<&str> for Open<E> {
    fn from(name: &str) -> Self {
        E::from_name(name).map_or_else(|| Open::Unknown(name.to_owned()), Open::Known)
    }
}

impl<E: Enum> From<String> for Open<E> {
    fn from(name: String) -> Self {
        E::from_name(&name).map_or(Open::Unknown(name), Open::Known)
    }
}

/// Compares wire names, however the values were created.
impl<E: Enum> PartialEq for Open<E> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl<E: Enum> Eq for Open<E> {}

impl<E: Enum> PartialEq<E> for Open<E> {
    fn eq(&self, other: &E) -> bool {
        self.as_str() == other.as_str()
    }
}

impl<E: Enum> PartialEq<&str> for Open<E> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Compares wire names.
impl<E: Enum> PartialOrd for Open<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E: Enum> Ord for Open<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl<E: Enum> Hash for Open<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl<E: Enum> fmt::Debug for Open<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Open::Known(value) => f.write_str(value.as_str()),
            Open::Unknown(name) => f.debug_tuple("Unknown").field(name).finish(),
        }
    }
}

impl<E: Enum> fmt::Display for Open<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<E: Enum> Serialize for Open<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, E: Enum> Deserialize<'de> for Open<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::deserialize(deserializer)
    }
}
