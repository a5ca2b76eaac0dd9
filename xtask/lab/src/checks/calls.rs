//! Random calls of random methods: their arguments, made from the document, and the Rust code for the call.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use gapis_codegen::Inventory;
use gapis_codegen::inventory::Location;
use serde_json::{Map, Value, json};

use super::choice::{Chosen, Named};
use super::random::rng;
use super::values::{Maker, Style};

/// Parameters that a dry run masks, so that their values cannot be compared.
const MASKED: [&str; 4] = ["key", "access_token", "oauth_token", "upload_id"];

/// A call with its arguments.
#[derive(Default)]
pub(crate) struct Call {
    /// The names of the resources and of the method: `files.list`.
    pub(crate) wire: String,
    resources: Vec<String>,
    method: String,
    /// Arguments by wire name.
    arguments: Map<String, Value>,
    body: Option<Value>,
    /// The parameters that are numbers with a fraction.
    numbers: BTreeSet<String>,
    /// The type of the media that the call uploads, if it does.
    media: Option<String>,
    /// The call as Rust code: `files().list().page_size(3)`.
    pub(crate) rust: String,
}

impl Call {
    /// The call as input for the Python script.
    pub(crate) fn for_python(&self) -> Value {
        let mut input =
            json!({ "resources": self.resources, "method": self.method, "arguments": self.arguments });
        for (name, value) in [("body", self.body.clone()), ("media", self.media.clone().map(Value::from))] {
            if let (Some(value), Some(input)) = (value, input.as_object_mut()) {
                input.insert(name.to_owned(), value);
            }
        }
        input
    }

    /// Normalizes the numbers in a query, `[[name, value], …]`, because one client writes `2` and the other `2.0`.
    pub(crate) fn normalize_numbers(&self, query: &mut Value) {
        for pair in query.as_array_mut().into_iter().flatten() {
            let Some([name, value]) = pair.as_array_mut().map(Vec::as_mut_slice) else { continue };
            let number = value.as_str().and_then(|text| text.parse::<f64>().ok());
            if let (Some(number), true) =
                (number, name.as_str().is_some_and(|name| self.numbers.contains(name)))
            {
                *value = json!(number);
            }
        }
    }
}

/// A method in the document.
struct Found<'d> {
    resources: Vec<&'d str>,
    method: &'d str,
    description: &'d Value,
}

impl Found<'_> {
    fn wire(&self) -> String {
        self.resources.iter().chain([&self.method]).copied().collect::<Vec<_>>().join(".")
    }
}

/// Chooses methods across all documents, taking turns. Returns patterns for `only`, or `None` for a document without a
/// chosen method.
pub(crate) fn pick(documents: &[Named], wanted: usize, seed: u64) -> Vec<Option<Vec<String>>> {
    let mut shuffled: Vec<Vec<String>> = documents
        .iter()
        .map(|(name, document)| {
            let api = document.get("name").and_then(Value::as_str).unwrap_or_default();
            let mut all: Vec<String> =
                methods(document).iter().map(|found| format!("{api}.{}", found.wire())).collect();
            rng(seed, &format!("methods of {name}")).shuffle(&mut all);
            all
        })
        .collect();
    let mut picked: Vec<Vec<String>> = vec![Vec::new(); documents.len()];
    let mut left = wanted;
    while left > 0 && shuffled.iter().any(|methods| !methods.is_empty()) {
        for (from, to) in shuffled.iter_mut().zip(&mut picked) {
            if let (Some(method), true) = (from.pop(), left > 0) {
                to.push(method);
                left -= 1;
            }
        }
    }
    picked.into_iter().map(|methods| (!methods.is_empty()).then_some(methods)).collect()
}

/// The methods of a document, except those whose request is raw bytes.
fn methods(document: &Map<String, Value>) -> Vec<Found<'_>> {
    fn collect<'d>(place: &'d Map<String, Value>, resources: &[&'d str], found: &mut Vec<Found<'d>>) {
        for (method, description) in members(place, "methods") {
            found.push(Found { resources: resources.to_vec(), method, description });
        }
        for (name, resource) in members(place, "resources") {
            if let Some(resource) = resource.as_object() {
                collect(resource, &[resources, &[name]].concat(), found);
            }
        }
    }
    let mut found = Vec::new();
    collect(document, &[], &mut found);
    found.retain(|found| !sends_bytes(document, found.description));
    found
}

fn members<'v>(value: &'v Map<String, Value>, member: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let map = value.get(member).and_then(Value::as_object);
    map.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn sends_bytes(document: &Map<String, Value>, method: &Value) -> bool {
    let name = method.pointer("/request/$ref").and_then(Value::as_str).unwrap_or_default();
    let schema = document.get("schemas").and_then(|schemas| schemas.get(name)).and_then(Value::as_object);
    schema.is_some_and(|schema| {
        members(schema, "properties").map(|(name, _)| name).eq(["contentType", "data", "extensions"])
    })
}

/// A call of each method of the crate.
pub(crate) fn of(chosen: &Chosen, seed: u64) -> Result<Vec<Call>> {
    let wanted: BTreeSet<&str> = chosen.inventory.methods.iter().map(|method| method.wire.as_str()).collect();
    let all = methods(&chosen.document);
    let calls = all.iter().filter(|found| wanted.contains(found.wire().as_str())).map(|found| {
        let place = format!("{} {}", chosen.name, found.wire());
        call(chosen, found, rng(seed, &place)).context(place)
    });
    calls.collect()
}

fn call(chosen: &Chosen, found: &Found<'_>, mut rng: Rng) -> Result<Call> {
    let mut call = Call {
        wire: found.wire(),
        resources: found.resources.iter().map(|&name| name.to_owned()).collect(),
        method: found.method.to_owned(),
        ..Call::default()
    };
    let path = found.description.get("path").and_then(Value::as_str).unwrap_or_default();
    let description = found.description.as_object().context("no object")?;
    for (name, parameter) in members(description, "parameters") {
        let is_needed = parameter.get("required") == Some(&json!(true))
            || parameter.get("location") == Some(&json!("path"));
        if !is_needed && (MASKED.contains(&name) || rng.f64() < 0.5) {
            continue;
        }
        let place = if path.contains(&format!("{{+{name}}}")) {
            Place::Names
        } else if path.contains(&format!("{{{name}}}")) {
            Place::Name
        } else {
            Place::Query
        };
        if parameter.get("type") == Some(&json!("number")) {
            call.numbers.insert(name.to_owned());
        }
        call.arguments.insert(name.to_owned(), argument(parameter, place, &mut rng));
    }
    for (name, value) in [("fields", "kind,items(id,a/b)"), ("quotaUser", "user 1&2")] {
        if rng.f64() < 0.2 && chosen.document.get("parameters").is_some_and(|all| all.get(name).is_some()) {
            call.arguments.entry(name.to_owned()).or_insert_with(|| json!(value));
        }
    }
    if let (Some(schema), Some(schemas)) =
        (found.description.get("request"), chosen.document.get("schemas").and_then(Value::as_object))
    {
        call.body = Some(Maker::new(schemas, rng.fork(), Style::Random).at_most(60).value(schema));
    }
    if let Some(upload) = found.description.get("mediaUpload").filter(|_| rng.f64() < 0.8) {
        call.media = Some(media_type(upload));
    }
    call.rust = rust(&chosen.inventory, &call)?;
    Ok(call)
}

/// A type of media that the method accepts.
fn media_type(upload: &Value) -> String {
    let accepted = upload.get("accept").and_then(Value::as_array).and_then(|all| all.first());
    match accepted.and_then(Value::as_str).unwrap_or("*/*") {
        "*/*" => "application/octet-stream".to_owned(),
        range => range.replace("/*", "/x-any"),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// `{x}`
    Name,
    /// `{+x}`
    Names,
    Query,
}

fn argument(parameter: &Value, place: Place, rng: &mut Rng) -> Value {
    if parameter.get("repeated") == Some(&json!(true)) && place == Place::Query {
        return (0..rng.usize(1..4)).map(|_| one(parameter, place, rng)).collect();
    }
    one(parameter, place, rng)
}

/// Values that are difficult in a query or in a single segment of a path.
const NAMES: &[&str] = &[
    "plain",
    "a b",
    "a/b",
    "a?b=c&d",
    "100%",
    "%2F",
    "a+b",
    "ünï ☃ 🦀",
    "x:y@z",
    "#1",
    "a;b,c",
    "\"quoted\"",
    "~a-b_c.d",
    "[a]",
    "{a}",
    "a\\b",
    "it's (so)!",
    "*",
    "$",
    "<a>|^`",
    "...",
    "e\u{301}\u{202e}",
    "a\tb\nc",
];

/// Values for `{+x}`. They do not contain `%41`, which Python treats as already encoded.
const SEGMENTS: &[&str] = &[
    "projects",
    "a b",
    "ünï ☃ 🦀",
    "x:y@z",
    "a;b,c",
    "100%",
    "it's (so)!",
    "~a-b_c.d",
    "a?b",
    "#1",
    "[a]",
    "{a}",
    "\\",
];

fn one(parameter: &Value, place: Place, rng: &mut Rng) -> Value {
    let text = |member: &str| parameter.get(member).and_then(Value::as_str).unwrap_or_default();
    if let Some(value) = parameter.get("enum").and_then(Value::as_array).and_then(|values| rng.choice(values))
    {
        return value.clone();
    }
    if place == Place::Query && text("type") == "string" && text("format").is_empty() && rng.f64() < 0.1 {
        return json!("");
    }
    if let Some(pattern) = parameter.get("pattern").and_then(Value::as_str).filter(|_| place != Place::Query)
        && let Some(name) = named(pattern, rng)
    {
        return json!(name);
    }
    let mut pick = |from: &[&str]| json!(rng.choice(from).copied().unwrap_or_default());
    match (text("type"), text("format")) {
        ("boolean", _) => json!(rng.bool()),
        ("integer", "uint32") => json!(rng.choice([0, 1, 500, u32::MAX])),
        ("integer", _) => json!(rng.choice([0, -1, 500, i32::MAX, i32::MIN])),
        ("number", _) => json!(rng.choice([0.5, -2.0, 0.0, 1024.25])),
        (_, "int64") => pick(&["0", "-1", "9223372036854775807", "-9223372036854775808"]),
        (_, "uint64") => pick(&["0", "1", "18446744073709551615"]),
        (_, "google-datetime" | "date-time") => {
            pick(&["2014-01-01T10:00:00.123456789+05:30", "2014-01-01T10:00:00Z"])
        }
        (_, "date") => pick(&["2014-01-31"]),
        (_, "google-duration") => pick(&["3.5s", "-1.000000001s"]),
        (_, "google-fieldmask") => pick(&["a,b.c", "*", "fooBar.baz,foo_bar"]),
        (_, "byte") => pick(&["-_8=", "+/8=", "AA==", "aGVsbG8gd29ybGQ="]),
        _ if place == Place::Names => {
            let segments: Vec<&str> =
                (0..rng.usize(1..5)).filter_map(|_| rng.choice(SEGMENTS).copied()).collect();
            json!(segments.join("/"))
        }
        _ => pick(NAMES),
    }
}

/// A name that matches a pattern of whole segments, such as `^projects/[^/]+/locations/.*$`. Our client refuses others.
fn named(pattern: &str, rng: &mut Rng) -> Option<String> {
    let form = pattern.strip_prefix('^')?.strip_suffix('$')?.replace("[^/]+", "*");
    let is_plain = |segment: &str| {
        segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':'))
    };
    let mut name = Vec::new();
    for segment in form.split('/') {
        match segment {
            "*" => name.push(rng.choice(SEGMENTS).copied()?),
            ".*" => name.extend((0..rng.usize(1..4)).filter_map(|_| rng.choice(SEGMENTS).copied())),
            literal if is_plain(literal) && !literal.is_empty() => name.push(literal),
            _ => return None,
        }
    }
    Some(name.join("/"))
}

/// The call as Rust code.
fn rust(inventory: &Inventory, call: &Call) -> Result<String> {
    let method =
        inventory.methods.iter().find(|method| method.wire == call.wire).context("not in the crate")?;
    let value = |wire: &str| call.arguments.get(wire);
    let mut arguments = Vec::new();
    for argument in &method.arguments {
        arguments.push(match (argument.location, value(&argument.wire), &call.body) {
            (Location::Body, _, Some(body)) => format!("body({:?})", body.to_string()),
            (Location::Body, ..) => {
                bail!("there is an argument for a body, but the method in the document has none")
            }
            (_, Some(value), _) => literal(inventory, &argument.ty, value)?,
            _ => bail!("the argument {:?} is not required in the document", argument.wire),
        });
    }
    let mut code = format!("{}({})", method.call, arguments.join(", "));
    let takes_body = method.arguments.iter().any(|argument| argument.location == Location::Body);
    match &call.body {
        Some(body) if method.update.is_some() => {
            code.push_str(&format!(".with_body(body({:?}))", body.to_string()));
        }
        Some(_) if !takes_body => bail!("there is no argument for the body"),
        _ => {}
    }
    for (wire, value) in &call.arguments {
        if method.arguments.iter().any(|argument| argument.wire == *wire) {
            continue;
        }
        let setter = method.setters.iter().find(|setter| setter.wire == *wire);
        let (name, ty) = match (setter, wire.as_str()) {
            (Some(setter), _) => (setter.name.as_str(), setter.ty.as_str()),
            (None, "fields") => ("fields", "&str"),
            (None, "quotaUser") => ("quota_user", "&str"),
            (None, "prettyPrint") => ("pretty_print", "bool"),
            _ => bail!("no setter for {wire:?}"),
        };
        code.push_str(&format!(".{name}({})", literal(inventory, ty, value)?));
    }
    if let Some(media) = &call.media {
        let way = if call.body.is_some() { "multipart" } else { "simple" };
        code.push_str(&format!(".upload(media({media:?})).{way}()"));
    }
    Ok(code)
}

/// A value as an argument of a type.
fn literal(inventory: &Inventory, ty: &str, value: &Value) -> Result<String> {
    if let Some(item) = ty.strip_prefix("&[").and_then(|ty| ty.strip_suffix(']')) {
        let items = value.as_array().context("a single value for a list")?;
        let items = items.iter().map(|value| literal(inventory, item, value)).collect::<Result<Vec<_>>>()?;
        return Ok(format!("&[{}]", items.join(", ")));
    }
    if let Some(ty) = ty.strip_prefix("impl Into<runtime::Open<").and_then(|ty| ty.strip_suffix(">>")) {
        return literal(inventory, ty, value);
    }
    if let Some(name) = ty.strip_prefix("enums::") {
        let found = inventory.enums.iter().find(|item| item.path == ty).context(ty.to_owned())?;
        let variant = found.variants.iter().find(|variant| Some(variant.wire.as_str()) == value.as_str());
        let variant = variant.with_context(|| format!("{ty} has no {value}"))?;
        return Ok(format!("enums::{name}::{}", variant.name));
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(match ty {
        "&str" => format!("{text:?}"),
        "bool" => text,
        "i32" | "u32" | "i64" | "u64" | "f32" | "f64" => format!("{text}_{ty}"),
        "&runtime::Base64" | "runtime::Base64" => {
            let by = if ty.starts_with('&') { "&" } else { "" };
            format!("{by}runtime::Base64::from_encoded({text:?})")
        }
        _ => match ty.strip_prefix('&') {
            Some(ty) if ty.starts_with("runtime::") => format!("&parsed::<{ty}>({text:?})"),
            None if ty.starts_with("runtime::") => format!("parsed::<{ty}>({text:?})"),
            _ => bail!("an argument of type {ty}"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn farm() -> (Vec<Named>, Inventory) {
        const FARM: &str = include_str!("../../../../discovery/farm.v2.json");
        let inventory = gapis_codegen::inventory(FARM.as_bytes(), &gapis_codegen::Options::default());
        let document = serde_json::from_str(FARM).expect("JSON");
        (vec![("farm.v2".to_owned(), document)], inventory.expect("an inventory"))
    }

    #[test]
    fn methods_are_picked_in_turns_and_without_repeating() {
        let (mut documents, _) = farm();
        documents.push(("empty".to_owned(), Map::new()));
        let picked = pick(&documents, 3, 1);
        assert_eq!(picked[0].as_ref().map(Vec::len), Some(3));
        assert_eq!(picked[1], None);
        assert_eq!(picked, pick(&documents, 3, 1));
        let all = pick(&documents, 1000, 1).remove(0).unwrap_or_default();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), methods(&documents[0].1).len());
        assert!(all.iter().all(|name| name.starts_with("farm.")));
    }

    #[test]
    fn literals_of_each_type() {
        let (_, inventory) = farm();
        let of = |ty: &str, value: Value| literal(&inventory, ty, &value).expect("a literal");
        assert_eq!(of("&str", json!("a\"\n")), "\"a\\\"\\n\"");
        assert_eq!(of("i64", json!("-9223372036854775808")), "-9223372036854775808_i64");
        assert_eq!(of("f64", json!(0.5)), "0.5_f64");
        assert_eq!(of("bool", json!(true)), "true");
        assert_eq!(of("&[&str]", json!(["a", "b"])), "&[\"a\", \"b\"]");
        assert_eq!(of("&runtime::DateTime", json!("x")), "&parsed::<runtime::DateTime>(\"x\")");
        assert_eq!(of("&[runtime::Base64]", json!(["AA=="])), "&[runtime::Base64::from_encoded(\"AA==\")]");
        assert!(literal(&inventory, "enums::None", &json!("A")).is_err());
    }

    #[test]
    fn raw_bytes_are_left_out() {
        let document = json!({
            "methods": { "put": { "request": { "$ref": "Body" } }, "get": {} },
            "schemas": { "Body": { "properties": { "contentType": {}, "data": {}, "extensions": {} } } },
        });
        let found: Vec<String> =
            methods(document.as_object().expect("an object")).iter().map(Found::wire).collect();
        assert_eq!(found, ["get"]);
    }

    #[test]
    fn numbers_have_one_form() {
        let call = Call { numbers: ["n".to_owned()].into(), ..Call::default() };
        let normal = |mut query: Value| {
            call.normalize_numbers(&mut query);
            query
        };
        assert_eq!(normal(json!([["n", "2"], ["m", "2"]])), normal(json!([["n", "2.0"], ["m", "2"]])));
        assert_ne!(normal(json!([["m", "2"]])), normal(json!([["m", "2.0"]])));
    }
}
