//! Three ways to read lists: all items, page by page, and many lists at once.
//!
//! `cargo run -p gapis-examples --example lists` asks a local server.
//! `cargo run -p gapis-examples --example lists -- --token-env TOKEN FOLDER_ID FOLDER_ID` asks Google.

use gapis_drive_v3::{Drive, Result};
use gapis_examples::{Output, Stage, servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::drive::start()?.0))?;
    let folders = stage.arguments_or(["photos", "reports"]);
    run(&stage.service()?, &folders, &Output::stdout()).await
}

/// The program itself, which a test runs too.
pub(crate) async fn run(drive: &Drive, folders: &[String], out: &Output) -> Result<()> {
    let list = || drive.files().list().page_size(100).fields("files(name,size)");

    // A page is requested when its first item is.
    let mut size = 0;
    let mut files = list().items();
    while let Some(file) = files.next().await {
        size += file?.size.unwrap_or_default();
    }
    out.line(format_args!("all files have {size} bytes"));

    // Whole responses, for what they have beside the items.
    let mut pages = list().fields("incompleteSearch,files(name)").pages();
    while let Some(page) = pages.next().await {
        let page = page?;
        let (count, incomplete) = (page.files.unwrap_or_default().len(), page.incomplete_search);
        out.line(format_args!("a page of {count} files, incomplete: {}", incomplete.unwrap_or_default()));
    }

    // The next pages of all lists are in the same batch. An error ends its own list only.
    let lists = folders.iter().map(|folder| list().q(&format!("'{folder}' in parents")).with_id(folder));
    let mut pages = drive.run_pages(lists);
    while let Some(page) = pages.next().await {
        match page.result {
            Ok(files) => {
                out.line(format_args!("{}: {} files", page.id, files.files.unwrap_or_default().len()))
            }
            Err(error) => out.line(format_args!("{}: {error}", page.id)),
        }
    }
    let report = pages.finish();
    out.line(format_args!("{} lists in {} requests", report.succeeded, report.requests));
    Ok(())
}
