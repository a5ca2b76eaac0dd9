//! A spreadsheet with named sheets, changed by lists of requests, all or none.

use gapis_mock::{MockError, MockResult, MockServer, UpdateHandler};
use gapis_sheets_v4::runtime::Result;
use gapis_sheets_v4::schemas::{
    AddSheetRequest, AddSheetResponse, BatchUpdateSpreadsheetResponse, DeleteSheetRequest,
    FindReplaceRequest, FindReplaceResponse, SheetProperties, UpdateValuesResponse, ValueRange,
};
use gapis_sheets_v4::spreadsheets::{BatchUpdate, values};

use crate::Shared;

/// The sheets by their ids, and the text of their only cells.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Id and title of each sheet.
    pub sheets: Vec<(i32, String)>,
    /// The content of the cells.
    pub cells: Vec<String>,
}

impl Book {
    fn add(&mut self, request: AddSheetRequest) -> MockResult<AddSheetResponse> {
        let title = request.properties.and_then(|properties| properties.title);
        let title = title.ok_or_else(|| MockError::invalid("a sheet needs a title"))?;
        if self.sheets.iter().any(|(_, other)| *other == title) {
            return Err(MockError::invalid(format!("A sheet with the name \"{title}\" already exists.")));
        }
        let id = self.sheets.last().map_or(0, |(id, _)| id + 1);
        self.sheets.push((id, title.clone()));
        let properties = SheetProperties { sheet_id: Some(id), title: Some(title), ..Default::default() };
        Ok(AddSheetResponse { properties: Some(properties), ..Default::default() })
    }

    fn delete(&mut self, request: DeleteSheetRequest) -> MockResult<()> {
        let before = self.sheets.len();
        self.sheets.retain(|(id, _)| Some(*id) != request.sheet_id);
        if self.sheets.len() == before {
            return Err(MockError::invalid("No grid with that id."));
        }
        Ok(())
    }

    fn replace(&mut self, request: FindReplaceRequest) -> MockResult<FindReplaceResponse> {
        let find = request.find.ok_or_else(|| MockError::invalid("nothing to find"))?;
        let with = request.replacement.unwrap_or_default();
        let found = self.cells.iter_mut().filter(|cell| cell.contains(&find));
        let changed = found.map(|cell| *cell = cell.replace(&find, &with)).count();
        let occurrences = i32::try_from(changed).ok();
        Ok(FindReplaceResponse { occurrences_changed: occurrences, ..Default::default() })
    }
}

/// Starts the service with a spreadsheet of one sheet, which any id refers to.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<Book>)> {
    let mock = MockServer::start()?;
    let cells = ["draft of May", "draft of June", "final"].map(str::to_owned).to_vec();
    let book = Shared::new(Book { sheets: vec![(0, "Sheet1".to_owned())], cells });

    let updates = UpdateHandler::<BatchUpdate, Book>::new(book.handle())
        .on(Book::add)
        .on(Book::delete)
        .on(Book::replace)
        .after(|_, call, response: &mut BatchUpdateSpreadsheetResponse| {
            response.spreadsheet_id = call.var("spreadsheetId").ok().map(str::to_owned);
        });
    mock.on_update(updates);
    let state = book.clone();
    mock.on::<values::Update>(move |call| {
        let values: ValueRange = call.body()?;
        let cells = values.values.into_iter().flatten().flatten();
        let mut book = state.lock();
        book.cells.extend(cells.map(|cell| cell.as_str().unwrap_or_default().to_owned()));
        Ok(UpdateValuesResponse {
            updated_range: call.var("range").ok().map(str::to_owned),
            ..Default::default()
        })
    });
    Ok((mock, book))
}
