//! Finds differences between JSON values.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// The path and description of the first difference, such as `files[0].size: expected 1, found "1"`; `None` if the
/// values are equal.
///
/// Numbers are equal if their values are equal, however they are written. The sign of zero is significant.
pub(crate) fn difference(expected: &Value, found: &Value) -> Option<String> {
    let mut path = String::new();
    let what = differ(expected, found, &mut path)?;
    let path = if path.is_empty() { "$" } else { path.trim_start_matches('.') };
    Some(format!("{path}: {what}"))
}

/// Leaves the path of the difference in `path`.
fn differ(expected: &Value, found: &Value, path: &mut String) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, value) in expected {
                let Some(other) = found.get(name) else {
                    return Some(format!("the member {name:?} is missing; its value was {}", short(value)));
                };
                let end = path.len();
                let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                // Writing to a string does not fail.
                let _ = if is_plain { write!(path, ".{name}") } else { write!(path, "[{name:?}]") };
                if let Some(what) = differ(value, other, path) {
                    return Some(what);
                }
                path.truncate(end);
            }
            let added = found.iter().find(|(name, _)| !expected.contains_key(*name));
            added.map(|(name, value)| format!("the member {name:?} was added; its value is {}", short(value)))
        }
        (Value::Array(expected), Value::Array(found)) => {
            for (index, (value, other)) in expected.iter().zip(found).enumerate() {
                let end = path.len();
                let _ = write!(path, "[{index}]");
                if let Some(what) = differ(value, other, path) {
                    return Some(what);
                }
                path.truncate(end);
            }
            (expected.len() != found.len())
                .then(|| format!("expected {} items, found {}", expected.len(), found.len()))
        }
        (Value::Number(expected), Value::Number(found)) if same_number(expected, found) => None,
        _ if expected == found && !expected.is_number() => None,
        _ => Some(format!("expected {}, found {}", short(expected), short(found))),
    }
}

fn same_number(left: &Number, right: &Number) -> bool {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => left == right,
        (None, None) => left.as_f64().map(f64::to_bits) == right.as_f64().map(f64::to_bits),
        (Some(integer), None) => is_that(right, integer),
        (None, Some(integer)) => is_that(left, integer),
    }
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// Whether a number with a fraction or an exponent equals this integer.
fn is_that(number: &Number, integer: i128) -> bool {
    number.as_f64().is_some_and(|float| {
        float.fract() == 0.0 && float as i128 == integer && (integer != 0 || float.is_sign_positive())
    })
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::difference;
    use serde_json::{Value, json};

    #[test]
    fn numbers_are_compared_as_numbers() {
        let differ = |left: &str, right: &str| {
            let read = |text| serde_json::from_str::<Value>(text).expect("JSON");
            difference(&read(left), &read(right)).is_some()
        };
        for (left, right) in [("1", "1.0"), ("1e3", "1000"), ("0.1", "0.10"), ("0", "0.0")] {
            assert!(!differ(left, right), "{left} {right}");
        }
        for (left, right) in [
            ("1", "1.5"),
            ("-0.0", "0"),
            ("-0.0", "0.0"),
            ("9223372036854775807", "9223372036854775808"),
            ("9007199254740993", "9007199254740992.0"),
            ("0.1", "0.10000000000000002"),
            ("1", "\"1\""),
            ("null", "0"),
        ] {
            assert!(differ(left, right), "{left} {right}");
        }
    }

    #[test]
    fn the_first_difference_is_told_with_its_path() {
        let expected = json!({ "a": [{ "b": 1 }, { "b": 2, "c": "x" }] });
        assert_eq!(difference(&expected, &expected), None);
        let told = |found: Value| difference(&expected, &found).expect("a difference");
        assert_eq!(
            told(json!({ "a": [{ "b": 1 }, { "b": "2", "c": "x" }] })),
            "a[1].b: expected 2, found \"2\""
        );
        assert_eq!(
            told(json!({ "a": [{ "b": 1 }, { "b": 2 }] })),
            "a[1]: the member \"c\" is missing; its value was \"x\""
        );
        assert_eq!(
            told(json!({ "a": [{ "b": 1, "d": 0 }, { "b": 2, "c": "x" }] })),
            "a[0]: the member \"d\" was added; its value is 0"
        );
        assert_eq!(told(json!({ "a": [{ "b": 1 }] })), "a: expected 2 items, found 1");
        assert_eq!(told(json!(1)), "$: expected {\"a\":[{\"b\":1},{\"b\":2,\"c\":\"x\"}]}, found 1");
    }
}
