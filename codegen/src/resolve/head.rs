//! What every document must have.

use crate::discovery::Document;
use crate::error::Error;
use crate::log::{Log, Place};
use crate::wire;

/// What every document must have, checked and brought to one form.
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) root_url: String,
    pub(crate) service_path: String,
    pub(crate) batch_path: String,
}

/// Checks the members without which there is no API.
pub(crate) fn head(document: &Document, log: &Log<'_>) -> Result<Head, Error> {
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
    let root = document.root_url.as_deref().ok_or_else(|| log.error(&Place::top("rootUrl"), "missing"))?;
    let root_url = wire::root_url(root).ok_or_else(|| {
        log.error(&Place::top("rootUrl"), "not `https://` and a host, optionally with a path")
    })?;
    let path = |member: &'static str, value: &str| -> Result<String, Error> {
        wire::plain_path(value)
            .map(str::to_owned)
            .ok_or_else(|| log.error(&Place::top(member), "not a plain path"))
    };
    let mut service_path = path("servicePath", document.service_path.as_deref().unwrap_or_default())?;
    if !service_path.is_empty() && !service_path.ends_with('/') {
        service_path.push('/');
    }
    let batch_path = match document.batch_path.as_deref() {
        Some(written) if !written.is_empty() => path("batchPath", written)?,
        _ => format!("batch/{name}/{version}"),
    };
    Ok(Head { name, version, root_url, service_path, batch_path })
}
