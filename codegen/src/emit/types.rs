//! Types as they are written in each module.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Api, Parameter, ParameterType, Payload, Type};
use crate::wire::Scalar;

/// Where a type is written, which decides how it is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// In `schemas`; std's types have their short names unless a schema took one.
    Schemas,
    /// In `schemas::inline`.
    Inline,
    /// In the module of a resource, where std's types have their full paths.
    Resource,
}

pub(crate) fn ty(api: &Api, ty: &Type, at: At) -> TokenStream {
    match ty {
        Type::Scalar(scalar) => scalar_type(api, *scalar, at),
        Type::Json => quote!(runtime::Json),
        Type::Enum(index) => {
            let name = api.types.enums[*index].name.ident();
            quote!(runtime::Open<enums::#name>)
        }
        Type::Object(index) => {
            let object = &api.types.objects[*index];
            let name = object.name.ident();
            match (at, object.inline) {
                (At::Schemas, false) | (At::Inline, true) => quote!(#name),
                (At::Schemas, true) => quote!(inline::#name),
                (At::Inline, false) => quote!(super::#name),
                (At::Resource, false) => quote!(schemas::#name),
                (At::Resource, true) => quote!(schemas::inline::#name),
            }
        }
        Type::Boxed(index) => {
            let inner = self::ty(api, &Type::Object(*index), at);
            if is_short(api, at) { quote!(Box<#inner>) } else { quote!(::std::boxed::Box<#inner>) }
        }
        Type::List(inner) => {
            let inner = self::ty(api, inner, at);
            if is_short(api, at) { quote!(Vec<#inner>) } else { quote!(::std::vec::Vec<#inner>) }
        }
        Type::Map(inner) => {
            let inner = self::ty(api, inner, at);
            let text = scalar_type(api, Scalar::Text, at);
            if is_short(api, at) {
                quote!(BTreeMap<#text, #inner>)
            } else {
                quote!(::std::collections::BTreeMap<#text, #inner>)
            }
        }
    }
}

/// The type of a struct's field.
pub(crate) fn optional(api: &Api, inner: &Type, at: At) -> TokenStream {
    let inner = ty(api, inner, at);
    if is_short(api, at) { quote!(Option<#inner>) } else { quote!(::std::option::Option<#inner>) }
}

fn is_short(api: &Api, at: At) -> bool {
    at != At::Resource && !api.types.shadows_prelude
}

fn scalar_type(api: &Api, scalar: Scalar, at: At) -> TokenStream {
    match scalar {
        Scalar::Text if is_short(api, at) => quote!(String),
        Scalar::Text => quote!(::std::string::String),
        Scalar::Bool => quote!(bool),
        Scalar::I32 => quote!(i32),
        Scalar::U32 => quote!(u32),
        Scalar::I64 => quote!(i64),
        Scalar::U64 => quote!(u64),
        Scalar::F32 => quote!(f32),
        Scalar::F64 => quote!(f64),
        Scalar::DateTime => quote!(runtime::DateTime),
        Scalar::Date => quote!(runtime::Date),
        Scalar::Duration => quote!(runtime::Duration),
        Scalar::FieldMask => quote!(runtime::FieldMask),
        Scalar::Bytes => quote!(runtime::Base64),
    }
}

/// A body or a response.
pub(crate) fn payload(api: &Api, payload: &Payload) -> TokenStream {
    match payload {
        Payload::Nothing => quote!(()),
        Payload::HttpBody => quote!(runtime::HttpBody),
        Payload::Value(inner) => ty(api, inner, At::Resource),
    }
}

/// The type of an argument of a method or setter.
pub(crate) fn parameter(api: &Api, parameter: &Parameter) -> TokenStream {
    let one = match parameter.ty {
        ParameterType::Enum(index) => {
            let name = api.types.enums[index].name.ident();
            quote!(enums::#name)
        }
        // A mask is sent verbatim, so it is taken as text.
        ParameterType::Scalar(Scalar::Text | Scalar::FieldMask) => quote!(&str),
        ParameterType::Scalar(scalar) => {
            let owned = scalar_type(api, scalar, At::Resource);
            let is_large =
                matches!(scalar, Scalar::DateTime | Scalar::Date | Scalar::Duration | Scalar::Bytes);
            if is_large && !parameter.repeated { quote!(&#owned) } else { owned }
        }
    };
    if parameter.repeated { quote!(&[#one]) } else { one }
}
