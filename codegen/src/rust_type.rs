//! The notation of a type in each module of a generated crate.

use crate::model::{Object, Parameter, ParameterType, Payload, Type, Types};
use crate::wire::Scalar;

/// Where a type is written, which determines its path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// In `schemas`. Types of std and the runtime have their short names, unless a schema has the same name.
    Schemas,
    /// In `schemas::inline`.
    Inline,
    /// In the module of a resource, where std's types have their full paths.
    Resource,
    /// In a program that has imported everything from the crate's root.
    Program,
}

/// A type of std or the runtime that the modules of schemas import, with its path elsewhere.
const IMPORTED: &[(&str, &str)] = &[
    ("Base64", "runtime::Base64"),
    ("BTreeMap", "::std::collections::BTreeMap"),
    ("Box", "::std::boxed::Box"),
    ("Date", "runtime::Date"),
    ("DateTime", "runtime::DateTime"),
    ("Deep", "runtime::Deep"),
    ("Duration", "runtime::Duration"),
    ("Extra", "runtime::Extra"),
    ("FieldMask", "runtime::FieldMask"),
    ("Json", "runtime::Json"),
    ("Open", "runtime::Open"),
    ("Option", "::std::option::Option"),
    ("String", "::std::string::String"),
    ("Vec", "::std::vec::Vec"),
];

/// Whether the modules of schemas can use this name for such a type, because no schema has it.
pub(crate) fn is_free(types: &Types, name: &str) -> bool {
    !types.shadowed.contains(name)
}

fn push_name(types: &Types, name: &'static str, at: At, text: &mut String) {
    let path = || IMPORTED.iter().find(|(known, _)| *known == name).map_or(name, |(_, path)| path);
    let short = match at {
        At::Schemas | At::Inline => is_free(types, name),
        At::Resource => false,
        At::Program => !path().starts_with("runtime"),
    };
    text.push_str(if short { name } else { path() });
}

fn push(types: &Types, ty: &Type, at: At, text: &mut String) {
    let of = |name: &'static str, inner: &Type, text: &mut String| {
        push_name(types, name, at, text);
        text.push('<');
        if name == "BTreeMap" {
            push_name(types, "String", at, text);
            text.push_str(", ");
        }
        push(types, inner, at, text);
        text.push('>');
    };
    match ty {
        Type::Scalar(scalar) => push_scalar(types, *scalar, at, text),
        Type::Json => push_name(types, "Json", at, text),
        Type::Enum(index) => {
            push_name(types, "Open", at, text);
            text.push_str("<enums::");
            text.push_str(types.enums[*index].name.as_str());
            text.push('>');
        }
        Type::Object(index) => push_object(&types.objects[*index], at, text),
        Type::Boxed(index) => of("Box", &Type::Object(*index), text),
        Type::Deep(index) => of("Deep", &Type::Object(*index), text),
        Type::List(inner) => of("Vec", inner, text),
        Type::Map(inner) => of("BTreeMap", inner, text),
    }
}

fn push_object(object: &Object, at: At, text: &mut String) {
    text.push_str(match (at, object.inline) {
        (At::Schemas, false) | (At::Inline, true) => "",
        (At::Schemas, true) => "inline::",
        (At::Inline, false) => "super::",
        (_, false) => "schemas::",
        (_, true) => "schemas::inline::",
    });
    text.push_str(object.name.as_str());
}

fn push_scalar(types: &Types, scalar: Scalar, at: At, text: &mut String) {
    let name = match scalar {
        Scalar::Bool => "bool",
        Scalar::I32 => "i32",
        Scalar::U32 => "u32",
        Scalar::I64 => "i64",
        Scalar::U64 => "u64",
        Scalar::F32 => "f32",
        Scalar::F64 => "f64",
        Scalar::Text => return push_name(types, "String", at, text),
        Scalar::DateTime => return push_name(types, "DateTime", at, text),
        Scalar::Date => return push_name(types, "Date", at, text),
        Scalar::Duration => return push_name(types, "Duration", at, text),
        Scalar::FieldMask => return push_name(types, "FieldMask", at, text),
        Scalar::Bytes => return push_name(types, "Base64", at, text),
    };
    text.push_str(name);
}

/// A type.
pub(crate) fn ty(types: &Types, ty: &Type, at: At) -> String {
    let mut text = String::new();
    push(types, ty, at, &mut text);
    text
}

/// The type of a struct's field.
pub(crate) fn optional(types: &Types, inner: &Type, at: At) -> String {
    let mut text = String::new();
    push_name(types, "Option", at, &mut text);
    text.push('<');
    push(types, inner, at, &mut text);
    text.push('>');
    text
}

/// The names in [`IMPORTED`] from the runtime that the fields of these objects use, so that a file imports no more.
pub(crate) fn used_imports<'o>(types: &Types, objects: impl Iterator<Item = &'o Type>) -> Vec<&'static str> {
    let mut all = String::new();
    for ty in objects {
        push(types, ty, At::Resource, &mut all);
        all.push(' ');
    }
    let is_used = |path: &str| {
        all.match_indices(path)
            .filter_map(|(at, _)| all.get(at + path.len()..))
            .any(|after| !after.starts_with(|next: char| next.is_ascii_alphanumeric()))
    };
    let used = IMPORTED.iter().filter(|(name, path)| {
        path.starts_with("runtime") && is_free(types, name) && (*name == "Extra" || is_used(path))
    });
    used.map(|(name, _)| *name).collect()
}

/// A body or a response.
pub(crate) fn payload(types: &Types, payload: &Payload, at: At) -> String {
    match payload {
        Payload::Nothing => "()".to_owned(),
        Payload::HttpBody => "runtime::HttpBody".to_owned(),
        Payload::Value(inner) => ty(types, inner, at),
    }
}

/// The type of an argument of a method. One enum value may also be given as text, so that a value which came after the
/// crate was made needs no new crate; a setter has `with_query` for that.
pub(crate) fn argument(types: &Types, argument: &Parameter, at: At) -> String {
    match argument.ty {
        ParameterType::Enum(index) if !argument.repeated => {
            let into = if at == At::Program { "" } else { "::std::convert::" };
            let mut text = format!("impl {into}Into<");
            push(types, &Type::Enum(index), at, &mut text);
            text.push('>');
            text
        }
        _ => parameter(types, argument, at),
    }
}

/// The type of an argument of a method or setter.
pub(crate) fn parameter(types: &Types, parameter: &Parameter, at: At) -> String {
    let mut text = String::from(if parameter.repeated { "&[" } else { "" });
    match parameter.ty {
        ParameterType::Enum(index) => {
            text.push_str("enums::");
            text.push_str(types.enums[index].name.as_str());
        }
        // A mask is sent unchanged, so its type is text.
        ParameterType::Scalar(Scalar::Text | Scalar::FieldMask) => text.push_str("&str"),
        ParameterType::Scalar(scalar) => {
            let is_large =
                matches!(scalar, Scalar::DateTime | Scalar::Date | Scalar::Duration | Scalar::Bytes);
            if is_large && !parameter.repeated {
                text.push('&');
            }
            push_scalar(types, scalar, at, &mut text);
        }
    }
    if parameter.repeated {
        text.push(']');
    }
    text
}
