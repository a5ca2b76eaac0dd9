//! `src/lib.rs`: the crate's documentation, the service, and the modules.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Block, docs, resources};
use crate::model::{Api, Example};
use crate::naming::{self, Kind};
use crate::prose;

pub(crate) fn blocks(api: &Api) -> Vec<Block> {
    let comment = docs::inner_comment(&crate_docs(api));
    let modules = api.resources.iter().enumerate().map(|(index, resource)| {
        let cfg = feature(api, index);
        let module = resource.module.ident();
        quote!(#cfg pub mod #module;)
    });
    let mut blocks = vec![
        Block::Items(quote! {
            #comment
            #![forbid(unsafe_code)]
            #![allow(clippy::all, deprecated, nonstandard_style, unused)]
        }),
        Block::Items(quote! {
            pub use gapis_runtime as runtime;
            #[doc(no_inline)]
            pub use runtime::prelude::*;
            use runtime::{method, paged};
        }),
        Block::Items(quote!(
            const _: () = runtime::spec::assert_generation(1);
        )),
        Block::Items(quote! {
            pub mod enums;
            pub mod schemas;
            pub mod scopes;
            #(#modules)*
        }),
        service(api),
    ];
    if api.service_is_shadowed {
        // No name of a document begins with an underscore and a capital, let alone two.
        let name = api.service.ident();
        blocks.push(Block::Items(quote!(
            use self::#name as __Service;
        )));
    }
    if resources::any(api, &|method| method.update.is_some()) {
        let name = api.service.ident();
        blocks.push(Block::Items(quote!(runtime::update! { #name })));
        if api.update_is_shadowed {
            blocks.push(Block::Items(quote!(
                use self::Update as __Update;
            )));
        }
    }
    let accessors = api.resources.iter().enumerate().map(|(index, resource)| {
        let cfg = feature(api, index);
        let accessor = resources::accessor(resource, quote!(&self.0));
        quote!(#cfg #accessor)
    });
    let functions =
        api.methods.iter().map(|method| resources::function(api, method, quote!(&self.0), quote!(methods::)));
    let functions: TokenStream = accessors.chain(functions).collect();
    if !functions.is_empty() {
        let name = api.service.ident();
        blocks.push(Block::Items(quote!(impl #name { #functions })));
    }
    if !api.methods.is_empty() {
        let mut inner = vec![Block::Items(quote!(
            use super::*;
        ))];
        let owner =
            if api.service_is_shadowed { format!("super::{}", api.service) } else { api.service.to_string() };
        inner.extend(api.methods.iter().flat_map(|method| resources::marker(api, method, &owner)));
        let attributes = docs::comment(&["The methods of the API itself."]);
        blocks.push(Block::Module {
            attributes,
            name: naming::single(Kind::Argument, "methods"),
            blocks: inner,
        });
    }
    blocks
}

fn feature(api: &Api, index: usize) -> TokenStream {
    match api.features.get(index) {
        Some(feature) => quote!(#[cfg(feature = #feature)]),
        None => quote!(),
    }
}

/// The service type and its facts; what equals the runtime's default is left out.
fn service(api: &Api) -> Block {
    let name = api.service.ident();
    let comment = docs::comment(&[
        format!("The service: {}.", docs::code(&format!("{} {}", api.title, api.version))),
        String::new(),
        "A clone is cheap and shares connections and credentials.".to_owned(),
    ]);
    let Api { name: api_name, version, root_url, service_path, batch_path, revision, .. } = api;
    let scopes = api.default_scopes.iter().map(|&index| api.scopes[index].name.ident());
    let mut members = vec![
        quote!(name: #api_name),
        quote!(version: #version),
        quote!(root_url: #root_url),
        quote!(service_path: #service_path),
        quote!(batch_path: #batch_path),
        quote!(scopes: &[#(scopes::#scopes),*]),
        quote!(revision: #revision),
    ];
    let number = |value: usize| proc_macro2::Literal::usize_unsuffixed(value);
    for (member, value) in [
        (quote!(batch_calls), api.batch_calls),
        (quote!(batch_bytes), api.batch_bytes),
        (quote!(batch_url), api.batch_url),
        (quote!(update_requests), api.update_requests),
        (quote!(update_bytes), api.update_bytes),
    ] {
        if let Some(value) = value.map(number) {
            members.push(quote!(#member: #value));
        }
    }
    if !api.mtls_root_url.is_empty() {
        let url = &api.mtls_root_url;
        members.push(quote!(mtls_root_url: #url));
    }
    if !api.endpoints.is_empty() {
        let endpoints = api.endpoints.iter().map(|(location, url)| quote!((#location, #url)));
        members.push(quote!(endpoints: &[#(#endpoints),*]));
    }
    if api.data_wrapper {
        members.push(quote!(data_wrapper: true));
    }
    Block::Items(quote! {
        #comment
        #[derive(Clone, Debug)]
        pub struct #name(runtime::Client);
        runtime::api! { #name { #(#members),* } }
    })
}

fn crate_docs(api: &Api) -> Vec<String> {
    let mut lines = prose::lines(&format!("{} {}.", api.title.replace('\n', " "), api.version));
    if let Some(prose) = &api.description {
        lines.push(String::new());
        lines.extend(prose::lines(prose));
    }
    if let Some(link) = &api.documentation {
        lines.push(String::new());
        lines.extend(prose::lines(&format!("Google's documentation: {}", link.replace('\n', " "))));
    }
    let calls = api.batch_calls.unwrap_or(1000);
    lines.extend([
        String::new(),
        format!(
            "A batch of up to {calls} calls goes to {} in one request.",
            docs::code(&format!("/{}", api.batch_path))
        ),
    ]);
    if let Some(example) = &api.example {
        lines.push(String::new());
        lines.extend(example_lines(api, example));
    }
    if !api.features.is_empty() {
        lines.extend([
            String::new(),
            "Each top-level resource is a feature, all of them on by default: a program that turns the"
                .to_owned(),
            "default off and names what it needs compiles in less time.".to_owned(),
        ]);
    }
    lines
}

fn example_lines(api: &Api, example: &Example) -> Vec<String> {
    let library = api.crate_name.replace('-', "_");
    let service = &api.service;
    let mut call = String::from("service");
    for accessor in &example.accessors {
        call.push_str(&format!(".{accessor}()"));
    }
    call.push_str(&format!(".{}({})", example.function, example.arguments.join(", ")));
    vec![
        "```no_run".to_owned(),
        format!("# async fn run() -> {library}::runtime::Result<()> {{"),
        format!("use {library}::{service};"),
        String::new(),
        format!("let service = {service}::builder().anonymous().build()?;"),
        "let mut batch = service.batch();".to_owned(),
        format!("let call = {call};"),
        "call.queue(&mut batch, |reply| println!(\"{:?}\", reply.result.is_ok()))?;".to_owned(),
        "let report = batch.execute().await;".to_owned(),
        "# Ok(())".to_owned(),
        "# }".to_owned(),
        "```".to_owned(),
    ]
}
