//! Batches that exceed a limit: on calls, on bytes, on the URL of a call, or as reported by the server.

use gapis_testkit::zoo::*;

/// Executes that many reads and returns the sizes of the requests.
async fn sizes(zoo: &Zoo, peer: &Peer, calls: usize) -> Vec<usize> {
    let before = peer.sent().len();
    let mut batch = zoo.batch();
    (0..calls).for_each(|at| {
        let _ = batch.add(zoo.get(&at.to_string())).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok(), "{:?}", report.error_for_failures());
    peer.sizes().split_off(before)
}

fn lower(received: usize, limit: usize) -> Answer {
    let message = format!("Inner request count exceeds the limit. Received: {received}, Limit: {limit}");
    Answer::json(400, format!(r#"{{"error":{{"code":400,"message":"{message}"}}}}"#))
}

#[tokio::test]
async fn by_the_api_s_limit_in_the_order_of_the_queue() {
    let (zoo, peer) = zoo(Sent::echo);
    assert_eq!(sizes(&zoo, &peer, 250).await, [100, 100, 50]);
    let order: Vec<String> = peer.sent().iter().flat_map(Sent::animals).collect();
    assert_eq!(order, (0..250).map(|at| at.to_string()).collect::<Vec<_>>());
    assert_eq!(sizes(&zoo, &peer, 100).await, [100]);
}

#[tokio::test]
async fn by_the_caller_s_word() {
    let (zoo, peer) = zoo(Sent::echo);
    let mut batch = zoo.batch().with_max_calls(3);
    (0..7).for_each(|_| {
        let _ = batch.add(zoo.get("a")).unwrap();
    });
    let _ = batch.execute().await;
    let mut batch = zoo.batch().with_max_calls(150);
    (0..150).for_each(|_| {
        let _ = batch.add(zoo.get("a")).unwrap();
    });
    let _ = batch.execute().await;
    let mut batch = zoo.batch().with_max_calls(0);
    (0..2).for_each(|_| {
        let _ = batch.add(zoo.get("a")).unwrap();
    });
    let _ = batch.execute().await;
    assert_eq!(peer.sizes(), [3, 3, 1, 150, 1, 1]);
}

#[tokio::test]
async fn by_bytes_which_no_request_exceeds() {
    let (zoo, peer) = zoo(Sent::echo);
    let mut batch = zoo.batch().with_max_bytes(2000);
    for at in 0..10 {
        batch.add(zoo.insert(&"x".repeat(100 * at))).unwrap();
    }
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok());
    let sent = peer.sent();
    assert!(sent.iter().all(|sent| sent.body.len() <= 2000) && sent.len() > 4);
    assert_eq!(peer.sizes().iter().sum::<usize>(), 10);
    // No request had room for the first call of the next one.
    for pair in sent.windows(2) {
        let next = pair[1].parts[0].body.len();
        assert!(pair[0].body.len() + next + 150 > 2000, "{} and {next}", pair[0].body.len());
    }
}

#[tokio::test]
async fn a_call_that_fits_into_no_request_fails_alone() {
    let (zoo, peer) = zoo(Sent::echo);
    let log = Log::default();
    let mut batch = zoo.batch().with_max_bytes(5000).with_max_calls(2);
    for id in ["a".to_owned(), "x".repeat(9000), "b".to_owned(), "c".to_owned()] {
        let log = &log;
        zoo.get(&id)
            .queue(&mut batch, move |reply| {
                log.add(match reply.result {
                    Ok(animal) => animal.id().to_owned(),
                    Err(error) => format!("{} {}", error.is_input(), error),
                })
            })
            .unwrap();
    }
    zoo.insert(&"y".repeat(6000))
        .queue(&mut batch, |reply| {
            let error = reply.result.unwrap_err();
            log.add(format!("{} {error}", error.is_input()));
        })
        .unwrap();
    let report = batch.execute().await;
    assert_eq!(report.failures(), 2);
    let mut seen = log.take();
    seen.sort();
    assert_eq!(seen[..3], ["a", "b", "c"]);
    assert!(seen[3].starts_with("true zoo.animals.get: path and query have 9"), "{}", seen[3]);
    assert!(seen[4].starts_with("true zoo.animals.insert: the call takes 6"), "{}", seen[4]);
    assert!(!seen[4].contains("yyy"), "no body in an error");
    assert_eq!(peer.sizes().iter().sum::<usize>(), 3);
}

#[tokio::test]
async fn an_address_of_exactly_the_limit_passes() {
    let (zoo, peer) = zoo(Sent::echo);
    let around = "/zoo/v1/animals/?alt=json".len();
    let mut batch = zoo.batch();
    batch.add(zoo.delete(&"x".repeat(8000 - around))).unwrap();
    batch.add(zoo.delete(&"x".repeat(8001 - around))).unwrap();
    let report = batch.execute().await;
    let failed: Vec<_> = report.records().map(|reply| reply.error.is_some()).collect();
    assert_eq!((failed, peer.sizes()), (vec![false, true], vec![1]));
}

#[tokio::test(start_paused = true)]
async fn a_server_s_lower_limit_is_kept_and_remembered_by_the_client() {
    let (zoo, peer) =
        zoo(|sent| if sent.parts.len() > 30 { lower(sent.parts.len(), 30) } else { sent.echo() });
    let start = tokio::time::Instant::now();
    assert_eq!(sizes(&zoo, &peer, 100).await, [100, 30, 30, 30, 10]);
    assert_eq!(sizes(&zoo, &peer, 61).await, [30, 30, 1], "the next batch knows");
    assert_eq!(sizes(&zoo.clone(), &peer, 31).await, [30, 1]);
    assert_eq!(start.elapsed(), secs(0), "what was refused unread is sent again at once");
    assert_eq!(sizes(&peer.zoo(), &peer, 31).await, [31, 30, 1], "another client does not");
}

#[tokio::test]
async fn a_call_refused_unread_has_not_used_an_attempt() {
    let (zoo, _) = zoo(|sent| if sent.parts.len() > 1 { lower(sent.parts.len(), 0) } else { sent.echo() });
    let mut batch = zoo.batch().with_retry(gapis_runtime::RetryPolicy::none());
    (0..64).for_each(|_| {
        let _ = batch.add(zoo.insert("a")).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok(), "64, 32, … 1: {:?}", report.error_for_failures());
}

#[tokio::test]
async fn what_was_learned_never_grows() {
    // Two requests are refused at the same time, and the one with the less precise message is last.
    let (zoo, peer) = zoo(|sent| match (sent.number, sent.parts.len()) {
        (0, _) => lower(100, 10),
        (1, _) => Answer::json(400, r#"{"error":{"message":"Inner request count exceeds the limit."}}"#)
            .after(millis(5)),
        (_, size) if size > 10 => lower(size, 10),
        _ => sent.echo(),
    });
    assert_eq!(sizes(&zoo, &peer, 200).await[..3], [100, 100, 10]);
    assert_eq!(sizes(&zoo, &peer, 20).await, [10, 10]);
}

#[tokio::test]
async fn a_limit_in_words_that_are_not_json_is_understood() {
    let (zoo, peer) = zoo(|sent| match sent.parts.len() {
        size @ 51.. => Answer::new(
            400,
            "text/plain",
            format!("Inner request count exceeds the limit. Received: {size}, Limit: 50"),
        ),
        _ => sent.echo(),
    });
    assert_eq!(sizes(&zoo, &peer, 80).await, [80, 50, 30]);
}

#[tokio::test]
async fn a_413_halves_down_to_the_call_that_is_too_large() {
    let (zoo, peer) = zoo(|sent| {
        if sent.parts.len() > 3 || sent.parts.iter().any(|p| p.is("big")) {
            Answer::new(413, "text/html", "<html><title>Too large</title></html>")
        } else {
            sent.echo()
        }
    });
    let mut batch = zoo.batch().with_concurrency(1);
    for at in 0..8 {
        batch.add(zoo.insert(if at == 5 { "big" } else { "a" })).unwrap();
    }
    let report = batch.execute().await;
    assert_eq!(report.failures(), 1);
    assert_eq!(report.records().nth(5).unwrap().error.as_ref().unwrap().response().unwrap().status, 413);
    // Each refusal halves the request that was refused, and no other.
    assert_eq!(peer.sizes(), [8, 4, 4, 2, 2, 2, 2, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_are_bounded() {
    for (concurrency, most) in [(None, 2), (Some(1), 1), (Some(5), 5), (Some(0), 1), (Some(100), 10)] {
        let (zoo, peer) = zoo(|sent| sent.echo().after(secs(1)));
        let start = tokio::time::Instant::now();
        let mut batch = zoo.batch().with_max_calls(10);
        if let Some(concurrency) = concurrency {
            batch = batch.with_concurrency(concurrency);
        }
        (0..100).for_each(|_| {
            let _ = batch.add(zoo.get("a")).unwrap();
        });
        let _ = batch.execute().await;
        assert_eq!((peer.sent().len(), peer.most()), (10, most));
        assert_eq!(start.elapsed(), secs(10_u64.div_ceil(most as u64)));
    }
}

/// Most APIs have the batch path `batch`, but different hosts.
#[tokio::test]
async fn what_was_learned_of_one_api_is_not_held_against_another() {
    let peer = Peer::new(|sent| match sent.parts.len() {
        size @ 11.. if sent.url.starts_with("https://zoo.test/") => lower(size, 10),
        _ => sent.echo(),
    });
    let client = peer.client();
    let zoo = Zoo::new(&client);
    assert_eq!(sizes(&zoo, &peer, 20).await, [20, 10, 10]);
    let park = park::Park::new(&client);
    let mut batch = park.batch();
    (0..20).for_each(|_| {
        let _ = batch.add(park.call(http::Method::GET, "x", None)).unwrap();
    });
    let _ = batch.execute().await;
    assert_eq!(peer.sizes()[3..], [20]);
    assert_eq!(sizes(&zoo, &peer, 20).await, [10, 10]);
}

/// The status code at the start of the message is not a limit.
#[tokio::test]
async fn a_limit_without_a_number_is_half_of_what_was_sent() {
    let (zoo, peer) = zoo(|sent| match sent.parts.len() {
        401.. => Answer::json(400, r#"{"error":{"message":"Inner request count exceeds the limit."}}"#),
        _ => sent.echo(),
    });
    let mut batch = zoo.batch().with_max_calls(600);
    (0..600).for_each(|at| {
        let _ = batch.add(zoo.get(&at.to_string())).unwrap();
    });
    assert_eq!(batch.execute().await.failures(), 0);
    assert_eq!(peer.sizes(), [600, 300, 300]);
}
