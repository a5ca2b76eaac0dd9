//! The API's own error. Both formats, the older one with `errors[]` and `google.rpc.Status`, are read into one type.

use http::StatusCode;
use serde_json::Value;

use super::details::Detail;
use crate::wire::words::{self, Passes};

/// The error in an API's response. Members that the server did not send are empty.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// The code in the body, usually the HTTP status.
    pub code: u16,
    /// The canonical status, `NOT_FOUND`, if the server sent one.
    pub status: Option<String>,
    /// The message for a developer.
    pub message: String,
    /// The list `errors[]` of the older format.
    pub errors: Vec<ErrorItem>,
    /// The details of `google.rpc.Status`, each with its `@type`.
    pub details: Vec<Value>,
}

/// An item of `errors[]` in the older format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorItem {
    /// The area that defines the reason: `global`, `usageLimits`.
    pub domain: String,
    /// The reason, for programs: `notFound`, `rateLimitExceeded`.
    pub reason: String,
    /// The message for a developer.
    pub message: String,
    /// The name of the parameter or header that is wrong.
    pub location: String,
    /// The kind of the location: `parameter`, `header`.
    pub location_type: String,
}

impl ApiError {
    /// Reads the error from a body. If the body is not an API error, the result has the code only.
    pub(super) fn parse(status: StatusCode, body: &[u8]) -> ApiError {
        let value: Value = crate::value::parse_body(body).unwrap_or_default();
        // Some servers respond with a list of one error.
        let value = value.get(0).unwrap_or(&value);
        let mut found = ApiError { code: status.as_u16(), ..ApiError::default() };
        match value.get("error") {
            Some(Value::Object(error)) => {
                if let Some(code) = error.get("code").and_then(Value::as_u64) {
                    found.code = u16::try_from(code).unwrap_or(found.code);
                }
                found.status = error.get("status").and_then(Value::as_str).map(str::to_owned);
                found.message = text(error.get("message"));
                found.errors = list(error.get("errors")).iter().map(ErrorItem::parse).collect();
                found.details = list(error.get("details")).to_vec();
            }
            // The OAuth 2 format (RFC 6749, section 5.2).
            Some(Value::String(reason)) => {
                found.message = text(value.get("error_description"));
                if found.message.is_empty() {
                    found.message = text(value.get("message"));
                }
                found.errors.push(ErrorItem { reason: reason.clone(), ..ErrorItem::default() });
            }
            _ => {}
        }
        if found.message.is_empty() {
            found.message = found
                .errors
                .iter()
                .map(|item| item.message.clone())
                .find(|m| !m.is_empty())
                .unwrap_or_default();
        }
        found
    }

    /// Reads the error of a long-running operation: `google.rpc.Status`, or Compute Engine's list, whose items have
    /// the reason in `code` and details of their own format.
    pub(crate) fn of_operation(error: &Value) -> ApiError {
        let code = error.get("code");
        let items = list(error.get("errors"));
        let details = items.iter().flat_map(|item| list(item.get("errorDetails"))).filter_map(error_info);
        let mut found = ApiError {
            code: code.and_then(Value::as_u64).map_or(0, http_code),
            status: code.and_then(Value::as_u64).and_then(status_name).map(str::to_owned),
            message: text(error.get("message")),
            errors: items.iter().map(ErrorItem::of_operation).collect(),
            details: list(error.get("details")).iter().cloned().chain(details).collect(),
        };
        if found.message.is_empty() {
            found.message = found.errors.first().map(|item| item.message.clone()).unwrap_or_default();
        }
        found
    }

    /// The first reason: from `errors[]`, or else from an `ErrorInfo` in the details.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        let legacy = self.errors.iter().map(|item| item.reason.as_str()).find(|reason| !reason.is_empty());
        legacy.or_else(|| self.info("reason"))
    }

    /// The domain of the [`reason`](Self::reason).
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        let legacy = self.errors.iter().map(|item| item.domain.as_str()).find(|domain| !domain.is_empty());
        legacy.or_else(|| self.info("domain"))
    }

    fn info(&self, member: &str) -> Option<&str> {
        let is_info = |detail: &&Value| super::details::type_name(detail) == "ErrorInfo";
        self.details.iter().find(is_info)?.get(member)?.as_str()
    }

    /// When calls are accepted again, if the error reports a limit. Of several times, the latest applies.
    pub(super) fn limit(&self) -> Option<Passes> {
        let legacy = self.errors.iter().map(|item| words::of_reason(&item.reason, &item.domain));
        let typed = self.details.iter().map(|detail| {
            let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
            match super::details::type_name(detail) {
                "ErrorInfo" => {
                    let unit = text(detail.get("metadata").and_then(|metadata| metadata.get("quota_unit")));
                    let reason = words::of_reason(&text(detail.get("reason")), &text(detail.get("domain")));
                    reason.max(words::of_quota_unit(&unit))
                }
                _ => None,
            }
        });
        let status = self.status.as_deref().and_then(words::of_status);
        legacy.chain(typed).max().flatten().max(status).max(words::of_message(&self.message))
    }

    /// What to do, if the reason is about the quota project or the token.
    pub(super) fn advice(&self) -> Option<&'static str> {
        let legacy = self.errors.iter().map(|item| &*item.reason);
        let mut reasons = legacy.chain(self.info("reason"));
        reasons.find_map(words::advice)
    }

    /// The details, typed if their type is a common one.
    pub fn typed_details(&self) -> impl Iterator<Item = Detail> {
        self.details.iter().map(Detail::parse)
    }
}

impl ErrorItem {
    fn parse(value: &Value) -> ErrorItem {
        ErrorItem {
            domain: text(value.get("domain")),
            reason: text(value.get("reason")),
            message: text(value.get("message")),
            location: text(value.get("location")),
            location_type: text(value.get("locationType")),
        }
    }

    fn of_operation(value: &Value) -> ErrorItem {
        ErrorItem { reason: text(value.get("code")), ..ErrorItem::parse(value) }
    }
}

/// The `errorInfo` in one of Compute Engine's details, in the usual format of a detail.
fn error_info(detail: &Value) -> Option<Value> {
    let mut info = detail.get("errorInfo")?.as_object()?.clone();
    info.entry("@type").or_insert_with(|| "type.googleapis.com/google.rpc.ErrorInfo".into());
    Some(Value::Object(info))
}

/// The canonical codes (`google/rpc/code.proto`), by number: their names and the corresponding HTTP statuses.
const CANONICAL: [(&str, u16); 17] = [
    ("OK", 200),
    ("CANCELLED", 499),
    ("UNKNOWN", 500),
    ("INVALID_ARGUMENT", 400),
    ("DEADLINE_EXCEEDED", 504),
    ("NOT_FOUND", 404),
    ("ALREADY_EXISTS", 409),
    ("PERMISSION_DENIED", 403),
    ("RESOURCE_EXHAUSTED", 429),
    ("FAILED_PRECONDITION", 400),
    ("ABORTED", 409),
    ("OUT_OF_RANGE", 400),
    ("UNIMPLEMENTED", 501),
    ("INTERNAL", 500),
    ("UNAVAILABLE", 503),
    ("DATA_LOSS", 500),
    ("UNAUTHENTICATED", 401),
];

fn canonical(code: u64) -> Option<(&'static str, u16)> {
    CANONICAL.get(usize::try_from(code).ok()?).copied()
}

fn status_name(code: u64) -> Option<&'static str> {
    canonical(code).map(|(name, _)| name)
}

/// The HTTP status for a canonical code. An HTTP status is returned as is; any other number becomes 0.
fn http_code(code: u64) -> u16 {
    let status = || u16::try_from(code).ok().filter(|&code| StatusCode::from_u16(code).is_ok());
    canonical(code).map(|(_, status)| status).or_else(status).unwrap_or(0)
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> ApiError {
        ApiError::parse(StatusCode::BAD_REQUEST, body.as_bytes())
    }

    #[test]
    fn the_rpc_form_gives_status_reason_and_domain() {
        let error = parse(
            r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"bad","details":[
                {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}"#,
        );
        assert_eq!(error.status.as_deref(), Some("INVALID_ARGUMENT"));
        assert_eq!((error.reason(), error.domain()), (Some("API_KEY_INVALID"), Some("googleapis.com")));
    }

    #[test]
    fn the_oauth_form_and_a_list_of_one_are_understood() {
        let error = parse(r#"{"error":"invalid_grant","error_description":"Token has been revoked."}"#);
        assert_eq!(
            (error.reason(), error.message.as_str()),
            (Some("invalid_grant"), "Token has been revoked.")
        );
        assert_eq!(parse(r#"[{"error":{"message":"listed"}}]"#).message, "listed");
    }

    #[test]
    fn what_is_no_error_gives_the_code_alone() {
        for body in
            ["", "null", "[]", "<html>", r#"{"error":null}"#, r#"{"error":{"errors":7,"code":99999}}"#]
        {
            assert_eq!(parse(body), ApiError { code: 400, ..ApiError::default() }, "{body}");
        }
    }
}
