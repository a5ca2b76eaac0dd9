//! Finds which members a caller's type reads, so that `reply_as` asks the server for those only.
//!
//! The type is deserialized from a source that has no data and records which members are requested. If a member
//! rejects the placeholder value, the whole attempt fails; the next attempt leaves that member out, until an attempt
//! finds nothing new. Where a type does not say what it reads (maps, enums, flattened members), the whole member is
//! requested.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};

use serde::de::value::Error as ProbeError;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

type Names = &'static [&'static str];

/// The number of members bounds the number of attempts. This limit is for types that behave differently each time.
const MAX_ATTEMPTS: usize = 10_000;

/// The `fields` parameter for a type, empty if it may read anything. It is computed once for each type.
pub(crate) fn fields<T: DeserializeOwned + 'static>() -> Arc<str> {
    static KNOWN: OnceLock<Mutex<HashMap<TypeId, Arc<str>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    let lock = || known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let id = TypeId::of::<T>();
    if let Some(fields) = lock().get(&id) {
        return Arc::clone(fields);
    }
    // The lock is not held here, because the type's own code runs.
    let fields: Arc<str> = probe::<T>().into();
    lock().insert(id, Arc::clone(&fields));
    fields
}

fn probe<T: DeserializeOwned>() -> String {
    let notes = Notes::default();
    for _ in 0..MAX_ATTEMPTS {
        let root = Probe { notes: &notes, path: String::new(), above: Vec::new() };
        if T::deserialize(root).is_ok() {
            break;
        }
        match notes.refused.take() {
            Some(path) => notes.skip.borrow_mut().insert(path),
            None => break,
        };
    }
    let read = notes.read.take();
    selection(&read, "").unwrap_or_default()
}

/// What the attempts have found.
#[derive(Default)]
struct Notes {
    /// The members that the struct at a path reads.
    read: RefCell<BTreeMap<String, Names>>,
    /// Members that are no longer offered, because they rejected the placeholder.
    skip: RefCell<HashSet<String>>,
    /// The innermost member that rejected its placeholder in this attempt.
    refused: RefCell<Option<String>>,
}

/// Formats the members of the struct at `path`, such as `id,owners(name)`. `None` if the struct cannot be requested in
/// part.
fn selection(read: &BTreeMap<String, Names>, path: &str) -> Option<String> {
    let names = read.get(path)?;
    let plain = |name: &&str| !name.is_empty() && !name.contains([',', '(', ')', '/', '*']);
    if names.is_empty() || !names.iter().all(plain) {
        return None;
    }
    let one = |name: &&str| match selection(read, &format!("{path}/{name}")) {
        Some(inner) => format!("{name}({inner})"),
        None => (*name).to_owned(),
    };
    Some(names.iter().map(one).collect::<Vec<_>>().join(","))
}

/// A placeholder for the value at a path.
struct Probe<'a> {
    notes: &'a Notes,
    path: String,
    /// The structs that enclose this value, to detect recursion.
    above: Vec<Names>,
}

/// The members of a struct, offered one after another.
struct Members<'a> {
    probe: Probe<'a>,
    names: Names,
    next: usize,
}

impl Members<'_> {
    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.probe.path)
    }
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = ProbeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ProbeError> {
        while let Some(name) = self.names.get(self.next) {
            self.next += 1;
            if !self.probe.notes.skip.borrow().contains(&self.path(name)) {
                return seed.deserialize((*name).into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ProbeError> {
        let name =
            self.names.get(self.next.wrapping_sub(1)).ok_or_else(|| ProbeError::custom("no member"))?;
        let path = self.path(name);
        let value = Probe { notes: self.probe.notes, path: path.clone(), above: self.probe.above.clone() };
        seed.deserialize(value).inspect_err(|_| {
            self.probe.notes.refused.borrow_mut().get_or_insert(path);
        })
    }
}

/// A list with one item.
struct One<'a>(Option<Probe<'a>>);

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = ProbeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ProbeError> {
        self.0.take().map(|item| seed.deserialize(item)).transpose()
    }
}

/// An empty map: which keys it may hold is unknown.
struct Nothing;

impl<'de> MapAccess<'de> for Nothing {
    type Error = ProbeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, _seed: K) -> Result<Option<K::Value>, ProbeError> {
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _seed: V) -> Result<V::Value, ProbeError> {
        Err(ProbeError::custom("no entry"))
    }
}

/// A scalar is the default value of the requested type.
macro_rules! scalars {
    ($($function:ident $visit:ident $value:expr;)*) => {
        $(fn $function<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ProbeError> {
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = ProbeError;

    scalars! {
        deserialize_bool visit_bool false;
        deserialize_i8 visit_i8 0;
        deserialize_i16 visit_i16 0;
        deserialize_i32 visit_i32 0;
        deserialize_i64 visit_i64 0;
        deserialize_i128 visit_i128 0;
        deserialize_u8 visit_u8 0;
        deserialize_u16 visit_u16 0;
        deserialize_u32 visit_u32 0;
        deserialize_u64 visit_u64 0;
        deserialize_u128 visit_u128 0;
        deserialize_f32 visit_f32 0.0;
        deserialize_f64 visit_f64 0.0;
        deserialize_char visit_char '0';
        deserialize_str visit_str "";
        deserialize_string visit_str "";
        deserialize_bytes visit_bytes b"";
        deserialize_byte_buf visit_bytes b"";
        deserialize_map visit_map Nothing;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ProbeError> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ProbeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ProbeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ProbeError> {
        visitor.visit_seq(One(Some(self)))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _name: &'static str,
        names: Names,
        visitor: V,
    ) -> Result<V::Value, ProbeError> {
        if self.above.contains(&names) {
            // A recursive type has members without end, so the whole member is requested.
            return Err(de::Error::custom("the type contains itself"));
        }
        self.above.push(names);
        self.notes.read.borrow_mut().insert(self.path.clone(), names);
        visitor.visit_map(Members { probe: self, names, next: 0 })
    }

    forward_to_deserialize_any! {
        unit unit_struct tuple tuple_struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    #![allow(dead_code)]

    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Mine {
        id: String,
        #[serde(rename = "fileSize")]
        size: Option<u64>,
        owners: Option<Vec<Owner>>,
        when: Option<Fussy>,
        parent: Option<Box<Mine>>,
        app: Option<HashMap<String, String>>,
        tail: bool,
    }

    #[derive(Deserialize)]
    struct Owner {
        #[serde(rename = "emailAddress")]
        mail: String,
        kind: Kind,
        last: i32,
    }

    #[derive(Deserialize)]
    enum Kind {
        A,
    }

    /// Takes no empty text, as a date would not.
    struct Fussy;

    impl<'de> Deserialize<'de> for Fussy {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            if text.is_empty() { Err(D::Error::custom("empty")) } else { Ok(Fussy) }
        }
    }

    #[derive(Deserialize)]
    struct Open {
        id: String,
        #[serde(flatten)]
        rest: HashMap<String, serde_json::Value>,
    }

    #[derive(Deserialize)]
    struct Around {
        one: Open,
        any: serde_json::Value,
        #[serde(skip)]
        own: i32,
        unit: Wrapped,
    }

    #[derive(Deserialize)]
    struct Wrapped(Owner);

    #[test]
    fn a_type_s_shape_becomes_the_fields() {
        let expected = "id,fileSize,owners(emailAddress,kind,last),when,parent,app,tail";
        assert_eq!(&*fields::<Mine>(), expected);
        assert_eq!(&*fields::<Mine>(), expected, "known the second time");
    }

    #[test]
    fn what_may_read_anything_asks_for_everything() {
        assert_eq!(&*fields::<Open>(), "");
        assert_eq!(&*fields::<serde_json::Value>(), "");
        assert_eq!(&*fields::<HashMap<String, String>>(), "");
        assert_eq!(&*fields::<Around>(), "one,any,unit(emailAddress,kind,last)");
    }
}
