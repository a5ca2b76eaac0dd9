//! One line of input: a call as JSON, checked against the document and made into a request.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail};
use gapis_codegen::inventory::{Argument, Location};
use gapis_runtime::private::Request;
use gapis_runtime::private::spec::ApiSpec;
use gapis_runtime::{Body, Client, Encoded, Error, Param};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::table::{Api, Method};
use crate::near::did_you_mean;

/// A call as it is written. A reply with an error is one, too, so that it can be fed again.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a RawValue>,
    pub(super) method: String,
    /// Which API, where several have a method of that id: `drive:v3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) api: Option<String>,
    /// The user to act for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    /// As they are written, so that no number loses a digit.
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    params: BTreeMap<String, &'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    body: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    /// Whether the call may be executed twice, where its verb does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotent: Option<bool>,
    /// The number of its line where it was first read, if it is a reply.
    #[serde(default, skip_serializing)]
    pub(super) line: Option<u64>,
    #[serde(default, rename = "status", skip_serializing)]
    _status: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    error: Option<IgnoredAny>,
}

impl<'a> Call<'a> {
    /// Reads a line.
    pub(super) fn read(line: &'a str) -> Result<Self> {
        // Which line it is says the record.
        let place = |error: serde_json::Error| error.to_string().replace(" at line 1 column ", " at column ");
        serde_json::from_str(line).map_err(|error| anyhow!("not a call: {}", place(error)))
    }

    /// The request of it.
    pub(super) fn request(&self, client: &Client, api: &Api, method: &Method) -> Result<Request> {
        let known = || {
            let arguments = method.facts.arguments.iter().map(|argument| argument.wire.as_str());
            let setters = method.facts.setters.iter().map(|setter| setter.wire.as_str());
            arguments.chain(setters).chain(EVERY_CALL).filter(|name| !name.is_empty())
        };
        for name in self.params.keys() {
            if !known().any(|known| known == name) {
                match not_here(name) {
                    Some(why) => bail!("the parameter `{name}` cannot be set: {why}"),
                    None => bail!("no parameter `{}`{}", name.escape_debug(), did_you_mean(name, known())),
                }
            }
        }
        let mut values = Vec::with_capacity(method.variables.len());
        for variable in &method.variables {
            values.push(Texts::of(variable, self.needed(variable)?, false)?);
        }
        let values: Vec<&dyn Param> = values.iter().map(|value| value as &dyn Param).collect();
        let body = self.body.map(Json);
        let body = match (&body, method.takes_body) {
            (Some(_), false) => bail!("the method takes no body"),
            (body, _) => body.as_ref().map(|body| body as &dyn Body),
        };
        let mut request = Request::from_spec(client, api.spec, method.spec, &values, body);
        for Argument { wire, location, ty, .. } in &method.facts.arguments {
            if *location == Location::Query {
                let repeated = ty.starts_with('&') && ty != "&str";
                request.set_param(wire, &Texts::of(wire, self.needed(wire)?, repeated)?);
            }
        }
        for (name, value) in self.params() {
            let setter = method.facts.setters.iter().find(|setter| setter.wire == *name);
            if let Some(setter) = setter {
                request.set_param(name, &Texts::of(name, value, setter.ty.starts_with("&["))?);
            } else if EVERY_CALL.contains(&name) {
                request.set_param(name, &Texts::of(name, value, false)?);
            }
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(idempotent) = self.idempotent {
            request = request.idempotent(idempotent);
        }
        // Who feeds a failure again wants another attempt, whatever a journal says of the one before.
        Ok(if self.error.is_some() { request.resend() } else { request })
    }

    /// The parameters that are set.
    fn params(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        let params = self.params.iter().map(|(name, value)| (name.as_str(), *value));
        params.filter(|(_, value)| is_set(value))
    }

    fn needed(&self, name: &str) -> Result<&'a RawValue> {
        let value = self.params.get(name).filter(|value| is_set(value));
        value.copied().with_context(|| format!("the parameter `{name}` is missing"))
    }
}

/// A parameter that is `null` is not set: programs that write lines often write all of them.
fn is_set(value: &RawValue) -> bool {
    value.get() != "null"
}

/// Why a parameter that every method has cannot be set here.
fn not_here(name: &str) -> Option<&'static str> {
    match name {
        "alt" => Some("replies are JSON, and media cannot be in a batch"),
        "uploadType" | "upload_protocol" => Some("media cannot be in a batch"),
        "key" | "access_token" | "oauth_token" => Some("credentials are options of the command"),
        _ => None,
    }
}

/// The parameters that every method has and that say nothing of who is calling.
const EVERY_CALL: [&str; 3] = ["fields", "prettyPrint", "quotaUser"];

/// A value of a parameter as texts.
struct Texts(Vec<String>);

impl Texts {
    fn of(name: &str, value: &RawValue, repeated: bool) -> Result<Self> {
        if !value.get().starts_with('[') {
            return Ok(Texts(vec![text(name, value)?]));
        }
        if !repeated {
            bail!("the parameter `{name}` takes one value, not a list");
        }
        let values: Vec<&RawValue> = serde_json::from_str(value.get())?;
        Ok(Texts(values.into_iter().map(|value| text(name, value)).collect::<Result<_>>()?))
    }
}

/// A text as it is meant, a number as it is written, or a boolean.
fn text(name: &str, value: &RawValue) -> Result<String> {
    let written = value.get();
    match written.as_bytes().first() {
        Some(b'"') => Ok(serde_json::from_str(written)?),
        Some(b'-' | b'0'..=b'9' | b't' | b'f') => Ok(written.to_owned()),
        _ => bail!("the parameter `{name}` must be text, a number or a boolean"),
    }
}

impl Param for Texts {
    fn each(&self, f: &mut dyn FnMut(&str)) {
        self.0.iter().for_each(|text| f(text));
    }
}

/// A body as it is written.
struct Json<'a>(&'a RawValue);

impl Body for Json<'_> {
    fn encode(&self, api: &ApiSpec) -> Result<Encoded, Error> {
        let json = self.0.get();
        let text = if api.data_wrapper { format!("{{\"data\":{json}}}") } else { json.to_owned() };
        Ok(Encoded::json(text.into()))
    }
}
