//! The documentation of an inventory's items: the text that the crate has in its comments, as Markdown.

use std::collections::BTreeMap;

use super::build::{enum_path, object_path};
use super::data::{Argument, Inventory, Method, Setter};
use crate::emit::docs;
use crate::emit::schema_names;
use crate::model::{self, Api, Docs, Shape};
use crate::prose::{NO_SCHEMAS, Schemas};

/// Adds the documentation of all items. The inventory is that of the model, so that both list the same items in the same
/// order.
pub(crate) fn document(api: &Api, inventory: &mut Inventory) {
    let names = schema_names(api);
    let schemas = Schemas { names: &names, path: "schemas::" };
    inventory.service.title.clone_from(&api.title);
    inventory.service.docs = prose(api.description.as_deref(), schemas);
    inventory.service.documentation = api.documentation.clone().unwrap_or_default();
    for (method, model) in inventory.methods.iter_mut().zip(api.root.all_methods()) {
        add_method(api, method, model, schemas);
    }
    for (scope, model) in inventory.scopes.iter_mut().zip(api.scopes.iter()) {
        scope.docs = prose(model.prose.as_deref(), NO_SCHEMAS);
    }
    add_objects(api, inventory, schemas);
    add_enums(api, inventory, schemas);
}

fn prose(text: Option<&str>, schemas: Schemas<'_>) -> String {
    docs::prose(text, schemas).join("\n")
}

fn text(docs: &Docs, schemas: Schemas<'_>) -> String {
    docs::lines(docs, schemas).join("\n")
}

fn add_method(api: &Api, method: &mut Method, model: &model::Method, schemas: Schemas<'_>) {
    method.docs = prose(model.docs.prose.as_deref(), schemas);
    // The body is the last argument and is no parameter.
    let arguments = method.arguments.iter_mut().zip(&model.arguments);
    arguments.for_each(|(argument, model): (&mut Argument, _)| argument.docs = text(&model.docs, schemas));
    let setters = method.setters.iter_mut().zip(&model.setters);
    setters.for_each(|(setter, model): (&mut Setter, _)| setter.docs = text(&model.docs, schemas));
    if let (Some(update), Some(model)) = (&mut method.update, api.update_of(model)) {
        let setters = update.setters.iter_mut().zip(&model.setters);
        setters.for_each(|(setter, model)| setter.docs = text(&model.docs, schemas));
    }
}

fn add_objects(api: &Api, inventory: &mut Inventory, schemas: Schemas<'_>) {
    let by_path: BTreeMap<String, &model::Object> =
        api.types.objects.iter().map(|object| (object_path(object), object)).collect();
    for item in &mut inventory.structs {
        let Some(object) = by_path.get(&item.path) else { continue };
        item.docs = text(&object.docs, schemas);
        if let Shape::Struct(fields) = &object.shape {
            for (field, model) in item.fields.iter_mut().zip(fields) {
                field.docs = text(&model.docs, schemas);
            }
        }
    }
    for item in &mut inventory.aliases {
        if let Some(object) = by_path.get(&item.path) {
            item.docs = text(&object.docs, schemas);
        }
    }
}

fn add_enums(api: &Api, inventory: &mut Inventory, schemas: Schemas<'_>) {
    let by_path: BTreeMap<String, &model::Enum> =
        api.types.enums.iter().map(|item| (enum_path(item), item)).collect();
    for item in &mut inventory.enums {
        let Some(model) = by_path.get(&item.path) else { continue };
        for (variant, value) in item.variants.iter_mut().zip(&model.values) {
            variant.docs = text(&value.docs, schemas);
        }
    }
}
