//! Finds the methods that return pages, and the items of their pages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::log::{Log, Place};
use crate::model::{
    Field, Items, Object, Paging, Parameter, ParameterType, Payload, Resource, Shape, Type, object_of,
};
use crate::options::ItemsRule;
use crate::steps::step;
use crate::table::Table;
use crate::wire::{ITEMS, NOT_ITEMS, REQUEST_TOKENS, RESPONSE_TOKENS, Scalar};

/// The parts of a method that determine its paging.
pub(crate) struct Parts<'m> {
    pub(crate) id: &'m str,
    /// The names of the method and of its resource in the document. The latter is empty for the API's own methods.
    pub(crate) wire: &'m str,
    pub(crate) resource: &'m str,
    pub(crate) arguments: &'m [Parameter],
    pub(crate) setters: &'m [Parameter],
    pub(crate) body: Option<&'m Payload>,
    pub(crate) output: &'m Payload,
}

/// The members of responses that may have the items, as positions. Many methods may have the same response, which is
/// searched once.
#[derive(Default)]
pub(crate) struct Known(HashMap<usize, Vec<usize>>);

/// The paging of a method, if it has any. A rule determines the member with the items, whatever the names are.
pub(crate) fn find(
    objects: &Table<Object>,
    known: &mut Known,
    method: &Parts<'_>,
    rule: Option<&ItemsRule>,
    log: &mut Log<'_>,
) -> Option<Paging> {
    let answer = members(objects, method.output)?;
    let (token, in_body) = request_token(objects, method)?;
    let next = next_token(objects, answer, &token)?;
    let items = match rule {
        None => {
            let Payload::Value(ty) = method.output else { return None };
            let group = known.0.entry(object_of(objects, ty)?).or_insert_with(|| candidates(answer));
            first(answer, group, method).and_then(as_items)
        }
        Some(ItemsRule::None) => None,
        Some(ItemsRule::Member(wire)) => {
            let items = member(answer, wire).and_then(as_items);
            if items.is_none() {
                let message = format!("`{wire}` is not a list or map of the response");
                log.warn(&Place::top("items").below(method.id), message);
            }
            items
        }
    };
    Some(Paging { token, in_body, next, items })
}

/// Warns about rules for methods that do not exist or have no pages.
pub(crate) fn warn_of_unknown(rules: &BTreeMap<String, ItemsRule>, root: &Resource, log: &mut Log<'_>) {
    if rules.is_empty() {
        return;
    }
    let paged = root.all_methods().filter(|method| method.paging.is_some());
    let known: BTreeSet<&str> = paged.map(|method| method.id.as_str()).collect();
    let place = Place::top("items");
    for id in rules.keys().filter(|id| !known.contains(id.as_str())) {
        log.warn(&place.below(id), "there is no such method that returns pages");
    }
}

fn request_token(objects: &Table<Object>, method: &Parts<'_>) -> Option<(String, bool)> {
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
    let field = member(body, "pageToken").filter(|field| is_text(field))?;
    Some((field.wire.clone(), true))
}

fn next_token(objects: &Table<Object>, answer: &[Field], token: &str) -> Option<String> {
    let named = |fields: &[Field], name: &str| member(fields, name).is_some_and(is_text);
    if let Some(next) = RESPONSE_TOKENS.iter().find(|name| named(answer, name)) {
        return Some((*next).to_owned());
    }
    // Kubernetes' form: the list's metadata contains the token.
    let metadata = member(answer, "metadata")?;
    let metadata = members(objects, &Payload::Value(metadata.ty.clone()))?;
    (token == "continue" && named(metadata, "continue")).then(|| "metadata.continue".to_owned())
}

/// The member of that name; members are in the order of their wire names.
fn member<'f>(fields: &'f [Field], wire: &str) -> Option<&'f Field> {
    let found = fields.binary_search_by(|field| {
        step();
        field.wire.as_str().cmp(wire)
    });
    fields.get(found.ok()?)
}

/// The positions of the lists in the response, or of its maps if there is no list. If there are lists of objects, only
/// those: storage returns the prefixes of names, as text, together with the objects.
fn candidates(answer: &[Field]) -> Vec<usize> {
    let of = |is_fit: fn(&Type) -> bool| -> Vec<usize> {
        let is_candidate = |(_, field): &(usize, &Field)| {
            step();
            is_fit(&field.ty) && !NOT_ITEMS.contains(&field.wire.as_str())
        };
        answer.iter().enumerate().filter(is_candidate).map(|(index, _)| index).collect()
    };
    let is_of_objects = |ty: &Type| match ty {
        Type::List(item) => matches!(item.as_ref(), Type::Object(_) | Type::Boxed(_)),
        _ => false,
    };
    let groups =
        [of(is_of_objects), of(|ty| matches!(ty, Type::List(_))), of(|ty| matches!(ty, Type::Map(_)))];
    groups.into_iter().find(|group| !group.is_empty()).unwrap_or_default()
}

fn as_items(field: &Field) -> Option<Items> {
    let (item, of_map) = match &field.ty {
        Type::List(item) => (item, false),
        Type::Map(item) => (item, true),
        _ => return None,
    };
    Some(Items { wire: field.wire.clone(), item: item.as_ref().clone(), of_map })
}

/// In a response with more lists than this, the names of members are not compared.
const MOST_LISTS: usize = 60;

/// The only one of the candidates, or the one with the lowest rank, whose name shows most clearly that it has the items.
/// `None` if two have that rank.
fn first<'f>(answer: &'f [Field], candidates: &[usize], method: &Parts<'_>) -> Option<&'f Field> {
    if let [only] = candidates {
        return answer.get(*only);
    }
    // Before anything is done for each of them, because this is done for each method.
    if candidates.len() > MOST_LISTS {
        return None;
    }
    let rank = |field: &'f Field| {
        step();
        (rank(&field.wire, method), field)
    };
    let ranked: Vec<(usize, &Field)> =
        candidates.iter().filter_map(|&index| answer.get(index)).map(rank).collect();
    let best = ranked.iter().map(|(rank, _)| *rank).min()?;
    let mut best_of = ranked.iter().filter(|(rank, _)| *rank == best);
    let (_, field) = best_of.next()?;
    (best < UNTOLD && best_of.next().is_none()).then_some(*field)
}

/// The rank of a name without any hint.
const UNTOLD: usize = usize::MAX;

/// How clearly a name shows that the member has the items. Lower is clearer.
fn rank(wire: &str, method: &Parts<'_>) -> usize {
    if let Some(rank) = ITEMS.iter().position(|name| *name == wire) {
        return rank;
    }
    let lower = wire.to_ascii_lowercase();
    let resource = method.resource.to_ascii_lowercase();
    let named = method.wire.to_ascii_lowercase();
    let says = [
        // `executions.list`: `executions`; `sessions.list`: `session`.
        !resource.is_empty() && singular(&lower) == singular(&resource),
        // `jobs.search`: `matchingJobs`.
        !resource.is_empty() && lower.ends_with(&resource),
        // `pools.queryDeployedModels`: `deployedModels`.
        named.ends_with(&lower),
        // `timeSeries.query`: `timeSeriesData`.
        !resource.is_empty() && lower.starts_with(&resource),
    ];
    says.iter().position(|says| *says).map_or(UNTOLD, |rank| ITEMS.len() + rank)
}

/// The word without the ending of the plural, which is sufficient for comparisons.
fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

fn is_text(field: &Field) -> bool {
    field.ty == Type::Scalar(Scalar::Text)
}

/// The members of a struct, through aliases.
fn members<'o>(objects: &'o Table<Object>, payload: &Payload) -> Option<&'o [Field]> {
    let Payload::Value(ty) = payload else { return None };
    match &objects[object_of(objects, ty)?].shape {
        Shape::Struct(fields) => Some(fields),
        Shape::Alias(_) => None,
    }
}
