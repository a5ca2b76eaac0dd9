//! The guide: the pages of `runtime/guide`, which this package contains.

use maud::{Markup, html};
use pulldown_cmark::HeadingLevel;

use super::markdown::{self, Heading};
use super::page::Page;

/// The pages in the order in which they are read: file, what it is about, text.
const PAGES: [(&str, &str, &str); 12] = [
    ("credentials", "authentication", include_str!("../../guide/credentials.md")),
    (
        "batching",
        "many calls in one HTTP request, each with its own reply",
        include_str!("../../guide/batching.md"),
    ),
    ("lists", "pages and items", include_str!("../../guide/lists.md")),
    ("values", "parts of a response, nulls, and the smallest patch", include_str!("../../guide/values.md")),
    ("errors", "the kinds of errors, and how to handle them", include_str!("../../guide/errors.md")),
    (
        "client",
        "retries, timeouts, headers, endpoints, metrics and traces",
        include_str!("../../guide/client.md"),
    ),
    ("media", "uploads and downloads", include_str!("../../guide/media.md")),
    ("operations", "waiting for long-running operations", include_str!("../../guide/operations.md")),
    ("batch-update", "many changes to one document in one call", include_str!("../../guide/batch-update.md")),
    (
        "jobs",
        "thousands or millions of calls: quotas, outages, order, progress",
        include_str!("../../guide/jobs.md"),
    ),
    (
        "journal",
        "jobs that go on after a crash, and calls that failed",
        include_str!("../../guide/journal.md"),
    ),
    ("testing", "a mock server, simulated failures, and dry runs", include_str!("../../guide/testing.md")),
];

/// A page of the guide.
pub(super) struct GuidePage {
    /// Its file: `batching.html`.
    pub(super) file: String,
    pub(super) title: String,
    pub(super) about: &'static str,
    pub(super) html: String,
    /// Its headings below the title.
    pub(super) headings: Vec<Heading>,
}

/// All pages of the guide but its index.
pub(super) fn pages() -> Vec<GuidePage> {
    let above = [("Guide".to_owned(), "index.html".to_owned())];
    let page = |(name, about, text): &(&str, &'static str, &str)| {
        let (main, mut headings) = markdown::page(text, &resolve);
        let title = if headings.is_empty() { (*name).to_owned() } else { headings.remove(0).text };
        headings.retain(|heading| matches!(heading.level, HeadingLevel::H2 | HeadingLevel::H3));
        let page = Page {
            title: &format!("{title} · gapis"),
            root: "../",
            above: &above,
            main: html! { article.prose { (main) } },
        };
        GuidePage { file: format!("{name}.html"), html: page.html(), title, about, headings }
    };
    PAGES.iter().map(page).collect()
}

/// The index of the guide.
pub(super) fn index(pages: &[GuidePage]) -> String {
    let main = html! {
        h1 { "Guide" }
        p.lead { "How to use a generated crate. The tests of gapis compile all code on these pages." }
        (list(pages, ""))
    };
    Page { title: "Guide · gapis", root: "../", above: &[], main }.html()
}

/// Links to the pages; `folder` leads to their folder.
pub(super) fn list(pages: &[GuidePage], folder: &str) -> Markup {
    html! {
        ul.cards {
            @for page in pages {
                li { a href={ (folder) (page.file) } { (page.title) } span { (page.about) } }
            }
        }
    }
}

/// Where a link of the guide leads: to another page, or to the documentation of the runtime.
fn resolve(url: &str) -> Option<String> {
    if url.starts_with('#') || url.starts_with("https://") || url.starts_with("http://") {
        return Some(url.to_owned());
    }
    if let Some(page) = url.strip_prefix("crate::guide::") {
        let (page, anchor) =
            page.split_once('#').map_or((page, String::new()), |(page, anchor)| (page, format!("#{anchor}")));
        return Some(format!("{}.html{anchor}", page.replace('_', "-")));
    }
    let name = url.rsplit("::").next().unwrap_or(url);
    let name: String = name.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    Some(format!("https://docs.rs/gapis-runtime/latest/gapis_runtime/?search={name}"))
}
