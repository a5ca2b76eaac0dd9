//! The other kind of batch: one call with many requests, which are applied in order, all or none.
//!
//! `cargo run -p gapis-examples --example docs` asks a local server.
//! `cargo run -p gapis-examples --example docs -- --token-env TOKEN DOCUMENT_ID` asks Google.

use gapis_docs_v1::schemas::{
    BatchUpdateDocumentResponse, CreateNamedRangeRequest, InsertTextRequest, Range, UpdateTextStyleRequest,
    WriteControl,
};
use gapis_docs_v1::{Docs, Result, object};
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
    let control = WriteControl { required_revision_id: revision, ..Default::default() };

    // Nothing is changed if somebody else has changed the document since `revision`.
    let done = write(docs, document, control.clone()).await?;
    let next = done.write_control.and_then(|control| control.required_revision_id).unwrap_or_default();
    let replies = done.replies.unwrap_or_default().len();
    out.line(format_args!("{replies} replies, the next revision is {next}"));

    // The document has changed now, so the same update fails as a whole.
    match write(docs, document, control).await {
        Ok(_) => out.line("the server took a stale revision"),
        Err(error) => out.line(format_args!("{error}")),
    }

    // The callback for a request gets a reply of that request's type.
    let mut name = None;
    let greeting = object!(CreateNamedRangeRequest { name: "greeting", range: range(1..12) });
    docs.documents().batch_update(document).push_with(greeting, |reply| name = Some(reply)).await?;
    let id = name.transpose()?.and_then(|reply| reply.named_range_id).unwrap_or_default();
    out.line(format_args!("the greeting is named {id}"));
    Ok(())
}

async fn write(docs: &Docs, document: &str, control: WriteControl) -> Result<BatchUpdateDocumentResponse> {
    docs.documents()
        .batch_update(document)
        .push(insert("Hello World"))
        .push(blue_and_bold(1..6))
        .write_control(control)
        .await
}

fn insert(text: &str) -> InsertTextRequest {
    object!(InsertTextRequest { location: { index: 1, tab_id: "t.0" }, text: text })
}

fn blue_and_bold(characters: std::ops::Range<i32>) -> UpdateTextStyleRequest {
    object!(UpdateTextStyleRequest {
        range: range(characters),
        text_style: { bold: true, foreground_color: { color: { rgb_color: { blue: 1.0 } } } },
        fields: "bold,foreground_color",
    })
}

fn range(characters: std::ops::Range<i32>) -> Range {
    object!(Range { start_index: characters.start, end_index: characters.end, tab_id: "t.0" })
}
