//! `src/scopes.rs`: a constant for each OAuth 2 scope.

use quote::quote;

use super::{Block, docs};
use crate::model::{Api, Docs};

pub(crate) fn blocks(api: &Api) -> Vec<Block> {
    let top = docs::inner_comment(&["The OAuth 2 scopes of the API.".to_owned()]);
    let constants = api.scopes.iter().map(|scope| {
        let name = scope.name.ident();
        let url = &scope.url;
        let facts = Docs { prose: scope.prose.clone(), ..Docs::default() };
        let comment = docs::docs(&facts, || format!("The scope {}.", docs::code(url)));
        Block::Items(quote!(#comment pub const #name: &str = #url;))
    });
    let names = api.scopes.iter().map(|scope| scope.name.ident());
    let all = Block::Items(quote! {
        /// All scopes.
        pub const ALL: &[&str] = &[#(#names),*];
    });
    [Block::Items(top)].into_iter().chain(constants).chain([all]).collect()
}
