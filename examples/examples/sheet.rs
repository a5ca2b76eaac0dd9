//! Adds a sheet to a spreadsheet and fills it.
//!
//! `cargo run -p gapis-examples --example sheet` asks a local server.
//! `cargo run -p gapis-examples --example sheet -- --token-env TOKEN SPREADSHEET_ID TITLE` asks Google.
#![allow(clippy::print_stderr)]

use gapis_examples::{Stage, servers};
use gapis_sheets_v4::enums::SpreadsheetsValuesUpdateValueInputOption as InputOption;
use gapis_sheets_v4::runtime::Json;
use gapis_sheets_v4::schemas::{AddSheetRequest, SheetProperties, ValueRange};
use gapis_sheets_v4::{Result, Sheets};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::sheets::start()?.0))?;
    let [book, title] = stage.arguments_or(["book", "Farm"]);
    let rows = [["animal", "legs"], ["sheep", "4"], ["hen", "2"], ["in all", "=SUM(B2:B3)"]];
    eprintln!("the sheet has the id {:?}", add_and_fill(&stage.service()?, &book, &title, &rows).await?);
    Ok(())
}

/// Returns the id of the new sheet.
pub(crate) async fn add_and_fill(
    sheets: &Sheets,
    book: &str,
    title: &str,
    rows: &[[&str; 2]],
) -> Result<Option<i32>> {
    let properties = SheetProperties { title: Some(title.to_owned()), ..Default::default() };
    let add = AddSheetRequest { properties: Some(properties), ..Default::default() };
    let mut update = sheets.spreadsheets().batch_update(book);
    let added = update.push_ticket(add);
    update.await?;

    let values = rows.iter().map(|row| row.iter().map(|&cell| Json::from(cell)).collect()).collect();
    let values = ValueRange { values: Some(values), ..Default::default() };
    let range = format!("'{}'!A1", title.replace('\'', "''"));
    let fill = sheets.spreadsheets().values().update(book, &range, values);
    fill.value_input_option(InputOption::UserEntered).await?;
    Ok(added.redeem()?.properties.and_then(|properties| properties.sheet_id))
}
