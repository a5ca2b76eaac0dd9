//! Reads the subjects of 500 messages, and puts a label on those that have a word in it.
//!
//! `TOKEN=… cargo run -p gapis-examples --example label -- WORD LABEL`

use gapis_gmail_v1::enums::UsersMessagesGetFormat::Metadata;
use gapis_gmail_v1::schemas::BatchModifyMessagesRequest;
use gapis_gmail_v1::{BearerToken, Gmail, Result};
use serde::Deserialize;

#[derive(Deserialize)]
struct Message {
    id: String,
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
struct Header {
    value: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let token = std::env::var("TOKEN").unwrap_or_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [word, label] = &arguments[..] else { return Ok(()) };
    let gmail = Gmail::builder().credentials(BearerToken::new(&token)).build()?;
    eprintln!("{} messages have the label", label_by_subject(&gmail, word, label).await?);
    Ok(())
}

/// Gives how many messages have the label now.
pub(crate) async fn label_by_subject(gmail: &Gmail, word: &str, label: &str) -> Result<usize> {
    let messages = gmail.users().messages();
    let page = messages.list("me").max_results(500).fields("messages(id)").await?;
    let ids = page.messages.unwrap_or_default().into_iter().filter_map(|message| message.id);

    // Each reply is a struct of ours, and only what it reads is asked for.
    let mut found = Vec::new();
    let mut batch = gmail.batch();
    let calls =
        ids.map(|id| messages.get("me", &id).format(Metadata).metadata_headers(&["Subject"]).reply_as());
    batch.queue_all(calls, |reply| found.extend(reply.result.ok()))?;
    batch.execute().await.error_for_failures()?;

    found
        .retain(|message: &Message| message.payload.headers.iter().any(|header| header.value.contains(word)));
    let ids: Vec<String> = found.into_iter().map(|message| message.id).collect();
    let (count, add_label_ids) = (ids.len(), Some(vec![label.to_owned()]));
    let change = BatchModifyMessagesRequest { ids: Some(ids), add_label_ids, ..Default::default() };
    messages.batch_modify("me", change).await?;
    Ok(count)
}
