//! Calls that a server executes once, however often it gets them.

use std::collections::HashSet;

use gapis_runtime::{Client, Json};

use gapis_testkit::zoo::*;

#[derive(Clone, Debug)]
pub struct Lab(Client);
gapis_runtime::api! { Lab { name: "lab", version: "v1", root_url: "https://lab.test/", service_path: "lab/",
batch_path: "batch/lab" } }

pub enum Start {}
gapis_runtime::method! { Start: Lab => Json; "lab.start" POST "runs" { request_id: Some("requestId") } }
pub enum Edit {}
gapis_runtime::method! { Edit: Lab => Json; "lab.edit" PATCH "runs" }

impl Lab {
    pub fn start(&self) -> Call<Start> {
        Call::new(&self.0, &[], Some(&Json::from(1)))
    }
    fn edit(&self) -> Call<Edit> {
        Call::new(&self.0, &[], None)
    }
}

/// A lab whose first response leaves the outcome open, with or without that option.
fn lab(fill: Option<bool>) -> (Lab, Peer) {
    let peer = Peer::new(|sent| match (sent.number, sent.parts.is_empty()) {
        (0, true) => Answer::json(502, ""),
        (0, false) => sent.answer(|_| None),
        (_, true) => Answer::json(200, "2"),
        (_, false) => sent.answer(|_| Some(ok("2"))),
    });
    let mut builder = Lab::builder().anonymous().transport(peer.clone());
    if let Some(fill) = fill {
        builder = builder.request_ids(fill);
    }
    (builder.build().unwrap(), peer)
}

/// The ids of the calls in all requests, in order.
fn ids(peer: &Peer) -> Vec<String> {
    let lines = peer.sent().into_iter().flat_map(|sent| {
        let parts: Vec<String> = sent.parts.iter().map(|part| part.line.clone()).collect();
        if parts.is_empty() { vec![sent.url] } else { parts }
    });
    let id = |line: String| line.split_once("requestId=")?.1.split(['&', ' ']).next().map(str::to_owned);
    lines.filter_map(id).collect()
}

fn is_uuid4(id: &str) -> bool {
    let groups: Vec<&str> = id.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let hex = id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    lengths == [8, 4, 4, 4, 12]
        && hex
        && groups[2].starts_with('4')
        && groups[3].starts_with(['8', '9', 'a', 'b'])
}

#[tokio::test(start_paused = true)]
async fn a_call_with_an_id_is_sent_again_under_the_same() {
    let (one, peer) = lab(None);
    assert_eq!(one.start().await.unwrap(), 2);
    let sent = ids(&peer);
    assert!(sent.len() == 2 && sent[0] == sent[1] && is_uuid4(&sent[0]), "{sent:?}");

    let (one, peer) = lab(None);
    let mut values = Vec::new();
    let mut batch = one.batch();
    batch.queue_all([one.start(), one.start()], |reply| values.push(reply.result.unwrap())).unwrap();
    let _ = batch.execute().await;
    assert_eq!(values, [2, 2]);
    let sent = ids(&peer);
    assert!(sent.len() == 4 && sent[..2] == sent[2..] && sent[0] != sent[1], "{sent:?}");
    assert!(sent.iter().all(|id| is_uuid4(id)));
}

#[tokio::test(start_paused = true)]
async fn each_call_has_an_id_of_its_own() {
    let (one, peer) = lab(None);
    let call = one.start();
    for _ in 0..200 {
        assert_eq!(call.clone().await.unwrap(), 2);
    }
    let sent = ids(&peer);
    assert_eq!((sent.len(), sent.iter().collect::<HashSet<_>>().len()), (201, 200), "one was sent twice");
}

#[tokio::test(start_paused = true)]
async fn the_caller_s_own_id_and_word_count() {
    let (one, peer) = lab(None);
    assert!(one.start().with_query("requestId", "mine").await.is_ok());
    assert_eq!(ids(&peer), ["mine", "mine"]);
    let (one, peer) = lab(None);
    assert!(one.start().with_idempotent(false).await.unwrap_err().is_unknown_outcome());
    assert_eq!(peer.sent().len(), 1);
    let (one, peer) = lab(Some(false));
    assert!(one.start().await.unwrap_err().is_unknown_outcome());
    assert_eq!((peer.sent().len(), ids(&peer).len()), (1, 0));
    let (one, peer) = lab(Some(false));
    assert!(one.start().with_query("requestId", "mine").await.is_ok());
    assert_eq!(ids(&peer), ["mine", "mine"]);
    let (one, _) = lab(None);
    assert!(one.start().with_query("requestId", "").await.is_err(), "an empty one says nothing");
}

#[tokio::test(start_paused = true)]
async fn a_generation_that_must_match_makes_a_call_idempotent() {
    for (name, again) in [("ifGenerationMatch", true), ("ifMetagenerationMatch", true), ("generation", false)]
    {
        let (one, peer) = lab(None);
        assert_eq!(one.edit().with_query(name, "0").await.is_ok(), again, "{name}");
        assert_eq!(peer.sent().len(), if again { 2 } else { 1 });
    }
    let (one, _) = lab(None);
    assert!(one.call(http::Method::POST, "x", None).with_query("ifMetagenerationMatch", "1").await.is_err());
    let (one, _) = lab(None);
    assert!(one.call(http::Method::POST, "x", None).with_query("ifGenerationMatch", "0").await.is_ok());
}
