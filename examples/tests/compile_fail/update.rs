//! An update carries the requests of its own method, and a callback gets the reply to its own request.

use gapis_docs_v1::schemas::{CreateNamedRangeRequest, InsertInlineImageResponse, Location};
use gapis_docs_v1::{Docs, Result};

fn not_a_request(docs: &Docs) {
    let _ = docs.documents().batch_update("D").push(Location::default());
}

fn another_reply(docs: &Docs) {
    let update = docs.documents().batch_update("D");
    let _ = update.push_with(CreateNamedRangeRequest::default(), |_: Result<InsertInlineImageResponse>| {});
}

fn main() {}
