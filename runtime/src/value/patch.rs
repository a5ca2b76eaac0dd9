//! The smallest patch that turns one value of a schema into another.

use crate::value::{Extra, Field, FieldMask, Kind, Object, Slot, View};

/// The body of a PATCH call: only the members that differ, and the mask that names them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Patch<T> {
    /// The members that were set or changed. Members that were removed are explicit nulls in `extra`.
    pub body: T,
    /// The paths of all members that differ, by wire name, for an `updateMask` parameter.
    pub mask: FieldMask,
}

impl<T> Patch<T> {
    /// The mask as text, for a setter such as `.update_mask(…)`.
    #[must_use]
    pub fn update_mask(&self) -> &str {
        self.mask.as_str()
    }

    /// Whether the values are equal, so that there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mask.as_str().is_empty()
    }
}

/// Compares two values of a schema, member by member. Nested objects are compared the same way. Lists and maps are
/// sent whole, because a patch replaces them whole.
///
/// ```
/// use gapis_runtime::{Extra, diff};
/// # use gapis_runtime::private::derive::Object;
///
/// #[derive(Object)]
/// pub struct Animal {
///     pub name: Option<String>,
///     pub nickname: Option<String>,
///     pub extra: Extra,
/// }
///
/// let before = Animal { name: Some("Ann".into()), nickname: Some("A".into()), ..Default::default() };
/// let after = Animal { name: Some("Anna".into()), ..Default::default() };
/// let patch = diff(&before, &after);
/// assert_eq!(patch.update_mask(), "name,nickname");
/// assert_eq!(serde_json::to_string(&patch.body).unwrap(), r#"{"name":"Anna","nickname":null}"#);
/// ```
#[must_use]
pub fn diff<T: Object + Default>(before: &T, after: &T) -> Patch<T> {
    let mut body = T::default();
    let mut paths = Vec::new();
    compare(before, after, &mut body, "", &mut paths);
    Patch { body, mask: paths.into_iter().collect() }
}

fn compare(
    before: &dyn Object,
    after: &dyn Object,
    patch: &mut dyn Object,
    prefix: &str,
    paths: &mut Vec<String>,
) {
    for (index, name) in before.names().iter().enumerate() {
        let (old, new) = (before.get(index), after.get(index));
        let path = format!("{prefix}{name}");
        match (old.view(), new.view()) {
            (View::Absent, View::Absent) => {}
            (_, View::Absent) => {
                patch.put_extra(*name, serde_json::Value::Null);
                paths.push(path);
            }
            (View::Object(old), View::Object(new)) => {
                if !crate::value::eq(old, new)
                    && let Slot::Object(inner) = patch.get_mut(index).slot(Kind::Map)
                {
                    compare(old, new, inner, &format!("{path}."), paths);
                }
            }
            _ if same(old, new) => {}
            _ => {
                patch.get_mut(index).assign(new);
                paths.push(path);
            }
        }
    }
    compare_extra(before.extra(), after.extra(), patch, prefix, paths);
}

fn same(old: &dyn Field, new: &dyn Field) -> bool {
    crate::value::same(old, new)
}

fn compare_extra(
    before: &Extra,
    after: &Extra,
    patch: &mut dyn Object,
    prefix: &str,
    paths: &mut Vec<String>,
) {
    for (name, value) in after.iter() {
        if before.get(name) != Some(value) {
            patch.put_extra(name, value.clone());
            paths.push(format!("{prefix}{name}"));
        }
    }
    for (name, _) in before.iter() {
        if after.get(name).is_none() {
            patch.put_extra(name, serde_json::Value::Null);
            paths.push(format!("{prefix}{name}"));
        }
    }
}
