//! The journal of a run: what was sent and what was answered, noted so that a run that is started again repeats nothing.
//!
//! That a call is sent is on the disk before its bytes leave. So of each call a later run knows one of three things: it was
//! answered; it was sent, and maybe executed; or it was not sent. Nothing of this is decided by when a process ended.
//!
//! A call is known by its id, and an id stands for one request: 64 bits of a hash of each are kept. Where the first are
//! equal for two ids by chance (3 in a million for 10 million calls), the second differ, and the call is refused: none is
//! skipped.

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

/// The longest id of a call, in bytes.
const LONGEST_ID: usize = 1 << 16;

/// The journal of a run.
pub(super) struct Journal {
    store: Box<dyn Store>,
    /// What messages call it.
    name: String,
    history: History,
    /// The calls that this run has taken and not answered.
    open: HashMap<u64, Open>,
    /// Records that were not written yet.
    unwritten: Vec<u8>,
    /// Where the records of calls begin in it that are about to be sent, and the keys of these calls.
    group: Option<usize>,
    leaving: Vec<u64>,
    /// How many bytes were written.
    length: u64,
    /// How many requests left since it was last synced.
    unsynced: u32,
    /// Whether anything was written since.
    is_dirty: bool,
    pub(super) sync_every: u32,
    pub(super) keeps_values: bool,
    /// Why nothing more can be sent.
    failed: Option<Error>,
}

/// A call that this run has taken.
struct Open {
    index: usize,
    hash: u64,
    /// It was sent, and what came of it is not known.
    is_sent: bool,
}

/// What becomes of a call that the source gives.
pub(super) enum Admission {
    /// It is sent.
    Send,
    /// It succeeded in an earlier run, which kept no value.
    Skip,
    /// It is not sent, and this is its reply.
    Reply(Result<RawResponse>),
}

impl Journal {
    /// The journal in a file.
    ///
    /// # Errors
    /// If another run has it open, if it is not a journal of this API, or if it cannot be read.
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
            leaving: Vec::new(),
            length,
            unsynced: 0,
            is_dirty: false,
            sync_every: 1,
            keeps_values: false,
            failed: None,
        })
    }

    /// Says what becomes of a call. One that is sent again has the id by which the server recognizes it.
    pub(super) fn admit(&mut self, id: &Id, index: usize, request: &mut Request) -> Admission {
        let method = request.id();
        let refuse = |message: String| Admission::Reply(Err(Error::input(format!("{method}: {message}"))));
        let Some(text) = id.as_given() else {
            return refuse(
                "a call of a run with a journal needs an id that is the same in each run; set it with `with_id`"
                    .to_owned(),
            );
        };
        if text.len() > LONGEST_ID {
            return refuse(format!("the id has {} bytes, and a journal keeps {LONGEST_ID}", text.len()));
        }
        let (key, hash) = (key(text), hash_of(request));
        let again = || refuse(format!("the run has a call with the id {text:?} already"));
        let other = || refuse(format!("the journal has another request with the id {text:?}"));
        if let Some(open) = self.open.get(&key) {
            return match open.hash == hash {
                true => again(),
                false => other(),
            };
        }
        if let Some(answered) = self.history.answered(key) {
            return match (answered.hash == hash, answered.kept) {
                (false, _) => other(),
                (true, None) => Admission::Skip,
                (true, Some(place)) => Admission::Reply(self.read_answer(place)),
            };
        }
        if let Some(earlier) = self.history.sent.get_mut(&key) {
            if earlier.hash != hash {
                return other();
            }
            if std::mem::replace(&mut earlier.seen, true) {
                return again();
            }
            match request.spec().request_id {
                Some(name) if !earlier.request_id.is_empty() => {
                    request.set_param(name, &&*earlier.request_id);
                }
                _ if request.is_idempotent() => {}
                _ => {
                    let message = "an earlier run sent the call, and it is not known whether it was executed";
                    return Admission::Reply(Err(Error::unknown_outcome(message, None)));
                }
            }
            self.history.sent.remove(&key);
        }
        self.open.insert(key, Open { index, hash, is_sent: false });
        Admission::Send
    }

    /// Notes that a call is about to be sent.
    ///
    /// # Errors
    /// If the journal could not be written before.
    pub(super) fn sending(&mut self, entry: &Entry<'_>) -> Result<()> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let Some((key, open)) = own(&mut self.open, entry) else { return Ok(()) };
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
            self.forget_leaving();
            return Err(Error::input(format!("{}: the call is too long for the journal", request.id())));
        }
        open.is_sent = true;
        self.leaving.push(key);
        Ok(())
    }

    /// Writes what was noted, before the calls leave.
    ///
    /// # Errors
    /// If that fails. Then the calls are not to be sent, and the journal is as if they had not been noted.
    pub(super) fn departing(&mut self) -> Result<()> {
        self.unsynced += 1;
        let is_due = self.unsynced >= self.sync_every;
        let before = self.length;
        let written = self.flush().and_then(|()| if is_due { self.sync() } else { Ok(()) });
        let (group, leaving) = (self.group.take(), std::mem::take(&mut self.leaving));
        if written.is_err() {
            // What was written of the group is removed, as far as the disk lets us; what was noted before it is kept.
            let start = group.unwrap_or(self.unwritten.len());
            if self.length > before {
                self.length = before + start as u64;
                drop(self.store.truncate(self.length));
            } else {
                self.unwritten.truncate(start);
            }
            self.stay(leaving);
        }
        written
    }

    /// Forgets what was noted of calls that are not sent after all.
    fn forget_leaving(&mut self) {
        if let Some(start) = self.group.take() {
            self.unwritten.truncate(start);
        }
        let leaving = std::mem::take(&mut self.leaving);
        self.stay(leaving);
    }

    fn stay(&mut self, calls: Vec<u64>) {
        for key in calls {
            if let Some(open) = self.open.get_mut(&key) {
                open.is_sent = false;
            }
        }
    }

    /// The server did not execute a call, or it may be executed twice: it may be sent again, by another run too.
    pub(super) fn returned(&mut self, entry: &Entry<'_>) {
        let Some((key, open)) = own(&mut self.open, entry) else { return };
        if std::mem::take(&mut open.is_sent) && !entry.request.is_idempotent() {
            Record::Returned { key }.write(&mut self.unwritten);
        }
    }

    /// Notes the answer to a call. Returns whether another run would send the call again.
    pub(super) fn answered(&mut self, entry: &Entry<'_>, result: &Result<RawResponse>) -> bool {
        let Some((key, open)) = own(&mut self.open, entry) else { return false };
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
        let words;
        let media = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = media.unwrap_or_default();
        let kept = match error {
            _ if self.keeps_values => Kept::Body { content_type, body: &response.body },
            None => Kept::Nothing,
            Some(error) => {
                words = words_of(error, response.status);
                Kept::Body { content_type: "application/json", body: words.as_bytes() }
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

    /// What was kept of an answer.
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

    /// Writes what was noted. What cannot be written is tried again the next time.
    ///
    /// # Errors
    /// If that fails; then nothing is sent any more.
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
                // A record of which a half was written would be cut off by the next run as well.
                drop(self.store.truncate(self.length));
                Err(self.fail(error))
            }
        }
    }

    /// Waits until what was written survives a loss of power.
    ///
    /// # Errors
    /// If that fails; then nothing is sent any more.
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

    /// The ids of calls whose outcome is unknown from an earlier run, and that this run's source has not given.
    pub(super) fn unknown(&self) -> Vec<Id> {
        let unknown = self.history.sent.values().filter(|sent| !sent.seen && !sent.idempotent);
        let mut ids: Vec<_> = unknown.map(|sent| Id::given(sent.id.to_string())).collect();
        ids.sort();
        ids
    }
}

/// The call of this run that the entry is. One that was refused may have the id of another.
fn own<'o>(open: &'o mut HashMap<u64, Open>, entry: &Entry<'_>) -> Option<(u64, &'o mut Open)> {
    let key = key(entry.id.as_given()?);
    let open = open.get_mut(&key).filter(|open| open.index == entry.index)?;
    Some((key, open))
}

/// Whether an error is a call's own and stays. With other credentials or on another day a call may pass, and so it may
/// when a whole batch was refused.
fn is_final(error: &Error) -> bool {
    error.is_status() && !(error.is_credentials() || error.is_quota_exhausted() || error.is_rate_limited())
}

/// The body of an error response, with what is shown and asked of an error and nothing else.
fn words_of(error: &Error, status: StatusCode) -> String {
    let message = match error.api_error().map(|api| &api.message) {
        Some(message) if !message.is_empty() => message.clone(),
        _ => error.to_string(),
    };
    let reasons = error.reason().map(|reason| serde_json::json!({ "reason": reason, "message": message }));
    let errors: Vec<_> = reasons.into_iter().collect();
    serde_json::json!({ "error": { "code": status.as_u16(), "message": message, "errors": errors } })
        .to_string()
}
