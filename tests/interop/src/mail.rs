//! Gmail and Calendar at the emulator of Google's services, with the token of a user who logs in there. The emulator has
//! no batch endpoint, and its `historyId` does not fit into 64 bits.

use std::path::Path;
use std::sync::Mutex;

use gapis_auth::{FileStore, Prompt, UserLogin};
use gapis_calendar_v3::Calendar;
use gapis_calendar_v3::schemas::{Event, EventDateTime, FreeBusyRequest, FreeBusyRequestItem};
use gapis_gmail_v1::Gmail;
use gapis_gmail_v1::schemas::{BatchModifyMessagesRequest, Label, Message, ModifyMessageRequest};
use gapis_runtime::{Base64, Client, Source};

use crate::check::{Checked, ensure, passed};
use crate::login::{browse, client_file};

const SCOPES: [&str; 2] = [gapis_gmail_v1::scopes::MAIL_GOOGLE_COM, gapis_calendar_v3::scopes::CALENDAR];

pub(crate) async fn run(endpoint: &str, folder: &Path) -> Checked {
    let login = UserLogin::new(client_file(endpoint, folder)?, FileStore::new(folder.join("mail.json")));
    let login = login.present(|prompt: &Prompt<'_>| {
        tokio::spawn(browse(prompt.url().to_owned(), true));
    });
    let client = Client::builder().credentials(login).scopes(&SCOPES).endpoint(endpoint);
    let client = client.batch_fallback(true).build()?;
    mail(&Gmail::new(&client)).await?;
    calendar(&Calendar::new(&client)).await
}

fn text(number: usize) -> String {
    format!(
        "From: ann@example.com\r\nTo: ben@example.com\r\nSubject: Hen {number}\r\n\r\nHen {number} is well.\r\n"
    )
}

/// The headers of the message, `None` for one that it does not have.
fn header<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    let headers = message.payload.as_ref()?.headers.as_ref()?;
    headers.iter().find(|header| header.name.as_deref() == Some(name))?.value.as_deref()
}

async fn mail(gmail: &Gmail) -> Checked {
    let (users, made) = (gmail.users(), Mutex::new(Vec::new()));
    let mut batch = gmail.batch();
    for number in 0..5 {
        let raw = Base64::from(text(number).into_bytes());
        let message = Message { raw: Some(raw), label_ids: Some(vec!["INBOX".into()]), ..Message::default() };
        let insert = users.messages().insert("me", message);
        insert.queue(&mut batch, |reply| made.lock().unwrap().extend(reply.result))?;
    }
    let report = batch.execute().await;
    let made = made.into_inner()?;
    ensure!(report.failures() == 0 && made.len() == 5, "{report:?}");
    passed("gmail: five messages of a batch are sent one by one, since there is no batch endpoint");

    let history = made[0].extra.get("historyId").and_then(|value| value.as_str()).unwrap_or_default();
    ensure!(made[0].history_id.is_none() && history.len() == 21, "{:?}", made[0]);
    ensure!(header(&made[0], "Subject") == Some("Hen 0"), "{:?}", made[0]);
    passed("gmail: an id of 21 digits is kept as it is, and the rest of the message is read");

    let uploaded = users.messages().insert("me", Message::default());
    let source = Source::from(text(5).into_bytes()).with_content_type("message/rfc822");
    let uploaded = uploaded.upload(source).simple().await?;
    ensure!(header(&uploaded, "Subject") == Some("Hen 5"), "{uploaded:?}");
    passed("gmail: a message is uploaded as media");

    let (label, id) =
        (Label { name: Some("Hens".into()), ..Label::default() }, |message: &Message| message.id.clone());
    let label = users.labels().create("me", label).await?.id.unwrap_or_default();
    let ids: Vec<String> = made.iter().filter_map(id).collect();
    let modify = BatchModifyMessagesRequest {
        ids: Some(ids.clone()),
        add_label_ids: Some(vec![label.clone()]),
        ..BatchModifyMessagesRequest::default()
    };
    users.messages().batch_modify("me", modify).await?;
    let list = || users.messages().list("me").label_ids(&[&*label]).max_results(2);
    let mut listed = Vec::new();
    let mut items = list().items();
    while let Some(message) = items.next().await {
        listed.extend(message?.id);
    }
    listed.sort();
    let mut expected = ids.clone();
    expected.sort();
    ensure!(listed == expected, "{listed:?} is not {expected:?}");
    passed("gmail: a 204 without a body, and five messages in pages of two");

    let without = ModifyMessageRequest { remove_label_ids: Some(vec![label.clone()]), ..Default::default() };
    let modified = users.messages().modify("me", &ids[0], without).await?;
    ensure!(!modified.label_ids.unwrap_or_default().contains(&label), "the label is still there");
    users.messages().trash("me", &ids[1]).await?;
    users.messages().delete("me", &ids[2]).await?;
    let gone = users.messages().get("me", &ids[2]).await.err();
    ensure!(gone.as_ref().is_some_and(gapis_runtime::Error::is_not_found), "{gone:?}");
    let left = list().await?.messages.unwrap_or_default().len();
    ensure!(left == 2, "{left} are left");
    passed("gmail: a label taken away, a message trashed without a body, one deleted, and 404 after that");
    Ok(())
}

async fn calendar(calendar: &Calendar) -> Checked {
    let at = |hour: usize| {
        let time = format!("2030-01-0{}T10:00:00Z", hour + 1).parse()?;
        Checked::Ok(Some(EventDateTime { date_time: Some(time), ..EventDateTime::default() }))
    };
    let (made, refused) = (Mutex::new(Vec::new()), Mutex::new(None));
    let mut batch = calendar.batch();
    for day in 0..5 {
        let event = Event {
            summary: Some(format!("Feed the hens {day}")),
            start: at(day)?,
            end: at(day + 1)?,
            ..Event::default()
        };
        let insert = calendar.events().insert("primary", event);
        insert.queue(&mut batch, |reply| made.lock().unwrap().extend(reply.result))?;
    }
    let bare = calendar.events().insert("primary", Event::default());
    bare.queue(&mut batch, |reply| *refused.lock().unwrap() = reply.result.err())?;
    let report = batch.execute().await;
    let (made, refused) = (made.into_inner()?, refused.into_inner()?);
    ensure!(report.failures() == 1 && made.len() == 5, "{report:?}");
    let status = refused.as_ref().and_then(gapis_runtime::Error::status);
    ensure!(status == Some(http::StatusCode::BAD_REQUEST), "{refused:?}");
    passed("calendar: five events of a batch are made, and the sixth alone is refused");

    let mut events = calendar.events().list("primary").max_results(2).q("Feed the hens").items();
    let mut found = 0;
    while let Some(event) = events.next().await {
        found += usize::from(event?.summary.is_some_and(|summary| summary.starts_with("Feed the hens")));
    }
    ensure!(found == 5, "{found} events are listed");
    passed("calendar: five events in pages of two");

    let request = FreeBusyRequest {
        time_min: Some("2030-01-01T00:00:00Z".parse()?),
        time_max: Some("2030-02-01T00:00:00Z".parse()?),
        items: Some(vec![FreeBusyRequestItem {
            id: Some("primary".into()),
            ..FreeBusyRequestItem::default()
        }]),
        ..FreeBusyRequest::default()
    };
    let free_busy = calendar.freebusy().query(request).await?;
    let busy = free_busy.calendars.as_ref().and_then(|all| all.get("primary")?.busy.as_ref());
    ensure!(busy.is_some_and(|busy| busy.len() == 5), "{free_busy:?}");
    let id = made[0].id.as_deref().unwrap_or_default();
    calendar.events().delete("primary", id).await?;
    let again = calendar.events().delete("primary", id).await.err();
    ensure!(again.as_ref().is_some_and(gapis_runtime::Error::is_not_found), "{again:?}");
    passed("calendar: busy times, an event deleted, and 404 after that");
    Ok(())
}
