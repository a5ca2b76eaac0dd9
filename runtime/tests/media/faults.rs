//! Whatever fails, media arrives unchanged, or there is an error. Each test runs for many seeds.

use std::io::{self, Cursor};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use futures_util::stream;
use gapis_runtime::{Client, Error, Progress, RetryPolicy, Session, Source};
use serde_json::json;

use crate::wire::{Weather, Wire};
use gapis_testkit::shop::Shop;

const UNIT: usize = 256 * 1024;

fn quick() -> RetryPolicy {
    RetryPolicy::default()
        .with_backoff(Duration::from_micros(10), Duration::from_micros(100))
        .with_max_attempts(20)
}

/// A server and a client for all seeds of a test, because creating a client takes longer than an upload.
fn wire(policy: RetryPolicy) -> (Wire, Shop) {
    let wire = Wire::start();
    let builder = Shop::builder().anonymous().endpoint(&wire.endpoint()).retry(policy).retry_budget(100_000);
    let shop = builder.build().unwrap();
    (wire, shop)
}

fn media(rng: &mut Rng) -> Vec<u8> {
    // Sizes near the boundaries of chunks are more frequent.
    let size = [0, 1, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT, rng.usize(..3 * UNIT)][rng.usize(..7)];
    let mut all = vec![0; size];
    rng.fill(&mut all);
    all
}

/// The media from one of the kinds of sources, and whether it can be read twice.
fn source(rng: &mut Rng, media: &[u8]) -> (Source, bool) {
    let (all, length) = (media.to_vec(), media.len() as u64);
    let pieces: Vec<io::Result<Bytes>> =
        media.chunks(77_777).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
    match rng.u8(..5) {
        0 => (Source::from(all), true),
        1 => (Source::seekable(Cursor::new(all)), true),
        2 => (Source::seekable(Cursor::new(all)).with_length(length), true),
        3 => (Source::reader(Cursor::new(all)).with_length(length), false),
        _ => (Source::stream(stream::iter(pieces)), false),
    }
}

/// The reported progress, which must never decrease.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Progress>>>);

impl Told {
    fn tell(&self) -> impl FnMut(Progress) + Send + use<> {
        let told = self.0.clone();
        move |at| told.lock().unwrap().push(at)
    }

    fn check(&self, complete: Option<usize>) {
        let told = self.0.lock().unwrap();
        assert!(told.is_sorted_by_key(|at| (at.bytes, at.total.is_some())), "{told:?}");
        if let Some(size) = complete {
            let last = told.last().map(|at| (at.bytes, at.total));
            assert_eq!(last, Some((size as u64, Some(size as u64))));
        }
    }
}

/// Prints what happened if the test fails.
struct Log<'a>(u64, &'a Wire);

impl Drop for Log<'_> {
    #[allow(clippy::print_stderr, reason = "this is for who reads a failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.1.with(|state| eprintln!("seed {}:\n{}", self.0, state.log.join("\n")));
        }
    }
}

#[tokio::test]
async fn an_upload_in_chunks_arrives_whole_whatever_happens() {
    let (wire, shop) = wire(quick());
    for seed in 0..300 {
        wire.begin(seed, Weather::Rough);
        let _log = Log(seed, &wire);
        let mut rng = Rng::with_seed(seed);
        let media = media(&mut rng);
        let (source, again) = source(&mut rng, &media);
        wire.with(|state| state.forgets = rng.usize(..3));
        let told = Told::default();
        let insert = shop.insert(json!({}));
        let upload = insert.upload(source).resumable().with_chunk_size(UNIT).on_progress(told.tell());
        match upload.await {
            Ok(answer) => {
                assert_eq!(answer["size"], media.len());
                assert!(wire.with(|state| state.kept == media), "other bytes");
                told.check(Some(media.len()));
            }
            // Only a source that cannot be read twice may fail, and only because the server has lost the session.
            Err(error) => {
                assert!(!again && matches!(error.status().map(u16::from), Some(404 | 410)), "{error}");
                told.check(None);
            }
        }
        wire.with(|state| assert!(state.wrong.is_empty(), "{:?}", state.wrong));
    }
}

/// The program ends at each failure, and the next run continues with the saved session.
#[tokio::test]
async fn an_upload_goes_on_run_after_run() {
    let (wire, shop) = wire(RetryPolicy::none());
    for seed in 0..200 {
        wire.begin(seed, Weather::Rough);
        let _log = Log(seed, &wire);
        let mut rng = Rng::with_seed(seed);
        let media = media(&mut rng);
        let saved = Arc::new(Mutex::new(None::<String>));
        let mut runs = 0;
        let answer = loop {
            runs += 1;
            let source = Source::seekable(Cursor::new(media.clone())).with_length(media.len() as u64);
            let keep = saved.clone();
            let insert = shop.insert(json!({}));
            let upload = insert.upload(source).resumable().with_chunk_size(UNIT);
            let mut upload = upload.on_session(move |session| *keep.lock().unwrap() = Some(session.save()));
            let text = saved.lock().unwrap().clone();
            if let Some(text) = text {
                upload = upload.resume(Session::load(&text).unwrap());
            }
            match upload.await {
                Ok(answer) => break answer,
                Err(error) => {
                    // Nothing of a chunk was stored, which is a protocol error if the chunk must not be sent again.
                    let passing = is_passing(&error) || error.is_protocol();
                    assert!(passing && runs < 20, "run {runs}: {error}");
                }
            }
        };
        assert_eq!(answer["size"], media.len());
        assert!(wire.with(|state| state.kept == media && state.wrong.is_empty()));
    }
}

fn is_passing(error: &Error) -> bool {
    error.is_connection() || error.status().map(u16::from) == Some(503)
}

#[tokio::test]
async fn an_upload_in_one_request_is_repeated_only_if_it_may_be() {
    let (wire, shop) = wire(quick());
    for seed in 0..300 {
        wire.begin(seed, Weather::Rough);
        let _log = Log(seed, &wire);
        let mut rng = Rng::with_seed(seed);
        let media = media(&mut rng);
        let (source, again) = source(&mut rng, &media);
        let (told, repeat) = (Told::default(), rng.bool());
        let insert = shop.insert(json!({})).with_idempotent(repeat);
        match insert.upload(source).simple().on_progress(told.tell()).await {
            Ok(answer) => {
                assert_eq!(answer["size"], media.len());
                assert!(wire.with(|state| state.kept == media), "other bytes");
                told.check(Some(media.len()));
            }
            Err(error) => {
                assert!(is_passing(&error) && !(again && repeat), "{error}");
                assert!(error.is_connection() || !again, "503 says that nothing was done: {error}");
                told.check(None);
            }
        }
    }
}

#[tokio::test]
async fn a_download_is_what_is_stored_or_an_error() {
    let (wire, shop) = wire(quick());
    for seed in 0..600 {
        let weather = [Weather::Rough, Weather::Foul][(seed % 2) as usize];
        wire.begin(seed, weather);
        let _log = Log(seed, &wire);
        let mut rng = Rng::with_seed(seed);
        let media = media(&mut rng);
        wire.with(|state| state.media.clone_from(&media));
        let told = Told::default();
        let mut download = shop.get("a").download().on_progress(told.tell());
        // The checksum is for the whole media, so a range can have an error that only the checksum would show.
        let (mut from, mut to) = (0, media.len());
        if weather == Weather::Rough && rng.bool() && !media.is_empty() {
            from = rng.usize(..media.len());
            to = rng.usize(from + 1..=media.len());
            download = download.with_range(from as u64..to as u64);
        }
        match download.bytes().await {
            Ok(bytes) => {
                // If the media was replaced before the first byte arrived, the result is the new media.
                let now = wire.with(|state| state.media.clone());
                assert!(bytes == media[from..to] || bytes == now[from..to], "other bytes");
                told.check(Some(to - from));
            }
            Err(error) => {
                let honest = error.is_changed() || error.is_checksum_mismatch() || error.is_protocol();
                // The announced length was too large, and nothing follows the end.
                let honest = honest || error.status().map(u16::from) == Some(416);
                assert!(weather == Weather::Foul && honest, "{error}");
                told.check(None);
            }
        }
    }
}

/// The attempt ends after its timeout if the server sends nothing, and is repeated.
#[tokio::test]
async fn a_silent_server_is_asked_again() {
    use gapis_mock::Fault;
    let store = gapis_testkit::shop::Store::default();
    let (_server, handlers, _) = store.services();
    store.with(|state| state.bytes = gapis_testkit::shop::bytes(10));
    let client = Client::builder().credentials(gapis_runtime::BearerToken::new("s3cret"));
    let client = client
        .retry(quick())
        .timeout(Some(Duration::from_secs(9)))
        .transport(handlers.clone())
        .build()
        .unwrap();
    let shop = Shop::new(&client);
    tokio::time::pause();
    let silent = || Fault::delay(Duration::from_secs(10_000)).on_request(handlers.request_count());
    handlers.fault(silent());
    assert_eq!(shop.get("a").download().bytes().await.unwrap().len(), 10);
    handlers.fault(silent());
    assert_eq!(shop.insert(json!({})).upload("x").resumable().await.unwrap()["size"], 1);
    // The response to a chunk is missing: the server is asked how much it has, which is everything.
    handlers.fault(Fault::delay(Duration::from_secs(10_000)).on_request(handlers.request_count() + 1));
    assert_eq!(shop.insert(json!({})).upload("xy").resumable().await.unwrap()["size"], 2);
    // The upload must not be repeated, because it may have been executed.
    handlers.fault(silent());
    assert!(shop.insert(json!({})).upload("x").simple().await.unwrap_err().is_timeout());
}
