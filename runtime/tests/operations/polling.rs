//! How often and how long an operation is polled, and the result.

use std::collections::BTreeMap;
use std::time::Duration;

use gapis_runtime::{PollPolicy, RetryPolicy};
use serde_json::json;
use tokio::time::Instant;

use gapis_testkit::longrunning::farm::Barn;
use gapis_testkit::longrunning::*;

#[tokio::test(start_paused = true)]
async fn done_at_once_is_not_asked_for() {
    let peer = Peer::new([done(json!({ "doors": 2 }))]);
    let operation = peer.farm().build(Barn::default()).wait().await.unwrap();
    assert_eq!(operation.response.unwrap()["doors"], 2);
    let sent = peer.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].line, "POST https://farm.test/v1/farms/f/barns?alt=json");
}

#[tokio::test(start_paused = true)]
async fn three_polls_and_their_waits() {
    let peer = Peer::new([going(0), going(30), going(60), done(json!({}))]);
    let operation = peer.farm().build(Barn::default()).wait().await.unwrap();
    assert_eq!(operation.done, Some(true));
    assert_eq!(peer.polls(), vec!["GET https://farm.test/v1/farms/f/operations/o"; 3]);
    let sent = peer.sent();
    for (pair, longest) in sent.windows(2).zip([1000, 2000, 4000]) {
        let wait = (pair[1].at - pair[0].at).as_millis();
        // The clock of the timers counts whole milliseconds.
        assert!((longest / 2..=longest + 1).contains(&wait), "{wait} of {longest}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_grow_to_their_limit() {
    let peer = Peer::new((0..12).map(going).chain([done(json!({}))]));
    peer.farm().build(Barn::default()).wait().await.unwrap();
    let sent = peer.sent();
    for pair in sent.windows(2).skip(5) {
        let wait = (pair[1].at - pair[0].at).as_millis();
        assert!((10_000..=20_001).contains(&wait), "{wait}");
    }
    let peer = Peer::new((0..12).map(going).chain([done(json!({}))]));
    let policy = PollPolicy::default().with_interval(secs(3), secs(3));
    peer.farm().build(Barn::default()).wait().with_policy(policy).await.unwrap();
    for pair in peer.sent().windows(2) {
        let wait = (pair[1].at - pair[0].at).as_millis();
        assert!((1500..=3001).contains(&wait), "{wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_wait_is_longer_than_the_longest() {
    let policy = PollPolicy::default().with_interval(secs(1), secs(1) / 2);
    let peer = Peer::new((0..9).map(going).chain([done(json!({}))]));
    peer.farm().build(Barn::default()).wait().with_policy(policy).await.unwrap();
    for pair in peer.sent().windows(2) {
        let wait = (pair[1].at - pair[0].at).as_millis();
        assert!((250..=501).contains(&wait), "{wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_answer_is_told() {
    let peer = Peer::new([going(0), going(50), done(json!({}))]);
    let mut seen = Vec::new();
    let call = peer.farm().build(Barn::default());
    call.wait()
        .on_progress(|operation| {
            let percent = operation.metadata.as_ref().map(|metadata| metadata["percent"].clone());
            seen.push((operation.done, percent));
        })
        .await
        .unwrap();
    assert_eq!(seen, [(None, Some(json!(0))), (None, Some(json!(50))), (Some(true), None)]);
}

#[tokio::test(start_paused = true)]
async fn the_response_as_a_schema_or_a_type_of_the_caller() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Own {
        doors: u8,
    }
    let typed = json!({ "@type": "type.googleapis.com/farm.v1.Barn", "doors": 2 });
    let peer = || Peer::new([going(0), done(typed.clone())]);
    let barn = peer().farm().build(Barn::default()).wait().reply_as::<Barn>().await.unwrap();
    assert_eq!(barn, Barn { doors: Some(2), ..Barn::default() }, "`@type` is no member of it");
    let own = peer().farm().build(Barn::default()).wait().reply_as::<Own>().await.unwrap();
    assert_eq!(own, Own { doors: 2 });
    let own: Own = peer().farm().build(Barn::default()).wait().reply_as().await.unwrap();
    assert_eq!(own, Own { doors: 2 });

    #[derive(serde::Deserialize, Debug, PartialEq)]
    #[serde(tag = "@type")]
    enum Any {
        #[serde(rename = "type.googleapis.com/farm.v1.Barn")]
        Barn { doors: u8 },
    }
    let any = peer().farm().build(Barn::default()).wait().reply_as::<Any>().await.unwrap();
    assert_eq!(any, Any::Barn { doors: 2 });
}

#[tokio::test(start_paused = true)]
async fn a_response_of_another_type_says_where() {
    let peer = Peer::new([done(json!({ "@type": "x", "doors": "two" }))]);
    let error =
        peer.farm().build(Barn::default()).wait().reply_as::<BTreeMap<String, u8>>().await.unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert!(error.to_string().starts_with("cannot decode the response at `response.doors`: "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn no_response_at_all() {
    for response in [json!({ "@type": "type.googleapis.com/google.protobuf.Empty" }), json!({}), json!(null)]
    {
        let peer = Peer::new([done(response)]);
        peer.farm().build(Barn::default()).wait().reply_as::<()>().await.unwrap();
        peer.farm().build(Barn::default()).wait().reply_as::<Option<Barn>>().await.unwrap();
    }
    let peer = Peer::new([(200, json!({ "name": NAME, "done": true }))]);
    let none = peer.farm().build(Barn::default()).wait().reply_as::<Option<Barn>>().await.unwrap();
    assert_eq!(none, None);
    assert!(peer.farm().build(Barn::default()).wait().reply_as::<String>().await.unwrap_err().is_decode());
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_fails_is_sent_again() {
    let peer = Peer::new([going(0), unavailable(), unavailable(), going(1), done(json!({}))]);
    let operation = peer.farm().build(Barn::default()).wait().await.unwrap();
    assert_eq!((operation.done, peer.sent().len()), (Some(true), 5));
    // The policy of the call is also that of the polls.
    let peer = Peer::new([going(0), unavailable(), done(json!({}))]);
    let once = peer.farm().build(Barn::default()).with_retry(RetryPolicy::none());
    assert_eq!(once.wait().await.unwrap_err().status().map(u16::from), Some(503));
    assert_eq!(peer.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_total_time_ends_the_waiting() {
    let peer = Peer::new([going(0)]);
    let start = Instant::now();
    let error = peer.farm().build(Barn::default()).wait().with_total_time(secs(30)).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_operation(), "{error}");
    assert_eq!(
        error.to_string(),
        "farm.barns.build: waiting for the operation `farms/f/operations/o` timed out after 30s"
    );
    let passed = start.elapsed();
    assert!(passed >= secs(30) && passed < secs(31), "{passed:?}");
    assert!(peer.sent().len() > 3, "{}", peer.sent().len());
}

#[tokio::test(start_paused = true)]
async fn no_time_is_time_for_the_call() {
    let peer = Peer::new([going(0)]);
    let wait = peer.farm().build(Barn::default()).wait().with_total_time(Duration::ZERO);
    assert!(wait.await.unwrap_err().is_timeout());
    assert_eq!(peer.sent().len(), 1);
    let peer = Peer::new([done(json!({}))]);
    peer.farm().build(Barn::default()).wait().with_total_time(Duration::ZERO).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_operation_known_by_its_name() {
    let peer = Peer::new([going(0), going(1), done(json!({ "doors": 3 }))]);
    let barn = peer.farm().operation(NAME).wait().reply_as::<Barn>().await.unwrap();
    assert_eq!(barn.doors, Some(3));
    let lines: Vec<String> = peer.sent().into_iter().map(|sent| sent.line).collect();
    assert_eq!(lines, vec!["GET https://farm.test/v1/farms/f/operations/o?alt=json"; 3]);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_some_call_answered() {
    let peer = Peer::new([going(0), going(1), done(json!({ "doors": 3 }))]);
    let farm = peer.farm();
    let operation = farm.build(Barn::default()).await.unwrap();
    let barn: Barn = farm.wait_for(&operation).reply_as().await.unwrap();
    assert_eq!(barn.doors, Some(3));
    assert_eq!(peer.polls(), vec!["GET https://farm.test/v1/farms/f/operations/o"; 2]);
    // An operation that is done is not polled.
    let finished = farm.operation(NAME).await.unwrap();
    let again = farm.wait_for(&finished).await.unwrap();
    assert_eq!((again, peer.sent().len()), (finished, 4));
}

#[tokio::test(start_paused = true)]
async fn dropping_stops() {
    let peer = Peer::new([going(0)]);
    let farm = peer.farm();
    let wait = farm.build(Barn::default()).wait();
    assert!(tokio::time::timeout(secs(5), wait).await.is_err());
    let sent = peer.sent().len();
    assert!(sent >= 3, "{sent}");
    tokio::time::sleep(secs(600)).await;
    assert_eq!(peer.sent().len(), sent);
    // Nothing is sent before the future is awaited.
    drop(farm.build(Barn::default()).wait());
    assert_eq!(peer.sent().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn what_the_caller_said_goes_with_the_polls() {
    let peer = Peer::new([going(0), done(json!({}))]);
    let call = peer.farm().build(Barn::default()).fields("metadata").quota_user("me").with_query("dry", "1");
    call.with_header("x-goog-user-project", "p").if_match("e").wait().await.unwrap();
    let sent = peer.sent();
    let fields = "fields=metadata%2Cdone%2Cerror%2Cname%2Cresponse";
    assert_eq!(
        sent[0].line,
        format!("POST https://farm.test/v1/farms/f/barns?quotaUser=me&dry=1&{fields}&alt=json")
    );
    assert_eq!(
        sent[1].line,
        format!("GET https://farm.test/v1/farms/f/operations/o?quotaUser=me&{fields}&alt=json")
    );
    assert_eq!(sent[1].headers["x-goog-user-project"], "p");
    assert!(!sent[1].headers.contains_key("if-match") && !sent[1].headers.contains_key("content-type"));
}
