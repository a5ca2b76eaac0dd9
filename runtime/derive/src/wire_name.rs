//! Derives the wire name from a Rust name. `gapis-codegen` has the same two rules, and writes `#[wire("…")]` where
//! they do not give the name in the document.

use std::borrow::Cow;

/// `mime_type` becomes `mimeType`: an underscore before a letter or digit is removed and the letter becomes a capital,
/// except at the beginning.
pub(crate) fn of_field(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    let mut wire = String::with_capacity(name.len());
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if c == '_' && !wire.is_empty() && next.is_ascii_alphanumeric() => {
                wire.push(next.to_ascii_uppercase());
                chars.next();
            }
            _ => wire.push(c),
        }
    }
    wire
}

/// `InUse` becomes `IN_USE`: an underscore is inserted before a capital that follows a small letter or a digit.
pub(crate) fn of_variant(name: &str) -> String {
    let mut wire = String::with_capacity(name.len() + 4);
    let mut after_word = false;
    for c in name.chars() {
        if after_word && c.is_ascii_uppercase() {
            wire.push('_');
        }
        wire.push(c.to_ascii_uppercase());
        after_word = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    wire
}

/// The text of a string literal, with the escapes that `gapis-codegen` and `{:?}` write.
pub(crate) fn of_literal(literal: &str) -> Cow<'_, str> {
    let quoted = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(literal);
    if !quoted.contains('\\') {
        return Cow::Borrowed(quoted);
    }
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let mut chars = escape.chars();
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('0') => text.push('\0'),
            Some('u') => {
                let (digits, after) = chars.as_str().split_once('}').unwrap_or_default();
                let code = u32::from_str_radix(digits.trim_start_matches('{'), 16).ok();
                text.extend(code.and_then(char::from_u32));
                chars = after.chars();
            }
            other => text.extend(other),
        }
        rest = chars.as_str();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::{of_field, of_literal, of_variant};

    #[test]
    fn literals_are_read_as_they_are_written() {
        for text in ["", "plain", "a\"b\\c", "\u{202e}x\n\t\0", "\\u{41}", "é"] {
            assert_eq!(of_literal(&format!("{text:?}")), text);
        }
    }

    #[test]
    fn fields_are_in_lower_camel_case() {
        for (name, wire) in [
            ("id", "id"),
            ("mime_type", "mimeType"),
            ("r#type", "type"),
            ("ipv4_enabled", "ipv4Enabled"),
            ("_password", "_password"),
            ("extra_", "extra_"),
            ("a__b", "a_B"),
        ] {
            assert_eq!(of_field(name), wire);
        }
    }

    #[test]
    fn variants_are_in_upper_case() {
        for (name, wire) in [("InUse", "IN_USE"), ("Ok", "OK"), ("Ipv4Only", "IPV4_ONLY"), ("V1_2", "V1_2")] {
            assert_eq!(of_variant(name), wire);
        }
    }
}
