//! The modules of a crate, and which file a name in one of them comes from.

use std::collections::BTreeMap;

use syn::{Attribute, Item, UseTree};

/// A path as it is written: `["crate", "wire", "Error"]`.
pub(crate) type Path = Vec<String>;

/// One module: a file, or a block in one.
#[derive(Default)]
pub(crate) struct Module {
    pub(crate) file: String,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// Names that are defined here.
    items: Vec<String>,
    /// Names that are brought in, by the paths they stand for.
    imported: BTreeMap<String, Path>,
    /// Modules of which everything is brought in.
    globs: Vec<Path>,
    /// What stands here, modules and tests aside.
    pub(crate) code: Vec<Item>,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Module(usize),
    /// An item, and the file that it is written in.
    Item(String),
}

/// All modules of a crate. The first is its root.
#[derive(Default)]
pub(crate) struct Modules {
    pub(crate) all: Vec<Module>,
    /// Macros that `#[macro_export]` puts at the root, by their files.
    exported: BTreeMap<String, String>,
}

impl Modules {
    /// Reads the modules that a root file leads to.
    pub(crate) fn of(root: &str, sources: &BTreeMap<String, String>) -> Self {
        let mut modules = Modules::default();
        modules.add_file(root, "", None, sources);
        modules
    }

    fn add_file(
        &mut self,
        file: &str,
        folder: &str,
        parent: Option<usize>,
        sources: &BTreeMap<String, String>,
    ) -> usize {
        let parsed = syn::parse_file(&sources[file]).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.add(file, folder, parent, parsed.items, sources)
    }

    /// Adds a module whose own modules are files in `folder`.
    fn add(
        &mut self,
        file: &str,
        folder: &str,
        parent: Option<usize>,
        items: Vec<Item>,
        sources: &BTreeMap<String, String>,
    ) -> usize {
        let place = self.all.len();
        self.all.push(Module { file: file.to_owned(), parent, ..Module::default() });
        for item in items {
            if is_test(attributes(&item)) {
                continue;
            }
            if let Item::Mod(module) = item {
                let name = module.ident.to_string();
                let inner = format!("{folder}{name}/");
                let child = match module.content {
                    Some((_, items)) => self.add(file, &inner, Some(place), items, sources),
                    None => {
                        let ways = [format!("{folder}{name}.rs"), format!("{inner}mod.rs")];
                        let way = ways.iter().find(|way| sources.contains_key(*way));
                        let way = way.unwrap_or_else(|| panic!("{file}: no file of module `{name}`"));
                        self.add_file(way, &inner, Some(place), sources)
                    }
                };
                self.all[place].children.insert(name, child);
                continue;
            }
            self.name(place, &item);
            self.all[place].code.push(item);
        }
        place
    }

    /// Notes what an item is called.
    fn name(&mut self, place: usize, item: &Item) {
        let module = &mut self.all[place];
        let name = match item {
            Item::Use(item) => return bring_in(&item.tree, &mut Path::new(), module),
            Item::Macro(item) => {
                let Some(name) = item.ident.as_ref().map(ToString::to_string) else { return };
                if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) {
                    self.exported.insert(name.clone(), module.file.clone());
                }
                name
            }
            Item::Const(item) => item.ident.to_string(),
            Item::Enum(item) => item.ident.to_string(),
            Item::Fn(item) => item.sig.ident.to_string(),
            Item::Static(item) => item.ident.to_string(),
            Item::Struct(item) => item.ident.to_string(),
            Item::Trait(item) => item.ident.to_string(),
            Item::TraitAlias(item) => item.ident.to_string(),
            Item::Type(item) => item.ident.to_string(),
            Item::Union(item) => item.ident.to_string(),
            _ => return,
        };
        module.items.push(name);
    }

    /// What a path in a module leads to, if that is in this crate.
    pub(crate) fn find(&self, module: usize, path: &[String]) -> Option<Found> {
        self.find_within(module, path, 0)
    }

    fn find_within(&self, module: usize, path: &[String], depth: usize) -> Option<Found> {
        // Deeper than any chain of re-exports: a name that stands for itself.
        if depth > 20 {
            return None;
        }
        let mut at = module;
        for (number, name) in path.iter().enumerate() {
            let is_last = number + 1 == path.len();
            match name.as_str() {
                "crate" if number == 0 => at = 0,
                "self" => {}
                "super" => at = self.all[at].parent?,
                name => match self.look_up(at, name, is_last, depth)? {
                    Found::Module(inner) => at = inner,
                    // What follows is a variant or an associated item.
                    item => return Some(item),
                },
            }
        }
        Some(Found::Module(at))
    }

    /// A name in a module. As the last of a path it is rather an item than a module, of those that share it.
    fn look_up(&self, at: usize, name: &str, is_last: bool, depth: usize) -> Option<Found> {
        let module = &self.all[at];
        let child = module.children.get(name).map(|child| Found::Module(*child));
        if child.is_some() && !is_last {
            return child;
        }
        if module.items.iter().any(|item| item == name) {
            return Some(Found::Item(module.file.clone()));
        }
        let imported = module.imported.get(name).filter(|path| path.len() > 1 || path[0] != name);
        imported
            .and_then(|path| self.find_within(at, path, depth + 1))
            .or(child)
            .or_else(|| self.exported.get(name).filter(|_| at == 0).cloned().map(Found::Item))
            .or_else(|| {
                module.globs.iter().find_map(|path| match self.find_within(at, path, depth + 1)? {
                    Found::Module(inner) => self.look_up(inner, name, is_last, depth + 1),
                    Found::Item(_) => None,
                })
            })
    }
}

/// Notes the names that a `use` brings into a module.
fn bring_in(tree: &UseTree, path: &mut Path, module: &mut Module) {
    match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            bring_in(&tree.tree, path, module);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| bring_in(tree, path, module)),
        UseTree::Glob(_) => module.globs.push(path.clone()),
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            let known = if name == "self" { path.last().cloned().unwrap_or_default() } else { name.clone() };
            module.imported.insert(known, [path.as_slice(), &[name]].concat());
        }
        UseTree::Rename(rename) => {
            let path = [path.as_slice(), &[rename.ident.to_string()]].concat();
            module.imported.insert(rename.rename.to_string(), path);
        }
    }
}

/// Whether an item is there for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let condition = list.tokens.to_string();
        let words: Vec<&str> = condition.split(|c: char| !c.is_alphanumeric()).collect();
        list.path.is_ident("cfg")
            && !words.contains(&"not")
            && words.iter().any(|word| matches!(*word, "test" | "doctest"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
