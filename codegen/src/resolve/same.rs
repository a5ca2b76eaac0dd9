//! Enums and inline objects of one document that are alike in everything but the name are written once.
//!
//! The others become aliases: every name stays, whatever the document gains or loses, while compute's hundreds of
//! warnings, one for each list, cost what one costs.

use std::collections::HashMap;

use crate::model::{Docs, Enum, Object, Shape, Type, Types};
use crate::naming::Name;

/// Finds for each enum and inline object the one that stands for it.
pub(crate) fn find(types: &mut Types) {
    let groups = group(&types.enums, |item| Some(values(item)));
    for (index, first) in stand_ins(&groups, |index| &types.enums[index].name) {
        types.enums[index].same_as = Some(first);
    }
    // Inline objects come after those they contain, but a group's first is only known when all are seen: so they are
    // compared by the groups of their members, deepest first, until nothing changes.
    loop {
        let groups = group(&types.objects, |object| members(object, types));
        let found = stand_ins(&groups, |index| &types.objects[index].name);
        let mut changed = false;
        for (index, first) in found {
            changed |= types.objects[index].same_as != Some(first);
            types.objects[index].same_as = Some(first);
        }
        if !changed {
            return;
        }
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
fn stand_ins<'n>(groups: &[Vec<usize>], name: impl Fn(usize) -> &'n Name) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for group in groups {
        let rank = |index: &usize| (name(*index).as_str().len(), name(*index).as_str());
        let Some(&first) = group.iter().min_by_key(|index| rank(index)) else { continue };
        found.extend(group.iter().filter(|&&index| index != first).map(|&index| (index, first)));
    }
    found
}

fn values(item: &Enum) -> Vec<(&str, &str, &Docs)> {
    item.values.iter().map(|value| (value.name.as_str(), value.wire.as_str(), &value.docs)).collect()
}

/// What an inline object consists of, with each type in the place of those that are the same.
fn members<'t>(object: &'t Object, types: &Types) -> Option<Vec<(&'t str, Type, &'t Docs)>> {
    match &object.shape {
        Shape::Struct(fields) if object.inline => Some(
            fields
                .iter()
                .map(|field| (field.wire.as_str(), canonical(&field.ty, types), &field.docs))
                .collect(),
        ),
        _ => None,
    }
}

fn canonical(ty: &Type, types: &Types) -> Type {
    match ty {
        Type::Enum(index) => Type::Enum(types.enums[*index].same_as.unwrap_or(*index)),
        Type::Object(index) => Type::Object(types.objects[*index].same_as.unwrap_or(*index)),
        Type::Boxed(index) => Type::Boxed(types.objects[*index].same_as.unwrap_or(*index)),
        Type::List(inner) => Type::List(Box::new(canonical(inner, types))),
        Type::Map(inner) => Type::Map(Box::new(canonical(inner, types))),
        Type::Scalar(_) | Type::Json => ty.clone(),
    }
}
