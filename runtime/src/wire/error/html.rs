//! What a person can read of a body that is no API error: the text of a page, or the beginning of whatever it is.

/// How many characters of a foreign body a message shows.
const SNIPPET: usize = 200;

/// One line of at most 200 characters: the visible text of an HTML page, else the body itself.
pub(super) fn snippet(body: &[u8]) -> String {
    if body.is_empty() {
        return "the body is empty".to_owned();
    }
    // Only the beginning is looked at, so that a huge body costs nothing.
    let head = String::from_utf8_lossy(&body[..body.len().min(16 * 1024)]);
    let looks_like_html = head.trim_start().starts_with('<');
    let text = if looks_like_html { visible(&head) } else { format!("body: {}", fold(&head)) };
    shorten(&text)
}

/// The text between tags, without that of scripts and styles.
fn visible(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        out.push(' ');
        let tag = &rest[start..];
        let hidden = ["script", "style"]
            .into_iter()
            .find(|name| tag.get(1..=name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name)));
        let end = match hidden {
            Some(name) => tag.to_ascii_lowercase().find(&format!("</{name}")).map(|at| at + name.len() + 2),
            None => Some(1),
        };
        let Some(end) = end.and_then(|from| tag[from..].find('>').map(|at| from + at + 1)) else {
            return fold(&out);
        };
        rest = &tag[end..];
    }
    out.push_str(rest);
    fold(&out)
}

/// White space and control characters become single spaces, so that a message stays one line.
fn fold(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SNIPPET) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_scripts_and_control_characters_vanish() {
        assert_eq!(snippet(b"<p>a\r\n<script>var x = '<b>';</script>b<br/>c"), "a b c");
        assert_eq!(snippet(b"plain\x1b[31m text"), "body: plain [31m text");
        assert_eq!(snippet(b"<unclosed"), "");
    }

    #[test]
    fn long_bodies_are_cut_between_characters() {
        let long = "ä".repeat(10_000);
        assert_eq!(snippet(long.as_bytes()).chars().count(), SNIPPET + 1);
    }
}
