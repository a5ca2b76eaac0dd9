//! All the ways in which other clients of Google's APIs queue calls and get their replies.

use std::collections::BTreeMap;

use gapis_runtime::{Error, Json};

use gapis_testkit::zoo::*;

fn echo() -> (Zoo, Peer) {
    zoo(|sent| {
        sent.answer(|part| {
            Some(match &*part.animal() {
                "none" => failed(404, "notFound"),
                id => animal(id),
            })
        })
    })
}

#[tokio::test]
async fn the_python_way_a_callback_with_id_response_and_exception() {
    let (zoo, _) = echo();
    let mut seen = Vec::new();
    let mut batch = zoo.batch();
    batch.on_reply(|reply| {
        let found = reply.decode::<Animal>();
        seen.push((
            reply.id.to_string(),
            found.map(|a| a.id().to_owned()).map_err(|e| e.status().map(u16::from)),
        ));
    });
    batch.add(zoo.get("sheep").with_id("sheep")).unwrap();
    batch.add(zoo.get("none").with_id(7)).unwrap();
    batch.add(zoo.insert("llama")).unwrap();
    let report = batch.execute().await;
    assert_eq!(
        seen,
        [
            ("sheep".to_owned(), Ok("sheep".to_owned())),
            ("7".to_owned(), Err(Some(404))),
            ("call-2".to_owned(), Ok("llama".to_owned())),
        ]
    );
    assert_eq!((report.calls(), report.failures(), report.requests(), report.retries()), (3, 1, 1, 0));
}

#[tokio::test]
async fn the_java_way_a_pair_for_success_and_failure_shared_by_many_calls() {
    let (zoo, _) = echo();
    let (good, bad) = (Log::default(), Log::default());
    let mut batch = zoo.batch();
    batch
        .queue_all(["a", "none", "b"].map(|id| zoo.get(id)), |reply| {
            reply.split(
                |_, animal| good.add(animal.id()),
                |_, error| bad.add(error.reason().unwrap_or_default()),
            )
        })
        .unwrap();
    let _ = batch.execute().await;
    assert_eq!((good.take(), bad.take()), (vec!["a".into(), "b".into()], vec!["notFound".into()]));
}

#[tokio::test]
async fn the_net_way_content_error_index_and_message_in_one_callback_per_call() {
    let (zoo, _) = echo();
    let log = Log::default();
    let mut batch = zoo.batch();
    for id in ["a", "none"] {
        let log = &log;
        zoo.get(id)
            .queue(&mut batch, move |reply| {
                let message = reply.response.expect("a whole HTTP message");
                let (content, error) = match reply.result {
                    Ok(animal) => (animal.id, None),
                    Err(error) => (None, Some(error.to_string())),
                };
                log.add(format!(
                    "{} {content:?} {error:?} {} {} {}",
                    reply.index,
                    message.status.as_u16(),
                    message.headers()["content-type"].to_str().unwrap(),
                    message.body.len() > 4
                ));
            })
            .unwrap();
    }
    let _ = batch.execute().await;
    assert_eq!(
        log.take(),
        [
            r#"0 Some("a") None 200 application/json true"#,
            r#"1 None Some("404 Not Found: m (notFound)") 404 application/json true"#
        ]
    );
}

#[tokio::test]
async fn the_php_way_a_map_of_results_by_id_after_execute() {
    let (zoo, _) = echo();
    let mut batch = zoo.batch();
    for id in ["a", "none", "b"] {
        batch.add(zoo.get(id).with_id(id)).unwrap();
    }
    let report = batch.execute().await;
    let results: BTreeMap<String, Result<Animal, Error>> =
        ["a", "none", "b"].map(|id| (id.to_owned(), report.take(id))).into();
    assert_eq!(results["a"].as_ref().unwrap().id(), "a");
    assert!(results["none"].as_ref().unwrap_err().is_not_found());
    assert_eq!(report.get("none").unwrap().response().unwrap().status, 404);
    assert!(report.get("c").is_none());
    let taken = report.take::<Animal>("b").unwrap_err();
    assert!(taken.is_input() && taken.to_string().contains("taken before"), "{taken}");
    assert!(report.take::<Animal>("c").unwrap_err().to_string().contains("no call with the id \"c\""));
    let replies: Vec<_> = report.records().map(|r| (r.index, r.method, r.attempts)).collect();
    assert_eq!(replies, [0, 1, 2].map(|index| (index, "zoo.animals.get", 1)));
    assert!(report.error_for_failures().unwrap_err().is_not_found());
}

#[tokio::test]
async fn one_closure_for_many_calls_may_borrow_mutably() {
    let (zoo, _) = echo();
    let mut names = Vec::new();
    let mut calls = 0;
    let mut batch = zoo.batch();
    batch
        .queue_all(["a", "b", "c"].map(|id| zoo.get(id)), |reply| {
            names.push(reply.result.unwrap().id.unwrap())
        })
        .unwrap();
    batch
        .queue_all(["x", "y"].map(|id| zoo.insert(id).with_id(id)), |reply| {
            assert_eq!(reply.id, reply.result.unwrap().id());
            calls += 1;
        })
        .unwrap();
    let _ = batch.execute().await;
    assert_eq!((names, calls), (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], 2));
}

#[tokio::test]
async fn one_batch_of_several_response_types() {
    let (zoo, _) = zoo(|sent| {
        sent.answer(|part| {
            Some(match part.line.split(' ').next() {
                Some("DELETE") => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
                _ if part.line.contains("/names") => ok(r#"["a","b"]"#),
                _ => animal("a"),
            })
        })
    });
    let log = Log::default();
    let mut batch = zoo.batch();
    zoo.get("a").queue(&mut batch, |reply| log.add(reply.result.unwrap().id())).unwrap();
    zoo.names().queue(&mut batch, |reply| log.add(reply.result.unwrap().join("+"))).unwrap();
    zoo.delete("a").queue(&mut batch, |reply| log.add(format!("{:?}", reply.result.unwrap()))).unwrap();
    zoo.call(http::Method::GET, "names", None)
        .queue(&mut batch, |reply| log.add(reply.result.unwrap().to_string()))
        .unwrap();
    let _ = batch.execute().await;
    assert_eq!(log.take(), ["a", "a+b", "()", r#"["a","b"]"#]);
}

#[tokio::test]
async fn a_duplicate_id_is_refused_at_once_and_the_batch_goes_on() {
    let (zoo, _) = echo();
    let log = Log::default();
    let mut batch = zoo.batch();
    zoo.get("a").with_id(1).queue(&mut batch, |_| log.add("first")).unwrap();
    let error = zoo.get("b").with_id("1").queue(&mut batch, |_| log.add("second")).unwrap_err();
    assert!(error.is_input() && error.to_string().contains("\"1\""), "{error}");
    assert!(batch.add(zoo.get("c").with_id("1")).is_err());
    assert!(batch.queue_all(["d", "e"].map(|id| zoo.get(id).with_id(2)), |_| log.add("third")).is_err());
    assert_eq!(batch.len(), 2, "what came before the duplicate stays queued");
    let report = batch.execute().await;
    assert_eq!((log.take(), report.calls()), (vec!["first".to_owned(), "third".to_owned()], 2));
}

#[tokio::test]
async fn any_text_is_an_id_and_made_ids_collide_with_none() {
    let (zoo, peer) = echo();
    let odd = ["call-0", "", "ü\r\nX: y", "<response-1>", "call-5"];
    let mut batch = zoo.batch();
    batch.add(zoo.get("made")).unwrap();
    for id in odd {
        batch.add(zoo.get("a").with_id(id)).unwrap();
    }
    let report = batch.execute().await;
    let made = &report.records().next().unwrap().id;
    assert!(made.as_given().is_none() && odd.iter().all(|id| *made != *id));
    for (at, id) in odd.iter().enumerate() {
        assert_eq!(report.get(id).unwrap().index, at + 1);
    }
    assert!(report.error_for_failures().is_ok());
    assert!(!String::from_utf8_lossy(&peer.sent()[0].body).contains("call-"), "ids stay on this side");
}

#[tokio::test]
async fn on_reply_covers_calls_before_and_after_it_and_runs_after_their_own_callback() {
    let (zoo, _) = echo();
    let log = Log::default();
    let mut batch = zoo.batch();
    let own = |name: &'static str| {
        let log = log.clone();
        move |_| log.add(name)
    };
    zoo.get("a").queue(&mut batch, own("own a")).unwrap();
    batch.on_reply(|reply| log.add(format!("first {} {}", reply.index, reply.method)));
    batch.on_reply(|reply| log.add(format!("second {} {:?}", reply.index, reply.error.map(Error::status))));
    zoo.get("none").queue(&mut batch, own("own none")).unwrap();
    let ticket = batch.add(zoo.insert("t")).unwrap();
    let report = batch.execute().await;
    assert_eq!(
        log.take(),
        [
            "own a",
            "first 0 zoo.animals.get",
            "second 0 None",
            "own none",
            "first 1 zoo.animals.get",
            "second 1 Some(Some(404))",
            "first 2 zoo.animals.insert",
            "second 2 None"
        ]
    );
    assert_eq!(report.redeem(ticket).unwrap().id(), "t");
}

#[tokio::test]
async fn on_reply_converts_to_the_type_or_another() {
    let (zoo, _) = echo();
    let mut seen = 0;
    let mut batch = zoo.batch();
    batch.on_reply(|reply| {
        seen += 1;
        assert_eq!(reply.decode::<Animal>().unwrap().id(), "a");
        assert_eq!(reply.decode::<Json>().unwrap()["id"], "a");
        assert!(reply.decode::<Vec<String>>().unwrap_err().is_decode());
        assert_eq!(reply.response.unwrap().status, 200);
    });
    zoo.get("a").queue(&mut batch, |_| ()).unwrap();
    batch.add(zoo.get("a")).unwrap();
    let _ticket = batch.add(zoo.get("a")).unwrap();
    let _ = batch.execute().await;
    assert_eq!(seen, 3);
}

#[tokio::test]
async fn tickets_are_redeemed_for_typed_values() {
    let (zoo, _) = echo();
    let mut batch = zoo.batch();
    let animal = batch.add(zoo.get("a")).unwrap();
    let none = batch.add(zoo.get("none")).unwrap();
    assert_eq!((animal.index(), none.index()), (0, 1));
    let mut other_batch = zoo.batch();
    let other = other_batch.add(zoo.get("a")).unwrap();
    let report = batch.execute().await;
    let _ = other_batch.execute().await;
    assert_eq!(report.redeem(animal).unwrap().id(), "a");
    assert!(report.redeem(none).unwrap_err().is_not_found());
    let error = report.redeem(other).unwrap_err();
    assert!(error.is_input() && error.to_string().contains("another batch"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn index_and_id_survive_splits_and_retries() {
    let (zoo, peer) = zoo(|sent| {
        let first = sent.number < 4;
        sent.answer(|part| {
            let id = part.animal();
            Some(if first && id.ends_with('3') { failed(503, "backendError") } else { animal(&id) })
        })
    });
    let mut seen = Vec::new();
    let mut batch = zoo.batch().with_max_calls(3).with_concurrency(1);
    let calls = (0..12).map(|at| zoo.get(&at.to_string()).with_id(format_args!("id{at}")));
    batch
        .queue_all(calls, |reply| {
            assert_eq!(reply.id, &*format!("id{}", reply.index));
            assert_eq!(reply.result.unwrap().id(), reply.index.to_string());
            seen.push(reply.index);
        })
        .unwrap();
    let report = batch.execute().await;
    assert_eq!(peer.sizes(), [3, 3, 3, 3, 1]);
    assert_eq!(seen, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 3]);
    assert!(report.records().enumerate().all(|(at, reply)| reply.index == at));
    assert_eq!((report.requests(), report.retries(), report.get("id3").unwrap().attempts), (5, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_call_sent_again_replies_once_with_its_last_attempt() {
    let (zoo, peer) =
        zoo(|sent| sent.answer(|_| Some(failed(500, if sent.number < 2 { "early" } else { "last" }))));
    let mut seen = Vec::new();
    let mut batch = zoo.batch().with_retry(policy(3));
    zoo.get("a")
        .queue(&mut batch, |reply| {
            seen.push(reply.result.unwrap_err().reason().map(str::to_owned));
            assert_eq!(reply.response.unwrap().status, 500);
        })
        .unwrap();
    let report = batch.execute().await;
    assert_eq!((seen, peer.sent().len()), (vec![Some("last".to_owned())], 3));
    assert_eq!(report.records().next().unwrap().attempts, 3);
}

#[tokio::test]
async fn there_is_a_report_also_when_every_request_failed() {
    let (zoo, _) = zoo(|_| Answer::new(404, "text/html", "<html><title>No such page</title></html>"));
    let mut seen = 0;
    let mut batch = zoo.batch().with_max_calls(2);
    batch
        .queue_all((0..5).map(|_| zoo.get("a")), |reply| {
            let error = reply.result.unwrap_err();
            assert!(error.is_batch_refused() && error.to_string().contains("No such page"), "{error}");
            seen += 1;
        })
        .unwrap();
    let ticket = batch.add(zoo.get("t")).unwrap();
    let report = batch.execute().await;
    assert_eq!((report.calls(), report.failures(), report.requests()), (6, 6, 3));
    assert!(report.redeem(ticket).unwrap_err().is_batch_refused());
    drop(report);
    assert_eq!(seen, 5);
}

#[tokio::test]
async fn an_empty_batch_sends_nothing() {
    let (zoo, peer) = echo();
    let mut batch = zoo.batch();
    batch.barrier();
    batch.on_reply(|_| panic!("there is no reply"));
    assert!(batch.is_empty());
    let report = batch.execute().await;
    assert_eq!((report.calls(), report.requests(), peer.sent().len()), (0, 0, 0));
    assert!(report.error_for_failures().is_ok());
}

#[tokio::test]
async fn a_call_that_is_not_valid_is_refused_where_it_is_queued() {
    let (zoo, peer) = echo();
    let mut batch = zoo.batch();
    let error = zoo.get("").queue(&mut batch, |_| panic!("never")).unwrap_err();
    assert!(error.is_input(), "{error}");
    assert!(zoo.get("a").with_header("x", "a\r\nb").queue(&mut batch, |_| panic!("never")).is_err());
    assert!(batch.is_empty());
    let _ = batch.execute().await;
    assert!(peer.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_type_of_the_caller_s_own_whichever_way_a_call_goes() {
    #[derive(serde::Deserialize)]
    struct Short {
        id: String,
    }
    let (zoo, peer) = echo();
    let short = |id: &str| zoo.get(id).reply_as::<Short>();
    let log = Log::default();
    let mut batch = zoo.batch();
    short("a").queue(&mut batch, |reply| log.add(reply.result.unwrap().id)).unwrap();
    batch.queue_all(["b", "c"].map(short), |reply| log.add(reply.result.unwrap().id)).unwrap();
    let ticket = batch.add(short("d")).unwrap();
    batch.add(short("e").with_id(5)).unwrap();
    let report = batch.execute().await;
    log.add(report.redeem(ticket).unwrap().id);
    let other = report.take::<Animal>("5").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(
        other.contains("zoo.animals.get: the value of call 4 is not a ") && other.contains("Animal"),
        "{other}"
    );
    log.add(report.take::<Short>("5").unwrap().id);
    assert_eq!(log.take(), ["a", "b", "c", "d", "e"]);

    let (batcher, driver) = zoo.batcher();
    tokio::spawn(driver);
    assert_eq!(batcher.send(short("f")).await.unwrap().id, "f");
    assert!(batcher.send(zoo.get("none").reply_as::<Short>()).await.is_err_and(|error| error.is_not_found()));
    let lines = peer.sent().into_iter().flat_map(|sent| sent.parts).map(|part| part.line);
    assert!(
        lines.clone().all(|line| line.contains("?fields=id&alt=json")),
        "{:?}",
        lines.collect::<Vec<_>>()
    );
}
