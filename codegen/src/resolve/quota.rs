//! What calls cost of an API's quota: whether the methods exist that a cost is given for.

use std::collections::BTreeSet;

use crate::log::{Log, Place};
use crate::model::Resource;
use crate::options::Quota;

/// Warns about costs of methods that do not exist.
pub(crate) fn warn_of_unknown(quota: &Quota, root: &Resource, log: &mut Log<'_>) {
    if quota.units.is_empty() {
        return;
    }
    let known: BTreeSet<&str> = root.all_methods().map(|method| method.id.as_str()).collect();
    let place = Place::top("quota");
    let place = place.below("units");
    for id in quota.units.keys().filter(|id| !known.contains(id.as_str())) {
        log.warn(&place.below(id), "there is no such method");
    }
}
