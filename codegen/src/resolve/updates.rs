//! Typed updates: methods whose body is a list of requests and whose response is the list of replies, such as
//! `documents.batchUpdate`. They are told by their shape, never by their name.
//!
//! The shape: a member of the body is a list of a union, which is an object of at least two members, all of them objects
//! and none required; a member of the response is a list of another union; and most members of that one are members of
//! the first by name, since a reply has the name of its request. A resource that is sent and comes back has equal lists
//! on both sides and so is none; lists of unions that have no names in common are not request and reply.

use std::collections::BTreeMap;

use super::{Log, Place};
use crate::discovery::Document;
use crate::model::{
    Api, BodySetter, Field, List, Method, Object, Payload, Resource, Shape, SubRequest, Type, Union, Update,
};
use crate::naming::{self, Kind, Name};
use crate::{Options, UpdateRule};

/// Finds the methods of that shape, and what their unions are made of.
pub(crate) fn find(api: &mut Api, document: &Document, options: &Options, log: &mut Log<'_>) {
    let mut finder = Finder { objects: &api.types.objects, document, rules: &options.updates, log };
    finder.methods(&mut api.methods);
    finder.resources(&mut api.resources);
    let place = Place::top("updates");
    let mut known = Vec::new();
    each(&api.methods, &api.resources, &mut |method| known.push(method.id.clone()));
    for id in options.updates.keys().filter(|id| !known.contains(id)) {
        log.warn(&place.below(id), "there is no such method");
    }
    let mut unions = Vec::new();
    each(&api.methods, &api.resources, &mut |method| {
        unions.extend(method.update.as_ref().map(|u| u.request))
    });
    for index in unions {
        let union = union(&api.types.objects, index);
        api.types.objects[index].union = Some(union);
    }
}

fn each(methods: &[Method], resources: &[Resource], visit: &mut dyn FnMut(&Method)) {
    methods.iter().for_each(&mut *visit);
    resources.iter().for_each(|resource| each(&resource.methods, &resource.resources, visit));
}

struct Finder<'f, 'l> {
    objects: &'f [Object],
    document: &'f Document,
    rules: &'f BTreeMap<String, UpdateRule>,
    log: &'f mut Log<'l>,
}

/// A list of unions: the member that it is, and the position of the union.
#[derive(Clone, Copy)]
struct Unions<'o> {
    field: &'o Field,
    union: usize,
}

impl<'f> Finder<'f, '_> {
    fn resources(&mut self, resources: &mut [Resource]) {
        for resource in resources {
            self.methods(&mut resource.methods);
            self.resources(&mut resource.resources);
        }
    }

    fn methods(&mut self, methods: &mut [Method]) {
        for method in methods {
            let Some(mut update) = self.update(method) else { continue };
            name_setters(method, &mut update);
            method.update = Some(update);
        }
    }

    fn update(&mut self, method: &Method) -> Option<Update> {
        let rule = self.rules.get(&method.id);
        if matches!(rule, Some(UpdateRule::Never)) {
            return None;
        }
        let body = self.payload(&method.body.as_ref()?.1)?;
        let output = self.payload(&method.output)?;
        if method.upload.is_some() {
            return None;
        }
        let (requests, replies) = match rule {
            Some(UpdateRule::Lists { requests, replies }) => {
                let found = self.named(body, requests).zip(self.named(output, replies));
                if found.is_none() {
                    let place = Place::top("updates");
                    let message =
                        format!("`{requests}` and `{replies}` are not lists of objects in body and response");
                    self.log.warn(&place.below(&method.id), message);
                }
                found?
            }
            _ => self.pair(method, body, output)?,
        };
        Some(self.describe(body, requests, replies))
    }

    /// The one pair of lists that has the shape.
    fn pair(&mut self, method: &Method, body: usize, output: usize) -> Option<(Unions<'f>, Unions<'f>)> {
        let (objects, document) = (self.objects, self.document);
        if body == output {
            return None;
        }
        let requests = lists(objects, body).filter(|list| is_union(objects, document, list.union, 2));
        let pairs = requests.flat_map(|requests| {
            let replies = lists(objects, output).filter(|list| is_union(objects, document, list.union, 1));
            replies.map(move |replies| (requests, replies))
        });
        let mut pairs = pairs.filter(|(requests, replies)| answers(objects, requests.union, replies.union));
        let first = pairs.next()?;
        if pairs.next().is_some() {
            let place = Place::top("updates");
            let message = "several lists look like requests and replies, so it is an ordinary method";
            self.log.warn(&place.below(&method.id), message);
            return None;
        }
        Some(first)
    }

    fn named(&self, object: usize, wire: &str) -> Option<Unions<'f>> {
        lists(self.objects, object).find(|list| list.field.wire == wire)
    }

    fn payload(&self, payload: &Payload) -> Option<usize> {
        match payload {
            Payload::Value(ty) => structure(self.objects, ty),
            _ => None,
        }
    }

    fn describe(&self, body: usize, requests: Unions<'f>, replies: Unions<'f>) -> Update {
        let answer = |wire: &str| {
            let field = fields(self.objects, replies.union).iter().find(|field| field.wire == wire)?;
            structure(self.objects, &field.ty)
        };
        let unique = union(self.objects, requests.union).unique;
        let members = fields(self.objects, requests.union);
        let members = unique.iter().filter_map(|&index| {
            let Field { ty, wire, .. } = &members[index];
            Some(SubRequest { object: structure(self.objects, ty)?, wire: wire.clone(), reply: answer(wire) })
        });
        let others: Vec<&Field> =
            fields(self.objects, body).iter().filter(|field| field.wire != requests.field.wire).collect();
        let revision = others.iter().find_map(|field| {
            let inner = structure(self.objects, &field.ty)?;
            let required = fields(self.objects, inner).iter().find(|field| field.wire == REVISION)?;
            Some(format!("{}.{}", field.wire, required.wire))
        });
        let setters = others.into_iter().map(|field| BodySetter {
            name: naming::single(Kind::Setter, &field.wire),
            wire: field.wire.clone(),
            ty: field.ty.clone(),
            docs: field.docs.clone(),
        });
        Update {
            body,
            request: requests.union,
            reply: replies.union,
            requests: List { name: requests.field.name.clone(), wire: requests.field.wire.clone() },
            replies: List { name: replies.field.name.clone(), wire: replies.field.wire.clone() },
            revision: revision.unwrap_or_default(),
            members: members.collect(),
            setters: setters.collect(),
        }
    }
}

/// Names the setters of an update: those of parameters keep clear of its verbs, those of the body of parameters too.
fn name_setters(method: &mut Method, update: &mut Update) {
    let wires = method.setters.iter().map(|setter| setter.wire.as_str());
    let names = naming::assign(Kind::Setter, wires, VERBS);
    let taken: Vec<&str> = VERBS.iter().copied().chain(names.iter().map(Name::as_str)).collect();
    let wires = update.setters.iter().map(|setter| setter.wire.as_str());
    let of_body = naming::assign(Kind::Setter, wires, &taken);
    update.setters.iter_mut().zip(of_body).for_each(|(setter, name)| setter.name = name);
    method.setters.iter_mut().zip(names).for_each(|(setter, name)| setter.name = name);
}

/// What a body's revision control calls the revision without which nothing is applied.
const REVISION: &str = "requiredRevisionId";

/// The verbs that an update has and a call has not; setters keep clear of them.
const VERBS: &[&str] = &[
    "push",
    "push_all",
    "push_with",
    "push_ticket",
    "len",
    "is_empty",
    "with_body",
    "with_member",
];

/// The members of an object that are lists of objects.
fn lists(objects: &[Object], index: usize) -> impl Iterator<Item = Unions<'_>> {
    fields(objects, index).iter().filter_map(|field| match &field.ty {
        Type::List(item) => Some(Unions { field, union: structure(objects, item)? }),
        _ => None,
    })
}

/// Whether all members are objects, and there are so many of them.
fn is_union(objects: &[Object], document: &Document, index: usize, least: usize) -> bool {
    let fields = fields(objects, index);
    let schema = document.schemas.get(&objects[index].wire);
    let required = schema.and_then(|schema| schema.properties.as_ref()).is_some_and(|members| {
        members.values().any(|member| member.required || !member.annotations.required.is_empty())
    });
    fields.len() >= least && !required && fields.iter().all(|field| structure(objects, &field.ty).is_some())
}

/// Whether one union has the replies to the requests of the other.
fn answers(objects: &[Object], requests: usize, replies: usize) -> bool {
    let (requests_of, replies_of) = (fields(objects, requests), fields(objects, replies));
    let shared =
        replies_of.iter().filter(|reply| requests_of.iter().any(|request| request.wire == reply.wire));
    requests != replies && shared.count() * 2 > replies_of.len()
}

/// Which members of a union are told by their type, and which only by their name.
fn union(objects: &[Object], index: usize) -> Union {
    let fields = fields(objects, index);
    let of = |field: &Field| structure(objects, &field.ty);
    let is_unique = |field: &Field| {
        of(field) != Some(index) && fields.iter().filter(|other| of(other) == of(field)).count() == 1
    };
    let (unique, named) = (0..fields.len()).partition(|&member| is_unique(&fields[member]));
    Union { unique, named }
}

fn fields(objects: &[Object], index: usize) -> &[Field] {
    match &objects[index].shape {
        Shape::Struct(fields) => fields,
        Shape::Alias(_) => &[],
    }
}

/// The struct that a type is, through aliases and boxes, in the place of those that are the same.
fn structure(objects: &[Object], ty: &Type) -> Option<usize> {
    let mut ty = ty;
    // Endless aliases have been refused before.
    loop {
        match ty {
            Type::Object(index) | Type::Boxed(index) => match &objects[*index].shape {
                Shape::Struct(_) => return Some(objects[*index].same_as.unwrap_or(*index)),
                Shape::Alias(target) => ty = target,
            },
            _ => return None,
        }
    }
}
