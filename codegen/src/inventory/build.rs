//! From the model to the inventory.

use super::data::{
    Alias, Argument, Enum, Field, Inventory, Location, Method, Paging, Request, Resource, Scope, Service,
    Setter, Struct, Update, Variant,
};
use crate::model::{self, Api, Gate, Shape};
use crate::naming::Name;
use crate::rust_type::{self, At};

/// Lists what the crate of a model has.
pub(crate) fn build(api: &Api) -> Inventory {
    let mut inventory = Inventory {
        crate_name: api.crate_name.clone(),
        api: api.id.clone(),
        revision: api.revision.clone(),
        service: Service {
            path: api.service.to_string(),
            name: api.name.clone(),
            version: api.version.clone(),
            root_url: api.root_url.clone(),
            mtls_root_url: api.mtls_root_url.clone(),
            endpoints: api.endpoints.clone(),
            scopes: api.default_scopes.iter().map(|&index| api.scopes[index].url.clone()).collect(),
            service_path: api.service_path.clone(),
            batch_path: api.batch_path.clone(),
            data_wrapper: api.data_wrapper,
            ..Service::default()
        },
        features: api.gates.features.clone(),
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
    inventory.methods.extend(api.root.methods.iter().map(|method| function(api, method, &root)));
    for (index, resource) in api.root.resources.iter().enumerate() {
        let root = Owner { markers: String::new(), feature: api.feature(index).cloned(), ..root.clone() };
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
        signature: match api.update_of(method) {
            Some(_) => format!("fn {}<'cb>(&self{listed}) -> Update<'cb, {marker}>", method.function),
            None => format!("fn {}(&self{listed}) -> Call<{marker}>", method.function),
        },
        wire: format!("{}{}", owner.wire, method.wire),
        id: method.id.clone(),
        verb: method.verb.to_owned(),
        template: method.path.clone(),
        api_version: method.api_version.clone(),
        request_id: method.request_id.clone(),
        setters: setters(api, method),
        update: api.update_of(method).map(|update| self::update(api, update)),
        output: rust_type::payload(&api.types, &method.output, At::Program),
        paging: method.paging.as_ref().map(|paging| self::paging(api, paging)),
        waits: api.operation_of(&method.output).is_some(),
        uploads: method.upload.is_some(),
        downloads: method.download.is_some(),
        scopes: method.scopes.iter().map(|&index| api.scopes[index].name.to_string()).collect(),
        deprecated: method.docs.deprecated,
        feature: owner.feature.clone(),
        arguments,
        marker,
        docs: String::new(),
    }
}

fn arguments(api: &Api, method: &model::Method) -> Vec<Argument> {
    let parameters = method.arguments.iter().map(|parameter| Argument {
        name: parameter.name.to_string(),
        wire: parameter.wire.clone(),
        location: if parameter.in_path { Location::Path } else { Location::Query },
        ty: rust_type::argument(&api.types, parameter, At::Program),
        docs: String::new(),
    });
    // The body of an update is not an argument: requests are pushed, and other members are set.
    let body = method.body.iter().filter(|_| api.update_of(method).is_none());
    let body = body.map(|(name, payload)| Argument {
        name: name.to_string(),
        wire: String::new(),
        location: Location::Body,
        ty: rust_type::payload(&api.types, payload, At::Program),
        docs: String::new(),
    });
    parameters.chain(body).collect()
}

fn setters(api: &Api, method: &model::Method) -> Vec<Setter> {
    match api.update_of(method) {
        Some(update) => {
            let named = method.setters.iter().zip(&update.parameters);
            named.map(|(parameter, name)| setter(api, parameter, name)).collect()
        }
        None => method.setters.iter().map(|parameter| setter(api, parameter, &parameter.name)).collect(),
    }
}

fn setter(api: &Api, parameter: &model::Parameter, name: &Name) -> Setter {
    Setter {
        name: name.to_string(),
        wire: parameter.wire.clone(),
        ty: rust_type::parameter(&api.types, parameter, At::Program),
        deprecated: parameter.docs.deprecated,
        docs: String::new(),
    }
}

fn update(api: &Api, update: &model::Update) -> Update {
    let ty = |object: usize| rust_type::ty(&api.types, &model::Type::Object(object), At::Program);
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
        ty: rust_type::ty(&api.types, &member.ty, At::Program),
        deprecated: member.docs.deprecated,
        docs: String::new(),
    }
}

fn paging(api: &Api, paging: &model::Paging) -> Paging {
    let (items, item) = match &paging.items {
        Some(items) => {
            let item = rust_type::ty(&api.types, &items.item, At::Program);
            (items.wire.clone(), if items.of_map { format!("(String, {item})") } else { item })
        }
        None => (String::new(), "runtime::Json".to_owned()),
    };
    Paging { token: paging.token.clone(), in_body: paging.in_body, next: paging.next.clone(), items, item }
}

fn objects(api: &Api, inventory: &mut Inventory) {
    for (index, object) in api.types.objects.iter().enumerate() {
        let Some(needs) = &api.gates.objects[index] else { continue };
        let (path, wire) = (object_path(object), object.wire.clone());
        let (features, deprecated) = (gate(api, needs), object.docs.deprecated);
        match &object.shape {
            Shape::Struct(fields) => inventory.structs.push(Struct {
                path,
                wire,
                same_as: api
                    .types
                    .same
                    .objects
                    .get(&index)
                    .map(|&first| object_path(&api.types.objects[first])),
                fields: fields.iter().map(|member| field(api, member)).collect(),
                features,
                deprecated,
                docs: String::new(),
            }),
            Shape::Alias(ty) => {
                let ty = rust_type::ty(&api.types, ty, At::Program);
                inventory.aliases.push(Alias { path, wire, ty, features, deprecated, docs: String::new() });
            }
        }
    }
    inventory.structs.sort_by(|a, b| a.path.cmp(&b.path));
    inventory.aliases.sort_by(|a, b| a.path.cmp(&b.path));
}

pub(super) fn object_path(object: &model::Object) -> String {
    format!("schemas::{}{}", if object.inline { "inline::" } else { "" }, object.name)
}

fn field(api: &Api, field: &model::Field) -> Field {
    Field {
        name: field.name.to_string(),
        wire: field.wire.clone(),
        ty: rust_type::optional(&api.types, &field.ty, At::Program),
        deprecated: field.docs.deprecated,
        docs: String::new(),
    }
}

fn enums(api: &Api) -> Vec<Enum> {
    let types = &api.types;
    let path = |index: usize| enum_path(&types.enums[index]);
    let kept = types.enums.iter().enumerate().filter_map(|(index, item)| {
        let needs = api.gates.enums[index].as_ref()?;
        Some(Enum {
            path: path(index),
            wire: item.wire.clone(),
            same_as: types.same.enums.get(&index).map(|&first| path(first)),
            variants: item.values.iter().map(variant).collect(),
            features: gate(api, needs),
        })
    });
    let mut enums: Vec<Enum> = kept.collect();
    enums.sort_by(|a, b| a.path.cmp(&b.path));
    enums
}

pub(super) fn enum_path(item: &model::Enum) -> String {
    format!("enums::{}", item.name)
}

fn variant(value: &model::Value) -> Variant {
    Variant {
        name: value.name.to_string(),
        wire: value.wire.clone(),
        deprecated: value.docs.deprecated,
        docs: String::new(),
    }
}

fn scopes(api: &Api) -> Vec<Scope> {
    let scope = |scope: &model::Scope| Scope {
        path: format!("scopes::{}", scope.name),
        url: scope.url.clone(),
        docs: String::new(),
    };
    api.scopes.iter().map(scope).collect()
}

fn gate(api: &Api, gate: &Gate) -> Vec<String> {
    gate.iter().filter_map(|&index| api.feature(index).cloned()).collect()
}
