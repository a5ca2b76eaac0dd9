//! Which schemas are long-running operations, by their shape, and which methods ask for one of them again.
//!
//! The facts belong to the schema and not to each of the thousands of methods that answer it. How a poll's path is
//! filled is the same everywhere: its last variable is the operation's name; the others are members of the operation of
//! the same name (`zone`), or stand in its link, or in the path of the call that started it.

use std::collections::BTreeMap;

use crate::model::{
    Api, Field, Method, Object, Operation, OperationForm, Payload, Poll, Resource, Shape, Type, Types,
};
use crate::wire::{self, OPERATION, OPERATION_WITH_STATUS, Scalar};

/// Finds the operations of an API. One without a GET that answers it stays a plain schema.
pub(crate) fn find(api: &mut Api) {
    let mut polls: BTreeMap<usize, Vec<Poll>> = BTreeMap::new();
    collect(&api.types, &api.methods, &api.resources, &mut polls);
    for (index, mut polls) in polls {
        let Some(form) = form(&api.types, &api.types.objects[index]) else { continue };
        // The paths with most variables say most about what they match. Of equally many, the shorter: videointelligence
        // has `v1/operations/{+name}` beside `v1/{+name}`, and names that belong to the latter.
        polls.sort_by_key(|poll| {
            (std::cmp::Reverse(poll.path.matches('{').count()), poll.path.len(), poll.path.clone())
        });
        polls.dedup_by(|later, first| later.path == first.path);
        api.types.objects[index].operation = Some(Operation { form, polls });
    }
}

fn collect(
    types: &Types,
    methods: &[Method],
    resources: &[Resource],
    polls: &mut BTreeMap<usize, Vec<Poll>>,
) {
    for method in methods {
        if let Some(index) = types.object_of(&method.output)
            && is_poll(method)
        {
            let poll = Poll {
                id: method.id.clone(),
                path: method.path.clone(),
                api_version: method.api_version.clone(),
            };
            polls.entry(index).or_default().push(poll);
        }
    }
    for resource in resources {
        collect(types, &resource.methods, &resource.resources, polls);
    }
}

/// A GET by nothing but what stands in its path, whose last segment is what it gets. So `{+name}:restore`, which starts
/// something, is none.
fn is_poll(method: &Method) -> bool {
    let ends_in_variable = method.path.rsplit('/').next().is_some_and(wire::is_variable);
    method.verb == "GET" && ends_in_variable && method.arguments.iter().all(|argument| argument.in_path)
}

/// The form of a schema that is an operation.
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

/// How many methods answer an operation that can be waited for, by its form.
pub(crate) fn count(api: &Api, form: OperationForm) -> usize {
    fn visit(types: &Types, methods: &[Method], resources: &[Resource], form: OperationForm) -> usize {
        let is_counted =
            |payload: &Payload| types.operation_of(payload).is_some_and(|operation| operation.form == form);
        let nested = resources.iter().map(|nested| visit(types, &nested.methods, &nested.resources, form));
        methods.iter().filter(|method| is_counted(&method.output)).count() + nested.sum::<usize>()
    }
    visit(&api.types, &api.methods, &api.resources, form)
}
