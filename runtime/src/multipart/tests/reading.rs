//! What real servers send, bytes in, parts out: one row for each thing seen. The notation: lines joined by CRLF.

use bytes::Bytes;

use super::super::*;

const TOKEN: &str = "b7Kq";

/// What a test says of a part: the index from its id, the status, the body; or the flaw.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(super) struct Seen {
    pub(super) index: Option<usize>,
    pub(super) content: Result<(u16, Vec<u8>), Flaw>,
}

pub(super) fn seen(part: &Part) -> Seen {
    let content = part.content.as_ref().map(|inner| (inner.status.as_u16(), inner.body.to_vec()));
    Seen { index: part.index(TOKEN), content: content.map_err(|flaw| *flaw) }
}

pub(super) fn reader(content_type: &str) -> Reader {
    Reader::new(content_type.as_bytes(), ReadLimits::default()).unwrap()
}

/// Reads a response that comes in these chunks and then ends.
pub(super) fn read<'a>(
    reader: Reader,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Part>, Option<ReadError>) {
    read_until(reader, chunks, Reader::finish)
}

/// Reads a response that comes in these chunks, and whose stream then ends like this.
pub(super) fn read_until<'a>(
    mut reader: Reader,
    chunks: impl IntoIterator<Item = &'a [u8]>,
    end: fn(&mut Reader),
) -> (Vec<Part>, Option<ReadError>) {
    let mut parts = Vec::new();
    let mut failed = None;
    for chunk in chunks {
        reader.feed(Bytes::copy_from_slice(chunk));
        loop {
            match reader.next_part() {
                Ok(Some(part)) => parts.push(part),
                Ok(None) => break,
                Err(error) => assert_eq!(failed.replace(error), None, "an error comes once"),
            }
        }
    }
    end(&mut reader);
    loop {
        match reader.next_part() {
            Ok(Some(part)) => parts.push(part),
            Ok(None) => return (parts, failed),
            Err(error) => assert_eq!(failed.replace(error), None, "an error comes once"),
        }
    }
}

fn ok(index: usize, status: u16, body: &str) -> Seen {
    Seen { index: Some(index), content: Ok((status, body.into())) }
}

/// A row: what it shows, the response with `|` for CRLF, the parts.
fn row(name: &str, response: &str, expected: &[Seen]) {
    row_of(name, "multipart/mixed; boundary=B", response, expected);
}

fn row_of(name: &str, content_type: &str, response: &str, expected: &[Seen]) {
    let bytes = response.replace('|', "\r\n");
    let (parts, error) = read(reader(content_type), [bytes.as_bytes()]);
    assert_eq!(error, None, "{name}");
    assert_eq!(parts.iter().map(seen).collect::<Vec<_>>(), expected, "{name}");
    assert!(parts.iter().enumerate().all(|(order, part)| part.order == order), "{name}");
    let (bytewise, error) = read(reader(content_type), bytes.as_bytes().chunks(1));
    assert_eq!(error, None, "{name}, byte by byte");
    assert_eq!(bytewise.iter().map(seen).collect::<Vec<_>>(), expected, "{name}, byte by byte");
    assert!(parts.iter().zip(&bytewise).all(|(a, b)| a.raw == b.raw), "{name}");
}

const HEAD: &str = "Content-Type: application/http|Content-ID: <response-b7Kq+0>||";

#[test]
fn a_well_formed_answer() {
    row(
        "plain",
        &format!(
            "--B|{HEAD}HTTP/1.1 200 OK|Content-Type: application/json|Content-Length: 2||{{}}|\
             --B|Content-Type: application/http|Content-ID: <response-b7Kq+1>||HTTP/1.1 204 No Content|Vary: x|||\
             --B--|"
        ),
        &[ok(0, 200, "{}"), ok(1, 204, "")],
    );
    row("no parts", "--B--|", &[]);
}

#[test]
fn ids() {
    for id in [
        "Content-ID: <response-b7Kq+7>",
        "Content-Id: <response-b7Kq+7>",
        "CONTENT-ID:<RESPONSE-B7KQ+7>",
        "content-id: response-b7kq+7",
        "Content-ID: b7Kq+7",
        "Content-ID: <b7Kq+7>  ",
        "Content-ID: \"response-b7Kq+7\"",
        "Content-ID: <\"response-b7Kq+7\">",
        "Content-ID: \"<response-b7Kq+7>\"",
        "Content-ID:| <response-b7Kq+7>",
        "Content-ID: <response-<b7Kq+7>>",
        "Content-ID: response-<b7Kq+7>",
        "Content-ID: <response- b7Kq+7>",
        "Content-ID: < response-b7Kq +7 >",
        "Content-ID: <response-b7Kq+|  7>",
        "Content-ID: <response-|\tb7Kq+7>",
        "Content-ID: <response-\"b7Kq+7\">",
    ] {
        row(id, &format!("--B|{id}|X: y||HTTP/1.1 200 OK||{{}}|--B--"), &[ok(7, 200, "{}")]);
    }
    for id in [
        "Content-ID: <response-b7Kq+>",
        "Content-ID: <response-b7Kq+-1>",
        "Content-ID: <response-b7Kq++1>",
        "Content-ID: <response-b7Kq+99999999999999999999999>",
        "Content-ID: <response-b7Kz+1>",
        "Content-ID: <response-b7K",
        "Content-ID:",
        "Content-ID",
        "X-Content-ID: <response-b7Kq+1>",
    ] {
        let none = Seen { index: None, content: Ok((200, b"{}".to_vec())) };
        row(id, &format!("--B|{id}||HTTP/1.1 200 OK||{{}}|--B--"), &[none]);
    }
}

#[test]
fn part_without_content_id() {
    let none = |body: &str| Seen { index: None, content: Ok((200, body.into())) };
    row(
        "no ids",
        "--B|Content-Type: application/http||HTTP/1.1 200 OK||1|--B|Content-Type: application/http||HTTP/1.1 200 OK||2|--B--|",
        &[none("1"), none("2")],
    );
    row(
        "no part headers at all",
        "--B||HTTP/1.1 200 OK||1|--B|HTTP/1.1 200 OK||2|--B--|",
        &[none("1"), none("2")],
    );
}

#[test]
fn another_order_and_a_part_twice() {
    let part = |index: usize| format!("--B|Content-ID: <response-b7Kq+{index}>||HTTP/1.1 200 OK||{index}|");
    row(
        "another order, one missing, one twice",
        &format!("{}{}{}--B--|", part(3), part(0), part(3)),
        &[ok(3, 200, "3"), ok(0, 200, "0"), ok(3, 200, "3")],
    );
}

#[test]
fn no_blank_line_before_the_status_line() {
    row(
        "no blank line",
        "--B|Content-Type: application/http|Content-ID: <b7Kq+0>|HTTP/1.1 200 OK|Content-Type: application/json||{}|--B--",
        &[ok(0, 200, "{}")],
    );
    row("several blank lines", &format!("--B||{HEAD}||HTTP/1.1 200 OK||{{}}|--B--"), &[ok(0, 200, "{}")]);
}

#[test]
fn header_only() {
    for end in
        ["", "|", "||", "|Vary: x", "|Vary: x|", "|Vary: x||", "|Content-Length: 0|", "|Content-Length: 0|||"]
    {
        row(end, &format!("--B|{HEAD}HTTP/1.1 204 No Content{end}|--B--|"), &[ok(0, 204, "")]);
    }
}

#[test]
fn a_lost_body_is_no_success() {
    let lost = Seen { index: Some(0), content: Err(Flaw::NoBody) };
    for inner in [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200 OK|Content-Type: application/json",
        "HTTP/1.1 200 OK|Content-Type: application/json|Content-Length: 15",
        "HTTP/1.1 200 OK|Content-Length: 15||",
        "HTTP/1.1 200 OK|Content-Length: 15|||",
        "HTTP/1.1 201 Created|Content-Length: 2||",
        "HTTP/1.1 200 OK|Content-Length: 99999999999999999999||".get(..45).unwrap_or_default(),
    ] {
        row(inner, &format!("--B|{HEAD}{inner}|--B--|"), std::slice::from_ref(&lost));
    }
    for (inner, status) in [
        ("HTTP/1.1 200 OK|Content-Length: 0", 200),
        ("HTTP/1.1 200 OK|", 200),
        ("HTTP/1.1 200 OK||", 200),
        ("HTTP/1.1 200 OK|Vary: x||", 200),
        ("HTTP/1.1 200 OK|Vary: x|", 200),
        ("HTTP/1.1 204 No Content|Content-Length: 15", 204),
        ("HTTP/1.1 205 Reset Content", 205),
        ("HTTP/1.1 404 Not Found|Content-Length: 15", 404),
        ("HTTP/1.1 404 Not Found", 404),
        ("HTTP/1.1 304 Not Modified|Content-Length: 15||", 304),
    ] {
        row(inner, &format!("--B|{HEAD}{inner}|--B--|"), &[ok(0, status, "")]);
    }
}

#[test]
fn a_json_body_straight_after_the_headers() {
    for (inner, body) in [
        ("HTTP/1.1 200 OK|Content-Type: application/json|{\"a\": 1}", "{\"a\": 1}"),
        ("HTTP/1.1 200 OK|Content-Length: 8|{|\"a\": 1|}", "{\r\n\"a\": 1\r\n}"),
        ("HTTP/1.1 200 OK|[1, 2]", "[1, 2]"),
    ] {
        row(inner, &format!("--B|{HEAD}{inner}|--B--|"), &[ok(0, 200, body)]);
    }
}

#[test]
fn a_delimiter_is_missing() {
    let part = |index: usize| {
        format!(
            "Content-Type: application/http|Content-ID: <b7Kq+{index}>||HTTP/1.1 200 OK||{{\"a\": {index}}}"
        )
    };
    let (first, second) = (ok(0, 200, "{\"a\": 0}"), ok(1, 200, "{\"a\": 1}"));
    let both = [first.clone(), second.clone()];
    for (name, response) in [
        ("the first", format!("{}|--B|{}|--B--|", part(0), part(1))),
        ("the first, after a blank line", format!("|{}|--B|{}|--B--|", part(0), part(1))),
        ("the last", format!("--B|{}|--B|{}|", part(0), part(1))),
        ("the last and its line end", format!("--B|{}|--B|{}", part(0), part(1))),
        ("both", format!("{}|--B|{}", part(0), part(1))),
    ] {
        row(name, &response, &both);
    }
    row("the first and the only one", &format!("{}|--B--|", part(0)), &[first]);
    // A preamble is no part, and nothing is one without any delimiter.
    row("a preamble", &format!("HTTP is spoken here|--B|{}|--B--", part(1)), &[second]);
    let (parts, error) =
        read(reader("multipart/mixed; boundary=B"), [part(0).replace('|', "\r\n").as_bytes()]);
    assert_eq!((parts.len(), error), (0, Some(ReadError::NoDelimiter)));
}

#[test]
fn a_message_without_a_type_may_say_its_boundary() {
    for (message, boundary) in [
        ("--batch_x-1\r\nContent-Type: application/http\r\n", Some("batch_x-1")),
        ("\r\n--B\n", Some("B")),
        ("--a=b \t\r\n", Some("a=b")),
        ("--B", None),
        ("--\r\n", None),
        ("--B--\r\n", None),
        ("-- a line of text\r\n", None),
        ("---\n", Some("-")),
        ("{}", None),
        ("", None),
    ] {
        assert_eq!(first_boundary(message.as_bytes()), boundary.map(str::as_bytes), "{message:?}");
    }
}

#[test]
fn wrong_content_length() {
    let part = |length: &str, body: &str| {
        format!("--B|{HEAD}HTTP/1.1 200 OK|Content-Length: {length}||{body}--B--|")
    };
    for (length, body, expected) in [
        ("14", "{\"a\":\"bcd\"}|", "{\"a\":\"bcd\"}"),
        ("505", "{\"a\":\"bcd\"}|", "{\"a\":\"bcd\"}"),
        ("2", "{\"a\":\"bcd\"}|", "{\"a\":\"bcd\"}"),
        ("0", "{\"a\":\"bcd\"}|", "{\"a\":\"bcd\"}"),
        ("-1", "{}|", "{}"),
        ("two", "{}|", "{}"),
        ("99999999999999999999999999", "{}|", "{}"),
        // The line end before the delimiter is the body's own, because the length counts it.
        ("3", "{}\n", "{}\n"),
        ("4", "{}|", "{}\r\n"),
        // More line ends than the delimiter's are not the body's, because the length does not count them.
        ("2", "{}|||", "{}"),
        ("2", "{}\n\n", "{}"),
        ("4", "{}|||", "{}\r\n"),
        // Contradictions say nothing.
        ("2|Content-Length: 3", "{}||", "{}\r\n"),
        ("2|Content-Length: 2", "{}||", "{}"),
    ] {
        row(length, &part(length, body), &[ok(0, 200, expected)]);
    }
    row("none", &format!("--B|{HEAD}HTTP/1.1 200 OK||{{}}|||--B--"), &[ok(0, 200, "{}\r\n\r\n")]);
}

#[test]
fn line_feeds_alone() {
    let response =
        format!("--B|{HEAD}HTTP/1.1 200 OK|A: b|Content-Length: 3||{{\n}}|--B|{HEAD}HTTP/1.1 204 N||--B--|");
    let response = response.replace('|', "\n");
    row("line feeds", &response, &[ok(0, 200, "{\n}"), ok(0, 204, "")]);
}

#[test]
fn status_lines() {
    for (line, status) in [
        ("HTTP/1.1 200 OK", 200),
        ("HTTP/1.1 200", 200),
        ("HTTP/1.1 200 ", 200),
        ("HTTP/1.0 404 Not Found", 404),
        ("HTTP/2 200", 200),
        ("HTTP/2.0 200 OK", 200),
        ("HTTP/3 503", 503),
        ("http/1.1 200 ok", 200),
        ("HTTP/1.1  200  OK", 200),
        ("HTTP/1.1 429 Too: Many", 429),
    ] {
        row(line, &format!("--B|{HEAD}{line}|A: b||{{}}|--B--"), &[ok(0, status, "{}")]);
    }
    for line in [
        "HTTP/1.1",
        "HTTP/1.1 20",
        "HTTP/1.1 2000",
        "HTTP/1.1 abc",
        "HTTP 200",
        "HTTP/1.1200",
        "200 OK",
        "HTTP/ 200",
        "HTTP/1.1 099",
    ] {
        let flaw = Seen { index: Some(0), content: Err(Flaw::NoStatusLine) };
        row(line, &format!("--B|{HEAD}{line}|A: b||{{}}|--B--"), &[flaw]);
    }
    row(
        "interim",
        &format!("--B|{HEAD}HTTP/1.1 100 Continue||HTTP/1.1 201 Created|A: b||{{}}|--B--"),
        &[ok(0, 201, "{}")],
    );
}

#[test]
fn headers() {
    let response = format!(
        "--B|{HEAD}HTTP/1.1 200 OK|Vary: a|Content-Type application/json|vary: b|Long: one|  two|\tthree|Bad name: x|: y|Vary:c|Retry-After: 7 ||{{}}|--B--"
    )
    .replace('|', "\r\n");
    let (parts, error) = read(reader("multipart/mixed; boundary=B"), [response.as_bytes()]);
    assert_eq!(error, None);
    let inner = parts[0].content.as_ref().unwrap();
    assert_eq!(inner.body, "{}");
    let map = inner.head.to_map();
    assert_eq!(map.get_all("vary").iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(map["long"], "one two three");
    assert_eq!(map["retry-after"], "7");
    assert_eq!(map.len(), 5);
    assert_eq!(inner.head.get_str("RETRY-AFTER"), Some("7"));
    assert_eq!(inner.head.get("long"), Some(&b"one\r\n  two\r\n\tthree"[..]));
    assert_eq!(inner.head.get("content-type"), None);
}

#[test]
fn boundaries() {
    for (content_type, boundary) in [
        ("multipart/mixed; boundary=\"B b:?\"", "B b:?"),
        ("multipart/mixed; boundary=a=b=", "a=b="),
        ("multipart/mixed; boundary=\"===_7330845974216740156==\"", "===_7330845974216740156=="),
        ("Multipart/Mixed;charset=\"a;boundary=x\";BOUNDARY=B ; x=y", "B"),
        ("multipart/mixed; flag; Boundary = \"a\\\"b\"", "a\"b"),
        ("multipart/mixed;boundary=\"unclosed", "unclosed"),
    ] {
        let response = format!("--{boundary}|{HEAD}HTTP/1.1 200 OK||{{}}|--{boundary}--");
        row_of(content_type, content_type, &response, &[ok(0, 200, "{}")]);
    }
    for (content_type, error) in [
        ("application/json", ReadError::NotMultipart),
        ("", ReadError::NotMultipart),
        ("multipart/mixed", ReadError::NoBoundary),
        ("multipart/mixed; boundary=", ReadError::NoBoundary),
        ("multipart/mixed; boundary=\"\"", ReadError::NoBoundary),
        ("multipart/mixed; x=\"boundary=B\"", ReadError::NoBoundary),
        ("multipart/mixed; boundary", ReadError::NoBoundary),
    ] {
        assert_eq!(boundary(content_type.as_bytes()), Err(error), "{content_type}");
    }
}

#[test]
fn around_the_parts() {
    let part = format!("{HEAD}HTTP/1.1 200 OK||{{}}");
    for (name, response) in [
        ("preamble", format!("This is\r\n a --B preamble|--Bx|--B|{part}|--B--|")),
        ("blank preamble", format!("||--B|{part}|--B--|")),
        ("epilogue", format!("--B|{part}|--B--|Bye|--B|{part}|--B--|")),
        ("no final CRLF", format!("--B|{part}|--B--")),
        (
            "white space after the boundary",
            format!("--B \t |{part}|--B \t|{part}|--B-- \t|").replacen(&format!("{part}|--B \t|"), "", 1),
        ),
        ("delimiter twice at the end", format!("--B|{part}|--B|--B--|")),
    ] {
        row(name, &response, &[ok(0, 200, "{}")]);
    }
    let empty = Seen { index: None, content: Err(Flaw::NoStatusLine) };
    row("an empty part", &format!("--B|--B|{part}|--B--|"), &[empty.clone(), ok(0, 200, "{}")]);
    row("a blank part", &format!("--B||--B|{part}|--B--|"), &[empty, ok(0, 200, "{}")]);
}

#[test]
fn a_line_that_only_begins_like_the_delimiter_is_body() {
    for line in
        ["--Bx", "--B-", "--B-x", "--B--x", "--B \t x", "--b", "-B", " --B", "x--B", "--B\rx", "--B--\r\r"]
    {
        let body = format!("a\r\n{line}\r\nb");
        row(line, &format!("--B|{HEAD}HTTP/1.1 200 OK||{body}|--B--|"), &[ok(0, 200, &body)]);
    }
    let padded = format!("--B{}", " ".repeat(300));
    let body = format!("a\r\n{padded}\r\nb");
    row("padding without end", &format!("--B|{HEAD}HTTP/1.1 200 OK||{body}|--B--|"), &[ok(0, 200, &body)]);
}

#[test]
fn bytes_that_are_not_text() {
    let mut response =
        b"--B\r\nContent-ID: <b7Kq+0>\r\n\r\nHTTP/1.1 200 \xff\r\nX: \xff\xfe\r\n\r\n\xff\0\xfe".to_vec();
    response.extend_from_slice(b"\r\n--B--");
    let (parts, error) = read(reader("multipart/mixed; boundary=B"), [&response[..]]);
    assert_eq!(error, None);
    let inner = parts[0].content.as_ref().unwrap();
    assert_eq!(inner.body, &b"\xff\0\xfe"[..]);
    assert_eq!(inner.head.to_map()["x"].as_bytes(), b"\xff\xfe");
    row("null for a DELETE", &format!("--B|{HEAD}HTTP/1.1 200 OK||null|--B--"), &[ok(0, 200, "null")]);
}

#[test]
fn chunked_inside() {
    let part = |body: &str| format!("--B|{HEAD}HTTP/1.1 200 OK|Transfer-Encoding: chunked||{body}|--B--|");
    for (body, expected) in [
        ("2|{}|0||", "{}"),
        ("2|{}|0|", "{}"),
        ("2|{}|0", "2\r\n{}\r\n0"),
        ("1;x=y|{|1|}|0|A: b||", "{}"),
        ("{}", "{}"),
        ("5|{}|0||", "5\r\n{}\r\n0\r\n\r\n"),
        ("fffffffffffffffff|{}", "fffffffffffffffff\r\n{}"),
        ("", ""),
    ] {
        row(body, &part(body), &[ok(0, 200, expected)]);
    }
}

#[test]
fn a_bad_part_harms_no_other() {
    let part = |index: usize| format!("--B|Content-ID: <response-b7Kq+{index}>||HTTP/1.1 200 OK||{index}|");
    let flawed = Seen { index: Some(1), content: Err(Flaw::NoStatusLine) };
    row(
        "HTML instead of a response",
        &format!(
            "{}--B|Content-Type: text/html|Content-ID: <response-b7Kq+1>||<html>|HTTP/1.1 200 OK||</html>|{}--B--|",
            part(0),
            part(2)
        ),
        &[ok(0, 200, "0"), flawed, ok(2, 200, "2")],
    );
}

#[test]
fn a_printed_answer_with_ids_of_others_and_a_header_without_a_colon() {
    let part = |item: usize, tag: &str| {
        format!(
            "--batch_q7LkTY|Content-Type: application/http|Content-ID: <response-item{item}:5512@courses.example.com>||\
             HTTP/1.1 200 OK|Content-Type application/json|Content-Length: 15||{{\"tag\": \"{tag}\"}}|"
        )
    };
    let response = format!("{}{}--batch_q7LkTY--", part(1, "aaaa"), part(2, "bbbb")).replace('|', "\r\n");
    let (parts, error) = read(reader("multipart/mixed; boundary=batch_q7LkTY"), [response.as_bytes()]);
    assert_eq!(error, None);
    let found: Vec<_> =
        parts.iter().map(|part| (part.content_id().unwrap().bare(), seen(part).index)).collect();
    assert_eq!(
        found,
        [(&b"item1:5512@courses.example.com"[..], None), (&b"item2:5512@courses.example.com"[..], None)]
    );
    let bodies: Vec<_> = parts.iter().map(|part| part.content.as_ref().unwrap().body.clone()).collect();
    assert_eq!(bodies, ["{\"tag\": \"aaaa\"}", "{\"tag\": \"bbbb\"}"]);
}
