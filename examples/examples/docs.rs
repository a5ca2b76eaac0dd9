//! The other kind of batch: one call that carries many requests, applied in order, all or none.
//!
//! `cargo run -p gapis-examples --example docs -- [DOCUMENT]`

use gapis_docs_v1::schemas::{
    BatchUpdateDocumentRequest, BatchUpdateDocumentResponse, Color, InsertTextRequest, Location,
    OptionalColor, Range, Request, RgbColor, TextStyle, UpdateTextStyleRequest, WriteControl,
};
use gapis_docs_v1::{Docs, Result};
use gapis_examples::{Output, Stage, servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::docs::start()?.0))?;
    let [document] = stage.arguments_or(["hello"]);
    run(&stage.service()?, &document, &Output::stdout()).await
}

/// The program itself, which a test runs too.
pub(crate) async fn run(docs: &Docs, document: &str, out: &Output) -> Result<()> {
    let revision = docs.documents().get(document).fields("revisionId").await?.revision_id;
    let requests = vec![insert("Hello World"), blue_and_bold(1..6)];

    // Nothing is changed if somebody else has changed the document since `revision`.
    let done = update(docs, document, requests.clone(), revision.clone()).await?;
    let next = done.write_control.and_then(|control| control.required_revision_id).unwrap_or_default();
    let replies = done.replies.unwrap_or_default().len();
    out.line(format_args!("{replies} replies, the next revision is {next}"));

    // Now it has changed, so the same again fails as a whole.
    match update(docs, document, requests, revision).await {
        Ok(_) => out.line("the server took a stale revision"),
        Err(error) => out.line(format_args!("{error}")),
    }
    Ok(())
}

async fn update(
    docs: &Docs,
    document: &str,
    requests: Vec<Request>,
    revision: Option<String>,
) -> Result<BatchUpdateDocumentResponse> {
    let write_control = WriteControl { required_revision_id: revision, ..Default::default() };
    let body = BatchUpdateDocumentRequest {
        requests: Some(requests),
        write_control: Some(write_control),
        ..Default::default()
    };
    docs.documents().batch_update(document, body).await
}

fn insert(text: &str) -> Request {
    let location = Location { index: Some(1), tab_id: Some("t.0".to_owned()), ..Default::default() };
    let insert =
        InsertTextRequest { location: Some(location), text: Some(text.to_owned()), ..Default::default() };
    Request { insert_text: Some(insert), ..Default::default() }
}

fn blue_and_bold(characters: std::ops::Range<i32>) -> Request {
    let blue = RgbColor { blue: Some(1.0), ..Default::default() };
    let blue = OptionalColor {
        color: Some(Color { rgb_color: Some(blue), ..Default::default() }),
        ..Default::default()
    };
    let range = Range {
        start_index: Some(characters.start),
        end_index: Some(characters.end),
        tab_id: Some("t.0".to_owned()),
        ..Default::default()
    };
    let style = UpdateTextStyleRequest {
        range: Some(range),
        text_style: Some(TextStyle { bold: Some(true), foreground_color: Some(blue), ..Default::default() }),
        fields: Some("bold,foreground_color".into()),
        ..Default::default()
    };
    Request { update_text_style: Some(style), ..Default::default() }
}
