//! Escapes characters that are invisible or change how text is displayed, wherever text of a document is written: in
//! code, docs, manifests and messages.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character is invisible or changes how others are displayed: controls (C0, C1), marks of text direction,
/// joiners and separators without width, line separators, tags, and invisible or private operators.
///
/// These are Unicode's general categories Cc, Zl and Zp, and the format characters (Cf) that are not part of a script.
pub(crate) fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text with each character that is invisible or changes how others are displayed written as `\u{…}`: controls, marks of
/// text direction, joiners and separators without width.
///
/// ```
/// assert_eq!(gapis_codegen::visible("a\u{202e}b"), r"a\u{202e}b");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unfit) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| push(c, &mut out));
    Cow::Owned(out)
}

/// Appends a character, escaped if necessary.
pub(crate) fn push(c: char, out: &mut String) {
    if is_unfit(c) {
        // Writing to a string does not fail.
        let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
    } else {
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::{is_unfit, visible};

    #[test]
    fn what_does_not_show_is_escaped() {
        assert_eq!(visible("a\u{202e}b\u{0}"), "a\\u{202e}b\\u{0}");
        assert_eq!(visible("Zoë 動物 🦀"), "Zoë 動物 🦀");
        // All that Unicode says of direction (UAX #9), and the characters that rustc refuses in source.
        let bidi = ['\u{61c}', '\u{200e}', '\u{200f}'].into_iter();
        assert!(bidi.chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}').all(is_unfit));
    }
}
