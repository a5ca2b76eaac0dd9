//! Spans and events of a batch: what happened, and no secret.
//!
//! A program of its own with one test: whether a callsite is listened to is remembered for the whole process, so that
//! tests in other threads, to which nobody listens, would decide it.
#![cfg(feature = "tracing")]
#![allow(missing_docs, unreachable_pub, dead_code, unused_imports, clippy::type_complexity)]

#[path = "batch/support.rs"]
mod support;

use std::fmt::Debug;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use gapis_runtime::BearerToken;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::*;

/// Writes everything down.
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
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = "event".to_owned();
        event.record(&mut Fields(&mut text));
        self.log.add(text);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn spans_of_batch_request_and_retry_without_secrets() {
    let recorder = Recorder::default();
    let log = recorder.log.clone();
    let guard = tracing::subscriber::set_default(recorder);
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
    batch.add_as("s3cret", zoo.get("s3cret-none")).unwrap();
    let _ = batch.execute().await;
    let _ = zoo.get("s3cret-single").await;
    drop(guard);
    let log = log.take();
    let text = log.join("\n");
    assert!(!text.contains("s3cret"), "{text}");
    let spans: Vec<&str> = log.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    let count = |name: &str| spans.iter().filter(|span| **span == name).count();
    assert_eq!(
        (count("gapis.batch"), count("gapis.batch.request"), count("gapis.retry")),
        (1, 2, 1),
        "{text}"
    );
    assert!(text.contains("gapis.batch api=\"zoo\" version=\"v1\" calls=3"), "{text}");
    assert!(text.contains("gapis.call method=\"zoo.animals.get\" verb=\"GET\""), "{text}");
    assert!(text.contains("gapis.retry calls=1") && text.contains("status=503"), "{text}");
}
