//! Handlers for media: uploads in each of their protocols and downloads with ranges, as Google's servers have them, so
//! that a handler sees nothing but the media.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};

use super::call::MockCall;
use super::multipart;
use super::reply::{MockError, MockResponse, MockResult};
use super::route::{Route, Template};
use super::table::Handlers;
use crate::call::method::{AcceptsMedia, Api, ServesMedia};

/// Media as it was uploaded, or as it is to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MockMedia {
    content_type: String,
    bytes: Bytes,
}

impl MockMedia {
    /// Media of that type.
    #[must_use]
    pub fn new(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        MockMedia { content_type: content_type.to_owned(), bytes: bytes.into() }
    }

    /// Its media type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// What a typed handler of uploads is: it sees each upload once, when all of it has come.
type Uploaded = dyn Fn(&MockCall, MockMedia) -> MockResponse + Send + Sync;

impl Handlers {
    /// Handles uploads of the method `M`, whichever way they come: alone, with metadata, in chunks. The handler is called
    /// when all has come; the call's body is the metadata, `{}` where there is none.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/photos.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), gapis_runtime::Error> {
    /// use gapis_runtime::mock::Handlers;
    ///
    /// let handlers = Handlers::new();
    /// handlers.on_upload::<Insert>(|call, media| {
    ///     let mut photo: Json = call.body()?;
    ///     photo["size"] = media.bytes().len().into();
    ///     Ok(photo)
    /// });
    /// let photos = Photos::builder().anonymous().transport(handlers).build()?;
    /// let photo = photos.insert(serde_json::json!({"title": "me"})).upload("not a picture").await?;
    /// assert_eq!(photo, serde_json::json!({"title": "me", "size": 13}));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_upload<M: AcceptsMedia>(
        &self,
        handler: impl Fn(&MockCall, MockMedia) -> MockResult<M::Output> + Send + Sync + 'static,
    ) -> &Self {
        let api = <M::Api as Api>::SPEC;
        let Some(spec) = M::SPEC.upload else { return self };
        let template = || Template::parse(spec.path());
        for verb in ["PUT", "DELETE"] {
            // It may be there already, as another method's own, which sessions are asked for too.
            if verb != M::SPEC.verb && !self.has(verb, template().text()) {
                let (uploads, verb) = (self.uploads().clone(), verb.to_owned());
                let handler = Box::new(move |call: &MockCall| uploads.of_session(call));
                self.add(Route { verb, template: template(), api, method: None, media: false, handler });
            }
        }
        let uploads = self.uploads().clone();
        let handler: Arc<Uploaded> = Arc::new(move |call, media| match handler(call, media) {
            Ok(value) => MockResponse::value::<M>(&value),
            Err(error) => error.into(),
        });
        let handler = Box::new(move |call: &MockCall| uploads.answer(call, &handler));
        let (verb, method) = (M::SPEC.verb.to_owned(), Some(M::SPEC));
        self.add(Route { verb, template: template(), api, method, media: false, handler })
    }

    /// Handles downloads of the method `M`, beside a handler for its metadata. Ranges, `If-Match` and checksums are those
    /// of the media that is given.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/photos.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), gapis_runtime::Error> {
    /// use gapis_runtime::mock::{Handlers, MockMedia};
    ///
    /// let handlers = Handlers::new();
    /// handlers.on_download::<Get>(|call| Ok(MockMedia::new("text/plain", format!("photo {}", call.var("id")?))));
    /// let photos = Photos::builder().anonymous().transport(handlers).build()?;
    /// assert_eq!(photos.get("7").download().bytes().await?, "photo 7");
    /// assert_eq!(photos.get("7").download().range(..5).bytes().await?, "photo");
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_download<M: ServesMedia>(
        &self,
        handler: impl Fn(&MockCall) -> MockResult<MockMedia> + Send + Sync + 'static,
    ) -> &Self {
        let api = <M::Api as Api>::SPEC;
        let folder = if M::SPEC.download.is_some_and(|spec| spec.media_service) { "download/" } else { "" };
        self.add(Route {
            verb: M::SPEC.verb.to_owned(),
            template: Template::parse(&format!("{folder}{}{}", api.service_path, M::SPEC.path)),
            api,
            method: Some(M::SPEC),
            media: true,
            handler: Box::new(move |call| match handler(call) {
                Ok(media) => serve(call, &media),
                Err(error) => error.into(),
            }),
        })
    }
}

/// The resumable uploads of a table, whatever methods they belong to: two of them may share a path.
#[derive(Default)]
pub(super) struct Uploads(Mutex<Sessions>);

#[derive(Default)]
struct Sessions {
    opened: usize,
    open: HashMap<String, Session>,
}

/// A resumable upload.
struct Session {
    /// The call that opened it, with the metadata as its body.
    call: MockCall,
    handler: Arc<Uploaded>,
    content_type: String,
    kept: BytesMut,
    /// What was answered at the end.
    answer: Option<MockResponse>,
}

impl Uploads {
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The method's own verb: an upload in one request, the opening of a session, or if it is PUT a piece for one.
    fn answer(&self, call: &MockCall, handler: &Arc<Uploaded>) -> MockResponse {
        if call.query("upload_id").is_some() {
            return self.of_session(call);
        }
        let content_type = call.header("content-type").unwrap_or("application/octet-stream").to_owned();
        match call.query("uploadType").as_deref() {
            Some("resumable") => self.open(call, handler.clone()),
            Some("multipart") => match multipart::related(&content_type, &call.body).as_deref() {
                Ok([(_, metadata), (headers, media)]) => {
                    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok());
                    let media = MockMedia::new(content_type.unwrap_or_default(), media.clone());
                    handler(&with_metadata(call, metadata), media)
                }
                Ok(parts) => refuse(&format!("{} parts in place of metadata and media", parts.len())),
                Err(error) => refuse(error),
            },
            Some("media") => {
                let media = MockMedia::new(&content_type, call.body.clone());
                handler(&with_metadata(call, &Bytes::new()), media)
            }
            other => refuse(&format!("no upload protocol: {other:?}")),
        }
    }

    fn open(&self, call: &MockCall, handler: Arc<Uploaded>) -> MockResponse {
        let mut sessions = self.sessions();
        sessions.opened += 1;
        let id = format!("session-{}", sessions.opened);
        let content_type = call.header("x-upload-content-type").unwrap_or("application/octet-stream");
        let session = Session {
            call: with_metadata(call, &call.body),
            handler,
            content_type: content_type.to_owned(),
            kept: BytesMut::new(),
            answer: None,
        };
        let location = format!("{}?uploadType=resumable&upload_id={id}", call.path);
        sessions.open.insert(id, session);
        MockResponse::new(200).with_header("location", &location)
    }

    /// A piece for a session, the question what it has, or its end.
    fn of_session(&self, call: &MockCall) -> MockResponse {
        let mut sessions = self.sessions();
        let id = call.query("upload_id").unwrap_or_default();
        if call.verb == "DELETE" {
            return MockResponse::new(if sessions.open.remove(&id).is_some() { 499 } else { 404 });
        }
        let Some(session) = sessions.open.get_mut(&id) else {
            return MockError::not_found("upload session").into();
        };
        if let Some(answer) = &session.answer {
            return answer.clone();
        }
        match session.keep(call) {
            Err(error) => refuse(&error),
            Ok(false) => session.progress(),
            Ok(true) => {
                let media = MockMedia::new(&session.content_type, session.kept.split().freeze());
                let (call, handler) = (session.call.clone(), session.handler.clone());
                // The handler may upload something itself.
                drop(sessions);
                let answer = handler(&call, media);
                if let Some(session) = self.sessions().open.get_mut(&id) {
                    session.answer = Some(answer.clone());
                }
                answer
            }
        }
    }
}

impl Session {
    /// Takes a piece; whether it was the last.
    fn keep(&mut self, call: &MockCall) -> Result<bool, String> {
        let range = call.header("content-range").unwrap_or_default();
        let wrong = || format!("`Content-Range: {range}` after {} bytes", self.kept.len());
        let (place, total) =
            range.strip_prefix("bytes ").and_then(|range| range.split_once('/')).ok_or_else(wrong)?;
        if place != "*" {
            let (first, last) = place.split_once('-').ok_or_else(wrong)?;
            let first: usize = first.parse().map_err(|_| wrong())?;
            let last: usize = last.parse().map_err(|_| wrong())?;
            if first != self.kept.len()
                || last.checked_sub(first).map(|more| more + 1) != Some(call.body.len())
            {
                return Err(wrong());
            }
            self.kept.extend_from_slice(&call.body);
        }
        Ok(total.parse() == Ok(self.kept.len()))
    }

    fn progress(&self) -> MockResponse {
        let answer = MockResponse::new(308);
        match self.kept.len().checked_sub(1) {
            Some(last) => answer.with_header("range", &format!("bytes=0-{last}")),
            None => answer,
        }
    }
}

/// The call with its metadata as the body.
fn with_metadata(call: &MockCall, metadata: &Bytes) -> MockCall {
    let mut call = call.clone();
    call.body = if metadata.is_empty() { Bytes::from_static(b"{}") } else { metadata.clone() };
    call.headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    call
}

fn refuse(why: &str) -> MockResponse {
    MockError::new(400, "badRequest", why).into()
}

/// The media, or the range of it that is asked for.
fn serve(call: &MockCall, media: &MockMedia) -> MockResponse {
    let (bytes, size) = (&media.bytes, media.bytes.len());
    let sum = STANDARD.encode(crc32c::crc32c(bytes).to_be_bytes());
    let etag = format!("\"{sum}-{size}\"");
    if call.header("if-match").is_some_and(|own| own != etag && own != "*") {
        return MockError::new(412, "conditionNotMet", "Precondition Failed").into();
    }
    let answer = |status: u16| {
        let answer = MockResponse::new(status).with_header("content-type", &media.content_type);
        answer.with_header("etag", &etag).with_header("x-goog-hash", &format!("crc32c={sum}"))
    };
    let Some(range) = call.header("range").and_then(|range| asked(range, size)) else {
        return answer(200).with_body(bytes.clone());
    };
    if range.is_empty() {
        return answer(416).with_header("content-range", &format!("bytes */{size}"));
    }
    let place = format!("bytes {}-{}/{size}", range.start, range.end - 1);
    answer(206).with_header("content-range", &place).with_body(bytes.slice(range))
}

/// The bytes that a `Range` asks for, none behind the end. What is no range of one piece is not looked at, as the
/// standard has it (RFC 9110, section 14.2).
fn asked(range: &str, size: usize) -> Option<std::ops::Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let end = if last.is_empty() { size } else { last.parse::<usize>().ok()?.checked_add(1)?.min(size) };
    Some(first.min(size)..end.max(first.min(size)))
}
