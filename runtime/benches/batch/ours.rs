//! The work as a user of a generated crate does it, with a transport that responds from memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use gapis_runtime::private::{Field, from_slice};
use gapis_runtime::transport::{BodyStream, HttpRequest, HttpResponse, Transport};
use gapis_runtime::{Batch, BoxFuture, Result};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::zoo::{self, Animal, Prepared, Zoo};

/// Responds to every batch with the prepared bytes.
pub(crate) struct Memory {
    prepared: Arc<Prepared>,
    answer: fn(&Prepared, &[u8]) -> Vec<Bytes>,
    /// Runs after the request was written and before anything is read.
    between: fn(),
}

impl Transport for Memory {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let body = request.body.as_bytes().expect("a batch is no stream");
        let chunks = (self.answer)(&self.prepared, body);
        drop(request);
        (self.between)();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(zoo::CONTENT_TYPE));
        let body: BodyStream = Box::pin(futures_util::stream::iter(chunks.into_iter().map(Ok)));
        Box::pin(std::future::ready(Ok(HttpResponse { status: http::StatusCode::OK, headers, body })))
    }
}

/// A service with this transport.
pub(crate) fn zoo(prepared: &Arc<Prepared>, between: fn()) -> Zoo {
    with_transport(Memory { prepared: Arc::clone(prepared), answer: Prepared::answer, between })
}

/// A service whose server responds to requests of any number of calls.
#[allow(dead_code)] // Not every benchmark needs it.
pub(crate) fn zoo_of_any_size(prepared: &Arc<Prepared>) -> Zoo {
    let answer = Prepared::answer_as_many;
    with_transport(Memory { prepared: Arc::clone(prepared), answer, between: || () })
}

fn with_transport(transport: Memory) -> Zoo {
    Zoo::builder().anonymous().transport(transport).build().expect("a service")
}

/// One call.
pub(crate) fn call(zoo: &Zoo, id: &str) -> zoo::Call<zoo::Patch> {
    let change = Animal {
        name: Some(id.to_owned()),
        color: Some(zoo::COLOR.to_owned()),
        vaccinated: Some(true),
        ..Default::default()
    };
    zoo.patch(id, change).update_mask(zoo::MASK)
}

/// Creates and queues the calls, each with its own callback.
pub(crate) fn build<'a>(zoo: &Zoo, ids: &[String], seen: &'a AtomicUsize) -> Batch<'a, Zoo> {
    let mut batch = zoo.batch();
    for id in ids {
        let queued = call(zoo, id).queue(&mut batch, move |reply| {
            let animal = reply.result.expect("an animal");
            seen.fetch_add(animal.name.map_or(0, |name| name.len()), Ordering::Relaxed);
        });
        queued.expect("queued");
    }
    batch
}

/// The whole: creates, queues, writes, reads and decodes the calls, and runs the callbacks.
pub(crate) async fn whole(zoo: &Zoo, ids: &[String]) -> usize {
    let seen = AtomicUsize::new(0);
    let report = build(zoo, ids, &seen).execute().await;
    assert_eq!(report.failures(), 0);
    drop(report);
    seen.into_inner()
}

/// Only the writing of the codec.
pub(crate) fn encode(count: usize, target: &str, body: &[u8]) -> usize {
    gapis_runtime::private::codec::write_batch(zoo::TOKEN, count, "PATCH", target, Some(body)).1.len()
}

/// Only the reading of the codec.
pub(crate) fn read(chunks: &[Bytes]) -> usize {
    gapis_runtime::private::codec::read_batch(
        zoo::CONTENT_TYPE.as_bytes(),
        chunks.iter().cloned(),
        zoo::TOKEN,
    )
}

/// Only the decoding of one response.
pub(crate) fn decode(json: &[u8]) -> Animal {
    let mut animal = Animal::empty();
    from_slice(json, &mut animal).expect("an animal");
    animal
}
