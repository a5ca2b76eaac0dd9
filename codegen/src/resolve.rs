//! Makes the model from the document; all decisions are made here. Each pass returns its results, and the model is
//! made of all of them at the end.

mod depth;
mod example;
mod facts;
mod features;
mod head;
mod media;
mod methods;
mod operations;
mod paging;
mod quota;
mod recursion;
mod same;
mod scopes;
mod select;
mod types;
mod updates;

use crate::discovery::Document;
use crate::error::Error;
use crate::log::Log;
use crate::model::{Api, Resource};
use crate::options::{FeaturePolicy, Options};
use crate::{naming, wire};

pub(crate) use self::head::head;
pub(crate) use self::operations::count as count_operations;

/// Makes the model of a document.
pub(crate) fn resolve(document: &Document, options: &Options, log: &mut Log<'_>) -> Result<Api, Error> {
    let head = head(document, log)?;
    let mut types = types::Builder::new(document);
    types.add_schemas(log);
    let scopes = scopes::collect(document);
    let root = methods::Builder {
        types: &mut types,
        scopes: &scopes,
        options,
        pages: paging::Known::default(),
        log,
        number: 0,
    }
    .root(document);
    paging::warn_of_unknown(&options.items, &root, log);
    quota::warn_of_unknown(&options.quota, &root, log);
    let types = types.finish(log);
    // Before methods are selected, because operations can be waited for even if their polls are not selected.
    let operations = operations::find(&types, &root);
    let updates = updates::find(&types, &root, document, options, log);
    let unions = updates::unions(&types, &updates);
    let root = select::select(root, &head.name, &options.only, log)?;
    let policy = if options.as_module { FeaturePolicy::Never } else { options.features };
    let gates = features::gates(&types, &root, policy, !options.only.is_empty());
    let default_scopes = scopes::choose(&scopes, &root);
    let service = naming::service(
        document.canonical_name.as_deref().unwrap_or(&head.name),
        root.resources.iter().map(|resource| &resource.module),
    );
    let title = document.title.clone().filter(|title| !title.is_empty()).unwrap_or_else(|| head.name.clone());
    let endpoints = document.endpoints.iter().filter_map(|endpoint| {
        let url = wire::root_url(endpoint.endpoint_url.as_deref()?)?;
        Some((endpoint.location.clone().unwrap_or_default(), url))
    });
    Ok(Api {
        crate_name: naming::crate_name(&head.name, &head.version),
        id: format!("{}:{}", head.name, head.version),
        revision: document.revision.clone().unwrap_or_default(),
        title,
        description: document.description.clone(),
        documentation: document.documentation_link.clone(),
        service_is_shadowed: shadows(&root, service.as_str()),
        update_is_shadowed: shadows(&root, "Update"),
        service,
        mtls_root_url: document.mtls_root_url.as_deref().and_then(wire::root_url).unwrap_or_default(),
        root_url: head.root_url,
        service_path: head.service_path,
        batch_path: head.batch_path,
        name: head.name,
        version: head.version,
        limits: options.limits,
        quota: options.quota.clone(),
        endpoints: endpoints.collect(),
        data_wrapper: document.features.iter().any(|feature| feature == "dataWrapper"),
        scopes: scopes.into(),
        default_scopes,
        // The example names the crate, which is unknown for a module.
        example: if options.as_module { None } else { example::find(&root) },
        root,
        types,
        gates,
        operations,
        updates,
        unions,
    })
}

/// Whether a resource or marker has this name, which also belongs to something in the crate's root.
fn shadows(root: &Resource, name: &str) -> bool {
    let is_resource = root.walk().skip(1).any(|resource| resource.name.as_str() == name);
    is_resource || root.all_methods().any(|method| method.marker.as_str() == name)
}
