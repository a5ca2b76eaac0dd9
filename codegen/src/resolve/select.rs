//! Selects a part of an API: the chosen methods, and the resources that contain them.

use crate::error::Error;
use crate::log::{Log, Place};
use crate::model::Resource;

/// Keeps the methods that match the filters: `files.list`, or `files.*` for a whole resource with its nested
/// resources.
pub(crate) fn select(root: Resource, api: &str, only: &[String], log: &Log<'_>) -> Result<Resource, Error> {
    if only.is_empty() {
        return Ok(root);
    }
    let prefix = format!("{api}.");
    let mut used = vec![false; only.len()];
    let mut paths = Vec::new();
    let root = choose(root, "", &mut |path| {
        paths.push(path.to_owned());
        let mut chosen = false;
        for (filter, used) in only.iter().zip(&mut used) {
            let filter = filter.trim();
            let filter = filter.strip_prefix(&prefix).unwrap_or(filter);
            let hit = match filter.strip_suffix('*') {
                Some(start) => path.starts_with(start),
                None => path == filter,
            };
            *used |= hit;
            chosen |= hit;
        }
        chosen
    });
    match only.iter().zip(used).find(|(_, used)| !used) {
        Some((filter, _)) => {
            let message = format!("no method matches `{filter}`{}", near(filter, &paths));
            Err(log.error(&Place::top("resources"), message))
        }
        None => Ok(root),
    }
}

/// What a filter may have been meant to be: `; did you mean …?`, or nothing. Of a filter for many methods, what comes before
/// its `*` is compared with the resources.
fn near(filter: &str, paths: &[String]) -> String {
    let filter = filter.trim();
    let candidate = |path: &String| match filter.strip_suffix(".*") {
        Some(_) => path.rsplit_once('.').map(|(resource, _)| format!("{resource}.*")),
        None => Some(path.clone()),
    };
    let ranked =
        paths.iter().filter_map(candidate).map(|name| (strsim::damerau_levenshtein(filter, &name), name));
    match ranked.min() {
        // A third of the letters may be wrong: beyond, nobody meant it.
        Some((distance, name)) if distance <= name.len() / 3 => format!("; did you mean `{name}`?"),
        _ => String::new(),
    }
}

fn choose(resource: Resource, path: &str, is_chosen: &mut dyn FnMut(&str) -> bool) -> Resource {
    let Resource { methods, resources, .. } = resource;
    let methods = methods.into_iter().filter(|method| is_chosen(&format!("{path}{}", method.wire))).collect();
    let mut nested = Vec::new();
    for below in resources {
        let path = format!("{path}{}.", below.wire);
        let below = choose(below, &path, is_chosen);
        if !below.methods.is_empty() || !below.resources.is_empty() {
            nested.push(below);
        }
    }
    Resource { methods, resources: nested, ..resource }
}
