//! What all pages have in common.
//!
//! **Architecture invariant:** every page is made here. Templates escape what means something in HTML, and [`Page::html`]
//! escapes what is invisible or changes the direction of text, for the whole page at once.

use gapis_codegen::visible;
use maud::{DOCTYPE, Markup, html};

/// A page, without what all pages have.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// What leads from the page to the site's folder: `../` for each folder that it is in.
    pub(super) root: &'static str,
    /// The pages above this one, and their addresses from it.
    pub(super) above: &'a [(String, String)],
    pub(super) main: Markup,
}

impl Page<'_> {
    /// The page as HTML.
    pub(super) fn html(&self) -> String {
        let Page { title, root, above, main } = self;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    title { (title) }
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    link rel="stylesheet" href={ (root) "site.css" };
                    script defer src={ (root) "site.js" } data-root=(root) {}
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header.top {
                        a.home href={ (root) "index.html" } { "gapis" }
                        nav aria-label="Site" {
                            a href={ (root) "guide/index.html" } { "Guide" }
                            " "
                            a href={ (root) "index.html#apis" } { "APIs" }
                        }
                        div #search {}
                    }
                    div.frame {
                        main #main tabindex="-1" {
                            @if !above.is_empty() {
                                nav.above aria-label="Above" {
                                    @for (index, (name, href)) in above.iter().enumerate() {
                                        @if index > 0 { " / " }
                                        a href=(href) { (name) }
                                    }
                                }
                            }
                            (main)
                        }
                    }
                }
            }
        };
        let mut page = shorten(&fit(&page.into_string()));
        page.push('\n');
        page
    }
}

/// The same HTML in fewer bytes: without the ends of elements that end where the next one begins, and without quotes around
/// values of attributes that need none. What is between `<` and `>` is a tag, since both are escaped everywhere else.
fn shorten(html: &str) -> String {
    const ENDS: [&str; 9] = ["</li", "</dt", "</dd", "</p", "</td", "</th", "</tr", "</body", "</html"];
    let mut out = String::with_capacity(html.len());
    for piece in html.split_inclusive('>') {
        let (text, tag) = piece.split_at(piece.find('<').unwrap_or(piece.len()));
        out.push_str(text);
        if !ENDS.contains(&tag.trim_end_matches('>')) {
            without_quotes(tag, &mut out);
        }
    }
    out
}

fn without_quotes(tag: &str, out: &mut String) {
    let needs_none = |c: char| c.is_ascii_alphanumeric() || "-_.:/#".contains(c);
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once("=\"") {
        let Some((value, after)) = after.split_once('"') else { break };
        out.push_str(before);
        if !value.is_empty() && value.chars().all(needs_none) {
            out.push('=');
            out.push_str(value);
        } else {
            out.push_str("=\"");
            out.push_str(value);
            out.push('"');
        }
        rest = after;
    }
    out.push_str(rest);
}

/// Text in which nothing is invisible and nothing turns the direction of what follows. Ends of lines stay.
pub(super) fn fit(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(line) => {
                out.push_str(&visible(line));
                out.push('\n');
            }
            None => out.push_str(&visible(line)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_html_means_the_same() {
        assert_eq!(
            shorten(
                "<p class=\"a b\">x &lt;/p&gt; =\"y\"</p><a href=\"../z.html#q\" id=\"\">z</a><ul><li>1</li></ul>"
            ),
            "<p class=\"a b\">x &lt;/p&gt; =\"y\"<a href=../z.html#q id=\"\">z</a><ul><li>1</ul>"
        );
    }

    #[test]
    fn nothing_is_invisible_or_turns_the_text() {
        assert_eq!(fit("a\u{202e}b\nc\u{0}\n"), "a\\u{202e}b\nc\\u{0}\n");
    }
}
