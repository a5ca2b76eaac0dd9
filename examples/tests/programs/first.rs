//! The programs that a user writes first.

use std::collections::BTreeMap;

use gapis_calendar_v3::schemas::Event;
use gapis_examples::servers;
use gapis_gmail_v1::users::messages;
use gapis_gmail_v1::{BearerToken, Client};
use gapis_sheets_v4::spreadsheets::values;

use crate::{domain, in_process, label, service, share, sheet, sync};

#[tokio::test]
async fn files_are_shared_with_people() {
    let (mock, state) = servers::drive::start().unwrap();
    let people = ["ada@example.com", "bob@example.com"];
    let failed = share::share(&service(&mock), &["film", "gone"], &people).await.unwrap();
    let not_found = |person| format!("gone with {person}: 404 Not Found: Not Found: file gone (notFound)");
    assert_eq!(failed, people.map(not_found));
    assert_eq!((mock.call_count(), mock.request_count()), (4, 1));
    let state = state.lock();
    let given =
        state.permissions.iter().map(|(file, given)| (&**file, given.email_address.as_deref().unwrap()));
    assert_eq!(given.collect::<Vec<_>>(), people.map(|person| ("film", person)));
}

#[tokio::test]
async fn messages_are_labelled_by_a_word_in_them() {
    let (mock, state) = servers::gmail::start().unwrap();
    assert_eq!(label::label_by_word(&service(&mock), "Invoice", "BILLS").await.unwrap(), 50);
    let read = mock.calls_of::<messages::Get>();
    assert_eq!(read.len(), 500);
    assert_eq!(read[0].query("fields").as_deref(), Some("id,snippet"));
    // One for the list, five with 100 messages each, one for the labels.
    assert_eq!(mock.request_count(), 7);
    for (number, message) in state.lock().messages.values().enumerate() {
        let expected = (number % 10 == 7).then(|| vec!["BILLS".to_owned()]);
        assert_eq!(message.label_ids, expected, "{number}");
    }
}

#[tokio::test]
async fn a_calendar_is_synchronized_and_no_change_of_others_is_lost() {
    let (mock, state) = servers::calendar::start_with_others().unwrap();
    let event = |summary: &str, etag: &str| Event {
        summary: Some(summary.to_owned()),
        etag: Some(etag.to_owned()),
        ..Default::default()
    };
    // What the program knows of `b` is older than what the server has.
    let mut local =
        BTreeMap::from([("a".to_owned(), event("Run", "1")), ("b".to_owned(), event("Run", "0"))]);
    assert_eq!(sync::sync(&service(&mock), "primary", &mut local).await.unwrap(), ["b"]);
    let theirs =
        local.values().map(|event| (event.summary.as_deref().unwrap(), event.etag.as_deref().unwrap()));
    assert_eq!(theirs.collect::<Vec<_>>(), [("Run", "1'"), ("Dance", "1")]);
    let state = state.lock();
    assert_eq!(
        state.events.iter().map(|(_, event)| event).collect::<Vec<_>>(),
        local.values().collect::<Vec<_>>()
    );
    assert_eq!(mock.request_count(), 2);
}

#[tokio::test]
async fn a_sheet_is_added_and_filled() {
    let (mock, state) = servers::sheets::start().unwrap();
    let rows = [["animal", "legs"], ["sheep", "4"]];
    assert_eq!(sheet::add_and_fill(&service(&mock), "BOOK", "Ada's", &rows).await.unwrap(), Some(1));
    let filled = mock.calls_of::<values::Update>();
    assert_eq!(filled[0].var("range").unwrap(), "'Ada''s'!A1");
    assert_eq!(filled[0].query("valueInputOption").as_deref(), Some("USER_ENTERED"));
    assert_eq!(filled[0].raw_body(), &br#"{"values":[["animal","legs"],["sheep","4"]]}"#[..]);
    assert_eq!(state.lock().sheets[1], (1, "Ada's".to_owned()));
}

/// Each call with the credentials of its own user, a hundred in each request. The clock is paused, so that no quota takes
/// time.
#[tokio::test(start_paused = true)]
async fn every_user_of_a_domain_has_imap_turned_off() {
    let (mock, state) = servers::gmail::start().unwrap();
    let client: Client = in_process(&mock);
    let users: Vec<_> = (0..17_000).map(|number| format!("user{number}@example.com")).collect();
    let report =
        domain::turn_off_imap(&client, users, |user| BearerToken::new(&format!("token of {user}"))).await;
    let report = report.unwrap();
    assert_eq!((report.calls, report.failed, report.requests), (17_000, 0, 170));
    assert_eq!((mock.call_count(), mock.request_count()), (17_000, 170));
    let state = state.lock();
    assert_eq!(state.imap.len(), 17_000);
    assert!(state.imap.values().all(|on| !on));
}
