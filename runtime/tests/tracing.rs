//! Spans and events of calls, batches and media, without secrets.
//!
//! This is a separate program with one test, because whether a callsite has a subscriber is remembered for the whole
//! process, and tests in other threads without a subscriber would affect it.
#![cfg(feature = "tracing")]
#![allow(missing_docs, unreachable_pub, dead_code, unused_imports, clippy::type_complexity)]

use std::fmt::Debug;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gapis_runtime::{BearerToken, Error, RetryPolicy};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use gapis_testkit::zoo::*;

/// Records everything.
#[derive(Default)]
struct Recorder {
    next: AtomicU64,
    log: Log,
    names: Mutex<Vec<String>>,
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("gapis")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = span.metadata().name().to_owned();
        span.record(&mut Fields(&mut text));
        self.log.add(&text);
        self.names.lock().unwrap().push(span.metadata().name().to_owned());
        Id::from_u64(self.next.fetch_add(1, Ordering::SeqCst) + 1)
    }
    fn record(&self, id: &Id, values: &Record<'_>) {
        let name = self.names.lock().unwrap()[usize::try_from(id.into_u64()).unwrap() - 1].clone();
        let mut text = format!("{name}:");
        values.record(&mut Fields(&mut text));
        self.log.add(text);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = "event".to_owned();
        event.record(&mut Fields(&mut text));
        self.log.add(text);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The records of some work, one per line, without secrets.
async fn told(what: impl Future<Output = ()>) -> Vec<String> {
    let recorder = Recorder::default();
    let log = recorder.log.clone();
    let guard = tracing::subscriber::set_default(recorder);
    what.await;
    drop(guard);
    let log = log.take();
    assert!(!log.concat().contains("s3cret"), "{log:?}");
    log
}

#[tokio::test(start_paused = true)]
async fn spans_of_all_that_is_sent_without_secrets() {
    of_a_batch(&told(a_batch()).await);
    assert_eq!(
        told(calls()).await,
        [
            "gapis.call method=\"zoo.animals.get\" verb=\"GET\"",
            "gapis.attempt method=\"zoo.animals.get\" kind=SingleCall attempt=1",
            "gapis.attempt: status=503",
            "gapis.attempt: error=\"status\"",
            "gapis.retry calls=1 wait_ms=9000 status=503",
            "gapis.attempt method=\"zoo.animals.get\" kind=SingleCall attempt=2",
            "gapis.attempt: error=\"connect\"",
            "gapis.retry calls=1 wait_ms=0",
            "gapis.attempt method=\"zoo.animals.get\" kind=SingleCall attempt=3",
            "gapis.attempt: status=200",
            "gapis.call: status=200",
            "gapis.call method=\"zoo.animals.insert\" verb=\"POST\"",
            "gapis.attempt method=\"zoo.animals.insert\" kind=SingleCall attempt=1",
            "gapis.attempt: error=\"timeout\"",
            "gapis.call: error=\"timeout\"",
            "gapis.call method=\"zoo.animals.get\" verb=\"GET\"",
            "gapis.attempt method=\"zoo.animals.get\" kind=SingleCall attempt=1",
            "gapis.attempt: error=\"dropped\"",
        ]
    );
    assert_eq!(
        told(media()).await,
        // The span of the upload contains one for the call that opens its session.
        [
            "gapis.call method=\"shop.insert\" verb=\"POST\"",
            "gapis.call method=\"shop.insert\" verb=\"POST\"",
            "gapis.attempt method=\"shop.insert\" kind=SingleCall attempt=1",
            "gapis.attempt: status=200",
            "gapis.call: status=200",
            "gapis.attempt method=\"shop.insert\" kind=MediaUpload attempt=1",
            "gapis.attempt: status=200",
            "gapis.call method=\"shop.get\" verb=\"GET\"",
            "gapis.attempt method=\"shop.get\" kind=MediaDownload attempt=1",
            "gapis.attempt: status=200",
        ]
    );
}

async fn a_batch() {
    let peer = Peer::new(|sent| {
        let first = sent.number == 0;
        sent.answer(|part| {
            Some(match &*part.animal() {
                "s3cret-busy" if first => failed(503, "backendError"),
                "s3cret-none" => failed(404, "s3cret"),
                id => animal(id),
            })
        })
    });
    let zoo = peer.builder().credentials(BearerToken::new("s3cret")).build().unwrap();
    let mut batch = zoo.batch().with_query("q", "s3cret").with_header("x", "s3cret");
    batch.add(zoo.insert("s3cret-a").with_header("y", "s3cret")).unwrap();
    batch.add(zoo.get("s3cret-busy").with_query("z", "s3cret")).unwrap();
    batch.add(zoo.get("s3cret-none").with_id("s3cret")).unwrap();
    let _ = batch.execute().await;
    let _ = zoo.get("s3cret-single").await;
}

fn of_a_batch(log: &[String]) {
    let text = log.join("\n");
    let spans: Vec<&str> = log.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    let count = |name: &str| spans.iter().filter(|span| **span == name).count();
    assert_eq!(
        (count("gapis.batch"), count("gapis.batch.request"), count("gapis.retry")),
        (1, 2, 1),
        "{text}"
    );
    assert_eq!(count("gapis.attempt"), 1, "a batch's requests have a name of their own: {text}");
    assert!(text.contains("gapis.batch api=\"zoo\" version=\"v1\" calls=3"), "{text}");
    assert!(text.contains("gapis.call method=\"zoo.animals.get\" verb=\"GET\""), "{text}");
    assert!(text.contains("gapis.retry calls=1") && text.contains("status=503"), "{text}");
    let requests: Vec<&str> = log
        .iter()
        .filter(|line| line.starts_with("gapis.batch.request"))
        .map(|line| line.rsplit_once(" bytes=").map_or(&**line, |(before, _)| before))
        .collect();
    let ended = "gapis.batch.request: status=200";
    assert_eq!(requests, ["gapis.batch.request calls=3", ended, "gapis.batch.request calls=1", ended]);
    assert!(
        log.iter()
            .any(|line| line.starts_with("gapis.batch.request calls=1") && line.ends_with(" attempt=2"))
    );
}

/// A call that is sent three times, one that times out, and one that is dropped.
async fn calls() {
    let peer = Peer::new(|sent| match sent.number {
        0 => Answer::json(503, "s3cret").header("retry-after", "9"),
        1 => Answer::error(Error::connect("no", "s3cret")),
        2 => Answer::json(200, r#"{"id":"s3cret"}"#),
        _ => Answer::json(200, "s3cret").after(secs(3600)),
    });
    let policy = RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO);
    let zoo = peer.builder().credentials(BearerToken::new("s3cret")).retry(policy).build().unwrap();
    zoo.get("s3cret").await.unwrap();
    assert!(zoo.insert("s3cret").await.unwrap_err().is_timeout());
    assert!(tokio::time::timeout(secs(1), zoo.get("s3cret").send()).await.is_err());
}

/// A resumable upload and a download.
async fn media() {
    let store = gapis_testkit::shop::Store::default();
    let shop = gapis_testkit::shop::Shop::builder()
        .credentials(BearerToken::new("s3cret"))
        .transport(store.handlers())
        .build()
        .unwrap();
    shop.insert(serde_json::json!({"name": "s3cret"})).upload("s3cret").resumable().await.unwrap();
    assert_eq!(shop.get("s3cret").download().bytes().await.unwrap(), "s3cret");
}
