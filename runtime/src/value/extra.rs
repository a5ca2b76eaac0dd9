//! Members that the document does not define.

use std::fmt;

use serde_json::{Map, Value};

/// Members that the document does not define, and explicit nulls. They are kept when reading and sent when writing.
///
/// A member that is set in the struct takes precedence over a member of the same name in here. An empty `Extra` is the
/// size of one pointer.
///
/// When a response is read, a member whose value does not fit its type is also kept here, and stays unset in the
/// struct: for example a 32-bit number that is too large, or a list where the document says text. If one value in a
/// list or map does not fit, the whole list or map is kept here. So no data is lost, and the other members are read.
/// Integers beyond 64 bits are kept as text, with all of their digits.
///
/// ```
/// use gapis_runtime::Extra;
///
/// let extra = Extra::NEW.null("description").with("newMember", 3);
/// assert_eq!(extra.get("newMember"), Some(&3.into()));
/// assert_eq!(extra.len(), 2);
/// ```
#[derive(Clone, Default)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Extra {
    /// No members.
    pub const NEW: Extra = Extra(None);

    /// Adds an explicit `null`, which clears the member in a PATCH.
    #[must_use]
    pub fn null(self, name: impl Into<String>) -> Self {
        self.with(name, Value::Null)
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.insert(name, value);
        self
    }

    /// Adds a member and returns its previous value.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.get_or_insert_default().insert(name.into(), value.into())
    }

    /// Sets a member to `null`, and returns it.
    pub(super) fn put_null(&mut self, name: &str) -> &mut Value {
        let value = self.0.get_or_insert_default().entry(name).or_insert(Value::Null);
        *value = Value::Null;
        value
    }

    /// Removes a member and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.as_mut()?.remove(name)
    }

    /// The value of the member with that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// The members, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|map| map.iter()).map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |map| map.len())
    }
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(left), Some(right)) => left == right,
            _ => self.is_empty() && other.is_empty(),
        }
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<N: Into<String>> FromIterator<(N, Value)> for Extra {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(members: I) -> Self {
        members.into_iter().fold(Extra::NEW, |extra, (name, value)| extra.with(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_word_and_quiet() {
        assert_eq!(size_of::<Extra>(), size_of::<usize>());
        assert_eq!(format!("{:?}", Extra::NEW), "{}");
        assert_eq!(format!("{:?}", Extra::NEW.null("a")), r#"{"a": Null}"#);
    }

    #[test]
    fn compares_by_content() {
        let mut emptied = Extra::NEW.with("a", 1);
        assert_ne!(emptied, Extra::NEW);
        assert_eq!(emptied.remove("a"), Some(1.into()));
        assert_eq!(emptied, Extra::NEW);
        assert!(emptied.is_empty());
    }

    #[test]
    fn inserts_and_lists() {
        let mut extra = Extra::default();
        assert_eq!(extra.insert("a", "x"), None);
        assert_eq!(extra.insert("a", "y"), Some("x".into()));
        assert_eq!(extra.get("a"), Some(&"y".into()));
        assert_eq!(extra.get("b"), None);
        assert_eq!(extra.iter().collect::<Vec<_>>(), [("a", &"y".into())]);
    }
}
