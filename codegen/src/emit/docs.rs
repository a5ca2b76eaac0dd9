//! Doc comments, from prose where there is some, from facts where there is none.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Docs, ParameterType, Type, Types};
use crate::prose;
use crate::wire::Scalar;

/// Doc attributes and, where it applies, `#[deprecated]`. `otherwise` says what the thing is, where no prose does.
pub(crate) fn docs(docs: &Docs, otherwise: impl FnOnce() -> String) -> TokenStream {
    let mut lines = match &docs.prose {
        Some(prose) => prose::lines(prose),
        None => vec![otherwise()],
    };
    if !docs.facts.is_empty() {
        let facts = docs.facts.join(", ");
        match (&docs.prose, lines.last_mut()) {
            (None, Some(last)) => last.push_str(&format!(", {facts}")),
            _ => lines.extend([String::new(), format!("({facts})")]),
        }
    }
    let deprecated = deprecated(docs);
    let lines = comment(&lines);
    quote!(#lines #deprecated)
}

pub(crate) fn deprecated(docs: &Docs) -> TokenStream {
    if docs.deprecated { quote!(#[deprecated]) } else { quote!() }
}

/// Outer doc comments.
pub(crate) fn comment<S: AsRef<str>>(lines: &[S]) -> TokenStream {
    let lines = lines.iter().map(|line| spaced(line.as_ref()));
    quote!(#(#[doc = #lines])*)
}

/// Inner doc comments.
pub(crate) fn inner_comment(lines: &[String]) -> TokenStream {
    let lines = lines.iter().map(|line| spaced(line));
    quote!(#(#![doc = #lines])*)
}

fn spaced(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!(" {line}") }
}

/// A text of the document as a code span.
pub(crate) fn code(text: &str) -> String {
    let tame: String =
        text.chars().take(200).map(|c| if c == '`' || c.is_control() { ' ' } else { c }).collect();
    format!("`{}`", tame.trim())
}

/// What a type is, in words.
pub(crate) fn words(types: &Types, ty: &Type) -> String {
    match ty {
        Type::Scalar(scalar) => scalar_words(*scalar).to_owned(),
        Type::Json => "any JSON value".to_owned(),
        Type::Enum(_) => "one of a set of words".to_owned(),
        Type::Object(index) | Type::Boxed(index) => {
            let object = &types.objects[*index];
            if object.inline { "an object".to_owned() } else { code(&object.wire) }
        }
        Type::List(inner) => format!("a list of {}", words(types, inner)),
        Type::Map(inner) => format!("a map to {}", words(types, inner)),
    }
}

pub(crate) fn parameter_words(ty: ParameterType) -> &'static str {
    match ty {
        ParameterType::Scalar(scalar) => scalar_words(scalar),
        ParameterType::Enum(_) => "one of a set of words",
    }
}

fn scalar_words(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Text => "text",
        Scalar::Bool => "true or false",
        Scalar::I32 => "a 32-bit number",
        Scalar::U32 => "an unsigned 32-bit number",
        Scalar::I64 => "a 64-bit number",
        Scalar::U64 => "an unsigned 64-bit number",
        Scalar::F32 => "a number of single precision",
        Scalar::F64 => "a number of double precision",
        Scalar::DateTime => "a date and time",
        Scalar::Date => "a date",
        Scalar::Duration => "a duration",
        Scalar::FieldMask => "a field mask",
        Scalar::Bytes => "bytes",
    }
}
