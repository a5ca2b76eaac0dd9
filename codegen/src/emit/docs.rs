//! The lines of doc comments, made from prose if there is any, and from facts.

use crate::model::{Docs, Type, Types};
use crate::prose::{self, Schemas, code};
use crate::wire::Scalar;

/// The documentation of an item; empty if the name and the type say everything.
pub(crate) fn lines(docs: &Docs, schemas: Schemas<'_>) -> Vec<String> {
    with(docs, None, schemas)
}

/// The same, with a fact of the generator before those of the document.
pub(crate) fn with(docs: &Docs, fact: Option<String>, schemas: Schemas<'_>) -> Vec<String> {
    let mut lines = prose(docs.prose.as_deref(), schemas);
    let facts: Vec<&str> = fact.iter().chain(&docs.facts).map(String::as_str).collect();
    if !facts.is_empty() {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(sentence(&facts));
    }
    lines
}

/// The lines of prose, if there is any.
pub(crate) fn prose(prose: Option<&str>, schemas: Schemas<'_>) -> Vec<String> {
    prose.map(|prose| prose::lines(prose, schemas)).unwrap_or_default()
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
pub(crate) fn words(types: &Types, ty: &Type, schemas: Schemas<'_>) -> String {
    match ty {
        Type::List(inner) => format!("list of {}", many(types, inner, schemas)),
        Type::Map(inner) => format!("map to {}", many(types, inner, schemas)),
        Type::Object(index) | Type::Boxed(index) | Type::Deep(index) if !types.objects[*index].inline => {
            let wire = &types.objects[*index].wire;
            schemas.link(wire).unwrap_or_else(|| code(wire))
        }
        Type::Object(_) | Type::Boxed(_) | Type::Deep(_) => "object".to_owned(),
        Type::Json => "any JSON value".to_owned(),
        Type::Enum(_) => "enum value".to_owned(),
        Type::Scalar(scalar) => scalar_words(*scalar).to_owned(),
    }
}

fn many(types: &Types, ty: &Type, schemas: Schemas<'_>) -> String {
    match ty {
        Type::Object(index) | Type::Boxed(index) | Type::Deep(index) if types.objects[*index].inline => {
            "objects".to_owned()
        }
        Type::Scalar(Scalar::Text) => "strings".to_owned(),
        Type::Scalar(Scalar::Bytes) => "bytes".to_owned(),
        Type::Json => "JSON values".to_owned(),
        Type::List(inner) => format!("lists of {}", many(types, inner, schemas)),
        Type::Map(inner) => format!("maps to {}", many(types, inner, schemas)),
        Type::Object(_) | Type::Boxed(_) | Type::Deep(_) => words(types, ty, schemas),
        Type::Enum(_) | Type::Scalar(_) => words(types, ty, schemas) + "s",
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
