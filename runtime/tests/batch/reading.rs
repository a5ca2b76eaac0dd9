//! Invalid responses of servers, row by row: bytes as input, replies as output.

use bytes::Bytes;
use futures_util::FutureExt as _;
use gapis_runtime::{Error, ReadLimits};
use gapis_testkit::zoo::*;

/// The expectation of a row for each call, in the order of the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Want {
    /// The animal of that name, which the call requests.
    Own,
    Status(u16),
    Refused(u16),
    /// A value without members.
    Empty,
    Unknown,
    Protocol,
    Decode,
    Broken,
}

use Want::*;

fn check(row: &str, want: Want, id: &str, result: Result<Animal, Error>) {
    let fine = match (&want, &result) {
        (Own, Ok(animal)) => animal.id() == id,
        (Status(status), Err(error)) => error.status().map(u16::from) == Some(*status),
        (Refused(status), Err(error)) => {
            error.is_batch_refused() && error.response().is_some_and(|answer| answer.status == *status)
        }
        (Empty, Ok(animal)) => *animal == Animal::default(),
        (Unknown, Err(error)) => error.is_unknown_outcome(),
        // An unreadable response does not say what was done.
        (Protocol, Err(error)) => error.is_protocol() && error.is_unknown_outcome(),
        (Decode, Err(error)) => error.is_decode(),
        (Broken, Err(error)) => error.is_connection(),
        _ => false,
    };
    assert!(fine, "{row}: {id} should be {want:?}, is {result:?}");
}

/// Three inserts `a`, `b`, `c`, which are never repeated automatically, and a response as bytes.
pub(crate) async fn row(
    name: &str,
    answer: impl Fn(&[Part]) -> Answer + Send + Clone + 'static,
    want: [Want; 3],
) {
    for chunk in [usize::MAX, 1, 13] {
        let answer = answer.clone();
        let (zoo, peer) = zoo(move |sent| {
            let answer = answer(&sent.parts);
            if chunk < usize::MAX && answer.bytes().len() > 1 { answer.in_chunks(chunk) } else { answer }
        });
        let mut results: [Option<Result<Animal, Error>>; 3] = [None, None, None];
        let mut batch = zoo.batch();
        batch
            .queue_all(["a", "b", "c"].map(|id| zoo.insert(id)), |reply| {
                assert!(results[reply.index].replace(reply.result).is_none(), "{name}: twice");
            })
            .unwrap();
        let report = batch.execute().await;
        assert_eq!((report.calls(), peer.sent().len()), (3, 1), "{name}");
        drop(report);
        for ((id, want), result) in ["a", "b", "c"].into_iter().zip(want).zip(results) {
            check(name, want, id, result.unwrap_or_else(|| panic!("{name}: {id} has no reply")));
        }
    }
}

/// A part: the line with the id, if there is one, the separator, and the inner response.
pub(crate) fn part(id_line: &str, separator: &str, inner: &str) -> String {
    format!("--B\r\nContent-Type: application/http\r\n{id_line}{separator}{inner}\r\n")
}

pub(crate) fn all(parts: &[Part], one: impl Fn(&Part) -> String) -> String {
    parts.iter().map(one).collect::<String>() + "--B--\r\n"
}

#[tokio::test]
async fn no_part_has_a_content_id() {
    let one = |p: &Part| part("", "\r\n", &animal(&p.animal()));
    row("by order", move |parts| Answer::multipart(all(parts, one)), [Own; 3]).await;
    let fewer = move |parts: &[Part]| Answer::multipart(all(&parts[..2], one));
    row("the counts disagree", fewer, [Unknown; 3]).await;
    let more = move |parts: &[Part]| {
        Answer::multipart(one(&parts[0]) + &one(&parts[0]) + &one(&parts[1]) + &one(&parts[2]) + "--B--")
    };
    row("one too many", more, [Unknown; 3]).await;
    let some = move |parts: &[Part]| {
        Answer::multipart(
            framed(&parts[0], &animal("a")) + &one(&parts[1]) + &framed(&parts[2], &animal("c")) + "--B--",
        )
    };
    row("one of three lacks it: it is the call's that is left", some, [Own; 3]).await;
    let errors = move |parts: &[Part]| {
        Answer::multipart(
            one(&parts[0])
                + &part("", "\r\n", &failed(404, "notFound"))
                + &part("", "\r\n", "nonsense")
                + "--B--",
        )
    };
    row("by order, with errors", errors, [Own, Status(404), Protocol]).await;
}

#[tokio::test]
async fn content_ids_in_other_spellings() {
    for (name, make) in [
        ("no brackets", (|id| format!("Content-ID: response-{id}\r\n")) as fn(&str) -> String),
        ("no prefix", |id| format!("Content-ID: <{id}>\r\n")),
        ("neither", |id| format!("Content-ID: {id}\r\n")),
        ("Content-Id", |id| format!("Content-Id: <response-{id}>\r\n")),
        ("lower and upper case", |id| format!("content-id: <RESPONSE-{}>\r\n", id.to_uppercase())),
        ("white space", |id| format!("Content-ID:  < response-{id} > \r\n")),
        ("folded", |id| format!("Content-ID:\r\n <response-{id}>\r\n")),
        ("folded inside", |id| format!("Content-ID: <response-\r\n\t{id}>\r\n")),
        ("white space inside", |id| format!("Content-ID: < response- {} >\r\n", id.replace('+', " + "))),
        ("brackets inside", |id| format!("Content-ID: <response-<{id}>>\r\n")),
    ] {
        let one = move |p: &Part| part(&make(&p.id), "\r\n", &animal(&p.animal()));
        row(name, move |parts| Answer::multipart(all(parts, one)), [Own; 3]).await;
    }
}

#[tokio::test]
async fn the_one_part_that_is_left_belongs_to_the_one_call_that_is_left() {
    let own = |p: &Part| framed(p, &animal(&p.animal()));
    let with = |line: &str, p: &Part| part(line, "\r\n", &animal(&p.animal()));
    for line in ["", "Content-ID: <response-1>\r\n", "Content-ID: \r\n", "Content-ID: <response->\r\n"] {
        for place in 0..3 {
            let one = move |parts: &[Part]| {
                let of = |(at, p)| if at == place { with(line, p) } else { own(p) };
                Answer::multipart(parts.iter().enumerate().map(of).collect::<String>() + "--B--")
            };
            row("one", one, [Own; 3]).await;
            // In another order, so that the position says nothing.
            let last = move |parts: &[Part]| {
                let others = parts.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, p)| own(p));
                Answer::multipart(with(line, &parts[place]) + &others.collect::<String>() + "--B--")
            };
            row("first", last, [Own; 3]).await;
        }
        let two = move |parts: &[Part]| {
            Answer::multipart(own(&parts[0]) + &with(line, &parts[1]) + &with(line, &parts[2]) + "--B--")
        };
        row("two are left", two, [Own, Unknown, Unknown]).await;
        let more = move |parts: &[Part]| {
            let twice = with(line, &parts[1]) + &own(&parts[0]);
            Answer::multipart(own(&parts[0]) + &twice + &own(&parts[2]) + "--B--")
        };
        row("the counts disagree", more, [Own, Unknown, Own]).await;
        let cut = move |parts: &[Part]| {
            let bytes = own(&parts[0]) + &own(&parts[1]) + &with(line, &parts[2]) + "--B\r\n";
            Answer::multipart("").pieces([Piece::Bytes(bytes.into()), Piece::Break])
        };
        row("the answer broke off", cut, [Own, Own, Unknown]).await;
    }
}

#[tokio::test]
async fn parts_in_another_order_missing_twice_or_of_nobody() {
    let one = |p: &Part| framed(p, &animal(&p.animal()));
    let reversed = move |parts: &[Part]| {
        Answer::multipart(parts.iter().rev().map(one).collect::<String>() + "--B--\r\n")
    };
    row("reversed", reversed, [Own; 3]).await;
    let missing = move |parts: &[Part]| Answer::multipart(one(&parts[0]) + &one(&parts[2]) + "--B--");
    row("missing", missing, [Own, Unknown, Own]).await;
    let twice = move |parts: &[Part]| {
        Answer::multipart(one(&parts[0]) + &framed(&parts[0], &animal("x")) + &all(&parts[1..], one))
    };
    row("twice: the first counts", twice, [Own; 3]).await;
    let nobody = move |parts: &[Part]| {
        let mut other = parts[1].clone();
        other.id = "ffffffffff+1".to_owned();
        Answer::multipart(one(&other) + &all(parts, one))
    };
    row("of nobody", nobody, [Own; 3]).await;
    let beyond = move |parts: &[Part]| {
        let mut other = parts[1].clone();
        other.id = other.id.replace("+1", "+3");
        Answer::multipart(one(&other) + &all(parts, one))
    };
    row("beyond the last call", beyond, [Own; 3]).await;
    row("none at all", |_| Answer::multipart("--B--"), [Unknown; 3]).await;
}

#[tokio::test]
async fn parts_of_odd_form() {
    let id = |p: &Part| format!("Content-ID: <response-{}>\r\n", p.id);
    for (name, separator, make) in [
        ("no blank line before the status line", "", animal as fn(&str) -> String),
        ("LF in place of CRLF", "\r\n", |id| animal(id).replace("\r\n", "\n")),
        ("no reason phrase", "\r\n", |id| animal(id).replace(" OK", "")),
        ("neither reason nor the blank before it", "\r\n", |id| animal(id).replace("200 OK", "200")),
        ("repeated headers", "\r\n", |id| {
            animal(id).replace("Content-Type", "Vary: a\r\nVary: b\r\nVary: c\r\nContent-Type")
        }),
        ("a header without a colon", "\r\n", |id| animal(id).replace("Content-Type:", "Content-Type")),
        ("Content-Length too large", "\r\n", |id| animal(id).replace("Length: ", "Length: 9")),
        ("Content-Length too small", "\r\n", |id| animal(id).replace("Length: 1", "Length: ")),
        ("Content-Length is no number", "\r\n", |id| animal(id).replace("Length: ", "Length: x")),
        ("an interim response before it", "\r\n", |id| {
            format!("HTTP/1.1 100 Continue\r\n\r\n{}", animal(id))
        }),
    ] {
        let one = move |p: &Part| part(&id(p), separator, &make(&p.animal()));
        row(name, move |parts| Answer::multipart(all(parts, one)), [Own; 3]).await;
    }
}

#[tokio::test]
async fn framing_of_odd_form() {
    let body = |parts: &[Part]| all(parts, |p| framed(p, &animal(&p.animal())));
    let typed = |kind: &str, body: String| Answer::new(200, kind, body);
    row("quoted", move |p| typed("multipart/mixed; boundary=\"B\"", body(p)), [Own; 3]).await;
    row(
        "with `=` and other parameters",
        move |p| {
            typed(
                "Multipart/Mixed; charset=UTF-8; Boundary=a=b=; x=y",
                body(p).replace("--B--", "--a=b=--").replace("--B\r", "--a=b=\r"),
            )
        },
        [Own; 3],
    )
    .await;
    row(
        "preamble",
        move |p| Answer::multipart(format!("This is\r\na --B preamble\r\n{}", body(p))),
        [Own; 3],
    )
    .await;
    row("epilogue", move |p| Answer::multipart(body(p) + "--B\r\nContent-ID: <x>\r\nmore"), [Own; 3]).await;
    row("no final line end", move |p| Answer::multipart(body(p).trim_end().to_owned()), [Own; 3]).await;
    row("LF everywhere", move |p| Answer::multipart(body(p).replace("\r\n", "\n")), [Own; 3]).await;
    row(
        "blanks after the boundary",
        move |p| Answer::multipart(body(p).replace("--B\r", "--B \t\r")),
        [Own; 3],
    )
    .await;
    row("an outer 201", move |p| Answer::new(201, "multipart/mixed; boundary=B", body(p)), [Own; 3]).await;
}

#[tokio::test]
async fn delimiters_and_the_type_may_be_missing() {
    let body = |parts: &[Part]| all(parts, |p| framed(p, &animal(&p.animal())));
    let untyped = |body: String| Answer::multipart(body).without("content-type");
    row("no type", move |p| untyped(body(p)), [Own; 3]).await;
    row("no type, after a blank line", move |p| untyped(format!("\r\n{}", body(p))), [Own; 3]).await;
    row("no type and no delimiter", move |_| untyped(animal("a")), [Protocol; 3]).await;
    row("no type and nothing", move |_| untyped(String::new()), [Protocol; 3]).await;
    let first = move |p: &[Part]| Answer::multipart(body(p).replacen("--B\r\n", "", 1));
    row("the first delimiter", first, [Own; 3]).await;
    let last = move |p: &[Part]| Answer::multipart(body(p).replace("--B--\r\n", ""));
    row("the last delimiter", last, [Own; 3]).await;
    let broken = move |p: &[Part]| {
        let bytes = body(p).replace("--B--\r\n", "").replacen("Content-Length", "X", 3);
        Answer::multipart("").pieces([Piece::Bytes(bytes.into()), Piece::Break])
    };
    row("the last delimiter, in an answer that broke off", broken, [Own, Own, Unknown]).await;
    let without_ids = move |p: &[Part]| {
        let one = |p: &Part| part("", "\r\n", &animal(&p.animal()));
        Answer::multipart(all(p, one).replace("--B--\r\n", ""))
    };
    row("the last delimiter, and parts by order", without_ids, [Own; 3]).await;
}

#[tokio::test]
async fn a_lost_body_is_no_success() {
    for inner in [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n",
    ] {
        let lost = move |parts: &[Part]| {
            let second = framed(&parts[1], inner);
            Answer::multipart(
                framed(&parts[0], &animal("a")) + &second + &framed(&parts[2], &animal("c")) + "--B--",
            )
        };
        row(inner, lost, [Own, Protocol, Own]).await;
    }
    let recovered = |p: &Part| framed(p, &animal(&p.animal()).replace("\r\n\r\n", "\r\n"));
    row("the blank line before it", move |p| Answer::multipart(all(p, recovered)), [Own; 3]).await;
}

#[tokio::test]
async fn a_header_only_204_without_a_blank_line_and_a_200_with_null() {
    for inner in [
        "HTTP/1.1 204 No Content",
        "HTTP/1.1 204 No Content\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0",
        "HTTP/1.1 200 OK\r\n\r\nnull",
        "HTTP/1.1 200 OK\r\n\r\n",
    ] {
        let (zoo, _) = zoo(move |sent| sent.answer(|_| Some(inner.to_owned())));
        let mut done = 0;
        let mut batch = zoo.batch();
        batch
            .queue_all(["a", "b"].map(|id| zoo.delete(id)), |reply| {
                reply.result.unwrap();
                done += 1;
            })
            .unwrap();
        let _ = batch.execute().await;
        assert_eq!(done, 2, "{inner:?}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf8_and_broken_json_harm_their_own_call_only() {
    let answer = |bad: &'static [u8]| {
        move |parts: &[Part]| {
            let mut bytes = framed(&parts[0], &animal("a")).into_bytes();
            bytes.extend(framed(&parts[1], "HTTP/1.1 200 OK\r\nX-Odd: @\r\n\r\n@").into_bytes());
            let bytes: Vec<u8> = bytes
                .iter()
                .flat_map(|byte| if *byte == b'@' { bad.to_vec() } else { vec![*byte] })
                .collect();
            let end = framed(&parts[2], &animal("c")) + "--B--";
            Answer::multipart([&bytes[..], end.as_bytes()].concat())
        }
    };
    row("not UTF-8", answer(b"\xff\xfe{"), [Own, Decode, Own]).await;
    row("not UTF-8 in a string", answer(b"{\"id\":\"\xff\"}"), [Own, Decode, Own]).await;
    row("cut JSON", answer(b"{\"id\":"), [Own, Decode, Own]).await;
    row("NUL", answer(b"\0"), [Own, Decode, Own]).await;
}

#[tokio::test]
async fn an_outer_answer_that_is_none_is_the_error_of_every_call() {
    let html = "<html><head><title>413. That’s an error.</title></head><body>Too large.</body></html>";
    row("HTML", move |_| Answer::new(404, "text/html", html), [Refused(404); 3]).await;
    row("JSON", |_| Answer::json(403, error_body(403, "forbidden")), [Refused(403); 3]).await;
    row("empty", |_| Answer::new(400, "text/plain", ""), [Refused(400); 3]).await;
    row("200, not multipart", |_| Answer::json(200, "{\"id\":\"a\"}"), [Protocol; 3]).await;
    row("no boundary", |_| Answer::new(200, "multipart/mixed", "--B--"), [Protocol; 3]).await;
    row("another boundary", |_| Answer::multipart("--C\r\n\r\nx\r\n--C--"), [Unknown; 3]).await;
    row("an empty multipart", |_| Answer::multipart(""), [Unknown; 3]).await;
    row("no answer", |_| Answer::error(Error::transport("broke", "x")), [Broken; 3]).await;
    row("a redirect", |_| Answer::new(302, "text/html", ""), [Refused(302); 3]).await;
    let cut = move |_: &[Part]| {
        Answer::new(404, "text/html", "").pieces([Piece::Bytes(Bytes::from(html)), Piece::Break])
    };
    row("an error whose body breaks off is still that error", cut, [Refused(404); 3]).await;
}

#[tokio::test]
async fn the_real_outer_error_reaches_every_call() {
    let (zoo, _) = zoo(|_| {
        Answer::json(
            400,
            r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}"#,
        )
    });
    let mut errors = Vec::new();
    let mut batch = zoo.batch();
    batch
        .queue_all(["a", "b"].map(|id| zoo.get(id)), |reply| {
            assert_eq!(reply.response.unwrap().status, 400, "with the whole message");
            errors.push(reply.result.unwrap_err());
        })
        .unwrap();
    let _ = batch.execute().await;
    let place = "the batch as a whole was refused by zoo.test/batch/zoo/v1";
    assert_eq!(errors[0].to_string(), format!("{place}: 400 Bad Request: API key not valid."));
    assert!(errors[0].is_same(&errors[1]));
}

#[tokio::test]
async fn the_classroom_guide_s_form_is_read() {
    let answer = |parts: &[Part]| {
        let [a, b, c] = [0, 1, 2].map(|at| &parts[at].id);
        Answer::new(
            200,
            "multipart/mixed; boundary=batch_foobarbaz",
            format!(
                "--batch_foobarbaz\r\nContent-Type: application/http\r\nContent-ID: <response-{a}>\r\n\r\n\
                 HTTP/1.1 200 OK\r\nContent-Type application/json\r\nContent-Length: 10\r\n\r\n{{\"id\":\"a\"}}\r\n\
                 --batch_foobarbaz\r\nContent-Type: application/http\r\nContent-ID: <response-{b}>\r\n\r\n\
                 HTTP/1.1 200\r\nContent-Type: application/json\r\n\r\n{{\r\n  \"id\": \"b\"\r\n}}\r\n\
                 --batch_foobarbaz\r\nContent-ID: <response-{c}>\r\nContent-Type: application/http\r\n\r\n\
                 HTTP/1.1 404 Not Found\r\n\r\n{{}}\r\n--batch_foobarbaz--"
            ),
        )
    };
    row("classroom", answer, [Own, Own, Status(404)]).await;
}

#[tokio::test(start_paused = true)]
async fn callbacks_run_as_parts_arrive() {
    let log = Log::default();
    let peer_log = log.clone();
    let (zoo, _) = zoo(move |sent| {
        peer_log.add("answering");
        // A part is known to be complete only after the delimiter that follows it.
        let parts = sent.parts.iter().map(|part| framed(part, &animal(&part.animal())));
        let pieces = parts.flat_map(|part| [Piece::Bytes(part.into()), Piece::Wait(secs(10))]);
        let pieces: Vec<_> = pieces.chain([Piece::Bytes("--B--".into())]).collect();
        Answer::multipart("").pieces(pieces)
    });
    let start = tokio::time::Instant::now();
    let mut batch = zoo.batch();
    batch
        .queue_all(["a", "b", "c"].map(|id| zoo.get(id)), |reply| {
            log.add(format!("{} at {}", reply.result.unwrap().id(), start.elapsed().as_secs()))
        })
        .unwrap();
    let _ = batch.execute().await;
    assert_eq!(log.take(), ["answering", "a at 10", "b at 20", "c at 30"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_waited_for_as_long_as_the_client_says() {
    let slow = |sent: &Sent| {
        let parts = sent.parts.iter().map(|p| framed(p, &animal(&p.animal())));
        let pieces = parts.flat_map(|part| [Piece::Wait(secs(50)), Piece::Bytes(part.into())]);
        pieces.chain([Piece::Bytes("--B--".into())]).collect::<Vec<_>>()
    };
    let peer = Peer::new(move |sent| Answer::multipart("").pieces(slow(sent)));
    let zoo = peer.builder().timeout(Some(secs(60))).build().unwrap();
    let mut batch = zoo.batch();
    batch.queue_all((0..5).map(|_| zoo.insert("a")), |reply| assert!(reply.result.is_ok())).unwrap();
    assert!(batch.execute().await.error_for_failures().is_ok(), "the bound is on silence, not on the whole");

    let peer = Peer::new(|sent| {
        let first = framed(&sent.parts[0], &animal("a")) + "--B\r\n";
        Answer::multipart("").pieces([Piece::Bytes(first.into()), Piece::Stall])
    });
    let zoo = peer.builder().timeout(Some(secs(60))).build().unwrap();
    let start = tokio::time::Instant::now();
    let mut words = Vec::new();
    let mut batch = zoo.batch();
    batch
        .queue_all((0..2).map(|_| zoo.insert("a")), |reply| {
            words.push(reply.result.map(|_| ()).map_err(|error| error.is_unknown_outcome()))
        })
        .unwrap();
    let _ = batch.execute().await;
    assert_eq!((words, start.elapsed(), peer.flying()), (vec![Ok(()), Err(true)], secs(60), 0));

    let peer = Peer::new(|_| Answer::multipart("--B--").after(secs(1000)));
    let zoo = peer.builder().timeout(Some(secs(60))).build().unwrap();
    let mut batch = zoo.batch();
    let ticket = batch.add(zoo.insert("a")).unwrap();
    let error = batch.execute().await.redeem(ticket).unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

/// A slow callback must not make the other responses look idle.
#[tokio::test(start_paused = true)]
async fn slow_callbacks_do_not_time_out_the_server() {
    let peer = Peer::new(|sent| {
        let pieces: Vec<_> = sent
            .parts
            .iter()
            .flat_map(|p| [Piece::Bytes(framed(p, &animal(&p.animal())).into()), Piece::Wait(millis(5))])
            .chain([Piece::Bytes("--B--".into())])
            .collect();
        Answer::multipart("").pieces(pieces)
    });
    let zoo = peer.builder().timeout(Some(secs(60))).build().unwrap();
    let mut batch = zoo.batch().with_max_calls(2);
    batch
        .queue_all((0..4).map(|_| zoo.insert("a")), |reply| {
            assert!(reply.result.is_ok(), "{:?}", reply.result);
            // One poll advances the clock; the rest would only yield.
            let _ = tokio::time::advance(secs(100)).now_or_never();
        })
        .unwrap();
    assert!(batch.execute().await.error_for_failures().is_ok());
}

async fn limited(
    limits: ReadLimits,
    answer: impl Fn(&[Part]) -> Answer + Send + 'static,
) -> Vec<Option<Error>> {
    let (zoo, _) = zoo(move |sent| answer(&sent.parts));
    let mut batch = zoo.batch().with_limits(limits);
    batch.queue_all(["a", "b", "c"].map(|id| zoo.insert(id)), drop).unwrap();
    batch.execute().await.records().map(|reply| reply.error.clone()).collect()
}

#[tokio::test]
async fn a_hostile_part_costs_itself_only() {
    let huge = |parts: &[Part]| {
        let big = ok(&format!("{{\"id\":\"{}\"}}", "x".repeat(5000)));
        Answer::multipart(
            framed(&parts[0], &animal("a"))
                + &framed(&parts[1], &big)
                + &framed(&parts[2], &animal("c"))
                + "--B--",
        )
        .in_chunks(100)
    };
    let errors = limited(ReadLimits::default().with_part_bytes(1000), huge).await;
    assert!(errors[0].is_none() && errors[2].is_none());
    let error = errors[1].as_ref().unwrap();
    assert!(error.is_protocol() && error.raw_part().unwrap().len() <= 1000, "{error}");

    let headers = |parts: &[Part]| {
        let many = animal("b").replace("Content-Type", &("X-Y: z\r\n".repeat(50) + "Content-Type"));
        Answer::multipart(
            framed(&parts[0], &animal("a"))
                + &framed(&parts[1], &many)
                + &framed(&parts[2], &animal("c"))
                + "--B--",
        )
    };
    let errors = limited(ReadLimits::default().with_headers_per_part(20), headers).await;
    assert!(errors[0].is_none() && errors[1].as_ref().unwrap().is_protocol() && errors[2].is_none());
}

#[tokio::test]
async fn a_response_without_an_end_is_given_up() {
    let endless = |parts: &[Part]| {
        let first = framed(&parts[0], &animal("a"));
        let filler = (0..10_000).map(|_| Piece::Bytes(Bytes::from_static(&[b'x'; 1000])));
        Answer::multipart("").pieces([Piece::Bytes((first + "--B\r\n").into())].into_iter().chain(filler))
    };
    let errors = limited(ReadLimits::default().with_total_bytes(100_000), endless).await;
    assert!(errors[0].is_none(), "{:?}", errors[0]);
    assert!(errors[1].as_ref().unwrap().is_unknown_outcome() && errors[2].is_some());
}

#[tokio::test]
async fn an_error_page_without_an_end_is_cut() {
    let page = |_: &[Part]| {
        let filler = (0..10_000).map(|_| Piece::Bytes(Bytes::from_static(&[b'x'; 1000])));
        Answer::new(400, "text/html", "").pieces(filler)
    };
    let errors = limited(ReadLimits::default().with_part_bytes(10_000), page).await;
    let error = errors[0].as_ref().unwrap();
    assert_eq!(error.response().unwrap().status, 400, "{error}");
    assert!(error.response().unwrap().body.len() <= 11_000);
}
