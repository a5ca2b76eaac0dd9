//! Header blocks, read leniently: a bad line costs itself only.
//!
//! Most callers never look at an answer's headers, so a block stays bytes until someone asks. One reader serves
//! every case (`httparse` refuses a block for a line without a colon, a missing blank line or a folded value), and
//! finding the end of a block with it costs less than parsing the block strictly.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use memchr::memchr;

/// The lines of a block, without their ends (CRLF or LF); the last one may lack its end.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Lines { bytes, at: at.min(bytes.len()) }
    }

    /// Where the next line begins.
    pub(super) fn offset(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let line = match memchr(b'\n', rest) {
            Some(end) => {
                self.at += end + 1;
                rest.get(..end)?
            }
            None => {
                self.at = self.bytes.len();
                rest
            }
        };
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// Name and untrimmed value of a header line, if it has a colon.
#[inline]
pub(super) fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', line)?;
    Some((line.get(..colon)?.trim_ascii(), line.get(colon + 1..)?))
}

/// Whether the line goes on with the value of the line before.
#[inline]
pub(super) fn is_folded(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

/// The header block of an answer, as it came; parsed anew by each question.
#[derive(Clone, Default)]
pub(crate) struct Head(Bytes);

impl Head {
    pub(super) fn new(bytes: Bytes) -> Self {
        Head(bytes)
    }

    /// The same with bytes of its own.
    pub(crate) fn detached(&self) -> Self {
        Head(Bytes::copy_from_slice(&self.0))
    }

    /// The first value of that header, trimmed; a folded value has its line breaks inside.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The first value of that header, if it is text.
    #[cfg(test)]
    pub(crate) fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Every header that has a name and a value HTTP allows, repeated ones kept; others are left out.
    pub(crate) fn to_map(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in self.fields() {
            let value = if memchr(b'\n', value).is_some() {
                HeaderValue::from_bytes(&unfold(value))
            } else {
                HeaderValue::from_bytes(value)
            };
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), value) {
                map.append(name, value);
            }
        }
        map
    }

    /// The block as it came.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    fn fields(&self) -> Fields<'_> {
        Fields { lines: Lines::new(&self.0, 0), bytes: &self.0 }
    }
}

impl std::fmt::Debug for Head {
    /// The size only: headers may carry what must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Head({} bytes)", self.0.len())
    }
}

/// Name and trimmed value of each header; lines without a colon are passed over.
struct Fields<'a> {
    lines: Lines<'a>,
    bytes: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.lines.offset();
            let line = self.lines.next()?;
            if is_folded(line) {
                continue;
            }
            let Some((name, mut value)) = split_field(line) else { continue };
            let from = start + line.len() - value.len();
            // A value goes on to the end of its last folded line.
            let mut ahead = self.lines.clone();
            while ahead.next().is_some_and(is_folded) {
                self.lines = ahead.clone();
                value = self.bytes.get(from..ahead.offset()).unwrap_or(value);
            }
            return Some((name, value.trim_ascii()));
        }
    }
}

/// One line from a folded value: each break, with the white space after it, becomes one space.
fn unfold(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for line in Lines::new(value, 0) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(line.trim_ascii());
    }
    out
}
