//! Files, programs without an async runtime, dropped futures, and connections that are slow or idle.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use gapis_mock::Fault;
use gapis_runtime::transport::{HttpRequest, HttpResponse, RequestBody, Transport};
use gapis_runtime::{BoxFuture, Json, Progress, Result, Session, Source};
use serde_json::json;

use gapis_testkit::shop::{Shop, Store, bytes};

const UNIT: usize = 256 * 1024;

#[cfg(feature = "fs")]
#[tokio::test]
async fn a_file_is_uploaded_and_read_again_where_that_is_needed() {
    let store = Store::default();
    let (_server, handlers, services) = store.services();
    let media = bytes(3 * UNIT + 5);
    let path = std::env::temp_dir().join(format!("gapis-media-{}", std::process::id()));
    std::fs::write(&path, &media).unwrap();
    for shop in &services {
        // After a lost session the upload starts again, from the beginning of the file.
        let gone = gapis_mock::MockError::new(404, "notFound", "no such session");
        handlers.fault(Fault::respond(gone).on_request(handlers.request_count() + 3));
        let source = Source::file(&path).await.unwrap().with_content_type("image/png");
        assert_eq!(source.length(), Some(media.len() as u64));
        let upload = shop.insert(json!({})).upload(source).resumable().with_chunk_size(UNIT);
        assert_eq!(upload.await.unwrap()["size"], media.len());
        assert!(store.with(|state| state.bytes == media));
        let source = Source::file(&path).await.unwrap().with_content_type("image/png");
        shop.insert(json!({"a": 1})).upload(source).multipart().await.unwrap();
        assert!(store.with(|state| state.bytes == media));
    }
    std::fs::remove_file(&path).unwrap();
    let error = Source::file(&path).await.unwrap_err();
    assert!(error.is_io(), "{error}");
}

#[cfg(feature = "blocking")]
#[test]
fn media_goes_without_an_async_runtime() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    for shop in &services {
        for size in [0, 1, UNIT + 1] {
            let media = bytes(size);
            let upload = shop.insert(json!({})).upload(media.clone()).resumable().with_chunk_size(UNIT);
            assert_eq!(upload.send().block().unwrap()["size"], size);
            assert!(shop.get("a").download().bytes().block().unwrap() == media);
        }
    }
}

/// Dropping the future stops the upload, and its session still exists.
#[tokio::test(start_paused = true)]
async fn an_upload_whose_future_was_dropped_goes_on_by_its_session() {
    let store = Store::default();
    let (_server, handlers, [_, shop]) = store.services();
    let media = bytes(3 * UNIT + 5);
    let saved = Arc::new(Mutex::new(String::new()));
    let text = saved.clone();
    handlers.fault(Fault::delay(Duration::from_secs(60)).on_request(2));
    let upload = shop.insert(json!({})).upload(media.clone()).resumable().with_chunk_size(UNIT);
    let upload = upload.on_session(move |session| *text.lock().unwrap() = session.save());
    assert!(tokio::time::timeout(Duration::from_secs(30), upload.send()).await.is_err());
    assert_eq!(handlers.request_count(), 3, "nothing is sent after that");

    let session = Session::load(&saved.lock().unwrap()).unwrap();
    store.with(|state| state.ranges.clear());
    let upload = shop.insert(json!({})).upload(media.clone()).resume(session).with_chunk_size(UNIT);
    assert_eq!(upload.await.unwrap()["size"], media.len());
    let ranges = store.with(|state| state.ranges.clone());
    assert_eq!(ranges[..2], ["bytes */786437", "bytes 524288-786431/786437"]);
}

/// Sends a part of the requested bytes and then nothing more, until that many requests were made.
#[derive(Clone, Default)]
struct Stalls {
    times: usize,
    asked: Arc<AtomicUsize>,
}

impl Transport for Stalls {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let stalls = self.asked.fetch_add(1, Ordering::SeqCst) < self.times;
        let media = Bytes::from(bytes(1000));
        let range = request.headers.get("range").and_then(|range| range.to_str().ok());
        let from: usize = range.map_or(0, |range| range[6..range.len() - 1].parse().unwrap());
        let end = if stalls { from + 100 } else { media.len() };
        let part = stream::iter([Ok(media.slice(from..end))]);
        let rest = stream::pending().take_while(move |_| std::future::ready(stalls));
        let mut headers = http::HeaderMap::new();
        headers.insert("etag", "\"1\"".parse().unwrap());
        headers.insert("content-range", format!("bytes {from}-999/1000").parse().unwrap());
        let status = http::StatusCode::PARTIAL_CONTENT;
        Box::pin(async move { Ok(HttpResponse { status, headers, body: Box::pin(part.chain(rest)) }) })
    }
}

/// A response in that many chunks with a wait before each, with or without a length.
#[derive(Clone)]
struct Slow {
    chunks: usize,
    wait: Duration,
    /// Ends the first response after that many chunks.
    broken: usize,
    with_length: bool,
    asked: Arc<AtomicUsize>,
}

const CHUNK: usize = 100;

impl Transport for Slow {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let first = self.asked.fetch_add(1, Ordering::SeqCst) == 0;
        let media = Bytes::from(bytes(self.chunks * CHUNK));
        let range = request.headers.get("range").and_then(|range| range.to_str().ok());
        let from = range.map_or(0, |range| range[6..range.len() - 1].parse::<usize>().unwrap() / CHUNK);
        let (wait, last) = (self.wait, if first { self.broken } else { self.chunks });
        let body = stream::iter(from..self.chunks).take(last + 1).then(move |at| {
            let chunk = media.slice(at * CHUNK..(at + 1) * CHUNK);
            async move {
                tokio::time::sleep(wait).await;
                if at >= last { Err(gapis_runtime::Error::transport("cut", "off")) } else { Ok(chunk) }
            }
        });
        let mut headers = http::HeaderMap::new();
        headers.insert("etag", "\"1\"".parse().unwrap());
        let mut status = http::StatusCode::OK;
        if range.is_some() {
            let (from, size) = (from * CHUNK, self.chunks * CHUNK);
            headers.insert("content-range", format!("bytes {from}-{}/{size}", size - 1).parse().unwrap());
            status = http::StatusCode::PARTIAL_CONTENT;
        } else if self.with_length {
            headers.insert("content-length", (self.chunks * CHUNK).into());
        }
        Box::pin(async move { Ok(HttpResponse { status, headers, body: Box::pin(body) }) })
    }
}

/// A policy's total time limits time without progress: a response that delivers media is not a failed attempt.
#[tokio::test(start_paused = true)]
async fn a_download_that_breaks_after_a_long_time_goes_on() {
    let wait = Duration::from_secs(100);
    let transport = Slow { chunks: 30, wait, broken: 20, with_length: true, asked: Arc::default() };
    let asked = transport.asked.clone();
    let shop: Shop = Shop::builder().anonymous().transport(transport).build().unwrap();
    let start = tokio::time::Instant::now();
    let media = shop.get("a").download().bytes().await.unwrap();
    assert!(media == bytes(30 * CHUNK) && start.elapsed() > wait * 30);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

/// A response that ends without any media is a failed attempt, however long it took.
#[tokio::test(start_paused = true)]
async fn a_download_that_gives_nothing_ends_with_the_total_time() {
    let wait = Duration::from_secs(100);
    let transport = Slow { chunks: 1, wait, broken: 0, with_length: true, asked: Arc::default() };
    let shop: Shop = Shop::builder().anonymous().transport(transport).build().unwrap();
    let short = gapis_runtime::RetryPolicy::default().with_total_time(Duration::from_secs(60));
    let error = shop.get("a").with_retry(short).download().bytes().await.unwrap_err();
    assert!(error.is_connection(), "{error}");
}

/// Without a length, the size is known only from the received bytes.
#[tokio::test(start_paused = true)]
async fn media_in_one_chunk_is_no_larger_than_a_response_may_be() {
    for (chunks, fits) in [(1, true), (2, false)] {
        for max in [CHUNK - 1, CHUNK] {
            let wait = Duration::from_secs(1);
            let transport = Slow { chunks, wait, broken: 9, with_length: false, asked: Arc::default() };
            let shop = Shop::builder().anonymous().max_response(max).transport(transport).build().unwrap();
            let result = shop.get("a").download().bytes().await;
            assert_eq!(result.is_ok(), fits && max == CHUNK, "{chunks} {max}: {result:?}");
            if let Err(error) = result {
                assert!(error.is_protocol() && error.to_string().contains("larger than"), "{error}");
            }
        }
    }
}

/// Takes an upload in pieces, with a wait after each.
struct Drip(Duration);

impl Transport for Drip {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let wait = self.0;
        Box::pin(async move {
            let mut body = match request.body {
                RequestBody::Stream { stream, .. } => stream,
                RequestBody::Bytes(bytes) => {
                    let pieces: Vec<_> =
                        bytes.chunks(1 << 16).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
                    Box::pin(stream::iter(pieces))
                }
            };
            let mut size = 0;
            while let Some(piece) = body.next().await {
                size += piece?.len();
                tokio::time::sleep(wait).await;
            }
            let answer = stream::iter([Ok(Bytes::from(json!({ "size": size }).to_string()))]);
            let (status, headers) = (http::StatusCode::OK, http::HeaderMap::new());
            Ok(HttpResponse { status, headers, body: Box::pin(answer) })
        })
    }
}

/// On a slow connection, media in memory may take as long as media from any other source.
#[tokio::test(start_paused = true)]
async fn an_upload_of_bytes_in_one_request_may_take_long_but_for_small_ones() {
    let wait = Duration::from_secs(20);
    let shop: Shop = Shop::builder().anonymous().transport(Drip(wait)).build().unwrap();
    let upload = |metadata: Json, size| shop.insert(metadata).upload(Source::from(bytes(size)));
    let large = (1 << 20) + 1;
    let ignore = |_: Progress| {};
    for (name, upload) in [
        ("alone", upload(json!({}), large).simple()),
        ("with metadata", upload(json!({"a": 1}), 3 << 20).multipart()),
        ("of the size that is sent in one request", upload(json!({}), 5 << 20)),
        ("whose progress is told", upload(json!({}), large).simple().on_progress(ignore)),
    ] {
        let start = tokio::time::Instant::now();
        let answer = upload.await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(answer["size"].as_u64() >= Some(large as u64), "{name}: {answer}");
        assert!(start.elapsed() > Duration::from_secs(120), "{name}");
    }
    // A small body is sent in one piece, whose progress is unknown.
    assert!(upload(json!({}), 1 << 20).simple().await.unwrap_err().is_timeout());
}

/// The timeout limits idle time, and the rest is requested again.
#[tokio::test(start_paused = true)]
async fn a_download_that_falls_silent_goes_on_or_is_given_up() {
    let shop = |times| {
        let transport = Stalls { times, ..Stalls::default() };
        let asked = transport.asked.clone();
        let shop: Shop = Shop::builder().anonymous().transport(transport).build().unwrap();
        (shop, asked)
    };
    let (patient, asked) = shop(4);
    assert!(patient.get("a").download().bytes().await.unwrap() == bytes(1000));
    assert_eq!(asked.load(Ordering::SeqCst), 5);
    let (once, asked) = shop(1);
    let never = gapis_runtime::RetryPolicy::none();
    let start = tokio::time::Instant::now();
    let call = once.get("a").with_retry(never).with_timeout(Duration::from_secs(7));
    assert!(call.download().bytes().await.unwrap_err().is_timeout());
    assert_eq!((asked.load(Ordering::SeqCst), start.elapsed()), (1, Duration::from_secs(7)));
}
