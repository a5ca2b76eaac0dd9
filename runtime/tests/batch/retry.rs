//! What is sent again, when and how often, and what is not.

use gapis_runtime::{Error, RetryPolicy};
use tokio::time::Instant;

use gapis_testkit::zoo::*;

/// The peer responds to every call with this until request `from`, and then with the animal.
fn until(from: usize, inner: &str) -> (Zoo, Peer) {
    let inner = inner.to_owned();
    zoo(move |sent| if sent.number < from { sent.answer(|_| Some(inner.clone())) } else { sent.echo() })
}

/// The result of one call, and when each request was sent.
async fn one<M>(zoo: &Zoo, peer: &Peer, call: Call<M>) -> (Result<M::Output, Error>, Vec<f64>)
where
    M: gapis_runtime::Method<Api = Zoo>,
{
    let start = Instant::now();
    let mut batch = zoo.batch();
    let ticket = batch.add(call).unwrap();
    let result = batch.execute().await.redeem(ticket);
    (result, peer.sent().iter().map(|sent| (sent.at - start).as_secs_f64()).collect())
}

const SOFT_LIMIT: &str = "HTTP/1.1 403 Forbidden\r\n\r\n{\"error\":{\"code\":403,\"message\":\"Exceeds allowed inner batch requests soft limit. Please retry.\"}}";

#[tokio::test(start_paused = true)]
async fn rate_limits_and_503_are_retried_for_any_call() {
    for inner in [
        failed(429, "rateLimitExceeded"),
        "HTTP/1.1 429 Too Many Requests".to_owned(),
        failed(503, "backendError"),
        failed(403, "rateLimitExceeded"),
        failed(403, "userRateLimitExceeded"),
        failed(403, "quotaExceeded"),
        failed(403, "servingLimitExceeded"),
        SOFT_LIMIT.to_owned(),
    ] {
        let (zoo, peer) = until(2, &inner);
        let (result, times) = one(&zoo, &peer, zoo.insert("a")).await;
        assert_eq!(result.unwrap().id(), "a", "{inner}");
        let waits: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!((0.5..=1.002).contains(&waits[0]) && (1.0..=2.002).contains(&waits[1]), "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_errors_are_final() {
    for inner in [
        failed(400, "badRequest"),
        failed(403, "forbidden"),
        failed(403, "dailyLimitExceeded"),
        failed(429, "dailyLimitExceeded"),
        failed(403, "storageQuotaExceeded"),
        failed(404, "notFound"),
        failed(409, "conflict"),
        failed(412, "conditionNotMet"),
        "HTTP/1.1 304 Not Modified".to_owned(),
        failed(501, "notImplemented"),
    ] {
        let (zoo, peer) = until(usize::MAX, &inner);
        let (result, times) = one(&zoo, &peer, zoo.get("a")).await;
        assert!(result.unwrap_err().is_status() && times.len() == 1, "{inner}");
    }
}

#[tokio::test(start_paused = true)]
async fn server_errors_are_retried_only_for_idempotent_calls() {
    for status in [500, 502, 504] {
        let (zoo, peer) = until(1, &failed(status, "backendError"));
        assert!(one(&zoo, &peer, zoo.get("a")).await.0.is_ok());
        let (zoo, peer) = until(1, &failed(status, "backendError"));
        assert!(one(&zoo, &peer, zoo.delete("a")).await.0.is_ok());
        for call in [zoo.insert("a"), zoo.insert("a").with_idempotent(false)] {
            let (zoo, peer) = until(1, &failed(status, "backendError"));
            let mut batch = zoo.batch();
            let error = batch.add(call).map(|_| ());
            assert!(error.is_ok());
            let report = batch.execute().await;
            assert_eq!((report.failures(), peer.sent().len()), (1, 1));
        }
        let (zoo, peer) = until(1, &failed(status, "backendError"));
        assert!(
            one(&zoo, &peer, zoo.insert("a").with_idempotent(true)).await.0.is_ok(),
            "by the caller's word"
        );
        let (zoo, peer) = until(1, &failed(status, "backendError"));
        assert!(one(&zoo, &peer, zoo.get("a").with_idempotent(false)).await.0.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_failed_is_sent_again() {
    let (zoo, peer) = zoo(|sent| {
        let first = sent.number == 0;
        sent.answer(|part| {
            Some(match &*part.animal() {
                "busy" if first => failed(503, "backendError"),
                "lost" if first => return None,
                "gone" => failed(404, "notFound"),
                id => animal(id),
            })
        })
    });
    let mut batch = zoo.batch();
    for id in ["a", "busy", "gone", "lost", "b"] {
        batch.add(zoo.get(id)).unwrap();
    }
    let report = batch.execute().await;
    assert_eq!((report.failures(), report.retries(), report.requests()), (1, 2, 2));
    assert_eq!(peer.sent()[1].animals(), ["busy", "lost"]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured_in_a_part_and_outside() {
    let (zoo, peer) = until(1, "HTTP/1.1 429 Too Many\r\nRetry-After: 17\r\n\r\n");
    let (result, times) = one(&zoo, &peer, zoo.insert("a")).await;
    assert!(result.is_ok() && (17.0..17.01).contains(&times[1]), "{times:?}");

    let (zoo, peer) = gapis_testkit::zoo::zoo(|sent| match sent.number {
        0 => Answer::json(503, "").header("retry-after", "40"),
        _ => sent.echo(),
    });
    let (result, times) = one(&zoo, &peer, zoo.insert("a")).await;
    assert!(result.is_ok() && (40.0..40.01).contains(&times[1]), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn each_call_waits_as_long_as_the_server_asks_of_it() {
    let (zoo, peer) = zoo(|sent| {
        let first = sent.number == 0;
        sent.answer(|part| {
            let id = part.animal();
            Some(match id.parse::<u64>() {
                Ok(after) if first => format!("HTTP/1.1 503 X\r\nRetry-After: {after}\r\n\r\n"),
                _ => animal(&id),
            })
        })
    });
    let start = Instant::now();
    let mut batch = zoo.batch();
    for id in ["5", "20", "10", "3"].into_iter().chain(std::iter::repeat_n("others", 40)) {
        batch.add(zoo.get(id)).unwrap();
    }
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok());
    let again: Vec<_> =
        peer.sent()[1..].iter().map(|sent| ((sent.at - start).as_secs(), sent.animals())).collect();
    let expected = [3, 5, 10, 20].map(|after| (after, vec![after.to_string()]));
    assert_eq!(again, expected);
}

/// If the server asks one call to wait for an hour, the others must still have their next attempt.
#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_budget_fails_that_call_alone() {
    for after in ["3600", "18446744073709551615", "99999999999999999999999"] {
        let (zoo, peer) = zoo(move |sent| {
            let first = sent.number == 0;
            sent.answer(|part| {
                Some(match &*part.animal() {
                    "hour" if first => format!("HTTP/1.1 429 X\r\nRetry-After: {after}\r\n\r\n"),
                    "busy" if first => failed(503, "backendError"),
                    id => animal(id),
                })
            })
        });
        let mut batch = zoo.batch();
        for id in ["hour", "busy", "a"] {
            batch.add(zoo.get(id).with_id(id)).unwrap();
        }
        let start = Instant::now();
        let report = batch.execute().await;
        assert!(start.elapsed() < secs(5), "{after}: {:?}", start.elapsed());
        assert!(report.get("busy").unwrap().error.is_none(), "{after}");
        if after.len() < 23 {
            assert_eq!(
                report.get("hour").unwrap().error.as_ref().unwrap().status().map(u16::from),
                Some(429)
            );
            assert_eq!(peer.sent().len(), 2);
        }
        let peer = Peer::new(move |_| Answer::json(503, "").header("retry-after", after));
        let single = peer.builder().retry(policy(2)).build().unwrap();
        assert_eq!(
            single.get("a").await.unwrap_err().status().map(u16::from),
            Some(503),
            "sent alone, without a panic"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded_by_the_client_s_the_batch_s_and_the_call_s_policy() {
    let peer = Peer::new(|sent| sent.answer(|_| Some(failed(500, "backendError"))));
    let zoo = peer.builder().retry(policy(2)).build().unwrap();
    let attempts =
        |report: &gapis_runtime::Report| report.records().map(|reply| reply.attempts).collect::<Vec<_>>();
    let mut batch = zoo.batch();
    batch.add(zoo.get("a")).unwrap();
    batch.add(zoo.get("b").with_retry(policy(4))).unwrap();
    batch.add(zoo.get("c").with_retry(RetryPolicy::none())).unwrap();
    assert_eq!(attempts(&batch.execute().await), [2, 4, 1]);
    assert_eq!(peer.sizes(), [3, 2, 1, 1]);
    let mut batch = zoo.batch().with_retry(policy(3));
    batch.add(zoo.get("a")).unwrap();
    assert_eq!(attempts(&batch.execute().await), [3]);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_after_the_total_time() {
    let slow = |sent: &Sent| sent.answer(|_| Some(failed(500, "backendError"))).after(secs(40));
    let (zoo, peer) = zoo(slow);
    let start = Instant::now();
    let mut batch = zoo.batch().with_retry(policy(100).with_total_time(secs(100)));
    batch.add(zoo.get("a")).unwrap();
    batch.add(zoo.get("short").with_retry(policy(100).with_total_time(secs(60)))).unwrap();
    let report = batch.execute().await;
    assert_eq!(report.failures(), 2);
    // The requests started at 0, 40 and 80 seconds, plus the waits; with less time there were two.
    assert_eq!(peer.sizes(), [2, 2, 1]);
    assert!(start.elapsed() < secs(130), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn batches_shrink_when_the_server_asks_to_slow_down() {
    let (zoo, peer) = zoo(|sent| {
        let size = sent.parts.len();
        let mut served = 0;
        sent.answer(|part| {
            served += 1;
            Some(if size > 30 && served > 25 {
                failed(429, "rateLimitExceeded")
            } else {
                animal(&part.animal())
            })
        })
    });
    let mut batch = zoo.batch();
    (0..100).for_each(|at| {
        let _ = batch.add(zoo.get(&at.to_string())).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok());
    let sizes = peer.sizes();
    assert_eq!(sizes[0], 100);
    assert!(sizes[1..].iter().all(|size| *size <= 50), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>() - 100, report.retries());
}

/// If one call of a hundred meets its limit, the size of the batch is probably not the reason.
#[tokio::test(start_paused = true)]
async fn one_rate_limited_call_does_not_take_batching_from_the_rest() {
    let (zoo, peer) = zoo(|sent| {
        let first = sent.number == 0;
        sent.answer(|part| {
            Some(if first && part.is("0") {
                failed(429, "rateLimitExceeded")
            } else {
                animal(&part.animal())
            })
        })
    });
    let mut batch = zoo.batch();
    (0..100).for_each(|at| {
        let _ = batch.add(zoo.get(&at.to_string())).unwrap();
    });
    batch.barrier();
    (0..100).for_each(|at| {
        let _ = batch.add(zoo.get(&at.to_string())).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok());
    assert_eq!(peer.sizes(), [100, 1, 100], "and a round without limits lets batches grow again");
}

#[tokio::test(start_paused = true)]
async fn outer_failures_of_every_kind_are_judged_like_a_call_s() {
    let make: [(&str, fn() -> Answer, bool, bool); 11] = [
        ("connect", || Answer::error(Error::connect("no", "x")), true, true),
        ("broken", || Answer::error(Error::transport("broke", "x")), true, false),
        ("429", || Answer::json(429, ""), true, true),
        ("503", || Answer::new(503, "text/html", "<html>"), true, true),
        ("403", || Answer::json(403, error_body(403, "rateLimitExceeded")), true, true),
        ("500", || Answer::json(500, ""), true, false),
        ("502", || Answer::new(502, "text/html", "<html>"), true, false),
        ("200, no multipart", || Answer::new(200, "text/html", "<html>Sign in</html>"), true, false),
        ("200, no boundary", || Answer::new(200, "multipart/mixed", "--B--"), true, false),
        ("403 final", || Answer::json(403, error_body(403, "forbidden")), false, false),
        ("400", || Answer::json(400, error_body(400, "badRequest")), false, false),
    ];
    for (name, answer, read, write) in make {
        let (zoo, peer) = zoo(move |sent| if sent.number == 0 { answer() } else { sent.echo() });
        let mut batch = zoo.batch();
        batch.add(zoo.get("a").with_id("read")).unwrap();
        batch.add(zoo.insert("b").with_id("write")).unwrap();
        let report = batch.execute().await;
        let fine = |id| report.get(id).unwrap().error.is_none();
        assert_eq!((fine("read"), fine("write")), (read, write), "{name}");
        assert_eq!(peer.sent().len() > 1, read || write, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_cannot_be_read_is_asked_for_again_where_that_does_no_harm() {
    let (zoo, peer) = zoo(|sent| {
        let first = sent.number == 0;
        sent.answer(|part| match &*part.animal() {
            "fine" => Some(animal("fine")),
            _ if first => Some("<html>Sorry</html>".to_owned()),
            id => Some(animal(id)),
        })
    });
    let mut batch = zoo.batch();
    batch.add(zoo.get("a").with_id("read")).unwrap();
    batch.add(zoo.insert("b").with_id("write")).unwrap();
    batch.add(zoo.insert("c").with_idempotent(true).with_id("marked")).unwrap();
    batch.add(zoo.insert("fine").with_id("fine")).unwrap();
    let report = batch.execute().await;
    for id in ["read", "marked", "fine"] {
        assert!(report.get(id).unwrap().error.is_none(), "{id}");
    }
    let error = report.get("write").unwrap().error.as_ref().unwrap();
    assert!(error.is_unknown_outcome() && error.is_protocol(), "{error}");
    assert_eq!(error.raw_part().unwrap().windows(5).filter(|bytes| bytes == b"Sorry").count(), 1);
    assert_eq!(peer.sent()[1].animals(), ["a", "c"]);
    assert_eq!(peer.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_policy_may_decide_otherwise_for_calls_and_batches_alike() {
    let decided = || {
        policy(3).with_decision(|error| match error.status().map(u16::from) {
            Some(409) => Some(true),
            Some(503) => Some(false),
            _ => None,
        })
    };
    for (inner, attempts) in
        [(failed(409, "conflict"), 3), (failed(503, "backendError"), 1), (failed(404, "x"), 1)]
    {
        let (zoo, peer) = until(usize::MAX, &inner);
        let (result, times) = one(&zoo, &peer, zoo.insert("a").with_retry(decided())).await;
        assert!(result.is_err() && times.len() == attempts, "{inner}: {times:?}");
    }
    for (status, attempts) in [(409, 3), (503, 1), (404, 1)] {
        let peer = Peer::new(move |_| Answer::json(status, ""));
        let zoo = peer.builder().retry(decided()).build().unwrap();
        assert_eq!(zoo.insert("a").await.unwrap_err().status().map(u16::from), Some(status));
        assert_eq!(peer.sent().len(), attempts, "{status}");
    }
}

/// The response would be as large the next time.
#[tokio::test(start_paused = true)]
async fn a_part_beyond_its_limits_is_not_asked_for_again() {
    let (zoo, peer) = zoo(|sent| sent.answer(|_| Some(ok(&format!("\"{}\"", "x".repeat(5000))))));
    let limits = gapis_runtime::ReadLimits::default().with_part_bytes(1000);
    let mut batch = zoo.batch().with_limits(limits);
    let ticket = batch.add(zoo.get("a")).unwrap();
    let error = batch.execute().await.redeem(ticket).unwrap_err();
    assert!(error.is_protocol() && error.is_unknown_outcome(), "{error}");
    assert_eq!(peer.sent().len(), 1);
}

/// The error of the last attempt is the result.
#[tokio::test(start_paused = true)]
async fn answers_that_are_none_come_to_an_end() {
    let page = || Answer::new(200, "text/html", "<html><h1>Sign in</h1></html>");
    let (zoo, peer) = zoo(move |_| page());
    let (result, times) = one(&zoo, &peer, zoo.get("a")).await;
    let error = result.unwrap_err();
    assert!(error.is_unknown_outcome() && error.to_string().contains("Sign in"), "{error}");
    assert_eq!((times.len(), error.response().unwrap().status.as_u16()), (5, 200));
}

#[tokio::test(start_paused = true)]
async fn an_outer_timeout_is_retried_for_what_may_be_done_twice() {
    let peer = Peer::new(|sent| sent.echo().after(if sent.number == 0 { secs(1000) } else { secs(0) }));
    let zoo = peer.builder().timeout(Some(secs(30))).build().unwrap();
    let mut batch = zoo.batch();
    batch.add(zoo.get("a").with_id("read")).unwrap();
    batch.add(zoo.insert("b").with_id("write")).unwrap();
    let report = batch.execute().await;
    assert!(report.get("read").unwrap().error.is_none());
    assert!(report.get("write").unwrap().error.as_ref().unwrap().is_timeout());
    assert_eq!(peer.sent()[1].animals(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn the_retry_budget_ends_what_an_outage_would_amplify() {
    let peer = Peer::new(|sent| match sent.parts.is_empty() {
        true => Answer::json(500, ""),
        false => sent.answer(|_| Some(failed(500, "backendError"))),
    });
    let zoo = peer.builder().retry_budget(3).retry(policy(10)).build().unwrap();
    // Five calls, of which three are sent again.
    for requests in [2, 1] {
        let before = peer.sent().len();
        let mut batch = zoo.batch();
        batch.queue_all((0..5).map(|_| zoo.get("a")), |reply| assert!(reply.result.is_err())).unwrap();
        let report = batch.execute().await;
        assert_eq!((report.failures(), peer.sent().len() - before), (5, requests));
    }
    assert_eq!(
        zoo.get("a").await.unwrap_err().status().map(u16::from),
        Some(500),
        "calls sent alone share it"
    );
    assert_eq!(peer.sent().len(), 4);
}

/// Without retries each call gets its own result: there are as many requests as before, and no waits.
#[tokio::test(start_paused = true)]
async fn without_retries_a_rate_limit_changes_nothing() {
    let (zoo, peer) = zoo(|sent| sent.answer(|_| Some(failed(429, "rateLimitExceeded"))));
    let start = Instant::now();
    let mut batch = zoo.batch().with_retry(RetryPolicy::none());
    (0..1000).for_each(|at| {
        let _ = batch.add(zoo.get(&at.to_string())).unwrap();
    });
    let report = batch.execute().await;
    assert_eq!((report.failures(), peer.sizes()), (1000, vec![100; 10]));
    assert!(start.elapsed() < secs(1), "{:?}", start.elapsed());
}

/// If a server refuses everything for the whole time of the policy, the rest of a large batch is not sent.
#[tokio::test(start_paused = true)]
async fn a_quota_that_stays_used_up_ends_the_batch() {
    let (zoo, peer) = zoo(|sent| sent.answer(|_| Some(failed(429, "rateLimitExceeded"))));
    let start = Instant::now();
    let mut limited = 0;
    let mut batch = zoo.batch().with_retry(policy(4).with_total_time(secs(60)));
    (0..1000).for_each(|at| {
        let _ = batch.add(zoo.get(&at.to_string())).unwrap();
    });
    batch.on_reply(|reply| limited += usize::from(reply.error.unwrap().is_rate_limited()));
    let report = batch.execute().await;
    assert_eq!(report.failures(), 1000);
    let unsent = report.records().filter(|reply| reply.error.as_ref().unwrap().is_cancelled()).count();
    assert!(unsent > 500 && unsent + limited == 1000, "{unsent} were not sent, {limited} refused");
    assert!(peer.sent().len() < 60, "{} requests", peer.sent().len());
    assert!(start.elapsed() < secs(120), "{:?}", start.elapsed());
}

/// `Retry-After` also applies to calls that were not sent yet, whether or not the refused calls have another attempt.
#[tokio::test(start_paused = true)]
async fn what_was_held_back_waits_as_long_as_the_server_asks() {
    let start = Instant::now();
    let (zoo, peer) = zoo(move |sent| {
        let quiet = start.elapsed() < secs(30);
        let limited = failed(429, "rateLimitExceeded").replacen("\r\n", "\r\nRetry-After: 30\r\n", 1);
        sent.answer(|part| Some(if quiet { limited.clone() } else { animal(&part.animal()) }))
    });
    let mut batch = zoo.batch();
    (0..1000).for_each(|at| {
        let _ = batch.add(zoo.get(&at.to_string())).unwrap();
    });
    let report = batch.execute().await;
    assert_eq!(report.failures(), 0);
    let early = peer.sent().iter().filter(|sent| sent.at - start < secs(30)).count();
    assert_eq!(early, 2, "no more than were on their way at first");
}

/// A connection that breaks costs as much as it takes to send one request again, and not as many calls as it had.
#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_costs_one_of_the_budget() {
    for how in 0..3 {
        let peer = Peer::new(move |sent| match (sent.number, how) {
            (2.., _) => sent.echo(),
            (_, 0) => sent.echo().cut(100, Some(Piece::Break)),
            (_, 1) => Answer::error(Error::transport("reset", "by script")),
            (_, _) => Answer::json(502, ""),
        });
        let zoo = peer.builder().retry_budget(2).retry(policy(3)).build().unwrap();
        let mut batch = zoo.batch().with_concurrency(1);
        (0..200).for_each(|at| {
            let _ = batch.add(zoo.get(&at.to_string())).unwrap();
        });
        let report = batch.execute().await;
        assert_eq!((report.failures(), report.retries()), (0, 200), "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_for_some_calls_sends_some_calls_again() {
    let peer = Peer::new(|sent| {
        let first = sent.number < 3;
        sent.answer(|part| Some(if first { failed(500, "x") } else { animal(&part.animal()) }))
    });
    let zoo = peer.builder().retry_budget(2).retry(policy(2)).build().unwrap();
    let mut batch = zoo.batch().with_max_calls(2).with_concurrency(1);
    (0..6).for_each(|at| {
        let _ = batch.add(zoo.get(&at.to_string())).unwrap();
    });
    let report = batch.execute().await;
    assert_eq!((report.failures(), report.retries(), peer.sizes()), (4, 2, vec![2, 2, 2, 2]));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_unread_or_unauthorised_counts_as_sent_in_the_report() {
    let (zoo, _) =
        zoo(
            |sent| {
                if sent.number == 0 { sent.answer(|_| Some(failed(401, "authError"))) } else { sent.echo() }
            },
        );
    let mut batch = zoo.batch();
    batch.add(zoo.get("a")).unwrap();
    let report = batch.execute().await;
    // Fixed credentials cannot be renewed, so the call is sent once and the result is the 401.
    let reply = report.records().next().unwrap();
    assert_eq!((reply.attempts, reply.error.as_ref().unwrap().status().map(u16::from)), (1, Some(401)));
}

/// Continuing at full speed would use up attempts and budget on calls that could have waited.
#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_slow_down_is_not_sent_the_rest_meanwhile() {
    // The waits are random; the bounds hold for all of them.
    for seed in 0..8 {
        fastrand::seed(seed);
        slowed_down(seed).await;
    }
}

async fn slowed_down(seed: u64) {
    let mut window = (Instant::now(), 0);
    let (zoo, peer) = zoo(move |sent| {
        if window.0.elapsed() > secs(2) {
            window = (Instant::now(), 0);
        }
        sent.answer(|part| {
            window.1 += 1;
            Some(if window.1 > 500 { failed(429, "rateLimitExceeded") } else { animal(&part.animal()) })
        })
    });
    let mut batch = zoo.batch();
    (0..5000).for_each(|at| {
        let _ = batch.add(zoo.insert(&at.to_string())).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok(), "{:?}", report.error_for_failures());
    assert!(report.retries() < 1500, "{} of 5000 calls were sent again, {seed}", report.retries());
    assert!(peer.sent().len() < 300, "{} requests, {seed}", peer.sent().len());
}
