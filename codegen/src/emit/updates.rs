//! What typed updates (`batchUpdate`) add: how a union of requests is made, what a marker says of its lists, and setters
//! for the body's other members.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::types::{self, At};
use super::{docs, gate};
use crate::model::{Api, BodySetter, Field, Object, SubRequest, Type, Union, Update};
use crate::wire::Scalar;

/// How a union is made of its members; stands beside its struct.
pub(crate) fn union(api: &Api, object: &Object, fields: &[Field], union: &Union, at: At) -> TokenStream {
    let cfg = gate(api, &object.gate);
    let name = object.name.ident();
    let rows = |positions: &[usize]| {
        let rows = positions.iter().map(|&index| {
            let name = fields[index].name.ident();
            let ty = match &fields[index].ty {
                Type::Boxed(inner) => types::ty(api, &Type::Object(*inner), at),
                ty => types::ty(api, ty, at),
            };
            quote!(#name: #ty)
        });
        quote!(#(#rows),*)
    };
    let unique = rows(&union.unique);
    let named = rows(&union.named);
    let named = if named.is_empty() { quote!() } else { quote!(; #named) };
    quote!(#cfg runtime::union! { #name { #unique #named } })
}

/// The crate's `Update` by the name that it has in the module of a resource.
pub(crate) fn name(api: &Api) -> TokenStream {
    if api.update_is_shadowed { quote!(__Update) } else { quote!(Update) }
}

/// What the marker says of the lists, and which requests they take.
pub(crate) fn facts(api: &Api, marker: &Ident, update: &Update) -> TokenStream {
    let ty = |object: usize| types::ty(api, &Type::Object(object), At::Resource);
    let Update { requests, replies, revision, .. } = update;
    let (body, request, reply) = (ty(update.body), ty(update.request), ty(update.reply));
    let (requests, requests_wire) = (requests.name.ident(), &requests.wire);
    let (replies, replies_wire) = (replies.name.ident(), &replies.wire);
    let members = update.members.iter().map(|SubRequest { object, wire, reply }| {
        let request = ty(*object);
        let answer = reply.map(|reply| {
            let reply = ty(reply);
            quote!(=> #reply)
        });
        quote!(#request: #wire #answer)
    });
    quote! {
        runtime::updates! {
            #marker: #body => #requests #requests_wire #request, #replies #replies_wire #reply, #revision;
            #(#members),*
        }
    }
}

/// A setter for a member of the body.
pub(crate) fn setter(api: &Api, setter: &BodySetter) -> TokenStream {
    let BodySetter { name, wire, ty, docs: said } = setter;
    let name = name.ident();
    let comment = docs::docs(said, || format!("{}: {}", docs::code(wire), docs::words(&api.types, ty)));
    let owned = types::ty(api, ty, At::Resource);
    let (ty, value) = match ty {
        Type::Scalar(Scalar::Text) => (quote!(&str), quote!(value.to_owned())),
        Type::Enum(index) => {
            let name = api.types.enums[*index].name.ident();
            (quote!(enums::#name), quote!(runtime::Open::Known(value)))
        }
        Type::Boxed(inner) => {
            let inner = types::ty(api, &Type::Object(*inner), At::Resource);
            (inner, quote!(::std::boxed::Box::new(value)))
        }
        _ => (owned, quote!(value)),
    };
    quote! {
        #comment
        pub fn #name(self, value: #ty) -> Self {
            self.with_member(#wire, &::std::option::Option::Some(#value))
        }
    }
}
