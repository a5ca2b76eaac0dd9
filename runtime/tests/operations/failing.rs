//! Operations that fail, and responses that are not operations.

use gapis_runtime::{Detail, Error};
use serde_json::json;

use gapis_testkit::longrunning::farm::Barn;
use gapis_testkit::longrunning::*;

async fn error(answer: (u16, gapis_runtime::Json)) -> Error {
    let peer = Peer::new([going(0), answer]);
    let mut told = 0;
    let error = peer.farm().build(Barn::default()).wait().on_progress(|_| told += 1).await.unwrap_err();
    assert_eq!((told, peer.sent().len()), (2, 2), "the last answer is told too");
    error
}

#[tokio::test(start_paused = true)]
async fn a_status_of_google_rpc() {
    let details = json!([{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "NO_SUCH_FARM", "domain": "farm.test"
    }]);
    let error = error(failed(json!({ "code": 5, "message": "no farm f", "details": details }))).await;
    assert!(error.is_operation() && error.is_not_found() && !error.is_status(), "{error}");
    assert_eq!(
        error.to_string(),
        "farm.operations.get: the operation `farms/f/operations/o` failed: 404 Not Found: no farm f (NO_SUCH_FARM)"
    );
    assert_eq!((error.status().map(u16::from), error.reason()), (Some(404), Some("NO_SUCH_FARM")));
    let api = error.api_error().unwrap();
    assert_eq!((api.code, api.status.as_deref()), (404, Some("NOT_FOUND")));
    assert!(
        matches!(api.typed_details().next(), Some(Detail::ErrorInfo(info)) if info.domain == "farm.test")
    );
    assert!(error.response().is_some_and(|response| response.status.is_success()));
}

#[tokio::test(start_paused = true)]
async fn codes_become_statuses() {
    let told = |code: u64| error(failed(json!({ "code": code, "message": "m" })));
    assert!(told(8).await.is_rate_limited());
    assert!(told(7).await.is_permission_denied());
    assert!(told(6).await.is_conflict());
    assert!(told(16).await.is_credentials());
    // Some servers have an HTTP status there.
    assert_eq!(told(412).await.status().map(u16::from), Some(412));
    for unknown in [17, 70_000, u64::MAX] {
        let error = told(unknown).await;
        assert!(error.is_operation() && error.status().is_none(), "{error}");
        assert!(error.to_string().ends_with("failed: m"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_error_is_none() {
    for empty in [json!({}), json!({ "code": 0 }), json!(null), json!({ "message": "", "details": [] })] {
        let peer = Peer::new([failed(empty)]);
        assert!(peer.farm().build(Barn::default()).wait().await.is_ok());
    }
    let error = error(failed(json!({ "code": 13 }))).await;
    assert!(error.to_string().ends_with("500 Internal Server Error: no message"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_errors_of_compute_engine() {
    let failed = json!({
        "name": "operation-1", "status": "DONE", "httpErrorStatusCode": 403, "httpErrorMessage": "FORBIDDEN",
        "error": { "errors": [{
            "code": "QUOTA_EXCEEDED", "message": "no more CPUs", "location": "zone",
            "errorDetails": [{ "errorInfo": { "reason": "CPUS", "domain": "yard.test" } }, { "help": {} }]
        }] }
    });
    let error = Peer::new([(200, failed)]).yard().insert("p", "z").wait().await.unwrap_err();
    assert!(error.is_operation() && error.is_permission_denied(), "{error}");
    assert_eq!(
        error.to_string(),
        "yard.machines.insert: the operation `operation-1` failed: 403 Forbidden: no more CPUs (QUOTA_EXCEEDED)"
    );
    let api = error.api_error().unwrap();
    assert_eq!((error.reason(), api.errors[0].location.as_str()), (Some("QUOTA_EXCEEDED"), "zone"));
    assert!(matches!(api.typed_details().next(), Some(Detail::ErrorInfo(info)) if info.reason == "CPUS"));
}

#[tokio::test(start_paused = true)]
async fn other_errors_of_that_form() {
    let told = async |members: gapis_runtime::Json| {
        let mut operation = json!({ "name": "o", "status": "DONE" });
        operation.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        Peer::new([(200, operation)]).yard().insert("p", "z").wait().await
    };
    // Cloud SQL has no status; Kubernetes Engine has a google.rpc.Status.
    let sql =
        told(json!({ "error": { "errors": [{ "code": "INTERNAL_ERROR", "message": "broken" }] } })).await;
    let sql = sql.unwrap_err();
    assert!(sql.is_operation() && sql.status().is_none(), "{sql}");
    assert!(sql.to_string().ends_with("failed: broken (INTERNAL_ERROR)"), "{sql}");
    assert_eq!(
        told(json!({ "error": { "code": 3, "message": "m" } })).await.unwrap_err().status().map(u16::from),
        Some(400)
    );
    let bare =
        told(json!({ "httpErrorStatusCode": 404, "httpErrorMessage": "NOT FOUND" })).await.unwrap_err();
    assert!(bare.is_not_found() && bare.to_string().ends_with("404 Not Found: NOT FOUND"), "{bare}");
    assert!(told(json!({ "error": { "errors": [] }, "httpErrorStatusCode": 0 })).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_call_itself_fails() {
    let peer = Peer::new([(400, json!({ "error": { "code": 400, "message": "bad" } }))]);
    let error = peer.farm().build(Barn::default()).wait().await.unwrap_err();
    assert!(
        error.is_status() && !error.is_operation() && error.status().map(u16::from) == Some(400),
        "{error}"
    );
    let peer = Peer::new([going(0), (404, json!({ "error": { "code": 404, "message": "forgotten" } }))]);
    let error = peer.farm().build(Barn::default()).wait().await.unwrap_err();
    assert!(error.is_not_found() && !error.is_operation(), "{error}");
    let error = peer.farm().operation("..").wait().await.unwrap_err();
    assert!(error.is_input(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_operation() {
    for body in [json!([]), json!("x"), json!(7)] {
        let peer = Peer::new([(200, body)]);
        assert!(peer.farm().build(Barn::default()).wait().await.unwrap_err().is_decode());
    }
    for body in [json!({}), json!(null), json!({ "name": "", "done": false })] {
        let peer = Peer::new([(200, body)]);
        let error = peer.farm().build(Barn::default()).wait().await.unwrap_err();
        assert!(error.is_protocol(), "{error}");
        assert_eq!(peer.sent().len(), 1);
    }
}
