//! Reading an answer of which something does not fit: the second pass, after the first one found that out.
//!
//! One value must not spoil the rest. A member whose value does not fit its type stays unset, and what came is kept in the
//! [`Extra`](super::Extra) of its object, so that it can be looked at and goes back as it came. In a list or a map it is the
//! whole list or map, since a list without one of its items would be another list.

use serde::Deserialize as _;
use serde_json::Value;

use super::field::{Field, Kind, Object, Scalar, Slot};

/// The text's JSON value, with what a value cannot hold replaced: integers beyond 64 bits become text of the same digits,
/// halves of surrogate pairs the replacement character. What stands after the value is not looked at.
pub(super) fn parse(text: &str) -> Option<Value> {
    let repaired = repaired(text);
    // All that was copied stood between ASCII characters.
    let repaired = std::str::from_utf8(&repaired).ok()?;
    Value::deserialize(&mut serde_json::Deserializer::from_str(repaired)).ok()
}

/// The value that a body holds, whatever else is wrong with it. `None` if there is none.
pub(crate) fn parse_body(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| parse(std::str::from_utf8(body).ok()?))
}

/// Stores the value, and says whether it fits.
pub(super) fn fill(field: &mut dyn Field, value: &Value) -> bool {
    let kind = match value {
        Value::Null => Kind::Null,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Kind::Leaf,
        Value::Array(_) => Kind::List,
        Value::Object(_) => Kind::Map,
    };
    match (field.slot(kind), value) {
        (Slot::Json(json), _) => {
            json.clone_from(value);
            true
        }
        (_, Value::Null) => true,
        (Slot::Leaf(leaf), value) => scalar(value).is_some_and(|scalar| leaf.set(scalar).is_ok()),
        (Slot::List(list), Value::Array(items)) => items.iter().all(|item| fill(list.push(), item)),
        (Slot::Map(map), Value::Object(members)) => {
            members.iter().all(|(key, value)| fill(map.insert(key), value))
        }
        (Slot::Object(object), Value::Object(members)) => {
            members.iter().for_each(|(name, value)| put(object, name, value));
            true
        }
        _ => false,
    }
}

/// Stores a member, where it does not fit in `extra`.
fn put(object: &mut dyn Object, name: &str, value: &Value) {
    if let Ok(index) = object.names().binary_search(&name) {
        let member = object.get_mut(index);
        if fill(member, value) {
            return;
        }
        member.slot(Kind::Null);
    }
    object.extra_mut().put(name.to_owned(), value.clone());
}

fn scalar(value: &Value) -> Option<Scalar<'_>> {
    match value {
        Value::Bool(value) => Some(Scalar::Bool(*value)),
        Value::String(text) => Some(Scalar::Text(text)),
        Value::Number(number) => {
            let signed = number.as_i64().map(Scalar::Signed);
            let unsigned = || number.as_u64().map(Scalar::Unsigned);
            signed.or_else(unsigned).or_else(|| number.as_f64().map(Scalar::Float))
        }
        _ => None,
    }
}

fn repaired(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut rest = text.as_bytes();
    let mut in_string = false;
    while let Some(&byte) = rest.first() {
        let (taken, instead) = match byte {
            b'\\' if in_string => escape(rest),
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            b'-' | b'0'..=b'9' if !in_string => number(rest),
            _ => (1, None),
        };
        let (token, after) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
        match instead {
            None => out.extend_from_slice(token),
            Some(Instead::Quoted) => {
                out.push(b'"');
                out.extend_from_slice(token);
                out.push(b'"');
            }
            Some(Instead::Replacement) => out.extend_from_slice(b"\\ufffd"),
        }
        rest = after;
    }
    out
}

/// What stands in the place of a token that no value can hold.
enum Instead {
    Quoted,
    Replacement,
}

/// The length of the escape that the bytes begin with.
fn escape(rest: &[u8]) -> (usize, Option<Instead>) {
    let unit = |at: usize| {
        let hex = rest.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, None),
        (Some(0xd800..=0xdfff), _) => (6, Some(Instead::Replacement)),
        _ => (2, None),
    }
}

/// The length of the number that the bytes begin with.
fn number(rest: &[u8]) -> (usize, Option<Instead>) {
    let ends = |byte: &u8| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let length = rest.iter().position(ends).unwrap_or(rest.len()).max(1);
    let token = rest.get(..length).unwrap_or(rest);
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    // Shorter ones fit in any case.
    let long = digits.len() >= 19 && !digits.starts_with(b"0") && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(token).unwrap_or_default();
    let beyond = long && text.parse::<i64>().is_err() && text.parse::<u64>().is_err();
    (length, beyond.then_some(Instead::Quoted))
}
