//! The parameters of a method. A long description that several methods of an API share is told at the first of them; the
//! others have its first sentence and a link.

use std::collections::BTreeMap;

use gapis_codegen::Inventory;
use gapis_codegen::inventory::{Argument, Location, Method, Setter};
use maud::{Markup, html};

use super::markdown::{Resolve, first_sentence, prose};

/// A parameter, required or not, or a member of the body of an update.
#[derive(Clone, Copy)]
pub(super) struct Parameter<'a> {
    wire: &'a str,
    place: &'static str,
    ty: &'a str,
    docs: &'a str,
    deprecated: bool,
}

/// What makes two parameters the same: name, type and description.
type Key<'a> = (&'a str, &'a str, &'a str);

impl<'a> Parameter<'a> {
    /// Those of a method, the required ones first.
    pub(super) fn all(method: &'a Method) -> impl Iterator<Item = Self> {
        let required = method.arguments.iter().filter_map(Parameter::required);
        let of_body = method.update.iter().flat_map(|update| &update.setters);
        let of_body = of_body.map(|setter| Parameter::optional(setter, "in the body"));
        let optional = method.setters.iter().map(|setter| Parameter::optional(setter, ""));
        required.chain(of_body).chain(optional)
    }

    fn required(argument: &'a Argument) -> Option<Self> {
        let place = match argument.location {
            Location::Path => "path, required",
            Location::Query => "required",
            Location::Body => return None,
        };
        // It is said beside the name.
        let docs = argument.docs.strip_prefix("Required. ").unwrap_or(&argument.docs);
        Some(Parameter { wire: &argument.wire, place, ty: &argument.ty, docs, deprecated: false })
    }

    fn optional(setter: &'a Setter, place: &'static str) -> Self {
        let Setter { wire, ty, docs, deprecated, .. } = setter;
        Parameter { wire, place, ty, docs, deprecated: *deprecated }
    }

    fn key(&self) -> Key<'a> {
        (self.wire, self.ty, self.docs)
    }
}

/// Descriptions of parameters that are longer, in bytes of Markdown, are told once for an API.
const LONG: usize = 120;

/// The parameters of an API.
pub(super) struct Parameters<'a> {
    inventory: &'a Inventory,
    resolve: &'a Resolve<'a>,
    /// The long descriptions that occur more than once: page and anchor of the first, if it was there already.
    shared: BTreeMap<Key<'a>, Option<(String, String)>>,
}

impl<'a> Parameters<'a> {
    pub(super) fn of(inventory: &'a Inventory, resolve: &'a Resolve<'a>) -> Self {
        let mut counts: BTreeMap<Key<'a>, usize> = BTreeMap::new();
        let all = inventory.methods.iter().flat_map(Parameter::all);
        for parameter in all.filter(|parameter| parameter.docs.len() > LONG) {
            *counts.entry(parameter.key()).or_default() += 1;
        }
        let shared = counts.into_iter().filter(|(_, count)| *count > 1).map(|(key, _)| (key, None));
        Parameters { inventory, resolve, shared: shared.collect() }
    }

    /// A parameter as an item of a list, on the page with that file.
    pub(super) fn item(&mut self, parameter: &Parameter<'a>, file: &str) -> Markup {
        let Parameter { wire, place, ty, docs, deprecated } = parameter;
        let number = self.shared.values().flatten().count();
        let mut id = None;
        let said = match self.shared.get_mut(&parameter.key()) {
            Some(Some((page, anchor))) => {
                let page = if page == file { "" } else { page };
                html! { (first_sentence(docs)) " " a href={ (page) "#" (anchor) } { "More" } }
            }
            told => {
                if let Some(told) = told {
                    let anchor = format!("p-{number}");
                    *told = Some((file.to_owned(), anchor.clone()));
                    id = Some(anchor);
                }
                html! { (prose(docs, self.resolve)) (self.values(ty)) }
            }
        };
        html! {
            dt id=[id] {
                code { (wire) } " " code { (ty) }
                @if !place.is_empty() { " " i { (place) } }
                @if *deprecated { " " span.mark { "deprecated" } }
            }
            dd { (said) }
        }
    }

    /// The values of a parameter, if it has some to choose from.
    fn values(&self, ty: &str) -> Markup {
        // The type is the enum itself, a list of it, or what becomes it.
        let path = ty.get(ty.find("enums::").unwrap_or(ty.len())..).unwrap_or_default();
        let path = path.split(['>', ']']).next().unwrap_or_default();
        let named = |path: &str| self.inventory.enums.iter().find(|item| item.path == path);
        let Some(item) = named(path) else { return html! {} };
        let item = item.same_as.as_deref().and_then(named).unwrap_or(item);
        html! {
            ul.values {
                @for variant in &item.variants {
                    li {
                        code { (variant.wire) }
                        @if !variant.docs.is_empty() { " " (prose(&variant.docs, self.resolve)) }
                    }
                }
            }
        }
    }
}
