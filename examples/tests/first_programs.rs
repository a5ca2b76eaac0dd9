//! The programs that a user writes first, each against a mock server in the process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gapis_calendar_v3::schemas::Event;
use gapis_calendar_v3::{Calendar, events};
use gapis_drive_v3::{Drive, permissions};
use gapis_gmail_v1::schemas::{ListMessagesResponse, Message};
use gapis_gmail_v1::users::{self, messages};
use gapis_gmail_v1::{BearerToken, Client, Gmail};
use gapis_mock::{Handlers, MockCall, MockError, UpdateHandler};
use gapis_sheets_v4::schemas::{AddSheetRequest, AddSheetResponse, SheetProperties};
use gapis_sheets_v4::{Sheets, spreadsheets};

#[allow(dead_code)] // Its `main` is not run here.
#[path = "../examples/domain.rs"]
mod domain;
#[allow(dead_code)]
#[path = "../examples/label.rs"]
mod label;
#[allow(dead_code)]
#[path = "../examples/share.rs"]
mod share;
#[allow(dead_code)]
#[path = "../examples/sheet.rs"]
mod sheet;
#[allow(dead_code)]
#[path = "../examples/sync.rs"]
mod sync;

#[tokio::test]
async fn files_are_shared_with_people() {
    let handlers = Handlers::new();
    handlers.on::<permissions::Create>(|call| match call.var("fileId")? {
        "gone" => Err(MockError::not_found("gone")),
        _ => call.body(),
    });
    let drive = Drive::builder().anonymous().transport(handlers.clone()).build().unwrap();
    let failed = share::share(&drive, &["a", "gone"], &["ada@example.com", "bob@example.com"]).await.unwrap();
    assert_eq!(
        failed,
        ["ada", "bob"]
            .map(|name| format!("gone with {name}@example.com: 404 Not Found: Not Found: gone (notFound)"))
    );
    assert_eq!((handlers.call_count(), handlers.request_count()), (4, 1));
}

#[tokio::test]
async fn messages_are_labelled_by_a_word_in_them() {
    let handlers = Handlers::new();
    handlers.on::<messages::List>(|_| {
        let messages =
            (0..500).map(|id| Message { id: Some(id.to_string()), ..Default::default() }).collect();
        Ok(ListMessagesResponse { messages: Some(messages), ..Default::default() })
    });
    handlers.on::<messages::Get>(|call| {
        let id = call.var("id")?;
        let snippet = if id.ends_with('7') { "Invoice" } else { "Hello" };
        Ok(Message {
            id: Some(id.to_owned()),
            snippet: Some(format!("{snippet} {id}")),
            ..Default::default()
        })
    });
    handlers.on::<messages::BatchModify>(|_| Ok(()));
    let gmail = Gmail::builder().anonymous().transport(handlers.clone()).build().unwrap();
    assert_eq!(label::label_by_word(&gmail, "Invoice", "BILLS").await.unwrap(), 50);
    let read = handlers.calls_of::<messages::Get>();
    assert_eq!(read.len(), 500);
    assert_eq!(read[0].query("fields").as_deref(), Some("id,snippet"));
    let labelled = handlers.calls_of::<messages::BatchModify>();
    // Requests that are on their way together are answered in any order.
    let body: serde_json::Value = serde_json::from_slice(labelled[0].raw_body()).unwrap();
    let mut ids: Vec<u32> =
        body["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..50).map(|ten| ten * 10 + 7).collect::<Vec<_>>());
    assert_eq!(body["addLabelIds"], serde_json::json!(["BILLS"]));
}

#[tokio::test]
async fn a_calendar_is_synchronized_and_no_change_of_others_is_lost() {
    let event = |summary: &str, etag: &str| Event {
        summary: Some(summary.to_owned()),
        etag: Some(etag.to_owned()),
        ..Default::default()
    };
    let remote =
        BTreeMap::from([("a".to_owned(), event("one", "e1")), ("b".to_owned(), event("theirs", "e9"))]);
    let remote = Arc::new(Mutex::new(remote));
    let handlers = Handlers::new();
    let state = remote.clone();
    handlers.on::<events::Patch>(move |call: &MockCall| {
        let mut state = state.lock().unwrap();
        let event = state.get_mut(call.var("eventId")?).ok_or_else(|| MockError::not_found("event"))?;
        if call.header("if-match") != event.etag.as_deref() {
            return Err(MockError::new(412, "conditionNotMet", "Precondition Failed"));
        }
        event.summary = call.body::<Event>()?.summary;
        event.etag = Some("e2".to_owned());
        Ok(event.clone())
    });
    let state = remote.clone();
    handlers.on::<events::Get>(move |call| Ok(state.lock().unwrap()[call.var("eventId")?].clone()));
    let calendar = Calendar::builder().anonymous().transport(handlers.clone()).build().unwrap();

    let mut local =
        BTreeMap::from([("a".to_owned(), event("ours", "e1")), ("b".to_owned(), event("ours", "e1"))]);
    assert_eq!(sync::sync(&calendar, "primary", &mut local).await.unwrap(), ["b"]);
    assert_eq!(
        local,
        BTreeMap::from([("a".to_owned(), event("ours", "e2")), ("b".to_owned(), event("theirs", "e9"))])
    );
    assert_eq!(handlers.request_count(), 2);
}

#[tokio::test]
async fn a_sheet_is_added_and_filled() {
    let handlers = Handlers::new();
    let updates = UpdateHandler::<spreadsheets::BatchUpdate, ()>::new(Arc::default());
    handlers.on_update(updates.on(|(), add: AddSheetRequest| {
        let properties = add.properties.unwrap_or_default();
        let properties = SheetProperties { sheet_id: Some(7), ..properties };
        Ok(AddSheetResponse { properties: Some(properties), ..Default::default() })
    }));
    handlers.on::<spreadsheets::values::Update>(|_| Ok(Default::default()));
    let sheets = Sheets::builder().anonymous().transport(handlers.clone()).build().unwrap();
    let rows = [["animal", "legs"], ["sheep", "4"]];
    assert_eq!(sheet::add_and_fill(&sheets, "BOOK", "Ada's", &rows).await.unwrap(), Some(7));
    let filled = handlers.calls_of::<spreadsheets::values::Update>();
    assert_eq!(filled[0].var("range").unwrap(), "'Ada''s'!A1");
    assert_eq!(filled[0].raw_body(), &br#"{"values":[["animal","legs"],["sheep","4"]]}"#[..]);
}

/// Each call with the credentials of its own user, a hundred in each request.
#[tokio::test]
async fn every_user_of_a_domain_has_imap_turned_off() {
    let handlers = Handlers::new();
    handlers.on::<users::settings::UpdateImap>(|call| {
        let user = call.var("userId")?.to_owned();
        match call.header("authorization") {
            Some(token) if *token == format!("Bearer token of {user}") => call.body(),
            token => Err(MockError::new(401, "authError", format!("{user} came with {token:?}"))),
        }
    });
    let client = Client::builder().anonymous().transport(handlers.clone()).build().unwrap();
    let users: Vec<_> = (0..17_000).map(|number| format!("user{number}@example.com")).collect();
    let report =
        domain::turn_off_imap(&client, users, |user| BearerToken::new(&format!("token of {user}"))).await;
    let report = report.unwrap();
    assert_eq!((report.calls, report.failed, report.requests), (17_000, 0, 170));
    assert_eq!((handlers.call_count(), handlers.request_count()), (17_000, 170));
}
