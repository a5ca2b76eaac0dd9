//! The details of `google.rpc.Status` that programs make decisions on, as types. The names are those of
//! [`google/rpc/error_details.proto`](https://cloud.google.com/apis/design/errors#error_details).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// One detail of an error.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Detail {
    /// What went wrong, for a program.
    ErrorInfo(ErrorInfo),
    /// When to try again.
    RetryInfo(RetryInfo),
    /// Which quotas are used up.
    QuotaFailure(QuotaFailure),
    /// Which members of the request are wrong.
    BadRequest(BadRequest),
    /// Any other detail, as received.
    Other(Value),
}

/// What went wrong, for a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorInfo {
    /// The reason, which is unique within the domain: `API_KEY_INVALID`.
    pub reason: String,
    /// The service that defines the reason: `googleapis.com`.
    pub domain: String,
    /// Further facts, by name.
    pub metadata: BTreeMap<String, String>,
}

/// When to try again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryInfo {
    /// The minimum time to wait, if the server states one.
    pub retry_delay: Option<Duration>,
}

/// Which quotas are used up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotaFailure {
    /// The quotas.
    pub violations: Vec<QuotaViolation>,
}

/// A quota that is used up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotaViolation {
    /// The owner of the quota: `project:my-project`.
    pub subject: String,
    /// A description for developers.
    pub description: String,
}

/// Which members of the request are wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadRequest {
    /// The members.
    pub field_violations: Vec<FieldViolation>,
}

/// A member of the request that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldViolation {
    /// Its path in the request: `emails[1].type`.
    pub field: String,
    /// A description for developers.
    pub description: String,
}

impl Detail {
    pub(super) fn parse(value: &Value) -> Detail {
        let items = |member: &str| value.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
        match type_name(value) {
            "ErrorInfo" => Detail::ErrorInfo(ErrorInfo {
                reason: text(value, "reason"),
                domain: text(value, "domain"),
                metadata: metadata(value),
            }),
            "RetryInfo" => Detail::RetryInfo(RetryInfo { retry_delay: delay(value) }),
            "QuotaFailure" => {
                let violation = |item: &Value| QuotaViolation {
                    subject: text(item, "subject"),
                    description: text(item, "description"),
                };
                Detail::QuotaFailure(QuotaFailure {
                    violations: items("violations").iter().map(violation).collect(),
                })
            }
            "BadRequest" => {
                let violation = |item: &Value| FieldViolation {
                    field: text(item, "field"),
                    description: text(item, "description"),
                };
                let field_violations = items("fieldViolations").iter().map(violation).collect();
                Detail::BadRequest(BadRequest { field_violations })
            }
            _ => Detail::Other(value.clone()),
        }
    }
}

/// The message name in `type.googleapis.com/google.rpc.ErrorInfo`; empty for other packages.
pub(super) fn type_name(detail: &Value) -> &str {
    let url = detail.get("@type").and_then(Value::as_str).unwrap_or_default();
    let full = url.rsplit('/').next().unwrap_or_default();
    full.strip_prefix("google.rpc.").unwrap_or_default()
}

fn text(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn metadata(value: &Value) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    for (name, value) in value.get("metadata").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = value.as_str() {
            metadata.insert(name.clone(), value.to_owned());
        }
    }
    metadata
}

/// `"3.5s"`
fn delay(value: &Value) -> Option<Duration> {
    let delay: crate::Duration = value.get("retryDelay")?.as_str()?.parse().ok()?;
    delay.to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn common_details_are_typed_and_others_kept() {
        let parse = |name: &str, mut value: Value| {
            value["@type"] = format!("type.googleapis.com/google.rpc.{name}").into();
            Detail::parse(&value)
        };
        let delay = parse("RetryInfo", json!({"retryDelay": "3.5s"}));
        assert_eq!(delay, Detail::RetryInfo(RetryInfo { retry_delay: Some(Duration::from_millis(3500)) }));
        for bad in ["3", "s", "-1s", "NaNs", "1e400s"] {
            let none = parse("RetryInfo", json!({"retryDelay": bad}));
            assert_eq!(none, Detail::RetryInfo(RetryInfo::default()), "{bad}");
        }
        let Detail::ErrorInfo(info) =
            parse("ErrorInfo", json!({"reason": "R", "metadata": {"a": "b", "n": 1}}))
        else {
            panic!("not an ErrorInfo")
        };
        assert_eq!((info.reason.as_str(), info.metadata.len()), ("R", 1));
        let violations = json!({"fieldViolations": [{"field": "name", "description": "too long"}, 7]});
        let Detail::BadRequest(bad) = parse("BadRequest", violations) else { panic!("not a BadRequest") };
        assert_eq!(bad.field_violations[0].field, "name");
        let Detail::QuotaFailure(quota) = parse("QuotaFailure", json!({"violations": [{"subject": "p"}]}))
        else {
            panic!("not a QuotaFailure")
        };
        assert_eq!(quota.violations[0].subject, "p");
        assert!(matches!(parse("Help", json!({})), Detail::Other(_)));
        assert!(matches!(Detail::parse(&json!({"@type": "x/my.ErrorInfo"})), Detail::Other(_)));
    }
}
