//! The client's codec against the mock's own: what one writes the other reads, and faults are what the reader says they
//! are.

use bytes::Bytes;

use super::{BatchRules, ContentIds, Fault, Handlers, MockError, MockResponse};
use crate::multipart::{BatchWriter, PartRequest, ReadLimits, Reader};

fn handlers() -> Handlers {
    let handlers = Handlers::new();
    handlers.batch_rules(BatchRules::new().strict(true).content_ids(ContentIds::Unique));
    handlers.route("POST", "echo/{name}", |call| {
        MockResponse::new(200).with_header("content-type", "text/plain").with_body(call.raw_body().clone())
    });
    handlers
}

/// What the reader makes of each part: its index, its status (0 if it cannot be read) and its body.
fn exchange(handlers: &Handlers, calls: usize) -> Vec<(Option<usize>, u16, String)> {
    let mut writer = BatchWriter::with_capacity(fastrand::Rng::with_seed(1), 1000);
    for index in 0..calls {
        let body = format!("\r\n--body {index} ü\r\n");
        let target = format!("/echo/{index}");
        let part = PartRequest {
            token: "tok",
            index,
            verb: "POST",
            target: &target,
            headers: [("X-Own", "own")].into_iter(),
            body: Some(body.as_bytes()),
            content_type: "text/plain",
        };
        writer.push(&part).unwrap();
    }
    let (kind, body) = writer.finish();
    let request = http::Request::post("/batch").header("content-type", kind).body(body).unwrap();
    let answer = handlers.handle(request);
    assert_eq!(answer.status(), 200, "{:?}", answer.body());
    let kind = answer.headers()["content-type"].as_bytes();
    let mut reader = Reader::new(kind, ReadLimits::default()).unwrap();
    for chunk in answer.body().chunks(7) {
        reader.feed(Bytes::copy_from_slice(chunk));
    }
    reader.finish();
    let mut parts = Vec::new();
    while let Ok(Some(part)) = reader.next_part() {
        let (status, body) = match &part.content {
            Ok(inner) => (inner.status.as_u16(), String::from_utf8_lossy(&inner.body).into_owned()),
            Err(_) => (0, String::new()),
        };
        parts.push((part.index("tok"), status, body));
    }
    parts
}

fn right(index: usize) -> (Option<usize>, u16, String) {
    (Some(index), 200, format!("\r\n--body {index} ü\r\n"))
}

#[test]
fn what_the_client_writes_passes_the_strictest_rules_and_its_answer_is_read() {
    let handlers = handlers();
    assert_eq!(exchange(&handlers, 100), (0..100).map(right).collect::<Vec<_>>());
    assert_eq!(handlers.calls()[99].header("x-own"), Some("own"));
}

#[test]
fn answers_in_odd_forms_are_read_alike() {
    let odd = [
        Fault::lf(),
        Fault::plain_content_ids(),
        Fault::quoted_boundary(),
        Fault::preamble_and_epilogue(),
        Fault::no_final_line_break(),
        Fault::pieces(3),
        Fault::no_blank_line().always(),
        Fault::no_reason_phrase().always(),
        Fault::header_without_colon().always(),
        Fault::wrong_content_length(300).always(),
        Fault::wrong_content_length(-5).always(),
    ];
    for fault in odd {
        let handlers = handlers();
        handlers.fault(fault.clone());
        assert_eq!(exchange(&handlers, 3), [right(0), right(1), right(2)], "{fault:?}");
    }
}

#[test]
fn one_bad_part_leaves_the_others_alone() {
    let struck = |fault: Fault| {
        let handlers = handlers();
        handlers.fault(fault.on_call(1));
        exchange(&handlers, 3)
    };
    assert_eq!(struck(Fault::drop_part()), [right(0), right(2)]);
    assert_eq!(struck(Fault::duplicate_part()), [right(0), right(1), right(1), right(2)]);
    for fault in [Fault::garble_status_line(), Fault::raw_part("nonsense"), Fault::raw_part("")] {
        let parts = struck(fault);
        assert_eq!((&parts[0], parts[1].1, &parts[2]), (&right(0), 0, &right(2)));
    }
    assert_eq!(struck(Fault::error(MockError::unavailable(None)))[1].1, 503);
}

#[test]
fn the_mock_can_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Handlers>();
    shared::<super::MockServer>();
    shared::<super::MockCall>();
    shared::<Fault>();
}
