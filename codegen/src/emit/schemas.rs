//! `src/schemas.rs`: a struct for each schema, and the module `inline` for objects that the document does not name.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::types::{self, At};
use super::{Block, docs, gate, updates};
use crate::model::{Api, Field, Object, Operation, OperationForm, Poll, Shape};
use crate::naming::{self, Kind};

pub(crate) fn blocks(api: &Api) -> Vec<Block> {
    let top = docs::inner_comment(&[
        "The schemas: what requests and responses are made of. A literal ends with".to_owned(),
        "`..Default::default()`. The member `extra`, an [`Extra`](super::runtime::Extra), keeps what the"
            .to_owned(),
        "document does not name, and sends explicit nulls.".to_owned(),
    ]);
    let short = if api.types.shadows_prelude {
        quote!()
    } else {
        quote!(
            use std::collections::BTreeMap;
        )
    };
    let kept = || api.types.objects.iter().filter(|object| object.kept);
    let mut inline: Vec<&Object> = kept().filter(|object| object.inline).collect();
    inline.sort_by(|a, b| a.name.cmp(&b.name));
    let mut blocks = vec![Block::Items(top)];
    if inline.is_empty() {
        blocks.push(Block::Items(quote!(#short use super::{enums, runtime, runtime::object};)));
    } else {
        blocks.push(Block::Items(
            quote!(#short pub use self::inline::*; use super::{enums, runtime, runtime::object};),
        ));
    }
    blocks.extend(kept().filter(|object| !object.inline).map(|object| item(api, object, At::Schemas)));
    if !inline.is_empty() {
        let imports = quote!(#short use super::{enums, runtime, runtime::object};);
        let mut inner = vec![Block::Items(imports)];
        inner.extend(inline.into_iter().map(|object| item(api, object, At::Inline)));
        let attributes = docs::comment(&["Objects inside schemas that the document does not name."]);
        blocks.push(Block::Module {
            attributes,
            name: naming::single(Kind::Module, "inline"),
            blocks: inner,
        });
    }
    blocks
}

fn item(api: &Api, object: &Object, at: At) -> Block {
    let cfg = gate(api, &object.gate);
    let name = object.name.ident();
    let comment = docs::docs(&object.docs, || match (&object.shape, object.inline) {
        (_, true) => format!("The object {}.", docs::code(&object.wire)),
        (Shape::Alias(ty), _) => {
            format!("The schema {}: {}.", docs::code(&object.wire), docs::words(&api.types, ty))
        }
        _ => format!("The schema {}.", docs::code(&object.wire)),
    });
    if let Some(first) = object.same_as {
        let first = api.types.objects[first].name.ident();
        return Block::Items(quote!(#cfg pub type #name = #first;));
    }
    let fields = match &object.shape {
        Shape::Struct(fields) => fields,
        Shape::Alias(ty) => {
            let ty = types::ty(api, ty, at);
            return Block::Items(quote!(#cfg #comment pub type #name = #ty;));
        }
    };
    let members = fields.iter().map(|field| member(api, field, at));
    let table = table(fields);
    let operation = object.operation.as_ref().map(|operation| self::operation(api, object, operation));
    let extra = format_ident!("extra");
    let union = object.union.as_ref().map(|union| updates::union(api, object, fields, union, at));
    Block::Items(quote! {
        #cfg
        #comment
        pub struct #name {
            #(#members)*
            pub #extra: runtime::Extra,
        }
        #cfg
        object! { #name { #table } }
        #operation
        #union
    })
}

/// How an operation is waited for: what tells that it is done, and what asks for it.
fn operation(api: &Api, object: &Object, operation: &Operation) -> TokenStream {
    let cfg = gate(api, &object.gate);
    let (name, service) = (object.name.ident(), api.service.ident());
    let form = match operation.form {
        OperationForm::Done => quote!(done),
        OperationForm::Status => quote!(status),
    };
    let polls = operation.polls.iter().map(|Poll { id, path, api_version }| {
        let version = api_version.as_ref().map(|version| quote!(in #version));
        quote!(; #id #path #version)
    });
    quote!(#cfg runtime::operation! { #name: super::#service, #form #(#polls)* })
}

fn member(api: &Api, field: &Field, at: At) -> TokenStream {
    let name = field.name.ident();
    let ty = types::optional(api, &field.ty, at);
    let comment = docs::docs(&field.docs, || {
        format!("{}: {}", docs::code(&field.wire), docs::words(&api.types, &field.ty))
    });
    quote!(#comment pub #name: #ty,)
}

/// The members by number, in the order of their wire names.
fn table(fields: &[Field]) -> TokenStream {
    let rows = fields.iter().enumerate().map(|(index, field)| {
        let index = Literal::usize_unsuffixed(index);
        let name = field.name.ident();
        let wire = &field.wire;
        quote!(#index #name #wire)
    });
    quote!(#(#rows)*)
}
