//! The bytes of a batch request, compared exactly.

use super::super::*;

type Headers<'a> = std::iter::Copied<std::slice::Iter<'a, (&'a str, &'a str)>>;

fn call<'a>(
    index: usize,
    verb: &'a str,
    target: &'a str,
    body: Option<&'a str>,
) -> PartRequest<'a, Headers<'a>> {
    PartRequest {
        token: "b7Kq",
        index,
        verb,
        target,
        headers: [].iter().copied(),
        body: body.map(str::as_bytes),
        content_type: "application/json",
    }
}

fn writer() -> BatchWriter {
    BatchWriter::new(fastrand::Rng::with_seed(7))
}

/// Writes the parts; the boundary in the result reads `BOUNDARY`.
fn written(parts: &[PartRequest<'_, Headers<'_>>]) -> Result<String, WriteError> {
    let mut writer = writer();
    let mut len = BatchWriter::CLOSING_LEN;
    for part in parts {
        writer.push(part)?;
        len += part.encoded_len();
    }
    assert_eq!(writer.len(), parts.len());
    let (content_type, body) = writer.finish();
    assert_eq!(len, body.len(), "encoded_len is exact");
    let boundary = boundary(content_type.as_bytes()).unwrap();
    let boundary = String::from_utf8(boundary).unwrap();
    assert_eq!(content_type, format!("multipart/mixed; boundary={boundary}"));
    Ok(String::from_utf8(body.to_vec()).unwrap().replace(&boundary, "BOUNDARY"))
}

#[test]
fn the_form_that_every_server_accepts() {
    let parts = [
        call(0, "PATCH", "/v1/courses/134529639?updateMask=name", Some("{\"name\": \"Course 1\"}")),
        call(1, "GET", "/drive/v3/files/x?fields=id%2Cname", None),
        call(12, "POST", "/x", None),
    ];
    let expected = "--BOUNDARY\r\n\
        Content-Type: application/http\r\n\
        Content-Transfer-Encoding: binary\r\n\
        Content-ID: <b7Kq+0>\r\n\
        \r\n\
        PATCH /v1/courses/134529639?updateMask=name HTTP/1.1\r\n\
        Content-Type: application/json\r\n\
        Content-Length: 20\r\n\
        Accept: application/json\r\n\
        \r\n\
        {\"name\": \"Course 1\"}\r\n\
        --BOUNDARY\r\n\
        Content-Type: application/http\r\n\
        Content-Transfer-Encoding: binary\r\n\
        Content-ID: <b7Kq+1>\r\n\
        \r\n\
        GET /drive/v3/files/x?fields=id%2Cname HTTP/1.1\r\n\
        Accept: application/json\r\n\
        \r\n\
        \r\n\
        --BOUNDARY\r\n\
        Content-Type: application/http\r\n\
        Content-Transfer-Encoding: binary\r\n\
        Content-ID: <b7Kq+12>\r\n\
        \r\n\
        POST /x HTTP/1.1\r\n\
        Content-Length: 0\r\n\
        Accept: application/json\r\n\
        \r\n\
        \r\n\
        --BOUNDARY--\r\n";
    assert_eq!(written(&parts).unwrap(), expected);
}

#[test]
fn length_is_in_bytes_and_own_headers_replace_ours() {
    let headers = [("authorization", "Bearer x"), ("accept", "*/*"), ("Content-Type", "text/plain")];
    let mut part = call(3, "PUT", "/x", Some("é"));
    part.headers = headers.iter().copied();
    let text = written(&[part]).unwrap();
    let inner = text.split("\r\n\r\n").nth(1).unwrap();
    assert_eq!(
        inner,
        "PUT /x HTTP/1.1\r\nContent-Length: 2\r\nauthorization: Bearer x\r\naccept: */*\r\nContent-Type: text/plain"
    );
}

#[test]
fn nothing_leaves_its_part() {
    for target in
        ["", "x", "//evil.test/x", "https://evil.test/", "/a b", "/a\r\nb", "/a\0", "/é", "/a#b", "*"]
    {
        assert!(written(&[call(0, "GET", target, None)]).is_err(), "{target:?}");
    }
    for verb in ["", "GET /x", "G\r\nET", "GÉT"] {
        assert!(written(&[call(0, verb, "/", None)]).is_err(), "{verb:?}");
    }
    let bad = [
        ("", "x"),
        ("a b", "x"),
        ("a:", "x"),
        ("a\r\n", "x"),
        ("a", "x\r\nb: c"),
        ("a", "x\ny"),
        ("a", "x\0"),
        ("content-length", "9"),
        ("Transfer-Encoding", "chunked"),
    ];
    for header in bad {
        let mut part = call(0, "GET", "/", None);
        let headers = [header];
        part.headers = headers.iter().copied();
        let error = writer().push(&part).unwrap_err();
        assert!(!error.to_string().contains("x\r"), "{error}");
    }
    for token in ["", "a b", "a>", "a\r\n", "a+"] {
        let part = PartRequest { token, ..call(0, "GET", "/", None) };
        assert!(writer().push(&part).is_err(), "{token:?}");
    }
    let part = PartRequest { content_type: "a\r\nb: c", ..call(0, "POST", "/", Some("x")) };
    assert!(writer().push(&part).is_err());
}

#[test]
fn a_refused_part_leaves_the_others_whole() {
    let mut with = writer();
    let mut without = writer();
    for (index, target) in ["/a", "/b\r\n", "/c"].into_iter().enumerate() {
        let part = call(index, "GET", target, None);
        if with.push(&part).is_ok() {
            without.push(&part).unwrap();
        }
    }
    assert_eq!(with.finish(), without.finish());
}

#[test]
fn a_boundary_that_occurs_in_a_part_is_replaced() {
    let (content_type, _) = writer().finish();
    let taken = String::from_utf8(boundary(content_type.as_bytes()).unwrap()).unwrap();
    let body = format!("{{\"a\":\"--{taken}\"}}");
    let target = format!("/{taken}");
    let mut writer = writer();
    writer.push(&call(0, "POST", "/x", Some(&body))).unwrap();
    writer.push(&call(1, "GET", &target, None)).unwrap();
    let (content_type, bytes) = writer.finish();
    let boundary = String::from_utf8(boundary(content_type.as_bytes()).unwrap()).unwrap();
    assert_ne!(boundary, taken);
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(text.matches(&boundary).count(), 3);
    assert_eq!(text.matches(&taken).count(), 2);
    assert_eq!(text.matches(&format!("--{boundary}\r\n")).count(), 2);
    assert!(text.ends_with(&format!("\r\n--{boundary}--\r\n")));
}

#[test]
fn an_empty_batch_is_only_closed() {
    assert_eq!(written(&[]).unwrap(), "--BOUNDARY--\r\n");
}
