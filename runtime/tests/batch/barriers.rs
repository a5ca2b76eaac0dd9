//! Order: a call that is queued after a barrier waits for all calls before it.

use gapis_testkit::zoo::*;

fn slow() -> (Zoo, Peer) {
    zoo(|sent| {
        sent.answer(|part| {
            Some(match &*part.animal() {
                "none" => failed(404, "notFound"),
                id => animal(id),
            })
        })
        .after(secs(1))
    })
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_barrier_waits_for_every_answer_before_it() {
    let (zoo, peer) = slow();
    let log = Log::default();
    let mut batch = zoo.batch().with_max_calls(1).with_concurrency(4);
    batch.on_reply(|reply| log.add(reply.index.to_string()));
    ["a", "none"].into_iter().for_each(|id| {
        let _ = batch.add(zoo.get(id)).unwrap();
    });
    batch.barrier();
    ["b", "c"].into_iter().for_each(|id| {
        let _ = batch.add(zoo.get(id)).unwrap();
    });
    batch.barrier();
    batch.barrier();
    batch.add(zoo.get("d")).unwrap();
    batch.barrier();
    let report = batch.execute().await;
    assert_eq!((report.calls(), report.failures()), (5, 1), "by default the rest runs");
    let start = peer.sent()[0].at;
    let times: Vec<_> =
        peer.sent().iter().map(|sent| (sent.animals()[0].clone(), (sent.at - start).as_secs())).collect();
    let times: Vec<_> = times.iter().map(|(id, time)| (id.as_str(), *time)).collect();
    assert_eq!(times, [("a", 0), ("none", 0), ("b", 1), ("c", 1), ("d", 2)]);
    assert_eq!(log.take(), ["0", "1", "2", "3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_barrier_waits_for_calls_that_are_sent_again() {
    let (zoo, peer) = zoo(|sent| {
        let first = sent.number == 0;
        sent.answer(|part| {
            Some(if first && part.is("a") { failed(503, "x") } else { animal(&part.animal()) })
        })
    });
    let mut batch = zoo.batch();
    ["a", "b"].into_iter().for_each(|id| {
        let _ = batch.add(zoo.get(id)).unwrap();
    });
    batch.barrier_if_ok();
    batch.add(zoo.get("c")).unwrap();
    assert!(batch.execute().await.error_for_failures().is_ok());
    assert_eq!(
        peer.sent().iter().map(Sent::animals).collect::<Vec<_>>(),
        [vec!["a", "b"], vec!["a"], vec!["c"]]
    );
}

#[tokio::test]
async fn on_request_a_failure_cancels_the_rest_and_says_so() {
    let (zoo, peer) = zoo(|sent| {
        sent.answer(|part| {
            Some(if part.is("none") { failed(404, "notFound") } else { animal(&part.animal()) })
        })
    });
    let log = Log::default();
    let mut batch = zoo.batch();
    ["a", "none"].into_iter().for_each(|id| {
        let _ = batch.add(zoo.get(id)).unwrap();
    });
    batch.barrier_if_ok();
    zoo.get("b")
        .queue(&mut batch, |reply| {
            let error = reply.result.unwrap_err();
            log.add(format!("{} {} {}", reply.index, error.is_cancelled(), reply.response.is_none()));
        })
        .unwrap();
    batch.barrier();
    batch.add(zoo.get("c").with_id("plain")).unwrap();
    batch.barrier_if_ok();
    batch.add(zoo.get("d").with_id("cancelled")).unwrap();
    let report = batch.execute().await;
    assert_eq!(log.take(), ["2 true true"]);
    assert!(report.get("plain").unwrap().error.is_none());
    let error = report.get("cancelled").unwrap().error.as_ref().unwrap();
    assert!(error.is_cancelled() && error.to_string().contains("not sent"), "{error}");
    assert_eq!(report.get("cancelled").unwrap().attempts, 0);
    assert_eq!(peer.sent().iter().map(Sent::animals).collect::<Vec<_>>(), [vec!["a", "none"], vec!["c"]]);
}

#[tokio::test]
async fn an_undecodable_answer_is_a_failure_for_a_barrier_too() {
    for way in 0..3 {
        let (zoo, peer) = zoo(|sent| sent.answer(|_| Some(ok("{"))));
        let mut batch = zoo.batch();
        match way {
            0 => zoo.get("a").queue(&mut batch, drop).unwrap(),
            1 => drop(batch.add(zoo.get("a")).unwrap()),
            _ => drop(batch.add(zoo.get("a")).unwrap()),
        }
        batch.barrier_if_ok();
        batch.add(zoo.get("b")).unwrap();
        let report = batch.execute().await;
        assert_eq!((report.failures(), peer.sent().len()), (2, 1), "{way}");
    }
}
