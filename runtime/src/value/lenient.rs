//! The second pass over a response in which some value does not fit its type.
//!
//! One such value must not spoil the rest. The member stays unset, and the received value is kept in the
//! [`Extra`](super::Extra) of its object, where it can be examined and is sent back unchanged. If the value is in a
//! list or a map, the whole list or map is kept there, because a list without one of its items would be a different
//! list.

use serde::Deserialize as _;
use serde_json::Value;

use super::field::{Field, Kind, Object, Scalar, Slot};

/// Parses the text. What a JSON value cannot hold is replaced: integers beyond 64 bits by text with the same digits,
/// unpaired surrogates by the replacement character. Text after the value is ignored.
pub(super) fn parse(text: &str) -> Option<Value> {
    let repaired = repaired(text);
    // Everything that was copied lies between ASCII characters.
    let repaired = std::str::from_utf8(&repaired).ok()?;
    Value::deserialize(&mut serde_json::Deserializer::from_str(repaired)).ok()
}

/// Parses a body, whatever else is wrong with it. `None` if it does not begin with a value.
pub(crate) fn parse_body(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?;
    serde_json::from_str(text).ok().or_else(|| parse(text))
}

/// Stores the value and returns whether it fits.
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

/// Stores a member, in `extra` if it does not fit.
fn put(object: &mut dyn Object, name: &str, value: &Value) {
    if let Ok(index) = object.names().binary_search(&name) {
        let member = object.get_mut(index);
        if fill(member, value) {
            return;
        }
        member.slot(Kind::Null);
    }
    object.put_extra(name, value.clone());
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

/// The replacement for a token that a JSON value cannot hold.
enum Instead {
    Quoted,
    Replacement,
}

/// The length of the escape at the beginning of `rest`, and its replacement.
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

/// The length of the number at the beginning of `rest`, and its replacement.
fn number(rest: &[u8]) -> (usize, Option<Instead>) {
    let ends = |byte: &u8| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let length = rest.iter().position(ends).unwrap_or(rest.len()).max(1);
    let token = rest.get(..length).unwrap_or(rest);
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    // Shorter numbers always fit.
    let long = digits.len() >= 19 && !digits.starts_with(b"0") && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(token).unwrap_or_default();
    let beyond = long && text.parse::<i64>().is_err() && text.parse::<u64>().is_err();
    (length, beyond.then_some(Instead::Quoted))
}
