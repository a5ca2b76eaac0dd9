//! Converts members whose type differs from the format's. Clients that look at a member only when they need it, such
//! as google-api-python-client, can read such documents, so this generator can too.
//!
//! A number instead of text becomes its text, `null` means that there is no member, and anything instead of a schema
//! becomes any JSON value. Members without such a meaning are left out. All of these cause warnings. It is an error
//! only if nothing could be generated: if a container of resources, methods or schemas is something else. Within a
//! method, even that is only a warning, and the method is left out.

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::log::{Log, Place};

/// An object of the format: the members that this generator reads.
struct Shape(&'static [(&'static str, Kind)]);

/// The type of a member in the format.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    Texts,
    Flags,
    /// A list of objects.
    Objects(&'static Shape),
    /// An object that may be left out.
    Object(&'static Shape),
    /// A schema, a member of a schema or a parameter.
    Schema,
    /// An object whose members are such values, with names chosen by the API.
    Schemas,
    /// The same within a schema, which may be without them.
    Properties,
    Scopes,
    Methods,
    Resources,
}

use Kind::{
    Flag, Flags, Methods, Object, Objects, Properties, Resources, Schema, Schemas, Scopes, Text, Texts,
};

static DOCUMENT: Shape = Shape(&[
    ("auth", Object(&AUTH)),
    ("baseUrl", Text),
    ("batchPath", Text),
    ("canonicalName", Text),
    ("description", Text),
    ("documentationLink", Text),
    ("endpoints", Objects(&ENDPOINT)),
    ("features", Texts),
    ("id", Text),
    ("methods", Methods),
    ("mtlsRootUrl", Text),
    ("name", Text),
    ("resources", Resources),
    ("revision", Text),
    ("rootUrl", Text),
    ("schemas", Schemas),
    ("servicePath", Text),
    ("title", Text),
    ("version", Text),
]);
static AUTH: Shape = Shape(&[("oauth2", Object(&OAUTH2))]);
static OAUTH2: Shape = Shape(&[("scopes", Scopes)]);
static SCOPE: Shape = Shape(&[("description", Text)]);
static ENDPOINT: Shape = Shape(&[("endpointUrl", Text), ("location", Text)]);
static RESOURCE: Shape = Shape(&[("methods", Methods), ("resources", Resources)]);
static METHOD: Shape = Shape(&[
    ("apiVersion", Text),
    ("deprecated", Flag),
    ("description", Text),
    ("httpMethod", Text),
    ("id", Text),
    ("mediaUpload", Object(&MEDIA_UPLOAD)),
    ("parameterOrder", Texts),
    ("parameters", Schemas),
    ("path", Text),
    ("request", Schema),
    ("response", Schema),
    ("scopes", Texts),
    ("supportsMediaDownload", Flag),
    ("supportsMediaUpload", Flag),
    ("useMediaDownloadService", Flag),
]);
static MEDIA_UPLOAD: Shape =
    Shape(&[("accept", Texts), ("maxSize", Text), ("protocols", Object(&PROTOCOLS))]);
static PROTOCOLS: Shape = Shape(&[("resumable", Object(&PROTOCOL)), ("simple", Object(&PROTOCOL))]);
static PROTOCOL: Shape = Shape(&[("path", Text)]);
static SCHEMA: Shape = Shape(&[
    ("$ref", Text),
    ("additionalProperties", Schema),
    ("annotations", Object(&ANNOTATIONS)),
    ("default", Text),
    ("deprecated", Flag),
    ("description", Text),
    ("enum", Texts),
    ("enumDeprecated", Flags),
    ("enumDescriptions", Texts),
    ("format", Text),
    ("items", Schema),
    ("location", Text),
    ("maximum", Text),
    ("minimum", Text),
    ("pattern", Text),
    ("properties", Properties),
    ("readOnly", Flag),
    ("repeated", Flag),
    ("required", Flag),
    ("type", Text),
]);
static ANNOTATIONS: Shape = Shape(&[("required", Texts)]);

/// Gives every member of the document the type in the format.
///
/// # Errors
/// If the document or a container in it is not an object.
pub(super) fn mend(document: &mut Value, log: &mut Log<'_>) -> Result<(), Error> {
    match document {
        Value::Object(members) => object(members, &DOCUMENT, None, log),
        _ => Err(log.error_of_all("invalid type: expected an object")),
    }
}

fn object(
    members: &mut Map<String, Value>,
    shape: &Shape,
    parent: Option<&Place<'_>>,
    log: &mut Log<'_>,
) -> Result<(), Error> {
    let values = count(members, "enum");
    for (key, kind) in shape.0 {
        let Some(value) = members.get_mut(*key) else { continue };
        let place = match parent {
            Some(parent) => parent.below(key),
            None => Place::top(key),
        };
        if !member(value, *kind, &place, log)? {
            members.remove(*key);
        }
    }
    // Descriptions belong to values by their position, so their numbers must be equal.
    if count(members, "enum") != values {
        members.remove("enumDescriptions");
        members.remove("enumDeprecated");
    }
    Ok(())
}

fn count(members: &Map<String, Value>, key: &str) -> usize {
    members.get(key).and_then(Value::as_array).map_or(0, Vec::len)
}

/// Returns whether the member is kept.
fn member(value: &mut Value, kind: Kind, place: &Place<'_>, log: &mut Log<'_>) -> Result<bool, Error> {
    if value.is_null() {
        if !matches!(kind, Text | Schema) {
            log.warn(place, "`null` is read as if it were not there");
        }
        return Ok(false);
    }
    match kind {
        Text => Ok(text(value, place, log)),
        Flag => Ok(flag(value, place, log)),
        Texts => Ok(list(value, place, log, text)),
        Flags => Ok(list(value, place, log, flag)),
        Objects(shape) => {
            let Some(items) = value.as_array_mut() else { return Ok(left_out(place, "a list", log)) };
            items.retain(|item| item.is_object() || left_out(place, "an object", log));
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                object(item, shape, Some(place), log)?;
            }
            Ok(true)
        }
        Object(shape) => match value.as_object_mut() {
            Some(members) => object(members, shape, Some(place), log).map(|()| true),
            None => Ok(left_out(place, "an object", log)),
        },
        Schema => schema(value, place, log),
        Properties if !value.is_object() => Ok(left_out(place, "an object", log)),
        Schemas | Properties => each(value, place, log, schema).map(|()| true),
        Scopes => each(value, place, log, |value, place, log| member(value, Object(&SCOPE), place, log))
            .map(|()| true),
        Methods => each(value, place, log, method).map(|()| true),
        Resources => {
            each(value, place, log, |value, place, log| member(value, Object(&RESOURCE), place, log))
                .map(|()| true)
        }
    }
}

/// Warns about a value of another type. Returns `false`, because the value is not kept.
fn left_out(place: &Place<'_>, expected: &str, log: &mut Log<'_>) -> bool {
    log.warn(place, format!("expected {expected}: left out"));
    false
}

fn text(value: &mut Value, place: &Place<'_>, log: &mut Log<'_>) -> bool {
    if value.is_string() {
        return true;
    }
    if !(value.is_number() || value.is_boolean()) {
        return left_out(place, "a string", log);
    }
    let written = value.to_string();
    log.warn(place, format!("expected a string: `{written}` is read as its text"));
    *value = Value::String(written);
    true
}

fn flag(value: &mut Value, place: &Place<'_>, log: &mut Log<'_>) -> bool {
    let is_on = match value {
        Value::Bool(_) => return true,
        Value::String(text) if text == "true" => true,
        Value::String(text) if text == "false" => false,
        // In JSON Schema this is a list of required members.
        _ => return left_out(place, "`true` or `false`", log),
    };
    log.warn(place, format!("expected `true` or `false`: the string is read as `{is_on}`"));
    *value = Value::Bool(is_on);
    true
}

/// A list of strings or flags. A single one becomes a list.
fn list(
    value: &mut Value,
    place: &Place<'_>,
    log: &mut Log<'_>,
    item: fn(&mut Value, &Place<'_>, &mut Log<'_>) -> bool,
) -> bool {
    if !value.is_array() {
        if !item(value, place, log) {
            return false;
        }
        log.warn(place, "expected a list: the value is read as a list of one");
        *value = Value::Array(vec![value.take()]);
    }
    let Some(items) = value.as_array_mut() else { return false };
    let mut index = 0;
    items.retain_mut(|value| {
        let key = index.to_string();
        index += 1;
        item(value, &place.below(&key), log)
    });
    true
}

fn schema(value: &mut Value, place: &Place<'_>, log: &mut Log<'_>) -> Result<bool, Error> {
    match value {
        Value::Object(members) => return object(members, &SCHEMA, Some(place), log).map(|()| true),
        // `additionalProperties: false` in JSON Schema.
        Value::Bool(false) => return Ok(left_out(place, "a schema", log)),
        _ => {
            log.warn(place, "expected a schema: any JSON value");
            *value = json!({ "type": "any" });
        }
    }
    Ok(true)
}

fn method(value: &mut Value, place: &Place<'_>, log: &mut Log<'_>) -> Result<bool, Error> {
    let Value::Object(members) = value else { return Ok(left_out(place, "an object", log)) };
    match object(members, &METHOD, Some(place), log) {
        Ok(()) => Ok(true),
        Err(error) => {
            log.warn(place, format!("the method is left out: at `{}`: {}", error.path(), error.message()));
            Ok(false)
        }
    }
}

/// Mends each member of an object whose names were chosen by the API.
fn each(
    value: &mut Value,
    place: &Place<'_>,
    log: &mut Log<'_>,
    mend: fn(&mut Value, &Place<'_>, &mut Log<'_>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let Value::Object(members) = value else { return Err(log.error(place, "expected an object")) };
    let mut result = Ok(());
    members.retain(|key, value| match mend(value, &place.below(key), log) {
        Ok(stays) => stays,
        Err(error) => {
            if result.is_ok() {
                result = Err(error);
            }
            true
        }
    });
    result
}
