//! Long chains of schemas: where they are cut, so that the compiler can look at each type as a whole.
//!
//! Whether a struct can be sent to another thread (`Send`, `Sync`) follows from its members, from theirs, and so on. The
//! compiler goes down at most 128 steps: 24 schemas through lists, 30 in a cycle. So a member at the end of a long chain is a
//! `Deep`, which ends it. No schema of Google's needs that.
//!
//! The generated crate itself also compiles a function for each schema of a chain, one out of the other. For that its limit of
//! recursion is raised; crates that use it have no need of it.

use std::collections::HashSet;

use super::recursion::components;
use crate::log::{Log, Place};
use crate::model::{Object, Shape, Type};
use crate::steps::step;
use crate::table::Table;

/// How many of the compiler's 128 steps the types of a document may need. The rest is for what a program puts around them.
const MOST_STEPS: usize = 112;

/// The steps of a `Deep`.
const DEEP: usize = 4;

/// In a cycle of more schemas, every member that leads on is a `Deep`.
const LARGEST_CYCLE: usize = 24;

/// More lists and maps directly in each other are not written down as a type.
const MOST_NESTED: usize = 12;

/// Whether so many lists and maps are directly in each other that what is inside is read as any JSON value.
pub(crate) fn is_nested_too_deep(ty: &Type) -> bool {
    let mut ty = ty;
    for _ in 0..MOST_NESTED {
        match ty {
            Type::List(inner) | Type::Map(inner) => ty = inner,
            _ => return false,
        }
    }
    true
}

/// Cuts all chains that are too long. Gives the number of schemas in the longest chain.
pub(crate) fn cut(objects: &mut Table<Object>, log: &mut Log<'_>) -> usize {
    let uses: Table<Vec<(usize, usize)>> = objects.iter().map(|object| uses(&object.shape)).collect();
    let (cuts, longest) = cuts(&uses);
    if cuts.is_empty() {
        return longest;
    }
    let is_alias: Table<bool> =
        objects.iter().map(|object| matches!(object.shape, Shape::Alias(_))).collect();
    for (index, object) in objects.iter_mut().enumerate() {
        let types: Vec<&mut Type> = match &mut object.shape {
            Shape::Struct(fields) => fields.iter_mut().map(|field| &mut field.ty).collect(),
            Shape::Alias(ty) => vec![ty],
        };
        for ty in types {
            let Some(named) = named(ty) else { continue };
            let target = match named {
                Type::Object(target) | Type::Boxed(target) => *target,
                _ => continue,
            };
            if !cuts.contains(&(index, target)) {
                continue;
            }
            if is_alias[target] {
                let place = Place::top("schemas");
                log.warn(
                    &place.below(&object.wire),
                    "a chain of too many schemas: its end is any JSON value",
                );
                *named = Type::Json;
            } else {
                *named = Type::Deep(target);
            }
        }
    }
    longest
}

/// The uses of an object by another that are cut, and the number of objects in the longest chain.
fn cuts(uses: &Table<Vec<(usize, usize)>>) -> (HashSet<(usize, usize)>, usize) {
    let targets: Table<Vec<usize>> =
        uses.iter().map(|uses| uses.iter().map(|(target, _)| *target).collect()).collect();
    let component = components(&targets);
    let mut members: Table<Vec<usize>> = Table::filled(Vec::new(), uses.len());
    component.iter().enumerate().for_each(|(object, &number)| members[number].push(object));
    let mut cuts = HashSet::new();
    // How many steps each component needs. It uses only those with lower numbers.
    let mut steps = Table::filled(0, uses.len());
    let mut lengths = Table::filled(0, uses.len());
    for (number, members) in members.iter().enumerate() {
        let is_large = members.len() > LARGEST_CYCLE;
        let within = match members.len() {
            0 | 1 => 0,
            _ if is_large => DEEP,
            _ => members
                .iter()
                .map(|&root| height(root, uses, &component, &mut HashSet::new()))
                .max()
                .unwrap_or(0),
        };
        let mut below = 0;
        for &object in members {
            for &(target, cost) in &uses[object] {
                step();
                let is_inside = component[target] == number;
                if !is_inside {
                    lengths[number] = lengths[number].max(lengths[component[target]]);
                }
                let needed = if is_inside { 0 } else { cost + steps[component[target]] };
                if within + needed > MOST_STEPS || (is_inside && is_large) {
                    cuts.insert((object, target));
                    below = below.max(DEEP);
                } else {
                    below = below.max(needed);
                }
            }
        }
        steps[number] = within + below;
        lengths[number] += members.len();
    }
    (cuts, lengths.iter().copied().max().unwrap_or(0))
}

/// The steps down from an object in a cycle. As the compiler does, it looks at each of the others once.
fn height(
    object: usize,
    uses: &Table<Vec<(usize, usize)>>,
    component: &Table<usize>,
    seen: &mut HashSet<usize>,
) -> usize {
    seen.insert(object);
    let mut highest = 0;
    for &(target, cost) in &uses[object] {
        step();
        if component[target] == component[object] && !seen.contains(&target) {
            highest = highest.max(cost + height(target, uses, component, seen));
        }
    }
    highest
}

/// The objects that an object uses, with the steps from it to them.
fn uses(shape: &Shape) -> Vec<(usize, usize)> {
    match shape {
        Shape::Struct(fields) => fields.iter().filter_map(|field| cost(&field.ty)).collect(),
        Shape::Alias(ty) => cost(ty).into_iter().collect(),
    }
}

/// The object that a type names, and the steps through `Option`, the collections and the object's own type.
fn cost(ty: &Type) -> Option<(usize, usize)> {
    match ty {
        Type::Object(target) => Some((*target, 2)),
        Type::Boxed(target) => Some((*target, 4)),
        Type::List(inner) | Type::Map(inner) => cost(inner).map(|(target, steps)| (target, steps + 4)),
        _ => None,
    }
}

/// The type inside all lists and maps.
fn named(ty: &mut Type) -> Option<&mut Type> {
    match ty {
        Type::List(inner) | Type::Map(inner) => named(inner),
        Type::Object(_) | Type::Boxed(_) => Some(ty),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::cuts;
    use crate::table::Table;

    /// Objects that use the next one with so many steps.
    fn chain(length: usize, steps: usize, is_circle: bool) -> Table<Vec<(usize, usize)>> {
        let next = |index: usize| if is_circle { Some((index + 1) % length) } else { Some(index + 1) };
        let uses = |index| next(index).filter(|&next| next < length).map(|next| (next, steps));
        (0..length).map(|index| uses(index).into_iter().collect()).collect()
    }

    #[test]
    fn only_long_chains_are_cut() {
        let cut = |length, steps, is_circle| {
            let (cuts, longest) = cuts(&chain(length, steps, is_circle));
            assert_eq!(longest, length);
            cuts.len()
        };
        assert_eq!(cut(19, 6, false), 0);
        assert_eq!(cut(20, 6, false), 1);
        assert_eq!(cut(50, 2, false), 0);
        assert_eq!(cut(24, 4, true), 0);
        // 112 steps are 18 lists, and after a cut, which takes 4, as many.
        assert_eq!(cut(200, 6, false), 10);
        assert_eq!(cut(200, 4, true), 200);
    }
}
