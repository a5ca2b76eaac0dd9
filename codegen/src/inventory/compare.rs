//! The differences between two inventories, and which of them break a program that compiles with the old one.
//!
//! Two items are the same if their paths are, or if they are the same thing in the document with another Rust name.
//! Additions break nothing: enums are non-exhaustive, and struct literals end with `..Default::default()`. The parts
//! of a struct, an enum or a method that was added or removed as a whole are not listed individually.

mod methods;

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::data::{Inventory, Method};
use super::items::{Item, ItemKind};
use crate::table::Table;
use crate::visible::visible;

/// A difference between two revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Change {
    /// The kind of change.
    pub change: ChangeKind,
    /// The kind of item.
    pub kind: ItemKind,
    /// The path of the item: in the old crate, or in the new one if it was added.
    pub path: String,
    /// Whether a program that compiles with the old crate may fail to compile with the new one, or change its meaning.
    pub breaks: bool,
    /// The old signature, type or path.
    pub old: Option<String>,
    /// The new one.
    pub new: Option<String>,
    /// An explanation; may be empty.
    pub note: String,
}

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum ChangeKind {
    /// The item no longer exists.
    Removed,
    /// The item has another path.
    Renamed,
    /// The item has another type, or is used or sent differently.
    Changed,
    /// The document deprecates the item.
    Deprecated,
    /// The item is new.
    Added,
}

impl fmt::Display for Change {
    /// One line: `breaks  changed    field schemas::File::size: Option<i64> -> Option<String>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let change = match self.change {
            ChangeKind::Removed => "removed",
            ChangeKind::Renamed => "renamed",
            ChangeKind::Changed => "changed",
            ChangeKind::Deprecated => "deprecated",
            ChangeKind::Added => "added",
        };
        let breaks = if self.breaks { "breaks" } else { "ok" };
        let mut line = format!("{breaks:6}  {change:10} {} {}", self.kind.word(), self.path);
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => line.push_str(&format!(": {old} -> {new}")),
            (Some(one), None) | (None, Some(one)) => line.push_str(&format!(": {one}")),
            (None, None) => {}
        }
        if !self.note.is_empty() {
            line.push_str(&format!(" ({})", self.note));
        }
        // Text of a document may be printed on a terminal.
        f.write_str(&visible(&line))
    }
}

impl Inventory {
    /// The differences between this revision and another: breaking ones first, then by path.
    ///
    /// ```
    /// # fn main() -> Result<(), gapis_codegen::Error> {
    /// let of = |members: &str| {
    ///     let document = format!(
    ///         r#"{{"name": "farm", "version": "v2", "rootUrl": "https://farm.example.com/",
    ///         "schemas": {{"Animal": {{"type": "object", "properties": {{{members}}}}}}}}}"#
    ///     );
    ///     gapis_codegen::inventory(document.as_bytes(), &Default::default())
    /// };
    /// let (old, new) = (of(r#""age": {"type": "integer"}"#)?, of(r#""age": {"type": "number"}"#)?);
    /// let changes = old.changes_to(&new);
    /// assert!(changes[0].breaks);
    /// assert_eq!(
    ///     changes[0].to_string(),
    ///     "breaks  changed    field schemas::Animal::age: Option<i32> -> Option<f64>"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn changes_to(&self, new: &Inventory) -> Vec<Change> {
        let (old_items, new_items) = (self.items(), new.items());
        let mut compare = Compare {
            old: self,
            new,
            pairs: Pairs::of(&old_items, &new_items),
            old_methods: by_path(self),
            new_methods: by_path(new),
            changes: Table::new(),
        };
        compare.whole();
        compare.items(&old_items, &new_items);
        compare.split_types();
        let mut changes = compare.changes.into_vec();
        let rank = |change: &Change| (!change.breaks, change.path.clone(), change.change, change.kind);
        changes.sort_by_cached_key(rank);
        changes
    }
}

fn by_path(inventory: &Inventory) -> HashMap<&str, &Method> {
    inventory.methods.iter().map(|method| (method.path.as_str(), method)).collect()
}

/// Which old item corresponds to which new one.
struct Pairs<'a> {
    /// For each old item, the index of the new one.
    new_of: Vec<Option<usize>>,
    /// The new items without an old one.
    added: Vec<usize>,
    /// Paths of types and markers that were added or removed as a whole, and with them their parts.
    lonely: HashSet<&'a str>,
    /// Kind and wire name of items without a counterpart, for markers and resources, which belong to another item.
    lonely_wires: HashSet<(ItemKind, &'a str)>,
}

impl<'a> Pairs<'a> {
    fn of(old: &'a [Item], new: &'a [Item]) -> Self {
        let path_of = |item: &'a Item| (item.kind, item.path.as_str());
        let wire_of = |item: &'a Item| (item.kind, item.wire.as_str());
        let old_paths: HashSet<_> = old.iter().map(path_of).collect();
        let new_paths: HashMap<_, usize> = new.iter().map(path_of).zip(0..).collect();
        let free = new.iter().zip(0..).filter(|(item, _)| !old_paths.contains(&path_of(item)));
        let new_wires: HashMap<_, usize> = free.map(|(item, index)| (wire_of(item), index)).collect();
        let partner = |item| new_paths.get(&path_of(item)).or_else(|| new_wires.get(&wire_of(item))).copied();
        let mut pairs = Pairs {
            new_of: old.iter().map(partner).collect(),
            added: Vec::new(),
            lonely: HashSet::new(),
            lonely_wires: HashSet::new(),
        };
        let known: HashSet<usize> = pairs.new_of.iter().copied().flatten().collect();
        pairs.added = (0..new.len()).filter(|index| !known.contains(index)).collect();
        let gone = old.iter().zip(&pairs.new_of).filter(|(_, new)| new.is_none()).map(|(item, _)| item);
        for item in gone.chain(pairs.added.iter().filter_map(|&index| new.get(index))) {
            pairs.lonely.insert(&item.path);
            pairs.lonely_wires.insert(wire_of(item));
        }
        pairs
    }

    /// Whether an item without a counterpart needs no line of its own, because the line of its owner is sufficient.
    fn is_reported(&self, item: &Item) -> bool {
        let companion = |kind| self.lonely_wires.contains(&(kind, item.wire.as_str()));
        match item.kind {
            ItemKind::Field | ItemKind::Variant | ItemKind::Setter | ItemKind::Request => {
                self.lonely.contains(owner(item))
            }
            ItemKind::Marker => companion(ItemKind::Method),
            ItemKind::Module | ItemKind::Resource => companion(ItemKind::Accessor),
            _ => false,
        }
    }
}

/// The path of the item to which an item belongs.
fn owner(item: &Item) -> &str {
    let owner = item.path.rsplit_once("::").map_or("", |(owner, _)| owner);
    let of_marker = owner.strip_prefix("Call<").or_else(|| owner.strip_prefix("Update<"));
    of_marker.and_then(|marker| marker.strip_suffix('>')).unwrap_or(owner)
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

struct Compare<'a> {
    old: &'a Inventory,
    new: &'a Inventory,
    pairs: Pairs<'a>,
    old_methods: HashMap<&'a str, &'a Method>,
    new_methods: HashMap<&'a str, &'a Method>,
    changes: Table<Change>,
}

impl Compare<'_> {
    fn add(&mut self, change: ChangeKind, item: &Item, breaks: bool) -> &mut Change {
        self.add_to(change, item.kind, &item.path, breaks)
    }

    fn add_to(&mut self, change: ChangeKind, kind: ItemKind, path: &str, breaks: bool) -> &mut Change {
        let (path, note) = (path.to_owned(), String::new());
        let index = self.changes.push(Change { change, kind, path, breaks, old: None, new: None, note });
        &mut self.changes[index]
    }

    /// Adds a change of a fact.
    fn fact(&mut self, kind: ItemKind, path: &str, breaks: bool, facts: [&str; 2], note: &str) {
        if facts[0] != facts[1] {
            let [old, new] = facts.map(|fact| if fact.is_empty() { "nothing" } else { fact });
            let change = self.add_to(ChangeKind::Changed, kind, path, breaks);
            change.old = Some(old.to_owned());
            change.new = Some(new.to_owned());
            note.clone_into(&mut change.note);
        }
    }

    /// The crate as a whole, and its endpoints.
    fn whole(&mut self) {
        let (old, new) = (self.old, self.new);
        self.fact(
            ItemKind::Crate,
            &old.crate_name,
            true,
            [&old.crate_name, &new.crate_name],
            "another crate",
        );
        if old.features.is_empty() && !new.features.is_empty() {
            let change = self.add_to(ChangeKind::Changed, ItemKind::Crate, &old.crate_name, true);
            "each resource is a feature now, which a program must name that turns the default features off"
                .clone_into(&mut change.note);
        }
        let (path, old, new) = (&old.service.path, &old.service, &new.service);
        for (facts, note) in [
            ([&old.root_url, &new.root_url], "where calls go"),
            ([&old.service_path, &new.service_path], "where calls go"),
            ([&old.batch_path, &new.batch_path], "where batches go"),
        ] {
            self.fact(ItemKind::Service, path, false, facts.map(String::as_str), note);
        }
    }

    fn items(&mut self, old_items: &[Item], new_items: &[Item]) {
        let new_wires: HashSet<(ItemKind, &str)> =
            new_items.iter().map(|item| (item.kind, item.wire.as_str())).collect();
        for (old, new) in old_items.iter().zip(self.pairs.new_of.clone()) {
            match new.and_then(|index| new_items.get(index)) {
                Some(new) => self.pair(old, new, &new_wires),
                None => self.removed(old, new_items),
            }
        }
        for item in self.pairs.added.clone().into_iter().filter_map(|index| new_items.get(index)) {
            self.added(item, old_items);
        }
    }

    fn pair(&mut self, old: &Item, new: &Item, new_wires: &HashSet<(ItemKind, &str)>) {
        if last(&old.path) != last(&new.path) {
            self.add(ChangeKind::Renamed, old, true).new = Some(new.path.clone());
        } else if old.path == new.path && own_wire(old) != own_wire(new) {
            // If the old thing still exists, the name now belongs to something else.
            let is_another = new_wires.contains(&(old.kind, &old.wire));
            let facts = [own_wire(old), own_wire(new)];
            let note = if is_another { "the name means another thing now" } else { "the document's name" };
            self.fact(old.kind, &old.path, is_another, facts, note);
        }
        match old.kind {
            ItemKind::Method => self.method(old, new),
            ItemKind::Field | ItemKind::Setter | ItemKind::Request | ItemKind::Alias => {
                let facts = [type_of(old), type_of(new)];
                self.fact(old.kind, &old.path, true, facts, "");
            }
            ItemKind::Struct | ItemKind::Enum => self.gate(old, new),
            _ => {}
        }
        if old.kind == ItemKind::Alias {
            self.gate(old, new);
        }
        match (old.deprecated, new.deprecated) {
            (false, true) => {
                self.add(ChangeKind::Deprecated, old, false);
            }
            (true, false) => {
                "no longer deprecated".clone_into(&mut self.add(ChangeKind::Changed, old, false).note);
            }
            _ => {}
        }
    }

    /// Whether fewer features enable a type than before.
    fn gate(&mut self, old: &Item, new: &Item) {
        let between = !self.old.features.is_empty() && !self.new.features.is_empty();
        let without = |feature: &String| {
            self.new.features.contains(feature) && !new.features.contains(feature) && !new.features.is_empty()
        };
        let is_less = match old.features.as_slice() {
            [] => !new.features.is_empty(),
            features => features.iter().any(without),
        };
        if between && is_less {
            let features = new.features.join(", ");
            let note = format!("with the default features off it now needs one of the features {features}");
            self.add(ChangeKind::Changed, old, true).note = note;
        }
    }

    fn removed(&mut self, old: &Item, new_items: &[Item]) {
        if self.pairs.is_reported(old) {
            return;
        }
        let other = new_items.iter().find(|new| {
            new.path == old.path && is_type(new.kind) && is_type(old.kind) && new.kind != old.kind
        });
        if let Some(new) = other {
            self.fact(old.kind, &old.path, true, [&old.signature, &new.signature], "");
            return;
        }
        let mut note = String::new();
        if let (ItemKind::Setter, Some((method, wire))) = (old.kind, old.wire.split_once('?')) {
            let method = self.new.methods.iter().find(|new| new.wire == method);
            if method.is_some_and(|method| method.arguments.iter().any(|argument| argument.wire == wire)) {
                note = "it is an argument now".to_owned();
            }
        }
        self.add(ChangeKind::Removed, old, true).note = note;
    }

    fn added(&mut self, new: &Item, old_items: &[Item]) {
        if self.pairs.is_reported(new)
            || old_items.iter().any(|old| is_type(old.kind) && is_type(new.kind) && old.path == new.path)
        {
            return;
        }
        // Inline objects are re-exported from `schemas`, unless a schema has the same name.
        let inline = new.path.strip_prefix("schemas::").map(|name| format!("schemas::inline::{name}"));
        let hidden = is_type(new.kind) && old_items.iter().any(|old| Some(&old.path) == inline.as_ref());
        let change = self.add(ChangeKind::Added, new, hidden);
        change.new = match new.kind {
            ItemKind::Method => Some(new.signature.clone()),
            ItemKind::Field | ItemKind::Setter | ItemKind::Request | ItemKind::Alias => {
                Some(type_of(new).to_owned())
            }
            _ => None,
        };
        if hidden {
            "the path led to the inline object of this name".clone_into(&mut change.note);
        }
    }

    /// Names that were one type and are now two. This breaks a program that has a value of one where the other is
    /// required.
    fn split_types(&mut self) {
        let types = |inventory: &Inventory| -> Vec<(ItemKind, String, Option<String>)> {
            let structs = inventory.structs.iter().map(|item| (ItemKind::Struct, &item.path, &item.same_as));
            let enums = inventory.enums.iter().map(|item| (ItemKind::Enum, &item.path, &item.same_as));
            structs.chain(enums).map(|(kind, path, same)| (kind, path.clone(), same.clone())).collect()
        };
        let new: HashMap<String, String> = types(self.new)
            .into_iter()
            .map(|(_, path, same_as)| (path.clone(), same_as.unwrap_or(path)))
            .collect();
        for (kind, path, same_as) in types(self.old) {
            let Some(other) = same_as else { continue };
            if let (Some(one), Some(two)) = (new.get(&path), new.get(&other))
                && one != two
            {
                let note = format!("no longer the same type as {other}");
                self.add_to(ChangeKind::Changed, kind, &path, true).note = note;
            }
        }
    }
}

fn is_type(kind: ItemKind) -> bool {
    matches!(kind, ItemKind::Struct | ItemKind::Alias | ItemKind::Enum)
}

/// The wire name of an item without those of its owners; empty if another item has the same one.
fn own_wire(item: &Item) -> &str {
    let wire = item.wire.as_str();
    match item.kind {
        ItemKind::Struct | ItemKind::Enum | ItemKind::Alias | ItemKind::Scope => wire,
        ItemKind::Marker | ItemKind::Module | ItemKind::Resource => "",
        _ => wire.rsplit(['?', '.']).next().unwrap_or(wire),
    }
}

/// The type in the signature of a field, setter, request or alias.
fn type_of(item: &Item) -> &str {
    let signature = item.signature.as_str();
    let after = |mark: &str| signature.split_once(mark).map_or(signature, |(_, ty)| ty);
    match item.kind {
        ItemKind::Field => after(": "),
        ItemKind::Alias => after(" = "),
        ItemKind::Request => after("request: "),
        _ => after("value: ").trim_end_matches(") -> Self"),
    }
}
