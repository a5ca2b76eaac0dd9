//! An advertiser with line items whose status can be changed, unless they are archived.

use std::collections::BTreeMap;

use gapis_displayvideo_v4::advertisers::{self, line_items};
use gapis_displayvideo_v4::enums::LineItemEntityStatus as Status;
use gapis_displayvideo_v4::runtime::Result;
use gapis_displayvideo_v4::schemas::{Advertiser, LineItem};
use gapis_mock::{MockError, MockResult, MockServer};

use crate::Shared;

/// The only advertiser.
pub const ADVERTISER: i64 = 7;

/// The advertiser's data.
#[derive(Debug, Default)]
pub struct Account {
    /// The advertiser's name.
    pub display_name: Option<String>,
    /// The line items by id.
    pub line_items: BTreeMap<i64, LineItem>,
}

impl Account {
    fn patch(&mut self, id: i64, mask: &str, change: LineItem) -> MockResult<LineItem> {
        let item = self.line_items.get_mut(&id).ok_or_else(|| MockError::not_found(id))?;
        if item.entity_status.as_ref().is_some_and(|status| *status == Status::EntityStatusArchived) {
            return Err(MockError::invalid(format!("Line item {id} is archived.")));
        }
        match mask {
            "entityStatus" => item.entity_status = change.entity_status,
            "displayName" => item.display_name = change.display_name,
            other => return Err(MockError::invalid(format!("Invalid updateMask: {other:?}"))),
        }
        Ok(item.clone())
    }
}

/// Starts a server with the line items 1 to 4 as drafts, and an archived line item 5.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<Account>)> {
    let mock = MockServer::start()?;
    let line_items = (1..=5).map(|id| {
        let status = if id == 5 { Status::EntityStatusArchived } else { Status::EntityStatusDraft };
        let item = LineItem {
            advertiser_id: Some(ADVERTISER),
            line_item_id: Some(id),
            entity_status: Some(status.into()),
            ..Default::default()
        };
        (id, item)
    });
    let account = Shared::new(Account { display_name: None, line_items: line_items.collect() });

    let state = account.clone();
    mock.on::<line_items::Patch>(move |call| {
        is_ours(call.var_as("advertiserId")?)?;
        let mask = call.query("updateMask").unwrap_or_default();
        state.lock().patch(call.var_as("lineItemId")?, &mask, call.body()?)
    });
    let state = account.clone();
    mock.on::<advertisers::Patch>(move |call| {
        is_ours(call.var_as("advertiserId")?)?;
        let change: Advertiser = call.body()?;
        state.lock().display_name.clone_from(&change.display_name);
        Ok(Advertiser {
            advertiser_id: Some(ADVERTISER),
            display_name: change.display_name,
            ..Default::default()
        })
    });
    Ok((mock, account))
}

fn is_ours(advertiser: i64) -> MockResult<()> {
    (advertiser == ADVERTISER).then_some(()).ok_or_else(|| MockError::not_found(advertiser))
}
