//! The state of an operation: whether it is done, and how it ended.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::call::reading::from_json;
use crate::wire::spec::{ApiSpec, MethodSpec, Polling};
use crate::{ApiError, Error, RawResponse, Result};

/// An operation as received.
pub(super) struct State(Map<String, Value>);

impl State {
    pub(super) fn read(api: &ApiSpec, answer: &RawResponse) -> Result<State> {
        // As elsewhere, an empty body is a value without members.
        from_json::<Option<Map<String, Value>>>(api, answer).map(|members| State(members.unwrap_or_default()))
    }

    /// The text of a member, unless it is missing or empty.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str().filter(|text| !text.is_empty())
    }

    /// The operation's name, empty if it has none.
    pub(super) fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    /// How the operation ended, or `None` if it is not done.
    pub(super) fn end(&self, polling: &Polling, method: &str, answer: &RawResponse) -> Option<Result<()>> {
        let is_done = match polling.by_status {
            true => self.text("status") == Some("DONE"),
            false => self.0.get("done") == Some(&Value::Bool(true)),
        };
        is_done.then(|| match self.error() {
            None => Ok(()),
            Some(error) => {
                let what = format!("{method}: the operation `{}` failed", self.name());
                Err(Error::operation(&what, error, answer.clone()))
            }
        })
    }

    /// The error of a finished operation.
    fn error(&self) -> Option<ApiError> {
        let http = self.0.get("httpErrorStatusCode").and_then(Value::as_u64).filter(|&code| code != 0);
        let error = self.0.get("error").filter(|error| is_error(error));
        if error.is_none() && http.is_none() {
            return None;
        }
        let mut error = error.map(ApiError::of_operation).unwrap_or_default();
        if let Some(http) = http.and_then(|code| u16::try_from(code).ok()) {
            error.code = http;
        }
        if error.message.is_empty() {
            error.message = self.text("httpErrorMessage").unwrap_or_default().to_owned();
        }
        Some(error)
    }
}

/// Whether the value is an error. An empty error has the code for success, so it is not one.
fn is_error(error: &Value) -> bool {
    let says = |member: &Value| match member {
        Value::Null => false,
        Value::Number(number) => number.as_u64() != Some(0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    };
    error.as_object().is_some_and(|error| {
        ["code", "message", "errors"].iter().any(|name| error.get(*name).is_some_and(says))
    })
}

/// Decodes the member `response` of an operation.
pub(super) fn response<T: DeserializeOwned>(
    api: &ApiSpec,
    _: &MethodSpec,
    answer: &RawResponse,
) -> Result<T> {
    let mut operation: Map<String, Value> = from_json(api, answer)?;
    let whole = operation.remove("response").unwrap_or_default();
    let mut bare = whole.clone();
    let is_typed = bare.as_object_mut().is_some_and(|members| members.remove("@type").is_some());
    let is_empty = bare.as_object().is_some_and(Map::is_empty);
    let decoded = serde_path_to_error::deserialize::<_, T>(bare);
    decoded.or_else(|error| {
        // `@type` may be needed to choose an enum's variant, and an empty result may be read as `()`.
        let other = if is_typed { T::deserialize(whole).ok() } else { None };
        let other = other.or_else(|| is_empty.then(|| T::deserialize(Value::Null).ok()).flatten());
        other.ok_or_else(|| {
            let path = error.path().to_string();
            let path = if path == "." { "response".to_owned() } else { format!("response.{path}") };
            Error::decode(path, error.into_inner(), &answer.body)
        })
    })
}
