//! Each callback runs exactly once if the batch is executed to its end, and at most once if it is not.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use gapis_runtime::{Error, RetryPolicy};

use gapis_testkit::zoo::*;

/// How a reply ended, in one word.
fn word(result: Result<Animal, Error>) -> String {
    match result {
        Ok(animal) => format!("ok {}", animal.id()),
        Err(error) if error.is_protocol() && error.is_unknown_outcome() => "unreadable".to_owned(),
        Err(error) if error.is_unknown_outcome() => "unknown".to_owned(),
        Err(error) if error.is_decode() => "decode".to_owned(),
        Err(error) => format!("{:?}", error.status().map(u16::from)),
    }
}

#[tokio::test]
async fn value_error_undecodable_missing_and_flawed_parts_are_answered_once_each() {
    let (zoo, _) = zoo(|sent| {
        sent.answer(|part| match &*part.animal() {
            "gone" => Some(failed(404, "notFound")),
            "broken" => Some(ok("{\"id\":")),
            "typed" => Some(ok("[{\"id\":\"x\"}]")),
            "lost" => None,
            "flawed" => Some("this is no HTTP".to_owned()),
            id => Some(animal(id)),
        })
    });
    let mut own = vec![None; 6];
    let mut listened = vec![0; 6];
    let mut batch = zoo.batch();
    batch.on_reply(|reply| {
        listened[reply.index] += 1;
        let has_error = !matches!(reply.index, 0);
        assert_eq!(reply.error.is_some(), has_error, "an undecodable answer is a failure here too");
    });
    batch
        .queue_all(["fine", "gone", "broken", "typed", "lost", "flawed"].map(|id| zoo.insert(id)), |reply| {
            match reply.index {
                2 | 3 => assert_eq!(reply.response.as_ref().unwrap().status, 200, "with its raw message"),
                5 => {
                    let raw = reply.result.as_ref().unwrap_err().raw_part().unwrap().clone();
                    assert!(raw.ends_with(b"this is no HTTP"));
                }
                _ => {}
            }
            assert!(own[reply.index].replace(word(reply.result)).is_none());
        })
        .unwrap();
    let report = batch.execute().await;
    assert_eq!((report.calls(), report.failures()), (6, 5));
    let broken = report.records().nth(2).unwrap();
    assert_eq!(broken.response().map(|response| &response.body[..]), Some(&b"{\"id\":"[..]));
    drop(report);
    let own: Vec<_> = own.into_iter().map(Option::unwrap).collect();
    assert_eq!(own, ["ok fine", "Some(404)", "decode", "decode", "unknown", "unreadable"]);
    assert_eq!(listened, [1; 6]);
}

#[tokio::test]
async fn an_undecodable_answer_is_a_failure_for_tickets_and_kept_replies_too() {
    let (zoo, _) = zoo(|sent| sent.answer(|_| Some(ok("[1"))));
    let mut batch = zoo.batch();
    let ticket = batch.add(zoo.get("a")).unwrap();
    batch.add(zoo.get("b").with_id("kept")).unwrap();
    let report = batch.execute().await;
    assert_eq!(report.failures(), 2);
    let error = report.redeem(ticket).unwrap_err();
    assert!(error.is_decode() && error.response().unwrap().body == "[1", "{error:?}");
    let kept = report.get("kept").unwrap();
    assert!(report.take::<Animal>("kept").unwrap_err().is_decode());
    assert_eq!(kept.response().unwrap().body, "[1");
}

#[tokio::test]
async fn a_panicking_callback_silences_no_other_and_resumes_at_the_end() {
    let (zoo, _) = zoo(Sent::echo);
    let log = Log::default();
    let mut batch = zoo.batch().with_max_calls(2);
    batch.on_reply(|reply| log.add(format!("listener {}", reply.index)));
    zoo.get("a").queue(&mut batch, |_| panic!("first")).unwrap();
    zoo.get("b").queue(&mut batch, |reply| log.add(reply.result.unwrap().id())).unwrap();
    zoo.get("c").queue(&mut batch, |_| panic!("second")).unwrap();
    zoo.get("d").queue(&mut batch, |reply| log.add(reply.result.unwrap().id())).unwrap();
    let panic = AssertUnwindSafe(batch.execute()).catch_unwind().await.unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"first"));
    let mut seen = log.take();
    seen.sort();
    assert_eq!(seen, ["b", "d", "listener 0", "listener 1", "listener 2", "listener 3"]);
}

#[tokio::test]
async fn a_shared_closure_and_a_listener_that_panic_still_get_every_reply() {
    let (zoo, _) = zoo(Sent::echo);
    let (mut calls, mut replies) = (0, 0);
    let mut batch = zoo.batch();
    batch.on_reply(|_| {
        replies += 1;
        panic!("in the listener");
    });
    batch
        .queue_all((0..4).map(|at| zoo.get(&at.to_string())), |_| {
            calls += 1;
            panic!("in the closure");
        })
        .unwrap();
    let panic = AssertUnwindSafe(batch.execute()).catch_unwind().await.unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"in the closure"));
    assert_eq!((calls, replies), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_runs_no_more_callbacks_and_sends_no_more() {
    let (zoo, peer) = zoo(|sent| {
        let [first, second] = [0, 1].map(|at| framed(&sent.parts[at], &animal(&sent.parts[at].animal())));
        let first = Piece::Bytes(first.into_bytes().into());
        Answer::multipart("").pieces([
            first,
            Piece::Bytes("--B\r\n".into()),
            Piece::Wait(secs(10)),
            Piece::Bytes((second + "--B--").into()),
        ])
    });
    let log = Log::default();
    let mut batch = zoo.batch().with_max_calls(2).with_concurrency(1);
    batch
        .queue_all((0..6).map(|at| zoo.get(&at.to_string())), |reply| log.add(reply.result.unwrap().id()))
        .unwrap();
    let running = batch.execute();
    assert!(tokio::time::timeout(secs(5), running).await.is_err());
    assert_eq!((log.take(), peer.sent().len(), peer.flying()), (vec!["0".to_owned()], 1, 0));
    tokio::time::sleep(secs(100)).await;
    assert_eq!((log.len(), peer.sent().len()), (0, 1));
}

#[tokio::test]
async fn a_future_that_is_never_polled_does_nothing() {
    let (zoo, peer) = zoo(Sent::echo);
    let mut batch = zoo.batch();
    zoo.get("a").queue(&mut batch, |_| panic!("never")).unwrap();
    drop(batch.execute());
    assert!(peer.sent().is_empty());
}

/// With many calls, and a peer that does anything, every callback runs once.
#[tokio::test(start_paused = true)]
async fn a_thousand_calls_against_a_peer_that_does_everything_wrong() {
    for seed in 0..8 {
        fastrand::seed(seed);
        let mut rng = fastrand::Rng::with_seed(seed);
        let (zoo, _) = zoo(move |sent| {
            match rng.u32(..14) {
                0 => return Answer::error(Error::connect("no", "x")),
                1 => return Answer::error(Error::transport("broke", "x")),
                2 => return Answer::json(503, error_body(503, "backendError")),
                3 => return Answer::json(429, "").header("retry-after", "3"),
                4 => return Answer::new(200, "text/html", "<html>"),
                5 => {
                    return Answer::json(
                        400,
                        r#"{"error":{"message":"Inner request count exceeds the limit. Received: 100, Limit: 40"}}"#,
                    );
                }
                6 => return Answer::new(413, "text/html", "<html>"),
                _ => {}
            }
            let mut bytes = Vec::new();
            for part in &sent.parts {
                let copies = if rng.u32(..20) == 0 { 2 } else { 1 };
                let inner = match rng.u32(..20) {
                    0 => continue,
                    1 => failed(429, "rateLimitExceeded"),
                    2 => failed(500, "backendError"),
                    3 => failed(401, "authError"),
                    4 => "nonsense".to_owned(),
                    5 => ok("{"),
                    6 => failed(404, "notFound"),
                    _ => animal(&part.animal()),
                };
                (0..copies).for_each(|_| bytes.extend(framed(part, &inner).into_bytes()));
            }
            bytes.extend(b"--B--");
            if rng.u32(..4) == 0 {
                bytes.truncate(rng.usize(..bytes.len()));
            }
            Answer::multipart(bytes).in_chunks(rng.usize(1..2000))
        });
        let counts = Arc::new(Mutex::new(vec![(0, 0); 1000]));
        let mut batch = zoo.batch();
        batch.on_reply(|reply| counts.lock().unwrap()[reply.index].1 += 1);
        for at in 0..1000 {
            let counts = counts.clone();
            let count = move |index: usize| {
                assert_eq!(index, at);
                counts.lock().unwrap()[index].0 += 1;
            };
            match at % 3 {
                0 => zoo.insert(&at.to_string()).queue(&mut batch, move |reply| count(reply.index)).unwrap(),
                _ => zoo.get(&at.to_string()).queue(&mut batch, move |reply| count(reply.index)).unwrap(),
            }
        }
        let report = batch.execute().await;
        assert_eq!(report.calls(), 1000, "seed {seed}");
        drop(report);
        assert!(counts.lock().unwrap().iter().all(|count| *count == (1, 1)), "seed {seed}");
    }
}

/// A call that must not be executed twice is not, whatever the peer loses.
#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_been_executed_is_not_sent_again_unless_idempotent() {
    for (make, times) in [
        (Box::new(|zoo: &Zoo| zoo.insert("a")) as Box<dyn Fn(&Zoo) -> Call<Insert>>, 1),
        (Box::new(|zoo: &Zoo| zoo.insert("a").with_idempotent(true)), 3),
    ] {
        for broken in 0..4 {
            let (zoo, peer) = zoo(move |sent| match broken {
                0 => sent.answer(|_| None),
                1 => Answer::error(Error::transport("broke", "x")),
                2 => sent.echo().cut(30, Some(Piece::Break)),
                _ => sent.echo().cut(30, None),
            });
            let mut batch = zoo.batch().with_retry(RetryPolicy::default().with_max_attempts(3));
            let ticket = batch.add(make(&zoo)).unwrap();
            let error = batch.execute().await.redeem(ticket).unwrap_err();
            assert!(error.is_unknown_outcome() || error.is_connection(), "{error}");
            assert_eq!(peer.sent().len(), times, "{broken}");
        }
    }
}
