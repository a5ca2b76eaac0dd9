//! Deserialization: one visitor for every value, compiled once for JSON text.
//!
//! The path of a member that does not fit is collected while the error propagates, so reading without an error costs
//! nothing extra.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

use super::field::{Field, Kind, List, Map, Object, Scalar, Slot};
use super::lenient;
use super::scalars::print_float;

/// Why a JSON text does not fit a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    path: String,
    message: String,
    offset: usize,
}

impl DecodeError {
    /// The path within the value: `files[3].capabilities.canEdit`, or `$` for the whole value.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
    /// What was expected and what was found.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
    /// The byte offset up to which the text was read.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    #[cold]
    fn not_utf8(path: &Path, offset: usize) -> Self {
        let message = "invalid unicode code point".to_owned();
        DecodeError { path: path.to_string(), message, offset }
    }

    #[cold]
    fn new(error: &serde_json::Error, path: &Path, text: &[u8]) -> Self {
        let mut message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        if message.ends_with(&place) {
            message.truncate(message.len() - place.len());
        }
        let before: usize = text
            .split(|&byte| byte == b'\n')
            .take(error.line().saturating_sub(1))
            .map(|line| line.len() + 1)
            .sum();
        DecodeError { path: path.to_string(), message, offset: (before + error.column()).min(text.len()) }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (at byte {})", self.path, self.message, self.offset)
    }
}

impl std::error::Error for DecodeError {}

/// Reads a JSON text into an empty value.
///
/// Members that the document does not define are kept, and members that are `null` stay unset. If a name occurs twice,
/// the last value counts. A member whose value does not fit its type stays unset, and the value is kept in the
/// [`Extra`](super::Extra) of its object. Text after the JSON value is ignored. At most 128 levels of nesting are
/// read.
///
/// # Errors
/// If the text does not begin with a JSON value, or if the value as a whole is of a different kind than `into`.
pub fn from_slice(text: &[u8], into: &mut dyn Field) -> Result<(), DecodeError> {
    let strict = read_slice(text, |path, reader| Seed { field: into, path }.deserialize(reader));
    strict.or_else(|error| second_pass(text, error, |value| lenient::fill(into, value)))
}

/// Reads the text again, leniently. `fill` returns whether the value as a whole fits.
#[cold]
fn second_pass(
    text: &[u8],
    error: DecodeError,
    fill: impl FnOnce(&Value) -> bool,
) -> Result<(), DecodeError> {
    let value = std::str::from_utf8(text).ok().and_then(lenient::parse);
    if value.is_some_and(|value| fill(&value)) { Ok(()) } else { Err(error) }
}

/// Reads a value that is the member `data` of an enclosing object. If there is no such member, the value stays empty.
pub(crate) fn from_enveloped_slice(text: &[u8], into: &mut dyn Field) -> Result<(), DecodeError> {
    let strict = read_slice(text, |path, reader| reader.deserialize_any(Envelope { field: into, path }));
    strict.or_else(|error| {
        second_pass(text, error, |value| value.get("data").is_some_and(|data| lenient::fill(into, data)))
    })
}

fn read_slice(
    text: &[u8],
    read: impl FnOnce(&mut Path, &mut JsonReader<'_>) -> serde_json::Result<()>,
) -> Result<(), DecodeError> {
    // Checking the whole text once is much cheaper than checking each string. Text before an invalid byte is still
    // read, so that the error can name the path.
    let (valid, broken) = match std::str::from_utf8(text) {
        Ok(valid) => (valid, false),
        Err(error) => {
            let before = text.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(before).unwrap_or_default(), true)
        }
    };
    let mut path = Path(Vec::new());
    let mut reader = serde_json::Deserializer::from_str(valid);
    match read(&mut path, &mut reader) {
        Ok(()) => Ok(()),
        Err(error) if !(broken && error.is_eof()) => Err(DecodeError::new(&error, &path, text)),
        Err(_) => Err(DecodeError::not_utf8(&path, valid.len())),
    }
}

type JsonReader<'t> = serde_json::Deserializer<serde_json::de::StrRead<'t>>;

/// For `#[derive(Object)]`: reads a value from any self-describing format.
#[doc(hidden)]
pub fn deserialize<'de, T: Field, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::empty();
    from_deserializer(deserializer, &mut value)?;
    Ok(value)
}

/// Reads a value from any self-describing format. The error message contains the path.
fn from_deserializer<'de, D: Deserializer<'de>>(reader: D, into: &mut dyn Field) -> Result<(), D::Error> {
    let mut path = Path(Vec::new());
    Seed { field: into, path: &mut path }.deserialize(reader).map_err(|error| match path.0.is_empty() {
        true => error,
        false => D::Error::custom(format_args!("{path}: {error}")),
    })
}

/// The path to a value that does not fit, innermost step first.
struct Path(Vec<Step>);

enum Step {
    Member(String),
    Item(usize),
}

impl Path {
    #[cold]
    fn member<E>(&mut self, name: &str, error: E) -> E {
        self.0.push(Step::Member(name.to_owned()));
        error
    }
    #[cold]
    fn item<E>(&mut self, index: usize, error: E) -> E {
        self.0.push(Step::Item(index));
        error
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("$");
        }
        for (depth, step) in self.0.iter().rev().enumerate() {
            match step {
                Step::Item(index) => write!(f, "[{index}]")?,
                Step::Member(name) if name.is_empty() || !name.chars().all(is_plain) => {
                    write!(f, "[{name:?}]")?
                }
                Step::Member(name) => {
                    if depth > 0 {
                        f.write_char('.')?;
                    }
                    f.write_str(name)?;
                }
            }
        }
        Ok(())
    }
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@')
}

struct Seed<'a> {
    field: &'a mut dyn Field,
    path: &'a mut Path,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl Seed<'_> {
    fn scalar<E: Error>(self, value: Scalar<'_>) -> Result<(), E> {
        match self.field.slot(Kind::Leaf) {
            Slot::Leaf(leaf) => leaf.set(value).map_err(|expected| mismatch(expected, &Found::Scalar(value))),
            Slot::Json(json) => {
                *json = to_json(value);
                Ok(())
            }
            Slot::Mismatch(expected) => Err(mismatch(expected, &Found::Scalar(value))),
            _ => Err(mismatch("another value", &Found::Scalar(value))),
        }
    }
}

fn to_json(value: Scalar<'_>) -> Value {
    match value {
        Scalar::Bool(value) => value.into(),
        Scalar::Signed(value) => value.into(),
        Scalar::Unsigned(value) => value.into(),
        Scalar::Float(value) => value.into(),
        Scalar::Text(value) => value.into(),
    }
}

enum Found<'a> {
    Scalar(Scalar<'a>),
    List,
    Object,
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::List => f.write_str("a list"),
            Found::Object => f.write_str("an object"),
            Found::Scalar(Scalar::Bool(value)) => write!(f, "{value}"),
            Found::Scalar(Scalar::Signed(value)) => write!(f, "{value}"),
            Found::Scalar(Scalar::Unsigned(value)) => write!(f, "{value}"),
            Found::Scalar(Scalar::Float(value)) => f.write_str(&print_float(*value)),
            Found::Scalar(Scalar::Text(text)) => match text.char_indices().nth(40) {
                Some((end, _)) => write!(f, "the string {:?}…", text.get(..end).unwrap_or_default()),
                None => write!(f, "the string {text:?}"),
            },
        }
    }
}

#[cold]
fn mismatch<E: Error>(expected: &str, found: &Found<'_>) -> E {
    E::custom(format_args!("expected {expected}, found {found}"))
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.scalar(Scalar::Bool(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.scalar(Scalar::Signed(value))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.scalar(Scalar::Unsigned(value))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.scalar(Scalar::Float(value))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.scalar(Scalar::Text(value))
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if let Slot::Json(json) = self.field.slot(Kind::Null) {
            *json = Value::Null;
        }
        Ok(())
    }
    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }
    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        self.deserialize(reader)
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        self.deserialize(reader)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        let Seed { field, path } = self;
        match field.slot(Kind::List) {
            Slot::List(list) => read_list(list, path, items),
            Slot::Json(json) => {
                *json = Value::deserialize(SeqAccessDeserializer::new(items))?;
                Ok(())
            }
            Slot::Mismatch(expected) => Err(mismatch(expected, &Found::List)),
            _ => Err(mismatch("another value", &Found::List)),
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        let Seed { field, path } = self;
        match field.slot(Kind::Map) {
            Slot::Object(object) => read_object(object, path, members),
            Slot::Map(map) => read_map(map, path, members),
            Slot::Json(json) => {
                *json = Value::deserialize(MapAccessDeserializer::new(members))?;
                Ok(())
            }
            Slot::Mismatch(expected) => Err(mismatch(expected, &Found::Object)),
            _ => Err(mismatch("another value", &Found::Object)),
        }
    }
}

fn read_list<'de, A: SeqAccess<'de>>(
    list: &mut dyn List,
    path: &mut Path,
    mut items: A,
) -> Result<(), A::Error> {
    for index in 0.. {
        match items.next_element_seed(Item { list, path }) {
            Ok(Some(())) => {}
            Ok(None) => break,
            Err(error) => return Err(path.item(index, error)),
        }
    }
    Ok(())
}

/// Appends to the list only if there is another item.
struct Item<'a> {
    list: &'a mut dyn List,
    path: &'a mut Path,
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(Seed { field: self.list.push(), path: self.path })
    }
}

fn read_map<'de, A: MapAccess<'de>>(
    map: &mut dyn Map,
    path: &mut Path,
    mut members: A,
) -> Result<(), A::Error> {
    while let Some(key) = members.next_key_seed(Key)? {
        let value = map.insert(&key);
        members.next_value_seed(Seed { field: value, path }).map_err(|error| path.member(&key, error))?;
    }
    Ok(())
}

fn read_object<'de, A: MapAccess<'de>>(
    object: &mut dyn Object,
    path: &mut Path,
    mut members: A,
) -> Result<(), A::Error> {
    let names = object.names();
    let mut hint = 0;
    while let Some(member) = members.next_key_seed(Known { names, hint })? {
        match member {
            Member::Known(index) => {
                hint = index + 1;
                let seed = Seed { field: object.get_mut(index), path };
                if let Err(error) = members.next_value_seed(seed) {
                    return Err(path.member(names.get(index).unwrap_or(&""), error));
                }
            }
            Member::Unknown(name) => {
                let value = members.next_value().map_err(|error| path.member(&name, error))?;
                object.put_extra(name, value);
            }
        }
    }
    Ok(())
}

/// A key as text, borrowed from the input if it contains no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }
    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

/// A key as the index of a member.
struct Known {
    names: &'static [&'static str],
    /// The index after the last member's: servers often send members in this order.
    hint: usize,
}

enum Member {
    Known(usize),
    Unknown(String),
}

impl<'de> DeserializeSeed<'de> for Known {
    type Value = Member;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Member, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Known {
    type Value = Member;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Member, E> {
        if self.names.get(self.hint) == Some(&name) {
            return Ok(Member::Known(self.hint));
        }
        Ok(match position(self.names, name) {
            Some(index) => Member::Known(index),
            None => Member::Unknown(name.to_owned()),
        })
    }
}

/// The number of names up to which they are all looked at.
const FEW_NAMES: usize = 32;

/// The index of a name in the sorted names. Few names have the same length, so in a short list comparing the lengths is
/// faster than a binary search, which compares texts.
fn position(names: &[&str], name: &str) -> Option<usize> {
    if names.len() > FEW_NAMES {
        return names.binary_search(&name).ok();
    }
    names.iter().position(|known| known.len() == name.len() && *known == name)
}

/// The object `{"data": …}` that encloses the value.
struct Envelope<'a> {
    field: &'a mut dyn Field,
    path: &'a mut Path,
}

const ENVELOPE: &str = "an object with the member `data`";

impl<'de> Visitor<'de> for Envelope<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ENVELOPE)
    }
    // What `Visitor` does with other values by default would bring code that prints each kind of them.
    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        Err(mismatch(ENVELOPE, &Found::Scalar(Scalar::Bool(value))))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        Err(mismatch(ENVELOPE, &Found::Scalar(Scalar::Signed(value))))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        Err(mismatch(ENVELOPE, &Found::Scalar(Scalar::Unsigned(value))))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        Err(mismatch(ENVELOPE, &Found::Scalar(Scalar::Float(value))))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        Err(mismatch(ENVELOPE, &Found::Scalar(Scalar::Text(value))))
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Err(E::custom(format_args!("expected {ENVELOPE}, found null")))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(mismatch(ENVELOPE, &Found::List))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Envelope { field, path } = self;
        while let Some(key) = members.next_key_seed(Key)? {
            if key == "data" {
                members.next_value_seed(Seed { field, path }).map_err(|error| path.member("data", error))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
