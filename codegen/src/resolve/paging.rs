//! Which methods answer in pages, and what one item is.

use crate::model::{Field, Items, Object, Paging, Parameter, ParameterType, Payload, Shape, Type, object_of};
use crate::wire::{NOT_ITEMS, REQUEST_TOKENS, RESPONSE_TOKENS, Scalar};

/// The parts of a method that tell how it is paged.
pub(crate) struct Parts<'m> {
    pub(crate) arguments: &'m [Parameter],
    pub(crate) setters: &'m [Parameter],
    pub(crate) body: Option<&'m Payload>,
    pub(crate) output: &'m Payload,
}

/// How a method answers in pages, if it does.
pub(crate) fn find(objects: &[Object], method: &Parts<'_>) -> Option<Paging> {
    let answer = members(objects, method.output)?;
    let (token, in_body) = request_token(objects, method)?;
    let next = next_token(objects, answer, &token)?;
    Some(Paging { token, in_body, next, items: items(answer) })
}

fn request_token(objects: &[Object], method: &Parts<'_>) -> Option<(String, bool)> {
    let is_token = |parameter: &&Parameter| {
        REQUEST_TOKENS.contains(&parameter.wire.as_str())
            && !parameter.repeated
            && !parameter.in_path
            && parameter.ty == ParameterType::Scalar(Scalar::Text)
    };
    if let Some(token) = method.arguments.iter().chain(method.setters).find(is_token) {
        return Some((token.wire.clone(), false));
    }
    let body = members(objects, method.body?)?;
    body.iter()
        .find(|field| field.wire == "pageToken" && is_text(field))
        .map(|field| (field.wire.clone(), true))
}

fn next_token(objects: &[Object], answer: &[Field], token: &str) -> Option<String> {
    let named =
        |fields: &[Field], name: &str| fields.iter().any(|field| field.wire == name && is_text(field));
    if let Some(next) = RESPONSE_TOKENS.iter().find(|name| named(answer, name)) {
        return Some((*next).to_owned());
    }
    // Kubernetes' form: the list's metadata tells how to continue.
    let metadata = answer.iter().find(|field| field.wire == "metadata")?;
    let metadata = members(objects, &Payload::Value(metadata.ty.clone()))?;
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
fn members<'o>(objects: &'o [Object], payload: &Payload) -> Option<&'o [Field]> {
    let Payload::Value(ty) = payload else { return None };
    match &objects[object_of(objects, ty)?].shape {
        Shape::Struct(fields) => Some(fields),
        Shape::Alias(_) => None,
    }
}
