//! The upload protocols of Google's servers: media alone, media with metadata, and resumable. Handlers only see the
//! media.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};

use crate::call::MockCall;
use crate::media::MockMedia;
use crate::multipart;
use crate::reply::{MockError, MockResponse};

/// A typed handler of uploads. It is called once for each upload, when the upload is complete.
pub(crate) type Uploaded = dyn Fn(&MockCall, MockMedia) -> MockResponse + Send + Sync;

/// The resumable uploads of a table, for all methods, because two methods may share a path.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<Sessions>);

#[derive(Default)]
struct Sessions {
    opened: usize,
    open: HashMap<String, Session>,
}

/// A resumable upload.
struct Session {
    /// The call that opened the session, with the metadata as its body.
    call: MockCall,
    handler: Arc<Uploaded>,
    content_type: String,
    kept: BytesMut,
    /// The response at the end.
    answer: Option<MockResponse>,
}

impl Uploads {
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles a request with the method's own HTTP method: an upload in one request, the opening of a session or, for
    /// PUT, a piece for a session.
    pub(crate) fn answer(&self, call: &MockCall, handler: &Arc<Uploaded>) -> MockResponse {
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
                Ok(parts) => refuse(&format!("{} parts instead of metadata and media", parts.len())),
                Err(error) => refuse(error),
            },
            Some("media") => {
                let media = MockMedia::new(&content_type, call.body.clone());
                handler(&with_metadata(call, &Bytes::new()), media)
            }
            other => refuse(&format!("unknown upload protocol: {other:?}")),
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

    /// Handles a piece for a session, the question how much it has, or its deletion.
    pub(crate) fn of_session(&self, call: &MockCall) -> MockResponse {
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
                // The handler may upload something itself, so the lock is released.
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
    /// Stores a piece. Returns whether it was the last one.
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

/// The call with the metadata as its body.
fn with_metadata(call: &MockCall, metadata: &Bytes) -> MockCall {
    let mut call = call.clone();
    call.body = if metadata.is_empty() { Bytes::from_static(b"{}") } else { metadata.clone() };
    call.headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    call
}

fn refuse(why: &str) -> MockResponse {
    MockError::new(400, "badRequest", why).into()
}
