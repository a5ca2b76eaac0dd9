//! Resources and methods: their names, arguments, setters, bodies and responses.

use std::collections::BTreeSet;

use super::types::Builder as Types;
use super::{facts, media, paging, scopes};
use crate::discovery::{self, Document, Members};
use crate::log::{Log, Place};
use crate::model::{Docs, Method, Parameter, ParameterType, Payload, Resource, Scope, Type};
use crate::naming::{self, Kind, Name};
use crate::options::Options;
use crate::wire::{self, Scalar, Template};

pub(crate) struct Builder<'b, 'd, 'l> {
    pub(crate) types: &'b mut Types<'d>,
    pub(crate) scopes: &'b [Scope],
    /// Where the items of pages are and what calls cost, by method id.
    pub(crate) options: &'b Options,
    pub(crate) pages: paging::Known,
    pub(crate) log: &'b mut Log<'l>,
    /// The number of methods so far.
    pub(crate) number: usize,
}

impl Builder<'_, '_, '_> {
    /// The service: the API's own methods, and its resources.
    pub(crate) fn root(mut self, document: &Document) -> Resource {
        let resources =
            self.resources(&document.resources, Kind::ServiceFunction, "", &Place::top("resources"));
        let taken: Vec<&str> = resources.iter().map(|resource| resource.accessor.bare()).collect();
        let functions = naming::assign(Kind::ServiceFunction, keys(&document.methods), &taken);
        let methods = self.methods(&document.methods, functions, &[], ("", ""), &Place::top("methods"));
        // Names that do not come from a document need no checks.
        let name = |kind| naming::single(kind, "methods");
        let (module, accessor) = (name(Kind::Argument), name(Kind::Function));
        Resource { wire: String::new(), module, accessor, name: name(Kind::Resource), methods, resources }
    }

    fn resources(
        &mut self,
        resources: &Members<discovery::Resource>,
        kind: Kind,
        stem: &str,
        place: &Place<'_>,
    ) -> Vec<Resource> {
        let accessors = naming::assign(kind, keys(resources), &[]);
        let modules = naming::assign(Kind::Module, keys(resources), &[]);
        let names = accessors.into_iter().zip(modules);
        let resources = resources.iter().zip(names).map(|((wire, resource), (accessor, module))| {
            let place = place.below(wire);
            let stem = naming::join(stem, wire);
            let nested =
                self.resources(&resource.resources, Kind::Function, &stem, &place.below("resources"));
            let taken: Vec<&str> = nested.iter().map(|resource| resource.accessor.bare()).collect();
            let functions = naming::assign(Kind::Function, keys(&resource.methods), &taken);
            // The resource and its markers are in the same module as the modules of nested resources.
            let mut taken: Vec<&str> = nested.iter().map(|resource| resource.module.bare()).collect();
            let name = naming::single_beside(Kind::Resource, wire, &taken);
            taken.push(name.bare());
            let place = place.below("methods");
            let methods = self.methods(&resource.methods, functions, &taken, (wire, &stem), &place);
            Resource { wire: wire.clone(), module, accessor, name, methods, resources: nested }
        });
        resources.collect()
    }

    fn methods(
        &mut self,
        methods: &Members<discovery::Method>,
        functions: Vec<Name>,
        taken: &[&str],
        (resource, stem): (&str, &str),
        place: &Place<'_>,
    ) -> Vec<Method> {
        let markers = naming::assign(Kind::Marker, keys(methods), taken);
        let names = functions.into_iter().zip(markers);
        let methods = methods.iter().zip(names).filter_map(|((wire, method), (function, marker))| {
            let place = place.below(wire);
            let template = self.check(method, &place)?;
            let stem = naming::join(stem, wire);
            Some(self.method((resource, wire), method, template, (function, marker), &stem, &place))
        });
        methods.collect()
    }

    /// The HTTP method and the path of a method. If it cannot be called, it is left out, so that it does not affect
    /// the others.
    fn check(&mut self, method: &discovery::Method, place: &Place<'_>) -> Option<(&'static str, Template)> {
        let written = method.http_method.as_deref().unwrap_or("GET");
        let verb =
            wire::verb(written).ok_or_else(|| ("httpMethod", format!("`{written}` is not an HTTP verb")));
        let path = method.path.as_deref().ok_or("missing");
        let template = path.and_then(wire::template).map_err(|message| ("path", message.to_owned()));
        match verb.and_then(|verb| Ok((verb, template?))) {
            Ok(checked) => Some(checked),
            Err((member, message)) => {
                self.log.warn(&place.below(member), format!("{message}: the method is left out"));
                None
            }
        }
    }

    fn method(
        &mut self,
        (resource, wire): (&str, &str),
        method: &discovery::Method,
        (verb, template): (&'static str, Template),
        (function, marker): (Name, Name),
        stem: &str,
        place: &Place<'_>,
    ) -> Method {
        if template.odd {
            self.log.warn(&place.below("path"), "an unusual path variable is read as the nearest usual one");
        }
        let body =
            self.payload(method.request.as_deref(), &place.below("request"), &naming::join(stem, "request"));
        let output = self.payload(
            method.response.as_deref(),
            &place.below("response"),
            &naming::join(stem, "response"),
        );
        let parameters = self.parameters(method, &template, &body, stem, &place.below("parameters"));
        let request_id = request_id(verb, &parameters);
        let body = match body {
            Payload::Nothing => None,
            payload => Some((parameters.body, payload)),
        };
        let id = method.id.clone().unwrap_or_else(|| wire.to_owned());
        let paging = paging::find(
            self.types.objects(),
            &mut self.pages,
            &paging::Parts {
                id: &id,
                wire,
                resource,
                arguments: &parameters.arguments,
                setters: &parameters.setters,
                body: body.as_ref().map(|(_, payload)| payload),
                output: &output,
            },
            self.options.items.get(&id),
            self.log,
        );
        self.number += 1;
        Method {
            number: self.number,
            wire: wire.to_owned(),
            units: self.options.quota.units_of(&id),
            id,
            function,
            marker,
            verb,
            path: template.path,
            api_version: method.api_version.clone(),
            request_id,
            docs: Docs {
                prose: method.description.clone().filter(|prose| !prose.trim().is_empty()),
                facts: Vec::new(),
                deprecated: method.deprecated,
            },
            scopes: scopes::positions(self.scopes, &method.scopes),
            path_arguments: parameters.path,
            arguments: parameters.arguments,
            setters: parameters.setters,
            body,
            output,
            upload: media::upload(method, &template.variables, place, self.log),
            download: media::download(method),
            paging,
        }
    }

    fn payload(&mut self, schema: Option<&discovery::Schema>, place: &Place<'_>, stem: &str) -> Payload {
        let Some(schema) = schema else { return Payload::Nothing };
        // An empty object in a method says no more than no object.
        if schema.reference.is_none() && schema.kind.is_none() && schema.properties.is_none() {
            return Payload::Nothing;
        }
        match self.types.convert(schema, place, stem, self.log) {
            Type::Object(index) if self.types.is_http_body(index) => Payload::HttpBody,
            ty => Payload::Value(ty),
        }
    }

    fn parameters(
        &mut self,
        method: &discovery::Method,
        template: &Template,
        body: &Payload,
        stem: &str,
        place: &Place<'_>,
    ) -> Parameters {
        let text = discovery::Schema { required: true, ..discovery::Schema::default() };
        let arguments = required(method, template);
        let body_stem = match body {
            Payload::Value(Type::Object(index)) => self.types.objects()[*index].name.bare().to_owned(),
            _ => "body".to_owned(),
        };
        let names = naming::assign(Kind::Argument, arguments.iter().copied(), &[]);
        let body = [body_stem.as_str(), "body", "body_", "request_body_"]
            .into_iter()
            .map(|stem| naming::single(Kind::Argument, stem))
            .find(|name| !names.contains(name))
            .unwrap_or_else(|| naming::single(Kind::Argument, "the_body_of_the_request"));
        let setters: Vec<(&str, &discovery::Schema)> = method
            .parameters
            .iter()
            .map(|(wire, schema)| (wire.as_str(), schema))
            .filter(|(wire, schema)| {
                !arguments.contains(wire)
                    && !wire::GLOBAL_SETTERS.contains(wire)
                    && self.is_sent(wire, schema, place)
            })
            .collect();
        let setter_names = naming::assign(Kind::Setter, setters.iter().map(|(wire, _)| *wire), &[]);
        let arguments: Vec<Parameter> = arguments
            .iter()
            .zip(names)
            .map(|(wire, name)| {
                let schema = method.parameters.get(wire).unwrap_or_else(|| {
                    self.log.warn(&place.below(wire), "the path names a parameter that does not exist: text");
                    &text
                });
                let in_path = template.variables.iter().any(|variable| variable == wire);
                self.parameter(wire, schema, name, in_path, stem, place)
            })
            .collect();
        let setters = setters
            .into_iter()
            .zip(setter_names)
            .map(|((wire, schema), name)| self.parameter(wire, schema, name, false, stem, place))
            .collect();
        let path = template
            .variables
            .iter()
            .filter_map(|variable| arguments.iter().position(|argument| argument.wire == *variable))
            .collect();
        Parameters { arguments, path, setters, body }
    }

    /// Whether an optional parameter is sent in the query.
    fn is_sent(&mut self, wire: &str, schema: &discovery::Schema, place: &Place<'_>) -> bool {
        match schema.location.as_deref() {
            None | Some("query") => true,
            Some("path") => {
                self.log.warn(&place.below(wire), "a path parameter that the path does not name is left out");
                false
            }
            Some(other) => {
                self.log.warn(&place.below(wire), format!("a parameter in `{other}` is left out"));
                false
            }
        }
    }

    fn parameter(
        &mut self,
        wire: &str,
        schema: &discovery::Schema,
        name: Name,
        in_path: bool,
        stem: &str,
        place: &Place<'_>,
    ) -> Parameter {
        let place = place.below(wire);
        if schema.repeated && in_path {
            self.log.warn(&place, "a repeated path parameter takes one value");
        }
        Parameter {
            name,
            wire: wire.to_owned(),
            ty: self.types.parameter(schema, &place, &naming::join(stem, wire), self.log),
            repeated: schema.repeated && !in_path,
            in_path,
            form: schema.pattern.as_deref().filter(|_| in_path).and_then(wire::form),
            docs: facts::docs(schema),
        }
    }
}

struct Parameters {
    arguments: Vec<Parameter>,
    path: Vec<usize>,
    setters: Vec<Parameter>,
    body: Name,
}

/// The wire names of the arguments: those in `parameterOrder`, then the other variables of the path, then the other
/// required ones.
fn required<'m>(method: &'m discovery::Method, template: &'m Template) -> Vec<&'m str> {
    let mut seen = BTreeSet::new();
    let in_path = |wire: &str| template.variables.iter().any(|variable| variable == wire);
    let in_query = |wire: &str| {
        let parameter = method.parameters.get(wire);
        parameter.is_some_and(|schema| {
            schema.required && matches!(schema.location.as_deref(), None | Some("query"))
        })
    };
    let ordered = method.parameter_order.iter().filter(|wire| in_path(wire) || in_query(wire));
    let others = method.parameters.keys().filter(|wire| in_query(wire));
    let all = ordered.chain(&template.variables).chain(others);
    all.map(String::as_str).filter(|wire| seen.insert(*wire)).collect()
}

fn keys<T>(members: &Members<T>) -> impl Iterator<Item = &str> {
    members.keys().map(String::as_str)
}

/// The query parameter by which the server recognizes a repeated call (<https://google.aip.dev/155>), for a method
/// that is not idempotent because of its HTTP method. Members of a body are not considered, because the name has too
/// many other meanings there.
fn request_id(verb: &str, parameters: &Parameters) -> Option<String> {
    let is_it = |parameter: &&Parameter| {
        matches!(parameter.wire.as_str(), "requestId" | "request_id")
            && !parameter.in_path
            && !parameter.repeated
            && parameter.ty == ParameterType::Scalar(Scalar::Text)
    };
    let all = parameters.arguments.iter().chain(&parameters.setters);
    all.filter(|_| matches!(verb, "POST" | "PATCH")).find(is_it).map(|parameter| parameter.wire.clone())
}
