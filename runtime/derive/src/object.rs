//! `#[derive(Object)]`.

use std::fmt::Write;

use crate::input::{Error, Input};
use crate::wire_name;

/// The field for members that the struct does not define.
const EXTRA: &str = "extra";

/// All impls forward to functions that are compiled once, in the runtime, because each line here is compiled for each
/// of the thousands of structs in a generated crate.
pub(crate) fn implement(input: &Input) -> Result<String, Error> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for member in input.members.iter().filter(|member| member.name != EXTRA) {
        let wire = match &member.wire {
            Some(literal) => literal.clone(),
            None => format!("{:?}", wire_name::of_field(&member.name)),
        };
        fields.push((&member.name, wire));
    }
    if fields.len() == input.members.len() {
        return Err(Error::new(
            input.span,
            "the struct needs a field `extra: Extra` for members that it does not define",
        ));
    }
    // The runtime searches the names in order.
    fields.sort_by(|a, b| wire_name::of_literal(&a.1).cmp(&wire_name::of_literal(&b.1)));
    let (mut names, mut get, mut get_mut, mut unset) =
        (String::new(), String::new(), String::new(), String::new());
    for (index, (field, wire)) in fields.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = write!(names, "{wire},");
        let _ = write!(get, "{index} => &self.{field},");
        let _ = write!(get_mut, "{index} => &mut self.{field},");
        let _ = write!(unset, "{field}: ::std::option::Option::None,");
    }
    let name = &input.name;
    Ok(format!(
        "#[automatically_derived] #[allow(deprecated)]
        impl ::std::default::Default for {name} {{
            fn default() -> Self {{ {name} {{ {unset} extra: ::gapis_runtime::private::Extra::NEW }} }}
        }}
        #[automatically_derived]
        impl ::std::clone::Clone for {name} {{
            fn clone(&self) -> Self {{ ::gapis_runtime::private::clone(self) }}
        }}
        #[automatically_derived]
        impl ::std::cmp::PartialEq for {name} {{
            fn eq(&self, other: &Self) -> bool {{ ::gapis_runtime::private::eq(self, other) }}
        }}
        #[automatically_derived]
        impl ::std::fmt::Debug for {name} {{
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {{
                ::gapis_runtime::private::debug({name:?}, self, f)
            }}
        }}
        #[automatically_derived]
        impl ::gapis_runtime::private::serde::Serialize for {name} {{
            fn serialize<S: ::gapis_runtime::private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {{
                ::gapis_runtime::private::serialize(self, serializer)
            }}
        }}
        #[automatically_derived]
        impl<'de> ::gapis_runtime::private::serde::Deserialize<'de> for {name} {{
            fn deserialize<D: ::gapis_runtime::private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {{
                ::gapis_runtime::private::deserialize(deserializer)
            }}
        }}
        #[automatically_derived] #[allow(deprecated)]
        impl ::gapis_runtime::private::Object for {name} {{
            fn names(&self) -> &'static [&'static str] {{ &[{names}] }}
            fn get(&self, index: usize) -> &dyn ::gapis_runtime::private::Field {{
                match index {{ {get} _ => &self.extra }}
            }}
            fn get_mut(&mut self, index: usize) -> &mut dyn ::gapis_runtime::private::Field {{
                match index {{ {get_mut} _ => &mut self.extra }}
            }}
        }}"
    ))
}
