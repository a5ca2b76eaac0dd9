//! Parses a batch request. This parser is independent of the client's reader of responses, so that a test against the
//! mock does not compare code with itself. It refuses what servers refuse, and must not accept a body that only looks
//! like a batch.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use memchr::{memchr, memmem};

use crate::reply::{MockError, MockResult};

/// One part of the outer body.
#[derive(Debug)]
pub(crate) struct Part {
    /// The value of `Content-ID` as sent.
    pub(crate) content_id: Option<String>,
    /// The bytes between the part's headers and the next boundary.
    pub(crate) content: Bytes,
}

/// The HTTP request inside a part.
#[derive(Debug)]
pub(crate) struct InnerRequest {
    pub(crate) verb: String,
    /// The path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The boundary in a `Content-Type`, which must be of the expected type, such as `multipart/mixed`.
pub(crate) fn boundary(content_type: &str, expected: &str) -> Result<String, String> {
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !kind.trim().eq_ignore_ascii_case(expected) {
        return Err(format!("the content type is `{}`, not {expected}", kind.trim()));
    }
    let mut rest = parameters;
    while let Some((name, value)) = rest.split_once('=') {
        let value = value.trim_start();
        let (value, tail) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("the content type has an unclosed quote")?,
            None => value.split_once(';').unwrap_or((value, "")),
        };
        if name.trim_matches(|c: char| c == ';' || c.is_whitespace()).eq_ignore_ascii_case("boundary") {
            return match value.trim_end() {
                "" => Err("the boundary is empty".to_owned()),
                long if long.len() > 70 => Err("the boundary is longer than 70 characters".to_owned()),
                value => Ok(value.to_owned()),
            };
        }
        rest = tail;
    }
    Err("the content type has no boundary".to_owned())
}

/// The parts of a batch. `strict` refuses lines that end in LF only.
pub(crate) fn split(boundary: &str, body: &Bytes, strict: bool) -> Result<Vec<Part>, String> {
    let parts = pieces(boundary, body, strict)?.into_iter().enumerate();
    parts.map(|(at, piece)| part(piece, strict).map_err(|error| format!("part {at}: {error}"))).collect()
}

/// The parts of an upload with metadata (RFC 2387), each as its headers and content.
pub(crate) fn related(content_type: &str, body: &Bytes) -> Result<Vec<(HeaderMap, Bytes)>, String> {
    let boundary = boundary(content_type, "multipart/related")?;
    let split = |piece: Bytes| headers(&piece, 0, false).map(|(headers, at)| (headers, piece.slice(at..)));
    pieces(&boundary, body, false)?.into_iter().map(split).collect()
}

/// The bytes between boundaries.
fn pieces(boundary: &str, body: &Bytes, strict: bool) -> Result<Vec<Bytes>, String> {
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut open: Option<usize> = None;
    for at in memmem::find_iter(body, delimiter.as_bytes()) {
        if at > 0 && body.get(at - 1) != Some(&b'\n') {
            continue;
        }
        let after = body.get(at + delimiter.len()..).unwrap_or_default();
        let Some(line) = Delimiter::read(after) else { continue };
        if let Some(start) = open {
            let end = before_break(body, start, at, strict)?;
            parts.push(body.slice(start..end));
        }
        if line.closing {
            return Ok(parts);
        }
        if strict && !line.crlf {
            return Err("a boundary line does not end in CRLF".to_owned());
        }
        open = Some(at + delimiter.len() + line.length);
    }
    match open {
        Some(_) => Err("the closing boundary is missing".to_owned()),
        None => Err("the body has no boundary line".to_owned()),
    }
}

/// What follows the boundary in its line.
struct Delimiter {
    closing: bool,
    crlf: bool,
    length: usize,
}

impl Delimiter {
    /// `None` if the line continues: it is then text that only begins like a boundary.
    fn read(after: &[u8]) -> Option<Self> {
        let closing = after.starts_with(b"--");
        let mut length = if closing { 2 } else { 0 };
        while matches!(after.get(length), Some(b' ' | b'\t')) {
            length += 1;
        }
        match (after.get(length), after.get(length + 1)) {
            (Some(b'\r'), Some(b'\n')) => Some(Delimiter { closing, crlf: true, length: length + 2 }),
            (Some(b'\n'), _) => Some(Delimiter { closing, crlf: false, length: length + 1 }),
            (None, _) if closing => Some(Delimiter { closing, crlf: true, length }),
            _ => None,
        }
    }
}

/// The end of a part whose next boundary line begins at `at`. The line break before that line belongs to the boundary.
fn before_break(body: &[u8], start: usize, at: usize, strict: bool) -> Result<usize, String> {
    if at <= start {
        return Ok(start);
    }
    match at.checked_sub(2).and_then(|two| body.get(two)) {
        Some(b'\r') if at - 2 >= start => Ok(at - 2),
        _ if strict => Err("a line before a boundary does not end in CRLF".to_owned()),
        _ => Ok(at - 1),
    }
}

fn part(bytes: Bytes, strict: bool) -> Result<Part, String> {
    let (headers, content) = headers(&bytes, 0, strict)?;
    let kind =
        headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let plain = kind.split(';').next().unwrap_or_default().trim();
    if !plain.eq_ignore_ascii_case("application/http") {
        return Err(format!("the content type is `{kind}`, not application/http"));
    }
    let content_id = headers.get("content-id").map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    Ok(Part { content_id, content: bytes.slice(content..) })
}

/// The request inside a part.
pub(crate) fn inner(content: &Bytes, strict: bool) -> MockResult<InnerRequest> {
    let refuse =
        |message: String| MockError::new(400, "badRequest", format!("Malformed inner request: {message}"));
    let end = memchr(b'\n', content).unwrap_or(content.len());
    let line = content.get(..end).unwrap_or_default();
    let line =
        std::str::from_utf8(line).map_err(|_| refuse("the request line is not valid UTF-8".to_owned()))?;
    let (line, crlf) = line.strip_suffix('\r').map_or((line, false), |line| (line, true));
    if strict && !crlf {
        return Err(refuse("the request line does not end in CRLF".to_owned()));
    }
    let (verb, target) = request_line(line, strict).map_err(refuse)?;
    let (headers, start) = if end < content.len() {
        headers(content, end + 1, strict).map_err(refuse)?
    } else if strict {
        return Err(refuse("the headers do not end in a blank line".to_owned()));
    } else {
        (HeaderMap::new(), content.len())
    };
    let body = sized(&headers, content.slice(start.min(content.len())..), strict).map_err(refuse)?;
    Ok(InnerRequest { verb: verb.to_owned(), target: target.to_owned(), headers, body })
}

fn request_line(line: &str, strict: bool) -> Result<(&str, &str), String> {
    let mut words = line.split(' ');
    let (Some(verb), Some(target), version, None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(format!("`{line}` is not a request line"));
    };
    if verb.is_empty() || !verb.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(format!("`{verb}` is not an HTTP method"));
    }
    match version {
        Some("HTTP/1.1" | "HTTP/1.0") => {}
        // The samples in the guides omit the version.
        None if !strict => {}
        other => return Err(format!("`{}` is not an HTTP version", other.unwrap_or_default())),
    }
    if !target.starts_with('/') || target.starts_with("//") {
        return Err(format!("only path and query are allowed, not `{target}`"));
    }
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) || target.contains('#') {
        return Err(format!("`{target}` is not a path and query"));
    }
    Ok((verb, target))
}

/// The header lines from `start` on, and the offset after their blank line.
fn headers(bytes: &Bytes, start: usize, strict: bool) -> Result<(HeaderMap, usize), String> {
    let mut map = HeaderMap::new();
    let mut last: Option<(HeaderName, Vec<u8>)> = None;
    let mut at = start;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(end) = memchr(b'\n', rest) else {
            if strict {
                return Err("the headers do not end in a blank line".to_owned());
            }
            header_line(rest, &mut map, &mut last)?;
            store(&mut map, last)?;
            return Ok((map, bytes.len()));
        };
        let line = rest.get(..end).unwrap_or_default();
        at += end + 1;
        let line = match line.strip_suffix(b"\r") {
            Some(line) => line,
            None if strict => return Err("a header line does not end in CRLF".to_owned()),
            None => line,
        };
        if line.is_empty() {
            store(&mut map, last)?;
            return Ok((map, at));
        }
        header_line(line, &mut map, &mut last)?;
    }
}

/// Parses one line: a header or, if the line begins with white space, a continuation of the last value.
fn header_line(
    line: &[u8],
    map: &mut HeaderMap,
    last: &mut Option<(HeaderName, Vec<u8>)>,
) -> Result<(), String> {
    let line = line.trim_ascii_end();
    if line.is_empty() {
        return Ok(());
    }
    if let (Some(b' ' | b'\t'), Some((_, value))) = (line.first(), last.as_mut()) {
        value.push(b' ');
        value.extend_from_slice(line.trim_ascii_start());
        return Ok(());
    }
    let shown = || String::from_utf8_lossy(line).into_owned();
    let colon = memchr(b':', line).ok_or_else(|| format!("the header line `{}` has no colon", shown()))?;
    let (name, value) = line.split_at(colon);
    let name = HeaderName::from_bytes(name).map_err(|_| format!("`{}` is not a header", shown()))?;
    let value = value.get(1..).unwrap_or_default().trim_ascii_start().to_vec();
    store(map, last.replace((name, value)))
}

fn store(map: &mut HeaderMap, header: Option<(HeaderName, Vec<u8>)>) -> Result<(), String> {
    if let Some((name, value)) = header {
        let value =
            HeaderValue::from_bytes(&value).map_err(|_| format!("the value of `{name}` is not allowed"))?;
        map.append(name, value);
    }
    Ok(())
}

/// The body, whose length in bytes `Content-Length` states. Only a line break may follow it. Without a length,
/// `strict` reads no body, as do servers that pass the part to an HTTP parser.
fn sized(headers: &HeaderMap, rest: Bytes, strict: bool) -> Result<Bytes, String> {
    let Some(length) = headers.get(http::header::CONTENT_LENGTH) else {
        let blank = rest.iter().all(u8::is_ascii_whitespace);
        return Ok(if strict || blank { Bytes::new() } else { rest });
    };
    let length = length
        .to_str()
        .ok()
        .and_then(|text| text.parse::<usize>().ok())
        .ok_or("Content-Length is not a number")?;
    let tail = rest
        .get(length..)
        .ok_or_else(|| format!("Content-Length is {length}, but the body has {} bytes", rest.len()))?;
    if tail.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
        return Err(format!("Content-Length is {length}, but the body has {} bytes", rest.len()));
    }
    Ok(rest.slice(..length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = "multipart/mixed";

    fn parts(body: &'static str, strict: bool) -> Result<Vec<Part>, String> {
        split("b", &Bytes::from_static(body.as_bytes()), strict)
    }

    #[test]
    fn boundaries() {
        assert_eq!(boundary("multipart/mixed; boundary=b", MIXED), Ok("b".to_owned()));
        assert_eq!(
            boundary("Multipart/Mixed; charset=UTF-8; Boundary=\"a=;b\"", MIXED),
            Ok("a=;b".to_owned())
        );
        assert_eq!(boundary("multipart/mixed; boundary==a=", MIXED), Ok("=a=".to_owned()));
        for bad in [
            "",
            "application/json",
            "multipart/mixed",
            "multipart/mixed; boundary=",
            "multipart/mixed; boundary=\"x",
        ] {
            assert!(boundary(bad, MIXED).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_between_boundary_lines() {
        let body = "preamble\r\n--b\r\nContent-Type: application/http\r\nContent-ID: <1>\r\n\r\nGET /a HTTP/1.1\r\n\r\n\r\n\
                    --b \r\nContent-Type: application/http; charset=x\r\n\r\n--bb in text\r\n--b--\r\nepilogue";
        let parts = parts(body, true).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].content_id.as_deref(), Some("<1>"));
        assert_eq!(parts[0].content, "GET /a HTTP/1.1\r\n\r\n");
        assert_eq!(parts[1].content, "--bb in text");
    }

    #[test]
    fn what_is_refused() {
        assert!(parts("", false).is_err());
        assert!(parts("--b\r\n\r\n", false).unwrap_err().contains("closing"));
        assert!(parts("--b\r\n\r\nx\r\n--b--", false).unwrap_err().contains("application/http"));
        assert!(parts("--b\r\nnonsense\r\n\r\nx\r\n--b--", false).unwrap_err().contains("colon"));
        let lf = "--b\nContent-Type: application/http\n\nGET / HTTP/1.1\n\n--b--\n";
        assert_eq!(parts(lf, false).unwrap().len(), 1);
        assert!(parts(lf, true).is_err());
        assert!(parts("--b--", true).unwrap().is_empty());
    }

    #[test]
    fn inner_requests() {
        let read = |text: &'static str, strict| inner(&Bytes::from_static(text.as_bytes()), strict);
        let call = read("POST /a?b=c HTTP/1.1\r\nContent-Length: 2\r\nX: a\r\n\tb\r\n\r\n{}", true).unwrap();
        assert_eq!(
            (call.verb.as_str(), call.target.as_str(), &call.body[..]),
            ("POST", "/a?b=c", &b"{}"[..])
        );
        assert_eq!(call.headers["x"], "a b");
        assert_eq!(read("GET /a", false).unwrap().target, "/a");
        for bad in [
            "GET http://host/a HTTP/1.1\r\n\r\n",
            "GET //host/a HTTP/1.1\r\n\r\n",
            "get /a HTTP/1.1\r\n\r\n",
            "GET /a b HTTP/1.1\r\n\r\n",
            "GET /a HTTP/1.1\r\nno colon\r\n\r\n",
            "GET /a HTTP/1.1\r\nBad Name: x\r\n\r\n",
            "PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}",
            "PUT /a HTTP/1.1\r\nContent-Length: 1\r\n\r\n{}",
            "PUT /a HTTP/1.1\r\nContent-Length: x\r\n\r\n{}",
        ] {
            assert!(read(bad, false).is_err(), "{bad}");
        }
        assert_eq!(read("PUT /a HTTP/1.1\r\n\r\n{}", false).unwrap().body, "{}");
        assert_eq!(read("PUT /a HTTP/1.1\r\n\r\n{}", true).unwrap().body, "");
    }

    proptest::proptest! {
        #[test]
        fn no_input_panics(text in "(--b(--)?|[ \t]|\r?\n|Content-(Type|Length|ID): ?|application/http|[0-9]{1,3}|GET /a HTTP/1.1|\\PC){0,40}") {
            for strict in [false, true] {
                for part in split("b", &Bytes::from(text.clone()), strict).unwrap_or_default() {
                    let _ = inner(&part.content, strict);
                }
                let _ = inner(&Bytes::from(text.clone()), strict);
            }
            let _ = boundary(&text, MIXED);
        }
    }
}
