//! Typed updates (`batchUpdate`) on the wire and off it: what is sent, who gets which reply, and what is told when the
//! server refuses, answers too little or does not answer.

use std::sync::{Arc, Mutex};

use gapis_docs_v1::Docs;
use gapis_docs_v1::documents::BatchUpdate;
use gapis_docs_v1::runtime::{Error, Result, RetryPolicy};
use gapis_docs_v1::schemas::{
    BatchUpdateDocumentRequest, Color, CreateNamedRangeRequest, InsertTextRequest, Location, OptionalColor,
    Range, Request, RgbColor, TextStyle, UpdateTextStyleRequest, WriteControl,
};
use gapis_mock::{BatchRules, Fault, Handlers, MockError, MockResponse};
use gapis_sheets_v4::Sheets;
use gapis_sheets_v4::schemas::{AddSheetRequest, DeleteSheetRequest, FindReplaceRequest};
use serde_json::{Value, json};

/// Docs with servers that accept batches, which Google's no longer do.
fn docs(handlers: &Handlers) -> Docs {
    handlers.batch_rules(BatchRules::new().max_calls(100));
    Docs::builder().anonymous().batch_fallback(false).transport(handlers.clone()).build().unwrap()
}

fn sheets(handlers: &Handlers) -> Sheets {
    Sheets::builder().anonymous().transport(handlers.clone()).build().unwrap()
}

/// Answers every update of Docs with that.
fn answering(body: Value) -> Handlers {
    let handlers = Handlers::new();
    handlers.on_raw::<BatchUpdate>(move |_| MockResponse::json(200, &body));
    handlers
}

/// The same for Sheets.
fn answering_sheets(status: u16, body: Value) -> Handlers {
    let handlers = Handlers::new();
    handlers.on_raw::<gapis_sheets_v4::spreadsheets::BatchUpdate>(move |_| MockResponse::json(status, &body));
    handlers
}

fn insert(text: &str) -> InsertTextRequest {
    InsertTextRequest { text: Some(text.to_owned()), ..Default::default() }
}

fn control(revision: &str) -> WriteControl {
    WriteControl { required_revision_id: Some(revision.to_owned()), ..Default::default() }
}

/// What callbacks were told, in the order in which they ran.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn callback<T: std::fmt::Debug>(&self, name: &'static str) -> impl FnOnce(Result<T>) + Send + use<T> {
        let told = self.0.clone();
        move |reply| {
            let line = match reply {
                Ok(reply) => format!("{name}: {reply:?}"),
                Err(error) => format!("{name}: {error}"),
            };
            told.lock().unwrap().push(line);
        }
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn the_guide_s_example_on_the_wire() {
    let handlers = answering(json!({
        "replies": [{}, {}], "writeControl": {"requiredRevisionId": "next"}, "documentId": "DOC"
    }));
    let place = |index| Location { index: Some(index), tab_id: Some("TAB".to_owned()), ..Default::default() };
    let blue = RgbColor { blue: Some(1.0), ..Default::default() };
    let blue = Color { rgb_color: Some(blue), ..Default::default() };
    let style = TextStyle {
        bold: Some(true),
        foreground_color: Some(OptionalColor { color: Some(blue), ..Default::default() }),
        ..Default::default()
    };
    let range = Range {
        start_index: Some(1),
        end_index: Some(6),
        tab_id: Some("TAB".to_owned()),
        ..Default::default()
    };
    let response = docs(&handlers)
        .documents()
        .batch_update("DOC")
        .push(InsertTextRequest { location: Some(place(1)), ..insert("Hello World") })
        .push(UpdateTextStyleRequest {
            range: Some(range),
            text_style: Some(style),
            fields: Some("bold,foreground_color".into()),
            ..Default::default()
        })
        .write_control(control("REVISION"))
        .await
        .unwrap();

    // All of the answer reaches the caller.
    assert_eq!(response.document_id.as_deref(), Some("DOC"));
    assert_eq!(response.write_control, Some(control("next")));
    assert_eq!(response.replies.map(|replies| replies.len()), Some(2));
    let call = handlers.calls().remove(0);
    assert_eq!((call.verb(), call.path()), ("POST", "/v1/documents/DOC:batchUpdate"));
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(
        std::str::from_utf8(call.raw_body()).unwrap(),
        concat!(
            r#"{"requests":[{"insertText":{"location":{"index":1,"tabId":"TAB"},"text":"Hello World"}},"#,
            r#"{"updateTextStyle":{"fields":"bold,foreground_color","range":{"endIndex":6,"startIndex":1,"tabId":"TAB"},"#,
            r#""textStyle":{"bold":true,"foregroundColor":{"color":{"rgbColor":{"blue":1.0}}}}}}],"#,
            r#""writeControl":{"requiredRevisionId":"REVISION"}}"#
        )
    );
}

#[tokio::test]
async fn each_reply_goes_to_its_own_request() {
    let handlers = answering_sheets(
        200,
        json!({"spreadsheetId": "BOOK", "replies": [
            {"addSheet": {"properties": {"sheetId": 7}}}, {}, {"findReplace": {"occurrencesChanged": 3}},
            {"addSheet": {"properties": {"sheetId": 8}}}
        ]}),
    );
    let (mut first, mut deleted, mut found) = (None, None, None);
    let mut update = sheets(&handlers)
        .spreadsheets()
        .batch_update("BOOK")
        // Locals are borrowed, and each closure has the type of its own reply.
        .push_with(AddSheetRequest::default(), |reply| first = reply.unwrap().properties)
        .push_with(DeleteSheetRequest::default(), |reply: Result<()>| deleted = Some(reply.is_ok()))
        .push_with(FindReplaceRequest::default(), |reply| found = reply.unwrap().occurrences_changed);
    let last = update.push_ticket(AddSheetRequest::default());
    assert_eq!((update.len(), update.is_empty()), (4, false));
    let response = update.include_spreadsheet_in_response(false).await.unwrap();

    assert_eq!(response.spreadsheet_id.as_deref(), Some("BOOK"));
    assert_eq!(first.and_then(|properties| properties.sheet_id), Some(7));
    assert_eq!((deleted, found), (Some(true), Some(3)));
    assert_eq!(last.redeem().unwrap().properties.and_then(|properties| properties.sheet_id), Some(8));
    let body: Value = serde_json::from_slice(handlers.calls()[0].raw_body()).unwrap();
    assert_eq!(
        body,
        json!({"includeSpreadsheetInResponse": false,
            "requests": [{"addSheet": {}}, {"deleteSheet": {}}, {"findReplace": {}}, {"addSheet": {}}]})
    );
}

#[tokio::test]
async fn a_type_of_one_reply_only() {
    use gapis_forms_v1::Forms;
    use gapis_forms_v1::forms::BatchUpdate;
    use gapis_forms_v1::schemas::{CreateItemRequest, DeleteItemRequest};

    let handlers = Handlers::new();
    handlers.on_raw::<BatchUpdate>(|_| {
        MockResponse::json(
            200,
            &json!({"replies": [{}, {"createItem": {"itemId": "I"}}], "form": {"formId": "F"}}),
        )
    });
    let forms = Forms::builder().anonymous().transport(handlers).build().unwrap();
    let mut item = None;
    let response = forms
        .forms()
        .batch_update("F")
        .push(DeleteItemRequest::default())
        .push_with(CreateItemRequest::default(), |reply| item = reply.unwrap().item_id)
        .include_form_in_response(true)
        .await
        .unwrap();
    assert_eq!(item.as_deref(), Some("I"));
    assert_eq!(response.form.and_then(|form| form.form_id).as_deref(), Some("F"));
}

#[tokio::test]
async fn one_refused_request_fails_all_and_only_its_own_callback_gets_the_server_s_word() {
    let handlers = Handlers::new();
    handlers.on::<BatchUpdate>(|_| {
        Err(MockError::invalid("Invalid requests[1].insertText: Index 9 is too far."))
    });
    let told = Told::default();
    let mut update = docs(&handlers)
        .documents()
        .batch_update("DOC")
        .push_with(insert("a"), told.callback("0"))
        .push_with(insert("b"), told.callback("1"));
    let ticket = update.push_ticket(CreateNamedRangeRequest::default());
    let error = update.await.unwrap_err();

    assert_eq!(error.status().map(u16::from), Some(400));
    let refused = "400 Bad Request: Invalid requests[1].insertText: Index 9 is too far. (invalid)";
    let nothing = "docs.documents.batchUpdate: nothing was applied, because `requests[1]` was refused";
    assert_eq!(told.lines(), [format!("0: {nothing}"), format!("1: {refused}")]);
    let error = ticket.redeem().unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    // What the server said is the cause.
    let source = std::error::Error::source(&error).unwrap();
    let status = source.downcast_ref::<Error>().and_then(Error::status);
    assert_eq!(status.map(|status| status.as_u16()), Some(400));
    assert_eq!(handlers.call_count(), 1);
}

#[tokio::test]
async fn the_refused_request_may_be_named_in_the_details() {
    let details = json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
        {"field": "requests[0].add_sheet.properties", "description": "no title"}
    ]});
    let body = json!({"error": {"code": 400, "message": "Bad input", "status": "INVALID_ARGUMENT", "details": [details]}});
    let told = Told::default();
    let handlers = answering_sheets(400, body);
    let update = sheets(&handlers).spreadsheets().batch_update("BOOK");
    let update = update.push_with(AddSheetRequest::default(), told.callback("0"));
    let error = update.push_with(DeleteSheetRequest::default(), told.callback("1")).await.unwrap_err();
    assert!(error.is_status());
    assert_eq!(
        told.lines(),
        [
            format!("0: {error}"),
            "1: sheets.spreadsheets.batchUpdate: nothing was applied, because `requests[0]` was refused"
                .to_owned()
        ]
    );
}

#[tokio::test]
async fn an_error_that_names_no_request_reaches_all() {
    for message in
        ["The required revision ID does not match.", "Invalid requests[7].insertText: no such request"]
    {
        let handlers = Handlers::new();
        let message = message.to_owned();
        handlers.on::<BatchUpdate>(move |_| Err(MockError::invalid(message.clone())));
        let told = Told::default();
        let update = docs(&handlers).documents().batch_update("DOC");
        let update =
            update.push_with(insert("a"), told.callback("0")).push_with(insert("b"), told.callback("1"));
        let error = update.await.unwrap_err();
        assert_eq!(told.lines(), [format!("0: {error}"), format!("1: {error}")]);
    }
}

#[tokio::test]
async fn another_number_of_replies_is_an_error_that_has_the_response() {
    for replies in [json!([{}]), json!([{}, {}, {}]), json!([])] {
        let body = json!({"documentId": "DOC", "replies": replies});
        let handlers = answering(body.clone());
        let told = Told::default();
        let update = docs(&handlers).documents().batch_update("DOC");
        let update =
            update.push_with(insert("a"), told.callback("0")).push_with(insert("b"), told.callback("1"));
        let error = update.await.unwrap_err();
        let came = body["replies"].as_array().unwrap().len();
        assert_eq!(
            error.to_string(),
            format!(
                "docs.documents.batchUpdate: 2 requests were applied, but the response has {came} `replies`, so replies \
                 cannot be matched to requests"
            )
        );
        assert!(error.is_protocol());
        assert_eq!(told.lines(), [format!("0: {error}"), format!("1: {error}")]);
        // Nothing of the answer is lost.
        let message = error.response().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&message.body).unwrap(), body);
    }
}

#[tokio::test]
async fn replies_that_say_nothing_may_be_left_out_as_a_whole() {
    let handlers = answering(json!({"documentId": "DOC"}));
    let mut inserted = None;
    let update = docs(&handlers).documents().batch_update("DOC");
    let response = update.push_with(insert("a"), |reply| inserted = Some(reply.is_ok())).await.unwrap();
    assert_eq!((response.document_id.as_deref(), inserted), (Some("DOC"), Some(true)));

    // Where one is waited for, that is too few.
    let mut update = docs(&handlers).documents().batch_update("DOC");
    let ticket = update.push_ticket(CreateNamedRangeRequest::default());
    assert!(update.await.unwrap_err().is_protocol());
    assert!(ticket.redeem().unwrap_err().is_protocol());
}

#[tokio::test]
async fn a_reply_of_another_kind_is_an_error_of_that_request_alone() {
    let handlers = answering(json!({"replies": [{"insertInlineImage": {"objectId": "x"}}, {}]}));
    let told = Told::default();
    let update = docs(&handlers).documents().batch_update("DOC");
    let update = update.push_with(CreateNamedRangeRequest::default(), told.callback("0"));
    assert!(update.push_with(insert("b"), told.callback("1")).await.is_ok());
    assert_eq!(
        told.lines(),
        [
            "0: cannot decode the response at `replies[0]`: the update was applied, but the reply has no \
             `createNamedRange`; body: {\"insertInlineImage\":{\"objectId\":\"x\"}}",
            "1: ()"
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_applied_is_refused_before_anything_is_sent() {
    let handlers = answering(json!({}));
    let docs = docs(&handlers);
    let update = || docs.documents().batch_update("DOC");

    let error = update().await.unwrap_err();
    assert_eq!(error.to_string(), "docs.documents.batchUpdate: the update has no `requests`");
    let told = Told::default();
    let two = Request {
        insert_text: Some(insert("a")),
        delete_tab: Some(Default::default()),
        ..Default::default()
    };
    let error = update().push_with(insert("a"), told.callback("0")).push(two).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "docs.documents.batchUpdate: `requests[1]` has 2 members, but must have exactly one"
    );
    assert_eq!(told.lines(), [format!("0: {error}")], "a callback learns why");
    let error = update().push(Request::default()).await.unwrap_err();
    assert!(error.is_input() && error.to_string().contains("`requests[0]` has 0 members"), "{error}");

    // On a batch nothing is queued, and so nobody is told.
    let told = Told::default();
    let mut batch = docs.batch().with_max_calls(100);
    let error = docs
        .documents()
        .batch_update("")
        .push_with(insert("a"), told.callback("0"))
        .queue(&mut batch, |_| panic!("never queued"))
        .unwrap_err();
    assert!(error.is_input(), "{error}");
    assert!(batch.is_empty());
    drop(batch);
    assert_eq!((told.lines().len(), handlers.request_count()), (0, 0));
}

#[tokio::test]
async fn a_request_that_the_document_does_not_know_can_be_sent() {
    let handlers = answering(json!({"replies": [{"newThing": {"id": 1}}]}));
    let mut reply = None;
    let extra = gapis_docs_v1::runtime::Extra::default().with("newThing", json!({"a": 1}));
    docs(&handlers)
        .documents()
        .batch_update("DOC")
        .push_with(Request { extra, ..Default::default() }, |whole| reply = Some(whole.unwrap()))
        .await
        .unwrap();
    assert_eq!(reply.unwrap().extra.get("newThing"), Some(&json!({"id": 1})));
    assert_eq!(handlers.calls()[0].raw_body(), r#"{"requests":[{"newThing":{"a":1}}]}"#.as_bytes());
}

#[tokio::test]
async fn a_whole_body_comes_after_what_was_pushed() {
    let handlers = answering(json!({"replies": [{}, {}, {"createNamedRange": {"namedRangeId": "N"}}]}));
    let body = BatchUpdateDocumentRequest {
        requests: Some(vec![insert("b").into()]),
        write_control: Some(control("R")),
        ..Default::default()
    };
    let mut id = None;
    docs(&handlers)
        .documents()
        .batch_update("DOC")
        .push(insert("a"))
        .with_body(body)
        .push_with(CreateNamedRangeRequest::default(), |reply| id = reply.unwrap().named_range_id)
        .await
        .unwrap();
    assert_eq!(id.as_deref(), Some("N"));
    assert_eq!(
        std::str::from_utf8(handlers.calls()[0].raw_body()).unwrap(),
        concat!(
            r#"{"requests":[{"insertText":{"text":"a"}},{"insertText":{"text":"b"}},{"createNamedRange":{}}],"#,
            r#""writeControl":{"requiredRevisionId":"R"}}"#
        )
    );
}

#[tokio::test]
async fn what_was_set_before_a_whole_body_stays_where_that_says_nothing() {
    let handlers = answering(json!({"replies": [{}, {}]}));
    let of = |revision: Option<&str>| BatchUpdateDocumentRequest {
        requests: Some(vec![insert("b").into()]),
        write_control: revision.map(control),
        extra: gapis_docs_v1::runtime::Extra::default().with("x", 1),
    };
    for (said, expected) in [(None, "first"), (Some("second"), "second")] {
        let update = docs(&handlers).documents().batch_update("DOC").push(insert("a"));
        update.write_control(control("first")).with_body(of(said)).await.unwrap();
        let body: Value = serde_json::from_slice(handlers.calls().last().unwrap().raw_body()).unwrap();
        assert_eq!(body["writeControl"]["requiredRevisionId"], expected);
        assert_eq!((&body["x"], body["requests"].as_array().unwrap().len()), (&json!(1), 2));
    }
}

#[tokio::test]
async fn the_message_comes_beside_the_value_and_the_callbacks_run() {
    let handlers = Handlers::new();
    handlers.on_raw::<BatchUpdate>(|_| {
        MockResponse::json(200, &json!({"replies": [{"createNamedRange": {"namedRangeId": "N"}}]}))
            .with_header("etag", "E")
    });
    let mut id = None;
    let update = docs(&handlers).documents().batch_update("DOC").if_match("D");
    let update =
        update.push_with(CreateNamedRangeRequest::default(), |reply| id = reply.unwrap().named_range_id);
    let (value, message) = update.send_with_response().await.unwrap();
    assert_eq!((id.as_deref(), value.replies.unwrap().len()), (Some("N"), 1));
    assert_eq!(message.headers()["etag"], "E");
    assert_eq!(handlers.calls()[0].header("if-match"), Some("D"));
}

#[tokio::test]
async fn options_and_masks_travel_and_the_replies_are_kept() {
    let handlers = answering(json!({"replies": [{}]}));
    docs(&handlers)
        .documents()
        .batch_update("DOC")
        .push(insert("a"))
        .fields("documentId")
        .quota_user("u")
        .with_query("x", "1")
        .with_header("x-y", "z")
        .await
        .unwrap();
    let call = handlers.calls().remove(0);
    assert_eq!(call.query("fields").as_deref(), Some("documentId,replies"));
    assert_eq!((call.query("quotaUser").as_deref(), call.query("x").as_deref()), (Some("u"), Some("1")));
    assert_eq!(call.header("x-y"), Some("z"));
    let dry = docs(&handlers).documents().batch_update("DOC").push(insert("a")).dry_run().unwrap();
    assert!(dry.to_string().contains("/v1/documents/DOC:batchUpdate"), "{dry}");
}

/// Fails the first attempt like that.
fn failing_once(fault: Fault) -> Handlers {
    let handlers = answering(json!({"replies": [{}]}));
    handlers.fault(fault.on_request(0));
    handlers
}

#[tokio::test]
async fn an_update_is_sent_twice_only_if_it_requires_a_revision() {
    let wait = std::time::Duration::from_millis(1);
    let policy = || RetryPolicy::default().with_backoff(wait, wait);
    let server_error = || Fault::error(MockError::new(500, "backendError", "oops"));

    let handlers = failing_once(server_error());
    let update = docs(&handlers).documents().batch_update("DOC").push(insert("a")).with_retry(policy());
    assert_eq!(update.await.unwrap_err().status().map(u16::from), Some(500));
    assert_eq!(handlers.call_count(), 1, "it might have been applied");

    let handlers = failing_once(server_error());
    let update = docs(&handlers).documents().batch_update("DOC").push(insert("a")).with_retry(policy());
    update.write_control(control("R")).await.unwrap();
    assert_eq!(handlers.call_count(), 2, "applied twice, it would not find the revision");

    // The caller's word counts more.
    let handlers = failing_once(server_error());
    let update = docs(&handlers).documents().batch_update("DOC").push(insert("a")).with_retry(policy());
    update.write_control(control("R")).with_idempotent(false).await.unwrap_err();
    assert_eq!(handlers.call_count(), 1);

    // A rate limit says that nothing was applied.
    let handlers = failing_once(Fault::error(MockError::too_many_requests(None)));
    let update = docs(&handlers).documents().batch_update("DOC").push(insert("a")).with_retry(policy());
    update.await.unwrap();
    assert_eq!(handlers.call_count(), 2);
}

#[tokio::test]
async fn updates_travel_on_a_batch_beside_other_calls() {
    let handlers = Handlers::new();
    handlers.on::<BatchUpdate>(|call| match call.var("documentId")? {
        "BAD" => Err(MockError::invalid("Invalid requests[0].insertText: no")),
        _ => MockResponseOf::one_range(),
    });
    handlers.on::<gapis_docs_v1::documents::Get>(|_| Ok(Default::default()));
    let docs = docs(&handlers);
    let told = Told::default();
    let mut batch = docs.batch().with_max_calls(100);
    let update = |id: &str| docs.documents().batch_update(id);
    update("A")
        .push_with(CreateNamedRangeRequest::default(), told.callback("A"))
        .queue(&mut batch, |reply| assert!(reply.result.is_ok()))
        .unwrap();
    update("BAD")
        .push_with(insert("x"), told.callback("BAD"))
        .with_id("bad")
        .queue(&mut batch, |reply| assert!(reply.result.is_err() && reply.id == "bad"))
        .unwrap();
    let mut ticketed = update("B");
    let inner = ticketed.push_ticket(CreateNamedRangeRequest::default());
    let whole = batch.add(ticketed).unwrap();
    let short = batch.add(update("C").push(insert("x")).push(insert("y"))).unwrap();
    batch.add(update("D").push(insert("x"))).unwrap();
    docs.documents().get("A").queue(&mut batch, |reply| assert!(reply.result.is_ok())).unwrap();
    let report = batch.execute().await;

    assert_eq!((report.calls(), report.requests()), (6, 1), "an update counts as one call");
    assert_eq!(report.failures(), 2, "one was refused, one has too few replies");
    assert_eq!(inner.redeem().unwrap().named_range_id.as_deref(), Some("N"));
    assert_eq!(report.redeem(whole).unwrap().document_id.as_deref(), Some("DOC"));
    assert!(report.redeem(short).unwrap_err().is_protocol());
    assert_eq!(
        told.lines(),
        [
            "A: CreateNamedRangeResponse { namedRangeId: \"N\" }",
            "BAD: 400 Bad Request: Invalid requests[0].insertText: no (invalid)"
        ]
    );
}

struct MockResponseOf;

impl MockResponseOf {
    fn one_range() -> gapis_mock::MockResult<gapis_docs_v1::schemas::BatchUpdateDocumentResponse> {
        serde_json::from_value(json!({
            "documentId": "DOC", "replies": [{"createNamedRange": {"namedRangeId": "N"}}]
        }))
        .map_err(|error| MockError::invalid(error.to_string()))
    }
}

/// The servers of Docs, Sheets and Slides refuse batches, so the calls are sent one by one, with the same callbacks.
#[tokio::test]
async fn where_servers_refuse_batches_updates_are_sent_one_by_one() {
    let handlers = answering(json!({"replies": [{}]}));
    let docs = Docs::builder().anonymous().transport(handlers.clone()).build().unwrap();
    let told = Told::default();
    let mut batch = docs.batch();
    for id in ["A", "B"] {
        let update = docs.documents().batch_update(id).push_with(insert("x"), told.callback(id));
        update.queue(&mut batch, |reply| assert!(reply.result.is_ok())).unwrap();
    }
    let report = batch.execute().await;
    assert_eq!((report.calls(), report.failures()), (2, 0));
    let mut lines = told.lines();
    lines.sort();
    assert_eq!(lines, ["A: ()", "B: ()"]);
    let verbs = handlers.requests().iter().map(|request| request.path.clone()).collect::<Vec<_>>();
    assert!(verbs.len() == 2 && verbs.iter().all(|path| path.ends_with(":batchUpdate")), "{verbs:?}");
}

#[tokio::test]
async fn an_unanswered_update_tells_everyone_that_the_outcome_is_unknown() {
    let handlers = Handlers::new();
    handlers.on::<BatchUpdate>(|_| MockResponseOf::one_range());
    handlers.fault(Fault::drop_part().always());
    let docs = docs(&handlers);
    let told = Told::default();
    let mut batch = docs.batch().with_max_calls(100);
    let update = docs.documents().batch_update("A").push_with(insert("x"), told.callback("0"));
    update.queue(&mut batch, |reply| assert!(reply.result.unwrap_err().is_unknown_outcome())).unwrap();
    assert_eq!(batch.execute().await.failures(), 1);
    let [line] = &told.lines()[..] else { panic!("{:?}", told.lines()) };
    assert!(line.contains("has no part for this call"), "{line}");
}

#[tokio::test]
async fn one_closure_for_many_updates_runs_after_the_requests_own() {
    let handlers = answering(json!({"replies": [{}]}));
    let docs = docs(&handlers);
    let told = Told::default();
    let mut whole = Vec::new();
    let mut batch = docs.batch().with_max_calls(100);
    let update = |id| docs.documents().batch_update(id).push_with(insert("x"), told.callback(id)).with_id(id);
    batch.queue_all(["A", "B"].map(update), |reply| whole.push((reply.id, told.lines().len()))).unwrap();
    batch.execute().await.error_for_failures().unwrap();
    assert_eq!(told.lines(), ["A: ()", "B: ()"]);
    assert!(whole[0].0 == "A" && whole[0].1 == 1 && whole[1].0 == "B" && whole[1].1 == 2, "{whole:?}");
}

#[tokio::test]
async fn a_panicking_callback_does_not_silence_the_others() {
    let handlers = answering(json!({"replies": [{}, {}]}));
    let told = Told::default();
    let update = docs(&handlers).documents().batch_update("A");
    let update =
        update.push_with(insert("x"), |_| panic!("first")).push_with(insert("y"), told.callback("1"));
    let panic = tokio::spawn(update.send()).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"first"));
    assert_eq!(told.lines(), ["1: ()"]);
}

#[tokio::test]
async fn a_ticket_of_an_update_that_was_not_sent_says_so() {
    let handlers = answering(json!({}));
    let mut update = docs(&handlers).documents().batch_update("A");
    let ticket = update.push_ticket(insert("x"));
    drop(update);
    let error = ticket.redeem().unwrap_err();
    assert!(error.is_cancelled() && error.to_string().contains("has no response"), "{error}");
}

#[tokio::test]
async fn updates_go_through_a_dispatcher() {
    let handlers = answering_sheets(200, json!({"replies": [{"addSheet": {"properties": {"sheetId": 1}}}]}));
    let sheets = sheets(&handlers);
    let (batcher, driver) = sheets.batcher();
    let driver = tokio::spawn(driver);
    let mut id = None;
    let update = sheets.spreadsheets().batch_update("BOOK");
    let update = update
        .push_with(AddSheetRequest::default(), |reply| id = reply.unwrap().properties.unwrap().sheet_id);
    batcher.send(update).await.unwrap();
    assert_eq!(id, Some(1));
    // Here, too, an answer that cannot be told apart is not lost.
    let update = sheets.spreadsheets().batch_update("BOOK").push(AddSheetRequest::default());
    let error = batcher.send(update.push(AddSheetRequest::default())).await.unwrap_err();
    assert!(error.is_protocol() && error.response().is_some(), "{error}");
    drop(batcher);
    driver.await.unwrap();
}

#[test]
fn blocking_updates() {
    let handlers = answering(json!({"replies": [{"createNamedRange": {"namedRangeId": "N"}}]}));
    let mut id = None;
    let update = docs(&handlers).documents().batch_update("A");
    let update =
        update.push_with(CreateNamedRangeRequest::default(), |reply| id = reply.unwrap().named_range_id);
    update.send().block().unwrap();
    assert_eq!(id.as_deref(), Some("N"));
}

#[test]
fn debug_says_no_more_than_how_many() {
    let handlers = answering(json!({}));
    let update = docs(&handlers).documents().batch_update("A").push(insert("secret"));
    assert_eq!(format!("{update:?}"), "Update { method: \"docs.documents.batchUpdate\", requests: 1, .. }");
}
