//! Activates many line items, in three ways, as in the Display & Video 360 guide.
//!
//! `cargo run -p gapis-examples --example displayvideo` asks a local server.
//! `cargo run -p gapis-examples --example displayvideo -- --token-env TOKEN ADVERTISER_ID LINE_ITEM_ID…` asks Google.

use gapis_displayvideo_v4::enums::LineItemEntityStatus;
use gapis_displayvideo_v4::schemas::{Advertiser, LineItem};
use gapis_displayvideo_v4::{Call, DisplayVideo, Error, Id, Result, advertisers};
use gapis_examples::{Output, Stage, servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::displayvideo::start()?.0))?;
    let ids = stage.numbers_or(&[servers::displayvideo::ADVERTISER, 1, 2, 3, 5, 404])?;
    let [advertiser, items @ ..] = ids.as_slice() else { return Ok(()) };
    run(&stage.service()?, *advertiser, items, &Output::stdout()).await
}

/// The program itself, which a test runs too.
pub(crate) async fn run(service: &DisplayVideo, advertiser: i64, items: &[i64], out: &Output) -> Result<()> {
    rename(service, advertiser, items, out).await?;
    let activate = |item: i64| activate(service, advertiser, item);

    out.line("== One pair of functions, for success and for failure, shared by all calls");
    let on_success = |_: Id, item: LineItem| out.line(show(&item));
    let on_failure = |_: Id, error: Error| out.line(format_args!("failed: {error}"));
    let mut batch = service.batch();
    batch.queue_all(items.iter().map(|&item| activate(item)), |reply| reply.split(on_success, on_failure))?;
    let _report = batch.execute().await;

    out.line("== One callback of the batch, which knows each call by a number of ours");
    let mut batch = service.batch();
    batch.on_reply(|outcome| match outcome.decode::<LineItem>() {
        Ok(item) => out.line(format_args!("{}: {}", outcome.id, show(&item))),
        Err(error) => out.line(format_args!("{}: {error}", outcome.id)),
    });
    for &item in items {
        batch.add(activate(item).with_id(item))?;
    }
    let _report = batch.execute().await;

    out.line("== A report of all replies, looked up by id afterwards");
    let mut batch = service.batch();
    for &item in items {
        batch.add(activate(item).with_id(item))?;
    }
    let report = batch.execute().await;
    for item in items {
        match report.take::<LineItem>(&item.to_string()) {
            Ok(found) => out.line(format_args!("{item}: {}", show(&found))),
            Err(error) => out.line(format_args!("{item}: {error}")),
        }
    }
    Ok(())
}

/// Two kinds of resources in one batch. Each reply contains only the requested members.
async fn rename(service: &DisplayVideo, advertiser: i64, items: &[i64], out: &Output) -> Result<()> {
    let Some(&item) = items.first() else { return Ok(()) };
    let mut batch = service.batch();
    let name = Some("Spring".to_owned());
    let change = Advertiser { display_name: name.clone(), ..Default::default() };
    let call = service.advertisers().patch(advertiser, change).update_mask("displayName");
    call.fields("advertiserId,displayName").queue(&mut batch, |reply| {
        let name = reply.result.ok().and_then(|advertiser| advertiser.display_name);
        out.line(format_args!("the advertiser is {name:?}"));
    })?;
    let change = LineItem { display_name: name, ..Default::default() };
    let call = service.advertisers().line_items().patch(advertiser, item, change).update_mask("displayName");
    call.fields("lineItemId,displayName").queue(&mut batch, |reply| {
        let name = reply.result.ok().and_then(|item| item.display_name);
        out.line(format_args!("the line item is {name:?}"));
    })?;
    batch.execute().await.error_for_failures()
}

fn activate(service: &DisplayVideo, advertiser: i64, item: i64) -> Call<advertisers::line_items::Patch> {
    let status = LineItemEntityStatus::EntityStatusActive;
    let change = LineItem { entity_status: Some(status.into()), ..Default::default() };
    service.advertisers().line_items().patch(advertiser, item, change).update_mask("entityStatus")
}

fn show(item: &LineItem) -> String {
    let status = item.entity_status.as_ref().map_or("", |status| status.as_str());
    format!("line item {} is {status}", item.line_item_id.unwrap_or_default())
}
