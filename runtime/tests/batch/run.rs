//! A stream of calls in, a stream of replies out.

use futures_util::StreamExt as _;
use gapis_runtime::{Error, RetryPolicy, Run};
use tokio::time::Instant;

use gapis_testkit::zoo::*;

async fn ids(mut run: Run<'_, Zoo, Animal>) -> (Vec<String>, gapis_runtime::RunReport) {
    let mut ids = Vec::new();
    while let Some(reply) = run.next().await {
        ids.push(reply.result.map_or_else(|_| format!("-{}", reply.id), |animal| animal.id().to_owned()));
    }
    (ids, run.finish())
}

#[tokio::test(start_paused = true)]
async fn every_call_has_one_reply_and_requests_are_full() {
    let (zoo, peer) = zoo(|sent| sent.echo().after(millis(300)));
    let start = Instant::now();
    let (mut seen, report) = ids(zoo.run((0..1050).map(|at| zoo.get(&at.to_string())))).await;
    seen.sort_by_key(|id| id.parse::<usize>().unwrap());
    assert_eq!(seen, (0..1050).map(|at| at.to_string()).collect::<Vec<_>>());
    assert_eq!((report.calls, report.succeeded, report.failed, report.requests), (1050, 1050, 0, 11));
    assert_eq!(peer.sizes().iter().filter(|size| **size == 100).count(), 10);
    assert_eq!(start.elapsed().as_millis() / 100, 9, "four at once, three times");
}

#[tokio::test]
async fn an_empty_run_sends_nothing() {
    let (zoo, peer) = zoo(Sent::echo);
    let (seen, report) = ids(zoo.run(std::iter::empty::<Call<Get>>())).await;
    assert!(seen.is_empty() && peer.sent().is_empty() && report.stopped.is_none());
}

/// The source is not asked for more than there is room for, whether calls or replies pile up.
#[tokio::test(start_paused = true)]
async fn the_source_is_read_as_fast_as_replies_are() {
    let (zoo, _) = zoo(Sent::echo);
    let taken = std::sync::atomic::AtomicUsize::new(0);
    let calls = (0..100_000).map(|at| {
        taken.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        zoo.get(&at.to_string())
    });
    let mut run = zoo.run(calls).with_replies(50).with_max_calls(10).with_concurrency(2);
    for at in 1..300 {
        assert!(run.next().await.is_some());
        let ahead = taken.load(std::sync::atomic::Ordering::Relaxed) - at;
        assert!(ahead <= 50 + 10 * 6, "{ahead} calls ahead of reply {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_ends_the_intake_and_not_what_was_taken() {
    let (zoo, _) = zoo(|sent| sent.echo().after(secs(1)));
    let calls = futures_util::stream::iter(0..10).map(|at| match at {
        7 => Err(Error::input("the list broke off")),
        at => Ok(zoo.get(&at.to_string())),
    });
    let (seen, report) = ids(zoo.run_stream(calls)).await;
    assert_eq!((seen.len(), report.calls, report.failed), (7, 7, 0));
    assert_eq!(report.stopped.unwrap().to_string(), "the list broke off");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_sent_is_a_reply_and_the_others_go_on() {
    let (zoo, _) = zoo(Sent::echo);
    let (seen, report) = ids(zoo.run(["a", "", "b"].map(|id| zoo.get(id).with_id(format!("<{id}>"))))).await;
    assert_eq!((seen.len(), report.failed), (3, 1));
    assert!(seen.contains(&"-<>".to_owned()), "{seen:?}");
}

/// Each reply brings two more calls: none waits for the reader, and requests are full all the same.
#[tokio::test(start_paused = true)]
async fn a_tree_takes_as_many_requests_as_its_calls_fill_and_its_depth() {
    let children = |id: &str| (id.len() < 12).then(|| [format!("{id}l"), format!("{id}r")]);
    for by_reader in [false, true] {
        let (zoo, peer) = zoo(|sent| sent.echo().after(millis(200)));
        let farm = &zoo;
        let mut run = zoo.run([zoo.get("t")]).with_linger(secs(10));
        if !by_reader {
            run = run.then(move |reply| {
                let found = children(reply.result.as_ref().unwrap().id());
                found.into_iter().flatten().map(|id| farm.get(&id))
            });
        }
        let mut count = 0;
        while let Some(reply) = run.next().await {
            count += 1;
            if by_reader {
                let found = children(reply.result.unwrap().id());
                found.into_iter().flatten().for_each(|id| run.add(zoo.get(&id)));
            }
        }
        assert_eq!(count, 4095);
        assert!(peer.sent().len() <= 41 + 12, "{} requests", peer.sent().len());
    }
}

#[tokio::test(start_paused = true)]
async fn what_follows_from_a_call_that_failed_is_not_made() {
    let (zoo, peer) = zoo(|sent| {
        sent.answer(|part| {
            Some(if part.is("gone") { failed(404, "notFound") } else { animal(&part.animal()) })
        })
    });
    let farm = &zoo;
    let run = zoo.run([zoo.get("gone"), zoo.get("a")]).then(move |reply| {
        let animal = reply.result.as_ref().ok().filter(|animal| animal.id() == "a");
        animal.map(|_| farm.get("child"))
    });
    let (seen, report) = ids(run).await;
    assert_eq!((seen.len(), report.failed, peer.sizes()), (3, 1, vec![2, 1]));
}

/// Many lists, whose next pages go together.
#[tokio::test(start_paused = true)]
async fn pages_of_many_lists_travel_together() {
    let (zoo, peer) = zoo(|sent| {
        sent.answer(|part| {
            let page = part.query("pageToken").map_or(0, |token| token.parse::<usize>().unwrap());
            let next = if page < 9 { format!("\"nextPageToken\":\"{}\",", page + 1) } else { String::new() };
            Some(ok(&format!("{{{next}\"animals\":[{{\"id\":\"{page}\"}}]}}")))
        })
        .after(millis(300))
    });
    let lists = (0..230).map(|at| zoo.list().with_id(format!("list {at}")));
    let mut run = zoo.run_pages(lists).with_max_calls(50).with_linger(secs(10));
    let mut pages = std::collections::BTreeMap::<String, Vec<String>>::new();
    while let Some(reply) = run.next().await {
        let page = reply.result.unwrap();
        let animals = page.animals.unwrap_or_default();
        pages
            .entry(reply.id.to_string())
            .or_default()
            .extend(animals.iter().map(|animal| animal.id().to_owned()));
    }
    let in_order: Vec<_> = (0..10).map(|page| page.to_string()).collect();
    assert_eq!(pages.len(), 230);
    assert!(pages.values().all(|list| *list == in_order));
    assert!(peer.sent().len() <= 50, "{} requests", peer.sent().len());
}

/// One call of a key flies at a time, in order, and other keys beside it.
#[tokio::test(start_paused = true)]
async fn calls_with_the_same_key_go_one_after_the_other() {
    let (zoo, peer) = zoo(|sent| {
        let first = sent.number == 0;
        sent.answer(|part| {
            Some(if first && part.is("a0") { failed(503, "backendError") } else { animal(&part.animal()) })
        })
        .after(secs(1))
    });
    let calls = (0..3).flat_map(|at| ["a", "b", "c"].map(|key| (key, at)));
    let calls = calls.map(|(key, at)| zoo.get(&format!("{key}{at}")).with_key(key));
    let (seen, report) = ids(zoo.run(calls)).await;
    assert_eq!((seen.len(), report.failed), (9, 0));
    for key in ["a", "b", "c"] {
        let own: Vec<_> = seen.iter().filter(|id| id.starts_with(key)).cloned().collect();
        assert_eq!(own, (0..3).map(|at| format!("{key}{at}")).collect::<Vec<_>>());
    }
    for sent in peer.sent() {
        let keys: Vec<_> = sent.animals().iter().map(|id| id[..1].to_owned()).collect();
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(keys.len(), distinct.len(), "{keys:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_goes_on_after_a_failure_unless_it_is_to_stop() {
    for stops in [false, true] {
        let (zoo, peer) = zoo(|sent| {
            sent.answer(|part| {
                Some(if part.is("bad") { failed(409, "conflict") } else { animal(&part.animal()) })
            })
        });
        let calls = [("a", "bad"), ("a", "next"), ("b", "other")];
        let mut run = zoo.run(calls.map(|(key, id)| zoo.get(id).with_key(key).with_id(id)));
        if stops {
            run = run.with_keys_stopped_by_failures();
        }
        let (seen, report) = ids(run).await;
        assert_eq!(seen.contains(&"-next".to_owned()), stops, "{seen:?}");
        assert_eq!(report.failed, 1 + usize::from(stops));
        assert_eq!(peer.sizes().iter().sum::<usize>(), 3 - usize::from(stops));
    }
}

/// In a batch too.
#[tokio::test(start_paused = true)]
async fn keys_order_the_calls_of_a_batch() {
    let (zoo, peer) = zoo(|sent| sent.echo().after(secs(1)));
    let mut batch = zoo.batch();
    for id in ["1", "2", "3"] {
        batch.add(zoo.get(id).with_key("file")).unwrap();
    }
    batch.add(zoo.get("other")).unwrap();
    assert!(batch.execute().await.error_for_failures().is_ok());
    let sent: Vec<_> = peer.sent().iter().map(Sent::animals).collect();
    assert_eq!(sent, [vec!["1", "other"], vec!["2"], vec!["3"]]);
}

#[tokio::test(start_paused = true)]
async fn after_the_deadline_each_call_is_answered_with_what_is_known_of_it() {
    let (zoo, peer) = zoo(|sent| match sent.number {
        0 => sent.answer(|part| Some(if part.is("0") { failed(500, "x") } else { animal(&part.animal()) })),
        _ => sent.echo().after(secs(100)),
    });
    let patient = RetryPolicy::default().with_backoff(secs(60), secs(60)).with_max_attempts(10);
    let start = Instant::now();
    let mut run = zoo
        .run((0..1000).map(|at| zoo.insert(&at.to_string()).with_idempotent(at == 0)))
        .with_max_calls(10)
        .with_concurrency(2)
        .with_retry(patient)
        .with_deadline(secs(10));
    let mut words = std::collections::BTreeMap::<&str, usize>::new();
    while let Some(reply) = run.next().await {
        let word = match &reply.result {
            Ok(_) => "ok",
            Err(error) if error.is_status() => "status",
            Err(error) if error.is_unknown_outcome() => "unknown",
            Err(error) if error.is_cancelled() => "cancelled",
            Err(_) => "other",
        };
        *words.entry(word).or_default() += 1;
    }
    assert_eq!(start.elapsed().as_secs(), 10);
    let report = run.finish();
    assert_eq!((words["ok"], words["status"], words["unknown"]), (9, 1, 20));
    assert!(words["cancelled"] <= 60 && !words.contains_key("other"), "{words:?}");
    assert_eq!((report.unknown.len(), peer.sent().len()), (20, 3));
    assert!(report.calls < 100, "{} calls were taken", report.calls);
}

#[tokio::test(start_paused = true)]
async fn progress_counts_and_says_what_is_waited_for() {
    let (zoo, _) = zoo(|sent| match sent.number {
        0 => Answer::json(429, "").header("retry-after", "30"),
        _ => sent.echo().after(secs(1)),
    });
    let mut run = zoo.run((0..200).map(|at| zoo.get(&at.to_string()))).with_concurrency(1);
    assert_eq!(run.progress().taken, 0);
    assert!(tokio::time::timeout(secs(5), run.next()).await.is_err());
    let blocked = run.progress();
    assert_eq!((blocked.open, blocked.blocked_for.unwrap().as_secs()), (200, 25));
    for _ in 0..150 {
        assert!(run.next().await.unwrap().result.is_ok());
    }
    let progress = run.progress();
    assert!(progress.rate > 1.0 && progress.remaining.unwrap() < secs(30), "{progress:?}");
    run.drain().await;
    assert_eq!((run.progress().succeeded, run.progress().open), (200, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_caller_s_code_comes_when_all_replies_were_taken() {
    let (zoo, _) = zoo(Sent::echo);
    let mut run = zoo.run(["a", "b"].map(|id| zoo.get(id))).then(|_| -> Option<Call<Get>> { panic!("mine") });
    assert!(run.next().await.is_some() && run.next().await.is_some());
    let panic = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(run.next())).await;
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"mine"));
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_panics_silences_nobody() {
    let (zoo, _) =
        zoo(|sent| sent.answer(|part| Some(if part.is("a") { failed(409, "x") } else { animal("b") })));
    let policy = policy(3).with_decision(|_| panic!("in the decision"));
    let log = Log::default();
    let mut batch = zoo.batch().with_retry(policy);
    batch.queue_all(["a", "b"].map(|id| zoo.get(id)), |reply| log.add(reply.index.to_string())).unwrap();
    let panic = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(batch.execute())).await;
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"in the decision"));
    assert_eq!(log.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn progress_says_how_long_all_calls_wait_for_their_next_attempts() {
    let (zoo, _) = zoo(|sent| match sent.number {
        0 => sent.answer(|_| Some(failed(503, "backendError"))).after(secs(1)),
        _ => sent.echo(),
    });
    let mut run = zoo.run([zoo.get("1")]).with_retry(RetryPolicy::default().with_backoff(secs(20), secs(20)));
    assert!(tokio::time::timeout(secs(2), run.next()).await.is_err());
    let left = run.progress().blocked_for.expect("a wait");
    assert!(left > secs(0) && left <= secs(19), "{left:?}");
    assert!(run.next().await.unwrap().result.is_ok());
    assert_eq!(run.progress().blocked_for, None);
}

/// The calls of two requests are being sent, one of them refused for now, when the run is stopped.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_sends_nothing_more_and_waits_for_what_it_has_sent() {
    let (zoo, peer) = zoo(|sent| {
        sent.answer(|part| {
            Some(if part.is("7") { failed(503, "backendError") } else { animal(&part.animal()) })
        })
        .after(secs(5))
    });
    let start = tokio::time::Instant::now();
    let calls = (0..1000).map(|at| zoo.get(&at.to_string()).with_id(at));
    let mut run = zoo.run(calls).with_max_calls(10).with_concurrency(2);
    assert!(tokio::time::timeout(secs(1), run.next()).await.is_err());
    run.stop();
    let mut words = std::collections::BTreeMap::<&str, usize>::new();
    while let Some(reply) = run.next().await {
        let word = match &reply.result {
            Ok(_) => "ok",
            Err(error) if error.status().is_some() && reply.id == "7" => "refused",
            Err(error) if error.is_cancelled() => "cancelled",
            Err(error) => panic!("{}: {error}", reply.id),
        };
        *words.entry(word).or_default() += 1;
    }
    assert_eq!((words["ok"], words["refused"]), (19, 1));
    assert_eq!((peer.sizes(), start.elapsed().as_secs()), (vec![10, 10], 5));
    let report = run.finish();
    assert_eq!(report.calls, words.values().sum::<usize>());
    assert!(report.calls < 100 && report.unknown.is_empty(), "{report:?}");
    assert!(report.stopped.is_some_and(|error| error.is_cancelled()));

    // Before the first reply is requested, nothing is sent at all.
    let mut run = zoo.run([zoo.get("1")]);
    run.stop();
    assert!(run.next().await.is_none() && peer.sizes().len() == 2);
}
