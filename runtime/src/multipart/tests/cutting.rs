//! The same response however it arrives: in any chunks, cut at any byte, beyond any limit.

use bytes::Bytes;
use proptest::prelude::*;

use super::super::*;
use super::reading::{Seen, read, read_until, reader, seen};

const TYPE: &str = "multipart/mixed; boundary=B";

/// A response with one part of each kind, and where each part ends: behind the boundary that follows it.
fn sample() -> (Vec<u8>, Vec<usize>) {
    let inner = [
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"a\":\r\n--C}",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nVary: x",
        "HTTP/1.1 200 OK\r\n\r\n{\"no\": \"length\"}",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n{\n}\n",
        "no response",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n12345678901",
    ];
    let mut bytes = b"preamble\r\n".to_vec();
    let mut ends = Vec::new();
    for (index, inner) in inner.iter().enumerate() {
        let head =
            format!("--B\r\nContent-Type: application/http\r\nContent-ID: <response-b7Kq+{index}>\r\n\r\n");
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(inner.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        ends.push(bytes.len() + b"--B".len());
    }
    bytes.extend_from_slice(b"--B--\r\nepilogue");
    (bytes, ends)
}

fn all(parts: &[Part]) -> Vec<Seen> {
    parts.iter().map(seen).collect()
}

#[test]
fn cut_at_every_byte() {
    let (bytes, ends) = sample();
    let (whole, error) = read(reader(TYPE), [&bytes[..]]);
    assert_eq!(error, None);
    assert_eq!(whole.len(), ends.len());
    let whole = all(&whole);
    let mut proven = 0;
    for cut in 0..=bytes.len() {
        let come = &bytes[..cut];
        let (parts, error) = read_until(reader(TYPE), [come], Reader::break_off);
        let complete = ends.iter().filter(|end| **end <= cut).count();
        assert!(
            parts.len() == complete || parts.len() == complete + 1,
            "cut at {cut}: {} parts",
            parts.len()
        );
        proven += parts.len() - complete;
        assert_eq!(all(&parts), whole[..parts.len()], "cut at {cut}");
        let closed = cut >= ends[ends.len() - 1] + 2;
        match error {
            None => assert!(closed, "cut at {cut}"),
            Some(ReadError::NoDelimiter) => assert!(cut < b"preamble\r\n--B".len()),
            Some(ReadError::Truncated(_)) => assert!(!closed && cut >= b"preamble\r\n--B".len()),
            Some(error) => panic!("cut at {cut}: {error}"),
        }
        for size in [1, 2, 7] {
            let (chunked, _) = read_until(reader(TYPE), come.chunks(size), Reader::break_off);
            assert_eq!(all(&chunked), whole[..parts.len()], "cut at {cut}, chunks of {size}");
        }
    }
    // Where the sender ended it, no part is taken for whole that is not, but for what the status says.
    for cut in 0..=bytes.len() {
        let (parts, _) = read(reader(TYPE), [&bytes[..cut]]);
        for (part, whole) in all(&parts).iter().zip(&whole) {
            let trimmed = |seen: &Seen| {
                seen.content.as_ref().map(|(status, body)| (*status, body.trim_ascii().to_vec())).ok()
            };
            assert_eq!((part.index, trimmed(part)), (whole.index, trimmed(whole)), "ended at {cut}");
        }
    }
    assert!(proven > 0, "a part that proves itself complete is given without its delimiter");
}

#[test]
fn split_at_every_byte() {
    let (bytes, _) = sample();
    let (whole, _) = read(reader(TYPE), [&bytes[..]]);
    for at in 0..=bytes.len() {
        let (start, end) = bytes.split_at(at);
        let (parts, error) = read(reader(TYPE), [start, end]);
        assert_eq!((all(&parts), error), (all(&whole), None), "split at {at}");
    }
}

#[test]
fn a_part_is_given_as_soon_as_its_delimiter_has_come() {
    let (bytes, ends) = sample();
    let mut reader = reader(TYPE);
    let mut given = 0;
    for (at, byte) in bytes.iter().enumerate() {
        reader.feed(Bytes::copy_from_slice(&[*byte]));
        while reader.next_part().unwrap().is_some() {
            given += 1;
        }
        // The delimiter line ends two bytes behind the boundary.
        assert!(given >= ends.iter().take(8).filter(|end| **end + 2 <= at + 1).count());
    }
    assert!(reader.is_done());
    assert_eq!(given, ends.len());
}

#[test]
fn what_a_cut_part_must_prove() {
    let head = "--B\r\nContent-ID: <b7Kq+0>\r\n\r\n";
    for (inner, broken, closed) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", true, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}\r\n-", true, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}\n--", true, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}\r\n--B", true, true),
        ("HTTP/1.1 204 No\r\n\r\n", true, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", false, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}", false, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", false, true),
        ("HTTP/1.1 200 OK\r\n\r\n{}", false, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", false, false),
        ("HTTP/1.1 204 No\r\n", false, true),
        ("HTTP/1.1 200 OK\r\n\r\n{\"a\": {}", false, false),
        ("HTTP/1.1 200 OK\r\n\r\n{}\r\n--", false, true),
        ("HTTP/1.1 200 OK\r\n\r\n12", false, false),
        ("HTTP/1.1 404 No\r\n\r\n", false, false),
    ] {
        for (given, broken) in [(broken, true), (closed, false)] {
            let end = if broken { Reader::break_off } else { Reader::finish };
            let (parts, error) = read_until(reader(TYPE), [format!("{head}{inner}").as_bytes()], end);
            assert_eq!(parts.len(), usize::from(given), "{inner:?}");
            match error {
                Some(ReadError::Truncated(rest)) => assert_eq!(rest.is_empty(), given, "{inner:?}"),
                None => assert!(given && !broken, "{inner:?}"),
                other => panic!("{inner:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn parts_over_the_limit_cost_themselves_only() {
    let limits = ReadLimits { part_bytes: 100, ..ReadLimits::default() };
    let part = |index: usize, size: usize| {
        format!("--B\r\nContent-ID: <b7Kq+{index}>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n", "x".repeat(size))
    };
    let response = format!("{}{}{}--B--", part(0, 10), part(1, 100_000), part(2, 20));
    for size in [1, 10, 1000, 1_000_000] {
        let mut reader = Reader::new(TYPE.as_bytes(), limits).unwrap();
        let mut parts = Vec::new();
        for chunk in response.as_bytes().chunks(size) {
            reader.feed(Bytes::copy_from_slice(chunk));
            while let Some(part) = reader.next_part().unwrap() {
                parts.push(part);
            }
            assert!(reader.held() < 1000, "chunks of {size}");
        }
        reader.finish();
        parts.extend(reader.next_part().unwrap());
        let statuses: Vec<_> =
            parts.iter().map(|part| part.content.as_ref().map(|inner| inner.body.len())).collect();
        assert_eq!(statuses, [Ok(10), Err(&Flaw::TooLarge(100)), Ok(20)], "chunks of {size}");
        assert_eq!(parts.iter().filter_map(|part| part.index("b7Kq")).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(parts[1].raw.len(), 100);
    }
}

#[test]
fn too_many_headers_and_too_many_bytes() {
    let headers = "A: b\r\n".repeat(300);
    let response = format!(
        "--B\r\nContent-ID: <b7Kq+0>\r\n\r\nHTTP/1.1 200 OK\r\n{headers}\r\n{{}}\r\n\
         --B\r\nContent-ID: <b7Kq+1>\r\n{headers}\r\nHTTP/1.1 200 OK\r\n\r\n{{}}\r\n\
         --B\r\nContent-ID: <b7Kq+2>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{{}}\r\n--B--"
    );
    let (parts, error) = read(reader(TYPE), [response.as_bytes()]);
    assert_eq!(error, None);
    let flaws: Vec<_> = parts.iter().map(|part| part.content.as_ref().err().copied()).collect();
    assert_eq!(flaws, [Some(Flaw::TooManyHeaders(256)), Some(Flaw::TooManyHeaders(256)), None]);
    assert_eq!(parts.iter().filter_map(|part| part.index("b7Kq")).collect::<Vec<_>>(), [0, 1, 2]);

    let (bytes, ends) = sample();
    for total in [0, 5, ends[0], ends[2] + 1, bytes.len() - 1, bytes.len()] {
        let limits = ReadLimits { total_bytes: total as u64, ..ReadLimits::default() };
        for size in [1, 100, 100_000] {
            let reader = Reader::new(TYPE.as_bytes(), limits).unwrap();
            let (parts, error) = read(reader, bytes.chunks(size));
            assert_eq!(parts.len(), ends.iter().filter(|end| **end <= total).count(), "total {total}");
            let closed = total >= ends[ends.len() - 1] + 2;
            assert_eq!(error, (!closed).then_some(ReadError::TooLarge(total as u64)), "total {total}");
        }
    }
}

#[test]
fn a_part_in_one_chunk_is_not_copied() {
    let (bytes, _) = sample();
    let bytes = Bytes::from(bytes);
    let mut reader = reader(TYPE);
    reader.feed(bytes.clone());
    let part = reader.next_part().unwrap().unwrap();
    assert!(bytes.as_ptr_range().contains(&part.raw.as_ptr()));
}

/// Pieces from which most responses worth reading can be made.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"\r\n",
        b"\n",
        b"\r",
        b"--B\r\n",
        b"\r\n--B",
        b"\n--B--",
        b"-",
        b" ",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 204\n",
        b"Content-ID: <response-b7Kq+1>\r\n",
        b"Content-Length: 2\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"2\r\n",
        b"{}",
        b"\xff",
    ];
    let piece = proptest::sample::select(PIECES);
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn chunks_change_nothing(control: [u8; 4], response in pieces()) {
        check::reader(&[&control[..], &response].concat());
    }

    #[test]
    fn any_bytes_are_a_part(bytes in pieces()) {
        check::part(&bytes);
    }

    #[test]
    fn what_is_written_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check::writer(&bytes);
    }

    #[test]
    fn what_is_written_comes_back_from_text(text in "(GET|POST|PATCH)\u{1}/[a-z?=%.\r\n-]{0,9}\u{1}[A-Za-z-]{0,5}\u{1}[ -~\r\n]{0,9}\u{1}[ -~é\r\n]{0,20}(\u{1}PUT\u{1}/x\u{1}\u{1}\u{1}[ -~\r\n]{0,40})?") {
        check::writer(text.as_bytes());
    }
}
