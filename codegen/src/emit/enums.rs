//! `src/enums.rs`: the values that the document knows, of members and parameters.

use quote::quote;

use super::{Block, docs, gate};
use crate::model::{Api, Enum};

pub(crate) fn blocks(api: &Api) -> Vec<Block> {
    let top = docs::inner_comment(&[
        "The words that the document knows, of members and parameters. Members hold them as".to_owned(),
        "[`Open`](super::runtime::Open), which keeps words that came later.".to_owned(),
    ]);
    let mut enums: Vec<&Enum> = api.types.enums.iter().filter(|item| item.kept).collect();
    enums.sort_by(|a, b| a.name.cmp(&b.name));
    let items = enums.into_iter().map(|item| {
        let cfg = gate(api, &item.gate);
        let name = item.name.ident();
        let comment = docs::docs(&item.docs, || format!("Values of {}.", docs::code(&item.wire)));
        if let Some(first) = item.same_as {
            let first = api.types.enums[first].name.ident();
            return Block::Items(quote!(#cfg pub type #name = #first;));
        }
        let variants = item.values.iter().map(|value| {
            let name = value.name.ident();
            let comment = docs::docs(&value.docs, || docs::code(&value.wire));
            quote!(#comment #name,)
        });
        let table = item.values.iter().map(|value| {
            let name = value.name.ident();
            let wire = &value.wire;
            quote!(#name #wire)
        });
        Block::Items(quote! {
            #cfg
            #comment
            #[non_exhaustive]
            pub enum #name { #(#variants)* }
            #cfg
            open_enum! { #name { #(#table)* } }
        })
    });
    [
        Block::Items(top),
        Block::Items(quote!(
            use super::runtime::open_enum;
        )),
    ]
    .into_iter()
    .chain(items)
    .collect()
}
