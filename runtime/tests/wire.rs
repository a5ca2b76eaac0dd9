//! The exact bytes of a call that is sent alone: request line, headers and length.

#![allow(missing_docs)]

use gapis_runtime::{Session, Source};
use gapis_testkit::photos::Photos;
use gapis_testkit::socket::Socket;
use gapis_testkit::zoo::Zoo;
use serde_json::json;

fn zoo(socket: &Socket) -> Zoo {
    Zoo::builder().anonymous().endpoint(&socket.url()).build().unwrap()
}

/// Responds to everything with an empty object.
fn object() -> Socket {
    Socket::answering(|_| "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
}

const FOOT: &str = "accept: application/json\r\n";

#[tokio::test]
async fn a_verb_with_a_body_says_its_length_even_if_it_is_empty() {
    let socket = object();
    let zoo = zoo(&socket);
    use http::Method;
    for verb in [Method::GET, Method::DELETE, Method::POST, Method::PUT, Method::PATCH] {
        zoo.call(verb.clone(), "animals/a", None).await.unwrap();
        zoo.call(verb, "animals/a", Some(json!({}))).await.unwrap();
    }
    let lengths: Vec<Option<String>> =
        socket.requests().iter().map(|request| request.header("content-length")).collect();
    let lengths: Vec<Option<&str>> = lengths.iter().map(Option::as_deref).collect();
    let (none, zero, two) = (None, Some("0"), Some("2"));
    assert_eq!(lengths, [none, two, none, two, zero, two, zero, two, zero, two]);
    let head = &socket.requests()[4].head;
    assert!(head.starts_with("POST /zoo/v1/animals/a?alt=json HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(FOOT), "{head}");
}

#[tokio::test]
async fn empty_uploads_and_the_steps_of_a_session_say_their_length() {
    let socket = Socket::answering(|request| {
        let answer =
            |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}content-length: 0\r\n\r\n");
        if request.line().starts_with("POST") && request.line().contains("uploadType=resumable") {
            return answer("200 OK", "location: /session?upload_id=1\r\n");
        }
        answer("200 OK", "")
    });
    let photos = Photos::builder().anonymous().endpoint(&socket.url()).build().unwrap();
    let insert = || photos.bare();
    insert().upload("").simple().await.unwrap();
    insert().upload("").resumable().await.unwrap();
    let session =
        json!({ "method": "photos.insert", "address": format!("{}/session?upload_id=2", socket.url()) });
    let session = Session::load(&session.to_string()).unwrap();
    insert().upload(Source::from("")).resume(session.clone()).await.unwrap();
    session.cancel(&photos).await.unwrap();
    let seen: Vec<(String, Option<String>)> = socket
        .requests()
        .iter()
        .map(|request| {
            let line = request.line().split(" HTTP").next().unwrap_or_default().to_owned();
            (line, request.header("content-length"))
        })
        .collect();
    let zero = || Some("0".to_owned());
    let expected = [
        ("POST /upload/photos/v1/photos?uploadType=media&alt=json", zero()),
        ("POST /upload/photos/v1/photos?uploadType=resumable&alt=json", zero()),
        ("PUT /session?upload_id=1", zero()),
        ("PUT /session?upload_id=2", zero()),
        ("DELETE /session?upload_id=2", None),
    ];
    assert_eq!(seen, expected.map(|(line, length)| (line.to_owned(), length)));
}

#[tokio::test]
async fn a_get_with_a_long_url_is_a_post_that_says_so() {
    let socket = object();
    let zoo = zoo(&socket);
    let target = socket.url().len() + "/zoo/v1/animals?q=&alt=json".len();
    for long in [2048 - target, 2048 - target + 1, 70_000] {
        let value = "a".repeat(long);
        zoo.call(http::Method::GET, "animals", None).with_query("q", &value).await.unwrap();
    }
    zoo.call(http::Method::DELETE, "animals", None).with_query("q", &"a".repeat(3000)).await.unwrap();
    let requests = socket.requests();
    let line = |at: usize| requests[at].line().to_owned();
    assert!(line(0).starts_with("GET /zoo/v1/animals?q=aaa"), "{}", line(0));
    for (at, long) in [(1, 2048 - target + 1), (2, 70_000)] {
        let request = &requests[at];
        assert_eq!(line(at), "POST /zoo/v1/animals HTTP/1.1");
        assert_eq!(request.header("x-http-method-override").as_deref(), Some("GET"));
        assert_eq!(request.header("content-type").as_deref(), Some("application/x-www-form-urlencoded"));
        assert_eq!(request.body, format!("q={}&alt=json", "a".repeat(long)));
    }
    assert!(line(3).starts_with("DELETE /zoo/v1/animals?q=aaa"), "no server knows another verb overridden");
}
