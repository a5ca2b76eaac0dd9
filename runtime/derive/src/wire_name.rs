//! Derives the wire name from a Rust name. `gapis-codegen` has the same two rules, and writes `#[wire("…")]` where
//! they do not give the name in the document.

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

#[cfg(test)]
mod tests {
    use super::{of_field, of_variant};

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
