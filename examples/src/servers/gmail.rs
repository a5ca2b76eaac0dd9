//! A mailbox with 500 messages, and the IMAP settings of all users of a domain.

use std::collections::BTreeMap;

use gapis_gmail_v1::runtime::Result;
use gapis_gmail_v1::schemas::{BatchModifyMessagesRequest, ListMessagesResponse, Message};
use gapis_gmail_v1::users::{messages, settings};
use gapis_mock::{MockError, MockResult, MockServer};

use crate::Shared;

/// The messages, and who has IMAP.
#[derive(Debug, Default)]
pub struct Mail {
    /// The messages by their ids.
    pub messages: BTreeMap<String, Message>,
    /// Whether IMAP is on, for the users of whom that was set.
    pub imap: BTreeMap<String, bool>,
}

impl Mail {
    fn get(&self, id: &str) -> MockResult<Message> {
        self.messages.get(id).cloned().ok_or_else(|| MockError::not_found(id))
    }

    fn list(&self, most: usize) -> ListMessagesResponse {
        let ids = self.messages.keys().take(most);
        let messages = ids.map(|id| Message { id: Some(id.clone()), ..Default::default() }).collect();
        ListMessagesResponse { messages: Some(messages), ..Default::default() }
    }

    fn modify(&mut self, change: BatchModifyMessagesRequest) {
        for id in change.ids.into_iter().flatten() {
            if let Some(message) = self.messages.get_mut(&id) {
                message
                    .label_ids
                    .get_or_insert_default()
                    .extend(change.add_label_ids.iter().flatten().cloned());
            }
        }
    }
}

/// Starts the service. Every tenth message begins with "Invoice". Settings can be changed with the token
/// `token of USER` only.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<Mail>)> {
    let mock = MockServer::start()?;
    let messages = (0..500).map(|number| {
        let (id, word) = (format!("m{number:03}"), if number % 10 == 7 { "Invoice" } else { "Hello" });
        let snippet = Some(format!("{word} {number}"));
        (id.clone(), Message { id: Some(id), snippet, ..Default::default() })
    });
    let mail = Shared::new(Mail { messages: messages.collect(), imap: BTreeMap::new() });

    let state = mail.clone();
    mock.on::<messages::List>(move |call| Ok(state.lock().list(call.query_as("maxResults")?.unwrap_or(100))));
    let state = mail.clone();
    mock.on::<messages::Get>(move |call| state.lock().get(call.var("id")?));
    let state = mail.clone();
    mock.on::<messages::BatchModify>(move |call| {
        state.lock().modify(call.body()?);
        Ok(())
    });
    let state = mail.clone();
    mock.on::<settings::UpdateImap>(move |call| {
        let user = call.var("userId")?.to_owned();
        match call.header("authorization") {
            Some(token) if *token == format!("Bearer token of {user}") => {
                let imap: gapis_gmail_v1::schemas::ImapSettings = call.body()?;
                state.lock().imap.insert(user, imap.enabled.unwrap_or_default());
                Ok(imap)
            }
            token => Err(MockError::new(401, "authError", format!("{user} came with {token:?}"))),
        }
    });
    Ok((mock, mail))
}
