//! Writes calls that failed permanently as lines of JSON, from which they can be made again.

use std::io::Write;

use http::HeaderName;

use super::super::reply::Id;
use crate::call::request::Request;
use crate::value::Base64;
use crate::{Error, Json, Result};

/// Parameters that are credentials (<https://cloud.google.com/apis/docs/system-parameters>).
const CREDENTIALS: [&str; 3] = ["key", "access_token", "oauth_token"];

#[cfg(not(target_family = "wasm"))]
type Sink<'cb> = Box<dyn Write + Send + 'cb>;
#[cfg(target_family = "wasm")]
type Sink<'cb> = Box<dyn Write + 'cb>;

/// The writer for the lines.
pub(super) struct Failures<'cb> {
    sink: Sink<'cb>,
    is_dirty: bool,
}

impl<'cb> Failures<'cb> {
    pub(super) fn new(sink: impl Write + super::MaybeSend + 'cb) -> Self {
        Failures { sink: Box::new(sink), is_dirty: false }
    }

    /// Writes the line of a call.
    ///
    /// # Errors
    /// If writing fails.
    pub(super) fn note(&mut self, id: &Id, request: &Request, error: &Error) -> Result<()> {
        self.is_dirty = true;
        self.sink.write_all(line(id, request, error).as_bytes()).map_err(failed)
    }

    /// Flushes the writer.
    ///
    /// # Errors
    /// If flushing fails.
    pub(super) fn flush(&mut self) -> Result<()> {
        match std::mem::take(&mut self.is_dirty) {
            true => self.sink.flush().map_err(failed),
            false => Ok(()),
        }
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::io("the lines of failed calls cannot be written, so no more calls are taken", error)
}

/// A failed call with everything that is needed to make it again, except for credentials.
fn line(id: &Id, request: &Request, error: &Error) -> String {
    let mut query = request.parameters().clone();
    CREDENTIALS.iter().for_each(|name| query.remove(name));
    let mut path = format!("/{}", request.path());
    if !query.is_empty() {
        path.push('?');
        path.push_str(query.as_str());
    }
    let is_unknown = error.is_unknown_outcome() && !request.is_idempotent();
    let mut line = String::from("{");
    let mut member = |name: &str, value: &str| {
        let comma = if line.len() > 1 { "," } else { "" };
        line.push_str(&format!("{comma}\"{name}\":{value}"));
    };
    member("id", &id.as_given().map_or(Json::Null, Json::from).to_string());
    member("method", &Json::from(request.id()).to_string());
    member("error", &Json::from(error.to_string()).to_string());
    let status = error.status().or(error.response().map(|response| response.status));
    member("status", &status.map_or(Json::Null, |status| status.as_u16().into()).to_string());
    member("unknown", &Json::from(is_unknown).to_string());
    member("verb", &Json::from(request.verb().as_str()).to_string());
    member("path", &Json::from(path).to_string());
    let headers: serde_json::Map<_, _> = request
        .headers()
        .iter()
        .filter(|(name, _)| is_recorded(name))
        .filter_map(|(name, value)| Some((name.to_string(), Json::from(value.to_str().ok()?))))
        .collect();
    if !headers.is_empty() {
        member("headers", &Json::Object(headers).to_string());
    }
    match request.body() {
        None => member("body", "null"),
        Some(body) => match json(request, &body.bytes) {
            Some(text) => member("body", &text),
            None => {
                member("content_type", &Json::from(&*body.content_type).to_string());
                member("body_base64", &Json::from(Base64::from(&body.bytes[..]).as_str()).to_string());
            }
        },
    }
    line.push_str("}\n");
    line
}

/// Whether the line has this header: only headers that change what the call does. Others may be credentials.
fn is_recorded(name: &HeaderName) -> bool {
    name.as_str().starts_with("if-") || name == "x-goog-api-version"
}

/// The body as JSON in one line, as the caller passes it to a call: without the `data` member in which some APIs wrap
/// it.
fn json(request: &Request, bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    if !request.api().data_wrapper && !text.contains(['\n', '\r']) {
        return Some(text.to_owned());
    }
    let mut value: Json = serde_json::from_str(text).ok()?;
    if request.api().data_wrapper
        && let Some(data) = value.get_mut("data")
    {
        value = data.take();
    }
    Some(value.to_string())
}
