//! Which methods answer in pages, and what one item is.

use crate::model::{
    Api, Field, Items, Method, Paging, Parameter, ParameterType, Payload, Resource, Shape, Type, Types,
};
use crate::wire::{NOT_ITEMS, REQUEST_TOKENS, RESPONSE_TOKENS, Scalar};

/// Finds the pages of every method.
pub(crate) fn find(api: &mut Api) {
    visit(&api.types, &mut api.methods, &mut api.resources);
}

fn visit(types: &Types, methods: &mut [Method], resources: &mut [Resource]) {
    for method in methods {
        method.paging = paging(types, method);
    }
    for resource in resources {
        visit(types, &mut resource.methods, &mut resource.resources);
    }
}

fn paging(types: &Types, method: &Method) -> Option<Paging> {
    let answer = members(types, &method.output)?;
    let (token, in_body) = request_token(types, method)?;
    let next = next_token(types, answer, &token)?;
    Some(Paging { token, in_body, next, items: items(answer) })
}

fn request_token(types: &Types, method: &Method) -> Option<(String, bool)> {
    let is_token = |parameter: &&Parameter| {
        REQUEST_TOKENS.contains(&parameter.wire.as_str())
            && !parameter.repeated
            && !parameter.in_path
            && parameter.ty == ParameterType::Scalar(Scalar::Text)
    };
    if let Some(token) = method.arguments.iter().chain(&method.setters).find(is_token) {
        return Some((token.wire.clone(), false));
    }
    let (_, body) = method.body.as_ref()?;
    let body = members(types, body)?;
    body.iter()
        .find(|field| field.wire == "pageToken" && is_text(field))
        .map(|field| (field.wire.clone(), true))
}

fn next_token(types: &Types, answer: &[Field], token: &str) -> Option<String> {
    let named =
        |fields: &[Field], name: &str| fields.iter().any(|field| field.wire == name && is_text(field));
    if let Some(next) = RESPONSE_TOKENS.iter().find(|name| named(answer, name)) {
        return Some((*next).to_owned());
    }
    // Kubernetes' form: the list's metadata tells how to continue.
    let metadata = answer.iter().find(|field| field.wire == "metadata")?;
    let metadata = members(types, &Payload::Value(metadata.ty.clone()))?;
    (token == "continue" && named(metadata, "continue")).then(|| "metadata.continue".to_owned())
}

/// The only list of the response that can be its items, or, where there is none, the only map. Of several lists, the
/// only one of objects: storage gives the prefixes of names beside the objects, as text.
fn items(answer: &[Field]) -> Option<Items> {
    let candidates = || answer.iter().filter(|field| !NOT_ITEMS.contains(&field.wire.as_str()));
    let lists = candidates().filter_map(|field| match &field.ty {
        Type::List(item) => Some((field, item)),
        _ => None,
    });
    let maps = candidates().filter_map(|field| match &field.ty {
        Type::Map(item) => Some((field, item)),
        _ => None,
    });
    let (mut lists, maps): (Vec<_>, Vec<_>) = (lists.collect(), maps.collect());
    if lists.len() > 1 {
        lists.retain(|(_, item)| matches!(item.as_ref(), Type::Object(_) | Type::Boxed(_)));
    }
    let (field, item, of_map) = match (lists.as_slice(), maps.as_slice()) {
        ([(field, item)], _) => (field, item, false),
        ([], [(field, item)]) => (field, item, true),
        _ => return None,
    };
    Some(Items { wire: field.wire.clone(), item: item.as_ref().clone(), of_map })
}

fn is_text(field: &Field) -> bool {
    field.ty == Type::Scalar(Scalar::Text)
}

/// The members of a struct, through aliases.
fn members<'o>(types: &'o Types, payload: &Payload) -> Option<&'o [Field]> {
    match &types.objects[types.object_of(payload)?].shape {
        Shape::Struct(fields) => Some(fields),
        Shape::Alias(_) => None,
    }
}
