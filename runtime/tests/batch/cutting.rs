//! A response that ends early, and one in other chunks: there is no panic, no callback is lost or runs twice, and
//! complete parts are delivered.

use proptest::prelude::*;

use gapis_testkit::zoo::*;

const NAMES: [&str; 6] = ["a", "gone", "bb", "empty", "ccc", "odd"];

fn whole(parts: &[Part]) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = b"a preamble\r\n".to_vec();
    let mut ends = Vec::new();
    for part in parts {
        let inner = match &*part.animal() {
            "gone" => failed(404, "notFound"),
            "empty" => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "odd" => animal("odd").replace("\r\n", "\n"),
            id => animal(id),
        };
        bytes.extend(framed(part, &inner).into_bytes());
        // A part is complete after the delimiter line that follows it: here, its four bytes and a line end.
        ends.push(bytes.len() + 4);
    }
    bytes.extend(b"--B--\r\nan epilogue");
    (bytes, ends)
}

/// Queues the six calls. Returns how often each callback ran, and its argument.
async fn replies(zoo: &Zoo) -> Vec<Vec<Result<String, gapis_runtime::Error>>> {
    let mut seen = vec![Vec::new(); NAMES.len()];
    let mut batch = zoo.batch();
    batch
        .queue_all(NAMES.map(|id| zoo.insert(id)), |reply| {
            seen[reply.index].push(reply.result.map(|animal| animal.id().to_owned()))
        })
        .unwrap();
    let report = batch.execute().await;
    assert_eq!((report.calls(), report.requests()), (NAMES.len(), 1));
    drop(report);
    seen
}

fn check(seen: &[Vec<Result<String, gapis_runtime::Error>>], complete: &[bool]) {
    for (at, replies) in seen.iter().enumerate() {
        assert_eq!(replies.len(), 1, "{} has {} replies", NAMES[at], replies.len());
        let right = match (NAMES[at], &replies[0]) {
            ("gone", Err(error)) if error.is_not_found() => true,
            ("empty", Ok(id)) => id.is_empty(),
            (name, Ok(id)) => id == name,
            _ => false,
        };
        let lost = matches!(&replies[0], Err(error) if error.is_unknown_outcome());
        if complete[at] {
            assert!(right, "{} came completely: {:?}", NAMES[at], replies[0]);
        } else {
            assert!(right || lost, "{}: {:?}", NAMES[at], replies[0]);
        }
    }
}

#[tokio::test]
async fn the_response_is_cut_at_every_byte() {
    let mut at = 0;
    loop {
        for breaks in [false, true] {
            let ends = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
            let seen_ends = ends.clone();
            let (zoo, _) = zoo(move |sent| {
                let (bytes, ends) = whole(&sent.parts);
                *seen_ends.lock().unwrap() = ends;
                let at = at.min(bytes.len());
                Answer::multipart(bytes).cut(at, breaks.then_some(Piece::Break))
            });
            let seen = replies(&zoo).await;
            let ends = ends.lock().unwrap().clone();
            check(&seen, &ends.iter().map(|end| *end < at).collect::<Vec<_>>());
            if at > ends[NAMES.len() - 1] + 30 {
                return;
            }
        }
        at += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// In chunks of any size, complete or cut.
    #[test]
    fn the_response_comes_in_random_chunks(sizes in prop::collection::vec(1usize..200, 1..40), cut in 0usize..4000) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let ends = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
            let seen_ends = ends.clone();
            let (zoo, _) = zoo(move |sent| {
                let (mut bytes, ends) = whole(&sent.parts);
                *seen_ends.lock().unwrap() = ends;
                bytes.truncate(cut);
                let mut pieces = Vec::new();
                let mut rest = &bytes[..];
                for size in sizes.iter().cycle() {
                    if rest.is_empty() {
                        break;
                    }
                    let (chunk, after) = rest.split_at((*size).min(rest.len()));
                    pieces.push(Piece::Bytes(bytes::Bytes::copy_from_slice(chunk)));
                    pieces.push(Piece::Wait(millis(1)));
                    rest = after;
                }
                Answer::multipart("").pieces(pieces)
            });
            let seen = replies(&zoo).await;
            let ends = ends.lock().unwrap().clone();
            check(&seen, &ends.iter().map(|end| *end < cut).collect::<Vec<_>>());
        });
    }

    /// For any bytes, every callback runs once.
    #[test]
    fn the_response_is_garbled(places in prop::collection::vec((0usize..2000, any::<u8>()), 0..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (zoo, _) = zoo(move |sent| {
                let (mut bytes, _) = whole(&sent.parts);
                for (place, byte) in &places {
                    let place = place % bytes.len();
                    bytes[place] = *byte;
                }
                Answer::multipart(bytes).in_chunks(50)
            });
            let mut seen = vec![0; NAMES.len()];
            let mut batch = zoo.batch().with_retry(policy(2));
            batch.queue_all(NAMES.map(|id| zoo.insert(id)), |reply| seen[reply.index] += 1).unwrap();
            let _ = batch.execute().await;
            assert_eq!(seen, [1; NAMES.len()]);
        });
    }
}
