//! Which methods stand on one page: all of an API, or those of a resource with all that is below it, as long as they are not
//! too many.

use std::collections::BTreeSet;

use gapis_codegen::inventory::{Inventory, Method};

/// How many methods a page has at most, unless a single resource has more.
const MOST: usize = 120;

/// The methods of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chapter<'i> {
    /// The resource in the document's names, `projects.locations`; empty for the methods of the API itself.
    pub(super) resource: String,
    /// The name of the page's file without its ending. It has no `-`, so that other pages have names with one.
    pub(super) file: String,
    pub(super) methods: Vec<&'i Method>,
}

/// Divides the methods of an API, each with its place: the names of its resources.
pub(super) fn divide(inventory: &Inventory) -> Vec<Chapter<'_>> {
    let methods: Vec<Placed<'_>> = inventory.methods.iter().map(Placed::of).collect();
    if methods.len() <= MOST {
        let methods = methods.iter().map(|placed| placed.method).collect();
        return vec![Chapter { resource: String::new(), file: "methods".to_owned(), methods }];
    }
    let (own, below): (Vec<Placed<'_>>, Vec<Placed<'_>>) =
        methods.iter().partition(|method| method.wire.is_empty());
    let mut chapters = Vec::new();
    add(own, 0, &mut chapters);
    split(below, 0, &mut chapters);
    chapters
}

/// A method, and its resources by their names in the document and in Rust.
#[derive(Clone, Copy)]
struct Placed<'i> {
    method: &'i Method,
    wire: &'i str,
    module: &'i str,
}

impl<'i> Placed<'i> {
    fn of(method: &'i Method) -> Self {
        let wire = method.wire.rsplit_once('.').map_or("", |(resource, _)| resource);
        // The marker is in the module of the resource: `projects::locations::List`.
        let module = method.marker.rsplit_once("::").map_or("", |(module, _)| module);
        Placed { method, wire, module }
    }

    /// The first `depth` resources in Rust.
    fn prefix(&self, depth: usize) -> &'i str {
        let end = self.module.match_indices("::").map(|(at, _)| at).nth(depth.saturating_sub(1));
        self.module.get(..end.unwrap_or(self.module.len())).unwrap_or_default()
    }

    fn depth(&self) -> usize {
        self.module.split("::").count()
    }
}

/// A chapter for each resource at that depth, or several where it has too many methods.
fn split<'i>(methods: Vec<Placed<'i>>, depth: usize, chapters: &mut Vec<Chapter<'i>>) {
    let mut rest = methods.as_slice();
    while let Some(first) = rest.first() {
        let prefix = first.prefix(depth + 1);
        let end = rest.iter().position(|method| method.prefix(depth + 1) != prefix).unwrap_or(rest.len());
        let (group, after) = rest.split_at(end);
        rest = after;
        if group.len() <= MOST {
            add(group.to_vec(), depth + 1, chapters);
            continue;
        }
        let (own, below): (Vec<Placed<'i>>, Vec<Placed<'i>>) =
            group.iter().partition(|method| method.depth() <= depth + 1);
        add(own, depth + 1, chapters);
        split(below, depth + 1, chapters);
    }
}

fn add<'i>(methods: Vec<Placed<'i>>, depth: usize, chapters: &mut Vec<Chapter<'i>>) {
    let Some(first) = methods.first() else { return };
    let file = if depth == 0 {
        "methods".to_owned()
    } else {
        first.prefix(depth).replace("::", ".").replace("r#", "")
    };
    let resource = wire_prefix(first.wire, depth);
    let taken: BTreeSet<&str> = chapters.iter().map(|chapter| chapter.file.as_str()).collect();
    let mut name = file.clone();
    // Two names of a document may become one in a file system that does not distinguish cases.
    while taken.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
        name.push('_');
    }
    chapters.push(Chapter {
        resource,
        file: name,
        methods: methods.into_iter().map(|placed| placed.method).collect(),
    });
}

/// The first `depth` names of a resource's in the document.
fn wire_prefix(wire: &str, depth: usize) -> String {
    wire.split('.').take(depth).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An API with methods of these names in the document.
    fn inventory(methods: &[String]) -> Inventory {
        let mut resources = serde_json::json!({});
        for wire in methods {
            let mut names: Vec<&str> = wire.split('.').collect();
            let method = names.pop().expect("a name");
            let mut place = &mut resources;
            for name in names {
                place = &mut place["resources"][name];
            }
            place["methods"][method] = serde_json::json!({ "id": wire, "path": wire, "httpMethod": "GET" });
        }
        let mut document =
            serde_json::json!({ "name": "a", "version": "v1", "rootUrl": "https://a.example.com/" });
        for part in ["methods", "resources"] {
            document[part] = resources[part].take();
        }
        gapis_codegen::inventory(document.to_string().as_bytes(), &gapis_codegen::Options::default())
            .expect("a document")
    }

    fn files(methods: &[String]) -> Vec<(String, String, usize)> {
        let inventory = inventory(methods);
        let chapters = divide(&inventory);
        let count: usize = chapters.iter().map(|chapter| chapter.methods.len()).sum();
        assert_eq!(count, methods.len(), "each method is on one page");
        chapters.into_iter().map(|chapter| (chapter.file, chapter.resource, chapter.methods.len())).collect()
    }

    fn row(file: &str, resource: &str, methods: usize) -> (String, String, usize) {
        (file.to_owned(), resource.to_owned(), methods)
    }

    #[test]
    fn a_small_api_has_one_page() {
        let methods = ["b.c.get", "b.get", "fooBar.get", "top"].map(str::to_owned);
        assert_eq!(files(&methods), [row("methods", "", 4)]);
    }

    #[test]
    fn a_small_resource_has_one_page_with_all_below_it() {
        let few = ["b.c.get", "b.get", "fooBar.get", "top"].map(str::to_owned).to_vec();
        let methods = [few, many("z")].concat();
        assert_eq!(
            files(&methods),
            [row("methods", "", 1), row("b", "b", 2), row("foo_bar", "fooBar", 1), row("z", "z", MOST)]
        );
    }

    fn many(resource: &str) -> Vec<String> {
        (0..MOST).map(|n| format!("{resource}.get{n}")).collect()
    }

    #[test]
    fn a_large_resource_has_several() {
        let methods = [many("p"), many("p.a"), vec!["p.b.get".to_owned(), "p.c.d.get".to_owned()]].concat();
        assert_eq!(
            files(&methods),
            [row("p", "p", MOST), row("p.a", "p.a", MOST), row("p.b", "p.b", 1), row("p.c", "p.c", 1)]
        );
    }
}
