//! An incremental reader of multipart/mixed.
//!
//! Bytes arrive in chunks of any size, and a part is returned as soon as the delimiter after it has arrived. A part
//! that lies in one chunk is a slice of it; only a part that spans chunks is copied. Each byte is searched a constant
//! number of times, however the stream is divided. The reader holds one part and one chunk. Of a part over the size
//! limit, only the beginning is kept, and the part is reported at its position.

use bytes::{Buf, Bytes, BytesMut};
use memchr::{memchr, memmem};

use super::error::ReadError;
use super::part::Part;

/// A line with more white space than this after a boundary is not a delimiter. This limits how much is searched again.
const MAX_PADDING: usize = 256;
/// How much of a part over the limit is kept: enough for its `Content-ID` and for a message.
const KEPT_OF_TOO_LARGE: usize = 4096;
/// How many bytes of the delimiter are searched for. Finding a short text is much faster, and where it is found, the rest
/// of the delimiter is compared.
const SEARCHED: usize = 16;
/// RFC 2046 allows boundaries of up to 70 characters; some servers exceed that.
const MAX_BOUNDARY: usize = 256;

/// Limits on the size of a batch response.
///
/// ```
/// use gapis_runtime::ReadLimits;
///
/// let limits = ReadLimits::default().with_part_bytes(1 << 20);
/// # let _ = limits;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    pub(crate) part_bytes: usize,
    pub(crate) headers_per_part: usize,
    pub(crate) total_bytes: u64,
}

impl ReadLimits {
    /// The maximum number of bytes in one part. A larger part is reported as unreadable; the others are read. Default:
    /// 64 MiB.
    #[must_use]
    pub fn with_part_bytes(mut self, bytes: usize) -> Self {
        self.part_bytes = bytes;
        self
    }

    /// The maximum number of header lines in one part, including those of the inner response. Default: 256.
    #[must_use]
    pub fn with_headers_per_part(mut self, lines: usize) -> Self {
        self.headers_per_part = lines;
        self
    }

    /// The maximum number of bytes in the whole response. If it has more, reading ends with an error. Default: 1 GiB.
    #[must_use]
    pub fn with_total_bytes(mut self, bytes: u64) -> Self {
        self.total_bytes = bytes;
        self
    }
}

impl Default for ReadLimits {
    fn default() -> Self {
        ReadLimits { part_bytes: 64 << 20, headers_per_part: 256, total_bytes: 1 << 30 }
    }
}

/// Reads the parts of a response as its bytes arrive.
///
/// Call `feed` with a chunk, then `next_part` until it returns `None`. At the end of the stream call `finish`, then
/// `next_part` again: it returns the remaining parts, then at most one error, then `None`.
#[derive(Debug)]
pub(crate) struct Reader {
    /// A line feed, two dashes and the boundary.
    delimiter: Vec<u8>,
    /// Searches for the beginning of the delimiter.
    finder: memmem::Finder<'static>,
    limits: ReadLimits,
    /// Unread bytes that were gathered from several chunks, followed by …
    carry: BytesMut,
    /// … the unread bytes of the newest chunk.
    chunk: Bytes,
    /// How many of the unread bytes have been searched.
    searched: usize,
    state: State,
    /// The number of parts returned.
    parts: usize,
    total: u64,
    input: Input,
}

/// Whether more bytes may arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Open,
    /// No: the sender ended the stream.
    Closed,
    /// No: the connection failed.
    Broken,
    /// No: the response exceeds the total limit. The bytes received before that are still read.
    Overflowed,
}

#[derive(Debug)]
enum State {
    /// No bytes have been read.
    Start,
    /// Before the first delimiter. The bytes are kept, because they are a part if that delimiter is missing.
    Preamble,
    /// The same, but too long to be a part.
    LongPreamble,
    /// In a part. The unread bytes begin after the delimiter line that precedes it.
    Part,
    /// In a part over the limit. Holds its beginning.
    TooLarge(Bytes),
    /// The stream ended early, and what could be read of the last part was returned.
    Cut,
    /// After the closing delimiter, or after an error.
    Done,
}

/// What the search for a delimiter found.
enum Found {
    /// There is no delimiter before this offset, where the search continues with more bytes.
    Nothing(usize),
    /// A delimiter line begins at `at`, and the text after it at `next`. `closing` marks the last delimiter.
    Delimiter { at: usize, next: usize, closing: bool },
}

/// What follows a boundary at the beginning of a line.
enum Line {
    /// This cannot be decided without more bytes.
    Open,
    /// The line is a delimiter, and the text after it begins at `next`.
    Delimiter { next: usize, closing: bool },
    /// The line is not a delimiter, although it begins like one.
    Other,
}

impl Reader {
    /// A reader for a response with that `Content-Type`.
    ///
    /// # Errors
    /// If the type is not multipart or has no usable boundary.
    pub(crate) fn new(content_type: &[u8], limits: ReadLimits) -> Result<Reader, ReadError> {
        Ok(Reader::with_boundary(&boundary(content_type)?, limits))
    }

    /// A reader for a response with that boundary.
    pub(crate) fn with_boundary(boundary: &[u8], limits: ReadLimits) -> Reader {
        let delimiter = [b"\n--", boundary].concat();
        let beginning = delimiter.get(..SEARCHED).unwrap_or(&delimiter);
        Reader {
            finder: memmem::Finder::new(beginning).into_owned(),
            delimiter,
            limits,
            carry: BytesMut::new(),
            chunk: Bytes::new(),
            searched: 0,
            state: State::Start,
            parts: 0,
            total: 0,
            input: Input::Open,
        }
    }

    /// Adds the next chunk of the response. Chunks after `finish` or beyond the limit are ignored.
    pub(crate) fn feed(&mut self, mut chunk: Bytes) {
        if self.input != Input::Open || matches!(self.state, State::Done) {
            return;
        }
        let room = self.limits.total_bytes - self.total;
        if chunk.len() as u64 > room {
            chunk.truncate(usize::try_from(room).unwrap_or(usize::MAX));
            self.input = Input::Overflowed;
        }
        self.total += chunk.len() as u64;
        self.carry.extend_from_slice(&self.chunk);
        self.chunk = chunk;
    }

    /// Marks the regular end of the stream.
    pub(crate) fn finish(&mut self) {
        self.end(Input::Closed);
    }

    /// Marks an early end of the stream.
    pub(crate) fn break_off(&mut self) {
        self.end(Input::Broken);
    }

    fn end(&mut self, how: Input) {
        if self.input == Input::Open {
            self.input = how;
        }
    }

    /// Whether the closing delimiter was read, so that no more parts follow.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The number of bytes that the reader holds.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn held(&self) -> usize {
        self.carry.len() + self.chunk.len()
    }

    /// The next part. `None` if more bytes are needed, or if everything was read.
    ///
    /// # Errors
    /// Once, after the last part, if the response ended early, is too large, or does not contain its boundary.
    pub(crate) fn next_part(&mut self) -> Result<Option<Part>, ReadError> {
        loop {
            if matches!(self.state, State::Done) {
                self.drop_rest();
                return Ok(None);
            }
            match self.find() {
                Found::Delimiter { at, next, closing } => {
                    if let Some(part) = self.take(at, next, closing) {
                        return Ok(Some(part));
                    }
                }
                Found::Nothing(searched) => {
                    self.searched = searched;
                    if !self.carry.is_empty() && !self.chunk.is_empty() {
                        self.gather();
                        continue;
                    }
                    self.let_go();
                    return if self.input == Input::Open { Ok(None) } else { self.at_end() };
                }
            }
        }
    }

    /// Searches the oldest bytes for a delimiter.
    fn find(&mut self) -> Found {
        // The end of these bytes is the end of the stream only if no other bytes follow them.
        let last = self.input != Input::Open && (self.carry.is_empty() || self.chunk.is_empty());
        let window = if self.carry.is_empty() { &self.chunk[..] } else { &self.carry[..] };
        let delimiter = &self.delimiter[..];
        let bare = delimiter.get(1..).unwrap_or_default();
        // The stream and each part begin at the start of a line, but the line feed before it is not in the buffer.
        if self.searched == 0 && matches!(self.state, State::Start | State::Part) {
            if window.len() < bare.len() && bare.starts_with(window) && !last {
                return Found::Nothing(0);
            }
            if window.starts_with(bare) {
                match line_after(window, bare.len(), last) {
                    Line::Open => return Found::Nothing(0),
                    Line::Delimiter { next, closing } => return Found::Delimiter { at: 0, next, closing },
                    Line::Other => {}
                }
            }
            if matches!(self.state, State::Start) {
                self.state = State::Preamble;
            }
        }
        let mut from = self.searched;
        while let Some(found) = window.get(from..).and_then(|rest| self.finder.find(rest)) {
            let at = from + found;
            let rest = window.get(at..).unwrap_or_default();
            if !rest.starts_with(delimiter) {
                if !last && delimiter.starts_with(rest) {
                    return Found::Nothing(at);
                }
                from = at + 1;
                continue;
            }
            match line_after(window, at + delimiter.len(), last) {
                Line::Open => return Found::Nothing(at),
                Line::Delimiter { next, closing } => return Found::Delimiter { at: at + 1, next, closing },
                Line::Other => from = at + delimiter.len(),
            }
        }
        // These bytes may end with the beginning of a delimiter.
        Found::Nothing(from.max((window.len() + 1).saturating_sub(delimiter.len())))
    }

    /// Takes the bytes before a delimiter and continues after it.
    fn take(&mut self, at: usize, next: usize, closing: bool) -> Option<Part> {
        let before = if self.carry.is_empty() {
            let mut before = self.chunk.split_to(next);
            before.truncate(at);
            before
        } else {
            let mut before = match next >= self.carry.len() {
                true => std::mem::take(&mut self.carry),
                false => self.carry.split_to(next),
            };
            before.truncate(at);
            before.freeze()
        };
        self.searched = 0;
        let state = std::mem::replace(&mut self.state, if closing { State::Done } else { State::Part });
        let limit = self.limits.part_bytes;
        match state {
            State::TooLarge(kept) => Some(self.too_large(kept)),
            // If the second of two adjacent delimiters closes the message, there is nothing between them; otherwise a
            // part was lost.
            State::Part if closing && before.is_empty() => None,
            State::Part if before.len() > limit => {
                let kept = self.beginning(&before);
                Some(self.too_large(kept))
            }
            State::Part => {
                let order = self.number();
                Some(Part::parse(order, before, self.limits.headers_per_part))
            }
            State::Preamble if before.len() <= limit => {
                let part = Part::parse(self.parts, before, self.limits.headers_per_part);
                part.content.is_ok().then(|| {
                    self.parts += 1;
                    part
                })
            }
            State::Start | State::Preamble | State::LongPreamble | State::Cut | State::Done => None,
        }
    }

    /// Appends bytes of the chunk to the gathered ones. If the chunk has a delimiter, only up to the end of its line,
    /// so that the rest need not be copied.
    fn gather(&mut self) {
        let line = self.finder.find(&self.chunk).map(|at| at + self.finder.needle().len());
        let end = line.and_then(|from| Some(from + memchr(b'\n', self.chunk.get(from..)?)? + 1));
        let piece = self.chunk.split_to(end.unwrap_or(self.chunk.len()));
        self.carry.extend_from_slice(&piece);
    }

    /// Discards bytes that no part needs: of a long preamble, and of a part over the limit.
    fn let_go(&mut self) {
        let held = self.carry.len() + self.chunk.len();
        // An incomplete delimiter line may follow a part within the limit.
        let slack = self.delimiter.len() + MAX_PADDING + 4;
        if held > self.limits.part_bytes.saturating_add(slack) {
            self.state = match std::mem::replace(&mut self.state, State::LongPreamble) {
                State::Part => State::TooLarge(self.beginning(if self.carry.is_empty() {
                    &self.chunk
                } else {
                    &self.carry
                })),
                State::Preamble => State::LongPreamble,
                state => state,
            };
        }
        if matches!(self.state, State::LongPreamble | State::TooLarge(_)) {
            if self.carry.is_empty() {
                self.chunk.advance(self.searched.min(self.chunk.len()));
            } else {
                // A copy, so that the larger buffer is released too.
                self.carry = BytesMut::from(self.carry.get(self.searched..).unwrap_or_default());
            }
            self.searched = 0;
        }
    }

    /// The result for a stream that ended before its closing delimiter.
    fn at_end(&mut self) -> Result<Option<Part>, ReadError> {
        let rest = if self.carry.is_empty() { self.chunk.clone() } else { self.carry.split().freeze() };
        self.drop_rest();
        let state = std::mem::replace(&mut self.state, State::Done);
        if self.input == Input::Overflowed {
            return Err(ReadError::TooLarge(self.limits.total_bytes));
        }
        match state {
            State::Start | State::Preamble | State::LongPreamble => Err(ReadError::NoDelimiter),
            State::TooLarge(kept) => Err(ReadError::Truncated(kept)),
            State::Part => {
                let (delimiter, headers) = (&self.delimiter[..], self.limits.headers_per_part);
                let broken = self.input == Input::Broken;
                match Part::parse_last(self.parts, rest.clone(), delimiter, headers, broken) {
                    Some(part) => {
                        self.parts += 1;
                        // If the sender ended the stream, only the delimiter is missing.
                        self.state = if broken { State::Cut } else { State::Done };
                        Ok(Some(part))
                    }
                    None => Err(ReadError::Truncated(rest)),
                }
            }
            State::Cut => Err(ReadError::Truncated(Bytes::new())),
            State::Done => Ok(None),
        }
    }

    /// The kept beginning of a part over the limit: a copy, so that the whole part is released.
    fn beginning(&self, part: &[u8]) -> Bytes {
        Bytes::copy_from_slice(part.get(..KEPT_OF_TOO_LARGE.min(self.limits.part_bytes)).unwrap_or(part))
    }

    fn too_large(&mut self, kept: Bytes) -> Part {
        let order = self.number();
        Part::too_large(order, kept, self.limits.part_bytes, self.limits.headers_per_part)
    }

    fn number(&mut self) -> usize {
        self.parts += 1;
        self.parts - 1
    }

    fn drop_rest(&mut self) {
        self.carry = BytesMut::new();
        self.chunk = Bytes::new();
    }
}

/// Reads what follows a boundary: two dashes if it is the closing one, white space, and the end of the line. At the
/// end of the stream (`last`) the line may be incomplete.
fn line_after(window: &[u8], from: usize, last: bool) -> Line {
    let rest = window.get(from..).unwrap_or_default();
    let at_end = if last { Line::Delimiter { next: window.len(), closing: false } } else { Line::Open };
    let (closing, line) = match rest {
        [] | [b'-'] => return at_end,
        [b'-', b'-', line @ ..] => (true, line),
        line => (false, line),
    };
    let padding = line.iter().take(MAX_PADDING).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let next = |ends: usize| Line::Delimiter { next: window.len() - line.len() + padding + ends, closing };
    match line.get(padding..).unwrap_or_default() {
        [b'\n', ..] => next(1),
        [b'\r', b'\n', ..] => next(2),
        [] if last => next(0),
        [b'\r'] if last => next(1),
        [] | [b'\r'] => Line::Open,
        _ => Line::Other,
    }
}

/// The boundary in a `Content-Type`, quoted or not, at any position among the parameters.
///
/// # Errors
/// If the type is not multipart, or has no usable boundary.
pub(crate) fn boundary(content_type: &[u8]) -> Result<Vec<u8>, ReadError> {
    let multipart = b"multipart/";
    let content_type = content_type.trim_ascii();
    if !content_type.get(..multipart.len()).is_some_and(|start| start.eq_ignore_ascii_case(multipart)) {
        return Err(ReadError::NotMultipart);
    }
    let mut rest = content_type;
    while let Some(semicolon) = memchr(b';', rest) {
        rest = rest.get(semicolon + 1..).unwrap_or_default();
        let Some(equals) = rest.iter().position(|byte| matches!(byte, b'=' | b';')) else { break };
        let (name, value) = rest.split_at(equals);
        let Some(value) = value.strip_prefix(b"=") else { continue };
        let (value, after) = parameter(value.trim_ascii_start());
        rest = after;
        if name.trim_ascii().eq_ignore_ascii_case(b"boundary") {
            let usable = !value.is_empty() && value.len() <= MAX_BOUNDARY && !value.contains(&b'\n');
            return usable.then_some(value).ok_or(ReadError::NoBoundary);
        }
    }
    Err(ReadError::NoBoundary)
}

/// The boundary of a message without a `Content-Type`, from the delimiter at its beginning. `None` if it does not
/// begin with one.
pub(crate) fn first_boundary(message: &[u8]) -> Option<&[u8]> {
    let line = message.trim_ascii_start().strip_prefix(b"--")?;
    let line = line.get(..memchr(b'\n', line)?)?.trim_ascii_end();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(byte);
    let usable = !line.is_empty() && line.len() <= MAX_BOUNDARY && !line.ends_with(b"--");
    (usable && line.iter().all(plain)).then_some(line)
}

/// The number of bytes that `first_boundary` needs.
pub(crate) const FIRST_LINE: usize = MAX_BOUNDARY + MAX_PADDING;

/// The value of a parameter, and the text after it.
fn parameter(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(quoted) = bytes.strip_prefix(b"\"") else {
        let (value, after) = bytes.split_at(memchr(b';', bytes).unwrap_or(bytes.len()));
        return (value.trim_ascii().to_vec(), after);
    };
    let mut value = Vec::new();
    let mut rest = quoted;
    loop {
        match rest {
            [b'\\', byte, after @ ..] => {
                value.push(*byte);
                rest = after;
            }
            [b'"', after @ ..] => return (value, after),
            [byte, after @ ..] => {
                value.push(*byte);
                rest = after;
            }
            [] => return (value, rest),
        }
    }
}
