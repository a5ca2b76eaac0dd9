//! Properties that the codec must have for any bytes, for the fuzz targets and the property tests.
//!
//! The reference implementation is independent of the codec and as simple as possible: it sees the whole input at
//! once, reads line by line, and copies. Each function panics if the codec violates a property.

use bytes::Bytes;

use super::{BatchWriter, Part, PartRequest, ReadError, ReadLimits, Reader, boundary};

/// Checks the reader on a response in chunks. The first bytes choose the limits and the chunk sizes; the boundary is
/// `B`.
pub fn reader(data: &[u8]) {
    let Some((control, response)) = data.split_first_chunk::<4>() else { return };
    let seed = u32::from_le_bytes(*control);
    let limits = match seed % 4 {
        0 => ReadLimits { part_bytes: 64, headers_per_part: 4, total_bytes: 1 << 20 },
        1 => ReadLimits { total_bytes: 100, ..ReadLimits::default() },
        _ => ReadLimits::default(),
    };
    let (whole, error) = read(limits, [response]);
    let mut rng = fastrand::Rng::with_seed(u64::from(seed));
    let largest = rng.usize(1..=64);
    let mut chunks = Vec::new();
    let mut rest = response;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rng.usize(0..=largest).min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    let (chunked, chunked_error) = read(limits, chunks);
    assert_eq!(error, chunked_error);
    assert_eq!(whole.len(), chunked.len());
    for (one, other) in whole.iter().zip(&chunked) {
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!(one.raw, other.raw);
    }
    assert!(whole.iter().enumerate().all(|(order, part)| part.order == order));
    if limits == ReadLimits::default() {
        compare_with_oracle(response, &whole, error.as_ref());
    }
}

fn compare_with_oracle(response: &[u8], parts: &[Part], error: Option<&ReadError>) {
    let (preamble, expected, closed) = split(response, b"B");
    // The first delimiter may be missing.
    let first = Part::parse(0, preamble.into(), ReadLimits::default().headers_per_part);
    let parts = match (first.content.is_ok(), parts.split_first()) {
        (true, Some((part, others))) if part.raw == first.raw => others,
        _ => parts,
    };
    // The last part may be complete without a delimiter after it.
    let more = parts.len().checked_sub(expected.len());
    assert!(more == Some(0) || (!closed && more == Some(1)));
    assert_eq!(closed || more == Some(1), error.is_none());
    for (part, expected) in parts.iter().zip(&expected) {
        assert!(expected.starts_with(&part.raw));
        let lost = expected.get(part.raw.len()..).unwrap_or_default();
        assert!(lost.iter().all(|byte| matches!(byte, b'\r' | b'\n')), "only line ends are dropped");
    }
}

/// Splits a message into the text before the first delimiter and the parts with the line ends before their delimiters.
/// Also returns whether the message is closed.
fn split(message: &[u8], boundary: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>, bool) {
    let mut preamble = Vec::new();
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut part: Option<Vec<u8>> = None;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.ends_with(b"\n");
        let text = line.strip_suffix(b"\n").map_or(line, |text| text.strip_suffix(b"\r").unwrap_or(text));
        // A line that was cut by the end of the message may lack anything after its boundary.
        let text = if whole { text } else { text.strip_suffix(b"\r").unwrap_or(text) };
        let after = text.strip_prefix(b"--").and_then(|text| text.strip_prefix(boundary));
        let blank = |rest: &[u8]| rest.len() <= 256 && rest.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        let closing = after.and_then(|after| after.strip_prefix(b"--")).is_some_and(blank);
        let opening =
            after.is_some_and(|after| blank(after) || (!whole && after == b"-" && !line.ends_with(b"\r")));
        match part.as_mut() {
            _ if closing => {
                parts.extend(part.take().filter(|part| !part.is_empty()));
                return (preamble, parts, true);
            }
            _ if opening => parts.extend(part.replace(Vec::new())),
            Some(part) => part.extend_from_slice(line),
            None => preamble.extend_from_slice(line),
        }
    }
    (preamble, parts, false)
}

/// Checks the parser on one part.
pub fn part(data: &[u8]) {
    for max_headers in [2, 256] {
        let part = Part::parse(3, Bytes::copy_from_slice(data), max_headers);
        assert_eq!(part.order, 3);
        assert!(data.starts_with(&part.raw));
        let _ = part.index("b7Kq");
        if let Some(id) = part.content_id() {
            assert!(part.raw.len() >= id.bare().len());
        }
        let Ok(inner) = &part.content else { continue };
        assert!(inner.body.len() <= part.raw.len());
        let map = inner.head.to_map();
        assert!(map.len() <= max_headers);
        for (name, value) in &map {
            assert!(inner.head.get(name.as_str()).is_some());
            assert!(!value.as_bytes().contains(&b'\n'));
        }
        let bytes = inner.head.as_bytes();
        assert!(bytes.is_empty() || part.raw.windows(bytes.len()).any(|window| window == bytes));
    }
}

/// Checks the writer on calls made from the bytes: the reader must return each accepted call unchanged, and nothing
/// else.
pub fn writer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut fields = text.split('\u{1}');
    let mut writer = BatchWriter::new(fastrand::Rng::with_seed(0));
    let mut expected = Vec::new();
    let mut len = BatchWriter::CLOSING_LEN;
    while let (Some(verb), Some(target)) = (fields.next(), fields.next()) {
        let header = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let headers = if header.0.is_empty() { &[][..] } else { &[header][..] };
        let body = fields.next().filter(|body| !body.is_empty());
        let part = PartRequest {
            token: "b7Kq",
            index: expected.len(),
            verb,
            target,
            headers: headers.iter().copied(),
            body: body.map(str::as_bytes),
            content_type: "application/json",
        };
        if writer.push(&part).is_ok() {
            len += part.encoded_len();
            expected.push((verb, target, header, body.unwrap_or_default()));
        }
    }
    let (content_type, bytes) = writer.finish();
    assert_eq!(bytes.len(), len);
    let (_, parts, closed) = split(&bytes, &boundary(content_type.as_bytes()).expect("our own boundary"));
    assert!(closed);
    assert_eq!(parts.len(), expected.len());
    for (index, (part, (verb, target, header, body))) in parts.iter().zip(expected).enumerate() {
        let part = std::str::from_utf8(part).expect("text went in");
        let (outer, inner) = part.split_once("\r\n\r\n").expect("a blank line");
        let (head, found) = inner.split_once("\r\n\r\n").expect("a blank line");
        assert!(outer.ends_with(&format!("Content-ID: <b7Kq+{index}>")));
        let mut lines = head.split("\r\n");
        assert_eq!(lines.next(), Some(&*format!("{verb} {target} HTTP/1.1")));
        assert!(
            header.0.is_empty() || lines.clone().any(|line| line == format!("{}: {}", header.0, header.1))
        );
        assert!(lines.all(|line| line.contains(':')));
        assert_eq!(found.strip_suffix("\r\n"), Some(body));
        assert!(body.is_empty() || head.contains(&format!("\r\nContent-Length: {}", body.len())));
    }
}

fn read<'a>(
    limits: ReadLimits,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Part>, Option<ReadError>) {
    let mut reader = Reader::new(b"multipart/mixed; boundary=B", limits).expect("a boundary");
    let mut parts = Vec::new();
    let mut failed = None;
    let mut drain = |reader: &mut Reader| {
        loop {
            match reader.next_part() {
                Ok(Some(part)) => parts.push(part),
                Ok(None) => break,
                Err(error) => assert_eq!(failed.replace(error), None, "an error comes once"),
            }
        }
    };
    for chunk in chunks {
        reader.feed(Bytes::copy_from_slice(chunk));
        drain(&mut reader);
        let bound = limits.part_bytes.saturating_add(chunk.len() + 1024);
        assert!(reader.held() <= bound, "memory is bounded");
    }
    reader.finish();
    drain(&mut reader);
    (parts, failed)
}
