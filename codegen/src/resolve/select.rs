//! A part of an API: the chosen methods, and only the types they reach.

use super::{Log, Place};
use crate::error::Error;
use crate::model::{Api, Method, Resource};

/// Leaves the methods that the filters name: `files.list`, or `files.*` for all of a resource and what is below it.
pub(crate) fn select(api: &mut Api, only: &[String], log: &Log<'_>) -> Result<(), Error> {
    if only.is_empty() {
        return Ok(());
    }
    let prefix = format!("{}.", api.name);
    let mut used = vec![false; only.len()];
    let mut choose = |path: &str| {
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
    };
    retain(&mut api.methods, "", &mut choose);
    visit(&mut api.resources, "", &mut choose);
    match used.iter().position(|used| !used) {
        Some(index) => {
            let message = format!("no method matches `{}`", only[index]);
            Err(log.error(&Place::top("resources"), message))
        }
        None => Ok(()),
    }
}

fn retain(methods: &mut Vec<Method>, path: &str, choose: &mut dyn FnMut(&str) -> bool) {
    methods.retain(|method| choose(&format!("{path}{}", method.wire)));
}

fn visit(resources: &mut Vec<Resource>, path: &str, choose: &mut dyn FnMut(&str) -> bool) {
    resources.retain_mut(|resource| {
        let path = format!("{path}{}.", resource.wire);
        retain(&mut resource.methods, &path, choose);
        visit(&mut resource.resources, &path, choose);
        !resource.methods.is_empty() || !resource.resources.is_empty()
    });
}
