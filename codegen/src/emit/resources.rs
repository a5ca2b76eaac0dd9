//! `src/<resource>.rs`, and for a resource below it `src/<resource>/<nested>.rs`: a struct for the resource, its methods,
//! their markers and setters.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{Block, docs, types, updates};
use crate::model::{Api, Docs, Download, Items, Method, Paging, Parameter, Payload, Resource, Upload};
use crate::naming::Name;

/// The files of a resource and of those below it: each with its path of modules.
pub(crate) fn files(api: &Api, resource: &Resource) -> Vec<(String, Vec<Block>)> {
    let mut files = Vec::new();
    collect(api, resource, resource.module.bare().to_owned(), &mut files);
    files
}

fn collect(api: &Api, resource: &Resource, path: String, files: &mut Vec<(String, Vec<Block>)>) {
    let blocks = module(api, resource);
    for nested in &resource.resources {
        collect(api, nested, format!("{path}/{}", nested.module.bare()), files);
    }
    files.push((path, blocks));
}

fn module(api: &Api, resource: &Resource) -> Vec<Block> {
    let name = resource.name.ident();
    let comment = docs::comment(&[format!("The methods of {}.", docs::code(&resource.wire))]);
    let accessors = resource.resources.iter().map(|nested| accessor(nested, quote!(self.0)));
    let functions = resource.methods.iter().map(|method| function(api, method, quote!(self.0), quote!()));
    let functions: TokenStream = accessors.chain(functions).collect();
    let modules = resource.resources.iter().map(|nested| {
        let module = nested.module.ident();
        quote!(pub mod #module;)
    });
    let mut blocks = vec![
        Block::Items(quote!(
            #(#modules)*
            use super::*;
        )),
        Block::Items(quote! {
            #comment
            #[derive(Clone, Copy, Debug)]
            pub struct #name<'a>(pub(crate) &'a runtime::Client);
        }),
    ];
    if !functions.is_empty() {
        blocks.push(Block::Items(quote!(impl #name<'_> { #functions })));
    }
    for method in &resource.methods {
        blocks.extend(marker(api, method, resource.name.bare()));
    }
    blocks
}

/// Whether some method of the API is like that.
pub(crate) fn any(api: &Api, is: &dyn Fn(&Method) -> bool) -> bool {
    fn below(resource: &Resource, is: &dyn Fn(&Method) -> bool) -> bool {
        resource.methods.iter().any(is) || resource.resources.iter().any(|nested| below(nested, is))
    }
    api.methods.iter().any(is) || api.resources.iter().any(|resource| below(resource, is))
}

/// The function that leads to a resource.
pub(crate) fn accessor(resource: &Resource, client: TokenStream) -> TokenStream {
    let comment = docs::comment(&[format!("The resource {}.", docs::code(&resource.wire))]);
    let function = resource.accessor.ident();
    let module = resource.module.ident();
    let name = resource.name.ident();
    quote! {
        #comment
        pub fn #function(&self) -> #module::#name<'_> { #module::#name(#client) }
    }
}

/// The function that makes a call. `path` leads to the marker.
pub(crate) fn function(api: &Api, method: &Method, client: TokenStream, path: TokenStream) -> TokenStream {
    let comment = comment(api, method);
    let name = method.function.ident();
    let marker = method.marker.ident();
    let arguments = method.arguments.iter().map(|argument| {
        let name = argument.name.ident();
        let ty = types::parameter(api, argument);
        quote!(#name: #ty)
    });
    let in_path = method.path_arguments.iter().map(|&index| method.arguments[index].name.ident());
    let in_query = method.arguments.iter().filter(|argument| !argument.in_path).map(|argument| {
        let wire = &argument.wire;
        let name = argument.name.ident();
        quote!(.with_param(#wire, &#name))
    });
    if method.update.is_some() {
        let update = updates::name(api);
        return quote! {
            #comment
            pub fn #name<'cb>(&self #(, #arguments)*) -> #update<'cb, #path #marker> {
                #update::new(#client, &[#(&#in_path),*]) #(#in_query)*
            }
        };
    }
    let body = method.body.as_ref().map(|(name, payload)| (name.ident(), types::payload(api, payload)));
    let body_argument = body.iter().map(|(name, ty)| quote!(#name: #ty));
    let arguments = arguments.chain(body_argument);
    let body = match &body {
        Some((name, _)) => quote!(Some(&#name)),
        None => quote!(None),
    };
    quote! {
        #comment
        pub fn #name(&self #(, #arguments)*) -> Call<#path #marker> {
            Call::new(#client, &[#(&#in_path),*], #body) #(#in_query)*
        }
    }
}

/// The documentation of a method.
fn comment(api: &Api, method: &Method) -> TokenStream {
    let mut lines = Vec::new();
    let notes = notes(api, method).join(" ");
    match &method.docs.prose {
        // Verb and path stand at the marker.
        Some(prose) => {
            lines.extend(crate::prose::lines(prose));
            if !notes.is_empty() {
                lines.extend([String::new(), notes]);
            }
        }
        None => {
            let request = format!("{} {}.", method.verb, docs::code(&method.path));
            lines.push(if notes.is_empty() { request } else { format!("{request} {notes}") });
        }
    }
    if !method.arguments.is_empty() {
        lines.push(String::new());
        for argument in &method.arguments {
            lines.push(argument_line(argument));
        }
    }
    let lines = docs::comment(&lines);
    let deprecated = docs::deprecated(&method.docs);
    quote!(#lines #deprecated)
}

/// What is to be known of a method beside its request, a sentence each.
fn notes(api: &Api, method: &Method) -> Vec<String> {
    let mut notes = Vec::new();
    // Where the client's own scopes are all that a method may have, there is nothing to choose.
    if !method.scopes.is_empty() && method.scopes != api.default_scopes {
        let scopes = method.scopes.iter().map(|&index| docs::code(api.scopes[index].name.as_str()));
        notes.push(format!("Scopes: {}.", scopes.collect::<Vec<_>>().join(", ")));
    }
    if api.types.operation_of(&method.output).is_some() {
        notes.push("Can be waited for.".to_owned());
    }
    if method.download.is_some() {
        notes.push("Serves media.".to_owned());
    }
    match &method.upload {
        Some(Upload { max_size: Some(size), .. }) => {
            notes.push(format!("Takes media of up to {size} bytes."))
        }
        Some(_) => notes.push("Takes media.".to_owned()),
        None => {}
    }
    if let Some(update) = &method.update {
        let list = docs::code(&update.requests.wire);
        notes.push(format!("Applies the {list} that are pushed, all of them or none."));
    }
    notes
}

/// One item of the list of arguments; prose of several paragraphs is joined into one.
fn argument_line(argument: &Parameter) -> String {
    let said = match &argument.docs.prose {
        Some(prose) => {
            let joined = prose.split_whitespace().collect::<Vec<_>>().join(" ").replace("```", "`");
            let joined = joined.strip_prefix("Required. ").unwrap_or(&joined);
            crate::prose::lines(joined).concat()
        }
        None => docs::parameter_words(argument.ty).to_owned(),
    };
    let facts: String = argument.docs.facts.iter().map(|fact| format!(", {fact}")).collect();
    format!("* {}: {said}{facts}", docs::code(argument.name.bare()))
}

/// The marker of a method, what it says about the method, and the setters of its calls.
pub(crate) fn marker(api: &Api, method: &Method, owner: &str) -> Vec<Block> {
    let marker = method.marker.ident();
    // Raw names have no link.
    let link = match method.function.as_str().starts_with("r#") {
        true => docs::code(method.function.bare()),
        false => format!("[`{owner}::{}`]", method.function),
    };
    let comment = docs::comment(&[format!("See {link}.")]);
    let facts = facts(api, method);
    let paged = method.paging.as_ref().map(|paging| paged(api, &marker, paging));
    let upload = method.upload.as_ref().map(|_| quote!(impl runtime::AcceptsMedia for #marker {}));
    let download = method.download.map(|_| quote!(impl runtime::ServesMedia for #marker {}));
    let update = method.update.as_ref().map(|update| updates::facts(api, &marker, update));
    let mut blocks =
        vec![Block::Items(quote!(#comment pub enum #marker {} #facts #paged #upload #download #update))];
    let setters = method.setters.iter().map(|parameter| setter(api, parameter));
    match &method.update {
        Some(update) => {
            let name = updates::name(api);
            let members = update.setters.iter().map(|member| updates::setter(api, member));
            let setters: TokenStream = members.chain(setters).collect();
            if !setters.is_empty() {
                blocks.push(Block::Items(quote!(impl #name<'_, #marker> { #setters })));
            }
        }
        None if !method.setters.is_empty() => {
            blocks.push(Block::Items(quote!(impl Call<#marker> { #(#setters)* })));
        }
        None => {}
    }
    blocks
}

fn facts(api: &Api, method: &Method) -> TokenStream {
    let marker = method.marker.ident();
    let service = api.service.ident();
    let service = if api.service_is_shadowed { quote!(__Service) } else { quote!(#service) };
    let output = types::payload(api, &method.output);
    let id = &method.id;
    let verb = Ident::new(method.verb, Span::call_site());
    let path = &method.path;
    let mut members: Vec<TokenStream> = Vec::new();
    if let Some(version) = &method.api_version {
        members.push(quote!(api_version: Some(#version)));
    }
    if method.output == Payload::Nothing {
        members.push(quote!(empty_response: true));
    }
    if let Some(upload) = &method.upload {
        members.push(upload_spec(upload));
    }
    if let Some(Download { media_service }) = method.download {
        members.push(quote!(download: Some(runtime::spec::DownloadSpec { media_service: #media_service })));
    }
    let members = if members.is_empty() { quote!() } else { quote!({ #(#members),* }) };
    quote!(method! { #marker: #service => #output; #id #verb #path #members })
}

fn upload_spec(upload: &Upload) -> TokenStream {
    let Upload { simple_path, resumable_path, max_size, accept } = upload;
    let max_size = match max_size {
        Some(size) => {
            let size = proc_macro2::Literal::u64_unsuffixed(*size);
            quote!(Some(#size))
        }
        None => quote!(None),
    };
    quote! {
        upload: Some(&runtime::spec::UploadSpec {
            simple_path: #simple_path, resumable_path: #resumable_path, max_size: #max_size, accept: &[#(#accept),*]
        })
    }
}

fn paged(api: &Api, marker: &Ident, paging: &Paging) -> TokenStream {
    let Paging { token, next, in_body, items } = paging;
    let body = in_body.then(|| quote!(body));
    let (items, item) = match items {
        Some(Items { wire, item, of_map }) => {
            let item = types::ty(api, item, types::At::Resource);
            (wire.as_str(), if *of_map { quote!((::std::string::String, #item)) } else { item })
        }
        None => ("", quote!(runtime::Json)),
    };
    quote!(paged! { #marker => #item; #body #token #next #items })
}

fn setter(api: &Api, parameter: &Parameter) -> TokenStream {
    let Parameter { name, wire, .. } = parameter;
    let name: &Name = name;
    let name = name.ident();
    let ty = types::parameter(api, parameter);
    let said: &Docs = &parameter.docs;
    let comment =
        docs::docs(said, || format!("{}: {}", docs::code(wire), docs::parameter_words(parameter.ty)));
    quote! {
        #comment
        pub fn #name(self, value: #ty) -> Self { self.with_param(#wire, &value) }
    }
}
