//! An update whose requests have replies: each reply is passed to the callback or ticket of its own request.
//!
//! `cargo run -p gapis-examples --example sheets` asks a local server.
//! `cargo run -p gapis-examples --example sheets -- --token-env TOKEN SPREADSHEET_ID` asks Google.

use gapis_examples::{Output, Stage, servers};
use gapis_sheets_v4::schemas::{AddSheetRequest, DeleteSheetRequest, FindReplaceRequest};
use gapis_sheets_v4::{Result, Sheets, object};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::sheets::start()?.0))?;
    let [spreadsheet] = stage.arguments_or(["book"]);
    run(&stage.service()?, &spreadsheet, &Output::stdout()).await
}

/// The program itself, which a test runs too.
pub(crate) async fn run(sheets: &Sheets, spreadsheet: &str, out: &Output) -> Result<()> {
    let replace = object!(FindReplaceRequest { find: "draft", replacement: "copy", all_sheets: true });

    // A callback gets the reply to its request. A ticket can be redeemed for a reply.
    let mut update = sheets.spreadsheets().batch_update(spreadsheet).push_with(add("May"), |reply| {
        let id = reply.ok().and_then(|reply| reply.properties?.sheet_id);
        out.line(format_args!("the sheet of May is {id:?}"));
    });
    let june = update.push_ticket(add("June"));
    let replaced = update.push_ticket(replace);
    let response = update.push(object!(DeleteSheetRequest { sheet_id: 0 })).await?;
    out.line(format_args!("{} replies", response.replies.unwrap_or_default().len()));
    let june = june.redeem()?.properties.and_then(|properties| properties.sheet_id);
    out.line(format_args!("the sheet of June is {june:?}"));
    out.line(format_args!("{} cells changed", replaced.redeem()?.occurrences_changed.unwrap_or_default()));

    // If one request is invalid, nothing is applied. Only its callback gets the server's error.
    let say = |month: &'static str| {
        move |reply: Result<_>| match reply {
            Ok(_) => out.line(format_args!("{month}: added")),
            Err(error) => out.line(format_args!("{month}: {error}")),
        }
    };
    let refused = sheets
        .spreadsheets()
        .batch_update(spreadsheet)
        .push_with(add("July"), say("July"))
        .push_with(add("June"), say("June"))
        .await;
    out.line(format_args!("refused: {}", refused.is_err()));
    Ok(())
}

fn add(title: &str) -> AddSheetRequest {
    object!(AddSheetRequest { properties: { title: title } })
}
