//! One batch with two types of replies, and everything that a callback gets, as in the guide to the .NET client.
//!
//! `cargo run -p gapis-examples --example calendar` asks a local server.
//! `cargo run -p gapis-examples --example calendar -- --token-env TOKEN CALENDAR_ID` asks Google.

use gapis_calendar_v3::schemas::{Event, EventDateTime};
use gapis_calendar_v3::{Calendar, RawResponse, Result};
use gapis_examples::{Output, Stage, servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::calendar::start()?.0))?;
    let [id] = stage.arguments_or(["primary"]);
    run(&stage.service()?, &id, &Output::stdout()).await
}

/// The program itself, which a test runs too.
pub(crate) async fn run(calendar: &Calendar, id: &str, out: &Output) -> Result<()> {
    let mut batch = calendar.batch();
    calendar.calendar_list().list().queue(&mut batch, |reply| match reply.result {
        Ok(list) => {
            for entry in list.items.iter().flatten() {
                let summary = entry.summary.as_deref().unwrap_or_default();
                out.line(format_args!("{}: {summary}", reply.index));
            }
        }
        Err(error) => out.line(format_args!("{}: {error}", reply.index)),
    })?;

    // Local times without an offset need a separate time zone, which the second event lacks.
    let zurich = local("2014-01-01T10:00:00", Some("Europe/Zurich"))?;
    for start in [zurich, local("2014-01-01T10:00:00", None)?] {
        let end = EventDateTime { date_time: Some("2014-01-01T12:00:00".parse()?), ..start.clone() };
        let event = Event {
            summary: Some("Learn to batch".to_owned()),
            start: Some(start),
            end: Some(end),
            ..Default::default()
        };
        calendar.events().insert(id, event).queue(&mut batch, |reply| {
            match &reply.result {
                Ok(event) => {
                    let id = event.id.as_deref().unwrap_or_default();
                    out.line(format_args!("{}: {id} is in the calendar", reply.index));
                }
                Err(error) => out.line(format_args!("{}: {error}", reply.index)),
            }
            // The HTTP response, if there was one, with its status, headers and body.
            out.line(reply.response.as_ref().map_or_else(String::new, show));
        })?;
    }
    let report = batch.execute().await;
    out.line(format_args!("{} calls, {} failed", report.calls(), report.failures()));
    Ok(())
}

fn local(time: &str, zone: Option<&str>) -> Result<EventDateTime> {
    let time_zone = zone.map(str::to_owned);
    Ok(EventDateTime { date_time: Some(time.parse()?), time_zone, ..Default::default() })
}

fn show(message: &RawResponse) -> String {
    let kind = message.headers().get("content-type").and_then(|value| value.to_str().ok());
    let body = String::from_utf8_lossy(&message.body);
    format!("   {}, {}: {body}", message.status, kind.unwrap_or("no type"))
}
