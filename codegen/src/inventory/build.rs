//! From the model to the inventory.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{
    Alias, Argument, Enum, Field, Inventory, Location, Method, Paging, Request, Resource, Scope, Service,
    Setter, Struct, Update, Variant,
};
use crate::emit::types::{self, At};
use crate::model::{self, Api, Gate, Payload, Shape};

/// Lists what the crate of a model has.
pub(crate) fn build(api: &Api) -> Inventory {
    let mut inventory = Inventory {
        crate_name: api.crate_name.clone(),
        api: api.id.clone(),
        revision: api.revision.clone(),
        service: Service {
            path: api.service.to_string(),
            root_url: api.root_url.clone(),
            service_path: api.service_path.clone(),
            batch_path: api.batch_path.clone(),
            data_wrapper: api.data_wrapper,
        },
        features: api.features.clone(),
        enums: enums(api),
        scopes: scopes(api),
        ..Inventory::default()
    };
    objects(api, &mut inventory);
    let root = Owner {
        path: api.service.to_string(),
        markers: "methods::".to_owned(),
        call: String::new(),
        wire: String::new(),
        feature: None,
    };
    inventory.methods.extend(api.methods.iter().map(|method| function(api, method, &root)));
    for (index, resource) in api.resources.iter().enumerate() {
        let root =
            Owner { markers: String::new(), feature: api.features.get(index).cloned(), ..root.clone() };
        add_resource(api, resource, &root, &mut inventory);
    }
    inventory
}

/// What methods and resources belong to: the service, or a resource.
#[derive(Clone)]
struct Owner {
    /// The struct that the functions are of.
    path: String,
    /// What leads to the markers, with `::` at the end: the resource's module.
    markers: String,
    /// What leads to the struct on the service: `projects().`.
    call: String,
    /// The same in the document's names: `projects.`.
    wire: String,
    feature: Option<String>,
}

fn add_resource(api: &Api, resource: &model::Resource, parent: &Owner, inventory: &mut Inventory) {
    let module = format!("{}{}", parent.markers, resource.module);
    let path = format!("{module}::{}", resource.name);
    inventory.resources.push(Resource {
        wire: format!("{}{}", parent.wire, resource.wire),
        module: module.clone(),
        path: path.clone(),
        accessor: format!("{}::{}", parent.path, resource.accessor),
        feature: parent.feature.clone(),
    });
    let owner = Owner {
        path,
        markers: format!("{module}::"),
        call: format!("{}{}().", parent.call, resource.accessor),
        wire: format!("{}{}.", parent.wire, resource.wire),
        feature: parent.feature.clone(),
    };
    inventory.methods.extend(resource.methods.iter().map(|method| function(api, method, &owner)));
    for nested in &resource.resources {
        add_resource(api, nested, &owner, inventory);
    }
}

fn function(api: &Api, method: &model::Method, owner: &Owner) -> Method {
    let arguments = arguments(api, method);
    let marker = format!("{}{}", owner.markers, method.marker);
    let listed: String =
        arguments.iter().map(|Argument { name, ty, .. }| format!(", {name}: {ty}")).collect();
    Method {
        path: format!("{}::{}", owner.path, method.function),
        call: format!("{}{}", owner.call, method.function),
        signature: match &method.update {
            Some(_) => format!("fn {}<'cb>(&self{listed}) -> Update<'cb, {marker}>", method.function),
            None => format!("fn {}(&self{listed}) -> Call<{marker}>", method.function),
        },
        wire: format!("{}{}", owner.wire, method.wire),
        id: method.id.clone(),
        verb: method.verb.to_owned(),
        template: method.path.clone(),
        api_version: method.api_version.clone(),
        setters: method.setters.iter().map(|parameter| setter(api, parameter)).collect(),
        update: method.update.as_ref().map(|update| self::update(api, update)),
        output: text(types::payload(api, &method.output)),
        paging: method.paging.as_ref().map(|paging| self::paging(api, paging)),
        waits: api.types.operation_of(&method.output).is_some(),
        uploads: method.upload.is_some(),
        downloads: method.download.is_some(),
        scopes: method.scopes.iter().map(|&index| api.scopes[index].name.to_string()).collect(),
        deprecated: method.docs.deprecated,
        feature: owner.feature.clone(),
        arguments,
        marker,
    }
}

fn arguments(api: &Api, method: &model::Method) -> Vec<Argument> {
    let parameters = method.arguments.iter().map(|parameter| Argument {
        name: parameter.name.to_string(),
        wire: parameter.wire.clone(),
        location: if parameter.in_path { Location::Path } else { Location::Query },
        ty: text(types::parameter(api, parameter)),
    });
    // The body of an update is not an argument: requests are pushed, and other members are set.
    let body = method.body.iter().filter(|_| method.update.is_none());
    let body = body.map(|(name, payload)| Argument {
        name: name.to_string(),
        wire: String::new(),
        location: Location::Body,
        ty: text(types::payload(api, payload)),
    });
    parameters.chain(body).collect()
}

fn setter(api: &Api, parameter: &model::Parameter) -> Setter {
    Setter {
        name: parameter.name.to_string(),
        wire: parameter.wire.clone(),
        ty: text(types::parameter(api, parameter)),
        deprecated: parameter.docs.deprecated,
    }
}

fn update(api: &Api, update: &model::Update) -> Update {
    let ty = |object: usize| text(types::ty(api, &model::Type::Object(object), At::Resource));
    let requests = update.members.iter().map(|request| Request {
        wire: request.wire.clone(),
        ty: ty(request.object),
        reply: request.reply.map_or_else(|| "()".to_owned(), ty),
    });
    Update {
        body: ty(update.body),
        setters: update.setters.iter().map(|member| body_setter(api, member)).collect(),
        requests: requests.collect(),
    }
}

fn body_setter(api: &Api, member: &model::BodySetter) -> Setter {
    Setter {
        name: member.name.to_string(),
        wire: member.wire.clone(),
        ty: text(types::ty(api, &member.ty, At::Resource)),
        deprecated: member.docs.deprecated,
    }
}

fn paging(api: &Api, paging: &model::Paging) -> Paging {
    let (items, item) = match &paging.items {
        Some(items) => {
            let item = text(types::ty(api, &items.item, At::Resource));
            (items.wire.clone(), if items.of_map { format!("(String, {item})") } else { item })
        }
        None => (String::new(), text(types::payload(api, &Payload::Value(model::Type::Json)))),
    };
    Paging { token: paging.token.clone(), in_body: paging.in_body, next: paging.next.clone(), items, item }
}

fn objects(api: &Api, inventory: &mut Inventory) {
    for object in api.types.objects.iter().filter(|object| object.kept) {
        let (path, wire) = (object_path(object), object.wire.clone());
        let (features, deprecated) = (gate(api, &object.gate), object.docs.deprecated);
        match &object.shape {
            Shape::Struct(fields) => inventory.structs.push(Struct {
                path,
                wire,
                same_as: object.same_as.map(|first| object_path(&api.types.objects[first])),
                fields: fields.iter().map(|member| field(api, member)).collect(),
                features,
                deprecated,
            }),
            Shape::Alias(ty) => {
                let ty = text(types::ty(api, ty, At::Resource));
                inventory.aliases.push(Alias { path, wire, ty, features, deprecated });
            }
        }
    }
    inventory.structs.sort_by(|a, b| a.path.cmp(&b.path));
    inventory.aliases.sort_by(|a, b| a.path.cmp(&b.path));
}

fn object_path(object: &model::Object) -> String {
    format!("schemas::{}{}", if object.inline { "inline::" } else { "" }, object.name)
}

fn field(api: &Api, field: &model::Field) -> Field {
    Field {
        name: field.name.to_string(),
        wire: field.wire.clone(),
        ty: text(types::optional(api, &field.ty, At::Resource)),
        deprecated: field.docs.deprecated,
    }
}

fn enums(api: &Api) -> Vec<Enum> {
    let path = |item: &model::Enum| format!("enums::{}", item.name);
    let mut enums: Vec<Enum> = api
        .types
        .enums
        .iter()
        .filter(|item| item.kept)
        .map(|item| Enum {
            path: path(item),
            wire: item.wire.clone(),
            same_as: item.same_as.map(|first| path(&api.types.enums[first])),
            variants: item.values.iter().map(variant).collect(),
            features: gate(api, &item.gate),
        })
        .collect();
    enums.sort_by(|a, b| a.path.cmp(&b.path));
    enums
}

fn variant(value: &model::Value) -> Variant {
    Variant { name: value.name.to_string(), wire: value.wire.clone(), deprecated: value.docs.deprecated }
}

fn scopes(api: &Api) -> Vec<Scope> {
    let scope =
        |scope: &model::Scope| Scope { path: format!("scopes::{}", scope.name), url: scope.url.clone() };
    api.scopes.iter().map(scope).collect()
}

fn gate(api: &Api, gate: &Gate) -> Vec<String> {
    gate.iter().map(|&index| api.features[index].clone()).collect()
}

/// The text of a type. The types of std are called by their short names; schemas are below `schemas` and cannot be
/// mistaken for them.
fn text(ty: TokenStream) -> String {
    let mut long = String::new();
    write(ty, &mut long);
    for (path, name) in [
        ("::std::string::String", "String"),
        ("::std::option::Option", "Option"),
        ("::std::vec::Vec", "Vec"),
        ("::std::boxed::Box", "Box"),
        ("::std::collections::BTreeMap", "BTreeMap"),
    ] {
        long = long.replace(path, name);
    }
    long
}

/// Writes tokens as rustfmt would write a type.
fn write(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                    _ => ("(", ")"),
                };
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => text.push_str(", "),
            other => text.push_str(&other.to_string()),
        }
    }
}
