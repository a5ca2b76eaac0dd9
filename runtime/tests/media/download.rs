use std::io::Write as _;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gapis_mock::{Fault, MockError};
use gapis_runtime::{Error, Result};

use gapis_testkit::shop::{Shop, Store, bytes};

fn hash(media: &[u8]) -> (&'static str, String) {
    ("x-goog-hash", format!("crc32c={}", STANDARD.encode(crc32c::crc32c(media).to_be_bytes())))
}

fn put(store: &Store, media: &[u8], headers: &[(&'static str, String)]) {
    store.with(|state| {
        state.bytes = media.to_vec();
        state.headers = headers.to_vec();
        state.ranges.clear();
    });
}

#[tokio::test]
async fn media_comes_whole_and_in_ranges() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    for size in [0, 1, 65_536, 300_001] {
        let media = bytes(size);
        for no_ranges in [false, true] {
            store.with(|state| state.no_ranges = no_ranges);
            for shop in &services {
                put(&store, &media, &[hash(&media), ("content-type", "image/png".to_owned())]);
                assert!(shop.get("a").download().bytes().await.unwrap() == media, "{size}");
                let mut written = Vec::new();
                assert_eq!(shop.get("a").download().write_to(&mut written).await.unwrap(), size as u64);
                assert!(written == media);
                let stream = shop.get("a").download().stream().await.unwrap();
                assert_eq!(stream.content_type(), Some("image/png"));
                if size < 65_536 {
                    continue;
                }
                for (from, to) in [(0, 1), (1, 2), (5, 60_000), (60_000, 65_536), (65_535, 9_000_000)] {
                    let end = to.min(size as u64);
                    let part = shop.get("a").download().with_range(from..to).bytes().await.unwrap();
                    assert!(part == media[from as usize..end as usize], "{size} {from}..{to}");
                }
                assert!(shop.get("a").download().with_range(7..).bytes().await.unwrap() == media[7..]);
                assert!(shop.get("a").download().with_range(..=7).bytes().await.unwrap() == media[..8]);
            }
        }
    }
    let error = services[0].get("a").download().with_range(5..5).bytes().await.unwrap_err();
    assert!(error.is_input(), "{error}");
    let error = services[0].get("a").with_header("range", "bytes=5-").download().bytes().await.unwrap_err();
    assert!(error.is_input() && error.to_string().contains(".with_range("), "{error}");
    assert!(services[0].get("a").download().with_range(..=u64::MAX).bytes().await.unwrap_err().is_input());
}

/// Downloads with a connection that fails at these offsets in order.
async fn cut(store: &Store, shop: usize, cuts: &[usize]) -> (Result<bytes::Bytes>, Vec<String>) {
    let (_server, handlers, services): (_, _, [Shop; 2]) = store.services();
    for (at, cut) in cuts.iter().enumerate() {
        handlers.fault(Fault::cut(*cut).on_request(at));
    }
    let result = services[shop].get("a").download().bytes().await;
    (result, store.with(|state| std::mem::take(&mut state.ranges)))
}

#[tokio::test]
async fn what_breaks_goes_on_from_there() {
    let store = Store::default();
    let media = bytes(200_000);
    let mut rng = fastrand::Rng::with_seed(3);
    let etag = || ("etag", "\"v1\"".to_owned());
    for shop in [0, 1] {
        for validator in [etag(), ("etag", "W/\"v1\"".to_owned()), ("x-goog-generation", "7".to_owned())] {
            for no_ranges in [false, true] {
                store.with(|state| state.no_ranges = no_ranges);
                put(&store, &media, &[validator.clone(), hash(&media)]);
                let cuts: Vec<usize> = (0..3).map(|_| rng.usize(1..60_000)).collect();
                let (result, ranges) = cut(&store, shop, &cuts).await;
                let result = result.unwrap_or_else(|error| panic!("{validator:?} {cuts:?} {error}"));
                assert!(result == media, "{validator:?} {cuts:?}");
                assert_eq!(ranges[0], "- -");
                if validator == etag() && !no_ranges {
                    assert_eq!(ranges.len(), 4);
                    assert!(ranges[1].starts_with("bytes=") && ranges[1].ends_with("- \"v1\""), "{ranges:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn without_a_sign_that_it_is_the_same_nothing_is_joined() {
    let store = Store::default();
    put(&store, &bytes(1000), &[]);
    for shop in [0, 1] {
        let (result, ranges) = cut(&store, shop, &[500]).await;
        assert!(result.unwrap_err().is_connection());
        assert_eq!(ranges.len(), 1);
    }
}

/// Two versions with the same weak ETag may have different bytes (RFC 9110, section 8.8.1).
#[tokio::test]
async fn a_weak_etag_joins_nothing_but_tells_a_change() {
    let store = Store::default();
    for shop in [0, 1] {
        put(&store, &bytes(1000), &[("etag", "W/\"v1\"".to_owned())]);
        let (result, ranges) = cut(&store, shop, &[500]).await;
        assert!(result.unwrap_err().is_connection());
        assert_eq!(ranges.len(), 1);
    }
    put(&store, &bytes(1000), &[("etag", "W/\"v1\"".to_owned()), ("x-goog-generation", "1".to_owned())]);
    let (_server, handlers, [_, shop]) = store.services();
    handlers.fault(Fault::cut(500).on_request(0));
    let mut stream = shop.get("a").download().stream().await.unwrap();
    store.with(|state| state.headers[0].1 = "W/\"v2\"".to_owned());
    let mut last = None;
    while let Some(chunk) = stream.next().await {
        last = Some(chunk);
    }
    assert!(last.unwrap().unwrap_err().is_changed());
}

/// Without a length, a response that ends early cannot be distinguished from the end of the media.
#[tokio::test]
async fn a_response_that_breaks_off_at_its_very_end_is_whole() {
    let store = Store::default();
    let media = bytes(1000);
    put(&store, &media, &[("etag", "\"v1\"".to_owned()), hash(&media)]);
    // On the socket, a cut removes the length.
    let (result, ranges) = cut(&store, 0, &[1000]).await;
    assert!(result.unwrap() == media);
    assert_eq!(ranges, ["- -", "bytes=1000- \"v1\""]);
}

/// A server whose ranges do not say to which version they belong.
#[tokio::test]
async fn a_rest_without_a_sign_is_joined_where_the_checksum_of_the_whole_tells() {
    let media = bytes(1000);
    let generation = ("x-goog-generation", "1".to_owned());
    for (sign, changed) in [(hash(&media), false), (hash(&media), true), (generation, false)] {
        let store = Store::default();
        put(&store, &media, std::slice::from_ref(&sign));
        let (_server, handlers, [_, shop]) = store.services();
        handlers.fault(Fault::cut(500).on_request(0));
        let mut stream = shop.get("a").download().stream().await.unwrap();
        store.with(|state| {
            state.headers.clear();
            state.bytes[900] ^= u8::from(changed);
        });
        let mut result = Ok(0);
        while let Some(chunk) = stream.next().await {
            result = result.and_then(|count| chunk.map(|chunk| count + chunk.len()));
        }
        match (sign.0, changed) {
            ("x-goog-hash", false) => assert_eq!(result.unwrap(), 1000),
            ("x-goog-hash", true) => assert!(result.unwrap_err().is_checksum_mismatch()),
            _ => {
                let error = result.unwrap_err();
                assert!(error.is_protocol() && error.to_string().contains("does not say whether"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn media_that_changes_is_an_error_that_says_so() {
    for header in ["etag", "x-goog-generation"] {
        for at in [0, 1] {
            let store = Store::default();
            put(&store, &bytes(100_000), &[(header, "\"v1\"".to_owned())]);
            let (_server, handlers, services) = store.services();
            handlers.fault(Fault::cut(70_000).on_request(0));
            let mut stream = services[at].get("a").download().stream().await.unwrap();
            let mut error: Option<Error> = None;
            store.with(|state| state.headers = vec![(header, "\"v2\"".to_owned())]);
            while let Some(chunk) = stream.next().await {
                error = chunk.err();
            }
            let error = error.unwrap();
            assert!(error.is_changed() && error.to_string().contains("changed"), "{error}");
        }
    }
}

#[tokio::test]
async fn checksums_are_verified() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    let media = bytes(100_000);
    let wrong = hash(b"other");
    for shop in &services {
        put(&store, &media, std::slice::from_ref(&wrong));
        let error = shop.get("a").download().bytes().await.unwrap_err();
        assert!(error.is_checksum_mismatch(), "{error}");
        assert!(shop.get("a").download().with_verification(false).bytes().await.is_ok());
        assert!(shop.get("a").download().with_range(..9).bytes().await.is_ok());
        put(&store, &media, &[wrong.clone(), ("x-goog-stored-content-encoding", "gzip".to_owned())]);
        assert!(shop.get("a").download().bytes().await.is_ok());
    }
}

#[tokio::test]
async fn what_is_stored_compressed_comes_as_it_is_or_decompressed() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    let media = b"0123456789".repeat(10_000);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&media).unwrap();
    let stored = encoder.finish().unwrap();
    let gzip = |name| (name, "gzip".to_owned());
    let headers = [gzip("content-encoding"), gzip("x-goog-stored-content-encoding"), hash(&stored)];
    let wrong = [gzip("content-encoding"), gzip("x-goog-stored-content-encoding"), hash(b"other")];
    for shop in &services {
        put(&store, &stored, &headers);
        let raw = || shop.get("a").with_header("accept-encoding", "gzip").download();
        assert_eq!(raw().bytes().await.unwrap(), stored, "a checksum of the stored bytes is verified");
        assert_eq!(raw().with_range(2..9).bytes().await.unwrap(), stored[2..9]);
        let stream = shop.get("a").download().with_decompression().stream().await.unwrap();
        assert_eq!(stream.length(), None);
        assert_eq!(shop.get("a").download().with_decompression().bytes().await.unwrap(), media);
        let error = shop.get("a").download().with_decompression().with_range(..5).bytes().await.unwrap_err();
        assert!(error.is_input(), "{error}");
        put(&store, &stored, &wrong);
        let error = shop.get("a").download().with_decompression().bytes().await.unwrap_err();
        assert!(error.is_checksum_mismatch(), "{error}");
        put(&store, &media, &[hash(&media)]);
        assert_eq!(
            shop.get("a").download().with_decompression().bytes().await.unwrap(),
            media,
            "nothing to undo"
        );
    }
}

#[tokio::test]
async fn errors_are_those_of_calls() {
    let store = Store::default();
    let (_server, handlers, services) = store.services();
    put(&store, &bytes(10), &[]);
    for shop in &services {
        handlers.fault(Fault::respond(MockError::unavailable(None)).on_request(handlers.request_count()));
        assert_eq!(shop.get("a").download().bytes().await.unwrap().len(), 10);
        handlers.fault(Fault::respond(MockError::not_found("a")).on_request(handlers.request_count()));
        assert!(shop.get("a").download().bytes().await.unwrap_err().is_not_found());
        let error = shop.get("a").download().with_range(99..).bytes().await.unwrap_err();
        assert_eq!(error.status().map(u16::from), Some(416));
    }
}

#[tokio::test]
async fn progress_is_told() {
    let store = Store::default();
    let (_server, _, [shop, _]) = store.services();
    put(&store, &bytes(100_000), &[]);
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = told.clone();
    let download = shop.get("a").download().with_range(50_000..);
    download.on_progress(move |at| keep.lock().unwrap().push((at.bytes, at.total))).bytes().await.unwrap();
    assert_eq!(told.lock().unwrap().last(), Some(&(50_000, Some(50_000))));

    put(&store, &[], &[]);
    let keep = told.clone();
    shop.get("a")
        .download()
        .on_progress(move |at| keep.lock().unwrap().push((at.bytes, at.total)))
        .bytes()
        .await
        .unwrap();
    assert_eq!(told.lock().unwrap().last(), Some(&(0, Some(0))));
}
