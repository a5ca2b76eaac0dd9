//! Encodes and decodes the records of a journal. This module does not read or write files.
//!
//! A record is its length (4 bytes), the CRC-32C of what follows (4 bytes), the kind (1 byte) and the payload. The
//! length counts kind and payload. Numbers are little-endian. A text is its length (4 bytes) and its bytes.

/// The number of bytes before the kind: length and checksum.
pub(super) const PREFIX: usize = 8;

/// The maximum length of a record. Longer ones are not written, and are invalid when they are read.
pub(super) const LONGEST: usize = 1 << 30;

/// The first bytes of a journal. The last one is the version of the format.
pub(super) const MAGIC: &[u8; 8] = b"gapis-j\x01";

/// A record of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record<'a> {
    /// The API. This is the first record, and the only one of its kind.
    Job { name: &'a str, version: &'a str },
    /// A call is about to be sent.
    Sent(Sent<'a>),
    /// A call has a reply, and is never sent again.
    Answered { key: u64, answer: Answer<'a> },
    /// The server did not execute the call, which may be sent again.
    Returned { key: u64 },
    /// The call is not sent again, and may have been executed.
    Unknown { key: u64 },
}

/// A call that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent<'a> {
    pub(super) id: &'a str,
    pub(super) method: &'a str,
    /// A hash of the request.
    pub(super) hash: u64,
    /// Whether the call may be executed twice.
    pub(super) idempotent: bool,
    /// The `requestId`, by which the server recognizes a repeated call. Empty if there is none.
    pub(super) request_id: &'a str,
}

/// The reply to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    /// The HTTP status.
    pub(super) status: u16,
    pub(super) succeeded: bool,
    pub(super) kept: Kept<'a>,
}

/// What is kept of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept<'a> {
    Nothing,
    /// The body and its media type.
    Body {
        content_type: &'a str,
        body: &'a [u8],
    },
}

/// The result of decoding.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read<'a> {
    /// A record, and its length in bytes.
    Record(Record<'a>, usize),
    /// The beginning of a record. This many bytes are needed.
    Short(usize),
    /// Not a record.
    Damaged,
}

const JOB: u8 = 1;
const SENT: u8 = 2;
const ANSWERED: u8 = 3;
const RETURNED: u8 = 4;
const UNKNOWN: u8 = 5;

impl Record<'_> {
    /// Appends the record to `out`. Returns false and appends nothing if it is too long.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        out.extend([0; PREFIX]);
        match self {
            Record::Job { name, version } => {
                out.push(JOB);
                put_text(out, name);
                put_text(out, version);
            }
            Record::Sent(sent) => {
                out.push(SENT);
                out.push(u8::from(sent.idempotent));
                out.extend(sent.hash.to_le_bytes());
                put_text(out, sent.id);
                put_text(out, sent.method);
                put_text(out, sent.request_id);
            }
            Record::Answered { key, answer } => {
                out.push(ANSWERED);
                out.extend(key.to_le_bytes());
                out.extend(answer.status.to_le_bytes());
                out.push(u8::from(answer.succeeded));
                if let Kept::Body { content_type, body } = answer.kept {
                    put_text(out, content_type);
                    out.extend_from_slice(body);
                }
            }
            Record::Returned { key } => {
                out.push(RETURNED);
                out.extend(key.to_le_bytes());
            }
            Record::Unknown { key } => {
                out.push(UNKNOWN);
                out.extend(key.to_le_bytes());
            }
        }
        let (head, rest) = out.get_mut(start..).unwrap_or_default().split_at_mut(PREFIX);
        if rest.len() > LONGEST {
            out.truncate(start);
            return false;
        }
        // The length fits, because it is at most `LONGEST`.
        let length = u32::try_from(rest.len()).unwrap_or_default().to_le_bytes();
        let sum = crc32c::crc32c(rest).to_le_bytes();
        head.copy_from_slice(&[length, sum].concat());
        true
    }
}

/// Decodes the record at the beginning of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Read<'_> {
    let mut rest = Bytes(bytes);
    let (Some(length), Some(sum)) = (rest.number(), rest.number()) else { return Read::Short(PREFIX) };
    let (length, sum) = (u32::from_le_bytes(length) as usize, u32::from_le_bytes(sum));
    if length == 0 || length > LONGEST {
        return Read::Damaged;
    }
    // Most invalid bytes are recognized by the kind, without computing the checksum.
    if rest.0.first().is_some_and(|kind| !(JOB..=UNKNOWN).contains(kind)) {
        return Read::Damaged;
    }
    let Some(body) = rest.take(length) else { return Read::Short(PREFIX + length) };
    if crc32c::crc32c(body) != sum {
        return Read::Damaged;
    }
    Bytes(body).record().map_or(Read::Damaged, |record| Read::Record(record, PREFIX + length))
}

/// Bytes that are read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// Decodes the payload of a record, which must be complete.
    fn record(mut self) -> Option<Record<'a>> {
        let record = match self.byte()? {
            JOB => Record::Job { name: self.text()?, version: self.text()? },
            SENT => {
                let idempotent = self.byte()? != 0;
                let hash = self.key()?;
                let (id, method, request_id) = (self.text()?, self.text()?, self.text()?);
                Record::Sent(Sent { id, method, hash, idempotent, request_id })
            }
            ANSWERED => {
                let key = self.key()?;
                let status = u16::from_le_bytes(self.number()?);
                let succeeded = self.byte()? != 0;
                let kept = match self.0.is_empty() {
                    true => Kept::Nothing,
                    false => Kept::Body { content_type: self.text()?, body: std::mem::take(&mut self.0) },
                };
                Record::Answered { key, answer: Answer { status, succeeded, kept } }
            }
            RETURNED => Record::Returned { key: self.key()? },
            UNKNOWN => Record::Unknown { key: self.key()? },
            _ => return None,
        };
        self.0.is_empty().then_some(record)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.number().map(u8::from_le_bytes)
    }

    fn key(&mut self) -> Option<u64> {
        self.number().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = u32::from_le_bytes(self.number()?) as usize;
        std::str::from_utf8(self.take(length)?).ok()
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    // A text whose length does not fit makes the record too long, which `write` detects.
    out.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all() -> Vec<Record<'static>> {
        let answer = |kept| Answer { status: 404, succeeded: false, kept };
        let body = Kept::Body { content_type: "application/json", body: b"{}" };
        let sent = Sent { id: "é", method: "zoo.get", hash: u64::MAX, idempotent: true, request_id: "r" };
        vec![
            Record::Job { name: "zoo", version: "v1" },
            Record::Sent(sent.clone()),
            Record::Sent(Sent { id: "", request_id: "", idempotent: false, ..sent }),
            Record::Answered { key: 1, answer: answer(Kept::Nothing) },
            Record::Answered { key: 2, answer: Answer { succeeded: true, ..answer(body) } },
            Record::Answered { key: 3, answer: answer(Kept::Body { content_type: "", body: b"" }) },
            Record::Returned { key: 4 },
            Record::Unknown { key: u64::MAX },
        ]
    }

    #[test]
    fn a_record_is_these_bytes() {
        let mut bytes = Vec::new();
        assert!(Record::Returned { key: 0x0102 }.write(&mut bytes));
        let sum = crc32c::crc32c(&[4, 2, 1, 0, 0, 0, 0, 0, 0]).to_le_bytes();
        assert_eq!(bytes, [&[9, 0, 0, 0][..], &sum, &[4, 2, 1, 0, 0, 0, 0, 0, 0]].concat());
    }

    #[test]
    fn records_are_read_as_they_were_written_and_no_beginning_of_one_is_taken_for_one() {
        for record in all() {
            let mut bytes = Vec::new();
            assert!(record.write(&mut bytes));
            assert_eq!(read(&bytes), Read::Record(record, bytes.len()));
            for end in 0..bytes.len() {
                let needed = if end < PREFIX { PREFIX } else { bytes.len() };
                assert_eq!(read(&bytes[..end]), Read::Short(needed));
            }
        }
    }

    #[test]
    fn a_changed_byte_is_found() {
        for record in all() {
            let mut bytes = Vec::new();
            assert!(record.write(&mut bytes));
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 0x40;
                assert!(!matches!(read(&changed), Read::Record(..)), "{record:?} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
            let mut framed = u32::try_from(bytes.len()).unwrap().to_le_bytes().to_vec();
            framed.extend(crc32c::crc32c(&bytes).to_le_bytes());
            framed.extend(&bytes);
            let _ = read(&framed);
        }
    }
}
