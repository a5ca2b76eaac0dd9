//! Header blocks, parsed leniently: an invalid line affects only itself.
//!
//! Most callers never look at the headers of a response, so a block is kept as bytes until it is accessed. One parser
//! serves every case; `httparse` rejects a whole block because of a line without a colon, a missing blank line or a
//! folded value. Finding the end of a block with this parser costs less than parsing the block strictly.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use memchr::memchr;

/// The lines of a block, without their line ends (CRLF or LF). The last line may have no line end.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Lines { bytes, at: at.min(bytes.len()) }
    }

    /// The offset of the next line.
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

/// The name and the untrimmed value of a header line, if the line has a colon.
#[inline]
pub(super) fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', line)?;
    Some((line.get(..colon)?.trim_ascii(), line.get(colon + 1..)?))
}

/// Whether the line continues the value of the previous line.
#[inline]
pub(super) fn is_folded(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

/// The header block of a response, as received. Each access parses it.
#[derive(Clone, Default)]
pub(crate) struct Head(Bytes);

impl Head {
    pub(super) fn new(bytes: Bytes) -> Self {
        Head(bytes)
    }

    /// Copies the block, so that it does not keep a larger buffer in memory.
    pub(crate) fn detached(&self) -> Self {
        Head(Bytes::copy_from_slice(&self.0))
    }

    /// The first value of that header, trimmed. A folded value contains its line breaks.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The first value of that header, if it is valid UTF-8.
    #[cfg(test)]
    pub(crate) fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All headers with a name and a value that HTTP allows, including repeated ones. Others are left
    /// out, and what is more than a map has room for.
    pub(crate) fn to_map(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in self.fields() {
            let value = if memchr(b'\n', value).is_some() {
                HeaderValue::from_bytes(&unfold(value))
            } else {
                HeaderValue::from_bytes(value)
            };
            // A map has room for 32,768 names; a caller may allow more lines than that.
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), value)
                && map.try_append(name, value).is_err()
            {
                break;
            }
        }
        map
    }

    /// The block as received.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    fn fields(&self) -> Fields<'_> {
        Fields { lines: Lines::new(&self.0, 0), bytes: &self.0 }
    }
}

impl std::fmt::Debug for Head {
    /// Prints only the size, because headers may contain what must not be logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Head({} bytes)", self.0.len())
    }
}

/// The name and the trimmed value of each header. Lines without a colon are skipped.
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
            // A value extends to the end of its last folded line.
            let mut ahead = self.lines.clone();
            while ahead.next().is_some_and(is_folded) {
                self.lines = ahead.clone();
                value = self.bytes.get(from..ahead.offset()).unwrap_or(value);
            }
            return Some((name, value.trim_ascii()));
        }
    }
}

/// Unfolds a value: each line break, with the white space after it, becomes one space.
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
