//! The journal of a run: records which calls were sent and which have replies, so that a run that is started again does
//! not repeat them.
//!
//! A call is recorded on the disk before its bytes are sent. So a later run knows one of three things of each call: it
//! has a reply; it was sent and may have been executed; or it was not sent. This holds wherever the process ended.
//!
//! Calls are identified by their ids, and an id stands for one request. The journal keeps 64 bits of a hash of each id
//! and of each request. If two ids have the same hash by chance (3 in a million for 10 million calls), the hashes of
//! their requests differ, and the second call gets an error. No call is skipped by mistake.

mod file;
mod hash;
mod history;
mod record;

use std::collections::HashMap;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};

pub use self::file::Store;
use self::hash::{hash_of, key};
use self::history::{Answered, Earlier, History};
use self::record::{Answer, Kept, Read, Record, Sent};
use super::queue::Entry;
use super::reply::Id;
use crate::call::request::Request;
use crate::wire::spec::ApiSpec;
use crate::{Error, RawResponse, Result};

/// The maximum length of an id in bytes.
const LONGEST_ID: usize = 1 << 16;

/// The journal of a run.
pub(super) struct Journal {
    store: Box<dyn Store>,
    /// The name of the journal in error messages.
    name: String,
    history: History,
    /// The calls that this run has taken and that have no reply yet, by the hash of the id.
    open: HashMap<u64, Open>,
    /// Records that have not been written yet.
    unwritten: Vec<u8>,
    /// The start, in `unwritten`, of the records of calls that are about to be sent.
    group: Option<usize>,
    /// The keys of these calls.
    sending_keys: Vec<u64>,
    /// The number of bytes written.
    length: u64,
    /// The number of HTTP requests since the last sync.
    unsynced: u32,
    /// Whether anything was written since the last sync.
    is_dirty: bool,
    pub(super) sync_every: u32,
    pub(super) keeps_values: bool,
    /// The error because of which no more calls can be sent.
    failed: Option<Error>,
}

/// A call that this run has taken.
struct Open {
    index: usize,
    hash: u64,
    /// Whether it was sent and the outcome is not known.
    is_sent: bool,
}

/// What to do with a call from the source.
pub(super) enum Admission {
    /// Send it.
    Send,
    /// Skip it: it succeeded in an earlier run, which did not keep its value.
    Skip,
    /// Do not send it. This is its reply, from the journal.
    Reply(Result<RawResponse>),
    /// Do not send it, because a run with this journal cannot have this call.
    Refuse(Error),
}

impl Journal {
    /// Opens the journal in a file.
    ///
    /// # Errors
    /// If another run is using it, if it is not a journal of this API, or if it cannot be read.
    #[cfg(all(feature = "fs", not(target_family = "wasm")))]
    pub(super) fn open(path: &std::path::Path, api: &ApiSpec) -> Result<Self> {
        let name = format!("`{}`", path.display());
        let file =
            file::Locked::open(path).map_err(|error| Error::io(&format!("the journal {name}"), error))?;
        Journal::new(Box::new(file), name, api)
    }

    pub(super) fn new(mut store: Box<dyn Store>, name: String, api: &ApiSpec) -> Result<Self> {
        let (history, length) = History::read(&mut *store, &name, api)?;
        Ok(Journal {
            store,
            name,
            history,
            open: HashMap::new(),
            unwritten: Vec::new(),
            group: None,
            sending_keys: Vec::new(),
            length,
            unsynced: 0,
            is_dirty: false,
            sync_every: 1,
            keeps_values: false,
            failed: None,
        })
    }

    /// Decides what to do with a call. A call that is sent again gets its earlier `requestId`, by which the server
    /// recognizes it.
    pub(super) fn admit(&mut self, id: &Id, index: usize, request: &mut Request) -> Admission {
        let method = request.id();
        let refuse = |message: String| Admission::Refuse(Error::input(format!("{method}: {message}")));
        let Some(text) = id.as_given() else {
            return refuse(
                "a call of a run with a journal needs an id that is the same in each run; set it with `with_id`"
                    .to_owned(),
            );
        };
        if text.len() > LONGEST_ID {
            return refuse(format!(
                "the id has {} bytes, more than the {LONGEST_ID} that a journal allows",
                text.len()
            ));
        }
        let (key, hash) = (key(text), hash_of(request));
        let again = || refuse(format!("the run already has a call with the id {text:?}"));
        let other = || refuse(format!("the journal has a different request with the id {text:?}"));
        if let Some(open) = self.open.get(&key) {
            return match open.hash == hash {
                true => again(),
                false => other(),
            };
        }
        if let Some(answered) = self.history.answered(key) {
            let is_sent_again = !answered.succeeded && request.options().resends;
            match (answered.hash == hash, answered.kept) {
                (false, _) => return other(),
                (true, _) if is_sent_again => self.history.forget(key),
                (true, None) => return Admission::Skip,
                (true, Some(place)) => return Admission::Reply(self.read_answer(place)),
            }
        }
        if let Some(earlier) = self.history.sent.get_mut(&key) {
            if earlier.hash != hash {
                return other();
            }
            if std::mem::replace(&mut earlier.seen, true) {
                return again();
            }
            if let Some(name) = request.spec().request_id
                && !earlier.request_id.is_empty()
            {
                request.set_param(name, &&*earlier.request_id);
            }
            if !request.is_idempotent() {
                let message = "an earlier run sent the call, which may have been executed";
                return Admission::Reply(Err(Error::unknown_outcome(message, None)));
            }
            self.history.sent.remove(&key);
        }
        self.open.insert(key, Open { index, hash, is_sent: false });
        Admission::Send
    }

    /// Records that a call is about to be sent.
    ///
    /// # Errors
    /// If the journal could not be written before, or if the record is too long.
    pub(super) fn sending(&mut self, entry: &Entry<'_>) -> Result<()> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let Some((key, open)) = open_call(&mut self.open, entry) else { return Ok(()) };
        let request = &entry.request;
        let query = request.parameters();
        let request_id = request.spec().request_id.and_then(|name| query.get(name)).unwrap_or_default();
        let record = Record::Sent(Sent {
            id: entry.id.as_given().unwrap_or_default(),
            method: request.id(),
            hash: open.hash,
            idempotent: request.is_idempotent(),
            request_id: &request_id,
        });
        self.group.get_or_insert(self.unwritten.len());
        if !record.write(&mut self.unwritten) {
            self.discard_group();
            return Err(Error::input(format!("{}: the call is too long for the journal", request.id())));
        }
        open.is_sent = true;
        self.sending_keys.push(key);
        Ok(())
    }

    /// Writes the records of calls that are about to be sent.
    ///
    /// # Errors
    /// If writing fails. Then the calls must not be sent, and the journal is as if they had not been recorded.
    pub(super) fn commit_sending(&mut self) -> Result<()> {
        self.unsynced += 1;
        let is_due = self.unsynced >= self.sync_every;
        let before = self.length;
        let written = self.flush().and_then(|()| if is_due { self.sync() } else { Ok(()) });
        let (group, sending_keys) = (self.group.take(), std::mem::take(&mut self.sending_keys));
        if written.is_err() {
            // Removes the records of the group, as far as the disk allows it. Earlier records are kept.
            let start = group.unwrap_or(self.unwritten.len());
            if self.length > before {
                self.length = before + start as u64;
                drop(self.store.truncate(self.length));
            } else {
                self.unwritten.truncate(start);
            }
            self.unmark_sent(sending_keys);
        }
        written
    }

    /// Removes the records of calls that are not sent after all.
    fn discard_group(&mut self) {
        if let Some(start) = self.group.take() {
            self.unwritten.truncate(start);
        }
        let sending_keys = std::mem::take(&mut self.sending_keys);
        self.unmark_sent(sending_keys);
    }

    fn unmark_sent(&mut self, calls: Vec<u64>) {
        for key in calls {
            if let Some(open) = self.open.get_mut(&key) {
                open.is_sent = false;
            }
        }
    }

    /// Records that a call may be sent again, also by another run: the server did not execute it, or it may be executed
    /// twice.
    pub(super) fn returned(&mut self, entry: &Entry<'_>) {
        let Some((key, open)) = open_call(&mut self.open, entry) else { return };
        if std::mem::take(&mut open.is_sent) && !entry.request.is_idempotent() {
            Record::Returned { key }.write(&mut self.unwritten);
        }
    }

    /// Records the reply to a call. Returns whether another run would send the call again.
    pub(super) fn answered(&mut self, entry: &Entry<'_>, result: &Result<RawResponse>) -> bool {
        let Some((key, open)) = open_call(&mut self.open, entry) else { return false };
        let Open { hash, is_sent, .. } = *open;
        self.open.remove(&key);
        match result {
            Ok(response) => self.keep(key, hash, response, None),
            Err(error) if !is_sent => return !error.is_input(),
            Err(error) if error.is_unknown_outcome() => {
                if entry.request.is_idempotent() {
                    return true;
                }
                Record::Unknown { key }.write(&mut self.unwritten);
                let id = entry.id.as_given().unwrap_or_default().into();
                let sent = Earlier { id, hash, idempotent: false, request_id: "".into(), seen: true };
                self.history.sent.insert(key, sent);
            }
            Err(error) => match error.response().filter(|_| is_final(error)) {
                Some(response) => self.keep(key, hash, response, Some(error)),
                None => {
                    if !entry.request.is_idempotent() {
                        Record::Returned { key }.write(&mut self.unwritten);
                    }
                    return true;
                }
            },
        }
        false
    }

    fn keep(&mut self, key: u64, hash: u64, response: &RawResponse, error: Option<&Error>) {
        let body_text;
        let media = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = media.unwrap_or_default();
        let kept = match error {
            _ if self.keeps_values => Kept::Body { content_type, body: &response.body },
            None => Kept::Nothing,
            Some(error) => {
                body_text = error_body(error, response.status);
                Kept::Body { content_type: "application/json", body: body_text.as_bytes() }
            }
        };
        let answer = Answer { status: response.status.as_u16(), succeeded: error.is_none(), kept };
        let (place, start) = (self.length + self.unwritten.len() as u64, self.unwritten.len());
        let mut is_kept = answer.kept != Kept::Nothing;
        if !(Record::Answered { key, answer }.write(&mut self.unwritten)) {
            is_kept = false;
            let answer = Answer { kept: Kept::Nothing, ..answer };
            Record::Answered { key, answer }.write(&mut self.unwritten);
        }
        let size = u32::try_from(self.unwritten.len() - start).unwrap_or_default();
        let kept = is_kept.then_some((place, size));
        self.history.answer(key, Answered { hash, succeeded: error.is_none(), kept });
    }

    /// Reads the reply that an earlier run kept.
    fn read_answer(&mut self, (place, size): (u64, u32)) -> Result<RawResponse> {
        self.flush()?;
        let mut bytes = vec![0; size as usize];
        let mut have = 0;
        while let Some(rest) = bytes.get_mut(have..).filter(|rest| !rest.is_empty()) {
            match self.store.read(place + have as u64, rest) {
                Ok(0) => break,
                Ok(count) => have += count,
                Err(error) => return Err(Error::io(&format!("the journal {}", self.name), error)),
            }
        }
        let Read::Record(Record::Answered { answer, .. }, _) = record::read(&bytes) else {
            return Err(Error::input(format!("the journal {} has changed at byte {place}", self.name)));
        };
        let mut headers = HeaderMap::new();
        let mut body = Bytes::new();
        if let Kept::Body { content_type, body: kept } = answer.kept {
            headers.extend(HeaderValue::from_str(content_type).ok().map(|value| (CONTENT_TYPE, value)));
            body = Bytes::copy_from_slice(kept);
        }
        let status = StatusCode::from_u16(answer.status).unwrap_or_default();
        let response = RawResponse::new(status, headers, body);
        if answer.succeeded { Ok(response) } else { Err(Error::from_response(response)) }
    }

    /// Writes all records. If it fails, the next call tries again.
    ///
    /// # Errors
    /// If writing fails. Then no more calls can be sent.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        match self.store.write(self.length, &self.unwritten) {
            Ok(()) => {
                self.length += self.unwritten.len() as u64;
                self.unwritten.clear();
                self.is_dirty = true;
                Ok(())
            }
            Err(error) => {
                // Removes an incomplete record. If this fails, the next run removes it.
                drop(self.store.truncate(self.length));
                Err(self.fail(error))
            }
        }
    }

    /// Waits until everything written would survive a power failure.
    ///
    /// # Errors
    /// If it fails. Then no more calls can be sent.
    pub(super) fn sync(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.is_dirty) {
            return Ok(());
        }
        self.unsynced = 0;
        self.store.sync().map_err(|error| self.fail(error))
    }

    fn fail(&mut self, error: std::io::Error) -> Error {
        let name = &self.name;
        let failed =
            || Error::io(&format!("the journal {name} cannot be written, so no more calls are sent"), error);
        self.failed.get_or_insert_with(failed).clone()
    }

    /// The ids of calls whose outcome is unknown from an earlier run, and which this run's source has not returned.
    pub(super) fn unknown(&self) -> Vec<Id> {
        let unknown = self.history.sent.values().filter(|sent| !sent.seen && !sent.idempotent);
        let mut ids: Vec<_> = unknown.map(|sent| Id::given(sent.id.to_string())).collect();
        ids.sort();
        ids
    }
}

/// Returns the open call of an entry. A refused call may have the same id as another one, but has another index.
fn open_call<'a>(open: &'a mut HashMap<u64, Open>, entry: &Entry<'_>) -> Option<(u64, &'a mut Open)> {
    let key = key(entry.id.as_given()?);
    let open = open.get_mut(&key).filter(|open| open.index == entry.index)?;
    Some((key, open))
}

/// Whether an error would be the same in another run. With other credentials or on another day, the call may succeed;
/// the same holds if a whole batch was refused.
fn is_final(error: &Error) -> bool {
    error.is_status() && !(error.is_credentials() || error.is_quota_exhausted() || error.is_rate_limited())
}

/// The body of an error response that is kept: only what is shown of an error and what its methods return.
fn error_body(error: &Error, status: StatusCode) -> String {
    let message = match error.api_error().map(|api| &api.message) {
        Some(message) if !message.is_empty() => message.clone(),
        _ => error.to_string(),
    };
    let reasons = error.reason().map(|reason| serde_json::json!({ "reason": reason, "message": message }));
    let errors: Vec<_> = reasons.into_iter().collect();
    serde_json::json!({ "error": { "code": status.as_u16(), "message": message, "errors": errors } })
        .to_string()
}
