//! Sends local changes of events to a calendar, unless somebody else has changed the event.
//!
//! `cargo run -p gapis-examples --example sync` asks a local server, where somebody else changes an event meanwhile.
//! `cargo run -p gapis-examples --example sync -- --token-env TOKEN CALENDAR_ID` asks Google.
#![allow(clippy::print_stderr)]
use std::collections::BTreeMap;

use gapis_calendar_v3::schemas::Event;
use gapis_calendar_v3::{Calendar, Result};
use gapis_examples::{Stage, servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::calendar::start_with_others()?.0))?;
    let [id] = stage.arguments_or(["primary"]);
    let calendar: Calendar = stage.service()?;
    let mut pages = calendar.events().list(&id).pages();
    let mut local = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let events = page?.items.unwrap_or_default().into_iter();
        local.extend(events.filter_map(|event| Some((event.id.clone()?, event))));
    }
    local.values_mut().for_each(|event| event.summary.iter_mut().for_each(|summary| summary.push('!')));
    let stale = sync(&calendar, &id, &mut local).await?;
    eprintln!("{stale:?} were changed by somebody else, and {} are in sync", local.len() - stale.len());
    Ok(())
}

/// Sends the summary of each event, and replaces the event with the server's version. Returns the ids of events that
/// somebody else has changed; these are also replaced with the server's version.
pub(crate) async fn sync(
    calendar: &Calendar,
    id: &str,
    local: &mut BTreeMap<String, Event>,
) -> Result<Vec<String>> {
    let mut batch = calendar.batch();
    for (key, event) in &*local {
        let change = Event { summary: event.summary.clone(), ..Default::default() };
        let etag = event.etag.as_deref().unwrap_or_default();
        batch.add(calendar.events().patch(id, key, change).if_match(etag).with_id(key))?;
    }
    let report = batch.execute().await;
    let mut stale = Vec::new();
    let mut batch = calendar.batch();
    for (key, event) in &mut *local {
        match report.take(key) {
            Ok(changed) => *event = changed,
            Err(error) if error.is_precondition_failed() => {
                stale.push(key.clone());
                calendar.events().get(id, key).queue(&mut batch, |reply| {
                    if let Ok(theirs) = reply.result {
                        *event = theirs;
                    }
                })?;
            }
            Err(error) => return Err(error),
        }
    }
    batch.execute().await.error_for_failures().map(|()| stale)
}
