use std::time::Duration;

use gapis_mock::{Handlers, MockError, MockResponse};
use gapis_runtime::{Detail, Error, RetryPolicy};
use serde_json::json;

use gapis_testkit::zoo::{Get, on_table};

/// The error of a call with this response.
async fn error(answer: impl Into<MockResponse>) -> Error {
    let (handlers, answer) = (Handlers::new(), answer.into());
    handlers.on_raw::<Get>(move |_| answer.clone());
    on_table(&handlers).get("1").with_retry(RetryPolicy::none()).await.unwrap_err()
}

#[tokio::test]
async fn both_forms_of_an_api_s_error_are_one() {
    let detail = json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "STALLED",
        "domain": "zoo.test", "metadata": {"house": "east"}});
    let wait = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"});
    let quota = json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"subject": "project:1", "description": "too many"}]});
    let bad = json!({"@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": "name", "description": "too long"}]});
    let other = json!({"@type": "type.googleapis.com/google.rpc.Help", "links": []});
    let answer = MockError::new(400, "invalid", "No.").with_domain("usage").with_detail(detail);
    let error = error(answer.with_detail(wait).with_detail(quota).with_detail(bad).with_detail(other)).await;
    assert_eq!(error.to_string(), "400 Bad Request: No. (invalid)");
    let api = error.api_error().unwrap();
    assert_eq!((api.code, api.status.as_deref(), &*api.message), (400, Some("INVALID_ARGUMENT"), "No."));
    assert_eq!((api.reason(), api.domain(), api.errors.len()), (Some("invalid"), Some("usage"), 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    let details: Vec<_> = api.typed_details().collect();
    let [
        Detail::ErrorInfo(info),
        Detail::RetryInfo(_),
        Detail::QuotaFailure(quota),
        Detail::BadRequest(bad),
        Detail::Other(help),
    ] = &details[..]
    else {
        panic!("{details:?}")
    };
    assert_eq!((&*info.reason, &*info.domain, &*info.metadata["house"]), ("STALLED", "zoo.test", "east"));
    assert_eq!((&*quota.violations[0].subject, &*bad.field_violations[0].field), ("project:1", "name"));
    assert_eq!(help["links"], json!([]));
}

#[tokio::test]
async fn what_a_caller_decides_on_has_a_name() {
    type Holds = fn(&Error) -> bool;
    let kinds: [(MockResponse, Holds); 9] = [
        (MockError::not_found("x").into(), Error::is_not_found),
        (MockError::too_many_requests(None).into(), Error::is_rate_limited),
        (MockError::rate_limit_exceeded().into(), Error::is_rate_limited),
        (MockError::unauthenticated().into(), Error::is_credentials),
        (MockError::new(403, "forbidden", "no").into(), Error::is_permission_denied),
        (MockError::new(409, "duplicate", "there").into(), Error::is_conflict),
        (MockError::new(412, "conditionNotMet", "other").into(), Error::is_precondition_failed),
        (MockResponse::new(304), Error::is_not_modified),
        (MockResponse::html(200, "Login"), Error::is_decode),
    ];
    for (at, (answer, _)) in kinds.iter().enumerate() {
        let error = error(answer.clone()).await;
        for (other, (_, holds)) in kinds.iter().enumerate() {
            let same = at == other || (at == 1 || at == 2) && (other == 1 || other == 2);
            assert_eq!(holds(&error), same, "{at} {other}: {error}");
        }
    }
}

#[tokio::test]
async fn what_is_no_error_of_an_api_reads_well() {
    for (answer, expected) in [
        (MockResponse::new(500), "500 Internal Server Error, with an empty body"),
        (MockResponse::html(502, "Bad Gateway"), "502 Bad Gateway: Bad Gateway"),
        (MockResponse::new(404).with_body("nothing\nhere"), "404 Not Found: body: nothing here"),
        (
            MockResponse::json(400, &json!({"error": "invalid_grant", "error_description": "Bad."})),
            "400 Bad Request: Bad. (invalid_grant)",
        ),
    ] {
        assert_eq!(error(answer).await.to_string(), expected);
    }
}

#[tokio::test]
async fn a_body_that_does_not_decode_names_the_place_and_shows_a_snippet() {
    for (body, place) in [
        (r#"{"keeper": {"name": x}}"#, " at `keeper.name`"),
        (r#"{"tags": ["a", "b]}"#, " at `tags[1]`"),
        ("[]", ""),
        (r#"{"name": "a"#, ""),
        ("<html><body>Log in</body></html>", ""),
    ] {
        let error =
            error(MockResponse::new(200).with_header("content-type", "application/json").with_body(body))
                .await;
        let text = error.to_string();
        assert!(
            error.is_decode() && text.starts_with(&format!("cannot decode the response{place}")),
            "{text}"
        );
        let shown = if body.starts_with('<') { "Log in" } else { &body[1..body.len().min(12)] };
        assert!(text.contains(shown), "{text}");
        assert_eq!(error.response().unwrap().status.as_u16(), 200);
    }
}
