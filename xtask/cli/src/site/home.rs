//! The first page: what gapis is, the guide, and all APIs.

use std::collections::BTreeMap;

use maud::html;

use super::api::ApiPages;
use super::guide::{self, GuidePage};
use super::page::Page;

/// The page.
pub(super) fn page(guide: &[GuidePage], apis: &[ApiPages]) -> String {
    let methods: usize = apis.iter().map(|api| api.methods).sum();
    // Versions of an API stand together.
    let mut by_name: BTreeMap<&str, Vec<&ApiPages>> = BTreeMap::new();
    for api in apis {
        by_name.entry(&api.id.name).or_default().push(api);
    }
    let main = html! {
        div.hero {
            h1 { "Typed Rust clients of Google APIs, with batches" }
            p.lead {
                (apis.len()) @if apis.len() == 1 { " API" } @else { " APIs" } " with " (methods)
                " methods: what each takes and gives, its scopes and limits, and the lines of Rust that call it, alone and in a batch."
            }
        }
        h2 { "Guide" }
        (guide::list(guide, "guide/"))
        h2 #apis { "APIs" }
        ul.apis {
            @for (name, versions) in &by_name {
                li {
                    b { (title(versions)) }
                    " "
                    code { (name) }
                    " "
                    span {
                        @for (index, api) in versions.iter().enumerate() {
                            @if index > 0 { " " }
                            a href={ "apis/" (api.id.stem()) ".html" } aria-label={ (api.title) " " (api.id.version) } { (api.id.version) }
                        }
                    }
                }
            }
        }
    };
    Page { title: "gapis", root: "", above: &[], main }.html()
}

/// What the versions of an API are called; mostly all the same.
fn title<'a>(versions: &[&'a ApiPages]) -> &'a str {
    versions.last().map_or("", |api| api.title.as_str())
}
