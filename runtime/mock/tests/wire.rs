//! The wire format of the mock server, as raw bytes on a socket, without code of the client.
#![allow(missing_docs, unreachable_pub)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gapis_mock::{BatchRules, ContentIds, Fault, MockError, MockResponse, MockServer};
use gapis_testkit::farm::{animals, schemas};
use schemas::Animal;

/// Sends bytes and returns everything received until the server closes the connection.
fn talk(mock: &MockServer, request: &str) -> String {
    let mut stream = TcpStream::connect(mock.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(mock: &MockServer, target: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    talk(
        mock,
        &format!(
            "POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        ),
    )
}

const MIXED: &str = "Content-Type: multipart/mixed; boundary=\"b\"\r\n";

/// A batch of parts, each with its id and its request.
fn parts(parts: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (id, request) in parts {
        let id = if id.is_empty() { String::new() } else { format!("Content-ID: {id}\r\n") };
        body += &format!("--b\r\nContent-Type: application/http\r\n{id}\r\n{request}\r\n");
    }
    body + "--b--\r\n"
}

fn get(name: &str) -> String {
    format!("GET /farm/v2/animals/{name} HTTP/1.1\r\n\r\n")
}

fn named(name: &str) -> Animal {
    Animal { name: Some(name.to_owned()), ..Default::default() }
}

/// A farm whose state is the inserted animals.
fn farm() -> MockServer {
    let mock = MockServer::start().unwrap();
    let animals = Arc::new(Mutex::new(vec![named("pony")]));
    let find = |animals: &[Animal], name: &str| {
        animals.iter().position(|animal| animal.name.as_deref() == Some(name))
    };
    let state = animals.clone();
    mock.on::<animals::Get>(move |call| {
        let name = call.var("animalId")?;
        let animals = state.lock().unwrap();
        find(&animals, name).map(|at| animals[at].clone()).ok_or_else(|| MockError::not_found(name))
    });
    let state = animals.clone();
    mock.on::<animals::Insert>(move |call| {
        let animal: Animal = call.body()?;
        state.lock().unwrap().push(animal.clone());
        Ok(animal)
    });
    mock.on::<animals::Delete>(move |call| {
        let name = call.var("animalId")?;
        let mut animals = animals.lock().unwrap();
        let at = find(&animals, name).ok_or_else(|| MockError::not_found(name))?;
        animals.remove(at);
        Ok(())
    });
    mock
}

#[test]
fn a_body_without_a_length_is_refused_before_any_handler() {
    let mock = MockServer::start().unwrap();
    mock.route("POST", "/x", |_| MockResponse::new(204)).route("GET", "/x", |_| MockResponse::new(204));
    for verb in ["POST", "PUT", "PATCH"] {
        let answer = talk(&mock, &format!("{verb} /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 411 Length Required\r\n"), "{answer}");
    }
    assert_eq!(mock.call_count(), 0);
    let chunked = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    for (verb, rest) in [("POST", "Content-Length: 0\r\n\r\n"), ("POST", chunked), ("GET", "\r\n")] {
        let answer = talk(&mock, &format!("{verb} /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{rest}"));
        assert!(answer.starts_with("HTTP/1.1 204 No Content\r\n"), "{answer}");
    }
}

#[test]
fn a_post_that_stands_for_a_get_comes_to_the_get_s_handler() {
    let mock = MockServer::start().unwrap();
    mock.route("GET", "/x", |call| MockResponse::new(200).with_body(format!("{:?}", call.query_pairs())));
    let form = "X-HTTP-Method-Override: GET\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let answer = post(&mock, "/x?b=2", form, "q=a+b%26&r=");
    assert!(answer.ends_with(r#"[("b", "2"), ("q", "a b&"), ("r", "")]"#), "{answer}");
    assert_eq!((mock.calls()[0].verb(), &*mock.requests()[0].verb), ("GET", "POST"));

    let part = format!(
        "--b\r\nContent-Type: application/http\r\n\r\nPOST /x HTTP/1.1\r\n{form}Content-Length: 3\r\n\r\nq=1\r\n--b--"
    );
    let answer = post(&mock, "/batch", "Content-Type: multipart/mixed; boundary=b\r\n", &part);
    assert!(answer.contains(r#"[("q", "1")]"#), "{answer}");
    // With another media type it is a POST, for which there is no handler.
    let answer = post(&mock, "/x", "X-HTTP-Method-Override: GET\r\nContent-Type: text/plain\r\n", "q=1");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[test]
fn a_batch_is_answered_in_the_real_form() {
    let mock = farm();
    let body = parts(&[
        (
            "<t+0>",
            "POST /farm/v2/animals HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"name\": \"llama\"}\n",
        ),
        ("<t+1>", &get("llama")),
        ("<t+2>", &get("unicorn")),
        ("<t+3>", "DELETE /farm/v2/animals/pony HTTP/1.1\r\n\r\n"),
    ]);
    let answer = post(&mock, "/batch/farm/v2", MIXED, &body);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let boundary =
        head.split_once("content-type: multipart/mixed; boundary=").unwrap().1.lines().next().unwrap();
    assert!(boundary.starts_with("batch_"));
    let vary = "Vary: Origin\r\nVary: X-Origin\r\nVary: Referer\r\n";
    let part = |index: usize, status: &str, kind: &str, length: &str, json: &str| {
        format!(
            "--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <response-t+{index}>\r\n\r\nHTTP/1.1 {status}\r\n{kind}{vary}{length}\r\n{json}\r\n"
        )
    };
    let json = "Content-Type: application/json; charset=UTF-8\r\n";
    let error = r#"{"error":{"code":404,"errors":[{"domain":"global","message":"Not Found: unicorn","reason":"notFound"}],"message":"Not Found: unicorn","status":"NOT_FOUND"}}"#;
    let length = |text: &str| format!("Content-Length: {}\r\n", text.len());
    let llama = r#"{"name":"llama"}"#;
    let expected = part(0, "200 OK", json, &length(llama), llama)
        + &part(1, "200 OK", json, &length(llama), llama)
        + &part(2, "404 Not Found", json, &length(error), error)
        + &part(3, "204 No Content", "", "", "")
        + &format!("--{boundary}--\r\n");
    assert_eq!(body, expected);
    assert_eq!(mock.request_count(), 1);
    assert_eq!(mock.call_count(), 4);
    let calls = mock.calls();
    assert_eq!(
        (calls[2].index(), calls[2].status(), calls[2].content_id()),
        (Some(2), Some(404), Some("<t+2>"))
    );
    assert_eq!(calls[2].method_id(), Some("farm.animals.get"));
}

#[test]
fn the_classroom_guides_request_is_understood() {
    let mock = MockServer::start().unwrap();
    mock.route("PATCH", "/v1/courses/{id}", |call| {
        assert_eq!(call.header("content-type"), Some("application/json; charset=UTF-8"));
        let id = call.var("id").unwrap_or_default();
        MockResponse::json(200, &serde_json::json!({"id": id, "mask": call.query("updateMask"), "auth": call.header("authorization")}))
    });
    let part = |item: usize, course: &str, mask: &str, json: &str| {
        format!(
            "--b\r\nContent-Type: application/http; charset=utf-8\r\nContent-Transfer-Encoding: binary\r\nMIME-Version: 1.0\r\n\
             Content-ID: <item{item}:77@school.example.com>\r\nAuthorization: ignored here\r\n\r\n\
             PATCH /v1/courses/{course}?updateMask={mask} HTTP/1.1\r\nContent-Type: application/json; charset=UTF-8\r\n\
             Authorization: Bearer own{item}\r\nContent-Length: {}\r\n\r\n{json}\r\n",
            json.len()
        )
    };
    let body = part(1, "11", "name", "{\"name\": \"Algebra\"}")
        + &part(2, "12", "section", "{\"section\": \"Ünit 2\"}")
        + "--b--";
    let answer = post(
        &mock,
        "/batch",
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b; charset=UTF-8\r\n",
        &body,
    );
    assert!(answer.contains("Content-ID: <response-item1:77@school.example.com>\r\n"), "{answer}");
    assert!(answer.contains(r#"{"auth":"Bearer own1","id":"11","mask":"name"}"#), "{answer}");
    assert!(answer.contains(r#"{"auth":"Bearer own2","id":"12","mask":"section"}"#), "{answer}");
    assert_eq!(mock.calls()[1].raw_body(), "{\"section\": \"Ünit 2\"}");
}

#[test]
fn outer_headers_and_query_reach_the_calls_and_part_headers_do_not() {
    let mock = MockServer::start().unwrap();
    mock.batch_path("/batch/x/v1");
    mock.route("GET", "a", |_| MockResponse::new(204));
    let body = "--b\r\nContent-Type: application/http\r\nX-Part: p\r\n\r\nGET /a?key=own HTTP/1.1\r\nX-Own: o\r\nX-Both: o\r\n\r\n\r\n--b--";
    post(
        &mock,
        "/batch/x/v1?key=outer&quotaUser=q",
        &format!("{MIXED}Content-Language: de\r\nX-Both: outer\r\nX-Outer: outer\r\n"),
        body,
    );
    let call = &mock.calls()[0];
    let header = |name| call.header(name);
    assert_eq!((header("x-own"), header("x-both"), header("x-outer")), (Some("o"), Some("o"), Some("outer")));
    assert_eq!((header("x-part"), header("content-language"), header("content-type")), (None, None, None));
    assert_eq!(
        (call.query_all("key"), call.query("quotaUser")),
        (vec!["own".to_owned()], Some("q".to_owned()))
    );
}

#[test]
fn bad_parts_are_refused_alone() {
    let mock = farm();
    let answer = post(
        &mock,
        "/batch/farm/v2",
        MIXED,
        &parts(&[
            ("<0>", "GET http://x/farm/v2/animals/pony HTTP/1.1\r\n\r\n"),
            ("<1>", "POST /farm/v2/animals HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}"),
            ("<2>", &get("pony")),
            ("<3>", "POST /upload/farm/v2/animals HTTP/1.1\r\n\r\n"),
            ("<4>", "GET /farm/v2/nothing HTTP/1.1\r\n\r\n"),
        ]),
    );
    let statuses: Vec<_> = answer.lines().filter(|line| line.starts_with("HTTP/1.1")).skip(1).collect();
    let bad = "HTTP/1.1 400 Bad Request";
    assert_eq!(statuses, [bad, bad, "HTTP/1.1 200 OK", bad, "HTTP/1.1 404 Not Found"]);
    assert!(answer.contains("only path and query are allowed"));
}

#[test]
fn bad_batches_are_refused_whole() {
    let mock = farm();
    let refused = |headers: &str, body: &str| {
        let answer = post(&mock, "/batch/farm/v2", headers, body);
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        answer
    };
    assert!(refused(MIXED, "--b--\r\n").contains("Failed to parse batch request, error: 0 items"));
    assert!(refused("Content-Type: application/json\r\n", "{}").contains("not multipart/mixed"));
    assert!(refused(MIXED, "--other--").contains("no boundary line"));
    assert!(refused(MIXED, "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--").contains("application/http"));
    mock.batch_rules(BatchRules::new().max_calls(1));
    let two = parts(&[("", &get("pony")), ("", &get("pony"))]);
    assert!(refused(MIXED, &two).contains("Inner request count exceeds the limit. Received: 2, Limit: 1"));
    mock.batch_rules(BatchRules::new().content_ids(ContentIds::Unique));
    assert!(refused(MIXED, &two).contains("Duplicate Request ID in Batch Request"));
    mock.batch_rules(BatchRules::new().strict(true));
    refused(MIXED, &two.replace("\r\n", "\n"));
    mock.batch_rules(BatchRules::new());
    assert!(post(&mock, "/batch/farm/v2", MIXED, &two.replace("\r\n", "\n")).starts_with("HTTP/1.1 200"));
    mock.batch_rules(BatchRules::new().content_ids(ContentIds::Required));
    let answer = post(&mock, "/batch/farm/v2", MIXED, &parts(&[("", &get("pony")), ("<x>", &get("pony"))]));
    assert_eq!(answer.matches("application/http").count(), 1);
}

#[test]
fn single_calls_and_keep_alive() {
    let mock = farm();
    let twice = "GET /farm/v2/animals/pony HTTP/1.1\r\nHost: x\r\n\r\nGET /farm/v2/animals/cow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = talk(&mock, twice);
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("HTTP/1.1 404 Not Found"), "{answer}");
    assert_eq!(
        mock.requests().iter().map(|request| request.path.as_str()).collect::<Vec<_>>(),
        ["/farm/v2/animals/pony", "/farm/v2/animals/cow"]
    );
    let answer = post(&mock, "/farm/v2/animals", "", "not json");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("parseError"), "{answer}");
    let answer = post(&mock, "/elsewhere", "", "");
    assert!(
        answer.starts_with("HTTP/1.1 404") && answer.contains("no handler for POST /elsewhere"),
        "{answer}"
    );
    mock.keep(1, 1);
    assert_eq!((mock.requests().len(), mock.calls().len(), mock.request_count()), (1, 1, 4));
}

#[test]
fn bearer_tokens() {
    let mock = farm();
    mock.require_bearer("good");
    let one = parts(&[
        ("<0>", &get("pony")),
        ("<1>", "GET /farm/v2/animals/pony HTTP/1.1\r\nAuthorization: Bearer bad\r\n\r\n"),
    ]);
    let answer = post(&mock, "/batch/farm/v2", &format!("{MIXED}Authorization: Bearer good\r\n"), &one);
    assert!(
        answer.contains("HTTP/1.1 200 OK\r\nContent-Type")
            && answer.contains("HTTP/1.1 401 Unauthorized\r\n"),
        "{answer}"
    );
    let answer = post(&mock, "/batch/farm/v2", &format!("{MIXED}Authorization: Bearer bad\r\n"), &one);
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("www-authenticate: Bearer"), "{answer}");
    let answer = post(&mock, "/batch/farm/v2", MIXED, &one);
    assert_eq!(answer.matches("HTTP/1.1 401").count(), 2, "{answer}");
}

#[test]
fn a_panicking_handler_is_a_500_and_the_server_goes_on() {
    let mock = farm();
    mock.route("GET", "boom", |_| panic!("asserted in vain"));
    let get = "GET /boom HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(talk(&mock, get).contains("asserted in vain"));
    assert!(talk(&mock, get).starts_with("HTTP/1.1 500"));
}

#[test]
fn handlers_are_found_by_literal_text_then_age() {
    let mock = MockServer::start().unwrap();
    let say = |text: &'static str| move |_: &gapis_mock::MockCall| MockResponse::new(200).with_body(text);
    mock.route("GET", "a/count", say("count")).route("GET", "a/{id}", say("old")).route(
        "GET",
        "a/{id}",
        say("new"),
    );
    mock.route("GET", "{+all}", say("all"));
    let read = |path: &str| {
        let request = http::Request::get(path).body(bytes::Bytes::new()).unwrap();
        String::from_utf8(mock.handle(request).body().to_vec()).unwrap()
    };
    assert_eq!([read("/a/count"), read("/a/1"), read("/b/c")], ["count", "new", "all"]);
}

fn batch(mock: &MockServer, names: &[&str]) -> String {
    let requests: Vec<_> =
        names.iter().enumerate().map(|(at, name)| (format!("<{at}>"), get(name))).collect();
    let requests: Vec<_> = requests.iter().map(|(id, request)| (id.as_str(), request.as_str())).collect();
    post(mock, "/batch/farm/v2", MIXED, &parts(&requests))
}

fn ids(answer: &str) -> Vec<&str> {
    answer.lines().filter_map(|line| line.strip_prefix("Content-ID: <response-")?.strip_suffix('>')).collect()
}

#[test]
fn faults_of_calls() {
    let mock = farm();
    let names = ["pony"; 4];
    mock.fault(Fault::drop_part().on_call(1)).fault(Fault::duplicate_part().on_call(2));
    assert_eq!(ids(&batch(&mock, &names)), ["0", "2", "2", "3"]);
    assert_eq!(ids(&batch(&mock, &names)), ["0", "1", "2", "3"], "faults strike once");
    mock.fault(Fault::error(MockError::too_many_requests(Some(7))).every(2));
    let answer = batch(&mock, &names);
    assert_eq!(answer.matches("HTTP/1.1 429 Too Many Requests\r\n").count(), 2);
    assert_eq!(answer.matches("Retry-After: 7\r\n").count(), 2);
    mock.clear_faults().fault(Fault::garble_json().for_method::<animals::Get>().skip(1).times(2));
    assert_eq!(batch(&mock, &names).matches("\"pony\"}").count(), 2);
    mock.clear_faults().fault(Fault::error(MockError::inner_batch_soft_limit()).share(7, 0.5));
    let soft = |answer: String| answer.matches("inner batch requests soft limit").count() / 2;
    let struck: usize = (0..50).map(|_| soft(batch(&mock, &names))).sum();
    assert!((60..140).contains(&struck), "{struck} of 200");
    mock.clear_faults().fault(Fault::drop_part().for_singles());
    assert_eq!(ids(&batch(&mock, &names)).len(), 4);
    let alone = "GET /farm/v2/animals/pony HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(talk(&mock, alone), "");
    assert!(talk(&mock, alone).starts_with("HTTP/1.1 200"));
}

#[test]
fn faults_of_responses() {
    let mock = farm();
    let names = ["pony"; 3];
    let whole = batch(&mock, &names);
    let head = |answer: &str| answer.split_once("\r\n").map(|(line, _)| line.to_owned()).unwrap_or_default();
    let body =
        |answer: &str| answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    mock.fault(Fault::reverse());
    assert_eq!(ids(&batch(&mock, &names)), ["2", "1", "0"]);
    mock.fault(Fault::shuffle(1));
    let mut shuffled = batch(&mock, &names);
    let mut order = ids(&shuffled);
    order.sort_unstable();
    assert_eq!(order, ["0", "1", "2"]);
    mock.fault(Fault::respond(MockError::unauthenticated()))
        .fault(Fault::respond(MockResponse::html(413, "Too Large")).skip(1));
    assert_eq!(head(&batch(&mock, &names)), "HTTP/1.1 401 Unauthorized");
    shuffled = batch(&mock, &names);
    assert_eq!(head(&shuffled), "HTTP/1.1 413 Payload Too Large");
    assert!(body(&shuffled).starts_with("<!DOCTYPE html>"));
    mock.fault(Fault::limit(2));
    assert!(batch(&mock, &names).contains("Received: 3, Limit: 2"));
    mock.fault(Fault::end_at(10));
    assert_eq!(body(&batch(&mock, &names)).len(), 10);
    mock.fault(Fault::close());
    assert_eq!(batch(&mock, &names), "");
    mock.fault(Fault::gzip());
    let packed = batch(&mock, &names);
    assert!(packed.contains("content-encoding: gzip\r\n") && packed.len() < whole.len());
    mock.fault(Fault::no_content_ids());
    assert_eq!(ids(&batch(&mock, &names)).len(), 0);
    mock.fault(Fault::lf());
    assert!(!body(&batch(&mock, &names)).contains('\r'));
}

#[test]
fn a_cut_shows_exactly_the_bytes_before_it() {
    let mock = farm();
    let whole = batch(&mock, &["pony"; 3]);
    for cut in [0, 1, 50, 400] {
        mock.fault(Fault::cut(cut));
        let answer = batch(&mock, &["pony"; 3]);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        let (size, data) = body.split_once("\r\n").unwrap_or(("0", "\r\n"));
        assert_eq!((usize::from_str_radix(size, 16), data.len()), (Ok(cut), cut + 2), "{body:?}");
        assert!(!body.ends_with("0\r\n\r\n"));
        assert!(whole.len() > cut);
    }
}

#[test]
fn a_cut_of_a_large_answer_loses_nothing_before_it() {
    let mock = MockServer::start().unwrap();
    mock.route("GET", "big", |_| MockResponse::new(200).with_body(vec![b'x'; 8_000_000]));
    mock.fault(Fault::cut(7_000_000));
    let answer = talk(&mock, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(answer.matches('x').count(), 7_000_000);
}

#[test]
fn slow_and_in_pieces() {
    let mock = farm();
    // Short, because a socket uses the real clock.
    mock.fault(Fault::delay(Duration::from_millis(3))).fault(Fault::delay_parts(Duration::from_millis(2)));
    let start = Instant::now();
    assert_eq!(ids(&batch(&mock, &["pony"; 3])).len(), 3);
    assert!(start.elapsed() >= Duration::from_millis(9), "{:?}", start.elapsed());
    mock.fault(Fault::pieces(100));
    let answer = batch(&mock, &["pony"; 3]);
    assert!(answer.matches("\r\n64\r\n").count() >= 3, "{answer}");
}

#[test]
fn requests_are_handled_at_the_same_time() {
    let mock = MockServer::start().unwrap();
    let both = Arc::new(std::sync::Barrier::new(2));
    mock.route("GET", "meet", move |_| {
        both.wait();
        MockResponse::new(204)
    });
    let get = || talk(&mock, "GET /meet HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    std::thread::scope(|scope| {
        let other = scope.spawn(get);
        assert!(get().starts_with("HTTP/1.1 204"));
        assert!(other.join().unwrap().starts_with("HTTP/1.1 204"));
    });
}

#[test]
fn a_server_ends_though_a_handler_does_not() {
    let mock = MockServer::start().unwrap();
    mock.route("GET", "stuck", |_| {
        loop {
            std::thread::park();
        }
    });
    let mut open = TcpStream::connect(mock.address()).unwrap();
    open.write_all(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    while mock.request_count() == 0 {
        std::thread::yield_now();
    }
    let start = Instant::now();
    drop(mock);
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(open.read(&mut [0; 10]).unwrap_or(0), 0);
}

#[test]
fn a_server_ends_with_its_value() {
    let mock = farm();
    let address = mock.address();
    let mut open = TcpStream::connect(address).unwrap();
    drop(mock);
    assert!(TcpStream::connect(address).is_err());
    let mut rest = Vec::new();
    let _ = open.read_to_end(&mut rest);
    assert!(rest.is_empty());
}

#[test]
fn faults_are_placed_by_request_and_need_no_socket() {
    let handlers = gapis_mock::Handlers::new();
    handlers.on::<animals::Get>(|_| Ok(Animal::default()));
    handlers.fault(Fault::respond(MockError::unavailable(Some(2))).on_request(1).always());
    handlers.fault(Fault::cut(1).on_request(2)).fault(Fault::close().on_request(3));
    let read = || {
        let request = http::Request::get("/farm/v2/animals/7").body(bytes::Bytes::new()).unwrap();
        let answer = handlers.handle(request);
        (answer.status().as_u16(), answer.body().len())
    };
    assert_eq!(read(), (200, 2));
    assert_eq!(read().0, 503);
    assert_eq!(read(), (200, 1));
    assert_eq!(read(), (502, 0));
    assert_eq!(read(), (200, 2));
}

#[test]
fn a_204_may_end_without_a_blank_line() {
    let mock = farm();
    mock.fault(Fault::unfinished_head());
    let body = parts(&[("<0>", "DELETE /farm/v2/animals/pony HTTP/1.1\r\n\r\n")]);
    assert!(post(&mock, "/batch/farm/v2", MIXED, &body).contains("Vary: Referer\r\n\r\n--batch_"));
}

/// A connection that is kept open: each response is read by its length.
#[test]
fn many_calls_over_one_connection() {
    let mock = farm();
    mock.fault(Fault::error(MockError::unavailable(None)).share(1, 0.05));
    let names: Vec<_> = (0..1000).map(|at| (format!("<{at}>"), get("pony"))).collect();
    let body = parts(&names.iter().map(|(id, request)| (id.as_str(), request.as_str())).collect::<Vec<_>>());
    let request = format!(
        "POST /batch/farm/v2 HTTP/1.1\r\nHost: x\r\n{MIXED}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(mock.address()).unwrap();
    let (rounds, mut good, mut bad) = (20, 0, 0);
    let start = Instant::now();
    for _ in 0..rounds {
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_one(&mut stream);
        good += answer.matches("HTTP/1.1 200 OK\r\nContent-Type").count();
        bad += answer.matches("HTTP/1.1 503 Service Unavailable\r\n").count();
    }
    let elapsed = start.elapsed();
    assert_eq!((good + bad, mock.call_count(), mock.request_count()), (rounds * 1000, rounds * 1000, rounds));
    assert!((500..1500).contains(&bad), "{bad}");
    assert!(elapsed < Duration::from_secs(60), "{elapsed:?}");
}

fn read_one(stream: &mut TcpStream) -> String {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 65536]);
    let mut whole = None;
    loop {
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the server closed");
        bytes.extend_from_slice(&chunk[..count]);
        if whole.is_none()
            && let Some(head) = memchr::memmem::find(&bytes, b"\r\n\r\n")
        {
            let text = String::from_utf8_lossy(&bytes[..head]);
            let length = text.split_once("content-length: ").unwrap().1.lines().next().unwrap();
            whole = Some(head + 4 + length.parse::<usize>().unwrap());
        }
        if Some(bytes.len()) == whole {
            return String::from_utf8(bytes).unwrap();
        }
    }
}

#[test]
fn single_bytes_are_not_slow() {
    let mock = farm();
    mock.fault(Fault::pieces(1));
    let start = Instant::now();
    let answer = batch(&mock, &["pony"; 100]);
    assert!(answer.matches("\r\n1\r\n").count() > 10_000);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
