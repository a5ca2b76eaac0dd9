//! Converts Google's prose to Markdown that rustdoc accepts without warnings and never runs.
//!
//! Descriptions are half Markdown and half plain text. What is certainly Markdown is kept (code, lists, links to
//! `http` addresses, emphasis). Brackets, tags, bare addresses, unpaired backticks and indented lines are shown as
//! they look. No text can end the comment that contains it, because every line becomes a comment line. Names of
//! schemas become links.

use std::collections::BTreeMap;

use crate::steps::step;
use crate::visible::{self, is_unfit};

/// Longer descriptions are cut. The longest real one has 13,027 characters.
const LONGEST: usize = 20_000;

/// The schemas to which prose links.
#[derive(Clone, Copy)]
pub(crate) struct Schemas<'a> {
    /// The Rust names of the schemas by their names in the document.
    pub(crate) names: &'a BTreeMap<&'a str, &'a str>,
    /// The path to the module of the schemas from where the prose is written, such as `schemas::`.
    pub(crate) path: &'static str,
}

/// Names that also belong to a derive macro or a variant in the module of the schemas. A link must say that it means
/// the type.
const AMBIGUOUS: &[&str] = &[
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Eq",
    "Err",
    "Hash",
    "None",
    "Object",
    "Ok",
    "OpenEnum",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Some",
];

impl<'a> Schemas<'a> {
    /// The same schemas, from a module with another path to them.
    pub(crate) fn from(self, path: &'static str) -> Schemas<'a> {
        Schemas { path, ..self }
    }

    /// A link to the schema with that name, if there is one.
    pub(crate) fn link(self, wire: &str) -> Option<String> {
        let name = self.names.get(wire).filter(|_| wire.chars().all(is_word))?;
        let kind = if AMBIGUOUS.contains(name) { "type@" } else { "" };
        Some(match self.path {
            "" if *name == wire => format!("[`{kind}{name}`]"),
            path => format!("[`{wire}`]({kind}{path}{name})"),
        })
    }

    /// A link for a word of plain text. Only a name that consists of several words, such as `FileList`, is certain to
    /// be a name.
    fn link_word(self, word: &str) -> Option<String> {
        let mut after_small = false;
        let has_words = word.chars().any(|c| {
            let is_next = after_small && c.is_ascii_uppercase();
            after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
            is_next
        });
        if has_words { self.link(word) } else { None }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// No schemas, for prose outside of the crate's documentation.
pub(crate) const NO_SCHEMAS: Schemas<'static> = Schemas { names: &NO_NAMES, path: "" };

static NO_NAMES: BTreeMap<&str, &str> = BTreeMap::new();

/// The lines of a description.
pub(crate) fn lines(prose: &str, schemas: Schemas<'_>) -> Vec<String> {
    let mut prose = prose.trim();
    // Every member and every setter is optional, so this word is redundant.
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
        let after_ticks = trimmed.trim_start_matches('`');
        let ticks = trimmed.len() - after_ticks.len();
        let is_fence = ticks >= 3 && !after_ticks.contains('`');
        match fence {
            Some(open) if is_fence && ticks >= open && trimmed.len() == ticks => {
                lines.push("`".repeat(open));
                fence = None;
            }
            Some(_) => lines.push(tame(line)),
            None if is_fence => {
                // Code in any language is never compiled.
                lines.push("`".repeat(ticks) + "text");
                fence = Some(ticks);
            }
            None => lines.push(text(line, schemas)),
        }
    }
    if let Some(open) = fence {
        lines.push("`".repeat(open));
    }
    if cut {
        lines.push("…".to_owned());
    }
    // Blank lines separate paragraphs; one is sufficient.
    lines.dedup_by(|next, previous| next.is_empty() && previous.is_empty());
    lines
}

/// Text of the document as a code span: in one line, of limited length, without backticks.
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

/// Appends a character of prose. Characters without meaning are left out, such as line ends of other systems and
/// remains of formatted text.
fn push(c: char, out: &mut String) {
    match c {
        '\r' | '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe0e}'
        | '\u{fe0f}' => {}
        '\t' => out.push(' '),
        c => visible::push(c, out),
    }
}

/// A line of text. It has no indentation, which would make it code, and no repeated spaces.
fn text(line: &str, schemas: Schemas<'_>) -> String {
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
    Text { rest: trimmed, out, in_link: false, schemas }.run()
}

/// Copies text, escapes everything that would not be plain text, and links names of schemas.
struct Text<'a> {
    rest: &'a str,
    out: String,
    in_link: bool,
    schemas: Schemas<'a>,
}

impl Text<'_> {
    fn run(mut self) -> String {
        while let Some(at) = self.rest.find(is_special) {
            let (plain, special) = self.rest.split_at(at);
            // An address begins with letters, so it is recognized at its colon.
            self.rest = special;
            self.plain(plain);
            self.special();
        }
        let plain = std::mem::take(&mut self.rest);
        self.plain(plain);
        self.out
    }

    /// Copies text without special characters. `rest` is the text after it.
    fn plain(&mut self, mut text: &str) {
        if self.in_link || self.schemas.names.is_empty() {
            return self.out.push_str(text);
        }
        while let Some(start) = text.find(is_word) {
            let (before, from) = text.split_at(start);
            let (word, after) = from.split_at(from.find(|c| !is_word(c)).unwrap_or(from.len()));
            self.out.push_str(before);
            match self.schemas.link_word(word).filter(|_| self.is_alone(after)) {
                Some(link) => self.out.push_str(&link),
                None => self.out.push_str(word),
            }
            text = after;
        }
        self.out.push_str(text);
    }

    /// Whether the next word, which is followed by `after`, is separate and not a part of a path or a longer name.
    fn is_alone(&self, after: &str) -> bool {
        let is_before = |c: char| c.is_whitespace() || matches!(c, '(' | '*' | '"' | '\'');
        let is_after =
            |c: char| c.is_whitespace() || matches!(c, ')' | '*' | '"' | '\'' | ',' | ';' | ':' | '!' | '?');
        let mut next = after.chars().chain(self.rest.chars());
        self.out.chars().next_back().is_none_or(is_before)
            && match next.next() {
                Some('.') => next.next().is_none_or(|c| c.is_whitespace() || c == ')'),
                c => c.is_none_or(is_after),
            }
    }

    fn take(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.out.push_str(taken);
        self.rest = rest;
    }

    fn special(&mut self) {
        let mut chars = self.rest.chars();
        let Some(first) = chars.next() else { return };
        let after = chars.as_str();
        match first {
            '`' => self.code(),
            '[' if !self.in_link => self.link(),
            '[' | ']' | '<' => {
                self.out.push('\\');
                self.take(1);
            }
            '\\' => {
                let escapes = after.starts_with(|next: char| next.is_ascii_punctuation());
                self.take(if escapes { 2 } else { 1 });
            }
            ':' => self.address(),
            // A fence, if it begins a line or an item of a list.
            '~' if self.rest.starts_with("~~~") => {
                let run = self.rest.bytes().take_while(|byte| *byte == b'~').count();
                self.out.push('\\');
                self.take(run);
            }
            '!' if after.starts_with('[') => {
                self.out.push_str("\\!");
                self.rest = after;
            }
            c if is_unfit(c) => {
                push(c, &mut self.out);
                self.rest = after;
            }
            c => self.take(c.len_utf8()),
        }
    }

    /// A code span, if there is another run of the same number of backticks; otherwise plain backticks.
    fn code(&mut self) {
        let after_ticks = self.rest.trim_start_matches('`');
        let ticks = self.rest.len() - after_ticks.len();
        let mut ahead = after_ticks;
        while let Some((_, from)) = ahead.find('`').and_then(|found| ahead.split_at_checked(found)) {
            ahead = from.trim_start_matches('`');
            if from.len() - ahead.len() == ticks {
                let (span, rest) = self.rest.split_at(self.rest.len() - ahead.len());
                let name = span.trim_matches('`');
                match self.schemas.link(name).filter(|_| ticks == 1 && !self.in_link) {
                    Some(link) => self.out.push_str(&link),
                    None => self.out.push_str(&tame(span)),
                }
                self.rest = rest;
                return;
            }
        }
        for _ in 0..ticks {
            self.out.push_str("\\`");
        }
        self.rest = after_ticks;
    }

    /// `[text](https://…)` is kept as a link. Other brackets are plain text.
    fn link(&mut self) {
        if let Some((label, address, rest)) = link(self.rest) {
            let label = Text { rest: label, out: String::new(), in_link: true, schemas: self.schemas }.run();
            self.out.push_str(&format!("[{label}]({address})"));
            self.rest = rest;
        } else {
            self.out.push('\\');
            self.take(1);
        }
    }

    /// Handles the colon of a possible address, whose scheme has already been written.
    fn address(&mut self) {
        let scheme = ["https", "http"].into_iter().find(|scheme| self.out.ends_with(scheme));
        let Some(scheme) = scheme.filter(|_| !self.in_link && self.rest.starts_with("://")) else {
            self.take(1);
            return;
        };
        let end = self.rest.find(|c: char| c.is_whitespace() || is_unfit(c) || "<>\"`'|\\".contains(c));
        let (whole, _) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let mut address = whole.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
        address = without_open_brackets(address);
        let is_url = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&()*+,;=%".contains(c);
        let (open, close) =
            if address.len() > 3 && address.chars().all(is_url) { ('<', '>') } else { ('`', '`') };
        let taken = address.len();
        let address = format!("{open}{scheme}{address}{close}");
        self.out.truncate(self.out.len() - scheme.len());
        // Text before the address must not become part of the code span.
        if self.out.ends_with('`') && open == '`' {
            self.out.push(' ');
        }
        self.out.push_str(&address);
        self.rest = self.rest.split_at(taken).1;
    }
}

/// An address without closing brackets at its end that have no opening bracket in it.
fn without_open_brackets(mut address: &str) -> &str {
    const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];
    let mut counts =
        PAIRS.map(|(open, close)| (address.matches(open).count(), address.matches(close).count()));
    while let Some(shorter) = address.strip_suffix([')', ']', '}']) {
        step();
        let mut pairs = PAIRS.iter().zip(&mut counts);
        let Some((_, (opened, closed))) = pairs.find(|((_, close), _)| address.ends_with(*close)) else {
            break;
        };
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

/// The label and address of the link that `text` begins with, and the text after it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let inner = text.strip_prefix('[')?;
    let (label, rest) = inner.split_at(inner.find([']', '[', '`', '\\', '<', '!'])?);
    let rest = rest.strip_prefix("](")?;
    let is_url = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&*+,;=%".contains(c);
    // Search only as far as an address can extend. The rest is examined again.
    let (address, rest) = rest.split_at(rest.find(|c: char| !is_url(c))?);
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    let rest = rest.strip_prefix(')')?;
    (is_web && !label.trim().is_empty()).then_some((label, address, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(prose: &str) -> Vec<String> {
        super::lines(prose, NO_SCHEMAS)
    }

    fn check(prose: &str, expected: &[&str]) {
        assert_eq!(lines(prose), expected, "{prose:?}");
    }

    #[test]
    fn names_of_schemas_are_links() {
        let names = BTreeMap::from([
            ("File", "File"),
            ("FileList", "FileList"),
            ("Object", "Object"),
            ("GoogleFoo_v1", "GoogleFooV1"),
            ("odd name", "OddName"),
        ]);
        let linked = |prose: &str, path| super::lines(prose, Schemas { names: &names, path }).concat();
        let check =
            |prose: &str, expected: &str| assert_eq!(linked(prose, "schemas::"), expected, "{prose:?}");
        check("A `File` in a FileList.", "A [`File`](schemas::File) in a [`FileList`](schemas::FileList).");
        check(
            "*FileList*: (FileList), \"FileList\"",
            &"*L*: (L), \"L\"".replace('L', "[`FileList`](schemas::FileList)"),
        );
        check(
            "an `Object`, GoogleFoo_v1",
            "an [`Object`](type@schemas::Object), [`GoogleFoo_v1`](schemas::GoogleFooV1)",
        );
        // A plain word may be just a word, and a part of a path or of a longer name is no name.
        for text in [
            "File, Object",
            "a/FileList",
            "FileList/a",
            "a.FileList",
            "FileList.files",
            "FileLists",
            "MyFileList",
            "FileList-x",
            "@FileList",
            "``File``",
            "`File.id`",
            "`odd name`",
            "[see FileList](https://e.com/)",
            "https://e.com/",
        ] {
            let expected = if text.starts_with("https") { format!("<{text}>") } else { text.to_owned() };
            check(text, &expected);
        }
        assert_eq!(
            linked("`File` `Object` GoogleFoo_v1", ""),
            "[`File`] [`type@Object`] [`GoogleFoo_v1`](GoogleFooV1)"
        );
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
