//! A call that is sent alone uses the same mechanism: retries, credentials, errors, time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use gapis_runtime::{AuthHeaders, BoxFuture, Credentials, Error, Result, RetryPolicy};
use tokio::time::Instant;

use gapis_testkit::zoo::*;

fn one() -> Answer {
    Answer::json(200, r#"{"id":"one"}"#)
}

#[tokio::test(start_paused = true)]
async fn what_may_be_sent_again_is_after_a_wait() {
    let kinds: [(fn() -> Answer, bool); 9] = [
        (|| Answer::json(429, ""), true),
        (|| Answer::json(503, ""), true),
        (|| Answer::json(403, error_body(403, "userRateLimitExceeded")), true),
        (|| Answer::error(Error::connect("no", "x")), true),
        (|| Answer::json(500, ""), false),
        (|| Answer::json(504, ""), false),
        (|| Answer::error(Error::transport("broke", "x")), false),
        (|| one().cut(5, Some(Piece::Break)), false),
        (|| one().after(secs(10_000)), false),
    ];
    for (at, (answer, any)) in kinds.into_iter().enumerate() {
        let peer = Peer::new(move |sent| if sent.number < 2 { answer() } else { one() });
        let zoo = peer.builder().timeout(Some(secs(60))).build().unwrap();
        assert_eq!(zoo.get("a").await.unwrap().id(), "one", "{at}");
        assert_eq!(peer.sent().len(), 3, "{at}");
        let waits = peer.sent()[1].at - peer.sent()[0].at;
        assert!(waits >= millis(500), "{at}: {waits:?}");
        let peer = Peer::new(move |sent| if sent.number < 2 { answer() } else { one() });
        let zoo = peer.builder().timeout(Some(secs(60))).build().unwrap();
        assert_eq!(zoo.insert("a").await.is_ok(), any, "{at}");
        assert_eq!(peer.sent().len(), if any { 3 } else { 1 }, "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_attempts_and_total_time_are_kept() {
    let start = Instant::now();
    let (zoo, peer) = zoo(|sent| match sent.number {
        0 => Answer::json(429, "").header("retry-after", "33"),
        _ => one(),
    });
    assert!(zoo.get("a").await.is_ok());
    assert_eq!(start.elapsed().as_secs(), 33);
    assert_eq!(peer.sent()[0].url, "https://zoo.test/zoo/v1/animals/a?alt=json");
    let (zoo, peer) = gapis_testkit::zoo::zoo(|_| Answer::json(503, "").after(secs(30)));
    assert!(zoo.get("a").with_retry(policy(3)).await.is_err());
    assert_eq!(peer.sent().len(), 3);
    peer.clear();
    assert!(zoo.get("a").with_retry(policy(100).with_total_time(secs(65))).await.is_err());
    assert_eq!(peer.sent().len(), 3, "begun at 0, 31 and 63 seconds at the latest");
}

#[tokio::test(start_paused = true)]
async fn a_call_s_own_time_is_kept() {
    let (zoo, peer) = zoo(|_| one().after(secs(100)));
    let start = Instant::now();
    let error = zoo.insert("a").with_timeout(secs(7)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!((start.elapsed(), peer.flying()), (secs(7), 0));
    assert!(zoo.insert("a").with_timeout(secs(101)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_total_time_ends_an_attempt_that_is_on_its_way() {
    let source = |error: &Error| std::error::Error::source(error).map(ToString::to_string);
    let total = |time| policy(9).with_total_time(time);
    let hangs = |sent: &Sent| match sent.number {
        0 => Answer::json(503, "").after(secs(20)),
        _ => one().after(secs(100_000)),
    };
    // Limited by the rest of the total time, which is shorter than the timeout of an attempt.
    let (zoo, peer) = zoo(hangs);
    let start = Instant::now();
    let error = zoo.get("a").with_retry(total(secs(50))).await.unwrap_err();
    assert_eq!((start.elapsed(), peer.sent().len(), peer.flying()), (secs(50), 2, 0));
    assert!(error.is_timeout() && error.status().is_none(), "{error}");
    assert_eq!(error.to_string(), "the call timed out: the 50s allowed for all attempts have passed");
    assert_eq!(source(&error).as_deref(), Some("503 Service Unavailable, with an empty body"));

    // The total time limits attempts without a timeout, or with a longer one. Nothing precedes the first attempt.
    for own in [None, Some(secs(5000))] {
        let peer = Peer::new(|_| one().after(secs(100_000)));
        let zoo = peer.builder().timeout(own).build().unwrap();
        for (policy, ends) in [(RetryPolicy::none(), 600), (total(secs(7)), 7)] {
            let start = Instant::now();
            let error = zoo.get("a").with_retry(policy).await.unwrap_err();
            assert_eq!((start.elapsed(), peer.flying()), (secs(ends), 0));
            assert!(error.is_timeout() && source(&error).is_none(), "{error:?}");
        }
        assert_eq!(peer.sent().len(), 2);
    }

    // A shorter timeout of an attempt only ends that attempt.
    let peer =
        Peer::new(|sent| if sent.number == 0 { one().after(secs(100)) } else { one().after(secs(30)) });
    let zoo = peer.builder().timeout(Some(secs(60))).build().unwrap();
    assert!(zoo.get("a").with_retry(total(secs(100))).await.is_ok());
    let error = zoo.insert("a").with_timeout(secs(9)).await.unwrap_err();
    assert_eq!(error.to_string(), "the call timed out after 9s");
}

#[tokio::test(start_paused = true)]
async fn the_total_time_is_of_credentials_and_bodies_too() {
    /// Credentials that fail, always.
    struct Never;
    impl Credentials for Never {
        fn headers<'a>(
            &'a self,
            _: &'a [&'a str],
            _: Option<&'a AuthHeaders>,
        ) -> BoxFuture<'a, Result<AuthHeaders>> {
            Box::pin(std::future::pending())
        }
    }
    let once = RetryPolicy::none().with_total_time(secs(30));
    let peer = Peer::new(|_| one());
    let zoo = peer.builder().credentials(Never).retry(once.clone()).build().unwrap();
    let start = Instant::now();
    let error = zoo.get("a").await.unwrap_err();
    assert!(error.is_timeout() && peer.sent().is_empty(), "{error}");
    assert_eq!(start.elapsed(), secs(30));

    let peer = Peer::new(|_| one().cut(5, Some(Piece::Stall)));
    let zoo = peer.builder().timeout(None).retry(once).build().unwrap();
    assert!(zoo.get("a").await.unwrap_err().is_timeout());
    assert_eq!((start.elapsed(), peer.sent().len()), (secs(60), 1));
}

/// With a client's default settings, an attempt that hangs leaves time for all the others.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_timed_out_is_followed_by_others() {
    let hangs = |sent: &Sent| match sent.number {
        0..4 => Answer::json(200, "{}").after(secs(100_000)),
        _ if sent.parts.is_empty() => one(),
        _ => sent.echo(),
    };
    let (zoo, peer) = zoo(hangs);
    let start = Instant::now();
    assert_eq!(zoo.get("a").await.unwrap().id(), "one");
    let begun: Vec<u64> = peer.sent().iter().map(|sent| (sent.at - start).as_secs()).collect();
    assert_eq!(begun.len(), 5);
    for (attempt, seconds) in begun.iter().enumerate() {
        let waits = (1 << attempt) - 1;
        let attempts = 120 * attempt as u64;
        assert!((attempts..=attempts + waits).contains(seconds), "{begun:?}");
    }

    let (zoo, peer) = gapis_testkit::zoo::zoo(hangs);
    let mut batch = zoo.batch();
    batch.add(zoo.get("a")).unwrap();
    batch.add(zoo.insert("b")).unwrap();
    let report = batch.execute().await;
    let errors: Vec<_> = report.records().map(|reply| reply.error.clone()).collect();
    assert!(errors[0].is_none() && errors[1].as_ref().unwrap().is_timeout(), "{errors:?}");
    assert_eq!(peer.sizes(), [2, 1, 1, 1, 1], "what may not be executed twice is sent once");
}

#[tokio::test]
async fn a_response_without_an_end_is_given_up() {
    let peer = Peer::new(|_| Answer::json(200, "").stream(std::iter::repeat(vec![b'x'; 1000].into())));
    let zoo = peer.builder().max_response(100_000).build().unwrap();
    let error = zoo.get("a").await.unwrap_err();
    assert!(error.is_protocol() && error.to_string().contains("100000"), "{error}");
}

/// Credentials that slowly return a new token after one was rejected.
#[derive(Clone, Default)]
struct Slow {
    token: Arc<tokio::sync::Mutex<usize>>,
    renewals: Arc<AtomicUsize>,
}

impl Credentials for Slow {
    fn headers<'a>(
        &'a self,
        _: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            let mut token = self.token.lock().await;
            let headers = AuthHeaders::bearer(&format!("t{token}"))?;
            if rejected != Some(&headers) {
                return Ok(headers);
            }
            tokio::time::sleep(secs(1)).await;
            self.renewals.fetch_add(1, Ordering::SeqCst);
            *token += 1;
            AuthHeaders::bearer(&format!("t{token}"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn many_waiters_renew_once() {
    let peer = Peer::new(|sent| match sent.header("authorization") {
        Some("Bearer t1") if sent.parts.is_empty() => one(),
        Some("Bearer t1") => sent.echo(),
        _ => Answer::json(401, error_body(401, "authError")).after(millis(10)),
    });
    let credentials = Slow::default();
    let zoo = peer.builder().credentials(credentials.clone()).build().unwrap();
    let singles = join_all((0..50).map(|_| zoo.insert("a").send()));
    let batches = join_all((0..10).map(|_| {
        let mut batch = zoo.batch();
        (0..5).for_each(|_| {
            let _ = batch.add(zoo.insert("b")).unwrap();
        });
        batch.execute()
    }));
    let (singles, batches) = tokio::join!(singles, batches);
    assert!(singles.iter().all(Result::is_ok));
    assert!(batches.iter().all(|report| report.error_for_failures().is_ok()));
    assert_eq!(credentials.renewals.load(Ordering::SeqCst), 1);
    assert_eq!(peer.sent().len(), 2 * 60);
}

#[tokio::test(start_paused = true)]
async fn a_second_401_is_the_answer() {
    let peer = Peer::new(|_| Answer::json(401, error_body(401, "authError")));
    let credentials = Slow::default();
    let zoo = peer.builder().credentials(credentials.clone()).build().unwrap();
    let error = zoo.get("a").await.unwrap_err();
    assert!(error.status().map(u16::from) == Some(401) && error.is_credentials());
    assert_eq!((peer.sent().len(), credentials.renewals.load(Ordering::SeqCst)), (2, 1));
}
