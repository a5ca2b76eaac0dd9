//! Writes the response to a batch as real servers write it, or with the errors that faults require.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::header;

use crate::effect::{CallEffects, Form, Ids, Order, ResponseEffects, Way};
use crate::random::scramble;
use crate::reply::MockResponse;

/// Headers that Google's servers add to every inner response, one of them three times.
const VARY: &str = "Vary: Origin\nVary: X-Origin\nVary: Referer\n";

/// An HTTP response and how it is sent.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: MockResponse,
    /// The offsets of the parts of a batch in the body.
    breaks: Vec<usize>,
    pub(crate) way: Way,
}

impl Answer {
    pub(crate) fn new(response: MockResponse) -> Self {
        Answer { response, breaks: Vec::new(), way: Way::default() }
    }

    /// Applies the effects on the whole HTTP response, after those on its content.
    pub(crate) fn spoil(&mut self, effects: ResponseEffects) {
        if effects.gzip {
            self.gzip();
        }
        if let Some(end) = effects.end_at {
            self.response.body.truncate(end);
        }
        self.way = Way { close: self.way.close || effects.way.close, ..effects.way };
    }

    /// The chunks in which the body is sent, each with the delay before it.
    pub(crate) fn take_pieces(&mut self) -> VecDeque<(Duration, Bytes)> {
        let mut body = std::mem::take(&mut self.response.body);
        body.truncate(self.way.cut.unwrap_or(body.len()));
        let mut ends = if self.way.part_delay.is_zero() { Vec::new() } else { self.breaks.clone() };
        if let Some(piece) = self.way.pieces {
            ends.extend((piece..body.len()).step_by(piece));
        }
        ends.push(body.len());
        ends.sort_unstable();
        let mut pieces = VecDeque::new();
        let mut start = 0;
        for end in ends.into_iter().filter(|end| *end <= body.len()) {
            if end > start {
                let paused = self.breaks.binary_search(&start).is_ok();
                let pause = if paused { self.way.part_delay } else { Duration::ZERO };
                pieces.push_back((pause, body.slice(start..end)));
                start = end;
            }
        }
        pieces
    }

    fn gzip(&mut self) {
        use std::io::Write as _;
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        // Writing to memory does not fail. If it did, the response would stay uncompressed.
        if let Ok(packed) = writer.write_all(&self.response.body).and_then(|()| writer.finish()) {
            self.response.body = packed.into();
            self.response.headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
            self.breaks.clear();
        }
    }
}

/// A call and its response.
pub(crate) struct Answered {
    pub(crate) content_id: Option<String>,
    pub(crate) response: MockResponse,
    pub(crate) effects: CallEffects,
}

/// The whole response, with the parts in order unless a fault changes it.
pub(crate) fn batch(mut parts: Vec<Answered>, seed: u64, form: &Form) -> Answer {
    reorder(&mut parts, &form.order);
    let boundary = boundary(&parts, seed, form);
    let (body, breaks) = write_parts(&parts, &boundary, form);
    let named = if form.quoted_boundary { format!("\"{boundary}\"") } else { boundary };
    let response = MockResponse::new(200)
        .with_header("content-type", &format!("multipart/mixed; boundary={named}"))
        .with_header("vary", "Origin")
        .with_header("vary", "X-Origin")
        .with_header("vary", "Referer")
        .with_body(body);
    Answer { breaks, ..Answer::new(response) }
}

/// A boundary that does not occur in the parts.
fn boundary(parts: &[Answered], seed: u64, form: &Form) -> String {
    let mark = if form.quoted_boundary { "=_" } else { "" };
    let mut tries = seed;
    loop {
        let boundary = format!("batch_{mark}{:016x}{:016x}", scramble(tries), scramble(!tries));
        let clashes =
            |part: &Answered| memchr::memmem::find(&part.response.body, boundary.as_bytes()).is_some();
        if !parts.iter().any(clashes) {
            return boundary;
        }
        tries = tries.wrapping_add(1);
    }
}

/// The body, and the offsets of the parts in it.
fn write_parts(parts: &[Answered], boundary: &str, form: &Form) -> (Vec<u8>, Vec<usize>) {
    let mut body = Vec::with_capacity(parts.iter().map(|part| part.response.body.len() + 320).sum());
    let mut breaks = Vec::new();
    if form.surrounded {
        line(&mut body, form, "This text stands before the first part.");
    }
    for part in parts.iter().filter(|part| !part.effects.dropped) {
        for _ in 0..=usize::from(part.effects.duplicated) {
            breaks.push(body.len());
            line(&mut body, form, &format!("--{boundary}"));
            write_part(&mut body, part, form);
            line(&mut body, form, "");
        }
    }
    body.extend_from_slice(format!("--{boundary}--").as_bytes());
    if !form.no_final_break {
        line(&mut body, form, "");
    }
    if form.surrounded {
        line(&mut body, form, "This text stands after the last part.");
    }
    (body, breaks)
}

fn reorder(parts: &mut [Answered], orders: &[Order]) {
    for order in orders {
        match order {
            Order::Reverse => parts.reverse(),
            Order::Shuffle(seed) => {
                for last in (1..parts.len()).rev() {
                    let other = scramble(seed ^ scramble(last as u64)) % (last as u64 + 1);
                    parts.swap(last, usize::try_from(other).unwrap_or(0));
                }
            }
        }
    }
}

fn line(out: &mut Vec<u8>, form: &Form, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(if form.lf { b"\n" } else { b"\r\n" });
}

/// The header in the response for the id of a request: `Content-ID: <response-X>` for `<X>`.
fn response_id(id: &str, ids: Ids) -> Option<String> {
    let bare = id.trim();
    let bare = bare.strip_prefix('<').and_then(|bare| bare.strip_suffix('>')).unwrap_or(bare);
    match ids {
        Ids::Usual => Some(format!("Content-ID: <response-{bare}>")),
        Ids::Plain => Some(format!("Content-Id: {bare}")),
        Ids::None => None,
    }
}

fn write_part(out: &mut Vec<u8>, part: &Answered, form: &Form) {
    let (response, effects) = (&part.response, &part.effects);
    if let Some(raw) = &effects.raw {
        out.extend_from_slice(raw);
        return;
    }
    line(out, form, "Content-Type: application/http");
    if let Some(id) = part.content_id.as_deref().and_then(|id| response_id(id, form.ids)) {
        line(out, form, &id);
    }
    if !effects.no_blank_line {
        line(out, form, "");
    }
    line(out, form, &status_line(response.status, effects));
    write_headers(out, part, form);
    let body = if effects.garbled_json { garbled(&response.body) } else { response.body.clone() };
    if !body.is_empty() || response.status != http::StatusCode::NO_CONTENT {
        let length = i64::try_from(body.len()).unwrap_or(i64::MAX);
        line(out, form, &format!("Content-Length: {}", length.saturating_add(effects.length_off).max(0)));
    }
    if body.is_empty() && effects.unfinished_head {
        return;
    }
    line(out, form, "");
    out.extend_from_slice(&body);
}

fn status_line(status: http::StatusCode, effects: &CallEffects) -> String {
    if effects.garbled_status_line {
        return "HTTP/one.one two hundred".to_owned();
    }
    match status.canonical_reason() {
        Some(reason) if !effects.no_reason => format!("HTTP/1.1 {} {reason}", status.as_str()),
        _ => format!("HTTP/1.1 {}", status.as_str()),
    }
}

fn write_headers(out: &mut Vec<u8>, part: &Answered, form: &Form) {
    let headers = &part.response.headers;
    for (name, value) in headers {
        out.extend_from_slice(spelled(name.as_str()).as_bytes());
        let spoilt = part.effects.no_colon && name == header::CONTENT_TYPE;
        out.extend_from_slice(if spoilt { b" " } else { b": " });
        out.extend_from_slice(value.as_bytes());
        line(out, form, "");
    }
    if !headers.contains_key(header::VARY) {
        VARY.lines().for_each(|vary| line(out, form, vary));
    }
}

/// A body that ends in the middle of its JSON.
pub(crate) fn garbled(body: &Bytes) -> Bytes {
    if body.len() < 2 { Bytes::from_static(b"{\"") } else { body.slice(..body.len() / 2) }
}

/// Spells a header name as servers do: `Retry-After` for `retry-after`.
fn spelled(name: &str) -> String {
    let mut start = true;
    let mut capital = |letter: char| {
        let raised = if start { letter.to_ascii_uppercase() } else { letter };
        start = letter == '-';
        raised
    };
    name.chars().map(&mut capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(form: &Form, effects: CallEffects) -> String {
        let part = Answered {
            content_id: Some("<a+1>".to_owned()),
            response: MockResponse::new(200).with_header("content-type", "text/plain").with_body("body"),
            effects,
        };
        let answer = batch(vec![part], 0, form);
        String::from_utf8(answer.response.body.to_vec()).unwrap()
    }

    fn form(change: impl FnOnce(&mut Form)) -> String {
        let mut form = Form::default();
        change(&mut form);
        text(&form, CallEffects::default())
    }

    fn part(change: impl FnOnce(&mut CallEffects)) -> String {
        let mut effects = CallEffects::default();
        change(&mut effects);
        text(&Form::default(), effects)
    }

    #[test]
    fn the_usual_form() {
        let boundary = format!("batch_{:016x}{:016x}", scramble(0), scramble(!0));
        let expected = format!(
            "--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <response-a+1>\r\n\r\nHTTP/1.1 200 OK\r\n\
             Content-Type: text/plain\r\nVary: Origin\r\nVary: X-Origin\r\nVary: Referer\r\nContent-Length: 4\r\n\r\n\
             body\r\n--{boundary}--\r\n"
        );
        assert_eq!(form(|_| {}), expected);
        assert_eq!(form(|form| form.lf = true), expected.replace("\r\n", "\n"));
    }

    #[test]
    fn spoilt_forms() {
        assert!(!form(|form| form.ids = Ids::None).contains("Content-ID"));
        assert!(form(|form| form.ids = Ids::Plain).contains("\r\nContent-Id: a+1\r\n"));
        assert!(form(|form| form.quoted_boundary = true).starts_with("--batch_=_"));
        assert!(form(|form| form.surrounded = true).starts_with("This"));
        assert!(form(|form| form.no_final_break = true).ends_with("--"));
    }

    #[test]
    fn spoilt_parts() {
        assert_eq!(part(|part| part.duplicated = true).matches("body").count(), 2);
        assert!(!part(|part| part.dropped = true).contains("body"));
        assert!(part(|part| part.garbled_json = true).contains("\r\n\r\nbo\r\n--"));
        assert!(part(|part| part.length_off = -1).contains("Content-Length: 3"));
        assert!(part(|part| part.no_colon = true).contains("Content-Type text/plain"));
        assert!(part(|part| part.no_reason = true).contains("HTTP/1.1 200\r\n"));
        assert!(part(|part| part.no_blank_line = true).contains("a+1>\r\nHTTP/1.1"));
        assert!(part(|part| part.garbled_status_line = true).contains("HTTP/one"));
        assert!(part(|part| part.raw = Some("xyz".into())).contains("\r\nxyz\r\n--"));
    }
}
