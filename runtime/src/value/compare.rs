//! Copying, comparing and printing of any value.

use std::fmt;

use super::field::{Field, Object, View};

pub(super) fn copy(to: &mut dyn Object, from: &dyn Object) {
    // Behind the last name are the members that the document does not define.
    for index in 0..=from.names().len() {
        to.get_mut(index).assign(from.get(index));
    }
}

pub(super) fn same_object(left: &dyn Object, right: &dyn Object) -> bool {
    let members = left.names().len();
    (0..members).all(|index| same(left.get(index), right.get(index))) && left.extra() == right.extra()
}

pub(crate) fn same(left: &dyn Field, right: &dyn Field) -> bool {
    match (left.view(), right.view()) {
        (View::Absent, View::Absent) => true,
        (View::Bool(a), View::Bool(b)) => a == b,
        (View::Signed(a), View::Signed(b)) | (View::SignedText(a), View::SignedText(b)) => a == b,
        (View::Unsigned(a), View::Unsigned(b)) | (View::UnsignedText(a), View::UnsignedText(b)) => a == b,
        (View::Float(a), View::Float(b)) => a == b,
        (View::Single(a), View::Single(b)) => a == b,
        (View::Text(a), View::Text(b)) => a == b,
        (View::Json(a), View::Json(b)) => a == b,
        (View::Object(a), View::Object(b)) => same_object(a, b),
        (View::List(a), View::List(b)) => {
            let same_item = |index| match (a.get(index), b.get(index)) {
                (Some(a), Some(b)) => same(a, b),
                (a, b) => a.is_none() && b.is_none(),
            };
            a.len() == b.len() && (0..a.len()).all(same_item)
        }
        (View::Map(a), View::Map(b)) => {
            let mut equal = a.len() == b.len();
            if equal {
                a.each(&mut |key, value| {
                    equal = b.get(key).is_some_and(|other| same(value, other));
                    equal
                });
            }
            equal
        }
        _ => false,
    }
}

pub(super) fn print_object(name: &str, value: &dyn Object, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut out = f.debug_struct(name);
    for (index, name) in set_members(value) {
        out.field(name, &Print(value.get(index)));
    }
    if !value.extra().is_empty() {
        out.field("extra", value.extra());
    }
    out.finish()
}

struct Print<'a>(&'a dyn Field);

impl fmt::Debug for Print<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.view() {
            View::Absent => f.write_str("None"),
            View::Bool(value) => value.fmt(f),
            View::Signed(value) | View::SignedText(value) => value.fmt(f),
            View::Unsigned(value) | View::UnsignedText(value) => value.fmt(f),
            View::Float(value) => value.fmt(f),
            View::Single(value) => value.fmt(f),
            View::Text(value) => value.fmt(f),
            View::Json(value) => value.fmt(f),
            View::Object(value) => print_object(value.type_name(), value, f),
            View::List(value) => f
                .debug_list()
                .entries((0..value.len()).filter_map(|index| value.get(index).map(Print)))
                .finish(),
            View::Map(value) => {
                let mut out = f.debug_map();
                value.each(&mut |key, value| {
                    out.entry(&key, &Print(value));
                    true
                });
                out.finish()
            }
        }
    }
}

/// The indices and wire names of the members that are set.
pub fn set_members(object: &dyn Object) -> impl Iterator<Item = (usize, &'static str)> {
    let members = object.names().iter().copied().enumerate();
    members.filter(|&(index, _)| !matches!(object.get(index).view(), View::Absent))
}
