//! The anchors that rustdoc gives to the setters of each method.
//!
//! All setters are on the page of `Call` (or `Update`), and many methods have setters with the same name. Rustdoc
//! numbers them in the order in which it finds them: the modules in a file come before its items.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Api, Method, Resource};

/// The anchors of the setters by the number of their method, in the order of [`setters`]; nothing for a method without
/// setters.
pub(crate) type Anchors = BTreeMap<usize, Vec<String>>;

/// The names of the setters of a method, in the order in which they are written.
pub(crate) fn setters<'a>(api: &'a Api, method: &'a Method) -> Vec<&'a str> {
    match api.update_of(method) {
        Some(update) => {
            let members = update.setters.iter().map(|setter| &setter.name);
            members.chain(&update.parameters).map(crate::naming::Name::bare).collect()
        }
        None => method.setters.iter().map(|setter| setter.name.bare()).collect(),
    }
}

pub(crate) fn find(api: &Api) -> Anchors {
    let mut finder = Finder { api, seen: HashMap::new(), anchors: Anchors::new() };
    finder.resource(&api.root);
    finder.anchors
}

struct Finder<'a> {
    api: &'a Api,
    /// How often a name has occurred on the page of `Call` (`false`) or of `Update` (`true`).
    seen: HashMap<(bool, &'a str), usize>,
    anchors: Anchors,
}

impl<'a> Finder<'a> {
    fn resource(&mut self, resource: &'a Resource) {
        resource.resources.iter().for_each(|nested| self.resource(nested));
        for method in &resource.methods {
            let page = self.api.update_of(method).is_some();
            let anchors = setters(self.api, method).into_iter().map(|name| {
                let seen = self.seen.entry((page, name)).or_default();
                *seen += 1;
                if *seen == 1 { format!("method.{name}") } else { format!("method.{name}-{}", *seen - 1) }
            });
            let anchors: Vec<String> = anchors.collect();
            if !anchors.is_empty() {
                self.anchors.insert(method.number, anchors);
            }
        }
    }
}
