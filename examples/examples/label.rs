//! Reads the beginning of 500 messages, and adds a label to those that contain a word.
//!
//! `cargo run -p gapis-examples --example label` asks a local server.
//! `cargo run -p gapis-examples --example label -- --token-env TOKEN WORD LABEL_ID` asks Google.
#![allow(clippy::print_stderr)]

use gapis_examples::{Stage, servers};
use gapis_gmail_v1::schemas::BatchModifyMessagesRequest;
use gapis_gmail_v1::{Gmail, Result};
use serde::Deserialize;

/// The members of a message that the program reads. Only these are requested.
#[derive(Deserialize)]
struct Message {
    id: String,
    #[serde(default)]
    snippet: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::gmail::start()?.0))?;
    let [word, label] = stage.arguments_or(["Invoice", "Label_1"]);
    eprintln!("{} messages have the label", label_by_word(&stage.service()?, &word, &label).await?);
    Ok(())
}

/// Returns how many messages have the label now.
pub(crate) async fn label_by_word(gmail: &Gmail, word: &str, label: &str) -> Result<usize> {
    let users = gmail.users();
    let messages = users.messages();
    let page = messages.list("me").max_results(500).fields("messages(id)").await?;
    let ids = page.messages.unwrap_or_default().into_iter().filter_map(|message| message.id);

    let mut found: Vec<Message> = Vec::new();
    let mut batch = gmail.batch();
    let calls = ids.map(|id| messages.get("me", &id).reply_as());
    batch.queue_all(calls, |reply| found.extend(reply.result.ok()))?;
    batch.execute().await.error_for_failures()?;

    found.retain(|message| message.snippet.contains(word));
    let ids: Vec<String> = found.into_iter().map(|message| message.id).collect();
    let (count, add_label_ids) = (ids.len(), Some(vec![label.to_owned()]));
    let change = BatchModifyMessagesRequest { ids: Some(ids), add_label_ids, ..Default::default() };
    messages.batch_modify("me", change).await?;
    Ok(count)
}
