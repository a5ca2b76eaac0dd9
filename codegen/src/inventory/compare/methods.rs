//! Changes of a method: its arguments, its response, what its calls can do, and how it is sent.

use super::{ChangeKind, Compare};
use crate::inventory::{Argument, Item, ItemKind, Location, Method, Paging};

impl Compare<'_> {
    pub(super) fn method(&mut self, old: &Item, new: &Item) {
        let old_method = self.old_methods.get(old.path.as_str()).copied();
        let new_method = self.new_methods.get(new.path.as_str()).copied();
        let (Some(old), Some(new)) = (old_method, new_method) else { return };
        self.arguments(old, new);
        self.fact(ItemKind::Method, &old.path, true, [&old.output, &new.output], "the answer's type");
        self.abilities(old, new);
        let sent = |method: &Method| format!("{} {}", method.verb, method.template);
        self.fact(ItemKind::Method, &old.path, false, [&sent(old), &sent(new)], "how it is sent");
        let version = |method: &Method| method.api_version.clone().unwrap_or_default();
        self.fact(
            ItemKind::Method,
            &old.path,
            false,
            [&version(old), &version(new)],
            "the version it asks for",
        );
        let scopes = |method: &Method| method.scopes.join(", ");
        self.fact(ItemKind::Method, &old.path, false, [&scopes(old), &scopes(new)], "its scopes");
    }

    fn arguments(&mut self, old: &Method, new: &Method) {
        let types = |method: &Method| -> Vec<String> {
            method.arguments.iter().map(|argument| argument.ty.clone()).collect()
        };
        // The body has no name in the document, and its name in Rust has no meaning for a program.
        let wires = |method: &Method| -> Vec<String> {
            method.arguments.iter().map(|argument| argument.wire.clone()).collect()
        };
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        let (same_types, same_wires) = (types(old) == types(new), wires(old) == wires(new));
        if same_types && same_wires {
            return;
        }
        let is_moved = sorted(wires(old)) == sorted(wires(new)) && !same_wires;
        let change = self.add_to(ChangeKind::Changed, ItemKind::Method, &old.path, !same_types || is_moved);
        change.old = Some(listed(&old.arguments));
        change.new = Some(listed(&new.arguments));
        change.note = match (is_moved, same_types) {
            (true, _) => "the arguments have another order".to_owned(),
            (_, true) => "an argument has another name".to_owned(),
            _ => note(&old.arguments, &new.arguments),
        };
    }

    /// What calls can no longer do, or can do now.
    fn abilities(&mut self, old: &Method, new: &Method) {
        for (could, can, word) in [
            (old.waits, new.waits, "can be waited for"),
            (old.uploads, new.uploads, "takes media"),
            (old.downloads, new.downloads, "serves media"),
        ] {
            if could != can {
                let note = format!("{} {word}", if can { "it now" } else { "it no longer" });
                self.add_to(ChangeKind::Changed, ItemKind::Method, &old.path, could).note = note;
            }
        }
        match (&old.paging, &new.paging) {
            (Some(one), Some(two)) => self.items_of_pages(&old.path, one, two),
            (None, None) => {}
            (could, can) => {
                let note =
                    format!("{} answers in pages", if can.is_some() { "it now" } else { "it no longer" });
                self.add_to(ChangeKind::Changed, ItemKind::Method, &old.path, could.is_some()).note = note;
            }
        }
    }

    /// The member of the response that has the items, and their type.
    fn items_of_pages(&mut self, path: &str, old: &Paging, new: &Paging) {
        if old.items == new.items {
            self.fact(ItemKind::Method, path, true, [&old.item, &new.item], "the type of its items");
            return;
        }
        let note = match (old.items.is_empty(), new.items.is_empty()) {
            (true, _) => format!("its items are those of `{}` now", new.items),
            (_, true) => format!("its items were those of `{}`, and it has none now", old.items),
            _ => format!("its items are those of `{}` now, no longer those of `{}`", new.items, old.items),
        };
        // If there were no items before, no program can use them.
        let change = self.add_to(ChangeKind::Changed, ItemKind::Method, path, !old.items.is_empty());
        change.note = note;
    }
}

fn listed(arguments: &[Argument]) -> String {
    let listed: Vec<String> =
        arguments.iter().map(|Argument { name, ty, .. }| format!("{name}: {ty}")).collect();
    format!("({})", listed.join(", "))
}

/// Describes a change of the types of arguments.
fn note(old: &[Argument], new: &[Argument]) -> String {
    let same = |one: &Argument, two: &Argument| one.wire == two.wire;
    let come = new.iter().filter(|argument| !old.iter().any(|other| same(argument, other)));
    let gone = old.iter().filter(|argument| !new.iter().any(|other| same(argument, other)));
    let called = |argument: &Argument| match argument.location {
        Location::Body => "body".to_owned(),
        _ => format!("argument `{}`", argument.name),
    };
    let notes: Vec<String> = come
        .map(|argument| format!("a new required {}", called(argument)))
        .chain(gone.map(|argument| format!("no {} any more", called(argument))))
        .collect();
    notes.join(", ")
}
