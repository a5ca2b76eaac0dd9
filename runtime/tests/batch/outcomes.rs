//! Whether a call may have been executed, which is the same for single calls and for calls in a batch.

use std::time::Duration;

use gapis_runtime::{Credentials, Error, ReadLimits, RetryPolicy};

use gapis_testkit::zoo::*;

/// The result of a single call and of the only call of a batch, with one attempt.
async fn errors<M>(
    call: impl Fn(&Zoo) -> Call<M>,
    alone: impl Fn() -> Answer + Send + 'static,
    batched: impl Fn(&Sent) -> Answer + Send + 'static,
) -> [Error; 2]
where
    M: gapis_runtime::Method<Api = Zoo>,
    M::Output: std::fmt::Debug,
{
    let (zoo, _) = zoo(move |sent| if sent.parts.is_empty() { alone() } else { batched(sent) });
    let never = || call(&zoo).with_retry(RetryPolicy::none()).with_timeout(Duration::from_secs(3));
    let single = never().send().await.unwrap_err();
    [single, in_batch(&zoo, never()).await]
}

/// The result of the only call of a batch.
async fn in_batch<M: gapis_runtime::Method<Api = Zoo>>(zoo: &Zoo, call: Call<M>) -> Error {
    let mut error = None;
    let mut batch = zoo.batch();
    call.queue(&mut batch, |reply| error = reply.result.err()).unwrap();
    let _ = batch.execute().await;
    error.unwrap()
}

/// Every way in which the outcome can be unknown.
#[tokio::test(start_paused = true)]
async fn where_nobody_knows_it_is_said() {
    let broken = || Answer::error(Error::transport("the connection to the server broke", "reset"));
    let silent = || Answer::json(200, "").after(Duration::from_secs(3600));
    let cut = || Answer::json(200, "").pieces([Piece::Bytes("{\"id\"".into()), Piece::Break]);
    let stalls = || Answer::json(200, "").pieces([Piece::Bytes("{\"id\"".into()), Piece::Stall]);
    for error in errors(|zoo| zoo.insert("a"), broken, move |_| broken()).await {
        assert!(error.is_unknown_outcome() && error.is_connection(), "{error}");
    }
    for error in errors(|zoo| zoo.insert("a"), silent, move |_| silent()).await {
        assert!(error.is_unknown_outcome() && error.is_timeout(), "{error}");
    }
    let half = |sent: &Sent, end: Piece| {
        let body = framed(&sent.parts[0], "HTTP/1.1 200 OK\r\n\r\n{\"id\"");
        Answer::multipart("").pieces([Piece::Bytes(body.into()), end])
    };
    for error in errors(|zoo| zoo.insert("a"), cut, move |sent| half(sent, Piece::Break)).await {
        assert!(error.is_unknown_outcome(), "{error}");
    }
    for error in errors(|zoo| zoo.insert("a"), stalls, move |sent| half(sent, Piece::Stall)).await {
        assert!(error.is_unknown_outcome(), "{error}");
    }
    for status in [408, 500, 502, 504] {
        let alone = move || Answer::json(status, error_body(status, "x"));
        let inner = move |sent: &Sent| sent.answer(|_| Some(failed(status, "x")));
        for error in errors(|zoo| zoo.insert("a"), alone, inner).await {
            assert!(error.is_unknown_outcome() && error.status().map(u16::from) == Some(status), "{error}");
        }
        for error in errors(|zoo| zoo.insert("a"), alone, move |_| alone()).await {
            assert!(error.is_unknown_outcome(), "of the batch as a whole: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_beyond_the_limits_may_have_been_executed() {
    let (zoo, peer) = zoo(|sent| {
        sent.answer(|part| {
            let filler = "x".repeat(if part.is("large") { 4096 } else { 1 });
            Some(ok(&format!("{{\"id\":\"{filler}\"}}")))
        })
    });
    let mut results = Vec::new();
    let mut batch = zoo.batch().with_limits(ReadLimits::default().with_part_bytes(1024));
    let calls = ["large", "small"].map(|id| zoo.insert(id));
    batch.queue_all(calls, |reply| results.push((reply.index, reply.result))).unwrap();
    let _ = batch.execute().await;
    for (index, result) in results {
        match result {
            Ok(_) => assert_eq!(index, 1),
            Err(error) => assert!(index == 0 && error.is_unknown_outcome(), "{error}"),
        }
    }
    assert_eq!(peer.sent().len(), 1, "it would be as large again");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_executed_is_known() {
    let connect = || Answer::error(Error::connect("cannot connect to the server", "refused"));
    for error in errors(|zoo| zoo.insert("a"), connect, move |_| connect()).await {
        assert!(!error.is_unknown_outcome() && error.is_connect(), "{error}");
    }
    for status in [400, 401, 403, 404, 409, 412, 429, 501, 503] {
        let alone = move || Answer::json(status, error_body(status, "x"));
        let inner = move |sent: &Sent| sent.answer(|_| Some(failed(status, "x")));
        for error in errors(|zoo| zoo.insert("a"), alone, inner).await {
            assert!(!error.is_unknown_outcome() && error.status().map(u16::from) == Some(status), "{error}");
        }
        for error in errors(|zoo| zoo.insert("a"), alone, move |_| alone()).await {
            assert!(!error.is_unknown_outcome(), "of the batch as a whole: {error}");
        }
    }
    let undecodable = || Answer::json(200, "[]");
    for error in errors(|zoo| zoo.insert("a"), undecodable, |sent| sent.answer(|_| Some(ok("[]")))).await {
        assert!(!error.is_unknown_outcome() && error.is_decode(), "it was executed: {error}");
    }
}

/// Credentials whose token server fails.
struct Broken;

impl Credentials for Broken {
    fn headers<'a>(
        &'a self,
        _: &'a [&'a str],
        _: Option<&'a gapis_runtime::AuthHeaders>,
    ) -> gapis_runtime::BoxFuture<'a, gapis_runtime::Result<gapis_runtime::AuthHeaders>> {
        Box::pin(async { Err(Error::transport("the connection to the token server broke", "reset")) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_credentials_was_not_sent() {
    let peer = Peer::new(Sent::echo);
    let zoo = Zoo::builder().credentials(Broken).transport(peer.clone()).build().unwrap();
    let single = zoo.insert("a").await.unwrap_err();
    for error in [single, in_batch(&zoo, zoo.insert("a")).await] {
        assert!(error.is_connection() && !error.is_unknown_outcome(), "{error}");
    }
    assert!(peer.sent().is_empty());
}

/// A peer whose first response leaves the outcome open, followed by that response.
fn after_unknown(status: u16) -> (Zoo, Peer) {
    zoo(move |sent| match (sent.number, sent.parts.is_empty()) {
        (0, true) => Answer::error(Error::transport("the connection to the server broke", "reset")),
        (0, false) => sent.answer(|_| None),
        (_, true) => Answer::json(status, error_body(status, "x")),
        (_, false) => sent.answer(|_| Some(failed(status, "x"))),
    })
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_meets_404_after_an_unknown_outcome_says_so() {
    for status in [404, 409, 412] {
        let (zoo, _) = after_unknown(status);
        let single = zoo.delete("a").await.unwrap_err();
        let (zoo, _) = after_unknown(status);
        for error in [single, in_batch(&zoo, zoo.delete("a")).await] {
            assert_eq!(error.status().map(u16::from), Some(status));
            assert!(error.is_after_unknown_outcome() && error.is_unknown_outcome(), "{error}");
            let text = error.to_string();
            assert!(text.ends_with("; an earlier attempt of this call may have been executed"), "{text}");
            assert!(error.response().is_some() && error.reason() == Some("x"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_no_unknown_outcome_before_and_a_read_never_says_so() {
    let (zoo, _) = after_unknown(404);
    let error = zoo.get("a").await.unwrap_err();
    assert!(error.is_not_found() && !error.is_unknown_outcome(), "{error}");
    let (zoo, _) = after_unknown(404);
    assert!(!in_batch(&zoo, zoo.get("a")).await.is_unknown_outcome());

    let (zoo, _) = zoo_of([503, 404]);
    let error = zoo.delete("a").await.unwrap_err();
    assert!(error.is_not_found() && !error.is_unknown_outcome(), "{error}");
    let (zoo, _) = zoo_of([504, 504]);
    let twice = RetryPolicy::default().with_max_attempts(2);
    let error = zoo.delete("a").with_retry(twice).await.unwrap_err();
    assert!(error.status().map(u16::from) == Some(504) && error.is_after_unknown_outcome(), "{error}");
}

/// A peer that responds to single calls with these statuses in order.
fn zoo_of(statuses: [u16; 2]) -> (Zoo, Peer) {
    zoo(move |sent| {
        let status = statuses[sent.number.min(1)];
        Answer::json(status, error_body(status, "x"))
    })
}
