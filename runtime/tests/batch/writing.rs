//! The exact bytes of requests, and which headers are in the outer request or in the parts.

use gapis_runtime::{ApiKey, BearerToken};

use gapis_testkit::zoo::*;

/// The body, with the random boundary and token replaced.
fn normal(sent: &Sent) -> String {
    let body = String::from_utf8(sent.body.to_vec()).unwrap();
    let boundary = sent.header("content-type").unwrap().split_once("boundary=").unwrap().1;
    let token = sent.parts[0].id.split_once('+').unwrap().0;
    assert!(boundary.starts_with("batch_") && boundary.len() == 38, "{boundary}");
    assert!(token.len() == 8 && token.bytes().all(|b| b.is_ascii_hexdigit()), "{token}");
    body.replace(boundary, "BOUNDARY").replace(&format!("<{token}+"), "<TOKEN+")
}

#[tokio::test]
async fn a_whole_request_to_the_byte() {
    let peer = Peer::new(Sent::echo);
    let zoo = peer.builder().credentials(BearerToken::new("token")).quota_project("project").build().unwrap();
    let mut batch = zoo.batch().with_query("trace", "a b&c").with_header("X-Outer", "1");
    batch.add(zoo.get("a/ü").fields("id,legs")).unwrap();
    batch.add(zoo.patch("b", Animal::new("é")).if_match("\"etag\"").with_query("mask", "name")).unwrap();
    batch.add(zoo.delete("c").with_header("Accept", "text/plain")).unwrap();
    batch.add(zoo.call(http::Method::POST, "animals/d:feed", None)).unwrap();
    let _ = batch.execute().await;
    let sent = &peer.sent()[0];
    assert_eq!(sent.url, "https://zoo.test/batch/zoo/v1?trace=a%20b%26c");
    assert_eq!(sent.header("authorization"), Some("Bearer token"));
    assert_eq!(sent.header("x-goog-user-project"), Some("project"));
    assert_eq!(sent.header("x-outer"), Some("1"));
    assert!(sent.header("user-agent").unwrap().ends_with("(gzip)"));
    assert_eq!(sent.header("accept-encoding"), Some("gzip"));
    assert_eq!(sent.headers.len(), 6, "{:?}", sent.headers);
    assert_eq!(
        normal(sent),
        "--BOUNDARY\r\n\
         Content-Type: application/http\r\n\
         Content-Transfer-Encoding: binary\r\n\
         Content-ID: <TOKEN+0>\r\n\
         \r\n\
         GET /zoo/v1/animals/a%2F%C3%BC?fields=id%2Clegs&alt=json HTTP/1.1\r\n\
         Accept: application/json\r\n\
         \r\n\
         \r\n\
         --BOUNDARY\r\n\
         Content-Type: application/http\r\n\
         Content-Transfer-Encoding: binary\r\n\
         Content-ID: <TOKEN+1>\r\n\
         \r\n\
         PATCH /zoo/v1/animals/b?mask=name&alt=json HTTP/1.1\r\n\
         Content-Type: application/json\r\n\
         Content-Length: 11\r\n\
         Accept: application/json\r\n\
         if-match: \"etag\"\r\n\
         \r\n\
         {\"id\":\"é\"}\r\n\
         --BOUNDARY\r\n\
         Content-Type: application/http\r\n\
         Content-Transfer-Encoding: binary\r\n\
         Content-ID: <TOKEN+2>\r\n\
         \r\n\
         DELETE /zoo/v1/animals/c?alt=json HTTP/1.1\r\n\
         accept: text/plain\r\n\
         \r\n\
         \r\n\
         --BOUNDARY\r\n\
         Content-Type: application/http\r\n\
         Content-Transfer-Encoding: binary\r\n\
         Content-ID: <TOKEN+3>\r\n\
         \r\n\
         POST /zoo/v1/animals/d:feed?alt=json HTTP/1.1\r\n\
         Content-Length: 0\r\n\
         Accept: application/json\r\n\
         \r\n\
         \r\n\
         --BOUNDARY--\r\n"
    );
}

#[tokio::test]
async fn an_api_key_travels_outside_and_in_no_url() {
    let peer = Peer::new(Sent::echo);
    let zoo = peer.builder().credentials(ApiKey::new("s3cret")).build().unwrap();
    let mut batch = zoo.batch();
    batch.add(zoo.get("a")).unwrap();
    let _ = batch.execute().await;
    let sent = &peer.sent()[0];
    assert_eq!(sent.header("x-goog-api-key"), Some("s3cret"));
    assert!(!sent.url.contains("s3cret") && !String::from_utf8_lossy(&sent.body).contains("s3cret"));
}

#[tokio::test]
async fn common_headers_travel_once_outside_and_a_call_s_own_inside() {
    let (zoo, peer) = zoo(Sent::echo);
    let mut batch = zoo.batch().with_header("x-goog-lane", "outer").with_header("x-lane", "outer");
    for lane in ["1", "2"] {
        batch
            .add(
                zoo.get("a")
                    .with_header("x-goog-common", "yes")
                    .with_header("x-lane", lane)
                    .with_header("if-match", "same"),
            )
            .unwrap();
    }
    let _ = batch.execute().await;
    let sent = &peer.sent()[0];
    assert_eq!(sent.header("x-goog-common"), Some("yes"));
    assert_eq!((sent.header("x-goog-lane"), sent.header("x-lane")), (Some("outer"), Some("outer")));
    for (part, lane) in sent.parts.iter().zip(["1", "2"]) {
        assert_eq!((part.header("x-goog-common"), part.header("x-lane")), (None, Some(lane)));
        assert_eq!(part.header("if-match"), Some("same"), "a condition is about one resource");
    }
}

#[tokio::test]
async fn a_header_of_all_calls_wins_over_the_batch_s() {
    let (zoo, peer) = zoo(Sent::echo);
    let mut batch = zoo.batch().with_header("x-goog-lane", "batch");
    for _ in 0..2 {
        batch.add(zoo.get("a").with_header("x-goog-lane", "call")).unwrap();
    }
    let _ = batch.execute().await;
    let sent = &peer.sent()[0];
    for part in &sent.parts {
        assert_eq!(part.header("x-goog-lane").or(sent.header("x-goog-lane")), Some("call"));
    }
}

/// A header that moves to the outer request must be in every part of that request, even if an earlier call is refused.
#[tokio::test]
async fn a_refused_call_does_not_let_headers_reach_calls_that_have_none() {
    let (zoo, peer) = zoo(Sent::echo);
    let mut batch = zoo.batch().with_max_calls(2).with_concurrency(1);
    batch.add(zoo.get(&"x".repeat(9000)).with_header("x-goog-lane", "1")).unwrap();
    batch.add(zoo.get("a").with_header("x-goog-lane", "1")).unwrap();
    batch.add(zoo.get("b")).unwrap();
    let report = batch.execute().await;
    assert_eq!(report.failures(), 1);
    for sent in peer.sent() {
        for part in &sent.parts {
            let lane = part.header("x-goog-lane").or(sent.header("x-goog-lane"));
            assert_eq!(lane, part.is("a").then_some("1"), "{}", part.line);
        }
    }
}

#[tokio::test]
async fn headers_that_the_library_writes_or_that_are_none_fail_every_call() {
    for (name, value) in [("Content-Type", "x"), ("Host", "x"), ("a b", "x"), ("x", "a\r\nb: c")] {
        let (zoo, peer) = zoo(Sent::echo);
        let mut seen = 0;
        let mut batch = zoo.batch().with_header(name, value);
        batch
            .queue_all(["a", "b"].map(|id| zoo.get(id)), |reply| {
                assert!(reply.result.unwrap_err().is_input());
                seen += 1;
            })
            .unwrap();
        let _ = batch.execute().await;
        assert_eq!((seen, peer.sent().len()), (2, 0), "{name}");
    }
}

#[tokio::test]
async fn nothing_of_a_call_leaves_its_part() {
    let (zoo, peer) = zoo(Sent::echo);
    let mut batch = zoo.batch();
    for name in
        ["x\r\ny", "x: y\r\nz", "x y", "", "content-length", "host", "transfer-encoding", "connection"]
    {
        let error = zoo.get("a").with_header(name, "1").queue(&mut batch, drop).unwrap_err();
        assert!(error.is_input(), "{name:?}: {error}");
    }
    for value in ["a\r\nx: y", "a\n", "a\r", "a\0"] {
        let error = zoo.get("a").with_header("x", value).queue(&mut batch, drop).unwrap_err();
        assert!(error.is_input(), "{value:?}: {error}");
    }
    for path in ["a b", "a\r\nX: y", "a#b", "//evil.test/", "https://evil.test/", "../x", "a/./b"] {
        let error = zoo.call(http::Method::GET, path, None).queue(&mut batch, drop).unwrap_err();
        assert!(error.is_input(), "{path:?}: {error}");
    }
    let lowercase = http::Method::from_bytes(b"get").unwrap();
    assert!(zoo.call(lowercase, "a", None).queue(&mut batch, drop).is_err());
    batch.add(zoo.get("a\r\nX: y #?&").with_query("q\r\n", "v\r\n\r\n--B")).unwrap();
    let _ = batch.execute().await;
    let sent = &peer.sent()[0];
    assert_eq!(sent.parts.len(), 1);
    assert_eq!(
        sent.parts[0].line,
        "GET /zoo/v1/animals/a%0D%0AX%3A%20y%20%23%3F%26?q%0D%0A=v%0D%0A%0D%0A--B&alt=json HTTP/1.1"
    );
}

#[tokio::test]
async fn a_call_for_another_endpoint_is_refused_at_once() {
    let (zoo, peer) = zoo(Sent::echo);
    let elsewhere = peer.builder().endpoint("http://127.0.0.1:1/").build().unwrap();
    let mut batch = zoo.batch();
    let error = elsewhere.get("a").queue(&mut batch, |_| panic!("never")).unwrap_err();
    assert!(error.is_input() && error.to_string().contains("endpoint differs from"), "{error}");
    assert!(batch.is_empty());
    let (batcher, _driver) = zoo.batcher();
    assert!(batcher.send(elsewhere.get("a")).await.unwrap_err().is_input());
}

#[tokio::test]
async fn an_endpoint_takes_the_place_of_the_api_s_own() {
    let peer = Peer::new(Sent::echo);
    let zoo = peer.builder().endpoint("http://127.0.0.1:8080").build().unwrap();
    let mut batch = zoo.batch();
    batch.add(zoo.get("a")).unwrap();
    let _ = batch.execute().await;
    let sent = &peer.sent()[0];
    assert_eq!(sent.url, "http://127.0.0.1:8080/batch/zoo/v1");
    assert!(sent.parts[0].line.starts_with("GET /zoo/v1/animals/a?"));
}

/// Ids and boundaries differ from request to request, so that an old response matches nothing.
#[tokio::test]
async fn each_request_has_its_own_token_and_boundary() {
    let (zoo, peer) = zoo(Sent::echo);
    let mut batch = zoo.batch().with_max_calls(1);
    (0..20).for_each(|_| {
        let _ = batch.add(zoo.get("a")).unwrap();
    });
    let _ = batch.execute().await;
    let sent = peer.sent();
    let tokens: std::collections::HashSet<_> = sent.iter().map(|sent| sent.parts[0].id.clone()).collect();
    let boundaries: std::collections::HashSet<_> =
        sent.iter().map(|sent| sent.header("content-type").unwrap().to_owned()).collect();
    assert_eq!((tokens.len(), boundaries.len()), (20, 20));
}

/// Drive accepts 8,000 characters of path and query, so a longer list is still sent.
#[tokio::test]
async fn a_get_with_a_long_url_is_a_post_in_its_part_that_says_so() {
    let peer = Peer::new(Sent::echo);
    let zoo = peer.zoo();
    let mut batch = zoo.batch();
    let long = "a".repeat(9000);
    batch.add(zoo.get("a").with_query("q", &long)).unwrap();
    batch.add(zoo.get("b").with_query("q", &long[..100])).unwrap();
    let _ = batch.execute().await;
    let [a, b] = &peer.sent()[0].parts[..] else { panic!("two parts") };
    assert_eq!(a.line, "POST /zoo/v1/animals/a HTTP/1.1");
    assert_eq!(a.body, format!("q={long}&alt=json"));
    assert_eq!(a.header("x-http-method-override"), Some("GET"));
    assert_eq!(a.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(b.line, format!("GET /zoo/v1/animals/b?q={}&alt=json HTTP/1.1", &long[..100]));
    assert_eq!(b.header("x-http-method-override"), None);
}
