//! Enums and inline objects of one document that are alike in everything but the name are written once.
//!
//! The others become aliases: every name stays, whatever the document gains or loses, while compute's hundreds of
//! warnings, one for each list, cost what one costs.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Docs, Enum, Object, Same, Shape, Type};
use crate::naming::Name;

/// Finds for each enum and inline object the one that stands for it.
pub(crate) fn find(objects: &[Object], enums: &[Enum]) -> Same {
    let groups = group(enums, |item| Some(values(item)));
    let mut same =
        Same { enums: stand_ins(&groups, |index| &enums[index].name).collect(), objects: BTreeMap::new() };
    // Inline objects come after those they contain, but a group's first is only known when all are seen: so they are
    // compared by the groups of their members, deepest first, until nothing changes.
    loop {
        let groups = group(objects, |object| members(object, &same));
        let found: BTreeMap<usize, usize> = stand_ins(&groups, |index| &objects[index].name).collect();
        if found == same.objects {
            return same;
        }
        same.objects = found;
    }
}

fn group<'t, T, K: Eq + std::hash::Hash>(
    items: &'t [T],
    key: impl Fn(&'t T) -> Option<K>,
) -> Vec<Vec<usize>> {
    let mut groups: HashMap<K, Vec<usize>> = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(key) = key(item) {
            groups.entry(key).or_default().push(index);
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// Each member of a group with its first, which has the shortest name.
fn stand_ins<'n>(
    groups: &[Vec<usize>],
    name: impl Fn(usize) -> &'n Name,
) -> impl Iterator<Item = (usize, usize)> {
    groups.iter().flat_map(move |group| {
        let first = group.iter().copied().min_by_key(|&index| (name(index).as_str().len(), name(index)));
        let first = first.unwrap_or_default();
        group.iter().filter(move |&&index| index != first).map(move |&index| (index, first))
    })
}

fn values(item: &Enum) -> Vec<(&str, &str, &Docs)> {
    item.values.iter().map(|value| (value.name.as_str(), value.wire.as_str(), &value.docs)).collect()
}

/// What an inline object consists of, with each type in the place of those that are the same.
fn members<'t>(object: &'t Object, same: &Same) -> Option<Vec<(&'t str, Type, &'t Docs)>> {
    match &object.shape {
        Shape::Struct(fields) if object.inline => Some(
            fields
                .iter()
                .map(|field| (field.wire.as_str(), canonical(&field.ty, same), &field.docs))
                .collect(),
        ),
        _ => None,
    }
}

fn canonical(ty: &Type, same: &Same) -> Type {
    let first = |index: &usize| *same.objects.get(index).unwrap_or(index);
    match ty {
        Type::Enum(index) => Type::Enum(*same.enums.get(index).unwrap_or(index)),
        Type::Object(index) => Type::Object(first(index)),
        Type::Boxed(index) => Type::Boxed(first(index)),
        Type::List(inner) => Type::List(Box::new(canonical(inner, same))),
        Type::Map(inner) => Type::Map(Box::new(canonical(inner, same))),
        Type::Scalar(_) | Type::Json => ty.clone(),
    }
}
