//! The dispatcher: it combines the calls of many tasks, and each task gets its own typed result.

use futures_util::future::join_all;
use gapis_runtime::{Batcher, BatcherOptions};
use tokio::time::Instant;

use gapis_testkit::zoo::*;

#[tokio::test(start_paused = true)]
async fn calls_within_the_window_travel_together_with_typed_results() {
    let (zoo, peer) = zoo(|sent| {
        sent.answer(|part| {
            Some(match &*part.animal() {
                _ if part.line.contains("/names") => ok(r#"["x"]"#),
                "none" => failed(404, "notFound"),
                id => animal(id),
            })
        })
    });
    let start = Instant::now();
    let (auto, driver) = zoo.batcher();
    let driver = tokio::spawn(driver);
    let (a, none, names, late) =
        tokio::join!(auto.send(zoo.get("a")), auto.send(zoo.get("none")), auto.send(zoo.names()), async {
            tokio::time::sleep(millis(50)).await;
            auto.send(zoo.insert("b")).await
        });
    assert_eq!(a.unwrap().id(), "a");
    assert!(none.unwrap_err().is_not_found());
    assert_eq!(names.unwrap(), ["x"]);
    assert_eq!(late.unwrap().id(), "b");
    assert_eq!(peer.sizes(), [3, 1]);
    let first = peer.sent()[0].at - start;
    assert!(first >= millis(2) && first <= millis(4), "{first:?}");
    drop(auto);
    driver.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_wait_for_the_window() {
    let (zoo, peer) = zoo(Sent::echo);
    let start = Instant::now();
    let (auto, driver) =
        Batcher::with_options(&zoo, BatcherOptions::default().with_window(secs(60)).with_max_calls(10));
    tokio::spawn(driver);
    let calls = (0..20).map(|at| auto.send(zoo.get(&at.to_string())));
    for (at, animal) in join_all(calls).await.into_iter().enumerate() {
        assert_eq!(animal.unwrap().id(), at.to_string());
    }
    assert_eq!((peer.sizes(), start.elapsed()), (vec![10, 10], secs(0)));
}

#[tokio::test(start_paused = true)]
async fn the_backlog_holds_senders_back() {
    let (zoo, peer) = zoo(|sent| sent.echo().after(secs(10)));
    let (auto, driver) = Batcher::with_options(
        &zoo,
        BatcherOptions::default().with_max_calls(2).with_concurrency(1).with_backlog(3),
    );
    tokio::spawn(driver);
    let start = Instant::now();
    let tasks: Vec<_> = (0..10)
        .map(|at| {
            let call = auto.send(zoo.get(&at.to_string()));
            tokio::spawn(async move { call.await.map(|animal| (animal.id().to_owned(), start.elapsed())) })
        })
        .collect();
    tokio::time::sleep(secs(5)).await;
    assert_eq!(peer.sizes(), [2], "one on its way, one formed, the rest waits");
    let mut last = secs(0);
    for (at, task) in tasks.into_iter().enumerate() {
        let (id, when) = task.await.unwrap().unwrap();
        assert_eq!(id, at.to_string());
        last = last.max(when);
    }
    assert_eq!((peer.sizes(), peer.most(), last.as_secs()), (vec![2; 5], 1, 50));
}

#[tokio::test(start_paused = true)]
async fn calls_travel_in_the_order_in_which_they_came() {
    let (zoo, peer) = zoo(|sent| sent.echo().after(secs(1)));
    let (auto, driver) = Batcher::with_options(
        &zoo,
        BatcherOptions::default().with_max_calls(5).with_concurrency(2).with_backlog(4),
    );
    tokio::spawn(driver);
    let calls = (0..50).map(|at| auto.send(zoo.get(&format!("{at:02}"))));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    // No call waits for a batch that was formed after it: each batch contains consecutive calls in order of arrival.
    let order: Vec<String> = peer.sent().iter().flat_map(Sent::animals).collect();
    assert_eq!(order, (0..50).map(|at| format!("{at:02}")).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_goes_before_its_batch_is_formed_is_not_sent() {
    let (zoo, peer) = zoo(Sent::echo);
    let (auto, driver) = Batcher::with_options(&zoo, BatcherOptions::default().with_window(secs(1)));
    tokio::spawn(driver);
    let gone = tokio::time::timeout(millis(500), auto.send(zoo.get("gone")));
    let (stays, gone) = tokio::join!(auto.send(zoo.get("stays")), gone);
    assert!(stays.is_ok() && gone.is_err());
    assert_eq!(peer.sent()[0].animals(), ["stays"]);
    assert!(tokio::time::timeout(millis(500), auto.send(zoo.get("gone"))).await.is_err());
    tokio::time::sleep(secs(10)).await;
    assert_eq!(peer.sent().len(), 1, "a batch of none is not sent");
    drop(auto.send(zoo.get("never polled")));
    tokio::time::sleep(secs(10)).await;
    assert_eq!(peer.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_goes_later_disturbs_no_other() {
    let (zoo, peer) = zoo(|sent| sent.echo().after(secs(10)));
    let (auto, driver) = zoo.batcher();
    tokio::spawn(driver);
    let gone = tokio::time::timeout(secs(5), auto.send(zoo.get("gone")));
    let (stays, gone) = tokio::join!(auto.send(zoo.get("stays")), gone);
    assert!(stays.is_ok() && gone.is_err());
    assert_eq!(peer.sizes(), [2]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_flushes_at_once_and_ends_the_driver() {
    let (zoo, peer) = zoo(|sent| sent.echo().after(secs(1)));
    let start = Instant::now();
    let (auto, driver) = Batcher::with_options(&zoo, BatcherOptions::default().with_window(secs(3600)));
    let driver = tokio::spawn(driver);
    let waiting: Vec<_> = (0..5).map(|at| tokio::spawn(auto.send(zoo.get(&at.to_string())))).collect();
    tokio::time::sleep(secs(1)).await;
    assert!(peer.sent().is_empty());
    drop(auto);
    for waiting in waiting {
        assert!(waiting.await.unwrap().is_ok());
    }
    driver.await.unwrap();
    assert_eq!((peer.sizes(), start.elapsed().as_secs()), (vec![5], 2));
}

#[tokio::test(start_paused = true)]
async fn without_a_driver_calls_fail_and_what_was_sent_has_an_unknown_outcome() {
    let (zoo, _) = zoo(|sent| sent.echo().after(secs(10)));
    let (auto, driver) = zoo.batcher();
    drop(driver);
    let error = auto.send(zoo.get("a")).await.unwrap_err();
    assert!(error.is_cancelled() && error.to_string().contains("driver"), "{error}");

    let (auto, driver) =
        Batcher::with_options(&zoo, BatcherOptions::default().with_max_calls(1).with_concurrency(1));
    let driver = tokio::spawn(driver);
    let (sent, waiting) =
        (tokio::spawn(auto.send(zoo.insert("a"))), tokio::spawn(auto.send(zoo.insert("b"))));
    tokio::time::sleep(secs(1)).await;
    driver.abort();
    let sent = sent.await.unwrap().unwrap_err();
    assert!(sent.is_unknown_outcome() && !sent.is_cancelled(), "it may have been executed: {sent}");
    let waiting = waiting.await.unwrap().unwrap_err();
    assert!(waiting.is_cancelled(), "{waiting}");
}

#[tokio::test(start_paused = true)]
async fn retries_and_the_client_s_limits_are_the_batch_s() {
    let (zoo, peer) = zoo(|sent| match sent.number {
        0 => sent.answer(|part| (!part.is("3")).then(|| failed(429, "rateLimitExceeded"))),
        _ => sent.echo(),
    });
    let (auto, driver) = zoo.batcher();
    tokio::spawn(driver);
    let calls = (0..4).map(|at| auto.send(zoo.insert(&at.to_string())));
    let results = join_all(calls).await;
    assert!(results[..3].iter().all(Result::is_ok));
    assert!(results[3].as_ref().unwrap_err().is_unknown_outcome());
    assert_eq!(peer.sizes(), [4, 1, 2], "one to see whether it passes");
}

#[tokio::test]
async fn an_invalid_call_is_its_own_error() {
    let (zoo, peer) = zoo(Sent::echo);
    let (auto, driver) = zoo.batcher();
    tokio::spawn(driver);
    let (bad, good) = tokio::join!(auto.send(zoo.get("")), auto.send(zoo.get("a")));
    assert!(bad.unwrap_err().is_input() && good.is_ok());
    assert_eq!(peer.sizes(), [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tasks_at_once() {
    let (zoo, peer) = zoo(Sent::echo);
    let start = std::time::Instant::now();
    let (auto, driver) = zoo.batcher();
    let driver = tokio::spawn(driver);
    let tasks: Vec<_> = (0..1000)
        .map(|at| {
            let (zoo, auto) = (zoo.clone(), auto.clone());
            tokio::spawn(async move {
                let id = at.to_string();
                assert_eq!(auto.send(zoo.get(&id)).await.unwrap().id(), id);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    drop(auto);
    driver.await.unwrap();
    assert_eq!(peer.sizes().iter().sum::<usize>(), 1000);
    assert!(peer.sent().len() < 200, "{} requests", peer.sent().len());
    assert!(start.elapsed() < secs(10), "{:?}", start.elapsed());
}

/// Whoever is chosen to see whether the server still refuses what comes may be gone: then another one is.
#[tokio::test(start_paused = true)]
async fn a_probe_that_nobody_waits_for_any_more_holds_nobody_up() {
    let (zoo, peer) = zoo(|sent| match sent.number {
        0 => sent.answer(|_| Some(failed(429, "rateLimitExceeded"))),
        _ => sent.echo(),
    });
    let (auto, driver) = zoo.batcher();
    tokio::spawn(driver);
    let start = Instant::now();
    let tasks: Vec<_> = (0..10).map(|at| tokio::spawn(auto.send(zoo.insert(&at.to_string())))).collect();
    tokio::time::sleep(millis(100)).await;
    assert_eq!(peer.sizes(), [10]);
    tasks[0].abort();
    for task in tasks.into_iter().skip(1) {
        assert!(task.await.unwrap().is_ok());
    }
    assert!(start.elapsed() < secs(5), "{:?}", start.elapsed());
}
