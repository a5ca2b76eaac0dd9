//! Google's prose as Markdown that rustdoc builds without a warning and never runs.
//!
//! Descriptions are half Markdown, half plain text. What is surely meant as Markdown stays (code, lists, links to
//! `http` addresses, emphasis); brackets, tags, bare addresses, odd backticks and indented lines become what they look
//! like. No text can end the comment it stands in, since every line becomes a comment line of its own.

use crate::steps::step;
use crate::visible::{self, is_unfit};

/// Longer descriptions are cut; the longest real one has 13,027 characters.
const LONGEST: usize = 20_000;

/// The lines of a description.
pub(crate) fn lines(prose: &str) -> Vec<String> {
    let mut prose = prose.trim();
    // Every member and every setter is optional, so that the word says nothing.
    prose = prose.strip_prefix("Optional. ").unwrap_or(prose);
    let mut cut = false;
    if prose.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&end| prose.is_char_boundary(end)).unwrap_or_default();
        prose = prose.get(..end).unwrap_or_default();
        cut = true;
    }
    let mut lines: Vec<String> = Vec::new();
    let mut fence: Option<usize> = None;
    for line in prose.split('\n') {
        let line = line.trim_end();
        let trimmed = line.trim_start();
        let ticks = trimmed.bytes().take_while(|byte| *byte == b'`').count();
        let is_fence = ticks >= 3 && !trimmed[ticks..].contains('`');
        match fence {
            Some(open) if is_fence && ticks >= open && trimmed.len() == ticks => {
                lines.push("`".repeat(open));
                fence = None;
            }
            Some(_) => lines.push(tame(line)),
            None if is_fence => {
                // Whatever language it names, it is never compiled.
                lines.push("`".repeat(ticks) + "text");
                fence = Some(ticks);
            }
            None => lines.push(text(line)),
        }
    }
    if let Some(open) = fence {
        lines.push("`".repeat(open));
    }
    if cut {
        lines.push("…".to_owned());
    }
    // Blank lines are paragraphs; more than one in a row say nothing.
    lines.dedup_by(|next, previous| next.is_empty() && previous.is_empty());
    lines
}

/// A text of the document as a code span: on one line, without what would end the span, and of bounded length.
pub(crate) fn code(text: &str) -> String {
    let mut tame = String::new();
    for c in text.trim().chars().take(200) {
        match c {
            '`' => tame.push(' '),
            c => visible::push(c, &mut tame),
        }
    }
    format!("`{}`", tame.trim())
}

/// A line of code.
fn tame(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    line.chars().for_each(|c| push(c, &mut out));
    out
}

/// Appends a character of prose, without those that change nothing: ends of lines of other systems, and what is left of
/// formatted text.
fn push(c: char, out: &mut String) {
    match c {
        '\r' | '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe0e}'
        | '\u{fe0f}' => {}
        '\t' => out.push(' '),
        c => visible::push(c, out),
    }
}

/// A line of text. It begins without blanks, so that it is never indented code, and has no runs of them.
fn text(line: &str) -> String {
    let trimmed = line.trim_start();
    let narrow;
    let trimmed = if trimmed.contains("  ") || trimmed.contains('\t') {
        narrow = trimmed.split_whitespace().collect::<Vec<_>>().join(" ");
        narrow.as_str()
    } else {
        trimmed
    };
    let mut out = String::with_capacity(trimmed.len() + 8);
    let is_list = trimmed.starts_with("* ") || trimmed.starts_with("- ") || trimmed.starts_with("+ ");
    if is_list && line.starts_with("  ") {
        out.push_str("  ");
    }
    Text { rest: trimmed, out, in_link: false }.run()
}

/// Copies text, escaping what would be more than text.
struct Text<'a> {
    rest: &'a str,
    out: String,
    in_link: bool,
}

impl Text<'_> {
    fn run(mut self) -> String {
        while let Some(at) = self.rest.find(is_special) {
            let (plain, special) = self.rest.split_at(at);
            // An address begins with letters, so it is found by its colon.
            self.out.push_str(plain);
            self.rest = special;
            self.special();
        }
        self.out.push_str(self.rest);
        self.out
    }

    fn take(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.out.push_str(taken);
        self.rest = rest;
    }

    fn special(&mut self) {
        let Some(first) = self.rest.chars().next() else { return };
        match first {
            '`' => self.code(),
            '[' if !self.in_link => self.link(),
            '[' | ']' | '<' => {
                self.out.push('\\');
                self.take(1);
            }
            '\\' => {
                let escapes = self.rest[1..].starts_with(|next: char| next.is_ascii_punctuation());
                self.take(if escapes { 2 } else { 1 });
            }
            ':' => self.address(),
            // A fence, if it begins a line or an item of a list.
            '~' if self.rest.starts_with("~~~") => {
                let run = self.rest.bytes().take_while(|byte| *byte == b'~').count();
                self.out.push('\\');
                self.take(run);
            }
            '!' if self.rest[1..].starts_with('[') => {
                self.out.push_str("\\!");
                self.rest = &self.rest[1..];
            }
            c if is_unfit(c) => {
                push(c, &mut self.out);
                self.rest = &self.rest[c.len_utf8()..];
            }
            c => self.take(c.len_utf8()),
        }
    }

    /// A code span, if the same number of backticks comes again; else plain backticks.
    fn code(&mut self) {
        let ticks = self.rest.bytes().take_while(|byte| *byte == b'`').count();
        let mut from = ticks;
        while let Some(found) = self.rest[from..].find('`') {
            let start = from + found;
            let run = self.rest[start..].bytes().take_while(|byte| *byte == b'`').count();
            if run == ticks {
                let span = tame(&self.rest[..start + run]);
                self.out.push_str(&span);
                self.rest = &self.rest[start + run..];
                return;
            }
            from = start + run;
        }
        for _ in 0..ticks {
            self.out.push_str("\\`");
        }
        self.rest = &self.rest[ticks..];
    }

    /// `[text](https://…)` stays a link; any other bracket is a bracket.
    fn link(&mut self) {
        if let Some((label, address, end)) = link(self.rest) {
            let label = Text { rest: label, out: String::new(), in_link: true }.run();
            self.out.push_str(&format!("[{label}]({address})"));
            self.rest = &self.rest[end..];
        } else {
            self.out.push_str("\\[");
            self.rest = &self.rest[1..];
        }
    }

    /// At the colon of what may be an address: the scheme is already written.
    fn address(&mut self) {
        let scheme = ["https", "http"].into_iter().find(|scheme| self.out.ends_with(scheme));
        let Some(scheme) = scheme.filter(|_| !self.in_link && self.rest.starts_with("://")) else {
            self.take(1);
            return;
        };
        let end = self.rest.find(|c: char| c.is_whitespace() || is_unfit(c) || "<>\"`'|\\".contains(c));
        let whole = &self.rest[..end.unwrap_or(self.rest.len())];
        let mut address = whole.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
        address = without_open_brackets(address);
        let is_url = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&()*+,;=%".contains(c);
        let (open, close) =
            if address.len() > 3 && address.chars().all(is_url) { ('<', '>') } else { ('`', '`') };
        let taken = address.len();
        let address = format!("{open}{scheme}{address}{close}");
        self.out.truncate(self.out.len() - scheme.len());
        // What stands directly before must not join the code span.
        if self.out.ends_with('`') && open == '`' {
            self.out.push(' ');
        }
        self.out.push_str(&address);
        self.rest = &self.rest[taken..];
    }
}

/// An address without the closing brackets at its end that it did not open.
fn without_open_brackets(mut address: &str) -> &str {
    const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];
    let mut counts =
        PAIRS.map(|(open, close)| (address.matches(open).count(), address.matches(close).count()));
    while let Some(shorter) = address.strip_suffix([')', ']', '}']) {
        step();
        let Some(pair) = PAIRS.iter().position(|(_, close)| address.ends_with(*close)) else { break };
        let (opened, closed) = &mut counts[pair];
        if *opened >= *closed {
            break;
        }
        *closed -= 1;
        address = shorter.trim_end_matches(['.', ',', ';', ':']);
    }
    address
}

fn is_special(c: char) -> bool {
    matches!(c, '`' | '[' | ']' | '<' | '\\' | ':' | '!' | '~') || is_unfit(c)
}

/// Label, address and length of a link that `text` begins with.
fn link(text: &str) -> Option<(&str, &str, usize)> {
    let close = text[1..].find([']', '[', '`', '\\', '<', '!'])? + 1;
    let label = &text[1..close];
    let rest = text[close..].strip_prefix("](")?;
    let is_url = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&*+,;=%".contains(c);
    // No further than the address can go: what follows is looked at again.
    let end = rest.find(|c: char| !is_url(c))?;
    let address = &rest[..end];
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    let is_fine = is_web && rest[end..].starts_with(')') && !label.trim().is_empty();
    is_fine.then_some((label, address, close + 2 + end + 1))
}

#[cfg(test)]
mod tests {
    use super::lines;

    fn check(prose: &str, expected: &[&str]) {
        assert_eq!(lines(prose), expected, "{prose:?}");
    }

    #[test]
    fn what_is_markdown_stays() {
        check(
            "Use `a[0]` and **b**, see [here](https://e.com/a?b=c).",
            &["Use `a[0]` and **b**, see [here](https://e.com/a?b=c)."],
        );
        check("* one\n  * two\n\n\n\nthree", &["* one", "  * two", "", "three"]);
        check("``` {\"a\": [1]} ```", &["``` {\"a\": [1]} ```"]);
    }

    #[test]
    fn what_only_looks_like_markdown_is_text() {
        check("[x] of [Foo][bar] <b>", &["\\[x\\] of \\[Foo\\]\\[bar\\] \\<b>"]);
        check("odd ` tick and ``", &["odd \\` tick and \\`\\`"]);
        check("[a](b) ![i](https://e.com/i)", &["\\[a\\](b) \\![i](https://e.com/i)"]);
        check("    fn main() {}", &["fn main() {}"]);
        check("*      wide\ta", &["* wide a"]);
        check("a */ b /* c // d", &["a */ b /* c // d"]);
        check("\\[x] \\` \\", &["\\[x\\] \\` \\"]);
        check("~~~\nx", &["\\~~~", "x"]);
        check("* ~~~~ y `~~~` ~~z~~", &["* \\~~~~ y `~~~` ~~z~~"]);
    }

    #[test]
    fn addresses_are_links_or_code() {
        check(
            "See https://e.com/a. Or (http://e.com/b(c)).",
            &["See <https://e.com/a>. Or (<http://e.com/b(c)>)."],
        );
        check("https://e.com/{id}/x, then", &["`https://e.com/{id}/x`, then"]);
        check("https://", &["`https://`"]);
        check("\"https://e.com\"", &["\"<https://e.com>\""]);
        check("a: b", &["a: b"]);
    }

    #[test]
    fn fences_are_never_run() {
        check("```\nfn main() { loop {} }\n```\nx", &["```text", "fn main() { loop {} }", "```", "x"]);
        check("```rust\nlet [a] = b;", &["```text", "let [a] = b;", "```"]);
    }

    #[test]
    fn what_does_not_show_is_escaped_or_gone() {
        check("a\r\nb\u{202e}c\u{0}d", &["a", "b\\u{202e}c\\u{0}d"]);
        check("a\u{200b}b `c\u{feff}\u{2066}`", &["ab `c\\u{2066}`"]);
    }

    #[test]
    fn long_prose_is_cut_at_a_character() {
        let made = lines(&"é".repeat(1_000_000));
        assert!(made.iter().map(String::len).sum::<usize>() < 21_000);
        let made = lines(&"[`".repeat(1_000_000));
        assert!(made.iter().map(String::len).sum::<usize>() < 50_000);
    }
}
