//! `src/schemas.rs`: a struct for each schema, and the module `inline` for objects that the document does not name.

use super::{docs, gate, updates};
use crate::model::{Api, Field, Object, Operation, OperationForm, Poll, Shape, Type};
use crate::naming;
use crate::prose::{Schemas, code};
use crate::rust_type::{self, At};
use crate::source::{Source, literal};

pub(crate) fn write(api: &Api, schemas: Schemas<'_>, source: &mut Source) {
    let extra = if rust_type::is_free(&api.types, "Extra") {
        "[`Extra`]"
    } else {
        "[`Extra`](super::runtime::Extra)"
    };
    source.blank();
    source.module_docs(&[
        "The schemas of requests and responses. A literal ends with `..Default::default()`.".to_owned(),
        format!(
            "The member `extra`, an {extra}, holds members that the document does not define, and explicit nulls."
        ),
    ]);
    let kept = |inline: bool| {
        let is_kept = move |index: &usize| {
            api.gates.objects[*index].is_some() && api.types.objects[*index].inline == inline
        };
        api.types.objects.indices().filter(is_kept)
    };
    let mut inline: Vec<usize> = kept(true).collect();
    inline.sort_by_key(|&index| &api.types.objects[index].name);
    let top: Vec<usize> = kept(false).collect();
    source.blank();
    // The module `inline` reaches the enums through this one.
    imports(api, &top, uses_enums(api, &top) || uses_enums(api, &inline), source);
    if !inline.is_empty() {
        source.blank();
        source.line(format_args!("pub use self::inline::*;"));
    }
    for index in top {
        item(api, index, At::Schemas, schemas, source);
    }
    if inline.is_empty() {
        return;
    }
    source.blank();
    source.docs(&["Objects inside schemas, which have no name in the document.".to_owned()]);
    source.open(format_args!("pub mod inline {{"));
    imports(api, &inline, uses_enums(api, &inline), source);
    for index in inline {
        item(api, index, At::Inline, schemas.from("super::"), source);
    }
    source.close("}");
}

/// The types that the structs and aliases of a module use.
fn types_used<'a>(api: &'a Api, objects: &[usize]) -> Vec<&'a Type> {
    let types = &api.types;
    let mut used: Vec<&Type> = Vec::new();
    for &index in objects.iter().filter(|index| !types.same.objects.contains_key(index)) {
        match &types.objects[index].shape {
            Shape::Struct(fields) => used.extend(fields.iter().map(|field| &field.ty)),
            Shape::Alias(ty) => used.push(ty),
        }
    }
    used
}

fn has(ty: &Type, is: &dyn Fn(&Type) -> bool) -> bool {
    is(ty) || matches!(ty, Type::List(inner) | Type::Map(inner) if has(inner, is))
}

fn uses_enums(api: &Api, objects: &[usize]) -> bool {
    types_used(api, objects).iter().any(|ty| has(ty, &|ty| matches!(ty, Type::Enum(_))))
}

/// The imports of the names that a module uses without a path.
fn imports(api: &Api, objects: &[usize], enums: bool, source: &mut Source) {
    let types = &api.types;
    let used = types_used(api, objects);
    if rust_type::is_free(types, "BTreeMap")
        && used.iter().any(|ty| has(ty, &|ty| matches!(ty, Type::Map(_))))
    {
        source.line(format_args!("use std::collections::BTreeMap;"));
        source.blank();
    }
    let names = rust_type::used_imports(types, used.into_iter()).join(", ");
    source.line(format_args!("use super::runtime::private::derive::Object;"));
    match names.contains(',') {
        _ if names.is_empty() => {}
        true => source.line(format_args!("use super::runtime::{{{names}}};")),
        false => source.line(format_args!("use super::runtime::{names};")),
    }
    source.line(format_args!("use super::{};", if enums { "{enums, runtime}" } else { "runtime" }));
}

fn item(api: &Api, index: usize, at: At, schemas: Schemas<'_>, source: &mut Source) {
    let object = &api.types.objects[index];
    let name = &object.name;
    let attribute = |source: &mut Source| {
        if let Some(needs) = &api.gates.objects[index] {
            gate::gate(api, needs, source);
        }
    };
    source.blank();
    if let Some(&first) = api.types.same.objects.get(&index) {
        attribute(source);
        return source.line(format_args!("pub type {name} = {};", api.types.objects[first].name));
    }
    let mut lines = docs::lines(&object.docs, schemas);
    if lines.is_empty() && !object.inline && *name.bare() != object.wire {
        lines.push(format!("The schema {}.", code(&object.wire)));
    }
    match &object.shape {
        Shape::Alias(ty) => {
            if lines.is_empty() {
                let words = docs::words(&api.types, ty, schemas);
                lines.push(format!("The schema {}: {words}.", code(&object.wire)));
            }
            source.docs(&lines);
            attribute(source);
            gate::deprecated(object.docs.deprecated, source);
            source.line(format_args!("pub type {name} = {};", rust_type::ty(&api.types, ty, at)));
        }
        Shape::Struct(fields) => {
            source.docs(&lines);
            attribute(source);
            gate::deprecated(object.docs.deprecated, source);
            source.line(format_args!("#[derive(Object)]"));
            source.open(format_args!("pub struct {name} {{"));
            fields.iter().for_each(|field| member(api, field, at, schemas, source));
            let extra = if rust_type::is_free(&api.types, "Extra") { "Extra" } else { "runtime::Extra" };
            source.line(format_args!("pub extra: {extra},"));
            source.close("}");
            if let Some(operation) = api.operations.get(&index) {
                source.blank();
                attribute(source);
                self::operation(api, object, operation, source);
            }
            if let Some(union) = api.unions.get(&index) {
                source.blank();
                attribute(source);
                updates::union(api, object, fields, union, at, source);
            }
        }
    }
}

/// How to wait for an operation: which member shows that it is done, and which methods return it.
fn operation(api: &Api, object: &Object, operation: &Operation, source: &mut Source) {
    let form = match operation.form {
        OperationForm::Done => "done",
        OperationForm::Status => "status",
    };
    source.open(format_args!("runtime::operation! {{"));
    let last = operation.polls.len();
    source.line(format_args!("{}: super::{}, {form};", object.name, api.service));
    for (index, Poll { id, path, api_version }) in operation.polls.iter().enumerate() {
        let version =
            api_version.as_ref().map(|version| format!(" in {}", literal(version))).unwrap_or_default();
        let end = if index + 1 < last { ";" } else { "" };
        source.line(format_args!("{} {}{version}{end}", literal(id), literal(path)));
    }
    source.close("}");
}

fn member(api: &Api, field: &Field, at: At, schemas: Schemas<'_>, source: &mut Source) {
    let Field { name, wire, ty, docs: field_docs } = field;
    let follows = naming::field_says(name, wire);
    let fact = if follows { None } else { Some(format!("sent as {}", code(wire))) };
    source.docs(&docs::with(field_docs, fact, schemas));
    gate::deprecated(field_docs.deprecated, source);
    if !follows {
        source.line(format_args!("#[wire({})]", literal(wire)));
    }
    source.line(format_args!("pub {name}: {},", rust_type::optional(&api.types, ty, at)));
}
