//! `src/lib.rs`: the service, and the modules.

use std::num::NonZeroU32;

use super::resources::{Writer, accessor};
use super::{front, gate};
use crate::model::Api;
use crate::prose::code;
use crate::source::{Source, literal};

/// The compiler's limit of recursion, 128, suffices for a chain of so many schemas.
const LONG_CHAIN: usize = 100;

impl Writer<'_> {
    /// The root of the crate.
    pub(crate) fn root(&mut self, as_module: bool) {
        let api = self.api;
        self.source.blank();
        self.source.module_docs(&front::page(api, as_module, self.schemas));
        self.source.blank();
        self.source.line(format_args!("#![cfg_attr(docsrs, feature(doc_cfg))]"));
        // A module cannot have the attribute; its crate must, for such a document.
        if api.types.longest_chain > LONG_CHAIN && !as_module {
            self.source.line(format_args!("#![recursion_limit = \"{}\"]", 2 * api.types.longest_chain));
        }
        self.source.line(format_args!("#![forbid(unsafe_code)]"));
        self.source.line(format_args!("#![allow(clippy::all, deprecated, nonstandard_style, unused)]"));
        self.imports();
        service(api, self.source);
        self.functions();
        self.markers();
    }

    fn imports(&mut self) {
        let (api, source) = (self.api, &mut *self.source);
        source.blank();
        source.line(format_args!("pub use gapis_runtime as runtime;"));
        source.line(format_args!("#[doc(no_inline)]"));
        source.line(format_args!("pub use runtime::prelude::*;"));
        source.line(format_args!("use runtime::{{method, paged}};"));
        source.blank();
        source.line(format_args!("const _: () = runtime::private::spec::assert_generation(3);"));
        source.blank();
        for module in ["enums", "schemas", "scopes"] {
            source.line(format_args!("pub mod {module};"));
        }
        for (index, resource) in api.root.resources.iter().enumerate() {
            gate::of_resource(api, index, source);
            source.line(format_args!("pub mod {};", resource.module));
        }
    }

    /// The functions of the service.
    fn functions(&mut self) {
        let root = &self.api.root;
        if root.resources.is_empty() && root.methods.is_empty() {
            return;
        }
        self.source.blank();
        self.source.open(format_args!("impl {} {{", self.api.service));
        for (index, resource) in root.resources.iter().enumerate() {
            self.source.blank();
            gate::of_resource(self.api, index, self.source);
            self.source.function(&accessor(resource, "&self.0", "'_"));
        }
        for method in &root.methods {
            self.source.blank();
            self.function(method, "&self.0", "methods::");
        }
        self.source.close("}");
    }

    /// The types of the API's own methods.
    fn markers(&mut self) {
        let api = self.api;
        if api.root.methods.is_empty() {
            return;
        }
        self.source.blank();
        self.source.docs(&["The methods of the API itself.".to_owned()]);
        self.source.open(format_args!("pub mod {} {{", api.root.module));
        self.source.line(format_args!("use super::*;"));
        let owner =
            if api.service_is_shadowed { format!("super::{}", api.service) } else { api.service.to_string() };
        api.root.methods.iter().for_each(|method| self.marker(method, &owner));
        self.source.close("}");
    }
}

/// The service type and its description. Values that equal the runtime's default are left out.
fn service(api: &Api, source: &mut Source) {
    let Api { service, name, version, root_url, mtls_root_url, service_path, batch_path, .. } = api;
    source.blank();
    source.docs(&[
        format!("The service: {}.", code(&format!("{} {version}", api.title))),
        String::new(),
        "A clone is cheap and shares connections and credentials.".to_owned(),
    ]);
    source.line(format_args!("#[derive(Clone, Debug)]"));
    source.line(format_args!("pub struct {service}(runtime::Client);"));
    source.blank();
    source.open(format_args!("runtime::api! {{"));
    source.open(format_args!("{service} {{"));
    for (member, text) in [
        ("name", name),
        ("version", version),
        ("root_url", root_url),
        ("mtls_root_url", mtls_root_url),
        ("service_path", service_path),
        ("batch_path", batch_path),
    ] {
        if !text.is_empty() {
            source.line(format_args!("{member}: {},", literal(text)));
        }
    }
    limits(api, source);
    quota(api, source);
    let scopes: Vec<String> =
        api.default_scopes.iter().map(|&index| format!("scopes::{}", api.scopes[index].name)).collect();
    if !scopes.is_empty() {
        source.line(format_args!("scopes: &[{}],", scopes.join(", ")));
    }
    if !api.endpoints.is_empty() {
        source.open(format_args!("endpoints: &["));
        for (location, url) in &api.endpoints {
            source.line(format_args!("({}, {}),", literal(location), literal(url)));
        }
        source.close("],");
    }
    if api.data_wrapper {
        source.line(format_args!("data_wrapper: true,"));
    }
    source.close("}");
    source.close("}");
    if api.service_is_shadowed {
        // No name from a document begins with two underscores and a capital.
        source.blank();
        source.line(format_args!("use self::{service} as __Service;"));
    }
    if !api.updates.is_empty() && api.root.all_methods().any(|method| api.update_of(method).is_some()) {
        source.blank();
        source.line(format_args!("runtime::update! {{ {service} }}"));
        if api.update_is_shadowed {
            source.blank();
            source.line(format_args!("use self::Update as __Update;"));
        }
    }
}

fn limits(api: &Api, source: &mut Source) {
    let limits = &api.limits;
    let known: Vec<(&str, usize)> = [
        ("calls", limits.calls),
        ("bytes", limits.bytes),
        ("url", limits.url),
        ("update_requests", limits.update_requests),
        ("update_bytes", limits.update_bytes),
    ]
    .into_iter()
    .filter_map(|(member, value)| Some((member, value?)))
    .collect();
    if known.is_empty() {
        return;
    }
    source.open(format_args!("limits: runtime::private::spec::Limits {{"));
    for (member, value) in known {
        source.line(format_args!("{member}: {value},"));
    }
    source.line(format_args!("..runtime::private::spec::Limits::DEFAULT"));
    source.close("},");
}

fn quota(api: &Api, source: &mut Source) {
    let quota = &api.quota;
    let known: Vec<(&str, NonZeroU32)> =
        [("project_per_minute", quota.project_per_minute), ("user_per_minute", quota.user_per_minute)]
            .into_iter()
            .filter_map(|(member, value)| Some((member, value?)))
            .collect();
    if known.is_empty() {
        return;
    }
    source.open(format_args!("quota: runtime::private::spec::Quota {{"));
    for (member, value) in known {
        source.line(format_args!("{member}: {value},"));
    }
    source.line(format_args!("..runtime::private::spec::Quota::DEFAULT"));
    source.close("},");
}
