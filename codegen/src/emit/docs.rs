//! The lines of doc comments, made from prose if there is any, and from facts.

use crate::model::{Docs, Type, Types};
use crate::prose::{self, code};
use crate::wire::Scalar;

/// The documentation of an item; empty if the name and the type say everything.
pub(crate) fn lines(docs: &Docs) -> Vec<String> {
    with(docs, None)
}

/// The same, with a fact of the generator before those of the document.
pub(crate) fn with(docs: &Docs, fact: Option<String>) -> Vec<String> {
    let mut lines = docs.prose.as_deref().map(prose::lines).unwrap_or_default();
    let facts: Vec<&str> = fact.iter().chain(&docs.facts).map(String::as_str).collect();
    if !facts.is_empty() {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(sentence(&facts));
    }
    lines
}

/// Joins facts to a sentence, such as `Read-only, default `x`.`
fn sentence(facts: &[&str]) -> String {
    let mut text = facts.join(", ") + ".";
    if let Some(first) = text.get(..1).map(str::to_ascii_uppercase) {
        text.replace_range(..1, &first);
    }
    text
}

/// Describes a type in words.
pub(crate) fn words(types: &Types, ty: &Type) -> String {
    match ty {
        Type::List(inner) => format!("list of {}", many(types, inner)),
        Type::Map(inner) => format!("map to {}", many(types, inner)),
        Type::Object(index) | Type::Boxed(index) | Type::Deep(index) if !types.objects[*index].inline => {
            code(&types.objects[*index].wire)
        }
        Type::Object(_) | Type::Boxed(_) | Type::Deep(_) => "object".to_owned(),
        Type::Json => "any JSON value".to_owned(),
        Type::Enum(_) => "enum value".to_owned(),
        Type::Scalar(scalar) => scalar_words(*scalar).to_owned(),
    }
}

fn many(types: &Types, ty: &Type) -> String {
    match ty {
        Type::Object(index) | Type::Boxed(index) | Type::Deep(index) if types.objects[*index].inline => {
            "objects".to_owned()
        }
        Type::Scalar(Scalar::Text) => "strings".to_owned(),
        Type::Scalar(Scalar::Bytes) => "bytes".to_owned(),
        Type::Json => "JSON values".to_owned(),
        Type::List(inner) => format!("lists of {}", many(types, inner)),
        Type::Map(inner) => format!("maps to {}", many(types, inner)),
        Type::Object(_) | Type::Boxed(_) | Type::Deep(_) => words(types, ty),
        Type::Enum(_) | Type::Scalar(_) => words(types, ty) + "s",
    }
}

fn scalar_words(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Text => "string",
        Scalar::Bool => "boolean",
        Scalar::I32 => "32-bit integer",
        Scalar::U32 => "unsigned 32-bit integer",
        Scalar::I64 => "64-bit integer",
        Scalar::U64 => "unsigned 64-bit integer",
        Scalar::F32 => "single-precision number",
        Scalar::F64 => "number",
        Scalar::DateTime => "time",
        Scalar::Date => "date",
        Scalar::Duration => "duration",
        Scalar::FieldMask => "field mask",
        Scalar::Bytes => "bytes",
    }
}
