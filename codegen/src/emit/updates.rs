//! The parts of typed updates (`batchUpdate`): conversions into a union of requests, the description of an update's
//! lists, and setters for the other members of the body.

use super::{docs, gate};
use crate::model::{Api, BodySetter, Field, Method, Object, SubRequest, Type, Union, Update};
use crate::prose::Schemas;
use crate::rust_type::{self, At};
use crate::source::{Source, literal};
use crate::wire::Scalar;

/// The conversions into a union from its members, next to its struct.
pub(crate) fn union(
    api: &Api,
    object: &Object,
    fields: &[Field],
    union: &Union,
    at: At,
    source: &mut Source,
) {
    let rows = |positions: &[usize], source: &mut Source| {
        for field in positions.iter().filter_map(|&index| fields.get(index)) {
            let ty = match &field.ty {
                Type::Boxed(inner) | Type::Deep(inner) => {
                    rust_type::ty(&api.types, &Type::Object(*inner), at)
                }
                ty => rust_type::ty(&api.types, ty, at),
            };
            source.line(format_args!("{}: {ty},", field.name));
        }
    };
    source.open(format_args!("runtime::union! {{"));
    source.open(format_args!("{} {{", object.name));
    rows(&union.unique, source);
    if !union.named.is_empty() {
        source.close("}");
        source.open(format_args!("named {{"));
        rows(&union.named, source);
    }
    source.close("}");
    source.close("}");
}

/// The name of the crate's `Update` in the module of a resource.
pub(crate) fn name(api: &Api) -> &'static str {
    if api.update_is_shadowed { "__Update" } else { "Update" }
}

/// The description of the lists, and the requests that they accept.
pub(crate) fn facts(api: &Api, method: &Method, update: &Update, source: &mut Source) {
    let ty = |object: usize| rust_type::ty(&api.types, &Type::Object(object), At::Resource);
    let Update { requests, replies, revision, .. } = update;
    source.open(format_args!("runtime::updates! {{"));
    source.line(format_args!("{}: {} =>", method.marker, ty(update.body)));
    source.line(format_args!("{} {} {},", requests.name, literal(&requests.wire), ty(update.request)));
    source.line(format_args!("{} {} {},", replies.name, literal(&replies.wire), ty(update.reply)));
    source.line(format_args!("{};", literal(revision)));
    for SubRequest { object, wire, reply } in &update.members {
        let reply = reply.map(|reply| format!(" => {}", ty(reply))).unwrap_or_default();
        source.line(format_args!("{}: {}{reply},", ty(*object), literal(wire)));
    }
    source.close("}");
}

/// A setter for a member of the body.
pub(crate) fn setter(api: &Api, setter: &BodySetter, schemas: Schemas<'_>, source: &mut Source) {
    let BodySetter { name, wire, ty, docs: member_docs } = setter;
    let some = "::std::option::Option::Some";
    let owned = |ty: &Type| rust_type::ty(&api.types, ty, At::Resource);
    let (ty, value) = match ty {
        Type::Scalar(Scalar::Text) => ("&str".to_owned(), "value.to_owned()"),
        Type::Enum(index) => {
            (format!("enums::{}", api.types.enums[*index].name), "runtime::Open::Known(value)")
        }
        Type::Boxed(inner) => (owned(&Type::Object(*inner)), "::std::boxed::Box::new(value)"),
        Type::Deep(inner) => (owned(&Type::Object(*inner)), "runtime::Deep::from(value)"),
        ty => (owned(ty), "value"),
    };
    source.docs(&docs::lines(member_docs, schemas));
    gate::deprecated(member_docs.deprecated, source);
    source.open(format_args!("pub fn {name}(self, value: {ty}) -> Self {{"));
    source.line(format_args!("self.with_member({}, &{some}({value}))", literal(wire)));
    source.close("}");
}
