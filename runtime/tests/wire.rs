//! What stands on a socket when a call is sent alone: request line, headers and length, to the byte.

#![allow(missing_docs)]

#[path = "support/socket.rs"]
mod socket;

use gapis_runtime::{Client, Json, Session, Source};
use serde_json::json;
use socket::Socket;

#[derive(Clone, Debug)]
pub struct Zoo(Client);
gapis_runtime::api! { Zoo { name: "zoo", version: "v1", root_url: "https://zoo.test/", service_path: "zoo/v1/",
batch_path: "batch/zoo/v1" } }

pub enum Insert {}
gapis_runtime::method! { Insert: Zoo => Json; "zoo.insert" POST "animals" { upload: Some(&gapis_runtime::spec::UploadSpec {
    simple_path: "upload/animals", resumable_path: "resumable/animals", max_size: None, accept: &["*/*"],
}) } }
impl gapis_runtime::AcceptsMedia for Insert {}

impl Zoo {
    fn insert(&self, body: Option<Json>) -> Call<Insert> {
        Call::new(&self.0, &[], body.as_ref().map(|body| body as &dyn gapis_runtime::Body))
    }
}

fn zoo(socket: &Socket) -> Zoo {
    Zoo::builder().anonymous().endpoint(&socket.url()).build().unwrap()
}

const FOOT: &str = "accept: application/json\r\n";

#[tokio::test]
async fn a_verb_with_a_body_says_its_length_even_if_it_is_empty() {
    let socket = Socket::answering(|_| "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into()).await;
    let zoo = zoo(&socket);
    use http::Method;
    for verb in [Method::GET, Method::DELETE, Method::POST, Method::PUT, Method::PATCH] {
        zoo.call(verb.clone(), "animals/a", None).await.unwrap();
        zoo.call(verb, "animals/a", Some(json!({}))).await.unwrap();
    }
    let lengths: Vec<Option<String>> =
        socket.heads().iter().map(|head| socket::header(head, "content-length")).collect();
    let lengths: Vec<Option<&str>> = lengths.iter().map(Option::as_deref).collect();
    let (none, zero, two) = (None, Some("0"), Some("2"));
    assert_eq!(lengths, [none, two, none, two, zero, two, zero, two, zero, two]);
    let head = &socket.heads()[4];
    assert!(head.starts_with("POST /zoo/v1/animals/a?alt=json HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(FOOT), "{head}");
}

#[tokio::test]
async fn empty_uploads_and_the_steps_of_a_session_say_their_length() {
    let socket = Socket::answering(|head| {
        let answer =
            |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}content-length: 0\r\n\r\n");
        if head.starts_with("POST") && head.contains("uploadType=resumable") {
            return answer("200 OK", "location: /session?upload_id=1\r\n");
        }
        answer("200 OK", "")
    })
    .await;
    let zoo = zoo(&socket);
    zoo.insert(None).upload("").simple().await.unwrap();
    zoo.insert(None).upload("").resumable().await.unwrap();
    let session =
        json!({ "method": "zoo.insert", "address": format!("{}/session?upload_id=2", socket.url()) });
    let session = Session::load(&session.to_string()).unwrap();
    zoo.insert(None).upload(Source::from("")).resume(session.clone()).await.unwrap();
    session.cancel(&zoo).await.unwrap();
    let seen: Vec<(String, Option<String>)> = socket
        .heads()
        .iter()
        .map(|head| {
            let line = head.split(" HTTP").next().unwrap_or_default().to_owned();
            (line, socket::header(head, "content-length"))
        })
        .collect();
    let zero = || Some("0".to_owned());
    let expected = [
        ("POST /upload/animals?uploadType=media&alt=json", zero()),
        ("POST /upload/animals?uploadType=resumable&alt=json", zero()),
        ("PUT /session?upload_id=1", zero()),
        ("PUT /session?upload_id=2", zero()),
        ("DELETE /session?upload_id=2", None),
    ];
    assert_eq!(seen, expected.map(|(line, length)| (line.to_owned(), length)));
}

#[tokio::test]
async fn a_get_with_a_long_url_is_a_post_that_says_so() {
    let socket = Socket::answering(|_| "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into()).await;
    let zoo = zoo(&socket);
    let target = socket.url().len() + "/zoo/v1/animals?q=&alt=json".len();
    for long in [2048 - target, 2048 - target + 1, 70_000] {
        let value = "a".repeat(long);
        zoo.call(http::Method::GET, "animals", None).with_query("q", &value).await.unwrap();
    }
    zoo.call(http::Method::DELETE, "animals", None).with_query("q", &"a".repeat(3000)).await.unwrap();
    let requests = socket.requests();
    let line = |at: usize| requests[at].0.lines().next().unwrap_or_default().to_owned();
    assert!(line(0).starts_with("GET /zoo/v1/animals?q=aaa"), "{}", line(0));
    for (at, long) in [(1, 2048 - target + 1), (2, 70_000)] {
        let (head, body) = &requests[at];
        assert_eq!(line(at), "POST /zoo/v1/animals HTTP/1.1");
        assert_eq!(socket::header(head, "x-http-method-override").as_deref(), Some("GET"));
        assert_eq!(
            socket::header(head, "content-type").as_deref(),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(*body, format!("q={}&alt=json", "a".repeat(long)));
    }
    assert!(line(3).starts_with("DELETE /zoo/v1/animals?q=aaa"), "no server knows another verb overridden");
}
