use std::io::{self, Cursor};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use gapis_mock::{Fault, Handlers, MockError, MockResponse};
use gapis_runtime::{BearerToken, Json, RetryPolicy, Session, Source};
use serde_json::json;

use gapis_testkit::shop::{Shop, Store, bytes};

const UNIT: usize = 256 * 1024;

/// The same media from every kind of source.
fn sources(media: &[u8]) -> Vec<(&'static str, Source)> {
    let all = media.to_vec();
    let length = all.len() as u64;
    let pieces: Vec<io::Result<Bytes>> = all.chunks(100_003).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
    vec![
        ("bytes", Source::from(all.clone())),
        ("seekable", Source::seekable(Cursor::new(all.clone()))),
        ("seekable of known length", Source::seekable(Cursor::new(all.clone())).with_length(length)),
        ("reader", Source::reader(Cursor::new(all.clone()))),
        ("reader of known length", Source::reader(Cursor::new(all)).with_length(length)),
        ("stream", Source::stream(stream::iter(pieces))),
    ]
}

#[tokio::test]
async fn every_source_arrives_whole_in_every_way() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    for size in [0, 1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT, 700_001] {
        let media = bytes(size);
        for shop in &services {
            for (name, source) in sources(&media) {
                let answer = shop
                    .insert(json!({}))
                    .upload(source)
                    .resumable()
                    .with_chunk_size(UNIT)
                    .send()
                    .await
                    .unwrap_or_else(|error| panic!("{name} {size}: {error}"));
                assert_eq!(answer["size"], size, "{name}");
                assert!(store.with(|state| state.bytes == media), "{name} {size}");
            }
            for (name, source) in sources(&media) {
                let answer = shop.insert(json!({})).upload(source).simple().await.unwrap();
                assert_eq!(answer, json!({ "size": size, "type": "application/octet-stream" }), "{name}");
                assert!(store.with(|state| state.bytes == media), "{name} {size}");
            }
            for (name, source) in sources(&media) {
                let source = source.with_content_type("image/png");
                let answer = shop.insert(json!({"a": 1})).upload(source).multipart().await.unwrap();
                assert_eq!(answer, json!({ "size": size, "type": "image/png" }), "{name}");
                let (right, metadata) =
                    store.with(|state| (state.bytes == media, state.opened.pop().unwrap_or_default()));
                assert!(right && metadata == r#"{"a":1}"#, "{name} {size} {metadata}");
            }
        }
    }
}

#[tokio::test]
async fn the_way_is_chosen_by_size_and_metadata() {
    let store = Store::default();
    let (_server, handlers, [shop, _]) = store.services();
    for (body, source, way) in [
        (json!({}), Source::from("x"), "media"),
        (json!({"a": 1}), Source::from("x"), "multipart"),
        (json!({"a": 1}), Source::from(bytes(5 << 20)), "multipart"),
        (json!({"a": 1}), Source::from(bytes((5 << 20) + 1)), "resumable"),
        (json!({}), Source::reader(&b"x"[..]), "resumable"),
        (json!({}), Source::reader(&b"x"[..]).with_length(1), "media"),
    ] {
        handlers.forget();
        shop.insert(body).upload(source).await.unwrap();
        assert_eq!(handlers.calls()[0].query("uploadType").as_deref(), Some(way));
    }
    let opened = store.with(|state| state.opened.clone());
    assert!(opened.contains(&"application/octet-stream 5242881 {\"a\":1}".to_owned()), "{opened:?}");
    assert!(opened.contains(&"application/octet-stream - ".to_owned()), "{opened:?}");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_is_sent() {
    let store = Store::default();
    let (_server, handlers, [shop, _]) = store.services();
    let insert = || shop.insert(json!({"a": 1}));
    for (upload, word) in [
        (insert().upload(Source::from("x").with_content_type("text/plain")), "image/*"),
        (insert().upload(Source::from("x").with_content_type("image/png\r\nX: y")), "invalid media type"),
        (insert().upload(Source::reader(&b""[..]).with_length(50_000_001)), "50000000"),
        (insert().upload("x").simple(), "metadata"),
        (insert().with_header("Content-Type", "image/png").upload("x"), "with_content_type"),
        (insert().with_header("content-type", "image/png").upload("x").resumable(), "with_content_type"),
    ] {
        let error = upload.await.unwrap_err();
        assert!(error.is_input() && error.to_string().contains(word), "{error}");
    }
    assert_eq!(handlers.request_count(), 0);
}

#[tokio::test]
async fn a_source_of_another_length_than_it_was_said_to_have_fails() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    for shop in &services {
        for said in [1, UNIT as u64, 300_001] {
            let source = || Source::reader(Cursor::new(bytes(300_000))).with_length(said);
            let resumable = shop.insert(json!({})).upload(source()).resumable().with_chunk_size(UNIT);
            let error = resumable.await.unwrap_err();
            assert!(error.is_io() && error.to_string().contains("bytes"), "{said}: {error}");
            let error = shop.insert(json!({"a": 1})).upload(source()).multipart().await.unwrap_err();
            assert!(error.is_io() && error.to_string().contains("bytes"), "{said}: {error}");
        }
        let broken = || {
            let pieces = (0..5).map(|_| Ok(Bytes::from(bytes(UNIT / 2))));
            Source::stream(stream::iter(pieces.chain([Err(io::Error::other("gone"))])))
        };
        let upload = shop.insert(json!({})).upload(broken()).resumable().with_chunk_size(UNIT);
        let error = upload.await.unwrap_err();
        assert!(error.is_io() && store.with(|state| state.bytes.len()) == 2 * UNIT, "{error}");
        assert!(shop.insert(json!({})).upload(broken()).simple().await.unwrap_err().is_io());
        // A source that turns out to be larger than allowed is not sent.
        let piece = Bytes::from(vec![0; 1 << 20]);
        let large = || Source::stream(stream::iter(vec![piece.clone(); 48].into_iter().map(Ok)));
        let error = shop.insert(json!({})).upload(large()).await.unwrap_err();
        assert!(error.is_io() && error.to_string().contains("50000000 bytes"), "{error}");
        assert_eq!(store.with(|state| state.bytes.len()), 40 << 20);
        store.with(|state| state.bytes.clear());
        for upload in [
            shop.insert(json!({})).upload(large()).simple(),
            shop.insert(json!({"a": 1})).upload(large()).multipart(),
        ] {
            let error = upload.await.unwrap_err();
            assert!(error.is_io() && error.to_string().contains("50000000 bytes"), "{error}");
            assert_eq!(store.with(|state| state.bytes.len()), 0, "the request was never whole");
        }
    }
}

#[tokio::test]
async fn what_the_server_has_is_where_the_next_chunk_begins() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    let media = bytes(5 * UNIT + 77);
    let mut rng = fastrand::Rng::with_seed(1);
    for shop in &services {
        for round in 0..4 {
            for (name, source) in sources(&media) {
                // In the last round some chunks are not stored at all: 308 without a range at the beginning.
                let keep = (0..6).map(|at| if round == 3 && at % 2 == 0 { 0 } else { rng.usize(..UNIT) });
                let keep = keep.collect();
                store.with(|state| state.keep = keep);
                let upload = shop.insert(json!({})).upload(source).resumable().with_chunk_size(2 * UNIT);
                let answer = upload.await.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(answer["size"], media.len(), "{name}");
                assert!(store.with(|state| state.bytes == media), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_keeps_nothing_is_given_up() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    for shop in &services {
        store.with(|state| (state.keep, state.ranges) = (vec![0; 100].into(), Vec::new()));
        let error = shop.insert(json!({})).upload(bytes(9)).resumable().await.unwrap_err();
        assert!(error.is_protocol(), "{error}");
        assert_eq!(store.with(|state| state.ranges.len()), 5);
    }
}

/// The server is asked how much it has before each chunk. These queries do not count as attempts.
#[tokio::test]
async fn a_chunk_has_as_many_attempts_as_the_policy_says() {
    let media = bytes(UNIT + 1);
    for (failures, arrives) in [(4, true), (5, false)] {
        let store = Store::default();
        let (_server, handlers, services) = store.services();
        for shop in &services {
            let is_chunk = |range: &str| range.starts_with("bytes 0-");
            let fault = Fault::close().when(move |call| call.header("content-range").is_some_and(is_chunk));
            handlers.clear_faults().fault(fault.times(failures));
            store.with(|state| state.keep = vec![0; failures].into());
            let upload = shop.insert(json!({})).upload(media.clone()).resumable().with_chunk_size(UNIT);
            assert_eq!(upload.await.is_ok(), arrives, "{failures}");
        }
    }
}

#[tokio::test]
async fn failures_of_any_request_are_survived() {
    let store = Store::default();
    let media = bytes(3 * UNIT + 1);
    for at in 0..6 {
        for fault in [
            Fault::close,
            || Fault::respond(MockError::unavailable(None)),
            || Fault::error(MockError::unavailable(None)),
            || Fault::respond(MockError::new(500, "backendError", "x")),
            || Fault::respond(MockError::too_many_requests(None)),
        ] {
            let (_server, handlers, services) = store.services();
            for shop in &services {
                for (name, source) in sources(&media) {
                    handlers.clear_faults();
                    handlers.fault(fault().on_request(handlers.request_count() + at));
                    let upload = shop.insert(json!({})).upload(source).resumable().with_chunk_size(UNIT);
                    let answer = upload.await.unwrap_or_else(|error| panic!("{name} {at}: {error}"));
                    assert_eq!(answer["size"], media.len(), "{name} {at}");
                    assert!(store.with(|state| state.bytes == media), "{name} {at}");
                }
            }
        }
    }
}

#[tokio::test]
async fn one_request_is_sent_again_only_if_it_may_be() {
    let store = Store::default();
    let (_server, handlers, services) = store.services();
    for shop in &services {
        for (name, source) in sources(b"media") {
            handlers.clear_faults();
            handlers.fault(Fault::respond(MockError::unavailable(None)).on_request(handlers.request_count()));
            let result = shop.insert(json!({"a": 1})).upload(source).multipart().await;
            let again = name.starts_with("bytes") || name.starts_with("seekable");
            assert_eq!(result.is_ok(), again, "{name}: {result:?}");
        }
        // Bytes that are sent in pieces start again.
        let media = bytes((2 << 20) + 1);
        for metadata in [json!({}), json!({"a": 1})] {
            handlers.clear_faults();
            let busy = Fault::respond(MockError::unavailable(None));
            handlers.fault(busy.on_request(handlers.request_count()));
            store.with(|state| state.bytes.clear());
            shop.insert(metadata).upload(media.clone()).await.unwrap();
            assert!(store.with(|state| state.bytes == media));
        }
    }
}

#[tokio::test]
async fn a_forgotten_session_begins_anew_if_the_source_can() {
    let store = Store::default();
    let media = bytes(2 * UNIT + 5);
    for status in [404, 410] {
        let (_server, handlers, services) = store.services();
        for shop in &services {
            for (name, source) in sources(&media) {
                handlers.clear_faults();
                let gone = MockError::new(status, "notFound", "no such session");
                handlers.fault(Fault::respond(gone).on_request(handlers.request_count() + 2));
                store.with(|state| state.opened.clear());
                let upload = shop.insert(json!({})).upload(source).resumable().with_chunk_size(UNIT);
                match upload.await {
                    Ok(answer) => {
                        assert_eq!(answer["size"], media.len(), "{name}");
                        assert_eq!(store.with(|state| state.opened.len()), 2);
                        assert!(store.with(|state| state.bytes == media), "{name}");
                    }
                    Err(error) => {
                        assert_eq!(error.status().map(u16::from), Some(status), "{name}");
                        assert!(name.starts_with("reader") || name.starts_with("stream"), "{name}: {error}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_saved_session_goes_on_in_another_run() {
    let store = Store::default();
    let (_server, handlers, services) = store.services();
    let media = bytes(4 * UNIT + 9);
    for shop in &services {
        let saved = Arc::new(Mutex::new(String::new()));
        let text = saved.clone();
        // The first run ends in the third chunk.
        handlers.clear_faults();
        handlers.fault(Fault::close().on_request(handlers.request_count() + 3).always());
        let first = shop
            .insert(json!({}))
            .upload(media.clone())
            .resumable()
            .with_chunk_size(UNIT)
            .on_session(move |session| *text.lock().unwrap() = session.save())
            .send();
        handlers.fault(
            Fault::close()
                .when(|call| call.header("content-range").is_some_and(|r| r.contains("*/")))
                .always(),
        );
        assert!(first.await.is_err());
        handlers.clear_faults();
        let text = saved.lock().unwrap().clone();
        let session = Session::load(&text).unwrap();
        assert!(!format!("{session:?}").contains("s3ssion"));
        store.with(|state| (state.ranges.clear(), state.opened.clear()));
        let source = Source::seekable(Cursor::new(media.clone())).with_length(media.len() as u64);
        let answer = shop.insert(json!({})).upload(source).resume(session.clone()).await.unwrap();
        assert_eq!(answer["size"], media.len());
        assert!(store.with(|state| state.bytes == media && state.opened.is_empty()));
        let ranges = store.with(|state| state.ranges.clone());
        assert_eq!(ranges[0], format!("bytes */{}", media.len()));
        assert!(ranges[1].starts_with(&format!("bytes {}-", 3 * UNIT)), "{ranges:?}");
        // Another length means another source.
        let error = shop.insert(json!({})).upload("x").resume(session.clone()).await.unwrap_err();
        assert!(error.is_input(), "{error}");
        session.cancel(shop).await.unwrap();
    }
}

#[tokio::test]
async fn neither_media_nor_credentials_go_to_another_host() {
    let store = Store::default();
    let (_server, handlers, [_, shop]) = store.services();
    for location in ["https://evil.test/s3ssion", "//evil.test/s3ssion", "http://shop.test/s3ssion"] {
        store.with(|state| state.location = Some(location.to_owned()));
        let before = handlers.request_count();
        let error = shop.insert(json!({})).upload("x").resumable().await.unwrap_err();
        assert_eq!(handlers.request_count(), before + 1);
        assert!(error.is_protocol() && !format!("{error:?}").contains("s3ssion"), "{error:?}");
    }
    let stolen = r#"{"method":"shop.insert","address":"https://evil.test/s3ssion"}"#;
    let session = Session::load(stolen).unwrap();
    let before = handlers.request_count();
    assert!(shop.insert(json!({})).upload("x").resume(session.clone()).await.is_err());
    assert!(session.cancel(&shop).await.is_err());
    assert_eq!(handlers.request_count(), before);
}

/// A proxy that names itself otherwise than it is called.
#[tokio::test]
async fn media_and_credentials_go_to_a_place_that_the_caller_allowed() {
    let store = Store::default();
    let handlers = store.handlers();
    let build = |origin: &str| {
        let builder = Shop::builder().credentials(BearerToken::new("s3cret")).endpoint("https://proxy.test");
        builder.upload_origin(origin).transport(handlers.clone()).build()
    };
    store.with(|state| state.location = Some("https://uploads.test:8443/session/s3ssion".to_owned()));
    let error =
        build("https://uploads.test").unwrap().insert(json!({})).upload("x").resumable().await.unwrap_err();
    assert!(error.to_string().contains("`.upload_origin(…)`"), "another port: {error}");

    let shop = build("https://uploads.test:8443").unwrap();
    let (media, saved) = (bytes(2 * UNIT + 1), Arc::new(Mutex::new(None)));
    let keep = saved.clone();
    let upload = shop.insert(json!({})).upload(media.clone()).resumable().with_chunk_size(UNIT);
    let answer =
        upload.on_session(move |session| *keep.lock().unwrap() = Some(session.clone())).await.unwrap();
    assert_eq!(answer["size"], media.len());
    assert!(store.with(|state| state.bytes == media));
    let pieces = handlers.calls().into_iter().filter(|call| call.path().starts_with("/session/"));
    let authorized = pieces.map(|call| call.header("authorization") == Some("Bearer s3cret"));
    assert_eq!(authorized.collect::<Vec<_>>(), [true; 3]);

    let session: Session = saved.lock().unwrap().take().unwrap();
    session.clone().cancel(&shop).await.unwrap();
    let elsewhere = build("https://other.test").unwrap();
    assert!(session.cancel(&elsewhere).await.unwrap_err().is_protocol());
    assert!(build("uploads.test").unwrap_err().is_input());
}

/// No chunk is larger than the media, whatever size it may have.
#[tokio::test]
async fn chunks_may_be_larger_than_any_memory() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    for size in [64 << 30, usize::MAX] {
        for shop in &services {
            for length in [0, 1, UNIT, 2 * UNIT + 1] {
                let media = bytes(length);
                for (name, source) in sources(&media) {
                    let upload = shop.insert(json!({})).upload(source).resumable().with_chunk_size(size);
                    let answer =
                        upload.send().await.unwrap_or_else(|error| panic!("{name} {length}: {error}"));
                    assert_eq!(answer["size"], length, "{name}");
                    assert!(store.with(|state| state.bytes == media), "{name} {length}");
                }
            }
        }
    }
}

#[tokio::test]
async fn progress_is_told() {
    let store = Store::default();
    let (_server, _, services) = store.services();
    for shop in &services {
        let told = Arc::new(Mutex::new(Vec::new()));
        let keep = told.clone();
        let upload = shop.insert(json!({})).upload(bytes(2 * UNIT + 1)).resumable().with_chunk_size(UNIT);
        let answer: Json =
            upload.on_progress(move |at| keep.lock().unwrap().push((at.bytes, at.total))).await.unwrap();
        let total = 2 * UNIT as u64 + 1;
        assert_eq!(answer["size"], total);
        let expected = [UNIT as u64, 2 * UNIT as u64, total].map(|bytes| (bytes, Some(total)));
        assert_eq!(*told.lock().unwrap(), expected);
    }
}

/// An encryption key for the media must be in all requests of the upload.
#[tokio::test]
async fn headers_of_a_call_travel_with_each_request_of_its_upload() {
    let store = Store::default();
    let (_server, handlers, services) = store.services();
    for shop in &services {
        handlers.forget();
        store.with(|state| state.keep = [0].into());
        let insert = shop.insert(json!({"a": 1})).with_header("x-key", "k").if_match("\"v1\"");
        let source = Source::from(bytes(UNIT + 1)).with_content_type("image/png");
        insert.upload(source).resumable().with_chunk_size(UNIT).await.unwrap();
        let requests = handlers.requests();
        let header = |name: &str| -> Vec<&str> {
            let all = requests.iter().map(|request| request.headers.get(name));
            all.map(|value| value.map_or("-", |value| value.to_str().unwrap())).collect()
        };
        assert_eq!(header("x-key"), ["k"; 4]);
        assert_eq!(header("authorization"), ["Bearer s3cret"; 4]);
        // A condition applies to the resource and not to the session, and the media type of that request is the
        // metadata's.
        assert_eq!(header("if-match"), ["\"v1\"", "-", "-", "-"]);
        assert_eq!(header("content-type"), ["application/json", "image/png", "image/png", "image/png"]);
        assert_eq!(header("x-upload-content-type"), ["image/png", "-", "-", "-"]);

        handlers.forget();
        let insert = shop.insert(json!({"a": 1})).with_header("x-key", "k").if_match("\"v1\"");
        insert.upload("x").multipart().await.unwrap();
        let request = &handlers.requests()[0];
        assert_eq!(
            (&request.headers["x-key"], &request.headers["if-match"]),
            (&"k".parse().unwrap(), &"\"v1\"".parse().unwrap())
        );
    }
}

/// Some servers treat the question how much they have as the end of the upload.
#[tokio::test]
async fn a_server_that_cannot_have_everything_is_not_believed() {
    for (answers, sent) in [(vec![503, 200], 262_144), (vec![308, 503, 200], 524_288), (vec![200], 262_144)] {
        let handlers = Handlers::new();
        handlers.route("POST", "/upload/shop/v1/things", |_| {
            MockResponse::new(200).with_header("location", "/s")
        });
        let left = Mutex::new(answers.into_iter());
        handlers.route("PUT", "/s", move |call| {
            let kept = if call.header("content-range") == Some("bytes 0-262143/600000") {
                "bytes=0-262143"
            } else {
                ""
            };
            MockResponse::new(left.lock().unwrap().next().unwrap()).with_header("range", kept)
        });
        let quick = RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(1));
        let shop = Shop::builder().anonymous().retry(quick).transport(handlers).build().unwrap();
        let upload = shop.insert(json!({})).upload(bytes(600_000)).resumable().with_chunk_size(UNIT);
        let error = upload.await.unwrap_err();
        assert!(error.is_protocol() && error.to_string().contains(&format!("only {sent} bytes")), "{error}");
    }
}

/// If a server claims to have more than that, bytes would be missing in the upload.
#[tokio::test]
async fn a_server_that_was_not_sent_so_much_is_not_believed() {
    for total in [Some(2_000_000), None] {
        let handlers = Handlers::new();
        handlers.route("POST", "/upload/shop/v1/things", |_| {
            MockResponse::new(200).with_header("location", "/s")
        });
        handlers.route("PUT", "/s", move |call| match call.header("content-range") {
            Some("bytes 0-262143/2000000" | "bytes 0-262143/*") => MockResponse::new(503),
            Some(question) if question.starts_with("bytes */") => {
                MockResponse::new(308).with_header("range", "bytes=0-999999")
            }
            _ => MockResponse::json(200, &json!({})),
        });
        let quick = RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(1));
        let shop = Shop::builder().anonymous().retry(quick).transport(handlers.clone()).build().unwrap();
        let source = Source::seekable(Cursor::new(bytes(2_000_000)));
        let source = total.into_iter().fold(source, Source::with_length);
        let upload = shop.insert(json!({})).upload(source).resumable().with_chunk_size(UNIT);
        let error = upload.await.unwrap_err();
        assert!(error.is_protocol() && error.to_string().contains("reports 1000000 bytes"), "{error}");
        assert!(error.to_string().contains("only 262144 were sent"), "{error}");
        assert_eq!(handlers.request_count(), 3);
    }
}

/// A reader cannot be read again after a part was taken. This is not an input error, because something was sent.
#[tokio::test]
async fn a_source_that_cannot_go_where_the_server_stands_fails() {
    let store = Store::default();
    let (_server, _, [_, shop]) = store.services();
    let session =
        Session::load(r#"{"method":"shop.insert","address":"https://shop.test/session/s"}"#).unwrap();
    store.with(|state| state.bytes = bytes(UNIT));
    let source = Source::reader(Cursor::new(bytes(2 * UNIT)));
    let error = shop.insert(json!({})).upload(source).resume(session).await.unwrap_err();
    assert!(error.is_io() && error.to_string().contains("Source::seekable"), "{error}");
}

/// The timeout limits idle time, and waiting for a slow source does not count. The test has its own clock.
#[tokio::test(start_paused = true)]
async fn a_slow_source_is_waited_for_and_one_that_stops_is_not() {
    let store = Store::default();
    let (_server, _, [_, shop]) = store.services();
    let slow = |pieces: u32| {
        stream::unfold(0, move |at| async move {
            tokio::time::sleep(Duration::from_secs(if at == pieces { 1_000_000 } else { 200 })).await;
            (at < 20).then(|| (Ok(Bytes::from_static(b"piece")), at + 1))
        })
    };
    let insert = || shop.insert(json!({"a": 1})).with_timeout(Duration::from_secs(300));
    let answer = insert().upload(Source::stream(slow(21))).multipart().await.unwrap();
    assert_eq!(answer["size"], 100);
    let error = insert().upload(Source::stream(slow(7))).multipart().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}
