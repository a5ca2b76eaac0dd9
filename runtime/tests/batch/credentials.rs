//! The credentials of calls: renewal after a 401, and calls of several clients in one batch.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapis_runtime::{ApiKey, AuthHeaders, BearerToken, BoxFuture, Credentials, Error, Result};

use gapis_testkit::zoo::*;

/// Tokens `t0`, `t1`, …: a new one each time the current one is rejected, and none after `last`.
#[derive(Clone)]
struct Renewing {
    current: Arc<Mutex<usize>>,
    renewals: Arc<AtomicUsize>,
    last: usize,
}

impl Renewing {
    fn new(last: usize) -> Self {
        Renewing { current: Arc::default(), renewals: Arc::default(), last }
    }
}

impl Credentials for Renewing {
    fn headers<'a>(
        &'a self,
        _: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let mut current = self.current.lock().unwrap();
            let headers = AuthHeaders::bearer(&format!("t{current}"))?;
            if rejected != Some(&headers) {
                return Ok(headers);
            }
            self.renewals.fetch_add(1, Ordering::SeqCst);
            if *current == self.last {
                return Err(Error::credentials("the session has ended"));
            }
            *current += 1;
            AuthHeaders::bearer(&format!("t{current}"))
        })
    }
}

/// The authorization of a part: its own header, or else the outer one. An empty header is none.
fn bearer<'a>(sent: &'a Sent, part: &'a Part) -> Option<&'a str> {
    let header = part.header("authorization").or(sent.header("authorization"));
    header.filter(|value| !value.is_empty())
}

/// A peer that accepts these tokens in a part, or in the outer request.
fn guarded(good: &'static [&'static str]) -> Peer {
    Peer::new(move |sent| {
        let outer = sent.clone();
        sent.answer(|part| {
            let token = bearer(&outer, part).and_then(|value| value.strip_prefix("Bearer "));
            Some(match token {
                Some(token) if good.contains(&token) => animal(&part.animal()),
                _ => failed(401, "authError"),
            })
        })
    })
}

fn with(peer: &Peer, credentials: impl Credentials + 'static) -> Zoo {
    peer.builder().credentials(credentials).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_401_renews_once_for_all_and_sends_again_at_once() {
    let peer = guarded(&["t1"]);
    let credentials = Renewing::new(9);
    let zoo = with(&peer, credentials.clone());
    let start = tokio::time::Instant::now();
    let mut batch = zoo.batch().with_max_calls(10).with_retry(gapis_runtime::RetryPolicy::none());
    (0..50).for_each(|_| {
        let _ = batch.add(zoo.insert("a")).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok(), "{:?}", report.error_for_failures());
    assert_eq!((credentials.renewals.load(Ordering::SeqCst), start.elapsed()), (1, secs(0)));
    let rejected =
        peer.sent().iter().filter(|sent| sent.header("authorization") == Some("Bearer t0")).count();
    assert!(rejected <= 2, "no more requests go out with a token that was rejected");
    assert_eq!(report.retries(), 10 * rejected);
    assert!(report.records().all(|reply| reply.attempts == 1 + u32::from(reply.index < 10 * rejected)));
}

#[tokio::test]
async fn only_the_calls_that_were_rejected_are_sent_again() {
    let peer = Peer::new(|sent| {
        let first = sent.number == 0;
        sent.answer(|part| {
            Some(if first && part.is("b") { failed(401, "authError") } else { animal(&part.animal()) })
        })
    });
    let zoo = with(&peer, Renewing::new(9));
    let mut batch = zoo.batch();
    ["a", "b", "c"].into_iter().for_each(|id| {
        let _ = batch.add(zoo.get(id)).unwrap();
    });
    assert!(batch.execute().await.error_for_failures().is_ok());
    assert_eq!(peer.sent()[1].animals(), ["b"]);
}

#[tokio::test]
async fn an_outer_401_renews_too() {
    let peer = Peer::new(|sent| match sent.header("authorization") {
        Some("Bearer t1") => sent.echo(),
        _ => Answer::json(401, error_body(401, "authError")),
    });
    let credentials = Renewing::new(9);
    let zoo = with(&peer, credentials.clone());
    let mut batch = zoo.batch();
    ["a", "b"].into_iter().for_each(|id| {
        let _ = batch.add(zoo.insert(id)).unwrap();
    });
    assert!(batch.execute().await.error_for_failures().is_ok());
    assert_eq!((peer.sizes(), credentials.renewals.load(Ordering::SeqCst)), (vec![2, 2], 1));
}

#[tokio::test]
async fn a_second_401_is_the_answer() {
    let peer = guarded(&[]);
    let credentials = Renewing::new(9);
    let zoo = with(&peer, credentials.clone());
    let mut batch = zoo.batch();
    let ticket = batch.add(zoo.get("a")).unwrap();
    assert_eq!(batch.execute().await.redeem(ticket).unwrap_err().status().map(u16::from), Some(401));
    assert_eq!((peer.sent().len(), credentials.renewals.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn a_fixed_token_gives_the_401_without_another_request() {
    let peer = guarded(&[]);
    for zoo in [with(&peer, BearerToken::new("x")), with(&peer, ApiKey::new("k")), peer.zoo()] {
        let before = peer.sent().len();
        let mut batch = zoo.batch();
        let tickets = ["a", "b"].map(|id| batch.add(zoo.get(id)).unwrap());
        let report = batch.execute().await;
        for ticket in tickets {
            let error = report.redeem(ticket).unwrap_err();
            assert!(error.status().map(u16::from) == Some(401) && error.is_credentials(), "{error}");
        }
        assert_eq!(peer.sent().len() - before, 1);
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_had_are_the_error_of_every_call() {
    let peer = guarded(&[]);
    let zoo = with(&peer, Renewing::new(0));
    let mut batch = zoo.batch();
    let ticket = batch.add(zoo.get("a")).unwrap();
    let error = batch.execute().await.redeem(ticket).unwrap_err();
    assert!(error.is_credentials() && error.to_string() == "the session has ended", "{error}");
    let zoo = with(&peer, BearerToken::new("not\na header"));
    let before = peer.sent().len();
    let mut batch = zoo.batch();
    ["a", "b"].into_iter().for_each(|id| {
        let _ = batch.add(zoo.get(id)).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.records().all(|reply| reply.error.as_ref().unwrap().is_credentials()));
    assert_eq!(peer.sent().len(), before);
}

#[tokio::test]
async fn a_call_of_another_client_keeps_its_credentials_on_its_own_part() {
    let peer = guarded(&["mine", "theirs"]);
    let zoo = with(&peer, BearerToken::new("mine"));
    let other = with(&peer, BearerToken::new("theirs"));
    let mut batch = zoo.batch();
    batch.add(zoo.get("a")).unwrap();
    batch.add(other.get("b")).unwrap();
    batch.add(zoo.get("c").with_header("authorization", "Bearer own")).unwrap();
    let report = batch.execute().await;
    assert_eq!(report.failures(), 1);
    let sent = &peer.sent()[0];
    assert_eq!(sent.header("authorization"), Some("Bearer mine"));
    let own: Vec<_> = sent.parts.iter().map(|part| part.header("authorization")).collect();
    assert_eq!(own, [None, Some("Bearer theirs"), Some("Bearer own")]);
}

#[tokio::test]
async fn the_batch_s_credentials_never_speak_for_another_client() {
    let peer = guarded(&["mine"]);
    let zoo = with(&peer, BearerToken::new("mine"));
    let anonymous = peer.zoo();
    let key = with(&peer, ApiKey::new("key"));
    for calls in 1..4 {
        let mut batch = zoo.batch().with_max_calls(calls).with_concurrency(1);
        batch.add(zoo.get("a").with_id("a")).unwrap();
        batch.add(anonymous.get("b").with_id("anonymous")).unwrap();
        batch.add(key.get("c").with_id("key")).unwrap();
        let report = batch.execute().await;
        assert!(report.get("a").unwrap().error.is_none(), "{calls}");
        for id in ["anonymous", "key"] {
            let error = report.get(id).unwrap().error.as_ref().unwrap();
            assert_eq!(
                error.status().map(u16::from),
                Some(401),
                "{calls}: {id} went with somebody else's token"
            );
        }
    }
    let key_of = |sent: &Sent, part: &Part| {
        part.header("x-goog-api-key").or(sent.header("x-goog-api-key")).map(str::to_owned)
    };
    for sent in peer.sent() {
        for part in &sent.parts {
            assert_eq!(key_of(&sent, part), part.is("c").then(|| "key".to_owned()), "{}", part.line);
        }
    }
}

#[tokio::test]
async fn a_quota_project_is_paid_by_its_own_client_only() {
    let peer = Peer::new(Sent::echo);
    let project = |project: Option<&str>| {
        let builder = peer.builder().credentials(BearerToken::new("x"));
        match project {
            Some(project) => builder.quota_project(project).build().unwrap(),
            None => builder.build().unwrap(),
        }
    };
    let services = [project(Some("mine")), project(Some("theirs")), project(None)];
    for first in 0..3 {
        let mut batch = services[first].batch();
        for (at, zoo) in services.iter().enumerate() {
            batch.add(zoo.get(&at.to_string())).unwrap();
        }
        let _ = batch.execute().await;
    }
    for sent in peer.sent() {
        for part in &sent.parts {
            let pays = part.header("x-goog-user-project").or(sent.header("x-goog-user-project"));
            let expected = [Some("mine"), Some("theirs"), None][part.animal().parse::<usize>().unwrap()];
            assert_eq!(pays, expected, "request {}, call {}", sent.number, part.animal());
        }
    }
}

/// A call after one whose credentials failed moves forward in the request, but must not be sent with the batch's
/// credentials.
#[tokio::test]
async fn a_client_without_credentials_does_not_let_the_next_one_speak_for_the_batch() {
    let peer = guarded(&["mine", "theirs"]);
    let zoo = with(&peer, BearerToken::new("mine"));
    let broken = with(&peer, BearerToken::new("not\na header"));
    let other = with(&peer, BearerToken::new("theirs"));
    let mut batch = zoo.batch().with_max_calls(2);
    batch.add(zoo.get("a").with_id("a")).unwrap();
    batch.add(broken.get("b").with_id("broken")).unwrap();
    batch.add(other.get("c").with_id("other")).unwrap();
    batch.add(zoo.get(&"x".repeat(9000)).with_id("long")).unwrap();
    batch.add(other.get("d").with_id("other too")).unwrap();
    let report = batch.execute().await;
    assert!(report.get("broken").unwrap().error.as_ref().unwrap().is_credentials());
    assert!(report.get("long").unwrap().error.as_ref().unwrap().is_input());
    for sent in peer.sent() {
        for part in sent.parts.iter().filter(|part| part.is("c") || part.is("d")) {
            assert_eq!(part.header("authorization"), Some("Bearer theirs"));
        }
    }
    assert_eq!(report.failures(), 2);
}

#[tokio::test]
async fn a_batch_of_other_clients_calls_needs_no_credentials_of_its_own() {
    let peer = guarded(&["theirs"]);
    let broken = with(&peer, BearerToken::new("not\na header"));
    let other = with(&peer, BearerToken::new("theirs"));
    let mut batch = broken.batch();
    batch.add(broken.get("a").with_id("own")).unwrap();
    batch.add(other.get("b").with_id("other")).unwrap();
    let report = batch.execute().await;
    assert!(report.get("own").unwrap().error.as_ref().unwrap().is_credentials());
    assert!(report.get("other").unwrap().error.is_none());
}

/// The outer request is refused because of the batch's own token, which does not concern the credentials of another
/// client.
#[tokio::test]
async fn an_outer_401_is_not_held_against_other_clients() {
    let peer = Peer::new(|sent| match sent.header("authorization") {
        Some("Bearer t1") => sent.echo(),
        _ => Answer::json(401, error_body(401, "authError")),
    });
    let own = Renewing::new(9);
    let zoo = with(&peer, own.clone());
    let fixed = with(&peer, BearerToken::new("theirs"));
    let renewing = Renewing::new(9);
    let other = with(&peer, renewing.clone());
    let mut batch = zoo.batch();
    batch.add(zoo.get("a")).unwrap();
    batch.add(fixed.get("b")).unwrap();
    batch.add(other.get("c")).unwrap();
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok(), "{:?}", report.error_for_failures());
    assert_eq!(own.renewals.load(Ordering::SeqCst), 1);
    assert_eq!(renewing.renewals.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_part_s_401_renews_that_client_s_credentials_only() {
    let peer = guarded(&["mine", "t1"]);
    let zoo = with(&peer, BearerToken::new("mine"));
    let renewing = Renewing::new(9);
    let other = with(&peer, renewing.clone());
    let mut batch = zoo.batch();
    batch.add(zoo.get("a")).unwrap();
    batch.add(other.get("b")).unwrap();
    assert!(batch.execute().await.error_for_failures().is_ok());
    assert_eq!(renewing.renewals.load(Ordering::SeqCst), 1);
    assert_eq!(peer.sent()[1].animals(), ["b"]);
}

/// Scripted credentials: what they do depends on how often they were asked.
#[derive(Clone)]
struct Scripted {
    asked: Arc<AtomicUsize>,
    script: fn(usize) -> (Duration, Result<&'static str>),
}

impl Scripted {
    fn new(script: fn(usize) -> (Duration, Result<&'static str>)) -> Self {
        Scripted { asked: Arc::default(), script }
    }
}

impl Credentials for Scripted {
    fn headers<'a>(
        &'a self,
        _: &'a [&'a str],
        _: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            let (wait, result) = (self.script)(self.asked.fetch_add(1, Ordering::SeqCst));
            tokio::time::sleep(wait).await;
            AuthHeaders::bearer(result?)
        })
    }
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn answers_are_read_while_the_next_request_waits_for_credentials() {
    let peer = Peer::new(|sent| sent.echo().after(Duration::from_secs(1)));
    let slow = Scripted::new(|asked| (if asked == 0 { Duration::ZERO } else { HOUR / 60 }, Ok("good")));
    let zoo = with(&peer, slow);
    let began = tokio::time::Instant::now();
    let mut batch = zoo.batch().with_max_calls(2).with_concurrency(2);
    let answered = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..4 {
        let answered = answered.clone();
        zoo.get("a")
            .queue(&mut batch, move |_| answered.lock().unwrap().push(began.elapsed().as_secs()))
            .unwrap();
    }
    assert_eq!(batch.execute().await.failures(), 0);
    assert_eq!(*answered.lock().unwrap(), [1, 1, 61, 61]);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_never_come_end_within_the_policy_s_time() {
    let peer = Peer::new(Sent::echo);
    let hangs = with(&peer, Scripted::new(|_| (HOUR, Ok("good"))));
    let zoo = with(&peer, BearerToken::new("good"));
    let began = tokio::time::Instant::now();
    let policy = gapis_runtime::RetryPolicy::default().with_total_time(Duration::from_secs(30));
    let mut batch = zoo.batch().with_retry(policy);
    zoo.get("a").queue(&mut batch, |reply| assert!(reply.result.is_ok())).unwrap();
    hangs.get("b").queue(&mut batch, |reply| assert!(reply.result.unwrap_err().is_timeout())).unwrap();
    zoo.get("c").queue(&mut batch, |reply| assert!(reply.result.is_ok())).unwrap();
    assert_eq!(batch.execute().await.failures(), 1);
    assert_eq!(began.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_fail_for_a_moment_are_asked_again() {
    let failing = || {
        Scripted::new(|asked| match asked {
            0 | 1 => (Duration::ZERO, Err(Error::credentials_transient("busy", Duration::from_secs(7)))),
            _ => (Duration::ZERO, Ok("good")),
        })
    };
    let peer = guarded(&["good"]);
    let zoo = with(&peer, failing());
    let began = tokio::time::Instant::now();
    let mut batch = zoo.batch();
    for _ in 0..250 {
        zoo.get("a").queue(&mut batch, |_| ()).unwrap();
    }
    let report = batch.execute().await;
    assert_eq!((report.failures(), report.requests()), (0, 3));
    // The third request asked without a wait of its own, and got what all of them go with.
    assert_eq!(began.elapsed().as_secs(), 7);

    // A call that is sent alone behaves the same, but not with a policy of one attempt.
    let peer = Peer::new(|_| Answer::json(200, "{}"));
    assert!(with(&peer, failing()).get("a").await.is_ok());
    let once = with(&peer, failing()).get("a").with_retry(gapis_runtime::RetryPolicy::none()).await;
    assert!(once.unwrap_err().is_credentials());
}

/// Of 100 users in one request, some tokens are requested concurrently, but not all.
#[tokio::test(start_paused = true)]
async fn the_credentials_of_many_clients_are_asked_for_some_at_once() {
    static FLYING: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    struct Slow;
    impl Credentials for Slow {
        fn headers<'a>(
            &'a self,
            _: &'a [&'a str],
            _: Option<&'a AuthHeaders>,
        ) -> BoxFuture<'a, Result<AuthHeaders>> {
            Box::pin(async {
                MOST.fetch_max(FLYING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                FLYING.fetch_sub(1, Ordering::SeqCst);
                AuthHeaders::bearer("good")
            })
        }
    }
    let peer = guarded(&["good"]);
    let zoo = with(&peer, BearerToken::new("good"));
    let began = tokio::time::Instant::now();
    let mut batch = zoo.batch();
    for _ in 0..100 {
        let user = <Zoo as gapis_runtime::Api>::new(&zoo.0.with_credentials(Slow));
        batch.add(user.get("a")).unwrap();
    }
    let report = batch.execute().await;
    assert_eq!((report.failures(), report.requests(), began.elapsed().as_secs()), (0, 1, 4));
    assert_eq!(MOST.load(Ordering::SeqCst), 32);
}
