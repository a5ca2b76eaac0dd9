//! Scopes: their names, and a minimal set that covers all methods.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use crate::discovery::{Document, Members, Resource};
use crate::model::{self, Scope};
use crate::naming::{self, Kind};
use crate::steps::step;
use crate::table::Table;

/// All scopes that the document declares or that a method names.
pub(crate) fn collect(document: &Document) -> Vec<Scope> {
    let mut urls: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    named(&document.resources, &mut urls);
    for method in document.methods.values() {
        urls.extend(method.scopes.iter().map(|scope| (scope.as_str(), None)));
    }
    for (url, scope) in document.auth.oauth2.scopes.iter() {
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

fn named<'d>(resources: &'d Members<Resource>, urls: &mut BTreeMap<&'d str, Option<&'d str>>) {
    for resource in resources.values() {
        for method in resource.methods.values() {
            urls.extend(method.scopes.iter().map(|scope| (scope.as_str(), None)));
        }
        named(&resource.resources, urls);
    }
}

/// The indices of a method's scopes.
pub(crate) fn positions(scopes: &[Scope], urls: &[String]) -> Vec<usize> {
    let found: BTreeSet<usize> = urls
        .iter()
        .filter_map(|url| scopes.binary_search_by(|scope| scope.url.as_str().cmp(url)).ok())
        .collect();
    found.into_iter().collect()
}

/// Chooses the default scopes of a client. Returns their indices.
pub(crate) fn choose(scopes: &[Scope], root: &model::Resource) -> Vec<usize> {
    let needs: BTreeSet<&[usize]> = root.all_methods().map(|method| method.scopes.as_slice()).collect();
    // A set of scopes that covers a method with few scopes also covers one with more.
    let needs: Vec<&[usize]> = needs.into_iter().filter(|need| !need.is_empty()).collect();
    let mut ranked: Vec<(usize, &Scope)> = scopes.iter().enumerate().collect();
    // Of equal sets, prefer the one without all of Google Cloud, and shorter names, such as `drive` to
    // `drive.readonly`.
    let rank = |Scope { url, .. }: &Scope| (url.ends_with("/cloud-platform"), url.len(), url.clone());
    ranked.sort_by_cached_key(|(_, scope)| rank(scope));
    let order: Vec<usize> = ranked.into_iter().map(|(index, _)| index).collect();
    exact(&needs, &order).unwrap_or_else(|| greedy(&needs, &order))
}

/// The first minimal set of up to three scopes, if there is one.
fn exact(needs: &[&[usize]], order: &[usize]) -> Option<Vec<usize>> {
    if needs.is_empty() {
        return Some(Vec::new());
    }
    let all = Bits::all(needs.len());
    let covers: Vec<(usize, Bits)> = order.iter().copied().zip(covered(needs, order)).collect();
    if let Some((scope, _)) = covers.iter().find(|(_, covers)| *covers == all) {
        return Some(vec![*scope]);
    }
    if order.len() > MOST_TRIED {
        return None;
    }
    for (at, (first, of_first)) in covers.iter().enumerate() {
        for (second, of_second) in covers.iter().skip(at + 1) {
            if of_first.with(of_second) == all {
                return Some(vec![*first, *second]);
            }
        }
    }
    for (at, (first, of_first)) in covers.iter().enumerate() {
        for (next, (second, of_second)) in covers.iter().enumerate().skip(at + 1) {
            let of_both = of_first.with(of_second);
            for (third, of_third) in covers.iter().skip(next + 1) {
                if of_both.is_whole_with(of_third, &all) {
                    return Some(vec![*first, *second, *third]);
                }
            }
        }
    }
    None
}

/// With more scopes than this, not every set is tried.
const MOST_TRIED: usize = 60;

/// The methods that a set of scopes covers, one bit for each.
#[derive(Clone, PartialEq, Eq)]
struct Bits(Vec<u64>);

impl Bits {
    fn none(count: usize) -> Self {
        Bits(vec![0; count.div_ceil(64)])
    }

    fn all(count: usize) -> Self {
        let mut all = Bits::none(count);
        (0..count).for_each(|bit| all.set(bit));
        all
    }

    fn set(&mut self, bit: usize) {
        if let Some(word) = self.0.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    fn with(&self, other: &Bits) -> Bits {
        Bits(self.0.iter().zip(&other.0).map(|(one, two)| one | two).collect())
    }

    fn is_whole_with(&self, other: &Bits, all: &Bits) -> bool {
        self.0.iter().zip(&other.0).zip(&all.0).all(|((one, two), all)| {
            step();
            one | two == *all
        })
    }
}

/// The methods that each scope covers. If there are too many scopes, those that cover less than all methods are left
/// empty.
fn covered(needs: &[&[usize]], order: &[usize]) -> Vec<Bits> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for scope in needs.iter().flat_map(|need| need.iter()) {
        *counts.entry(*scope).or_default() += 1;
    }
    let is_tried = |scope: &&usize| order.len() <= MOST_TRIED || counts.get(*scope) == Some(&needs.len());
    let mut covers: HashMap<usize, Bits> =
        order.iter().filter(is_tried).map(|scope| (*scope, Bits::none(needs.len()))).collect();
    for (bit, need) in needs.iter().enumerate() {
        for scope in *need {
            step();
            if let Some(bits) = covers.get_mut(scope) {
                bits.set(bit);
            }
        }
    }
    order.iter().map(|scope| covers.remove(scope).unwrap_or(Bits(Vec::new()))).collect()
}

/// The position of each scope in the order.
fn places(order: &[usize]) -> HashMap<usize, usize> {
    order.iter().enumerate().map(|(position, &scope)| (scope, position)).collect()
}

/// Repeatedly takes the scope that covers the most remaining methods, until none remain.
fn greedy(needs: &[&[usize]], order: &[usize]) -> Vec<usize> {
    let place = places(order);
    let order: Table<usize> = order.iter().copied().collect();
    let needs: Table<&[usize]> = needs.iter().copied().collect();
    let mut needs_of: Table<Vec<usize>> = Table::filled(Vec::new(), order.len());
    for (index, need) in needs.iter().enumerate() {
        for position in need.iter().filter_map(|scope| place.get(scope)) {
            needs_of[*position].push(index);
        }
    }
    let mut counts: Table<usize> = needs_of.iter().map(Vec::len).collect();
    let mut best: BinaryHeap<(usize, Reverse<usize>)> =
        counts.iter().enumerate().map(|(position, &count)| (count, Reverse(position))).collect();
    let mut open = Table::filled(true, needs.len());
    let mut chosen = Vec::new();
    while let Some((count, Reverse(position))) = best.pop() {
        step();
        // Counts only decrease, so an entry with the current count is the best.
        if count != counts[position] {
            best.push((counts[position], Reverse(position)));
            continue;
        }
        if count == 0 {
            break;
        }
        chosen.push(order[position]);
        for &index in &needs_of[position] {
            if std::mem::replace(&mut open[index], false) {
                for position in needs[index].iter().filter_map(|scope| place.get(scope)) {
                    step();
                    counts[*position] -= 1;
                }
            }
        }
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
