//! What a journal says about earlier runs: which calls have replies, and which were sent and have none.
//!
//! For a call that has a reply, memory holds 16 bytes, so that it can hold tens of millions of calls: half a hash of
//! its id, and half a hash of its request. A reply that was kept stays in the file.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::file::Store;
use super::hash::key;
use super::record::{self, LONGEST, MAGIC, PREFIX, Read, Record};
use crate::wire::spec::ApiSpec;
use crate::{Error, Result};

/// The number of bytes read at once.
const CHUNK: usize = 1 << 18;

/// The number of bytes after damaged ones in which complete records are searched.
const SEARCHED: usize = 1 << 20;

/// A map whose keys are hashes already.
type Hashed<V> = HashMap<u64, V, BuildHasherDefault<Same>>;

/// A hasher that returns the number itself.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[derive(Debug, Default)]
pub(super) struct History {
    /// The hashes of the requests that have a reply. The last bit is 1 if the call succeeded.
    answered: Hashed<u64>,
    /// The offset and length of the record, for calls whose reply was kept.
    kept: Hashed<(u64, u32)>,
    /// The calls that were sent and have no reply.
    pub(super) sent: Hashed<Earlier>,
}

/// A call that an earlier run sent and that has no reply.
#[derive(Debug)]
pub(super) struct Earlier {
    pub(super) id: Box<str>,
    pub(super) hash: u64,
    pub(super) idempotent: bool,
    pub(super) request_id: Box<str>,
    /// Whether this run's source has returned the call.
    pub(super) seen: bool,
}

/// A call that has a reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    pub(super) hash: u64,
    pub(super) succeeded: bool,
    /// The offset and length of its record, if the reply was kept.
    pub(super) kept: Option<(u64, u32)>,
}

impl History {
    pub(super) fn answered(&self, key: u64) -> Option<Answered> {
        let value = self.answered.get(&key)?;
        Some(Answered { hash: value & !1, succeeded: value & 1 == 1, kept: self.kept.get(&key).copied() })
    }

    pub(super) fn answer(&mut self, key: u64, answered: Answered) {
        self.answered.insert(key, answered.hash & !1 | u64::from(answered.succeeded));
        if let Some(place) = answered.kept {
            self.kept.insert(key, place);
        }
    }

    /// Removes the reply of a call, which is sent again.
    pub(super) fn forget(&mut self, key: u64) {
        self.answered.remove(&key);
        self.kept.remove(&key);
    }

    /// Reads a journal. Removes an incomplete record at the end, and writes the first record of a new journal. Also
    /// returns the length of the journal.
    ///
    /// # Errors
    /// If it is the journal of another API, damaged, or not a journal; and if it cannot be read or written.
    pub(super) fn read(store: &mut dyn Store, name: &str, api: &ApiSpec) -> Result<(Self, u64)> {
        let failed = |error| Error::io(&format!("the journal {name}"), error);
        let mut head = MAGIC.to_vec();
        Record::Job { name: api.name, version: api.version }.write(&mut head);
        let mut scan = Scan { store, at: 0, bytes: Vec::new(), start: 0, chunk: vec![0; CHUNK] };
        scan.fill(head.len()).map_err(failed)?;
        if scan.rest().len() < head.len() && head.starts_with(scan.rest()) {
            // The file is new, or its first run ended while it wrote the first record.
            scan.store.write(0, &head).and_then(|()| scan.store.sync()).map_err(failed)?;
            return Ok((History::default(), head.len() as u64));
        }
        if !scan.rest().starts_with(MAGIC) {
            return Err(Error::input(format!(
                "the file {name} is not a journal of this version of the library"
            )));
        }
        scan.skip(MAGIC.len());
        let mut history = History::default();
        let mut is_first = true;
        loop {
            let length = match scan.next().map_err(failed)? {
                Found::Record(length) => length,
                Found::End => break,
                Found::Damaged { records_follow: true } => return Err(damaged(name, scan.at)),
                Found::Damaged { .. } => {
                    scan.store.truncate(scan.at).and_then(|()| scan.store.sync()).map_err(failed)?;
                    break;
                }
            };
            if let Read::Record(record, _) = record::read(scan.rest()) {
                history.take(&record, (scan.at, length), is_first, (name, api))?;
            }
            is_first = false;
            scan.skip(length as usize);
        }
        Ok((history, scan.at))
    }

    /// Updates the history by a record.
    fn take(
        &mut self,
        record: &Record<'_>,
        place: (u64, u32),
        is_first: bool,
        (name, api): (&str, &ApiSpec),
    ) -> Result<()> {
        match record {
            Record::Job { name: other, version } if is_first => {
                if (*other, *version) != (api.name, api.version) {
                    return Err(Error::input(format!(
                        "the journal {name} belongs to a run of {other} {version}, but this is a run of {} {}",
                        api.name, api.version
                    )));
                }
            }
            Record::Sent(sent) if !is_first => {
                let earlier = Earlier {
                    id: sent.id.into(),
                    hash: sent.hash,
                    idempotent: sent.idempotent,
                    request_id: sent.request_id.into(),
                    seen: false,
                };
                // If it failed before, this is another attempt.
                self.forget(key(sent.id));
                self.sent.insert(key(sent.id), earlier);
            }
            Record::Answered { key, answer } => {
                let Some(sent) = self.sent.remove(key) else { return Err(damaged(name, place.0)) };
                let kept = (answer.kept != record::Kept::Nothing).then_some(place);
                self.answer(*key, Answered { hash: sent.hash, succeeded: answer.succeeded, kept });
            }
            Record::Returned { key } => drop(self.sent.remove(key)),
            // The call stays among those that were sent and have no reply.
            Record::Unknown { .. } => {}
            Record::Job { .. } | Record::Sent(_) => return Err(damaged(name, place.0)),
        }
        Ok(())
    }
}

fn damaged(name: &str, at: u64) -> Error {
    Error::input(format!(
        "the journal {name} is damaged at byte {at}, before its end; it cannot be used, because calls that were sent may be \
         missing from it"
    ))
}

/// Reads a journal from its beginning to its end.
struct Scan<'s> {
    store: &'s mut dyn Store,
    /// The offset of the next byte.
    at: u64,
    /// Bytes that were read. The next byte is at `start`.
    bytes: Vec<u8>,
    start: usize,
    /// A buffer for reading.
    chunk: Vec<u8>,
}

/// What is next in a journal.
enum Found {
    /// A record of this length.
    Record(u32),
    End,
    /// No valid record, and whether complete records follow.
    Damaged {
        records_follow: bool,
    },
}

impl Scan<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// Reads until there are `wanted` bytes, or until the end.
    fn fill(&mut self, wanted: usize) -> std::io::Result<()> {
        if self.rest().len() >= wanted {
            return Ok(());
        }
        self.bytes.drain(..self.start);
        self.start = 0;
        while self.bytes.len() < wanted {
            let count = self.store.read(self.at + self.bytes.len() as u64, &mut self.chunk)?;
            self.bytes.extend_from_slice(self.chunk.get(..count).unwrap_or_default());
            if count == 0 {
                break;
            }
        }
        Ok(())
    }

    fn skip(&mut self, count: usize) {
        self.at += count as u64;
        self.start += count;
    }

    fn next(&mut self) -> std::io::Result<Found> {
        let mut wanted = PREFIX;
        loop {
            self.fill(wanted)?;
            match record::read(self.rest()) {
                Read::Record(_, length) => {
                    return Ok(Found::Record(u32::try_from(length).unwrap_or(u32::MAX)));
                }
                Read::Short(_) if self.rest().is_empty() => return Ok(Found::End),
                Read::Short(needed) if needed > wanted => wanted = needed,
                Read::Short(_) | Read::Damaged => break,
            }
        }
        self.fill(SEARCHED)?;
        let rest = self.rest();
        let whole = |at: usize| matches!(rest.get(at..).map(record::read), Some(Read::Record(..)));
        let records_follow = (1..rest.len().min(SEARCHED)).any(whole);
        Ok(Found::Damaged { records_follow })
    }
}

const _: () = assert!(LONGEST + PREFIX <= u32::MAX as usize);
