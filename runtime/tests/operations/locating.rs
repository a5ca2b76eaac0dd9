//! The URL for polling an operation of Compute Engine's form.

use gapis_runtime::Json;
use proptest::prelude::*;
use serde_json::json;

use gapis_testkit::longrunning::yard::{Operation, Yard};
use gapis_testkit::longrunning::*;

/// The path of the poll after that response.
async fn poll(first: Json) -> String {
    let peer = Peer::new([(200, first), (200, json!({ "name": "o", "status": "DONE" }))]);
    peer.yard().insert("p", "z").wait().await.unwrap();
    let polls = peer.polls();
    assert_eq!(polls.len(), 1, "{polls:?}");
    assert_eq!(peer.sent()[1].headers["x-goog-api-version"], "2026-11-01");
    polls[0].strip_prefix("GET https://yard.test/yard/v1/").unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn by_its_link() {
    for (link, path) in [
        (
            "https://www.googleapis.com/yard/v1/projects/q/zones/y/operations/o",
            "projects/q/zones/y/operations/o",
        ),
        ("https://yard.test/yard/v1/projects/q/global/operations/o?x=1", "projects/q/global/operations/o"),
        // From a link to another host, only the values are used, and they cannot leave their positions.
        (
            "https://evil.test/yard/v1/projects/q%2F..%2Fx/global/operations/o",
            "projects/q%2F..%2Fx/global/operations/o",
        ),
        // This is not a link of an operation, so the values are taken from the call.
        (
            "https://www.googleapis.com/yard/v1/projects/q/zones/y/secrets/o",
            "projects/p/zones/z/operations/o",
        ),
        (
            "https://www.googleapis.com/other/v1/projects/q/global/operations/o",
            "projects/p/zones/z/operations/o",
        ),
        ("not a link", "projects/p/zones/z/operations/o"),
    ] {
        assert_eq!(poll(json!({ "name": "o", "status": "RUNNING", "selfLink": link })).await, path, "{link}");
    }
}

#[tokio::test(start_paused = true)]
async fn by_its_members_and_the_call() {
    for zone in ["y", "https://www.googleapis.com/yard/v1/projects/q/zones/y"] {
        let path = poll(json!({ "name": "o", "status": "PENDING", "zone": zone })).await;
        assert_eq!(path, "projects/p/zones/y/operations/o");
    }
}

#[tokio::test(start_paused = true)]
async fn dots_are_refused() {
    let link = "https://yard.test/yard/v1/projects/%2E%2E/global/operations/o";
    let peer = Peer::new([(200, json!({ "name": "o", "status": "RUNNING", "selfLink": link }))]);
    let error = peer.yard().insert("p", "z").wait().await.unwrap_err();
    // The call was executed, and the invalid text is the server's.
    assert!(error.is_protocol() && !error.is_input() && peer.sent().len() == 1, "{error}");
    assert!(error.to_string().starts_with("yard.machines.insert: the operation `o` "), "{error}");
    // The invalid text is the caller's, and nothing was sent.
    let operation =
        Operation { name: Some("o".into()), self_link: Some(link.into()), ..Operation::default() };
    let peer = Peer::new([(200, json!({}))]);
    let error = peer.yard().wait_for(&operation).await.unwrap_err();
    assert!(error.is_input() && peer.sent().is_empty(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_without_its_call() {
    let finished = (200, json!({ "name": "o", "status": "DONE", "progress": 100 }));
    let peer = Peer::new([finished]);
    let yard: Yard = peer.yard();
    let mut operation =
        Operation { name: Some("o".into()), status: Some("RUNNING".into()), ..Operation::default() };
    let error = yard.wait_for(&operation).await.unwrap_err();
    assert!(error.is_protocol(), "{error}");
    assert_eq!(
        error.to_string(),
        "yard: the operation `o` is not done, and its name and members do not fit the path of a method that returns it: \
         projects/{project}/zones/{zone}/operations/{operation}, projects/{project}/global/operations/{operation}"
    );
    operation.self_link = Some("https://yard.test/yard/v1/projects/q/zones/y/operations/o".into());
    assert_eq!(yard.wait_for(&operation).await.unwrap().progress, Some(100));
    let sent = peer.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].line, "GET https://yard.test/yard/v1/projects/q/zones/y/operations/o?alt=json");
}

/// Text made of the pieces of links, in any order.
fn odd() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "https://",
        "evil.test",
        "yard.test",
        "/",
        "yard/v1/",
        "projects",
        "zones",
        "global",
        "operations",
        "..",
        "%2e",
        "%2F",
        "%",
        "?",
        "#",
        "q",
        "{project}",
        "\r\n",
        "@",
        ":",
        "\u{fc}",
    ]);
    prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a server says about an operation, a poll is sent to a known path at the client's own endpoint, or not
    /// at all.
    #[test]
    fn a_server_chooses_nothing_but_values(name in odd(), link in odd(), zone in odd(), is_link in any::<bool>()) {
        let link = if is_link { format!("https://yard.test/yard/v1/projects/{link}/global/operations/{zone}") } else { link };
        let first = json!({ "name": name, "selfLink": link, "zone": zone, "status": "RUNNING" });
        let peer = Peer::new([(200, first), (200, json!({ "status": "DONE" }))]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let end = runtime.block_on(peer.yard().insert("p", "z").wait().into_future());
        let polls = peer.polls();
        prop_assert_eq!(end.is_ok(), polls.len() == 1, "{:?} {:?}", end, polls);
        for poll in polls {
            let path = poll.strip_prefix("GET https://yard.test/yard/v1/projects/").unwrap();
            let segments: Vec<&str> = path.split('/').collect();
            let is_known = matches!(segments[..], [_, "zones", _, "operations", _] | [_, "global", "operations", _]);
            prop_assert!(is_known && !segments.contains(&"..") && !segments.contains(&"."), "{}", poll);
            prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@:{".contains(&byte)), "{}", poll);
        }
    }
}
