//! A method on its page: what it takes and gives, what it needs, and the call, which the script of the site makes lines of.

use gapis_codegen::Inventory;
use gapis_codegen::inventory::{Location, Method};
use maud::{Markup, html};

use super::markdown::{Resolve, block};
use super::parameter::{Parameter, Parameters};
use crate::lines::{self, Expression};

/// The anchor of a method: its name in the document, or its number where that name does not belong into an address.
pub(super) fn anchor(inventory: &Inventory, method: &Method) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !method.wire.is_empty() && method.wire.chars().all(plain) {
        return method.wire.clone();
    }
    let number = inventory.methods.iter().position(|other| other.wire == method.wire);
    format!("method-{}", number.unwrap_or_default())
}

/// What the methods of an API share.
pub(super) struct Methods<'a> {
    pub(super) inventory: &'a Inventory,
    /// How calls of the API are batched, in a few words.
    pub(super) batch: String,
    /// What a call of a method costs, where that is known.
    pub(super) quota: &'a dyn Fn(&Method) -> Option<String>,
    pub(super) resolve: &'a Resolve<'a>,
    pub(super) parameters: Parameters<'a>,
}

impl<'a> Methods<'a> {
    /// The section of a method, on the page with that file.
    pub(super) fn section(&mut self, method: &'a Method, file: &str) -> Markup {
        let service = &self.inventory.service;
        let parameters: Vec<Parameter<'_>> = Parameter::all(method).collect();
        html! {
            section {
                h2 id=(anchor(self.inventory, method)) { (method.wire) }
                p {
                    b { (method.verb) }
                    " "
                    code { "/" (service.service_path) (method.template) }
                    @if method.deprecated { " " span.mark { "deprecated" } }
                }
                (block(&method.docs, self.resolve))
                @if !parameters.is_empty() {
                    h3 { "Parameters" }
                    dl {
                        @for parameter in &parameters { (self.parameters.item(parameter, file)) }
                    }
                }
                (self.facts(method))
                (call(self.inventory, method))
            }
        }
    }

    fn facts(&self, method: &Method) -> Markup {
        let body = method.arguments.iter().find(|argument| argument.location == Location::Body);
        let body = body.map(|argument| &argument.ty).or(method.update.as_ref().map(|update| &update.body));
        let media = match (method.uploads, method.downloads) {
            (true, true) => "uploads and downloads, not in a batch",
            (true, false) => "uploads, not in a batch",
            (false, true) => "downloads, not in a batch",
            (false, false) => "",
        };
        html! {
            dl {
                @if let Some(body) = body { dt { "Body" } dd { code { (body) } } }
                dt { "Response" }
                dd {
                    code { (method.output) }
                    @if method.paging.is_some() { ", in pages" }
                    @if method.waits { ", an operation that can be waited for" }
                }
                @if !media.is_empty() { dt { "Media" } dd { (media) } }
                dt { "Batch" } dd { (self.batch) }
                @if let Some(quota) = (self.quota)(method) { dt { "Quota" } dd { (with_source(&quota)) } }
                @if !method.scopes.is_empty() {
                    dt { @if method.scopes.len() == 1 { "Scope" } @else { "One scope of" } }
                    dd { (self.scopes(method)) }
                }
            }
        }
    }

    /// The scopes of which one suffices, without what all of Google's begin with.
    fn scopes(&self, method: &Method) -> Markup {
        let url = |name: &String| {
            let path = format!("scopes::{name}");
            self.inventory.scopes.iter().find(|scope| scope.path == path).map(|scope| scope.url.as_str())
        };
        let urls = method.scopes.iter().filter_map(url);
        html! {
            @for (index, url) in urls.enumerate() {
                @if index > 0 { ", " }
                code { (url.strip_prefix("https://www.googleapis.com/auth/").unwrap_or(url)) }
            }
        }
    }
}

/// The call, the last element of the section, of which the script of the site makes the lines of each way, as [`Expression::lines`] does.
fn call(inventory: &Inventory, method: &Method) -> Markup {
    let Expression { call, .. } = Expression::of(inventory, method);
    // All methods have the first two.
    let ways: Vec<&str> = lines::ways(method).iter().skip(2).map(|way| way.key).collect();
    let ways = (!ways.is_empty()).then(|| ways.join(" "));
    html! {
        pre data-ways=[ways] {
            (call)
        }
    }
}

/// Facts whose source follows in parentheses, if it is a URL.
fn with_source(facts: &str) -> Markup {
    let source = facts.strip_suffix(')').and_then(|facts| facts.rsplit_once(" (https://"));
    match source {
        Some((facts, url)) => html! { (facts) " (" a href={ "https://" (url) } { "source" } ")" },
        None => html! { (facts) },
    }
}
