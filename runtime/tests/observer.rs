//! The reports to an observer about calls, batches and media: every request, once, and no secret.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::type_complexity)]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use gapis_mock::Fault;
use gapis_runtime::observe::{Attempt, Ended, Observer, Retry};
use gapis_runtime::{BearerToken, Error, RetryPolicy};
use serde_json::json;

use gapis_testkit::shop::{Shop, Store, bytes};
use gapis_testkit::zoo::*;

/// Records everything in short lines.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

/// A value, or `-`.
fn or<T: Debug>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:?}").trim_matches('"').to_owned())
}

impl Observer for Notes {
    fn attempt_started(&self, attempt: &Attempt) {
        let Attempt { kind, api, version, method, number, calls, bytes, .. } = attempt;
        let (method, bytes) = (or(*method), or(*bytes));
        self.add(format!("{kind:?} {number} {api} {version} {method}: {calls} calls, {bytes} bytes"));
    }

    fn attempt_finished(&self, attempt: &Attempt, ended: &Ended) {
        let Ended { status, error, duration, bytes, .. } = ended;
        let (kind, number, status, error) =
            (attempt.kind, attempt.number, or(status.map(|status| status.as_u16())), or(*error));
        let seconds = duration.as_secs();
        self.add(format!("{kind:?} {number} ended: {status} {error}, {bytes} bytes, {seconds} s"));
    }

    fn retry(&self, retry: &Retry) {
        let Retry { api, version, method, calls, wait, status, error, .. } = retry;
        let (method, status, error) = (or(*method), or(status.map(|status| status.as_u16())), or(*error));
        let wait = wait.as_secs_f64().ceil();
        self.add(format!("again {api} {version} {method}: {calls} calls in {wait} s, {status} {error}"));
    }
}

/// A service whose peer follows that script, and the records about it.
fn noted(script: impl FnMut(&Sent) -> Answer + Send + 'static) -> (Zoo, Notes) {
    let notes = Notes::default();
    let zoo = Peer::new(script).builder().observer(notes.clone()).build().unwrap();
    (zoo, notes)
}

#[tokio::test(start_paused = true)]
async fn a_call_s_attempts_and_waits() {
    let (zoo, notes) = noted(|sent| match sent.number {
        0 => Answer::json(503, "later").after(secs(3)),
        1 => Answer::error(Error::connect("no", "x")),
        _ => Answer::json(200, r#"{"id":"a"}"#).after(secs(2)),
    });
    zoo.insert("a").await.unwrap();
    assert_eq!(
        notes.take(),
        [
            "SingleCall 1 zoo v1 zoo.animals.insert: 1 calls, 10 bytes",
            "SingleCall 1 ended: 503 status, 5 bytes, 3 s",
            "again zoo v1 zoo.animals.insert: 1 calls in 1 s, 503 status",
            "SingleCall 2 zoo v1 zoo.animals.insert: 1 calls, 10 bytes",
            "SingleCall 2 ended: - connect, 0 bytes, 0 s",
            "again zoo v1 zoo.animals.insert: 1 calls in 2 s, - connect",
            "SingleCall 3 zoo v1 zoo.animals.insert: 1 calls, 10 bytes",
            "SingleCall 3 ended: 200 -, 10 bytes, 2 s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_ends_in_another_way() {
    let (zoo, notes) = noted(|sent| match sent.number {
        0 => Answer::json(404, "no"),
        1 => Answer::json(200, "0123456789").cut(4, Some(Piece::Break)),
        2 => Answer::json(200, "0123456789").cut(4, Some(Piece::Stall)),
        _ => Answer::json(200, "{}").after(secs(1000)),
    });
    for _ in 0..3 {
        assert!(zoo.insert("a").with_timeout(secs(7)).await.is_err());
    }
    let dropped = tokio::time::timeout(secs(5), zoo.insert("a").send()).await;
    assert!(dropped.is_err());
    let ends: Vec<_> = notes.take().into_iter().filter(|line| line.contains("ended")).collect();
    assert_eq!(
        ends,
        [
            "SingleCall 1 ended: 404 status, 2 bytes, 0 s",
            "SingleCall 1 ended: 200 transport, 4 bytes, 0 s",
            "SingleCall 1 ended: 200 timeout, 4 bytes, 7 s",
            "SingleCall 1 ended: - dropped, 0 bytes, 5 s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn renewed_credentials_are_another_attempt() {
    let notes = Notes::default();
    let peer = Peer::new(|_| Answer::json(401, ""));
    let zoo = peer.builder().credentials(BearerToken::new("s3cret")).observer(notes.clone()).build().unwrap();
    assert_eq!(zoo.get("a").await.unwrap_err().status().map(u16::from), Some(401));
    // A fixed token cannot be renewed, so there is no second attempt.
    assert_eq!(
        notes.take(),
        [
            "SingleCall 1 zoo v1 zoo.animals.get: 1 calls, 0 bytes",
            "SingleCall 1 ended: 401 status, 0 bytes, 0 s",
            "again zoo v1 zoo.animals.get: 1 calls in 0 s, 401 status",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_s_requests_and_rounds() {
    let (zoo, notes) = noted(|sent| {
        let first = sent.number == 0;
        let answer = sent.answer(|part| {
            Some(if first && part.is("b") { failed(503, "backendError") } else { animal(&part.animal()) })
        });
        answer.after(secs(4))
    });
    let mut batch = zoo.batch();
    for id in ["a", "b", "c"] {
        batch.add(zoo.get(id)).unwrap();
    }
    let _ = batch.execute().await;
    let lines = notes.take();
    let shape: Vec<_> =
        lines.iter().map(|line| line.rsplit_once(", ").map_or(&line[..], |(l, _)| l)).collect();
    assert_eq!(shape[0], "BatchRequest 1 zoo v1 -: 3 calls");
    assert!(
        shape[1].starts_with("BatchRequest 1 ended: 200 -, ") && lines[1].ends_with(" bytes, 4 s"),
        "{lines:?}"
    );
    assert_eq!(lines[2], "again zoo v1 -: 1 calls in 1 s, 503 status");
    assert_eq!(shape[3], "BatchRequest 2 zoo v1 -: 1 calls");
    assert!(shape[4].starts_with("BatchRequest 2 ended: 200 -, "), "{lines:?}");
    assert_eq!(lines.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn batches_that_fail_as_a_whole() {
    for (answer, end) in [
        ((|_| Answer::json(200, "{}")) as fn(&Sent) -> Answer, "200 unreadable"),
        (|_| Answer::json(400, "{}"), "400 batch_refused"),
        (|sent| sent.echo().cut(20, Some(Piece::Break)), "200 transport"),
        (|sent| sent.echo().cut(20, Some(Piece::Stall)), "200 timeout"),
        (|_| Answer::error(Error::transport("broke", "x")), "- transport"),
    ] {
        let (zoo, notes) = noted(answer);
        let mut batch = zoo.batch();
        batch.add(zoo.insert("a")).unwrap();
        assert_eq!(batch.execute().await.failures(), 1);
        let lines = notes.take();
        assert!(lines.len() == 2 && lines[1].contains(&format!("ended: {end},")), "{end}: {lines:?}");
    }
    let (zoo, notes) = noted(|sent| sent.echo().after(secs(1000)));
    let mut batch = zoo.batch();
    batch.add(zoo.insert("a")).unwrap();
    assert!(tokio::time::timeout(secs(9), batch.execute()).await.is_err());
    assert_eq!(notes.take()[1], "BatchRequest 1 ended: - dropped, 0 bytes, 9 s");
}

/// A store that serves this, and the records about it.
fn shop(media: &[u8]) -> (Store, gapis_mock::Handlers, Shop, Notes) {
    let (store, notes) = (Store::default(), Notes::default());
    store.with(|state| {
        state.bytes = media.to_vec();
        state.headers = vec![("etag", "\"1\"".to_owned())];
    });
    let handlers = store.handlers();
    let shop = Shop::builder()
        .credentials(BearerToken::new("s3cret"))
        .transport(handlers.clone())
        .retry(RetryPolicy::default().with_backoff(millis(1), millis(4)))
        .observer(notes.clone())
        .build()
        .unwrap();
    (store, handlers, shop, notes)
}

/// Without the sizes of the mock's responses and the times.
fn short(lines: Vec<String>) -> Vec<String> {
    let cut = |line: String| match line.split_once(" ended: ") {
        Some((head, end)) => format!("{head} ended: {}", end.split(',').next().unwrap_or_default()),
        None => line.replace(" shop v1", ""),
    };
    lines.into_iter().map(cut).collect()
}

#[tokio::test(start_paused = true)]
async fn uploads_piece_by_piece() {
    const UNIT: u64 = 256 * 1024;
    let (_store, _, shop, notes) = shop(&[]);
    shop.insert(json!({})).upload("hello").await.unwrap();
    assert_eq!(
        short(notes.take()),
        ["MediaUpload 1 shop.insert: 1 calls, 5 bytes", "MediaUpload 1 ended: 200 -"]
    );

    let media = bytes(2 * UNIT as usize + 7);
    let upload = shop.insert(json!({})).upload(media).resumable().with_chunk_size(UNIT as usize);
    upload.await.unwrap();
    assert_eq!(
        short(notes.take()),
        [
            "SingleCall 1 shop.insert: 1 calls, 0 bytes",
            "SingleCall 1 ended: 200 -",
            &format!("MediaUpload 1 shop.insert: 1 calls, {UNIT} bytes"),
            "MediaUpload 1 ended: 308 -",
            &format!("MediaUpload 1 shop.insert: 1 calls, {UNIT} bytes"),
            "MediaUpload 1 ended: 308 -",
            "MediaUpload 1 shop.insert: 1 calls, 7 bytes",
            "MediaUpload 1 ended: 200 -",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn downloads_and_what_was_left_of_them() {
    let (_store, handlers, shop, notes) = shop(&bytes(1000));
    handlers.fault(Fault::cut(400));
    assert_eq!(shop.get("a").download().bytes().await.unwrap(), bytes(1000));
    let lines = notes.take();
    assert!(lines[1].starts_with("MediaDownload 1 ended: 200 transport, 400 bytes"), "{lines:?}");
    assert!(lines[4].starts_with("MediaDownload 1 ended: 206 -, 600 bytes"), "{lines:?}");
    assert_eq!(
        short(lines),
        [
            "MediaDownload 1 shop.get: 1 calls, 0 bytes",
            "MediaDownload 1 ended: 200 transport",
            "again shop.get: 1 calls in 1 s, - transport",
            "MediaDownload 1 shop.get: 1 calls, 0 bytes",
            "MediaDownload 1 ended: 206 -",
        ]
    );
    let mut stream = shop.get("a").download().stream().await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    assert_eq!(
        short(notes.take()),
        ["MediaDownload 1 shop.get: 1 calls, 0 bytes", "MediaDownload 1 ended: 200 dropped"]
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_told_holds_a_secret() {
    #[derive(Clone, Default)]
    struct Debugged(Arc<Mutex<String>>);
    impl Observer for Debugged {
        fn attempt_started(&self, attempt: &Attempt) {
            self.0.lock().unwrap().push_str(&format!("{attempt:#?}"));
        }
        fn attempt_finished(&self, attempt: &Attempt, ended: &Ended) {
            self.0.lock().unwrap().push_str(&format!("{attempt:#?}{ended:#?}"));
        }
        fn retry(&self, retry: &Retry) {
            self.0.lock().unwrap().push_str(&format!("{retry:#?}"));
        }
    }
    let told = Debugged::default();
    let peer = Peer::new(|sent| match sent.parts.is_empty() {
        true => Answer::json(503, "s3cret").header("x", "s3cret"),
        false => sent.answer(|_| Some(failed(503, "s3cret"))),
    });
    let builder = peer.builder().credentials(BearerToken::new("s3cret")).user_agent("s3cret");
    let zoo = builder.observer(told.clone()).build().unwrap();
    let call = || zoo.insert("s3cret").with_query("key", "s3cret").with_header("x-key", "s3cret");
    assert!(call().await.is_err());
    let mut batch = zoo.batch().with_query("key", "s3cret");
    batch.add(call().with_id("s3cret")).unwrap();
    let _ = batch.execute().await;
    let told = told.0.lock().unwrap();
    assert!(told.contains("zoo.animals.insert") && !told.contains("s3cret"), "{told}");
}
