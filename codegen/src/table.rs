//! Lists whose items refer to each other by number.

use std::ops::{Index, IndexMut, Range};

/// A list that is indexed with numbers of its own: those that [`push`](Self::push) returned, or positions in the list
/// from which it was collected.
///
/// Text of a document never becomes such a number, so an index out of range is an error in this crate. Everything else
/// is indexed with `get`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table<T>(Vec<T>);

impl<T> Table<T> {
    pub(crate) fn new() -> Self {
        Table(Vec::new())
    }

    /// A table with that many copies of an item.
    pub(crate) fn filled(item: T, len: usize) -> Self
    where
        T: Clone,
    {
        Table(vec![item; len])
    }

    /// Adds an item and returns its number.
    pub(crate) fn push(&mut self, item: T) -> usize {
        self.0.push(item);
        self.0.len() - 1
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers of the items.
    pub(crate) fn indices(&self) -> Range<usize> {
        0..self.0.len()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.iter_mut()
    }

    pub(crate) fn into_vec(self) -> Vec<T> {
        self.0
    }
}

#[expect(clippy::indexing_slicing, reason = "the numbers are the table's own")]
impl<T> Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.0[index]
    }
}

#[expect(clippy::indexing_slicing, reason = "the numbers are the table's own")]
impl<T> IndexMut<usize> for Table<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.0[index]
    }
}

impl<T> FromIterator<T> for Table<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Table(items.into_iter().collect())
    }
}

impl<T> From<Vec<T>> for Table<T> {
    fn from(items: Vec<T>) -> Self {
        Table(items)
    }
}

impl<'a, T> IntoIterator for &'a Table<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
