//! The memory that a response needs: at most its largest part and the chunk that is being read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use gapis_testkit::zoo::*;

/// How many bytes of chunks exist, and their maximum so far.
#[derive(Default)]
struct Ledger {
    alive: AtomicUsize,
    most: AtomicUsize,
}

struct Counted(Vec<u8>, Arc<Ledger>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.alive.fetch_sub(self.0.len(), Ordering::SeqCst);
    }
}

impl Ledger {
    fn chunk(self: &Arc<Self>, bytes: Vec<u8>) -> Bytes {
        let alive = self.alive.fetch_add(bytes.len(), Ordering::SeqCst) + bytes.len();
        self.most.fetch_max(alive, Ordering::SeqCst);
        Bytes::from_owner(Counted(bytes, self.clone()))
    }
}

/// A response whose chunks are created and counted when they are read.
fn counted(ledger: &Arc<Ledger>, chunks: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Answer {
    let ledger = ledger.clone();
    Answer::multipart("").stream(chunks.map(move |chunk| ledger.chunk(chunk)))
}

#[tokio::test]
async fn a_large_response_is_never_held_as_a_whole() {
    for size in [500, 4096, 1 << 20] {
        let ledger = Arc::new(Ledger::default());
        let peer_ledger = ledger.clone();
        let (zoo, _) = zoo(move |sent| {
            let parts = sent.parts.clone();
            let text: Vec<u8> = parts
                .iter()
                .flat_map(|part| {
                    framed(part, &ok(&format!("{{\"id\":\"{}\"}}", "x".repeat(10_000)))).into_bytes()
                })
                .chain(*b"--B--")
                .collect();
            let mut at = 0;
            let chunks = std::iter::from_fn(move || {
                let chunk =
                    text.get(at..text.len().min(at + size)).filter(|chunk| !chunk.is_empty())?.to_vec();
                at += size;
                Some(chunk)
            });
            counted(&peer_ledger, chunks)
        });
        let mut seen = 0;
        let mut batch = zoo.batch().with_max_calls(1000).with_concurrency(1);
        batch
            .queue_all((0..300).map(|_| zoo.get("a")), |reply| seen += usize::from(reply.result.is_ok()))
            .unwrap();
        let _ = batch.execute().await;
        assert_eq!(seen, 300);
        let most = ledger.most.load(Ordering::SeqCst);
        assert!(most <= 2 * size + 30_000, "{most} bytes of 3 MB with chunks of {size}");
        assert_eq!(ledger.alive.load(Ordering::SeqCst), 0);
    }
}

/// Parts without an id are kept until the end, when their order may identify them: only as many as there are calls.
#[tokio::test]
async fn parts_of_nobody_are_not_collected() {
    for id in ["", "Content-ID: <response-other+7>\r\n"] {
        let ledger = Arc::new(Ledger::default());
        let peer_ledger = ledger.clone();
        let (zoo, _) = zoo(move |_| {
            let part = format!("--B\r\n{id}\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n", "x".repeat(1000)).into_bytes();
            counted(&peer_ledger, std::iter::repeat_n(part, 10_000).chain([b"--B--".to_vec()]))
        });
        let mut unknown = 0;
        let mut batch = zoo.batch();
        batch
            .queue_all((0..3).map(|_| zoo.insert("a")), |reply| {
                unknown += usize::from(reply.result.unwrap_err().is_unknown_outcome())
            })
            .unwrap();
        let _ = batch.execute().await;
        assert_eq!(unknown, 3);
        let most = ledger.most.load(Ordering::SeqCst);
        assert!(most < 10_000, "{most} bytes");
    }
}

#[tokio::test]
async fn a_preamble_without_an_end_is_not_collected() {
    let ledger = Arc::new(Ledger::default());
    let peer_ledger = ledger.clone();
    let (zoo, _) = zoo(move |_| counted(&peer_ledger, std::iter::repeat_n(vec![b'x'; 1000], 10_000)));
    let mut batch = zoo.batch();
    let ticket = batch.add(zoo.insert("a")).unwrap();
    assert!(batch.execute().await.redeem(ticket).unwrap_err().is_unknown_outcome());
    assert!(ledger.most.load(Ordering::SeqCst) < 5000);
}
