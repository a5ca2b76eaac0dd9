//! A store with one object that implements the media protocols, checks requests, and fails as a test requires.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use gapis_mock::{Handlers, MockCall, MockResponse, MockServer};
use gapis_runtime::private::spec::{DownloadSpec, UploadSpec};
use gapis_runtime::{AcceptsMedia, BearerToken, Client, Json, ServesMedia};

use crate::quick;

#[derive(Clone, Debug)]
pub struct Shop(Client);
gapis_runtime::api! { Shop { name: "shop", version: "v1", root_url: "https://shop.test/", service_path: "shop/v1/", batch_path: "batch/shop/v1" } }

pub enum Insert {}
gapis_runtime::method! { Insert: Shop => Json; "shop.insert" POST "things" { upload: Some(&UploadSpec {
simple_path: "upload/shop/v1/things", resumable_path: "resumable/upload/shop/v1/things", max_size: Some(50_000_000), accept: &["image/*", "application/octet-stream"] }) } }
impl AcceptsMedia for Insert {}

pub enum Get {}
gapis_runtime::method! { Get: Shop => Json; "shop.get" GET "things/{id}" { download: Some(DownloadSpec { media_service: true }) } }
impl ServesMedia for Get {}

impl Shop {
    pub fn insert(&self, body: Json) -> Call<Insert> {
        Call::new(&self.0, &[], Some(&body))
    }
    pub fn get(&self, id: &str) -> Call<Get> {
        Call::new(&self.0, &[&id], None)
    }
}

#[derive(Default)]
pub struct State {
    /// The bytes of the upload that the store has, or that it serves.
    pub bytes: Vec<u8>,
    /// How much of each of the next chunks is kept; all of a chunk without an entry.
    pub keep: VecDeque<usize>,
    /// The ranges of chunks and queries, and of downloads.
    pub ranges: Vec<String>,
    /// How often a session was opened, with its metadata.
    pub opened: Vec<String>,
    pub location: Option<String>,
    /// Headers of downloads.
    pub headers: Vec<(&'static str, String)>,
    pub no_ranges: bool,
}

#[derive(Clone, Default)]
pub struct Store(Arc<Mutex<State>>);

impl Store {
    pub fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    pub fn handlers(&self) -> Handlers {
        let handlers = Handlers::new();
        handlers.require_bearer("s3cret");
        let store = self.clone();
        handlers.route("POST", "/upload/shop/v1/things", move |call| store.with(|state| begin(state, call)));
        let store = self.clone();
        handlers.route("PUT", "/session/{id}", move |call| store.with(|state| chunk(state, call)));
        handlers.route("DELETE", "/session/{id}", |_| MockResponse::new(499));
        // Below `/download/` at the API's own host, and at the method's path elsewhere.
        for path in ["/download/shop/v1/things/{id}", "/shop/v1/things/{id}"] {
            let store = self.clone();
            handlers.route("GET", path, move |call| store.with(|state| serve(state, call)));
        }
        handlers
    }

    /// A service with a socket, and one with the table only.
    pub fn services(&self) -> (MockServer, Handlers, [Shop; 2]) {
        let handlers = self.handlers();
        let server = MockServer::serve(handlers.clone(), ([127, 0, 0, 1], 0).into()).unwrap();
        let build = || Shop::builder().credentials(BearerToken::new("s3cret")).retry(quick());
        let socket = build().endpoint(&server.uri()).build().unwrap();
        let table = build().transport(handlers.clone()).build().unwrap();
        (server, handlers, [socket, table])
    }
}

fn begin(state: &mut State, call: &MockCall) -> MockResponse {
    match call.query("uploadType").as_deref() {
        Some("resumable") => {
            let header = |name: &str| call.header(name).unwrap_or("-").to_owned();
            state.opened.push(format!(
                "{} {} {}",
                header("x-upload-content-type"),
                header("x-upload-content-length"),
                String::from_utf8_lossy(call.raw_body())
            ));
            state.bytes.clear();
            let location = state.location.clone().unwrap_or_else(|| "/session/s3ssion".to_owned());
            MockResponse::new(200).with_header("location", &location)
        }
        Some("media") => {
            state.bytes = call.raw_body().to_vec();
            done(state, call.header("content-type").unwrap_or_default())
        }
        Some("multipart") => {
            let body = call.raw_body().to_vec();
            let content_type = call.header("content-type").unwrap_or_default().to_owned();
            let boundary = content_type.strip_prefix("multipart/related; boundary=").unwrap();
            let end = format!("\r\n--{boundary}--\r\n");
            let body = body.strip_suffix(end.as_bytes()).unwrap();
            let middle = format!("\r\n--{boundary}\r\nContent-Type: ");
            let at = body.windows(middle.len()).rposition(|window| window == middle.as_bytes()).unwrap();
            let first = format!("--{boundary}\r\nContent-Type: application/json\r\n\r\n");
            let metadata = body[..at].strip_prefix(first.as_bytes()).unwrap();
            state.opened.push(String::from_utf8(metadata.to_vec()).unwrap());
            let rest = &body[at + middle.len()..];
            let blank = rest.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
            state.bytes = rest[blank + 4..].to_vec();
            done(state, std::str::from_utf8(&rest[..blank]).unwrap())
        }
        other => MockResponse::html(400, &format!("{other:?}")),
    }
}

fn done(state: &State, content_type: &str) -> MockResponse {
    MockResponse::json(200, &serde_json::json!({ "size": state.bytes.len(), "type": content_type }))
}

fn chunk(state: &mut State, call: &MockCall) -> MockResponse {
    let range = call.header("content-range").unwrap_or_default().to_owned();
    state.ranges.push(range.clone());
    let (place, total) = range.strip_prefix("bytes ").unwrap().split_once('/').unwrap();
    let total = total.parse::<usize>().ok();
    if let Some((first, last)) = place.split_once('-') {
        let (first, last) = (first.parse::<usize>().unwrap(), last.parse::<usize>().unwrap());
        let body = call.raw_body();
        let whole = total == Some(last + 1) || body.len().is_multiple_of(256 * 1024);
        if first != state.bytes.len() || body.len() != last + 1 - first || !whole {
            return MockResponse::html(400, &format!("{range} with {} bytes", body.len()));
        }
        let keep = state.keep.pop_front().unwrap_or(usize::MAX).min(body.len());
        state.bytes.extend_from_slice(&body[..keep]);
    }
    if total == Some(state.bytes.len()) {
        return done(state, "-");
    }
    match state.bytes.len() {
        0 => MockResponse::new(308),
        kept => MockResponse::new(308).with_header("range", &format!("bytes=0-{}", kept - 1)),
    }
}

fn serve(state: &mut State, call: &MockCall) -> MockResponse {
    assert_eq!(call.query("alt").as_deref(), Some("media"));
    let (range, if_match) = (call.header("range"), call.header("if-match"));
    state.ranges.push(format!("{} {}", range.unwrap_or("-"), if_match.unwrap_or("-")));
    let etag = state.headers.iter().find(|(name, _)| *name == "etag").map(|(_, value)| value.as_str());
    if if_match.is_some() && if_match != etag {
        return MockResponse::new(412);
    }
    let size = state.bytes.len();
    let mut response = match range.filter(|_| !state.no_ranges) {
        None => MockResponse::new(200).with_body(state.bytes.clone()),
        Some(range) => {
            let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            let first: usize = first.parse().unwrap();
            let end = last.parse::<usize>().map_or(size, |last| size.min(last + 1));
            if first >= size {
                MockResponse::new(416).with_header("content-range", &format!("bytes */{size}"))
            } else {
                MockResponse::new(206)
                    .with_header("content-range", &format!("bytes {first}-{}/{size}", end - 1))
                    .with_body(state.bytes[first..end].to_vec())
            }
        }
    };
    for (name, value) in &state.headers {
        response = response.with_header(name, value);
    }
    response
}

/// Bytes that depend on their position.
pub fn bytes(count: usize) -> Vec<u8> {
    let mut all = vec![0; count];
    fastrand::Rng::with_seed(7).fill(&mut all);
    all
}
