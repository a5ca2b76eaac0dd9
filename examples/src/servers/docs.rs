//! A document with one tab, changed by lists of requests, all or none.

use gapis_docs_v1::documents::{BatchUpdate, Get};
use gapis_docs_v1::runtime::Result;
use gapis_docs_v1::schemas::{
    BatchUpdateDocumentRequest, BatchUpdateDocumentResponse, CreateNamedRangeRequest,
    CreateNamedRangeResponse, Document, InsertTextRequest, UpdateTextStyleRequest, WriteControl,
};
use gapis_mock::{MockError, MockResult, MockServer, UpdateHandler};

use crate::Shared;

/// The text, its styles and named ranges, and the number of changes.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// The number of applied lists of requests.
    pub revision: u32,
    /// The text of the tab `t.0`.
    pub text: String,
    /// The styles, each with its mask.
    pub styles: Vec<(String, UpdateTextStyleRequest)>,
    /// The names of ranges.
    pub names: Vec<String>,
}

impl Paper {
    fn id(&self) -> String {
        format!("revision-{}", self.revision)
    }

    /// Refuses an update that requires another revision.
    fn check(&self, body: &BatchUpdateDocumentRequest) -> MockResult<()> {
        let required = body.write_control.as_ref().and_then(|control| control.required_revision_id.as_ref());
        if required.is_some_and(|required| *required != self.id()) {
            return Err(MockError::invalid("The required revision ID does not match the latest revision."));
        }
        Ok(())
    }

    /// Index 1 is before the first character.
    fn insert(&mut self, insert: InsertTextRequest) -> MockResult<()> {
        let location = insert.location.ok_or_else(|| MockError::invalid("no location"))?;
        let at = location.index.and_then(|index| usize::try_from(index).ok()?.checked_sub(1));
        let at = at.ok_or_else(|| MockError::invalid("no index"))?;
        if !self.text.is_char_boundary(at) {
            return Err(MockError::invalid("the index is outside the text"));
        }
        self.text.insert_str(at, insert.text.as_deref().unwrap_or_default());
        Ok(())
    }

    fn style(&mut self, style: UpdateTextStyleRequest) -> MockResult<()> {
        let end = style.range.as_ref().and_then(|range| usize::try_from(range.end_index?).ok());
        let end = end.ok_or_else(|| MockError::invalid("no end index"))?;
        if end > self.text.len() + 1 {
            return Err(MockError::invalid("the range ends after the text"));
        }
        let mask = style.fields.as_ref().ok_or_else(|| MockError::invalid("no fields"))?;
        self.styles.push((mask.as_str().to_owned(), style));
        Ok(())
    }

    fn name(&mut self, request: CreateNamedRangeRequest) -> MockResult<CreateNamedRangeResponse> {
        self.names.push(request.name.ok_or_else(|| MockError::invalid("no name"))?);
        let named_range_id = Some(format!("range-{}", self.names.len()));
        Ok(CreateNamedRangeResponse { named_range_id, ..Default::default() })
    }

    fn complete(&mut self, document: &str, response: &mut BatchUpdateDocumentResponse) {
        self.revision += 1;
        response.document_id = Some(document.to_owned());
        let next = Some(self.id());
        response.write_control = Some(WriteControl { required_revision_id: next, ..Default::default() });
    }
}

/// Starts the service with an empty document, which any id refers to.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<Paper>)> {
    let mock = MockServer::start()?;
    let paper = Shared::new(Paper::default());

    let updates = UpdateHandler::<BatchUpdate, Paper>::new(paper.handle())
        .before(|paper, _, body| paper.check(body))
        .on(Paper::insert)
        .on(Paper::style)
        .on(Paper::name)
        .after(|paper, call, response| paper.complete(call.var("documentId").unwrap_or_default(), response));
    mock.on_update(updates);
    let state = paper.clone();
    mock.on::<Get>(move |call| {
        let document_id = Some(call.var("documentId")?.to_owned());
        Ok(Document { document_id, revision_id: Some(state.lock().id()), ..Default::default() })
    });
    Ok((mock, paper))
}
