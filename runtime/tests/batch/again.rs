//! Calls that failed are queued again without being built again.

use gapis_runtime::{FailedCall, RetryPolicy};
use serde::Deserialize;

use gapis_testkit::small;
use gapis_testkit::zoo::*;

/// Refuses every call of the first request whose animal begins with `x`, and passes everything later.
fn better_later() -> (Zoo, Peer) {
    zoo(|sent| {
        sent.answer(|part| {
            let id = part.animal();
            Some(if sent.number == 0 && id.starts_with('x') { failed(409, "conflict") } else { animal(&id) })
        })
    })
}

/// The call in a part.
fn message(part: &Part) -> String {
    format!("{} {:?} {}", part.line, part.headers, part.body)
}

fn part_of<'p>(parts: &'p [Part], id: &str) -> &'p Part {
    parts.iter().find(|part| part.animal() == id).unwrap()
}

async fn fails_once(zoo: &Zoo) -> Vec<FailedCall<Animal>> {
    let mut failed = Vec::new();
    let mut batch = zoo.batch();
    let calls = ["a", "x", "b", "xx"].map(|id| {
        let call = zoo.patch(id, Animal::new("new")).with_id(format_args!("id-{id}")).with_key(id);
        call.with_header("if-match", "\"7\"")
    });
    batch
        .queue_all(calls, |reply| {
            assert_eq!(reply.failed.is_some(), reply.result.is_err());
            failed.extend(reply.failed);
        })
        .unwrap();
    let _ = batch.execute().await;
    failed
}

#[tokio::test(start_paused = true)]
async fn the_same_message_goes_on_another_batch_with_the_call_s_id() {
    let (zoo, peer) = better_later();
    let failed = fails_once(&zoo).await;
    assert_eq!(
        format!("{failed:?}"),
        r#"[FailedCall("zoo.animals.patch"), FailedCall("zoo.animals.patch")]"#
    );
    let mut ids = Vec::new();
    let mut batch = zoo.batch();
    batch
        .queue_all(failed, |reply| {
            assert!(reply.failed.is_none());
            ids.push(format!("{} {}", reply.id, reply.result.unwrap().id()));
        })
        .unwrap();
    let _ = batch.execute().await;
    assert_eq!(ids, ["id-x x", "id-xx xx"]);
    let sent: Vec<Part> = peer.sent().into_iter().flat_map(|sent| sent.parts).collect();
    let of = |id: &str| sent.iter().filter(|part| part.animal() == id).map(message).collect::<Vec<_>>();
    for (id, times) in [("a", 1), ("b", 1), ("x", 2), ("xx", 2)] {
        let messages = of(id);
        assert_eq!(messages.len(), times);
        assert!(messages.iter().all(|message| *message == messages[0]), "{messages:?}");
        assert_eq!(part_of(&sent, id).header("if-match"), Some("\"7\""));
    }
}

#[tokio::test(start_paused = true)]
async fn every_way_of_queueing_takes_them() {
    let (zoo, peer) = better_later();
    let mut failed = fails_once(&zoo).await.into_iter();
    let (batcher, driver) = zoo.batcher();
    let ((value, mut failed), ()) = tokio::join!(
        async move {
            let call = failed.next().unwrap();
            let value = batcher.send(call).await;
            (value, failed)
        },
        driver
    );
    assert_eq!(value.unwrap().id(), "x");
    let mut batch = zoo.batch();
    let ticket = batch.add(failed.next().unwrap()).unwrap();
    let report = batch.execute().await;
    assert_eq!(report.get("id-xx").unwrap().index, 0);
    assert_eq!(report.redeem(ticket).unwrap().id(), "xx");
    assert_eq!(peer.sizes().iter().sum::<usize>(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_run_takes_its_own_failed_calls_again() {
    let (zoo, peer) = zoo(|sent| {
        let early = sent.number < 2;
        sent.answer(|part| {
            let id = part.animal();
            Some(if early && id == "x" { failed(500, "backendError") } else { animal(&id) })
        })
    });
    let calls: Vec<_> = ["a", "x", "b"].map(|id| zoo.get(id).with_id(id)).into();
    let mut run = zoo.run(calls).with_retry(RetryPolicy::none());
    let mut replies = Vec::new();
    while let Some(reply) = run.next().await {
        replies.push(format!("{} {}", reply.id, reply.result.is_ok()));
        if let Some(call) = reply.failed {
            run.add(call);
        }
    }
    assert_eq!(replies, ["a true", "x false", "b true", "x false", "x true"]);
    let report = run.finish();
    assert_eq!((report.succeeded, report.failed), (3, 2));
    assert_eq!(peer.sizes(), [3, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_type_of_the_caller_s_stays() {
    #[derive(Deserialize)]
    struct Name {
        id: String,
    }
    let (zoo, peer) = better_later();
    let mut failed = Vec::new();
    let mut batch = zoo.batch();
    batch.queue(zoo.get("x").reply_as::<Name>(), |reply| failed.extend(reply.failed)).unwrap();
    let _ = batch.execute().await;
    let mut batch = zoo.batch();
    let ticket = batch.add(failed.remove(0)).unwrap();
    assert_eq!(batch.execute().await.redeem(ticket).unwrap().id, "x");
    assert!(peer.sent().iter().all(|sent| sent.parts[0].query("fields") == Some("id")));
}

#[tokio::test(start_paused = true)]
async fn a_call_of_another_api_is_refused() {
    let (zoo, _) = better_later();
    let call = fails_once(&zoo).await.remove(0);
    let barn = small::Barn::builder().anonymous().build().unwrap();
    let error = barn.batch().add(call).unwrap_err();
    assert_eq!(
        error.to_string(),
        "zoo.animals.patch: a call of zoo v1 cannot be sent together with calls of barn v1"
    );
}
