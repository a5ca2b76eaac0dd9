//! The members that every document must have.

use crate::discovery::Document;
use crate::error::Error;
use crate::log::{Log, Place};
use crate::wire;

/// The members that every document must have, checked and normalized.
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) root_url: String,
    pub(crate) service_path: String,
    pub(crate) batch_path: String,
}

/// Checks the members without which there is no API.
pub(crate) fn head(document: &Document, log: &mut Log<'_>) -> Result<Head, Error> {
    let id = |member: &'static str, value: &Option<String>, dots: bool| -> Result<String, Error> {
        let place = Place::top(member);
        let value = value.as_deref().ok_or_else(|| log.error(&place, "missing"))?;
        if wire::is_id(value, dots) {
            Ok(value.to_owned())
        } else {
            Err(log.error(
                &place,
                "neither letters and digits only, nor short: it would become part of file names",
            ))
        }
    };
    let name = id("name", &document.name, false)?;
    let version = id("version", &document.version, true)?;
    let (root, of_base) = root(document, log)?;
    let path = |member: &'static str, value: &str| -> Result<String, Error> {
        wire::plain_path(value)
            .map(str::to_owned)
            .ok_or_else(|| log.error(&Place::top(member), "not a plain path"))
    };
    let written = document.service_path.as_deref().or(of_base);
    let mut service_path = path("servicePath", written.unwrap_or_default())?;
    if !service_path.is_empty() && !service_path.ends_with('/') {
        service_path.push('/');
    }
    let batch_path = match document.batch_path.as_deref() {
        Some(written) if !written.is_empty() => path("batchPath", written)?,
        _ => format!("batch/{name}/{version}"),
    };
    Ok(Head { name, version, root_url: root, service_path, batch_path })
}

/// The root of all URLs. If the document has only `baseUrl`, also the path of the service, which is part of it.
fn root<'d>(document: &'d Document, log: &mut Log<'_>) -> Result<(String, Option<&'d str>), Error> {
    let (member, written, rest) = match (&document.root_url, &document.base_url) {
        (Some(root), _) => ("rootUrl", root.as_str(), None),
        (None, None) => return Err(log.error(&Place::top("rootUrl"), "missing")),
        (None, Some(base)) => {
            let path = match &document.service_path {
                Some(path) => base.strip_suffix(path.as_str()).map(str::len),
                None => base.find("://").and_then(|at| Some(at + 3 + base.get(at + 3..)?.find('/')? + 1)),
            };
            let (root, rest) = base.split_at_checked(path.unwrap_or(base.len())).unwrap_or((base, ""));
            ("baseUrl", root, Some(rest))
        }
    };
    let place = Place::top(member);
    if rest.is_some() {
        log.warn(&place, "read in place of `rootUrl`, which is missing");
    }
    let root = wire::root_url(written)
        .ok_or_else(|| log.error(&place, "not `https://` and a host, optionally with a path"))?;
    Ok((root, rest))
}
