//! Optional values, lists, maps and objects as members.
//!
//! These are compiled for each schema of a generated crate, so they hold as little code as possible.

use std::any::Any;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::Extra;
use super::field::{Field, Kind, List, Map, Object, Slot, View};

impl<T: Field> Field for Option<T> {
    fn empty() -> Self {
        None
    }
    fn view(&self) -> View<'_> {
        match self {
            Some(value) => value.view(),
            None => View::Absent,
        }
    }
    fn slot(&mut self, kind: Kind) -> Slot<'_> {
        // A member that occurs twice has its last value, so an earlier one is discarded.
        *self = None;
        match kind {
            Kind::Null => Slot::Skip,
            _ => self.get_or_insert_with(T::empty).slot(kind),
        }
    }
    fn duplicate(&self) -> Self {
        self.as_ref().map(T::duplicate)
    }
    fn assign(&mut self, other: &dyn Field) {
        if let Some(other) = (other as &dyn Any).downcast_ref::<Self>() {
            *self = other.duplicate();
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn empty() -> Self {
        Vec::new()
    }
    fn view(&self) -> View<'_> {
        View::List(self)
    }
    fn slot(&mut self, kind: Kind) -> Slot<'_> {
        match kind {
            Kind::List => {
                // As for `Option`, the last value counts.
                self.clear();
                Slot::List(self)
            }
            Kind::Null => Slot::Skip,
            Kind::Leaf | Kind::Map => Slot::Mismatch("a list"),
        }
    }
    fn duplicate(&self) -> Self {
        self.iter().map(T::duplicate).collect()
    }
    fn assign(&mut self, other: &dyn Field) {
        if let Some(other) = (other as &dyn Any).downcast_ref::<Self>() {
            *self = other.duplicate();
        }
    }
}

impl<T: Field> List for Vec<T> {
    fn len(&self) -> usize {
        Vec::len(self)
    }
    fn get(&self, index: usize) -> Option<&dyn Field> {
        <[T]>::get(self, index).map(|item| item as &dyn Field)
    }
    #[expect(clippy::indexing_slicing, reason = "the item was added in the line before")]
    fn push(&mut self) -> &mut dyn Field {
        let index = Vec::len(self);
        Vec::push(self, T::empty());
        &mut self[index]
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn empty() -> Self {
        BTreeMap::new()
    }
    fn view(&self) -> View<'_> {
        View::Map(self)
    }
    fn slot(&mut self, kind: Kind) -> Slot<'_> {
        match kind {
            Kind::Map => {
                self.clear();
                Slot::Map(self)
            }
            Kind::Null => Slot::Skip,
            Kind::Leaf | Kind::List => Slot::Mismatch("an object"),
        }
    }
    fn duplicate(&self) -> Self {
        // `collect` would bring code that sorts, for each type.
        let mut copy = BTreeMap::new();
        for (key, value) in self {
            copy.insert(key.clone(), value.duplicate());
        }
        copy
    }
    fn assign(&mut self, other: &dyn Field) {
        if let Some(other) = (other as &dyn Any).downcast_ref::<Self>() {
            *self = other.duplicate();
        }
    }
}

impl<T: Field> Map for BTreeMap<String, T> {
    fn len(&self) -> usize {
        BTreeMap::len(self)
    }
    fn each(&self, visit: &mut dyn FnMut(&str, &dyn Field) -> bool) {
        let _ = self.iter().all(|(key, value)| visit(key, value));
    }
    fn get(&self, key: &str) -> Option<&dyn Field> {
        BTreeMap::get(self, key).map(|value| value as &dyn Field)
    }
    fn insert(&mut self, key: &str) -> &mut dyn Field {
        match self.entry(key.to_owned()) {
            Entry::Vacant(entry) => entry.insert(T::empty()),
            Entry::Occupied(entry) => {
                let value = entry.into_mut();
                *value = T::empty();
                value
            }
        }
    }
}

/// The members that a struct does not define are written and compared by the struct. This is for copying them, and for an
/// `Extra` in another place, where it is any JSON object.
impl Field for Extra {
    fn empty() -> Self {
        Extra::NEW
    }
    fn view(&self) -> View<'_> {
        View::Map(self)
    }
    fn slot(&mut self, kind: Kind) -> Slot<'_> {
        match kind {
            Kind::Map => {
                *self = Extra::NEW;
                Slot::Map(self)
            }
            Kind::Null => Slot::Skip,
            Kind::Leaf | Kind::List => Slot::Mismatch("an object"),
        }
    }
    fn duplicate(&self) -> Self {
        self.clone()
    }
    fn assign(&mut self, other: &dyn Field) {
        if let Some(other) = (other as &dyn Any).downcast_ref::<Self>() {
            self.clone_from(other);
        }
    }
}

impl Map for Extra {
    fn len(&self) -> usize {
        Extra::len(self)
    }
    fn each(&self, visit: &mut dyn FnMut(&str, &dyn Field) -> bool) {
        let _ = self.iter().all(|(name, value)| visit(name, value));
    }
    fn get(&self, key: &str) -> Option<&dyn Field> {
        Extra::get(self, key).map(|value| value as &dyn Field)
    }
    fn insert(&mut self, key: &str) -> &mut dyn Field {
        self.put_null(key)
    }
}

impl<T: Object + Default + Clone> Field for T {
    fn empty() -> Self {
        T::default()
    }
    fn view(&self) -> View<'_> {
        View::Object(self)
    }
    fn slot(&mut self, kind: Kind) -> Slot<'_> {
        match kind {
            Kind::Map => Slot::Object(self),
            Kind::Null => Slot::Skip,
            Kind::Leaf | Kind::List => Slot::Mismatch("an object"),
        }
    }
    fn duplicate(&self) -> Self {
        self.clone()
    }
    fn assign(&mut self, other: &dyn Field) {
        if let Some(other) = (other as &dyn Any).downcast_ref::<Self>() {
            *self = other.clone();
        }
    }
}

impl<T: Object> Object for Box<T> {
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
