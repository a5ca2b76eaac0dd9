//! Scopes: their names, and a smallest set that covers all methods.

use std::collections::{BTreeMap, BTreeSet};

use crate::discovery::{Document, Resource};
use crate::model::{self, Scope};
use crate::naming::{self, Kind};

/// All scopes that the document declares or a method names.
pub(crate) fn collect(document: &Document) -> Vec<Scope> {
    let mut urls: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    named(&document.resources, &mut urls);
    for method in document.methods.values() {
        urls.extend(method.scopes.iter().map(|scope| (scope.as_str(), None)));
    }
    for (url, scope) in &document.auth.oauth2.scopes {
        urls.insert(url, scope.description.as_deref());
    }
    let names = naming::assign(Kind::Scope, urls.keys().map(|url| naming::scope_stem(url)), &[]);
    let scopes = urls.iter().zip(names).map(|((url, prose), name)| Scope {
        name,
        url: (*url).to_owned(),
        prose: prose.map(str::to_owned),
    });
    scopes.collect()
}

fn named<'d>(resources: &'d BTreeMap<String, Resource>, urls: &mut BTreeMap<&'d str, Option<&'d str>>) {
    for resource in resources.values() {
        for method in resource.methods.values() {
            urls.extend(method.scopes.iter().map(|scope| (scope.as_str(), None)));
        }
        named(&resource.resources, urls);
    }
}

/// The positions of a method's scopes.
pub(crate) fn positions(scopes: &[Scope], urls: &[String]) -> Vec<usize> {
    let found: BTreeSet<usize> = urls
        .iter()
        .filter_map(|url| scopes.binary_search_by(|scope| scope.url.as_str().cmp(url)).ok())
        .collect();
    found.into_iter().collect()
}

/// Chooses the scopes that a client asks for unless told otherwise: their positions.
pub(crate) fn choose(scopes: &[Scope], root: &model::Resource) -> Vec<usize> {
    let needs: BTreeSet<&[usize]> = root.all_methods().map(|method| method.scopes.as_slice()).collect();
    // A method that any of more scopes opens is covered with one that fewer open.
    let needs: Vec<&[usize]> = needs.into_iter().filter(|need| !need.is_empty()).collect();
    let mut order: Vec<usize> = (0..scopes.len()).collect();
    // Among equals: not all of the cloud, then the shorter, which is the wider of `drive` and `drive.readonly`.
    let rank = |&index: &usize| {
        let url = &scopes[index].url;
        (url.ends_with("/cloud-platform"), url.len(), url.clone())
    };
    order.sort_by_key(rank);
    exact(&needs, &order).unwrap_or_else(|| greedy(&needs, &order))
}

fn covers(chosen: &[usize], needs: &[&[usize]]) -> bool {
    needs.iter().all(|need| need.iter().any(|scope| chosen.contains(scope)))
}

/// The first smallest set of up to three, if there is one.
fn exact(needs: &[&[usize]], order: &[usize]) -> Option<Vec<usize>> {
    if needs.is_empty() {
        return Some(Vec::new());
    }
    if order.len() > 60 {
        return order.iter().map(|&one| vec![one]).find(|set| covers(set, needs));
    }
    let sets_of = |size: usize| -> Vec<Vec<usize>> {
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        for _ in 0..size {
            sets = sets
                .iter()
                .flat_map(|set| {
                    let after = set.last().map_or(0, |last| last + 1);
                    (after..order.len()).map(|next| [set.as_slice(), &[next]].concat())
                })
                .collect();
        }
        sets
    };
    (1..=3).find_map(|size| {
        let sets = sets_of(size)
            .into_iter()
            .map(|set| set.into_iter().map(|index| order[index]).collect::<Vec<_>>());
        let mut sets = sets.filter(|set| covers(set, needs));
        sets.next()
    })
}

fn greedy(needs: &[&[usize]], order: &[usize]) -> Vec<usize> {
    let mut open: Vec<&[usize]> = needs.to_vec();
    let mut chosen = Vec::new();
    while !open.is_empty() {
        let count = |scope: &usize| open.iter().filter(|need| need.contains(scope)).count();
        // The first of the best: `max_by_key` would take the last.
        let Some(&best) = order.iter().rev().max_by_key(|scope| count(scope)) else { break };
        open.retain(|need| !need.contains(&best));
        chosen.push(best);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::{exact, greedy};

    #[test]
    fn the_smallest_set_wins() {
        let needs: &[&[usize]] = &[&[0, 1], &[1, 2], &[1, 3]];
        assert_eq!(exact(needs, &[0, 1, 2, 3]), Some(vec![1]));
        assert_eq!(greedy(needs, &[0, 1, 2, 3]), vec![1]);
        let needs: &[&[usize]] = &[&[0, 1], &[2, 3]];
        assert_eq!(exact(needs, &[3, 1, 0, 2]), Some(vec![3, 1]));
        assert_eq!(exact(&[], &[0]), Some(vec![]));
    }
}
