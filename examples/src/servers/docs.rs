//! A document of one tab, changed by whole lists of requests or not at all.

use gapis_docs_v1::documents::{BatchUpdate, Get};
use gapis_docs_v1::runtime::Result;
use gapis_docs_v1::runtime::mock::{MockError, MockResult, MockServer};
use gapis_docs_v1::schemas::{
    BatchUpdateDocumentRequest, BatchUpdateDocumentResponse, Document, InsertTextRequest, Request, Response,
    UpdateTextStyleRequest, WriteControl,
};

use super::Shared;

/// The text, its styles, and how often it was changed.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// How many lists of requests were applied.
    pub revision: u32,
    /// The text of the tab `t.0`.
    pub text: String,
    /// The styles, each with the mask it came with.
    pub styles: Vec<(String, UpdateTextStyleRequest)>,
}

impl Paper {
    fn id(&self) -> String {
        format!("revision-{}", self.revision)
    }

    /// Applies all requests in order, or none.
    fn update(
        &mut self,
        document: &str,
        body: BatchUpdateDocumentRequest,
    ) -> MockResult<BatchUpdateDocumentResponse> {
        let required = body.write_control.and_then(|control| control.required_revision_id);
        if required.is_some_and(|required| required != self.id()) {
            return Err(MockError::invalid("The required revision ID does not match the latest revision."));
        }
        let requests = body.requests.unwrap_or_default();
        let mut next = self.clone();
        for (index, request) in requests.iter().enumerate() {
            next.apply(request)
                .map_err(|why| MockError::invalid(format!("Invalid requests[{index}]: {why}")))?;
        }
        next.revision += 1;
        *self = next;
        let control = WriteControl { required_revision_id: Some(self.id()), ..Default::default() };
        Ok(BatchUpdateDocumentResponse {
            document_id: Some(document.to_owned()),
            replies: Some(requests.iter().map(|_| Response::default()).collect()),
            write_control: Some(control),
            ..Default::default()
        })
    }

    fn apply(&mut self, request: &Request) -> Result<(), &'static str> {
        match request {
            Request { insert_text: Some(insert), .. } => self.insert(insert),
            Request { update_text_style: Some(style), .. } => self.style(style),
            _ => Err("not known here"),
        }
    }

    /// Index 1 is before the first character.
    fn insert(&mut self, insert: &InsertTextRequest) -> Result<(), &'static str> {
        let location = insert.location.as_ref().ok_or("no location")?;
        let at =
            location.index.and_then(|index| usize::try_from(index).ok()?.checked_sub(1)).ok_or("no index")?;
        if !self.text.is_char_boundary(at) {
            return Err("the index is outside the text");
        }
        self.text.insert_str(at, insert.text.as_deref().unwrap_or_default());
        Ok(())
    }

    fn style(&mut self, style: &UpdateTextStyleRequest) -> Result<(), &'static str> {
        let range = style.range.as_ref().ok_or("no range")?;
        let end = range.end_index.and_then(|index| usize::try_from(index).ok()).ok_or("no end index")?;
        if end > self.text.len() + 1 {
            return Err("the range ends after the text");
        }
        let mask = style.fields.as_ref().ok_or("no fields")?.as_str().to_owned();
        self.styles.push((mask, style.clone()));
        Ok(())
    }
}

/// Starts the service with an empty document, whose id may be any.
///
/// # Errors
/// If there is no free port.
pub fn start() -> Result<(MockServer, Shared<Paper>)> {
    let mock = MockServer::start()?;
    let paper = Shared::new(Paper::default());

    let state = paper.clone();
    mock.on::<BatchUpdate>(move |call| state.lock().update(call.var("documentId")?, call.body()?));
    let state = paper.clone();
    mock.on::<Get>(move |call| {
        let document_id = Some(call.var("documentId")?.to_owned());
        Ok(Document { document_id, revision_id: Some(state.lock().id()), ..Default::default() })
    });
    Ok((mock, paper))
}
