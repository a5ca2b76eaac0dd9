//! Finds enums and inline objects of a document that differ only in their names. Each such definition is written once.
//!
//! The others become aliases. So every name stays, whatever is added to or removed from the document, while compute's
//! hundreds of warnings, one for each list, cost as much as one. Two definitions are the same if they have the same
//! members or values, by their names in the document, with the same types. Descriptions are ignored, because otherwise
//! a change of wording would turn one type into two.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Enum, Field, Object, Same, Shape, Type};
use crate::naming::Name;
use crate::steps::step;
use crate::table::Table;

/// Finds the representative of each enum and inline object.
pub(crate) fn find(objects: &Table<Object>, enums: &Table<Enum>) -> Same {
    let mut classes = Same::default();
    first_alike(enums, &mut classes.enums, |item, _| Some(values(item)));
    let Same { objects: object_classes, enums: enum_classes } = &mut classes;
    // An inline object follows those that it contains, so one pass in this order is sufficient.
    first_alike(objects, object_classes, |object, known| members(object, known, enum_classes));
    Same {
        enums: shortest(&classes.enums, |index| &enums[index].name),
        objects: shortest(&classes.objects, |index| &objects[index].name),
    }
}

/// Finds for each item an earlier one with the same definition. The key of an item may depend on the result for items
/// before it.
fn first_alike<'t, T, K: Eq + std::hash::Hash>(
    items: &'t Table<T>,
    known: &mut BTreeMap<usize, usize>,
    key: impl Fn(&'t T, &BTreeMap<usize, usize>) -> Option<K>,
) {
    let mut firsts: HashMap<K, usize> = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(key) = key(item, known) {
            let first = *firsts.entry(key).or_insert(index);
            if first != index {
                known.insert(index, first);
            }
        }
    }
}

/// The same, but with the item of the shortest name as the representative.
fn shortest<'n>(
    classes: &BTreeMap<usize, usize>,
    name: impl Fn(usize) -> &'n Name,
) -> BTreeMap<usize, usize> {
    let mut all: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (&index, &first) in classes {
        all.entry(first).or_insert_with(|| vec![first]).push(index);
    }
    let mut same = BTreeMap::new();
    for members in all.into_values() {
        let shortest = members.iter().copied().min_by_key(|&index| (name(index).as_str().len(), name(index)));
        let Some(shortest) = shortest else { continue };
        same.extend(members.into_iter().filter(|&index| index != shortest).map(|index| (index, shortest)));
    }
    same
}

/// The definition of an enum, independent of the order in the document.
fn values(item: &Enum) -> Vec<&str> {
    let mut wires: Vec<&str> = item.values.iter().map(|value| value.wire.as_str()).collect();
    wires.sort_unstable();
    wires
}

/// The definition of an inline object, with each type replaced by its representative.
fn members<'t>(
    object: &'t Object,
    objects: &BTreeMap<usize, usize>,
    enums: &BTreeMap<usize, usize>,
) -> Option<Vec<(&'t str, Type)>> {
    match &object.shape {
        Shape::Struct(fields) if object.inline => {
            let member = |field: &'t Field| {
                step();
                (field.wire.as_str(), canonical(&field.ty, objects, enums))
            };
            Some(fields.iter().map(member).collect())
        }
        _ => None,
    }
}

fn canonical(ty: &Type, objects: &BTreeMap<usize, usize>, enums: &BTreeMap<usize, usize>) -> Type {
    let first = |index: &usize| *objects.get(index).unwrap_or(index);
    match ty {
        Type::Enum(index) => Type::Enum(*enums.get(index).unwrap_or(index)),
        Type::Object(index) => Type::Object(first(index)),
        Type::Boxed(index) => Type::Boxed(first(index)),
        Type::Deep(index) => Type::Deep(first(index)),
        Type::List(inner) => Type::List(Box::new(canonical(inner, objects, enums))),
        Type::Map(inner) => Type::Map(Box::new(canonical(inner, objects, enums))),
        Type::Scalar(_) | Type::Json => ty.clone(),
    }
}
