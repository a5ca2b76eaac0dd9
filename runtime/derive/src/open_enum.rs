//! `#[derive(OpenEnum)]`.

use std::fmt::Write;

use crate::input::{Error, Input};
use crate::wire_name;

pub(crate) fn implement(input: &Input) -> Result<String, Error> {
    let name = &input.name;
    let (mut names, mut values) = (String::new(), String::new());
    for member in &input.members {
        // Writing to a string does not fail.
        let _ = match &member.wire {
            Some(literal) => write!(names, "{literal},"),
            None => write!(names, "{:?},", wire_name::of_variant(&member.name)),
        };
        let _ = write!(values, "{name}::{},", member.name);
    }
    if input.members.is_empty() {
        return Err(Error::new(input.span, "an open enum must have at least one variant"));
    }
    Ok(format!(
        "#[automatically_derived]
        impl ::std::clone::Clone for {name} {{
            fn clone(&self) -> Self {{ *self }}
        }}
        #[automatically_derived]
        impl ::std::marker::Copy for {name} {{}}
        #[automatically_derived]
        impl ::std::cmp::PartialEq for {name} {{
            fn eq(&self, other: &Self) -> bool {{ *self as usize == *other as usize }}
        }}
        #[automatically_derived]
        impl ::std::cmp::Eq for {name} {{}}
        #[automatically_derived]
        impl ::std::cmp::PartialOrd for {name} {{
            fn partial_cmp(&self, other: &Self) -> ::std::option::Option<::std::cmp::Ordering> {{
                ::std::option::Option::Some(::std::cmp::Ord::cmp(self, other))
            }}
        }}
        #[automatically_derived]
        impl ::std::cmp::Ord for {name} {{
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {{
                ::gapis_runtime::private::cmp_names(*self, *other)
            }}
        }}
        #[automatically_derived]
        impl ::std::hash::Hash for {name} {{
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {{
                ::gapis_runtime::private::hash_name(*self, state)
            }}
        }}
        #[automatically_derived]
        impl ::std::fmt::Debug for {name} {{
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {{
                f.write_str(::gapis_runtime::private::Enum::as_str(*self))
            }}
        }}
        #[automatically_derived] #[allow(deprecated)]
        impl ::gapis_runtime::private::Enum for {name} {{
            const NAMES: &'static [&'static str] = &[{names}];
            const VALUES: &'static [Self] = &[{values}];
            fn index(self) -> usize {{ self as usize }}
        }}"
    ))
}
