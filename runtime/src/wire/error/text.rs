//! Prepares text from servers for messages: one line, of limited length, without characters that a terminal or a
//! viewer interprets.

/// The maximum number of characters of a body in a message.
const SNIPPET: usize = 200;
/// The number of bytes of a body that are examined, so that a huge body costs nothing.
const LOOKED_AT: usize = 16 * 1024;

/// Replaces white space with single spaces, escapes control characters and characters that change the direction of
/// text, and cuts the text after `max` characters with a `…`.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(4 * max));
    let mut left = max;
    for word in text.split_whitespace() {
        let space = usize::from(!out.is_empty());
        for c in " ".chars().take(space).chain(word.chars()) {
            if left == 0 {
                out.push('…');
                return out;
            }
            left -= 1;
            match is_obeyed(c) {
                true => out.extend(c.escape_unicode()),
                false => out.push(c),
            }
        }
    }
    out
}

/// Control characters, marks and overrides of direction, and characters without width.
fn is_obeyed(c: char) -> bool {
    let marks = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}');
    c.is_control() || marks || matches!(c, '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}')
}

/// The readable part of a body that is not an API error: the title of an HTML page, or else the beginning of the body.
pub(super) fn snippet(body: &[u8]) -> String {
    if body.is_empty() {
        return "the body is empty".to_owned();
    }
    let head = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    match title(&head) {
        Some(title) => one_line(title, SNIPPET),
        None => format!("body: {}", one_line(&head, SNIPPET)),
    }
}

/// The text of `<title>`, if it has any.
fn title(page: &str) -> Option<&str> {
    // Converting ASCII letters to lower case does not move them.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find('<')?;
    page.get(start..end).filter(|title| !title.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_title() {
        let page =
            b"<!DOCTYPE html><html lang=en><TITLE lang=en>\n Error 413\r\n(Too Large) </TITLE><style>*{}</style>";
        assert_eq!(snippet(page), "Error 413 (Too Large)");
        for page in ["<html><title></title>x", "<title", "<title>unclosed", "<p>\r\nx</p>"] {
            let text = page.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(snippet(page.as_bytes()), format!("body: {text}"));
        }
        assert_eq!(snippet(b""), "the body is empty");
    }

    #[test]
    fn nothing_is_obeyed() {
        assert_eq!(one_line("a\r\nb\t c\u{2028}d", 100), "a b c d");
        assert_eq!(one_line("\x1b[31mred\x07\u{9b}", 100), "\\u{1b}[31mred\\u{7}\\u{9b}");
        for c in ['\0', '\x7f', '\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}', '\u{feff}', '\u{200b}'] {
            assert_eq!(one_line(&format!("a{c}b"), 100), format!("a{}b", c.escape_unicode()));
        }
        assert_eq!(one_line("ä 漢 🦓", 100), "ä 漢 🦓");
    }

    #[test]
    fn it_is_cut_between_characters() {
        let long = "ä".repeat(10_000);
        assert_eq!(snippet(long.as_bytes()).chars().count(), "body: ".len() + SNIPPET + 1);
        assert_eq!(one_line("abc", 3), "abc");
        assert_eq!(one_line("abcd", 3), "abc…");
        assert_eq!(one_line("ab cd", 3), "ab …");
    }
}
