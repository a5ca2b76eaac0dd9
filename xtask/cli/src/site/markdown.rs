//! Markdown as HTML: the documentation of an inventory, and the pages of the guide.
//!
//! Markdown comes from documents, which anybody may have written, so that HTML in it is shown as text, images are their
//! description, and links lead to pages of the site and to `http` addresses only.

use maud::PreEscaped;
use pulldown_cmark::{
    BrokenLink, CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html,
};

/// Where a link leads on the page that it is on; `None` if it leads nowhere, and is text.
pub(super) type Resolve<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// What a description says, as HTML of a block: paragraphs and lists.
pub(super) fn block(markdown: &str, resolve: &Resolve<'_>) -> PreEscaped<String> {
    PreEscaped(html_of(markdown, resolve).trim_end().to_owned())
}

/// The same for a place that needs no paragraph if there is only one.
pub(super) fn prose(markdown: &str, resolve: &Resolve<'_>) -> PreEscaped<String> {
    let html = html_of(markdown, resolve);
    let html = html.trim_end();
    let inner = html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>"));
    PreEscaped(inner.filter(|inner| !inner.contains("<p>")).unwrap_or(html).to_owned())
}

/// Headings become paragraphs, since a description is below a heading of the page.
fn html_of(markdown: &str, resolve: &Resolve<'_>) -> String {
    let mut open = Vec::new();
    let events = Parser::new(markdown).filter_map(|event| tame(event, &mut open, resolve));
    let events = events.flat_map(|event| match event {
        Event::Start(Tag::Heading { .. }) => vec![Event::Start(Tag::Paragraph), Event::Start(Tag::Strong)],
        Event::End(TagEnd::Heading(_)) => vec![Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)],
        other => vec![other],
    });
    let mut out = String::with_capacity(markdown.len() * 5 / 4);
    html::push_html(&mut out, events);
    out
}

/// A heading of a page: its level, its anchor and its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) level: HeadingLevel,
    pub(super) anchor: String,
    pub(super) text: String,
}

/// A page of the guide, as HTML, and its headings. Lines of Rust that rustdoc hides are left out.
pub(super) fn page(markdown: &str, resolve: &Resolve<'_>) -> (PreEscaped<String>, Vec<Heading>) {
    // A name in brackets that is defined nowhere is a name of the runtime.
    let mut of_runtime = |link: BrokenLink<'_>| {
        Some((CowStr::from(link.reference.trim_matches('`').to_owned()), CowStr::Borrowed("")))
    };
    let options = Options::ENABLE_TABLES;
    let parser = Parser::new_with_broken_link_callback(markdown, options, Some(&mut of_runtime));
    let mut open = Vec::new();
    let mut events: Vec<Event<'_>> = parser.filter_map(|event| tame(event, &mut open, resolve)).collect();
    let headings = name_headings(&mut events);
    hide_lines(&mut events);
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, events.into_iter());
    // A wide table scrolls in itself.
    let out = out
        .replace("<table>", "<div class=\"wide\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>");
    (PreEscaped(out), headings)
}

/// The first sentence, as plain text of limited length.
pub(super) fn first_sentence(markdown: &str) -> String {
    let mut text = String::new();
    for event in Parser::new(markdown) {
        match event {
            Event::Text(part) | Event::Code(part) | Event::Html(part) | Event::InlineHtml(part) => {
                text.push_str(&part);
            }
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item) => break,
            _ => {}
        }
    }
    let text = text.trim();
    let end = text.find(". ").map_or(text.len(), |end| end + 1);
    let sentence = text.get(..end).unwrap_or(text);
    match sentence.char_indices().nth(LONGEST) {
        Some((end, _)) => {
            let cut = sentence.get(..end).unwrap_or_default();
            // After a whole word, if there is one.
            format!("{} …", cut.rsplit_once(' ').map_or(cut, |(words, _)| words))
        }
        None => sentence.to_owned(),
    }
}

/// How many characters a first sentence has at most.
const LONGEST: usize = 100;

/// An event without what a document must not do. `open` has, for each link that is open, whether it is one.
fn tame<'e>(event: Event<'e>, open: &mut Vec<bool>, resolve: &Resolve<'_>) -> Option<Event<'e>> {
    Some(match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
        Event::Start(Tag::Link { link_type, dest_url, .. }) => {
            let url = resolve(&dest_url);
            open.push(url.is_some());
            Event::Start(Tag::Link {
                link_type,
                dest_url: url?.into(),
                title: CowStr::Borrowed(""),
                id: CowStr::Borrowed(""),
            })
        }
        Event::End(TagEnd::Link) if !open.pop().unwrap_or_default() => return None,
        other => other,
    })
}

/// Gives each heading an anchor, as rustdoc does.
fn name_headings(events: &mut [Event<'_>]) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut at = None;
    let mut text = String::new();
    for index in 0..events.len() {
        match events.get(index) {
            Some(Event::Start(Tag::Heading { level, .. })) => at = Some((index, *level)),
            Some(Event::Text(part) | Event::Code(part)) if at.is_some() => text.push_str(part),
            Some(Event::End(TagEnd::Heading(_))) => {
                let Some((start, level)) = at.take() else { continue };
                let anchor = anchor(&text);
                if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(start) {
                    *id = Some(anchor.clone().into());
                }
                headings.push(Heading { level, anchor, text: std::mem::take(&mut text) });
            }
            _ => {}
        }
    }
    headings
}

fn anchor(text: &str) -> String {
    let mut anchor = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || c == '_' || c == '-' => anchor.extend(c.to_lowercase()),
            ' ' => anchor.push('-'),
            _ => {}
        }
    }
    anchor
}

/// Leaves out the lines of Rust that rustdoc hides.
fn hide_lines(events: &mut [Event<'_>]) {
    let mut in_rust = false;
    for event in events {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                in_rust = language.split(',').next() == Some("rust");
                *language = if in_rust { CowStr::Borrowed("rust") } else { CowStr::Borrowed("") };
            }
            Event::End(TagEnd::CodeBlock) => in_rust = false,
            Event::Text(text) if in_rust => {
                let is_shown = |line: &&str| line.trim() != "#" && !line.trim_start().starts_with("# ");
                let shown: String = text.split_inclusive('\n').filter(is_shown).collect();
                *text = shown.into();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(markdown: &str) -> String {
        let resolve = |url: &str| {
            url.starts_with("https:")
                .then(|| url.to_owned())
                .or_else(|| url.strip_prefix("schemas::").map(|name| format!("t#{name}")))
        };
        prose(markdown, &resolve).0
    }

    #[test]
    fn what_a_description_may_do() {
        assert_eq!(
            html("A [`File`](schemas::File), `x<y` & **b**."),
            "A <a href=\"t#File\"><code>File</code></a>, <code>x&lt;y</code> &amp; <strong>b</strong>."
        );
        assert_eq!(html("* a\n* b"), "<ul>\n<li>a</li>\n<li>b</li>\n</ul>");
        assert_eq!(html("# Title\nText."), "<p><strong>Title</strong></p>\n<p>Text.</p>");
    }

    #[test]
    fn what_it_may_not() {
        assert_eq!(html("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
        assert_eq!(html("a <img src=x onerror=y> b"), "a &lt;img src=x onerror=y&gt; b");
        assert_eq!(html("[a](javascript:alert(1)) [b](data:text/html,x) [c](//e.com)"), "a b c");
        assert_eq!(html("![i](https://e.com/i.png)"), "i");
        assert_eq!(
            html("[a](https://e.com/\"onclick=\"x)"),
            "<a href=\"https://e.com/%22onclick=%22x\">a</a>"
        );
    }

    #[test]
    fn the_first_sentence_as_text() {
        assert_eq!(
            first_sentence("Gets a [`File`](schemas::File) of\nv1.2. And more."),
            "Gets a File of v1.2."
        );
        assert_eq!(first_sentence("One\n\nTwo"), "One");
        assert_eq!(first_sentence("* a\n* b"), "a");
        assert_eq!(first_sentence(&"ä".repeat(500)).chars().count(), LONGEST + 2);
        assert_eq!(first_sentence(&"word ".repeat(50)), format!("{}…", "word ".repeat(20)));
    }

    #[test]
    fn a_page_of_the_guide() {
        let resolve = |url: &str| Some(format!("to:{url}"));
        let text = "# It's `on`\n\n```rust,no_run\n# hidden\nshown\n#\n#[attribute]\n```\n\n[`Name`]\n";
        let (html, headings) = page(text, &resolve);
        assert_eq!(
            html.0,
            "<h1 id=\"its-on\">It's <code>on</code></h1>\n<pre><code class=\"language-rust\">shown\n#[attribute]\n</code></pre>\n\
             <p><a href=\"to:Name\"><code>Name</code></a></p>\n"
        );
        assert_eq!(
            headings,
            [Heading { level: HeadingLevel::H1, anchor: "its-on".to_owned(), text: "It's on".to_owned() }]
        );
    }
}
