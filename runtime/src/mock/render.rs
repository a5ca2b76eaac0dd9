//! Writes the answer to a batch as servers write it, and as faults want it spoilt.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::header;

use super::fault::Effect;
use super::reply::MockResponse;
use super::script::scramble;

/// Headers that Google's servers add to every inner response, one of them three times.
const VARY: &str = "Vary: Origin\nVary: X-Origin\nVary: Referer\n";

/// An HTTP response and how it goes out.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) response: MockResponse,
    /// Where parts begin in the body, if there is a pause before each.
    pub(super) breaks: Vec<usize>,
    pub(super) pause: Duration,
    pub(super) delay: Duration,
    pub(super) pieces: Option<usize>,
    pub(super) cut: Option<usize>,
    pub(super) close: bool,
}

impl Answer {
    pub(super) fn new(response: MockResponse) -> Self {
        Answer {
            response,
            breaks: Vec::new(),
            pause: Duration::ZERO,
            delay: Duration::ZERO,
            pieces: None,
            cut: None,
            close: false,
        }
    }

    /// Applies what concerns any HTTP response, after all that concerns its content.
    pub(super) fn spoil(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Close => self.close = true,
                Effect::Delay(time) => self.delay += *time,
                Effect::PartDelay(time) => self.pause = *time,
                Effect::Pieces(bytes) => self.pieces = Some(*bytes),
                Effect::Cut(bytes) => self.cut = Some(*bytes),
                Effect::EndAt(bytes) => self.response.body.truncate(*bytes),
                Effect::Gzip => self.gzip(),
                _ => {}
            }
        }
    }

    /// The body in the pieces in which it goes out, each with the pause before it.
    pub(super) fn take_pieces(&mut self) -> VecDeque<(Duration, Bytes)> {
        let mut body = std::mem::take(&mut self.response.body);
        body.truncate(self.cut.unwrap_or(body.len()));
        let mut ends = if self.pause.is_zero() { Vec::new() } else { self.breaks.clone() };
        if let Some(piece) = self.pieces {
            ends.extend((piece..body.len()).step_by(piece));
        }
        ends.push(body.len());
        ends.sort_unstable();
        let mut pieces = VecDeque::new();
        let mut start = 0;
        for end in ends.into_iter().filter(|end| *end <= body.len()) {
            if end > start {
                let paused = self.breaks.binary_search(&start).is_ok();
                let pause = if paused { self.pause } else { Duration::ZERO };
                pieces.push_back((pause, body.slice(start..end)));
                start = end;
            }
        }
        pieces
    }

    fn gzip(&mut self) {
        use std::io::Write as _;
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        // Writing to memory does not fail; if it did, the answer would stay as it is.
        if let Ok(packed) = writer.write_all(&self.response.body).and_then(|()| writer.finish()) {
            self.response.body = packed.into();
            self.response.headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
            self.breaks.clear();
        }
    }
}

/// One answered call.
pub(super) struct Answered {
    pub(super) content_id: Option<String>,
    pub(super) response: MockResponse,
    pub(super) effects: Vec<Effect>,
}

/// How parts are written, from the faults of the response.
struct Form {
    eol: &'static str,
    ids: Ids,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ids {
    Usual,
    None,
    Plain,
}

/// The whole answer: parts in order, unless a fault changes it.
pub(super) fn batch(mut parts: Vec<Answered>, seed: u64, effects: &[Effect]) -> Answer {
    let has = |wanted: fn(&Effect) -> bool| effects.iter().any(wanted);
    let form = Form {
        eol: if has(|effect| matches!(effect, Effect::Lf)) { "\n" } else { "\r\n" },
        ids: match () {
            () if has(|effect| matches!(effect, Effect::NoContentIds)) => Ids::None,
            () if has(|effect| matches!(effect, Effect::PlainContentIds)) => Ids::Plain,
            () => Ids::Usual,
        },
    };
    reorder(&mut parts, effects);
    let quoted = has(|effect| matches!(effect, Effect::QuotedBoundary));
    let (boundary, body, breaks) = loop_boundary(&parts, seed, quoted, &form, effects);
    let named = if quoted { format!("\"{boundary}\"") } else { boundary };
    let response = MockResponse::new(200)
        .with_header("content-type", &format!("multipart/mixed; boundary={named}"))
        .with_header("vary", "Origin")
        .with_header("vary", "X-Origin")
        .with_header("vary", "Referer")
        .with_body(body);
    Answer { breaks, ..Answer::new(response) }
}

/// Writes the parts with a boundary that occurs in none of them.
fn loop_boundary(
    parts: &[Answered],
    seed: u64,
    quoted: bool,
    form: &Form,
    effects: &[Effect],
) -> (String, Vec<u8>, Vec<usize>) {
    let mut tries = seed;
    let boundary = loop {
        let mark = if quoted { "=_" } else { "" };
        let boundary = format!("batch_{mark}{:016x}{:016x}", scramble(tries), scramble(!tries));
        let clashes =
            |part: &Answered| memchr::memmem::find(&part.response.body, boundary.as_bytes()).is_some();
        if !parts.iter().any(clashes) {
            break boundary;
        }
        tries = tries.wrapping_add(1);
    };
    let mut body = Vec::with_capacity(parts.iter().map(|part| part.response.body.len() + 320).sum());
    let mut breaks = Vec::new();
    let surround = effects.iter().any(|effect| matches!(effect, Effect::Surround));
    if surround {
        line(&mut body, form, "This text stands before the first part.");
    }
    for part in parts {
        if part.effects.iter().any(|effect| matches!(effect, Effect::Drop)) {
            continue;
        }
        let twice = part.effects.iter().any(|effect| matches!(effect, Effect::Duplicate));
        for _ in 0..=usize::from(twice) {
            breaks.push(body.len());
            line(&mut body, form, &format!("--{boundary}"));
            write_part(&mut body, part, form);
            line(&mut body, form, "");
        }
    }
    body.extend_from_slice(format!("--{boundary}--").as_bytes());
    if !effects.iter().any(|effect| matches!(effect, Effect::NoFinalBreak)) {
        line(&mut body, form, "");
    }
    if surround {
        line(&mut body, form, "This text stands after the last part.");
    }
    (boundary, body, breaks)
}

fn reorder(parts: &mut [Answered], effects: &[Effect]) {
    for effect in effects {
        match effect {
            Effect::Reverse => parts.reverse(),
            Effect::Shuffle(seed) => {
                for last in (1..parts.len()).rev() {
                    let other = scramble(seed ^ scramble(last as u64)) % (last as u64 + 1);
                    parts.swap(last, usize::try_from(other).unwrap_or(0));
                }
            }
            _ => {}
        }
    }
}

fn line(out: &mut Vec<u8>, form: &Form, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(form.eol.as_bytes());
}

/// The id that answers a request's id: `<response-X>` for `<X>`.
fn response_id(id: &str, form: &Form) -> String {
    let bare = id.trim();
    let bare = bare.strip_prefix('<').and_then(|bare| bare.strip_suffix('>')).unwrap_or(bare);
    match form.ids {
        Ids::Plain => format!("Content-Id: {bare}"),
        Ids::Usual | Ids::None => format!("Content-ID: <response-{bare}>"),
    }
}

fn write_part(out: &mut Vec<u8>, part: &Answered, form: &Form) {
    let has = |wanted: fn(&Effect) -> bool| part.effects.iter().any(wanted);
    if let Some(raw) =
        part.effects.iter().find_map(|effect| if let Effect::Part(raw) = effect { Some(raw) } else { None })
    {
        out.extend_from_slice(raw);
        return;
    }
    line(out, form, "Content-Type: application/http");
    if let (Some(id), true) = (&part.content_id, form.ids != Ids::None) {
        line(out, form, &response_id(id, form));
    }
    if !has(|effect| matches!(effect, Effect::NoBlankLine)) {
        line(out, form, "");
    }
    let response = &part.response;
    let reason =
        response.status.canonical_reason().filter(|_| !has(|effect| matches!(effect, Effect::NoReason)));
    match reason {
        _ if has(|effect| matches!(effect, Effect::GarbleStatusLine)) => {
            line(out, form, "HTTP/one.one two hundred")
        }
        Some(reason) => line(out, form, &format!("HTTP/1.1 {} {reason}", response.status.as_str())),
        None => line(out, form, &format!("HTTP/1.1 {}", response.status.as_str())),
    }
    let colon = if has(|effect| matches!(effect, Effect::NoColon)) { " " } else { ": " };
    for (name, value) in &response.headers {
        let name =
            if name == header::CONTENT_TYPE { "Content-Type".to_owned() } else { spelled(name.as_str()) };
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(if name == "Content-Type" { colon } else { ": " }.as_bytes());
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(form.eol.as_bytes());
    }
    if !response.headers.contains_key(header::VARY) {
        VARY.lines().for_each(|vary| line(out, form, vary));
    }
    let body = garbled(part);
    if !body.is_empty() || response.status != http::StatusCode::NO_CONTENT {
        let off = part
            .effects
            .iter()
            .map(|effect| if let Effect::LengthOff(by) = effect { *by } else { 0 })
            .sum::<i64>();
        let length = i64::try_from(body.len()).unwrap_or(i64::MAX).saturating_add(off).max(0);
        line(out, form, &format!("Content-Length: {length}"));
    }
    if body.is_empty() && has(|effect| matches!(effect, Effect::ShortHead)) {
        return;
    }
    line(out, form, "");
    out.extend_from_slice(&body);
}

/// The body, its second half missing if a fault says so.
pub(super) fn garbled(part: &Answered) -> Bytes {
    let body = &part.response.body;
    if part.effects.iter().any(|effect| matches!(effect, Effect::GarbleJson)) {
        return if body.len() < 2 { Bytes::from_static(b"{\"") } else { body.slice(..body.len() / 2) };
    }
    body.clone()
}

/// A header name as servers write it: `retry-after` as `Retry-After`.
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

    fn text(effects: &[Effect], call: &[Effect]) -> String {
        let part = Answered {
            content_id: Some("<a+1>".to_owned()),
            response: MockResponse::new(200).with_header("content-type", "text/plain").with_body("body"),
            effects: call.to_vec(),
        };
        let answer = batch(vec![part], 0, effects);
        String::from_utf8(answer.response.body.to_vec()).unwrap()
    }

    #[test]
    fn the_usual_form() {
        let boundary = format!("batch_{:016x}{:016x}", scramble(0), scramble(!0));
        let expected = format!(
            "--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <response-a+1>\r\n\r\nHTTP/1.1 200 OK\r\n\
             Content-Type: text/plain\r\nVary: Origin\r\nVary: X-Origin\r\nVary: Referer\r\nContent-Length: 4\r\n\r\n\
             body\r\n--{boundary}--\r\n"
        );
        assert_eq!(text(&[], &[]), expected);
        assert_eq!(text(&[Effect::Lf], &[]), expected.replace("\r\n", "\n"));
    }

    #[test]
    fn spoilt_forms() {
        assert!(!text(&[Effect::NoContentIds], &[]).contains("Content-ID"));
        assert!(text(&[Effect::PlainContentIds], &[]).contains("\r\nContent-Id: a+1\r\n"));
        assert!(text(&[Effect::QuotedBoundary], &[]).starts_with("--batch_=_"));
        assert!(text(&[Effect::Surround], &[]).starts_with("This"));
        assert!(text(&[Effect::NoFinalBreak], &[]).ends_with("--"));
        assert_eq!(text(&[], &[Effect::Duplicate]).matches("body").count(), 2);
        assert!(!text(&[], &[Effect::Drop]).contains("body"));
        assert!(text(&[], &[Effect::GarbleJson]).contains("\r\n\r\nbo\r\n--"));
        assert!(text(&[], &[Effect::LengthOff(-1)]).contains("Content-Length: 3"));
        assert!(text(&[], &[Effect::NoColon]).contains("Content-Type text/plain"));
        assert!(text(&[], &[Effect::NoReason]).contains("HTTP/1.1 200\r\n"));
        assert!(text(&[], &[Effect::NoBlankLine]).contains("a+1>\r\nHTTP/1.1"));
        assert!(text(&[], &[Effect::GarbleStatusLine]).contains("HTTP/one"));
        assert!(text(&[], &[Effect::Part("xyz".into())]).contains("\r\nxyz\r\n--"));
    }
}
