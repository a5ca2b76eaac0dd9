//! `object!`: schemas as literals.

/// A value of a schema, without the `Some` and `..Default::default()` of a struct literal.
///
/// `object!(Type { member: value, … })` creates a `Type` with these members. The others are not set. A value is one of:
///
/// - an expression of the member's type, or of one that converts to it: `&str` for text, enum values, masks and JSON; an
///   enum value; `Vec<u8>` or `&[u8]` for bytes; [`std::time::Duration`]; any number, `bool`, text for JSON. A number
///   without a suffix has the member's type;
/// - `{ member: value, … }` for a schema, whose type follows from the member;
/// - `{ "key": value, … }` for a map;
/// - `[value, …]` for a list.
///
/// The member `extra` takes an [`Extra`](crate::Extra). Names and types are checked by the compiler, as those of a struct
/// literal are. A block in place of an expression needs parentheses around it, because braces are a schema. An object or
/// list of more than about a hundred parts needs a higher `#![recursion_limit]`; a list may also be an expression
/// (`items.collect::<Vec<_>>()`).
///
/// ```
/// use gapis_runtime::object;
/// # use gapis_runtime::{Extra, Json, private::derive::Object};
/// # #[derive(Object)]
/// # pub struct Sheet { pub title: Option<String>, pub values: Option<Vec<Vec<Json>>>, pub extra: Extra }
/// # #[derive(Object)]
/// # pub struct Color { pub red: Option<f32>, pub extra: Extra }
/// # #[derive(Object)]
/// # pub struct Book { pub sheets: Option<Vec<Sheet>>, pub color: Option<Color>, pub extra: Extra }
///
/// let book = object!(Book {
///     color: { red: 0.5 },
///     sheets: [
///         { title: "May", values: [["rent", 900], ["total", 900.5]] },
///         { title: format!("{} {}", "June", 2026) },
///     ],
/// });
/// let expected = serde_json::json!({
///     "color": { "red": 0.5 },
///     "sheets": [
///         { "title": "May", "values": [["rent", 900], ["total", 900.5]] },
///         { "title": "June 2026" },
///     ],
/// });
/// assert_eq!(serde_json::to_value(&book)?, expected);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! object {
    ($type:path { $($members:tt)* }) => {{
        #[allow(unused_mut)]
        let mut object = <$type as ::core::default::Default>::default();
        #[allow(unused_variables)]
        let place = &mut object;
        $crate::object_members! { place $($members)* }
        object
    }};
}

/// Sets the members of the object that `place` refers to, or the entries of a map.
#[doc(hidden)]
#[macro_export]
macro_rules! object_members {
    ($place:ident) => {};
    ($place:ident extra: $value:expr $(, $($rest:tt)*)?) => {
        $place.extra = $value;
        $crate::object_members! { $place $($($rest)*)? }
    };
    ($place:ident $name:ident: { $($members:tt)* } $(, $($rest:tt)*)?) => {
        {
            #[allow(unused_variables)]
            let member = ::core::option::Option::get_or_insert_default(&mut $place.$name);
            $crate::object_members! { member $($members)* }
        }
        $crate::object_members! { $place $($($rest)*)? }
    };
    ($place:ident $name:ident: [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        {
            #[allow(unused_variables)]
            let list = ::core::option::Option::get_or_insert_default(&mut $place.$name);
            $crate::object_items! { list $($items)* }
        }
        $crate::object_members! { $place $($($rest)*)? }
    };
    ($place:ident $name:ident: $value:expr $(, $($rest:tt)*)?) => {
        $place.$name = ::core::option::Option::Some($crate::private::IntoMember::into_member($value));
        $crate::object_members! { $place $($($rest)*)? }
    };
    ($place:ident $key:literal: { $($members:tt)* } $(, $($rest:tt)*)?) => {
        {
            #[allow(unused_variables)]
            let member = $place.entry($key.into()).or_default();
            $crate::object_members! { member $($members)* }
        }
        $crate::object_members! { $place $($($rest)*)? }
    };
    ($place:ident $key:literal: [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        {
            #[allow(unused_variables)]
            let list = $place.entry($key.into()).or_default();
            $crate::object_items! { list $($items)* }
        }
        $crate::object_members! { $place $($($rest)*)? }
    };
    ($place:ident $key:literal: $value:expr $(, $($rest:tt)*)?) => {
        $place.insert($key.into(), $crate::private::IntoMember::into_member($value));
        $crate::object_members! { $place $($($rest)*)? }
    };
}

/// Adds items to the list that `list` refers to.
#[doc(hidden)]
#[macro_export]
macro_rules! object_items {
    ($list:ident) => {};
    ($list:ident { $($members:tt)* } $(, $($rest:tt)*)?) => {
        {
            #[allow(unused_variables)]
            let member = $crate::private::pushed($list);
            $crate::object_members! { member $($members)* }
        }
        $crate::object_items! { $list $($($rest)*)? }
    };
    ($list:ident [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        {
            #[allow(unused_variables)]
            let inner = $crate::private::pushed($list);
            $crate::object_items! { inner $($items)* }
        }
        $crate::object_items! { $list $($($rest)*)? }
    };
    ($list:ident $value:expr $(, $($rest:tt)*)?) => {
        $list.push($crate::private::IntoMember::into_member($value));
        $crate::object_items! { $list $($($rest)*)? }
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use crate::private::derive::{Object, OpenEnum};
    use crate::{Base64, DateTime, Deep, Duration, Extra, FieldMask, Json, Open};

    /// A kind.
    #[derive(OpenEnum)]
    pub(crate) enum Kind {
        /// One.
        Plain,
        /// Another.
        Bold,
    }

    #[derive(Object)]
    pub(crate) struct Leaf {
        pub r#type: Option<String>,
        pub kind: Option<Open<Kind>>,
        pub extra: Extra,
    }

    #[derive(Object)]
    pub(crate) struct Tree {
        pub flag: Option<bool>,
        pub small: Option<i32>,
        pub unsigned: Option<u32>,
        pub large: Option<i64>,
        pub huge: Option<u64>,
        pub single: Option<f32>,
        pub double: Option<f64>,
        pub text: Option<String>,
        pub kinds: Option<Vec<Open<Kind>>>,
        pub mask: Option<FieldMask>,
        pub bytes: Option<Base64>,
        pub time: Option<DateTime>,
        pub duration: Option<Duration>,
        pub leaf: Option<Leaf>,
        pub boxed: Option<Box<Tree>>,
        pub deep: Option<Deep<Leaf>>,
        pub leaves: Option<Vec<Leaf>>,
        pub map: Option<BTreeMap<String, Leaf>>,
        pub lists: Option<BTreeMap<String, Vec<i64>>>,
        pub json: Option<Json>,
        pub rows: Option<Vec<Vec<Json>>>,
        pub extra: Extra,
    }

    fn wire(tree: &Tree) -> Json {
        serde_json::to_value(tree).expect("JSON")
    }

    #[test]
    fn members_of_each_type_take_plain_values() {
        let time: DateTime = "2026-01-02T03:04:05Z".parse().expect("a time");
        let owned = String::from("x");
        let tree = object!(Tree {
            flag: true,
            small: -1,
            unsigned: 4_000_000_000,
            large: 5,
            huge: 6,
            single: 0.5,
            double: 1.5,
            text: &owned,
            kinds: [Kind::Plain, "NEW"],
            mask: "a,b",
            bytes: vec![1, 2],
            time: time.clone(),
            duration: std::time::Duration::from_secs(2),
            json: 7,
            rows: [["a", 1, 1.5, true], [], [Json::Null]],
        });
        let literal = Tree {
            flag: Some(true),
            small: Some(-1),
            unsigned: Some(4_000_000_000),
            large: Some(5),
            huge: Some(6),
            single: Some(0.5),
            double: Some(1.5),
            text: Some(owned),
            kinds: Some(vec![Kind::Plain.into(), "NEW".into()]),
            mask: Some("a,b".into()),
            bytes: Some(vec![1, 2].into()),
            time: Some(time),
            duration: Some(std::time::Duration::from_secs(2).into()),
            json: Some(7.into()),
            rows: Some(vec![vec!["a".into(), 1.into(), 1.5.into(), true.into()], vec![], vec![Json::Null]]),
            ..Default::default()
        };
        assert_eq!(tree, literal);
        assert_eq!(wire(&tree), wire(&literal));
    }

    #[test]
    fn objects_lists_and_maps_are_nested() {
        let leaf = || object!(Leaf { r#type: "own" });
        let tree = object!(Tree {
            leaf: { r#type: "a", kind: Kind::Bold },
            boxed: { boxed: { text: "deep" }, flag: false },
            deep: { r#type: "b" },
            leaves: [{ r#type: "c" }, leaf(), {}],
            map: { "k": { r#type: "d" }, "l": leaf() },
            lists: { "m": [1, 2], "n": vec![3] },
            extra: Extra::default().null("gone"),
        });
        let expected = json!({
            "leaf": { "type": "a", "kind": "BOLD" },
            "boxed": { "flag": false, "boxed": { "text": "deep" } },
            "deep": { "type": "b" },
            "leaves": [{ "type": "c" }, { "type": "own" }, {}],
            "map": { "k": { "type": "d" }, "l": { "type": "own" } },
            "lists": { "m": ["1", "2"], "n": ["3"] },
            "gone": null,
        });
        assert_eq!(wire(&tree), expected);
        let values =
            object!(Tree { leaf: leaf(), boxed: Tree::default(), deep: leaf(), leaves: vec![leaf()] });
        let own = json!({ "type": "own" });
        assert_eq!(wire(&values), json!({ "leaf": own, "boxed": {}, "deep": own, "leaves": [own] }));
    }

    #[test]
    fn what_is_empty_is_set() {
        assert_eq!(object!(Tree {}), Tree::default());
        let empty = object!(Tree { leaf: {}, leaves: [], map: {} });
        assert_eq!(wire(&empty), json!({ "leaf": {}, "leaves": [], "map": {} }));
    }
}
