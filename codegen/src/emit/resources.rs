//! `src/<resource>.rs`, and for a resource below it `src/<resource>/<nested>.rs`: a struct for the resource, its methods,
//! their markers and setters.

use super::anchors::{self, Anchors};
use super::{docs, gate, updates};
use crate::model::{Api, Download, Items, Method, Paging, Parameter, ParameterType, Resource, Type, Upload};
use crate::naming::Name;
use crate::prose::{self, Schemas, code};
use crate::rust_type::{self, At};
use crate::source::{Function, Source, literal};

/// Writes the module of a resource.
pub(crate) struct Writer<'a> {
    pub(crate) api: &'a Api,
    pub(crate) anchors: &'a Anchors,
    pub(crate) schemas: Schemas<'a>,
    pub(crate) source: &'a mut Source,
}

impl Writer<'_> {
    /// Writes the module of a resource.
    pub(crate) fn module(&mut self, resource: &Resource) {
        let name = &resource.name;
        self.source.blank();
        if !resource.resources.is_empty() {
            for nested in &resource.resources {
                self.source.line(format_args!("pub mod {};", nested.module));
            }
            self.source.blank();
        }
        self.source.line(format_args!("use super::*;"));
        self.source.blank();
        self.source.docs(&[format!("The methods of {}.", code(&resource.wire))]);
        self.source.line(format_args!("#[derive(Clone, Copy, Debug)]"));
        self.source.line(format_args!("pub struct {name}<'a>(pub(crate) &'a runtime::Client);"));
        if !resource.resources.is_empty() || !resource.methods.is_empty() {
            self.source.blank();
            // A struct that leads to other resources may be dropped before those.
            match resource.resources.is_empty() {
                true => self.source.open(format_args!("impl {name}<'_> {{")),
                false => self.source.open(format_args!("impl<'a> {name}<'a> {{")),
            }
            for nested in &resource.resources {
                self.source.blank();
                self.source.function(&accessor(nested, "self.0", "'a"));
            }
            for method in &resource.methods {
                self.source.blank();
                self.function(method, "self.0", "");
            }
            self.source.close("}");
        }
        for method in &resource.methods {
            self.marker(method, resource.name.bare());
        }
    }

    /// The function that returns a call. `client` is an expression, and `path` leads to the type of the method.
    pub(crate) fn function(&mut self, method: &Method, client: &str, path: &str) {
        let lines = self.method_docs(method);
        self.source.docs(&lines);
        gate::deprecated(method.docs.deprecated, self.source);
        let types = &self.api.types;
        let (name, marker) = (&method.function, &method.marker);
        let argument = |argument: &Parameter| {
            format!("{}: {}", argument.name, rust_type::argument(types, argument, At::Resource))
        };
        let mut arguments: Vec<String> = method.arguments.iter().map(argument).collect();
        // An enum value can be passed as text too.
        let words = method.arguments.iter().filter_map(|argument| match argument.ty {
            ParameterType::Enum(index) if !argument.repeated => {
                let ty = rust_type::ty(types, &Type::Enum(index), At::Resource);
                Some(format!("let {name}: {ty} = {name}.into();", name = argument.name))
            }
            _ => None,
        });
        let statements = words.collect();
        let in_path = method.path_arguments.iter().filter_map(|&index| method.arguments.get(index));
        let in_path: Vec<String> = in_path.map(|argument| format!("&{}", argument.name)).collect();
        let in_path = in_path.join(", ");
        let in_query = method.arguments.iter().filter(|argument| !argument.in_path);
        let in_query: String = in_query
            .map(|argument| format!(".with_param({}, &{})", literal(&argument.wire), argument.name))
            .collect();
        let (generics, output, value) = if self.api.update_of(method).is_some() {
            let update = updates::name(self.api);
            let output = format!("{update}<'cb, {path}{marker}>");
            ("<'cb>", output, format!("{update}::new({client}, &[{in_path}])"))
        } else {
            let body = match &method.body {
                Some((name, payload)) => {
                    arguments.push(format!("{name}: {}", rust_type::payload(types, payload, At::Resource)));
                    format!("Some(&{name})")
                }
                None => "None".to_owned(),
            };
            let value = format!("Call::new({client}, &[{in_path}], {body})");
            ("", format!("Call<{path}{marker}>"), value)
        };
        let value = value + &in_query;
        self.source.function(&Function {
            name: name.to_string(),
            generics,
            arguments,
            output,
            statements,
            value,
        });
    }

    fn method_docs(&self, method: &Method) -> Vec<String> {
        let mut lines = docs::prose(method.docs.prose.as_deref(), self.schemas);
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("{} {}.{}", method.verb, code(&method.path), self.notes(method)));
        // If the method has exactly the client's default scopes, there is nothing to choose.
        if method.scopes != self.api.default_scopes {
            let name = |&index: &usize| self.api.scopes[index].name.as_str();
            let links = method.scopes.iter().map(name).map(|name| format!("[`{name}`](scopes::{name})"));
            list("Scopes:", links.collect(), &mut lines);
        }
        let line = |argument| argument_line(argument, self.schemas);
        let arguments: Vec<String> = method.arguments.iter().filter_map(line).collect();
        if !arguments.is_empty() {
            lines.push(String::new());
            lines.extend(arguments);
        }
        let page = if self.api.update_of(method).is_some() { updates::name(self.api) } else { "Call" };
        let anchors = self.anchors.get(&method.number).map(Vec::as_slice).unwrap_or_default();
        let setters = anchors::setters(self.api, method).into_iter().zip(anchors);
        let links = setters.map(|(name, anchor)| format!("[{}]({page}#{anchor})", code(name)));
        list("Optional:", links.collect(), &mut lines);
        lines
    }

    /// Sentences about the method in addition to its request.
    fn notes(&self, method: &Method) -> String {
        let api = self.api;
        let mut notes = String::new();
        if api.operation_of(&method.output).is_some() {
            notes.push_str(" Returns an operation that can be waited for.");
        }
        if method.download.is_some() {
            notes.push_str(" Can download media.");
        }
        match &method.upload {
            Some(Upload { max_size: Some(size), .. }) => {
                notes.push_str(&format!(" Can upload media of up to {size} bytes."));
            }
            Some(_) => notes.push_str(" Can upload media."),
            None => {}
        }
        if method.units != 1 {
            notes.push_str(&format!(" Costs {} quota units.", method.units));
        }
        if let Some(update) = api.update_of(method) {
            let list = code(&update.requests.wire);
            notes.push_str(&format!(" Applies all pushed {list}, or none."));
        }
        notes
    }

    /// The type of a method, its description, and the setters of its calls.
    pub(crate) fn marker(&mut self, method: &Method, owner: &str) {
        let marker = &method.marker;
        // Rustdoc cannot link to raw identifiers.
        let link = match method.function.as_str().starts_with("r#") {
            true => code(method.function.bare()),
            false => format!("[`{owner}::{}`]", method.function),
        };
        self.source.blank();
        self.source.docs(&[format!("See {link}.")]);
        self.source.line(format_args!("pub enum {marker} {{}}"));
        self.source.blank();
        self.facts(method);
        if let Some(paging) = &method.paging {
            self.source.blank();
            self.paged(marker, paging);
        }
        if method.upload.is_some() {
            self.source.blank();
            self.source.line(format_args!("impl runtime::AcceptsMedia for {marker} {{}}"));
        }
        if method.download.is_some() {
            self.source.blank();
            self.source.line(format_args!("impl runtime::ServesMedia for {marker} {{}}"));
        }
        match self.api.update_of(method) {
            Some(update) => {
                self.source.blank();
                updates::facts(self.api, method, update, self.source);
                if update.setters.is_empty() && method.setters.is_empty() {
                    return;
                }
                self.source.blank();
                self.source.open(format_args!("impl {}<'_, {marker}> {{", updates::name(self.api)));
                for setter in &update.setters {
                    self.source.blank();
                    updates::setter(self.api, setter, self.schemas, self.source);
                }
                for (parameter, name) in method.setters.iter().zip(&update.parameters) {
                    self.setter(parameter, name);
                }
                self.source.close("}");
            }
            None if !method.setters.is_empty() => {
                self.source.blank();
                self.source.open(format_args!("impl Call<{marker}> {{"));
                method.setters.iter().for_each(|parameter| self.setter(parameter, &parameter.name));
                self.source.close("}");
            }
            None => {}
        }
    }

    fn facts(&mut self, method: &Method) {
        let Method { marker, id, verb, path, api_version, request_id, units, upload, download, .. } = method;
        let service = if self.api.service_is_shadowed { "__Service" } else { self.api.service.as_str() };
        let output = rust_type::payload(&self.api.types, &method.output, At::Resource);
        let forms = forms(method);
        let row = format!("{marker}: {service} => {output}; {} {verb} {}", literal(id), literal(path));
        let request_id = request_id.as_ref().map(|name| format!("request_id: Some({})", literal(name)));
        let units = (*units != 1).then(|| format!("units: {units}"));
        if api_version.is_none() && upload.is_none() && download.is_none() {
            let facts: Vec<String> = forms.into_iter().chain(request_id).chain(units).collect();
            return match facts.as_slice() {
                [] => self.source.line(format_args!("method! {{ {row} }}")),
                facts => self.source.line(format_args!("method! {{ {row} {{ {} }} }}", facts.join(", "))),
            };
        }
        self.source.open(format_args!("method! {{ {row} {{"));
        if let Some(forms) = forms {
            self.source.line(format_args!("{forms},"));
        }
        if let Some(version) = api_version {
            self.source.line(format_args!("api_version: Some({}),", literal(version)));
        }
        for member in request_id.into_iter().chain(units) {
            self.source.line(format_args!("{member},"));
        }
        if let Some(Upload { simple_path, resumable_path, max_size, accept }) = upload {
            let accept = accept.iter().map(|kind| literal(kind)).collect::<Vec<_>>().join(", ");
            self.source.open(format_args!("upload: Some(&runtime::private::spec::UploadSpec {{"));
            self.source.line(format_args!("simple_path: {},", literal(simple_path)));
            self.source.line(format_args!("resumable_path: {},", literal(resumable_path)));
            self.source.line(format_args!("max_size: {max_size:?},"));
            self.source.line(format_args!("accept: &[{accept}],"));
            self.source.close("}),");
        }
        if let Some(Download { media_service }) = download {
            let spec = "runtime::private::spec::DownloadSpec";
            self.source.line(format_args!("download: Some({spec} {{ media_service: {media_service} }}),"));
        }
        self.source.close("} }");
    }

    fn paged(&mut self, marker: &Name, paging: &Paging) {
        let Paging { token, next, in_body, items } = paging;
        let body = if *in_body { "body " } else { "" };
        let (items, item) = match items {
            Some(Items { wire, item, of_map }) => {
                let item = rust_type::ty(&self.api.types, item, At::Resource);
                let item = if *of_map { format!("(::std::string::String, {item})") } else { item };
                (wire.as_str(), item)
            }
            None => ("", "runtime::Json".to_owned()),
        };
        let (token, next, items) = (literal(token), literal(next), literal(items));
        self.source.line(format_args!("paged! {{ {marker} => {item}; {body}{token} {next} {items} }}"));
    }

    fn setter(&mut self, parameter: &Parameter, name: &Name) {
        let ty = rust_type::parameter(&self.api.types, parameter, At::Resource);
        self.source.blank();
        self.source.docs(&docs::lines(&parameter.docs, self.schemas));
        gate::deprecated(parameter.docs.deprecated, self.source);
        self.source.open(format_args!("pub fn {name}(self, value: {ty}) -> Self {{"));
        self.source.line(format_args!("self.with_param({}, &value)", literal(&parameter.wire)));
        self.source.close("}");
    }
}

/// A paragraph with a heading, and one link in each line.
fn list(what: &str, links: Vec<String>, lines: &mut Vec<String>) {
    let last = links.len();
    if last > 0 {
        lines.extend([String::new(), what.to_owned()]);
    }
    for (index, link) in links.into_iter().enumerate() {
        lines.push(link + if index + 1 < last { "," } else { "." });
    }
}

/// The function that returns a resource. `client` is an expression.
pub(crate) fn accessor(resource: &Resource, client: &str, life: &str) -> Function {
    let Resource { accessor, module, name, .. } = resource;
    Function {
        name: accessor.to_string(),
        output: format!("{module}::{name}<{life}>"),
        value: format!("{module}::{name}({client})"),
        ..Function::default()
    }
}

/// An item in the list of arguments, if there is something to say. Prose of several paragraphs becomes one.
fn argument_line(argument: &Parameter, schemas: Schemas<'_>) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    if let Some(prose) = &argument.docs.prose {
        let joined = prose.split_whitespace().collect::<Vec<_>>().join(" ").replace("```", "`");
        parts.push(prose::lines(joined.strip_prefix("Required. ").unwrap_or(&joined), schemas).concat());
    }
    parts.extend(argument.docs.facts.iter().cloned());
    (!parts.is_empty()).then(|| format!("* {}: {}", code(argument.name.bare()), parts.join(", ")))
}

/// The forms of the values in the path, if the document describes at least one.
fn forms(method: &Method) -> Option<String> {
    let values = method.path_arguments.iter().filter_map(|&position| method.arguments.get(position));
    let forms: Vec<&str> = values.map(|value| value.form.as_deref().unwrap_or_default()).collect();
    let forms_known = forms.iter().any(|form| !form.is_empty());
    let list = || forms.iter().map(|form| literal(form)).collect::<Vec<_>>().join(", ");
    forms_known.then(|| format!("forms: &[{}]", list()))
}
