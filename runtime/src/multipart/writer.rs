//! Writes a batch in the one format that every server accepts, and keeps each call within its part.
//!
//! The body is built once, in one buffer, with a boundary of fixed length. At the end, the whole body is searched for
//! other occurrences of the boundary. If there is one, a different boundary is written over the first.

use bytes::Bytes;
use memchr::memmem;

use super::error::WriteError;

const BOUNDARY_PREFIX: &str = "batch_";
const BOUNDARY_LEN: usize = BOUNDARY_PREFIX.len() + 32;
const PART_HEAD: &str =
    "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <";
const ACCEPT: &str = "Accept: application/json\r\n";

/// One call of a batch, ready to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartRequest<'a, H> {
    /// The prefix of this batch's ids: letters, digits, `-`, `_` and `.`.
    pub(crate) token: &'a str,
    /// The number of the call. The part's `Content-ID` consists of token and number.
    pub(crate) index: usize,
    /// The HTTP method.
    pub(crate) verb: &'a str,
    /// Path and query, percent-encoded, beginning with one `/`.
    pub(crate) target: &'a str,
    /// The call's own headers as `(name, value)`; a value may be text or bytes. They replace headers that the writer
    /// would send by default, except headers about message framing, which are refused.
    pub(crate) headers: H,
    /// The body, if the call has one.
    pub(crate) body: Option<&'a [u8]>,
    /// The media type of the body: exactly `application/json` for JSON.
    pub(crate) content_type: &'a str,
}

/// Builds the body of a batch request.
#[derive(Debug)]
pub(crate) struct BatchWriter {
    body: Vec<u8>,
    boundary: [u8; BOUNDARY_LEN],
    /// The offset of each boundary in `body`, so that another boundary can be written over it.
    marks: Vec<usize>,
    rng: fastrand::Rng,
}

impl BatchWriter {
    /// The number of bytes that `finish` appends.
    pub(crate) const CLOSING_LEN: usize = "--".len() + BOUNDARY_LEN + "--\r\n".len();

    pub(crate) fn new(mut rng: fastrand::Rng) -> Self {
        let boundary = random_boundary(&mut rng);
        BatchWriter { body: Vec::new(), boundary, marks: Vec::new(), rng }
    }

    /// Allocates memory for that many bytes: the sum of the parts' `encoded_len`, and `CLOSING_LEN`.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.body.reserve(bytes);
    }

    /// The number of parts written.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.marks.len()
    }

    /// Adds a part.
    ///
    /// # Errors
    /// If some text of the call could be read as something else. The part is then not written, and the writer can
    /// continue.
    pub(crate) fn push<'a, H, V>(&mut self, part: &PartRequest<'a, H>) -> Result<(), WriteError>
    where
        H: Iterator<Item = (&'a str, V)> + Clone,
        V: AsRef<[u8]>,
    {
        let overrides = part.check()?;
        self.delimiter();
        let out = &mut self.body;
        out.extend_from_slice(b"\r\n");
        put(out, &[PART_HEAD, part.token, "+"]);
        put_decimal(out, part.index);
        put(out, &[">\r\n\r\n", part.verb, " ", part.target, " HTTP/1.1\r\n"]);
        if part.body.is_some() && !overrides.content_type {
            put(out, &["Content-Type: ", part.content_type, "\r\n"]);
        }
        if let Some(length) = part.content_length() {
            put(out, &["Content-Length: "]);
            put_decimal(out, length);
            put(out, &["\r\n"]);
        }
        if !overrides.accept {
            put(out, &[ACCEPT]);
        }
        for (name, value) in part.headers.clone() {
            put(out, &[name, ": "]);
            out.extend_from_slice(value.as_ref());
            out.extend_from_slice(b"\r\n");
        }
        put(out, &["\r\n"]);
        out.extend_from_slice(part.body.unwrap_or_default());
        put(out, &["\r\n"]);
        Ok(())
    }

    /// Returns the value of the request's `Content-Type` header, and the body.
    pub(crate) fn finish(mut self) -> (String, Bytes) {
        self.delimiter();
        self.body.extend_from_slice(b"--\r\n");
        while memmem::find_iter(&self.body, sample(&self.boundary)).count() != self.marks.len() {
            self.boundary = random_boundary(&mut self.rng);
            for mark in &self.marks {
                if let Some(place) = self.body.get_mut(*mark..mark + BOUNDARY_LEN) {
                    place.copy_from_slice(&self.boundary);
                }
            }
        }
        let content_type = ["multipart/mixed; boundary=", &String::from_utf8_lossy(&self.boundary)].concat();
        (content_type, Bytes::from(self.body))
    }

    fn delimiter(&mut self) {
        self.body.extend_from_slice(b"--");
        self.marks.push(self.body.len());
        self.body.extend_from_slice(&self.boundary);
    }
}

/// Which of the writer's default headers the call sets itself.
#[derive(Debug, Clone, Copy, Default)]
struct Overrides {
    accept: bool,
    content_type: bool,
}

impl<'a, H, V> PartRequest<'a, H>
where
    H: Iterator<Item = (&'a str, V)> + Clone,
    V: AsRef<[u8]>,
{
    /// The number of bytes that the part adds to the body, including its delimiter.
    pub(crate) fn encoded_len(&self) -> usize {
        let mut accept = ACCEPT.len();
        let mut content_type = "Content-Type: \r\n".len() + self.content_type.len();
        let mut headers = 0;
        for (name, value) in self.headers.clone() {
            headers += name.len() + ": ".len() + value.as_ref().len() + "\r\n".len();
            if name.eq_ignore_ascii_case("accept") {
                accept = 0;
            } else if name.eq_ignore_ascii_case("content-type") {
                content_type = 0;
            }
        }
        if self.body.is_none() {
            content_type = 0;
        }
        let length = self.content_length().map_or(0, |length| "Content-Length: \r\n".len() + digits(length));
        "--\r\n".len()
            + BOUNDARY_LEN
            + PART_HEAD.len()
            + self.token.len()
            + "+>\r\n\r\n".len()
            + digits(self.index)
            + self.verb.len()
            + self.target.len()
            + "  HTTP/1.1\r\n".len()
            + content_type
            + length
            + accept
            + headers
            + "\r\n".len()
            + self.body.map_or(0, <[u8]>::len)
            + "\r\n".len()
    }

    /// The `Content-Length` to send, in bytes: for every body, and 0 for verbs for which a server may require a
    /// length.
    fn content_length(&self) -> Option<usize> {
        match self.body {
            Some(body) => Some(body.len()),
            None => matches!(self.verb, "POST" | "PUT" | "PATCH").then_some(0),
        }
    }

    /// Refuses text that could be read as something else.
    fn check(&self) -> Result<Overrides, WriteError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if self.token.is_empty() || !self.token.bytes().all(plain) {
            return Err(WriteError::Token);
        }
        if self.verb.is_empty() || !self.verb.bytes().all(is_token) {
            return Err(WriteError::Verb(self.verb.to_owned()));
        }
        check_target(self.target)?;
        if !is_value(self.content_type.as_bytes()) {
            return Err(WriteError::ContentType);
        }
        let mut overrides = Overrides::default();
        for (name, value) in self.headers.clone() {
            check_header(name, value.as_ref())?;
            overrides.accept |= name.eq_ignore_ascii_case("accept");
            overrides.content_type |= name.eq_ignore_ascii_case("content-type");
        }
        Ok(overrides)
    }
}

/// A target is a path and a query, already percent-encoded, without spaces, control characters, host or fragment.
fn check_target(target: &str) -> Result<(), WriteError> {
    if !target.starts_with('/') || target.starts_with("//") {
        return Err(WriteError::Target);
    }
    // There is no branch for each byte, so the compiler can check many bytes at once. Nearly every target passes.
    let bad = |byte: u8| !byte.is_ascii_graphic() || byte == b'#';
    if target.bytes().fold(false, |any, byte| any | bad(byte)) {
        let byte = target.bytes().find(|byte| bad(*byte)).unwrap_or_default();
        return Err(WriteError::TargetByte(byte));
    }
    Ok(())
}

fn check_header(name: &str, value: &[u8]) -> Result<(), WriteError> {
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(WriteError::HeaderName(name.to_owned()));
    }
    if !is_value(value) {
        return Err(WriteError::HeaderValue(name.to_owned()));
    }
    if name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding") {
        return Err(WriteError::Framing(name.to_owned()));
    }
    Ok(())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Valid bytes of a field value (RFC 9110, section 5.5). Bytes outside ASCII have no meaning and are sent unchanged.
fn is_value(value: &[u8]) -> bool {
    value.iter().all(|byte| *byte == b'\t' || !byte.is_ascii_control())
}

fn random_boundary(rng: &mut fastrand::Rng) -> [u8; BOUNDARY_LEN] {
    let mut boundary = [0; BOUNDARY_LEN];
    let (prefix, random) = boundary.split_at_mut(BOUNDARY_PREFIX.len());
    prefix.copy_from_slice(BOUNDARY_PREFIX.as_bytes());
    random.fill_with(|| rng.alphanumeric() as u8);
    boundary
}

/// Eight random bytes of a boundary. If they do not occur, neither does the boundary, and a short pattern is found
/// faster.
fn sample(boundary: &[u8; BOUNDARY_LEN]) -> &[u8] {
    boundary.get(BOUNDARY_PREFIX.len()..BOUNDARY_PREFIX.len() + 8).unwrap_or(boundary)
}

fn put(out: &mut Vec<u8>, pieces: &[&str]) {
    for piece in pieces {
        out.extend_from_slice(piece.as_bytes());
    }
}

fn digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

fn put_decimal(out: &mut Vec<u8>, mut number: usize) {
    let mut text = [b'0'; 20];
    let mut start = text.len();
    for place in text.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
        start -= 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(text.get(start..).unwrap_or_default());
}
