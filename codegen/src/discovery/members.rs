//! Members by name, for the objects of a document whose names were chosen by its API.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Members by name, in bytewise order.
///
/// A document has one such object for each method and each inline object, most of them with few members. A tree of the
/// standard library would reserve space for eleven members in each, several times what a large document needs.
#[derive(Debug)]
pub(crate) struct Members<T>(Vec<(String, T)>);

impl<T> Members<T> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &T)> {
        self.0.iter().map(|(name, member)| (name, member))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(name, _)| name)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, member)| member)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        let found = self.0.binary_search_by(|(known, _)| known.as_str().cmp(name));
        self.0.get(found.ok()?).map(|(_, member)| member)
    }
}

// The derived one would need `T: Default`.
impl<T> Default for Members<T> {
    fn default() -> Self {
        Members(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(sorted(members))
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// Of several members with one name, the last one stays, as in other parsers of JSON.
fn sorted<T>(mut members: Vec<(String, T)>) -> Members<T> {
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    members.dedup_by(|later, earlier| {
        let is_same = later.0 == earlier.0;
        if is_same {
            std::mem::swap(later, earlier);
        }
        is_same
    });
    members.shrink_to_fit();
    Members(members)
}

#[cfg(test)]
mod tests {
    use super::Members;

    #[test]
    fn members_are_sorted_and_the_last_of_a_name_stays() {
        let members: Members<u8> =
            serde_json::from_str(r#"{"b": 1, "a": 2, "b": 3, "": 4, "b": 5}"#).expect("an object");
        let all: Vec<(&str, u8)> = members.iter().map(|(name, member)| (name.as_str(), *member)).collect();
        assert_eq!(all, [("", 4), ("a", 2), ("b", 5)]);
        assert_eq!(members.get("b"), Some(&5));
        assert_eq!(members.get("c"), None);
        serde_json::from_str::<Members<u8>>("[1]").expect_err("no object");
    }
}
