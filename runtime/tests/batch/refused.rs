//! A batch that the server refuses as a whole, and what is sent instead if the server does not support batches.

use gapis_runtime::{BearerToken, Error};
use tokio::time::Instant;

use gapis_testkit::zoo::*;

/// The result of each call of a batch with these ids.
async fn results(zoo: &Zoo, ids: &[&str]) -> Vec<Result<Animal, Error>> {
    let mut results: Vec<_> = ids.iter().map(|_| None).collect();
    let mut batch = zoo.batch();
    for (id, place) in ids.iter().zip(&mut results) {
        zoo.get(id).queue(&mut batch, |reply| *place = Some(reply.result)).unwrap();
    }
    let _ = batch.execute().await;
    results.into_iter().map(|result| result.expect("each is answered")).collect()
}

#[tokio::test(start_paused = true)]
async fn it_says_nothing_of_resources() {
    for status in [304, 400, 401, 403, 404, 405, 409, 410, 412, 413, 501] {
        let peer = Peer::new(move |_| Answer::json(status, error_body(status, "x")));
        let zoo = peer.builder().build().unwrap();
        let mut errors = Vec::new();
        let mut batch = zoo.batch().with_query("key", "secret");
        batch.queue_all(["a", "b"].map(|id| zoo.get(id)), |reply| errors.extend(reply.result.err())).unwrap();
        let _ = batch.execute().await;
        assert_eq!(errors.len(), 2);
        for error in errors {
            assert!(error.is_batch_refused() && !error.is_status() && error.status().is_none(), "{error}");
            assert!(!(error.is_not_found() || error.is_conflict() || error.is_precondition_failed()));
            assert!(!(error.is_permission_denied() || error.is_not_modified()), "{error}");
            assert!(!error.is_unknown_outcome(), "nothing was executed: {error}");
            assert_eq!(error.is_credentials(), status == 401);
            assert_eq!(error.response().unwrap().status.as_u16(), status);
            assert_eq!(error.reason(), Some("x"));
            let start = format!("the batch as a whole was refused by zoo.test/batch/zoo/v1: {status}");
            assert!(error.to_string().starts_with(&start), "{error}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_it_says_of_limits_holds() {
    for (status, reason, limited, exhausted) in [
        (429, "rateLimitExceeded", true, false),
        (403, "userRateLimitExceeded", true, false),
        (403, "dailyLimitExceeded", false, true),
        (429, "dailyLimitExceeded", false, true),
    ] {
        let (zoo, peer) =
            zoo(move |_| Answer::json(status, error_body(status, reason)).header("retry-after", "7"));
        for result in results(&zoo, &["a", "b"]).await {
            let error = result.unwrap_err();
            assert!(error.is_batch_refused(), "{error}");
            assert_eq!((error.is_rate_limited(), error.is_quota_exhausted()), (limited, exhausted));
            assert_eq!(error.retry_after(), Some(secs(7)));
        }
        assert_eq!(peer.sent().len() > 1, limited, "sent again after a limit that passes");
    }
    for status in [500, 502, 504] {
        let (zoo, _) = zoo(move |_| Answer::json(status, ""));
        assert!(results(&zoo, &["a"]).await.remove(0).unwrap_err().is_unknown_outcome());
    }
}

/// Status and headers are sufficient to continue, in a batch and for a single call.
#[tokio::test(start_paused = true)]
async fn a_refusal_whose_body_stalls_or_breaks_is_one() {
    for end in [|| Piece::Stall, || Piece::Break] {
        let refusal = move |status: u16| {
            Answer::json(status, "").header("retry-after", "3").pieces([Piece::Bytes("{\"err".into()), end()])
        };
        for status in [429, 503] {
            let peer = Peer::new(move |sent| match (sent.number, sent.parts.is_empty()) {
                (0, _) => refusal(status),
                (_, true) => Answer::json(200, "{\"id\":\"a\"}"),
                (_, false) => sent.echo(),
            });
            let start = Instant::now();
            assert_eq!(peer.zoo().insert("a").await.unwrap().id(), "a", "{status}");
            assert!((3..=9).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
            peer.clear();
            let start = Instant::now();
            let zoo = peer.zoo();
            let mut id = None;
            let mut batch = zoo.batch();
            zoo.insert("a").queue(&mut batch, |reply| id = reply.result.ok().and_then(|a| a.id)).unwrap();
            let _ = batch.execute().await;
            assert_eq!(id.as_deref(), Some("a"));
            assert!((3..=9).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
        }
        let (zoo, _) = zoo(move |_| refusal(404));
        let error = zoo.get("a").await.unwrap_err();
        assert!(error.is_not_found() && error.response().unwrap().body == "{\"err", "{error}");
    }
}

/// A server without batch support, which responds to a call with its animal.
fn without_batches(status: u16) -> impl FnMut(&Sent) -> Answer + Send + 'static {
    move |sent| {
        if sent.url.starts_with("https://zoo.test/batch/") {
            return Answer::new(status, "text/html", "<title>no such page</title>");
        }
        let path = sent.url.split('?').next().unwrap_or_default();
        match path.strip_prefix("https://zoo.test/zoo/v1/animals/") {
            Some("missing") => Answer::json(404, error_body(404, "notFound")),
            Some(id) => Answer::json(200, format!("{{\"id\":\"{id}\"}}")),
            None => Answer::json(200, sent.body.clone()),
        }
        .after(millis(100))
    }
}

#[tokio::test(start_paused = true)]
async fn calls_go_one_by_one_where_there_is_no_place_for_batches() {
    for status in [404, 405, 501] {
        let peer = Peer::new(without_batches(status));
        let zoo = peer.builder().batch_fallback(true).build().unwrap();
        let ids: Vec<String> = (0..20).map(|n| format!("a{n}")).chain(["missing".to_owned()]).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        for (id, result) in ids.iter().zip(results(&zoo, &ids).await) {
            match result {
                Ok(animal) => assert_eq!(animal.id(), *id),
                Err(error) => assert!(*id == "missing" && error.is_not_found(), "{error}"),
            }
        }
        let sent = peer.sent();
        assert_eq!(sent.len(), 1 + ids.len());
        assert_eq!(sent[0].parts.len(), ids.len());
        assert_eq!(sent[1].url, "https://zoo.test/zoo/v1/animals/a0?alt=json");
        assert_eq!(peer.most(), 2, "as many at once as batches");
        peer.clear();
        assert!(results(&zoo, &["b"]).await[0].is_ok());
        assert_eq!(peer.sent().len(), 1, "the client remembers");
    }
}

#[tokio::test(start_paused = true)]
async fn only_where_it_was_asked_for_and_there_is_no_place() {
    let peer = Peer::new(without_batches(404));
    assert!(results(&peer.zoo(), &["a"]).await[0].as_ref().is_err_and(Error::is_batch_refused));
    for status in [400, 403, 410] {
        let peer = Peer::new(without_batches(status));
        let zoo = peer.builder().batch_fallback(true).build().unwrap();
        assert!(results(&zoo, &["a", "b"]).await[0].as_ref().is_err_and(Error::is_batch_refused));
        assert_eq!(peer.sent().len(), 1, "{status}");
    }
    // A server that has responded to a batch before supports batches.
    let peer = Peer::new(|sent| if sent.number == 0 { sent.echo() } else { Answer::json(404, "") });
    let zoo = peer.builder().batch_fallback(true).build().unwrap();
    let mut results = Vec::new();
    let mut batch = zoo.batch().with_max_calls(1).with_concurrency(1);
    batch.queue_all(["a", "b"].map(|id| zoo.get(id)), |reply| results.push(reply.result)).unwrap();
    let _ = batch.execute().await;
    assert!(results[0].is_ok() && results[1].as_ref().is_err_and(Error::is_batch_refused));
}

#[tokio::test(start_paused = true)]
async fn calls_sent_one_by_one_keep_what_a_batch_promises() {
    let mut busy = 0;
    let mut answer = without_batches(404);
    let peer = Peer::new(move |sent| {
        if sent.url.contains("/busy") && busy < 2 {
            busy += 1;
            return Answer::json(503, "").header("retry-after", "2");
        }
        answer(sent)
    });
    let builder = peer.builder().credentials(BearerToken::new("t")).batch_fallback(true);
    let zoo = builder.build().unwrap();
    let log = Log::default();
    let mut seen = 0;
    let mut batch = zoo.batch().with_header("x-all", "1").with_query("trace", "x").with_query("alt", "media");
    let note = |name: &'static str| {
        let log = log.clone();
        move |reply: gapis_runtime::Reply<Animal>| log.add(format!("{name} {}", reply.result.is_ok()))
    };
    zoo.get("busy").with_header("x-all", "own").queue(&mut batch, note("busy")).unwrap();
    zoo.insert("new").queue(&mut batch, note("new")).unwrap();
    batch.barrier_if_ok();
    zoo.get("missing").queue(&mut batch, note("missing")).unwrap();
    batch.barrier_if_ok();
    zoo.get("last").queue(&mut batch, note("last")).unwrap();
    batch.on_reply(|_| seen += 1);
    let report = batch.execute().await;
    assert_eq!(log.take(), ["new true", "busy true", "missing false", "last false"]);
    assert_eq!((seen, report.failures()), (4, 2));
    let sent = peer.sent();
    let lines: Vec<&str> = sent.iter().map(|sent| sent.url.trim_start_matches("https://zoo.test/")).collect();
    assert_eq!(
        lines,
        [
            "batch/zoo/v1?trace=x&alt=media",
            "zoo/v1/animals/busy?trace=x&alt=media",
            "zoo/v1/animals?trace=x&alt=media",
            "zoo/v1/animals/busy?trace=x&alt=media",
            "zoo/v1/animals/busy?trace=x&alt=media",
            "zoo/v1/animals/missing?trace=x&alt=media",
        ]
    );
    assert_eq!(sent[1].header("x-all"), Some("own"));
    assert_eq!(sent[2].header("x-all"), Some("1"));
    assert_eq!(sent[2].header("authorization"), Some("Bearer t"));
    assert_eq!(sent[2].body, "{\"id\":\"new\"}");
    assert!(sent[3].at - sent[1].at >= secs(2), "the server's word counts");
}

#[tokio::test(start_paused = true)]
async fn an_api_that_takes_no_batches_by_rule_gets_none() {
    for (option, batched) in [(None, false), (Some(true), false), (Some(false), true)] {
        let peer = Peer::new(|_| Answer::json(200, "1"));
        let mut builder = gapis_runtime::Client::builder().anonymous().transport(peer.clone());
        if let Some(option) = option {
            builder = builder.batch_fallback(option);
        }
        let cage = gapis_testkit::small::unbatched::Cage::new(&builder.build().unwrap());
        let mut value = None;
        let mut batch = cage.batch();
        cage.get().queue(&mut batch, |reply| value = reply.result.ok()).unwrap();
        let _ = batch.execute().await;
        assert_eq!(value.is_none(), batched);
        let url = if batched { "https://cage.test/batch" } else { "https://cage.test/cage/v1/cage?alt=json" };
        assert_eq!(peer.sent()[0].url, url);
    }
}
