//! Typed updates: methods whose body has a list of requests and whose response has the list of replies, such as
//! `documents.batchUpdate`. They are found by their shape, not by their names.
//!
//! The shape is as follows. A member of the body is a list of unions; a union is an object with at least two members,
//! all of them objects and none required. A member of the response is a list of another union, most of whose members
//! have the name of a member of the first, because a reply has the name of its request. A method that sends a resource
//! and returns it has equal lists in both, and is not an update. Neither is a method whose unions have no names in
//! common.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::discovery::Document;
use crate::log::{Log, Place};
use crate::model::{
    BodySetter, Field, List, Method, Object, Payload, Resource, Shape, SubRequest, Type, Types, Union,
    Update, object_of,
};
use crate::naming::{self, Kind, Name};
use crate::options::{Options, UpdateRule};
use crate::steps::step;
use crate::table::Table;

/// Finds the methods with this shape, by their numbers.
pub(crate) fn find(
    types: &Types,
    root: &Resource,
    document: &Document,
    options: &Options,
    log: &mut Log<'_>,
) -> BTreeMap<usize, Update> {
    let mut finder = Finder { types, document, rules: &options.updates, log, candidates: BTreeMap::new() };
    let found = root.all_methods().filter_map(|method| Some((method.number, finder.update(method)?)));
    let found: BTreeMap<usize, Update> = found.collect();
    if !options.updates.is_empty() {
        let place = Place::top("updates");
        let known: BTreeSet<&str> = root.all_methods().map(|method| method.id.as_str()).collect();
        for id in options.updates.keys().filter(|id| !known.contains(id.as_str())) {
            log.warn(&place.below(id), "there is no such method");
        }
    }
    found
}

/// The requests of the updates, and the schemas that are one of several kinds of value, by their objects.
pub(crate) fn unions(types: &Types, updates: &BTreeMap<usize, Update>) -> BTreeMap<usize, Union> {
    let values = (0..types.objects.len()).filter_map(|index| Some((index, value(types, index)?)));
    let requests = updates.values().map(|update| (update.request, union(types, update.request)));
    values.chain(requests).collect()
}

/// A schema is a value of one of several types if its own name and the names of its members, at least three, end with
/// `Value`: Firestore's `Value` has `stringValue`, `mapValue` and so on. A document does not say that one of them is set, but
/// protobuf's `oneof` is written so. Their types occur twice (`stringValue`, `referenceValue`), so that all are named.
fn value(types: &Types, object: usize) -> Option<Union> {
    const VALUE: &str = "Value";
    let Object { inline: false, wire, shape: Shape::Struct(fields), .. } = &types.objects[object] else {
        return None;
    };
    let is_value = |field: &Field| field.wire.len() > VALUE.len() && field.wire.ends_with(VALUE);
    let is_union = fields.len() >= 3 && wire.ends_with(VALUE) && fields.iter().all(is_value);
    is_union.then(|| Union { unique: Vec::new(), named: (0..fields.len()).collect() })
}

struct Finder<'f, 'l> {
    types: &'f Types,
    document: &'f Document,
    rules: &'f BTreeMap<String, UpdateRule>,
    log: &'f mut Log<'l>,
    candidates: BTreeMap<(usize, usize), Rc<[Unions<'f>]>>,
}

/// An object with more lists of unions than this is not the body or response of an update.
const MOST_LISTS: usize = 16;

/// A list of unions: the member, and the index of the union.
#[derive(Clone, Copy)]
struct Unions<'o> {
    field: &'o Field,
    union: usize,
}

impl<'f> Finder<'f, '_> {
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
        Some(self.describe(method, body, requests, replies))
    }

    /// The only pair of lists with this shape.
    fn pair(&mut self, method: &Method, body: usize, output: usize) -> Option<(Unions<'f>, Unions<'f>)> {
        if body == output {
            return None;
        }
        let (requests, replies) = (self.candidates(body, 2), self.candidates(output, 1));
        let mut found = None;
        let mut is_unclear =
            requests.len().min(replies.len()) > 0 && requests.len().max(replies.len()) > MOST_LISTS;
        if !is_unclear {
            let pairs =
                requests.iter().flat_map(|requests| replies.iter().map(move |replies| (*requests, *replies)));
            let mut pairs =
                pairs.filter(|(requests, replies)| answers(self.types, requests.union, replies.union));
            found = pairs.next();
            is_unclear = found.is_some() && pairs.next().is_some();
        }
        if is_unclear {
            let place = Place::top("updates");
            let message = "several lists look like requests and replies: treated as an ordinary method";
            self.log.warn(&place.below(&method.id), message);
            return None;
        }
        found
    }

    /// The lists of unions in an object, with at least that many members. They are computed once for each object,
    /// because thousands of methods may have the same body.
    fn candidates(&mut self, object: usize, least: usize) -> Rc<[Unions<'f>]> {
        let (types, document) = (self.types, self.document);
        let find =
            || lists(types, object).filter(|list| is_union(types, document, list.union, least)).collect();
        Rc::clone(self.candidates.entry((object, least)).or_insert_with(find))
    }

    fn named(&self, object: usize, wire: &str) -> Option<Unions<'f>> {
        lists(self.types, object).find(|list| list.field.wire == wire)
    }

    fn payload(&self, payload: &Payload) -> Option<usize> {
        match payload {
            Payload::Value(ty) => structure(self.types, ty),
            _ => None,
        }
    }

    fn describe(&self, method: &Method, body: usize, requests: Unions<'f>, replies: Unions<'f>) -> Update {
        let answer = |wire: &str| {
            let field = fields(self.types, replies.union).iter().find(|field| field.wire == wire)?;
            structure(self.types, &field.ty)
        };
        let unique = union(self.types, requests.union).unique;
        let members = fields(self.types, requests.union);
        let requested = unique.iter().filter_map(|&index| {
            let Field { ty, wire, .. } = members.get(index)?;
            Some(SubRequest { object: structure(self.types, ty)?, wire: wire.clone(), reply: answer(wire) })
        });
        let others: Vec<&Field> =
            fields(self.types, body).iter().filter(|field| field.wire != requests.field.wire).collect();
        let revision = others.iter().find_map(|field| {
            let inner = structure(self.types, &field.ty)?;
            let required = fields(self.types, inner).iter().find(|field| field.wire == REVISION)?;
            Some(format!("{}.{}", field.wire, required.wire))
        });
        let (parameters, members) = setter_names(method, &others);
        let setters = others.into_iter().zip(members).map(|(field, name)| BodySetter {
            name,
            wire: field.wire.clone(),
            ty: field.ty.clone(),
            docs: field.docs.clone(),
        });
        let (setters, members) = (setters.collect(), requested.collect());
        Update {
            body,
            request: requests.union,
            reply: replies.union,
            requests: List { name: requests.field.name.clone(), wire: requests.field.wire.clone() },
            replies: List { name: replies.field.name.clone(), wire: replies.field.wire.clone() },
            revision: revision.unwrap_or_default(),
            members,
            parameters,
            setters,
        }
    }
}

/// The names of an update's setters, for parameters and for members of the body. The latter differ from the former.
fn setter_names(method: &Method, members: &[&Field]) -> (Vec<Name>, Vec<Name>) {
    let wires = method.setters.iter().map(|setter| setter.wire.as_str());
    let parameters = naming::assign(Kind::UpdateSetter, wires, &[]);
    let taken: Vec<&str> = parameters.iter().map(Name::bare).collect();
    let wires = members.iter().map(|field| field.wire.as_str());
    let members = naming::assign(Kind::UpdateSetter, wires, &taken);
    (parameters, members)
}

/// The member of a revision control that names the required revision.
const REVISION: &str = "requiredRevisionId";

/// The members of an object that are lists of objects.
fn lists(types: &Types, index: usize) -> impl Iterator<Item = Unions<'_>> {
    fields(types, index).iter().inspect(|_| step()).filter_map(|field| match &field.ty {
        Type::List(item) => Some(Unions { field, union: structure(types, item)? }),
        _ => None,
    })
}

/// Whether an object has at least that many members, all of them objects.
fn is_union(types: &Types, document: &Document, index: usize, least: usize) -> bool {
    let fields = fields(types, index);
    let schema = document.schemas.get(&types.objects[index].wire);
    let required = schema.and_then(|schema| schema.properties.as_ref()).is_some_and(|members| {
        members.values().any(|member| member.required || !member.annotations.required.is_empty())
    });
    fields.len() >= least && !required && fields.iter().all(|field| structure(types, &field.ty).is_some())
}

/// Whether one union has the replies to the requests of the other.
fn answers(types: &Types, requests: usize, replies: usize) -> bool {
    let (requests_of, replies_of) = (fields(types, requests), fields(types, replies));
    // Members are sorted by their wire names.
    let is_request = |reply: &&Field| {
        step();
        requests_of.binary_search_by(|request| request.wire.cmp(&reply.wire)).is_ok()
    };
    requests != replies && replies_of.iter().filter(is_request).count() * 2 > replies_of.len()
}

/// Which members of a union are identified by their type, and which only by their name.
fn union(types: &Types, index: usize) -> Union {
    let fields = fields(types, index);
    let of: Table<Option<usize>> = fields.iter().map(|field| structure(types, &field.ty)).collect();
    let mut counts: HashMap<Option<usize>, usize> = HashMap::new();
    for object in &of {
        step();
        *counts.entry(*object).or_default() += 1;
    }
    let is_unique = |member: &usize| of[*member] != Some(index) && counts.get(&of[*member]) == Some(&1);
    let (unique, named) = of.indices().partition(is_unique);
    Union { unique, named }
}

fn fields(types: &Types, index: usize) -> &[Field] {
    match &types.objects[index].shape {
        Shape::Struct(fields) => fields,
        Shape::Alias(_) => &[],
    }
}

/// The struct of a type, through aliases and boxes, replaced by its representative.
fn structure(types: &Types, ty: &Type) -> Option<usize> {
    let index = object_of(&types.objects, ty)?;
    Some(*types.same.objects.get(&index).unwrap_or(&index))
}
