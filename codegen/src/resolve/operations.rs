//! Finds long-running operations by the shape of their schemas, and the methods that return them.
//!
//! The facts belong to the schema, and not to each of the thousands of methods that return it. The path of a poll is
//! always filled the same way: its last variable is the operation's name, and the others are members of the operation
//! with the same name (`zone`), or taken from its link or from the path of the call that started it.

use std::collections::BTreeMap;

use crate::model::{
    Api, Field, Method, Object, Operation, OperationForm, Poll, Resource, Shape, Type, Types,
};
use crate::wire::{self, OPERATION, OPERATION_WITH_STATUS, Scalar};

/// Finds the operations of an API, by their objects. An operation without a GET that returns it is an ordinary schema.
pub(crate) fn find(types: &Types, root: &Resource) -> BTreeMap<usize, Operation> {
    let mut polls: BTreeMap<usize, Vec<Poll>> = BTreeMap::new();
    for method in root.all_methods().filter(|method| is_poll(method)) {
        let Some(index) = types.object_of(&method.output) else { continue };
        let Method { id, path, api_version, .. } = method;
        let poll = Poll { id: id.clone(), path: path.clone(), api_version: api_version.clone() };
        polls.entry(index).or_default().push(poll);
    }
    let found = polls.into_iter().filter_map(|(index, mut polls)| {
        let form = form(types, &types.objects[index])?;
        // The path with the most variables is the most specific. Of several, the shortest is used: videointelligence
        // has `v1/operations/{+name}` and `v1/{+name}`, and its names match the latter.
        polls.sort_by_key(|poll| {
            (std::cmp::Reverse(poll.path.matches('{').count()), poll.path.len(), poll.path.clone())
        });
        polls.dedup_by(|later, first| later.path == first.path);
        Some((index, Operation { form, polls }))
    });
    found.collect()
}

/// Whether a method is a GET whose arguments are all in its path, which ends with a variable. So `{+name}:restore`,
/// which starts something, is not a poll.
fn is_poll(method: &Method) -> bool {
    let ends_in_variable = method.path.rsplit('/').next().is_some_and(wire::is_variable);
    method.verb == "GET" && ends_in_variable && method.arguments.iter().all(|argument| argument.in_path)
}

/// The form of an operation, if the schema is one.
fn form(types: &Types, object: &Object) -> Option<OperationForm> {
    let Shape::Struct(fields) = &object.shape else { return None };
    let field = |wire: &str| fields.iter().find(|field| field.wire == wire);
    let has_all = |names: &[&str]| names.iter().all(|wire| field(wire).is_some());
    let is = |wire: &str, scalar: Scalar| field(wire).is_some_and(|field| field.ty == Type::Scalar(scalar));
    if object.inline || !is("name", Scalar::Text) {
        return None;
    }
    if has_all(OPERATION) && is("done", Scalar::Bool) {
        return Some(OperationForm::Done);
    }
    let can_be_done = field("status").is_some_and(|status| has_value(types, status, "DONE"));
    (has_all(OPERATION_WITH_STATUS) && can_be_done).then_some(OperationForm::Status)
}

fn has_value(types: &Types, field: &Field, value: &str) -> bool {
    match field.ty {
        Type::Enum(index) => types.enums[index].values.iter().any(|known| known.wire == value),
        _ => false,
    }
}

/// The number of methods that return an operation that can be waited for, by its form.
pub(crate) fn count(api: &Api, form: OperationForm) -> usize {
    let operations = api.root.all_methods().filter_map(|method| api.operation_of(&method.output));
    operations.filter(|operation| operation.form == form).count()
}
