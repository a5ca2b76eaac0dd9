//! The methods of the documents, read when the first call needs them.

use std::collections::HashMap;
use std::num::NonZeroU32;

use anyhow::{Result, bail};
use gapis_codegen::inventory::{self, Inventory, Location};
use gapis_codegen::{Methods, Quota as ApiQuota};
use gapis_runtime::private::spec::{ApiSpec, Limits, MethodSpec, Quota};

use crate::documents::{Document, Documents};
use crate::near::did_you_mean;

/// The methods of documents. What is read of them lives as long as the program, which the runtime takes for granted of
/// its facts: bounded by the documents.
pub(super) struct Table {
    documents: Documents,
    /// For each document, if it was read.
    apis: Vec<Option<&'static Api>>,
    /// What was found for an id before, as most calls of a job are of few methods.
    found: HashMap<String, (&'static Api, &'static Method)>,
    /// The methods that were read, of each document.
    methods: HashMap<(usize, String), &'static Method>,
    /// The id that was not found last, and why not.
    missing: Option<(String, String)>,
}

/// An API of a document.
pub(super) struct Api {
    /// Its place among the documents.
    pub(super) number: usize,
    pub(super) id: String,
    pub(super) spec: &'static ApiSpec,
    methods: Methods<'static>,
    quota: ApiQuota,
}

/// A method, and what the runtime has to know of it.
pub(super) struct Method {
    pub(super) facts: inventory::Method,
    pub(super) spec: &'static MethodSpec,
    /// The path's variables in their order.
    pub(super) variables: Vec<String>,
    pub(super) takes_body: bool,
}

impl Table {
    pub(super) fn new(documents: Documents) -> Self {
        let apis = documents.iter().map(|_| None).collect();
        Table { documents, apis, found: HashMap::new(), methods: HashMap::new(), missing: None }
    }

    /// The method with that id, of that API if it is named.
    ///
    /// # Errors
    /// If there is none or several, or a document cannot be read.
    pub(super) fn find(&mut self, id: &str, api: Option<&str>) -> Result<(&'static Api, &'static Method)> {
        if api.is_some() {
            return self.look_up(id, api);
        }
        if let Some(found) = self.found.get(id) {
            return Ok(*found);
        }
        if let Some((_, why)) = self.missing.as_ref().filter(|(missing, _)| missing == id) {
            bail!("{why}");
        }
        match self.look_up(id, None) {
            Ok(found) => {
                self.found.insert(id.to_owned(), found);
                Ok(found)
            }
            Err(error) => {
                self.missing = Some((id.to_owned(), format!("{error:#}")));
                Err(error)
            }
        }
    }

    fn look_up(&mut self, id: &str, api: Option<&str>) -> Result<(&'static Api, &'static Method)> {
        let mut found = Vec::new();
        let mut known: Vec<&str> = Vec::new();
        let order: Vec<usize> = self.documents.by_method(id).map(|(number, _)| number).collect();
        let named: Vec<usize> = match api {
            Some(api) => order.into_iter().filter(|&number| self.is_called(number, api)).collect(),
            None => order,
        };
        if let (Some(api), true) = (api, named.is_empty()) {
            bail!("no API `{}` among the documents", api.escape_debug());
        }
        let likely = self.documents.iter().filter(|document| document.begins(id)).count();
        for (index, number) in named.into_iter().enumerate() {
            // Documents of other APIs are read only if none of this name has the method.
            if index >= likely && !found.is_empty() {
                break;
            }
            let api = self.api(number)?;
            match self.method(api, id)? {
                Some(method) => found.push((api, method)),
                None => known.extend(api.methods.ids()),
            }
        }
        match found.as_slice() {
            [one] => Ok(*one),
            [] => {
                let near = did_you_mean(id, known);
                let name = id.split('.').next().unwrap_or_default().escape_debug();
                match near.is_empty() && likely == 0 && id.contains('.') {
                    true => bail!(
                        "no method `{}`: there is no document of the API `{name}`; give it by `--document`, or see `gapis add --help`",
                        id.escape_debug()
                    ),
                    false => bail!("no method `{}`{near}", id.escape_debug()),
                }
            }
            several => {
                let names: Vec<&str> = several.iter().map(|(api, _)| api.id.as_str()).collect();
                bail!("`{id}` is a method of {}: say which by `api`", names.join(" and "))
            }
        }
    }

    fn method(&mut self, api: &'static Api, id: &str) -> Result<Option<&'static Method>> {
        let key = (api.number, id.to_owned());
        if let Some(method) = self.methods.get(&key) {
            return Ok(Some(method));
        }
        let Some(method) = api.method(id)? else { return Ok(None) };
        let method: &'static Method = Box::leak(Box::new(method));
        self.methods.insert(key, method);
        Ok(Some(method))
    }

    fn is_called(&self, number: usize, api: &str) -> bool {
        let document = self.documents.iter().nth(number);
        document.is_some_and(|document| document.is_called(api))
    }

    fn api(&mut self, number: usize) -> Result<&'static Api> {
        let (Some(slot), Some(document)) = (self.apis.get_mut(number), self.documents.iter().nth(number))
        else {
            bail!("there is no such document");
        };
        match slot {
            Some(api) => Ok(api),
            None => {
                let api: &'static Api = Box::leak(Box::new(Api::read(number, document)?));
                Ok(slot.insert(api))
            }
        }
    }
}

impl Api {
    fn read(number: usize, document: &Document) -> Result<Self> {
        let methods = document.methods()?;
        // No method has this id: this is for the service.
        let Inventory { api, service, .. } = methods.read("")?.into_owned();
        let limits = document.limits();
        let usual = Limits::DEFAULT;
        let quota = document.quota().clone();
        let rate = |rate: Option<NonZeroU32>| rate.map_or(0, NonZeroU32::get);
        let endpoints: Vec<(&'static str, &'static str)> =
            service.endpoints.into_iter().map(|(location, url)| (leak(location), leak(url))).collect();
        let spec = ApiSpec {
            name: leak(service.name),
            version: leak(service.version),
            root_url: leak(service.root_url),
            mtls_root_url: leak(service.mtls_root_url),
            service_path: leak(service.service_path),
            batch_path: leak(service.batch_path),
            limits: Limits {
                calls: limits.calls.unwrap_or(usual.calls),
                bytes: limits.bytes.unwrap_or(usual.bytes),
                url: limits.url.unwrap_or(usual.url),
                ..usual
            },
            quota: Quota {
                project_per_minute: rate(quota.project_per_minute),
                user_per_minute: rate(quota.user_per_minute),
            },
            scopes: Vec::leak(service.scopes.into_iter().map(leak).collect()),
            endpoints: Vec::leak(endpoints),
            data_wrapper: service.data_wrapper,
        };
        Ok(Api { number, id: api, spec: Box::leak(Box::new(spec)), methods, quota })
    }

    /// Reads the method with that id.
    fn method(&self, id: &str) -> Result<Option<Method>> {
        if !self.methods.ids().any(|known| known == id) {
            return Ok(None);
        }
        let inventory = self.methods.read(id)?.into_owned();
        let facts = inventory.methods.into_iter().find(|method| method.id == id);
        Ok(facts.map(|facts| Method::of(facts, self.quota.units_of(id))))
    }
}

impl Method {
    fn of(facts: inventory::Method, units: u32) -> Self {
        let spec = MethodSpec {
            id: leak(facts.id.clone()),
            verb: leak(facts.verb.clone()),
            path: leak(facts.template.clone()),
            api_version: facts.api_version.clone().map(leak),
            request_id: facts.request_id.clone().map(leak),
            units,
            ..MethodSpec::DEFAULT
        };
        let takes_body = facts.update.is_some()
            || facts.arguments.iter().any(|argument| argument.location == Location::Body);
        let variables = variables(&facts.template);
        Method { spec: Box::leak(Box::new(spec)), variables, takes_body, facts }
    }
}

/// The names of a template's variables, `{x}` and `{+x}`, in their order.
fn variables(template: &str) -> Vec<String> {
    let parts = template.split('{').skip(1).filter_map(|part| part.split('}').next());
    parts.map(|name| name.trim_start_matches('+').to_owned()).collect()
}

fn leak(text: String) -> &'static str {
    String::leak(text)
}
