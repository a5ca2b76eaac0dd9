//! The samples of Google's batch guides on the wire, with values of our own: what their clients send, read by the mock
//! server; what their servers answer, read by ours.

use std::io::{Read, Write};
use std::net::TcpStream;

use gapis_classroom_v1::Classroom;
use gapis_classroom_v1::schemas::Course;
use gapis_examples::servers;
use gapis_testkit::socket::Socket;

/// Sends bytes as they are and gives back all that comes.
fn exchange(address: std::net::SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// With the line ends of the wire.
fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

#[test]
fn the_classroom_guide_s_request() {
    let (mock, state) = servers::classroom::start().unwrap();
    let head = crlf(
        "\
POST /batch HTTP/1.1
Host: classroom.googleapis.com
Authorization: Bearer nobody
Content-Type: multipart/mixed; boundary=batch_oak",
    );
    let body = crlf(
        r#"--batch_oak
Content-Type: application/http
Content-Transfer-Encoding: binary
MIME-Version: 1.0
Content-ID: <item1:4711@school.example.com>

PATCH /v1/courses/1?updateMask=name HTTP/1.1
Content-Type: application/json; charset=UTF-8
Authorization: Bearer ada

{
  "name": "Botany"
}
--batch_oak
Content-Type: application/http
Content-Transfer-Encoding: binary
MIME-Version: 1.0
Content-ID: <item2:4711@school.example.com>

PATCH /v1/courses/2?updateMask=section HTTP/1.1
Content-Type: application/json; charset=UTF-8
Authorization: Bearer grace

{
  "section": "Wednesdays"
}
--batch_oak
Content-Type: application/http
Content-Transfer-Encoding: binary
MIME-Version: 1.0
Content-ID: <item3:4711@school.example.com>

PATCH /v1/courses/2?updateMask=section HTTP/1.1
Content-Type: application/json; charset=UTF-8

{
  "section": "Thursdays"
}
--batch_oak--"#,
    );
    let answer = exchange(mock.address(), &head, &body);

    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let place = |text: &str| answer.find(text).unwrap_or_else(|| panic!("no {text} in {answer}"));
    let order = [1, 2, 3].map(|item| place(&format!("<response-item{item}:4711@school.example.com>")));
    assert!(order.is_sorted(), "{answer}");
    place("\"name\":\"Botany\"");
    place("\"section\":\"Wednesdays\"");
    // The third part has no credentials of its own, so that the outer ones hold for it.
    assert_eq!(answer.matches("HTTP/1.1 403 Forbidden\r\n").count(), 1, "{answer}");
    let state = state.lock();
    assert_eq!(state.courses["2"].0.section.as_deref(), Some("Wednesdays"));
    assert_eq!(mock.call_count(), 3);
}

#[test]
fn the_display_and_video_guide_s_request() {
    let (mock, state) = servers::displayvideo::start().unwrap();
    let head = crlf(
        "\
POST /batch HTTP/1.1
Host: displayvideo.googleapis.com
Authorization: Bearer token
Content-Type: multipart/mixed; boundary=\"batch_elm\"",
    );
    let body = crlf(
        r#"--batch_elm
Content-Type: application/http
Content-ID: <advertiser>

PATCH /v4/advertisers/7?updateMask=displayName&fields=advertiserId,displayName
Content-Type: application/json
Content-Length: 27

{ "displayName": "Autumn" }
--batch_elm
Content-Type: application/http
Content-ID: <lineItem>

PATCH /v4/advertisers/7/lineItems/3?updateMask=displayName&fields=lineItemId,displayName
Content-Type: application/json
Content-Length: 27

{ "displayName": "Leaves" }
--batch_elm--
"#,
    );
    let answer = exchange(mock.address(), &head, &body);
    assert!(answer.contains("<response-advertiser>") && answer.contains("<response-lineItem>"), "{answer}");
    let state = state.lock();
    assert_eq!(state.display_name.as_deref(), Some("Autumn"));
    assert_eq!(state.line_items[&3].display_name.as_deref(), Some("Leaves"));
}

#[test]
fn absolute_addresses_inside_are_refused() {
    let (mock, state) = servers::displayvideo::start().unwrap();
    let head = "POST /batch HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/mixed; boundary=b";
    let body = crlf(
        "--b\nContent-Type: application/http\n\nPATCH https://displayvideo.googleapis.com/v4/advertisers/7 \
         HTTP/1.1\nContent-Type: application/json\nContent-Length: 19\n\n{\"displayName\":\"x\"}\n--b--",
    );
    let answer = exchange(mock.address(), head, &body);
    assert!(answer.contains("400 Bad Request"), "{answer}");
    assert_eq!(state.lock().display_name, None);
}

/// Answers requests with what `answer` makes of the `Content-ID`s in them, without their brackets.
fn serve(answer: fn(&[String]) -> String) -> String {
    let server = Socket::answering(move |request| {
        let ids = request.body.lines().filter_map(|line| line.strip_prefix("Content-ID: "));
        let ids: Vec<String> = ids.map(|id| id.trim_matches(['<', '>']).to_owned()).collect();
        answer(&ids)
    });
    server.url()
}

/// The outer status line has no reason, and one of the inner header lines no colon.
fn printed_answer(ids: &[String]) -> String {
    let [first, second] = ids else { panic!("{ids:?}") };
    crlf(&format!(
        r#"HTTP/1.1 200
Content-Type: multipart/mixed; boundary=batch_ash
Connection: close

--batch_ash
Content-Type: application/http
Content-ID: <response-{first}>

HTTP/1.1 200 OK
Content-Type application/json
Vary: Origin
Vary: X-Origin
Vary: Referer

{{
  "id": "1",
  "name": "Botany"
}}
--batch_ash
Content-Type: application/http
Content-ID: <response-{second}>

HTTP/1.1 200 OK
Content-Type: application/json; charset=UTF-8

{{
  "id": "2",
  "section": "Wednesdays"
}}
--batch_ash--"#
    ))
}

#[tokio::test]
async fn the_classroom_guide_s_answer() {
    let classroom: Classroom =
        Classroom::builder().anonymous().endpoint(&serve(printed_answer)).build().unwrap();
    let mut varies = 0;
    let mut batch = classroom.batch();
    classroom
        .courses()
        .patch("1", Course { name: Some("Botany".to_owned()), ..Default::default() })
        .update_mask("name")
        .queue(&mut batch, |reply| {
            varies = reply.response.unwrap().headers().get_all("vary").iter().count();
            assert_eq!(reply.result.unwrap().name.as_deref(), Some("Botany"));
        })
        .unwrap();
    let change = Course { section: Some("Wednesdays".to_owned()), ..Default::default() };
    let second = batch.add(classroom.courses().patch("2", change).update_mask("section")).unwrap();
    let report = batch.execute().await;
    assert_eq!(report.redeem(second).unwrap().section.as_deref(), Some("Wednesdays"));
    report.error_for_failures().unwrap();
    assert_eq!(varies, 3, "repeated headers are kept");
}
