//! Letters and case: which parts of a wire name are allowed in a Rust name, and the cases of Rust. All names are
//! ASCII.

use std::borrow::Cow;

use heck::{ToSnakeCase, ToUpperCamelCase};

/// Longer names are cut. Real names are much shorter.
const LONGEST: usize = 180;

/// Keeps ASCII letters, digits and `_`, and ensures that there is at least one letter or digit.
pub(super) fn clean(wire: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if wire.len() <= LONGEST && wire.chars().all(is_plain) && wire.bytes().any(|byte| byte != b'_') {
        return Cow::Borrowed(wire);
    }
    if wire.is_empty() {
        return Cow::Borrowed("empty");
    }
    let mut clean = String::new();
    let symbols_only = !wire.chars().any(|c| c.is_ascii_alphanumeric());
    for c in wire.chars() {
        if clean.len() > LONGEST {
            // Long names may differ only in later parts.
            clean = format!("{clean}_{:016x}", hash(wire));
            break;
        }
        match c {
            c if c.is_ascii_alphanumeric() => clean.push(c),
            c if symbols_only || !c.is_ascii() => clean.push_str(&format!("_u{:x}_", u32::from(c))),
            _ => clean.push('_'),
        }
    }
    Cow::Owned(cut(clean))
}

/// Cuts an ASCII text to `LONGEST` bytes. A hash of the rest is appended, so that the names of two long paths differ
/// and do not depend on each other.
pub(super) fn cut(mut ascii: String) -> String {
    if ascii.len() > LONGEST {
        let number = hash(&ascii);
        ascii.truncate(LONGEST - 17);
        ascii.push_str(&format!("_{number:016x}"));
    }
    ascii
}

/// A hash of a text that is the same in every build (FNV-1a).
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Ensures that an identifier begins with a letter or `_`.
pub(super) fn started(text: String) -> String {
    if text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        text
    } else {
        format!("_{text}")
    }
}

pub(super) fn snake(clean: &str) -> String {
    if is_lower_word(clean) {
        return started(clean.to_owned());
    }
    let snake = clean.to_snake_case();
    // `_password` and `password` are both parameters of one method; their names must not depend on each other.
    if clean.starts_with('_') { format!("_{snake}") } else { started(snake) }
}

/// Whether a text is one word in lower case, which most names in documents are, and needs no conversion to snake case.
fn is_lower_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Ensures that a name has a letter. `_9` is also what a resource `9` is called, and no argument of a function may have the
/// name of a tuple struct.
pub(super) fn lettered(snake: String) -> String {
    if snake.bytes().any(|byte| byte.is_ascii_lowercase()) { snake } else { format!("arg{snake}") }
}

/// Upper camel case. Digits of two words stay separate: `V1_2` stays `V1_2` instead of `V12`.
pub(super) fn camel(clean: &str) -> String {
    if is_lower_word(clean) {
        let mut name = clean.to_owned();
        name.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
        return started(name);
    }
    let mut name = String::new();
    for word in clean.split('_').filter(|word| !word.is_empty()) {
        let camel = word.to_upper_camel_case();
        if name.ends_with(|c: char| c.is_ascii_digit()) && camel.starts_with(|c: char| c.is_ascii_digit()) {
            name.push('_');
        }
        name.push_str(&camel);
    }
    started(name)
}

/// The wire name that `#[derive(Object)]` derives from a field's name: `mimeType` from `mime_type`.
pub(super) fn wire_of_field(name: &str) -> String {
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

/// The wire name that `#[derive(OpenEnum)]` derives from a variant's name: `IN_USE` from `InUse`.
pub(super) fn wire_of_variant(name: &str) -> String {
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
