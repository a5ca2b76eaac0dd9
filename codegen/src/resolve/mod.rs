//! From the document to the model: every decision is made here, and none of it is undone later.

mod facts;
mod features;
mod media;
mod methods;
pub(crate) mod operations;
mod paging;
mod recursion;
mod same;
mod scopes;
mod select;
mod types;
mod updates;

use std::fmt;

use crate::discovery::Document;
use crate::error::{Error, Warning};
use crate::model::Api;
use crate::{FeaturePolicy, Options, naming, wire};

/// Where warnings go, and what makes errors.
pub(crate) struct Log<'a> {
    document: &'a str,
    pub(crate) warnings: Vec<Warning>,
}

impl<'a> Log<'a> {
    pub(crate) fn new(document: &'a str) -> Self {
        Log { document, warnings: Vec::new() }
    }

    fn warn(&mut self, place: &Place<'_>, message: impl Into<String>) {
        // A hostile document could have a million oddities; nobody reads that many.
        if self.warnings.len() < 1000 {
            self.warnings.push(Warning::new(self.document, &place.to_string(), message));
        }
    }

    fn error(&self, place: &Place<'_>, message: impl Into<String>) -> Error {
        Error::new(self.document, &place.to_string(), message)
    }
}

/// A place in the document, as a list on the stack; it becomes text only where something is wrong.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    key: &'a str,
}

impl<'a> Place<'a> {
    pub(crate) const fn top(key: &'a str) -> Self {
        Place { parent: None, key }
    }

    pub(crate) const fn below(&'a self, key: &'a str) -> Self {
        Place { parent: Some(self), key }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.key)
    }
}

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

/// Makes the model of a document.
pub(crate) fn resolve(document: &Document, options: &Options, log: &mut Log<'_>) -> Result<Api, Error> {
    let head = head(document, log)?;
    let mut types = types::Builder::new(document);
    types.add_schemas(log)?;
    let scopes = scopes::collect(document);
    let mut methods = methods::Builder { types: &mut types, scopes: &scopes, log };
    let (top_methods, resources) = methods.api(document)?;
    let mut types = types.finish(log)?;
    same::find(&mut types);
    let endpoints = document.endpoints.iter().filter_map(|endpoint| {
        let url = wire::root_url(endpoint.endpoint_url.as_deref()?)?;
        Some((endpoint.location.clone().unwrap_or_default(), url))
    });
    let service = naming::service(document.canonical_name.as_deref().unwrap_or(&head.name));
    let mut api = Api {
        crate_name: naming::crate_name(&head.name, &head.version),
        id: format!("{}:{}", head.name, head.version),
        revision: document.revision.clone().unwrap_or_default(),
        title: document.title.clone().unwrap_or_default(),
        description: document.description.clone(),
        documentation: document.documentation_link.clone(),
        service_is_shadowed: false,
        update_is_shadowed: false,
        service,
        mtls_root_url: document.mtls_root_url.as_deref().and_then(wire::root_url).unwrap_or_default(),
        root_url: head.root_url,
        service_path: head.service_path,
        batch_path: head.batch_path,
        name: head.name,
        version: head.version,
        batch_calls: options.batch_calls,
        batch_bytes: options.batch_bytes,
        batch_url: options.batch_url,
        update_requests: options.update_requests,
        update_bytes: options.update_bytes,
        endpoints: endpoints.collect(),
        data_wrapper: document.features.iter().any(|feature| feature == "dataWrapper"),
        scopes,
        default_scopes: Vec::new(),
        methods: top_methods,
        resources,
        types,
        features: Vec::new(),
        example: None,
    };
    if api.title.is_empty() {
        api.title.clone_from(&api.name);
    }
    paging::find(&mut api);
    // Before a part is selected: a part without the polls can be waited for too.
    operations::find(&mut api);
    updates::find(&mut api, document, options, log);
    select::select(&mut api, &options.only, log)?;
    let policy = if options.as_module { FeaturePolicy::Never } else { options.features };
    features::gate(&mut api, policy, !options.only.is_empty());
    scopes::choose(&mut api);
    api.service_is_shadowed = methods::shadows(&api, api.service.as_str());
    api.update_is_shadowed = methods::shadows(&api, "Update");
    // The example names the crate, and a module does not know in which it is.
    api.example = if options.as_module { None } else { methods::example(&api) };
    Ok(api)
}
