//! Types that contain themselves: members that must be boxed, and aliases that are not allowed.

use crate::log::{Log, Place};
use crate::model::{Object, Shape, Type};
use crate::table::Table;

/// Boxes every member that leads back to its own type without a list or map in between.
///
/// These are the members whose type is in the same strongly connected component. All members of a cycle are boxed, so
/// that the result does not depend on an order.
pub(crate) fn box_cycles(objects: &mut Table<Object>) {
    let edges: Table<Vec<usize>> = objects.iter().map(|object| direct(&object.shape)).collect();
    let component = components(&edges);
    for (index, object) in objects.iter_mut().enumerate() {
        let Shape::Struct(fields) = &mut object.shape else { continue };
        for field in fields {
            match field.ty {
                Type::Object(target) if component[target] == component[index] => {
                    field.ty = Type::Boxed(target)
                }
                _ => {}
            }
        }
    }
}

/// An alias for itself, even with lists or maps in between, is not a type. Where it refers to itself, it becomes any
/// JSON value.
pub(crate) fn end_aliases(objects: &mut Table<Object>, log: &mut Log<'_>) {
    let is_alias = |index: usize| matches!(objects[index].shape, Shape::Alias(_));
    let edges: Table<Vec<usize>> = objects
        .iter()
        .map(|object| match &object.shape {
            Shape::Alias(ty) => named(ty).into_iter().filter(|&target| is_alias(target)).collect(),
            Shape::Struct(_) => Vec::new(),
        })
        .collect();
    let component = components(&edges);
    let top = Place::top("schemas");
    for (index, targets) in edges.iter().enumerate() {
        let mut same = targets.iter().filter(|&&target| component[target] == component[index]);
        if let (Some(_), Shape::Alias(ty)) = (same.next(), &mut objects[index].shape) {
            end(ty);
            let message = "the schema is made of nothing but itself, which is read as any JSON value";
            log.warn(&top.below(&objects[index].wire), message);
        }
    }
}

/// Replaces the object of a type with any JSON value.
fn end(ty: &mut Type) {
    match ty {
        Type::List(inner) | Type::Map(inner) => end(inner),
        _ => *ty = Type::Json,
    }
}

/// The object of a type, at any depth of lists and maps.
fn named(ty: &Type) -> Option<usize> {
    match ty {
        Type::Object(index) | Type::Boxed(index) | Type::Deep(index) => Some(*index),
        Type::List(inner) | Type::Map(inner) => named(inner),
        _ => None,
    }
}

/// The objects that an object contains without a list or map in between.
fn direct(shape: &Shape) -> Vec<usize> {
    let of = |ty: &Type| match ty {
        Type::Object(index) => Some(*index),
        _ => None,
    };
    match shape {
        Shape::Struct(fields) => fields.iter().filter_map(|field| of(&field.ty)).collect(),
        Shape::Alias(ty) => of(ty).into_iter().collect(),
    }
}

/// The strongly connected component of each node, numbered from 0 (Tarjan's algorithm, with its own stack, because a
/// chain of schemas may be longer than the thread's stack allows).
pub(super) fn components(edges: &Table<Vec<usize>>) -> Table<usize> {
    const UNSEEN: usize = usize::MAX;
    let mut order = Table::filled(UNSEEN, edges.len());
    let mut low = Table::filled(0, edges.len());
    let mut component = Table::filled(UNSEEN, edges.len());
    let (mut seen, mut made) = (0, 0);
    let mut open = Vec::new();
    let mut work: Vec<(usize, usize)> = Vec::new();
    for start in edges.indices() {
        if order[start] != UNSEEN {
            continue;
        }
        work.push((start, 0));
        while let Some((node, next)) = work.pop() {
            if next == 0 {
                order[node] = seen;
                low[node] = seen;
                seen += 1;
                open.push(node);
            }
            if let Some(&target) = edges[node].get(next) {
                work.push((node, next + 1));
                if order[target] == UNSEEN {
                    work.push((target, 0));
                } else if component[target] == UNSEEN {
                    low[node] = low[node].min(order[target]);
                }
                continue;
            }
            if low[node] == order[node] {
                while let Some(member) = open.pop() {
                    component[member] = made;
                    if member == node {
                        break;
                    }
                }
                made += 1;
            }
            if let Some(&(parent, _)) = work.last() {
                low[parent] = low[parent].min(low[node]);
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::components;
    use crate::table::Table;

    #[test]
    fn components_are_the_cycles() {
        let component = components(&vec![vec![1], vec![2], vec![0, 3], vec![3], vec![0]].into());
        assert_eq!(component[0], component[1]);
        assert_eq!(component[0], component[2]);
        assert_ne!(component[0], component[3]);
        assert_ne!(component[0], component[4]);
        assert_ne!(component[3], component[4]);
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let edges: Table<Vec<usize>> = (0..200_000).map(|node| vec![(node + 1) % 200_000]).collect();
        assert!(components(&edges).iter().all(|&number| number == 0));
    }
}
