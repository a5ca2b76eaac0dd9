//! One part of a batch response: its `Content-ID`, and the HTTP response in it.
//!
//! Accepts what servers send in practice: no blank line before the status line, a header block without an end, bare
//! line feeds, a wrong `Content-Length`. A part that cannot be read at all becomes a [`Flaw`] with the raw bytes, and
//! does not affect other parts.

use std::fmt;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use http::StatusCode;

use super::header::{Head, Lines, is_folded, split_field};

/// A complete part of the response.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Its position in the response, from 0. Parts that cannot be read are counted too.
    pub(crate) order: usize,
    /// The bytes between the delimiters. For a part over the size limit, only its beginning.
    pub(crate) raw: Bytes,
    /// The HTTP response in the part, or why there is none.
    pub(crate) content: Result<InnerResponse, Flaw>,
    id: Option<Range<usize>>,
}

/// The HTTP response in a part. Its fields are slices of the received bytes; nothing is copied.
#[derive(Debug, Clone)]
pub(crate) struct InnerResponse {
    pub(crate) status: StatusCode,
    pub(crate) head: Head,
    pub(crate) body: Bytes,
}

/// Why a part contains no readable response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// No line looks like `HTTP/1.1 200 OK`.
    NoStatusLine,
    /// The body is missing although the headers announce one, or the header block does not end.
    NoBody,
    /// The part has more header lines than this limit.
    TooManyHeaders(usize),
    /// The part has more bytes than this limit.
    TooLarge(usize),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::NoStatusLine => f.write_str("the part contains no HTTP response"),
            Flaw::NoBody => f.write_str("the body of the HTTP response in the part is missing"),
            Flaw::TooManyHeaders(limit) => write!(f, "the part has more than {limit} header lines"),
            Flaw::TooLarge(limit) => write!(f, "the part has more than {limit} bytes"),
        }
    }
}

impl Part {
    /// The part's `Content-ID`, if it has one.
    pub(crate) fn content_id(&self) -> Option<ContentId<'_>> {
        self.id.clone().and_then(|id| self.raw.get(id)).map(ContentId)
    }

    /// The index of the call that this part is for, if its `Content-ID` belongs to this batch.
    pub(crate) fn index(&self, token: &str) -> Option<usize> {
        self.content_id().and_then(|id| id.parse_id(token))
    }

    /// Parses a part from all bytes up to the next delimiter line. The last line end belongs to the delimiter.
    pub(super) fn parse(order: usize, mut raw: Bytes, max_headers: usize) -> Part {
        let without_break = raw.strip_suffix(b"\n").unwrap_or(&raw);
        let end = without_break.strip_suffix(b"\r").unwrap_or(without_break).len();
        let (id, found) = scan(raw.get(..end).unwrap_or_default(), max_headers);
        let content = found.and_then(|mut layout| {
            // The blank line after the headers of an empty body may be where the delimiter's line end should be.
            let whole = raw.get(..end).unwrap_or_default();
            layout.ended |= end < raw.len() && whole.ends_with(b"\n");
            let body = layout.body(&raw, end);
            if layout.lacks_body(raw.get(body.clone()).unwrap_or_default()) {
                return Err(Flaw::NoBody);
            }
            raw.truncate(end.max(body.end));
            Ok(layout.inner(&raw, body))
        });
        if content.is_err() {
            raw.truncate(end);
        }
        Part { order, raw, content, id }
    }

    /// A part of which only the beginning was kept.
    pub(super) fn too_large(order: usize, beginning: Bytes, limit: usize, max_headers: usize) -> Part {
        let (id, _) = scan(&beginning, max_headers);
        Part { order, raw: beginning, content: Err(Flaw::TooLarge(limit)), id }
    }

    /// Parses the last part of a message without a closing delimiter. Returns it only if it is complete for certain:
    /// its header block ended, and after the announced number of bytes nothing follows except the beginning of a
    /// delimiter. If the message ended normally (not `broken`), complete JSON or a status that excludes a body is also
    /// sufficient.
    pub(super) fn parse_last(
        order: usize,
        mut raw: Bytes,
        delimiter: &[u8],
        max_headers: usize,
        broken: bool,
    ) -> Option<Part> {
        let (id, found) = scan(&raw, max_headers);
        let layout = found.ok()?;
        let by_length = layout.end_by_length(&raw, delimiter);
        let end = by_length.or_else(|| if broken { None } else { layout.end_by_content(&raw, delimiter) })?;
        raw.truncate(end);
        let body = layout.body.min(end)..end;
        let content = Ok(layout.inner(&raw, body));
        Some(Part { order, raw, content, id })
    }
}

/// The value of a part's `Content-ID` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentId<'a>(&'a [u8]);

impl<'a> ContentId<'a> {
    /// The id without quotes, angle brackets and the `response-` that servers add, if it is not folded.
    pub(crate) fn bare(self) -> &'a [u8] {
        let mut id = self.0.trim_ascii();
        id = enclosed(id, b'"', b'"').unwrap_or(id);
        id = enclosed(id, b'<', b'>').unwrap_or(id);
        id = enclosed(id, b'"', b'"').unwrap_or(id);
        match id.split_at_checked(b"response-".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(b"response-") => rest.trim_ascii(),
            _ => id,
        }
    }

    /// The index in an id of the form `TOKEN+INDEX`, in any case. `None` if the id belongs to another batch. White
    /// space, line folds and angle brackets anywhere in the id are ignored.
    pub(crate) fn parse_id(self, token: &str) -> Option<usize> {
        index(self.bare(), token).or_else(|| {
            let dropped = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b'"');
            let kept: Vec<u8> = self.0.iter().copied().filter(|byte| !dropped(byte)).collect();
            index(ContentId(&kept).bare(), token)
        })
    }
}

/// The number in `TOKEN+INDEX`.
fn index(id: &[u8], token: &str) -> Option<usize> {
    let (found, rest) = id.split_at_checked(token.len())?;
    let digits = rest.strip_prefix(b"+")?;
    found.eq_ignore_ascii_case(token.as_bytes()).then(|| decimal(digits))?
}

fn enclosed(id: &[u8], open: u8, close: u8) -> Option<&[u8]> {
    id.strip_prefix(&[open])?.strip_suffix(&[close]).map(<[u8]>::trim_ascii)
}

fn decimal(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0usize, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(usize::from(digit))
    })
}

/// Where the response is in a part's bytes.
#[derive(Debug)]
struct Layout {
    status: StatusCode,
    head: Range<usize>,
    /// The offset of the body.
    body: usize,
    /// Whether a blank line ended the header block.
    ended: bool,
    /// The value of `Content-Length`. `None` if it is missing, invalid or contradictory.
    length: Option<usize>,
    chunked: bool,
}

impl Layout {
    /// The body of a part whose delimiter begins at `end`. `Content-Length` decides only about line ends: those that
    /// it counts are kept, even where the delimiter's own line end should be, and those that it does not count are
    /// removed. If it disagrees about anything else, it is wrong, and the delimiter decides.
    fn body(&self, raw: &[u8], end: usize) -> Range<usize> {
        let start = self.body.min(end);
        let Some(announced) = self.length.and_then(|length| start.checked_add(length)) else {
            return start..end;
        };
        if announced > end && announced <= raw.len() && self.ended {
            return start..announced;
        }
        match raw.get(announced..end) {
            Some(surplus) if surplus.iter().all(|byte| matches!(byte, b'\r' | b'\n')) => start..announced,
            _ => start..end,
        }
    }

    /// Whether a successful response should have a body but has none. An intentionally empty response says so by its
    /// status or its length.
    fn lacks_body(&self, body: &[u8]) -> bool {
        let success = self.status.is_success() && !matches!(self.status.as_u16(), 204 | 205);
        let announced = match self.length {
            Some(length) => length > 0,
            None => !self.ended,
        };
        success && announced && body.trim_ascii().is_empty()
    }

    /// Where the announced body ends, if nothing but the beginning of a delimiter follows.
    fn end_by_length(&self, raw: &[u8], delimiter: &[u8]) -> Option<usize> {
        let announced = match self.status.as_u16() {
            _ if !self.ended || self.chunked => None,
            204 | 304 => Some(0),
            _ => self.length,
        };
        let end = self.body.checked_add(announced?)?;
        let (counted, rest) = raw.split_at_checked(end)?;
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        // A length that is too large may have counted the beginning of the delimiter.
        let counts_delimiter = (2..delimiter.len())
            .any(|len| delimiter.get(..len).is_some_and(|beginning| counted.ends_with(beginning)));
        (!counts_delimiter && delimiter.starts_with(rest)).then_some(end)
    }

    /// Where the body ends, if it is complete JSON or if the status excludes a body.
    fn end_by_content(&self, raw: &[u8], delimiter: &[u8]) -> Option<usize> {
        if matches!(self.status.as_u16(), 204 | 304) {
            return Some(self.body.min(raw.len()));
        }
        let cut = (1..delimiter.len()).rev().filter_map(|len| delimiter.get(..len));
        let end = cut.map(|begun| raw.strip_suffix(begun)).find_map(|rest| rest).unwrap_or(raw).len();
        let body = raw.get(self.body..end)?.trim_ascii_end();
        // A number or a word could continue, so only objects and arrays are known to be complete.
        let bounded = matches!(body.first(), Some(b'{' | b'['));
        let whole = bounded && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
        whole.then_some(self.body + body.len())
    }

    fn inner(&self, raw: &Bytes, body: Range<usize>) -> InnerResponse {
        let mut body = raw.slice(body);
        if self.chunked {
            body = dechunk(&body).unwrap_or(body);
        }
        InnerResponse { status: self.status, head: Head::new(raw.slice(self.head.clone())), body }
    }
}

/// Finds the `Content-ID` and the response. The id is found even if there is no response.
fn scan(bytes: &[u8], max_headers: usize) -> (Option<Range<usize>>, Result<Layout, Flaw>) {
    let mut lines = Lines::new(bytes, 0);
    let mut left = max_headers;
    let (id, status) = scan_part_head(&mut lines, &mut left, max_headers);
    let layout = status.and_then(|mut status| {
        loop {
            let layout = scan_inner_head(bytes, &mut lines, status, &mut left, max_headers)?;
            // An interim response, such as `100 Continue`, precedes the real one.
            match lines.clone().next().and_then(status_line) {
                Some(next) if layout.ended && status.is_informational() => {
                    lines.next();
                    status = next;
                }
                _ => return Ok(layout),
            }
        }
    });
    (id, layout)
}

/// Reads up to the status line. The status line ends the part's headers even if the blank line is missing. After the
/// blank line, only the status line may follow.
fn scan_part_head(
    lines: &mut Lines<'_>,
    left: &mut usize,
    max_headers: usize,
) -> (Option<Range<usize>>, Result<StatusCode, Flaw>) {
    let mut id: Option<Range<usize>> = None;
    let mut in_id = false;
    let (mut fields, mut blank) = (false, false);
    loop {
        let start = lines.offset();
        let Some(line) = lines.next() else { return (id, Err(Flaw::NoStatusLine)) };
        let end = start + line.len();
        if line.is_empty() {
            blank = fields;
            continue;
        }
        if let Some(status) = status_line(line) {
            return (id, Ok(status));
        }
        if blank {
            return (id, Err(Flaw::NoStatusLine));
        }
        let Some(less) = left.checked_sub(1) else { return (id, Err(Flaw::TooManyHeaders(max_headers))) };
        *left = less;
        fields = true;
        if is_folded(line) {
            if let (true, Some(id)) = (in_id, id.as_mut()) {
                id.end = end;
            }
            continue;
        }
        in_id = false;
        if let Some((name, value)) = split_field(line)
            && id.is_none()
            && name.eq_ignore_ascii_case(b"content-id")
        {
            id = Some(end - value.len()..end);
            in_id = true;
        }
    }
}

/// Reads the header block of the inner response, up to the blank line or the end of the part.
fn scan_inner_head(
    bytes: &[u8],
    lines: &mut Lines<'_>,
    status: StatusCode,
    left: &mut usize,
    max_headers: usize,
) -> Result<Layout, Flaw> {
    let start = lines.offset();
    let mut layout = Layout {
        status,
        head: start..bytes.len(),
        body: bytes.len(),
        ended: false,
        length: None,
        chunked: false,
    };
    let mut lengths = 0;
    loop {
        let at = lines.offset();
        let Some(line) = lines.next() else { return Ok(layout) };
        // This bit turns upper case into lower case, and `[` into `{`.
        match line.first().map(|first| first | 0x20) {
            None => {
                layout.head.end = at;
                layout.body = lines.offset();
                layout.ended = true;
                return Ok(layout);
            }
            // No header begins with a bracket, so the blank line before a JSON body is missing.
            Some(b'{') => {
                layout.head.end = at;
                layout.body = at;
                layout.ended = true;
                return Ok(layout);
            }
            Some(b'c') if starts_with(line, b"content-length") => {
                if let Some((name, value)) = split_field(line)
                    && name.len() == b"content-length".len()
                {
                    let length = decimal(value.trim_ascii());
                    let agrees = lengths == 0 || length == layout.length;
                    layout.length = length.filter(|_| agrees);
                    lengths += 1;
                }
            }
            Some(b't') if starts_with(line, b"transfer-encoding") => {
                if let Some((name, value)) = split_field(line) {
                    layout.chunked = name.len() == b"transfer-encoding".len()
                        && value.trim_ascii().eq_ignore_ascii_case(b"chunked");
                }
            }
            Some(_) => {}
        }
        *left = left.checked_sub(1).ok_or(Flaw::TooManyHeaders(max_headers))?;
    }
}

fn starts_with(line: &[u8], lower: &[u8]) -> bool {
    line.get(..lower.len()).is_some_and(|start| start.eq_ignore_ascii_case(lower))
}

/// The status in `HTTP/1.1 200 OK`, `HTTP/2 200` or `HTTP/1.0 404`.
#[inline]
fn status_line(line: &[u8]) -> Option<StatusCode> {
    let rest = match line.split_at_checked(5) {
        Some((protocol, rest)) if protocol.eq_ignore_ascii_case(b"HTTP/") => rest,
        _ => return None,
    };
    let version = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let rest = rest.get(version..).filter(|_| version > 0)?;
    let code = rest.trim_ascii_start();
    let (digits, reason) = code.split_at_checked(3).filter(|_| code.len() < rest.len())?;
    match reason.first() {
        None | Some(b' ' | b'\t') => StatusCode::from_bytes(digits).ok(),
        Some(_) => None,
    }
}

/// Decodes a body that is chunked up to its last byte. Servers copy `Transfer-Encoding: chunked` into a part whose
/// body is no longer chunked, so any other body is left unchanged.
fn dechunk(body: &[u8]) -> Option<Bytes> {
    let mut out = BytesMut::with_capacity(body.len());
    let mut rest = body;
    loop {
        let (line, after) = line_of(rest)?;
        let size = line.split(|byte| *byte == b';').next()?.trim_ascii();
        let size = usize::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()?;
        if size == 0 {
            // Trailers, if any, end with a blank line, which may have been counted as the delimiter's line end.
            let mut trailers = Lines::new(after, 0);
            while trailers.next().is_some_and(|line| !line.is_empty()) {}
            return after.get(trailers.offset()..)?.trim_ascii().is_empty().then(|| out.freeze());
        }
        let (data, after) = after.split_at_checked(size)?;
        out.extend_from_slice(data);
        let (end, after) = line_of(after)?;
        if !end.is_empty() {
            return None;
        }
        rest = after;
    }
}

fn line_of(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut lines = Lines::new(bytes, 0);
    let line = lines.next()?;
    bytes.get(..lines.offset())?.ends_with(b"\n").then_some(())?;
    Some((line, bytes.get(lines.offset()..)?))
}
