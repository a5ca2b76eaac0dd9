//! Shares files with people: one call for each pair, in as few HTTP requests as possible.
//!
//! `cargo run -p gapis-examples --example share` asks a local server.
//! `cargo run -p gapis-examples --example share -- --token-env TOKEN FILE,FILE MAIL,MAIL` asks Google.
#![allow(clippy::print_stderr)]

use gapis_drive_v3::schemas::Permission;
use gapis_drive_v3::{Drive, Result};
use gapis_examples::{Stage, servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::drive::start()?.0))?;
    let lists = stage.arguments_or(["film,nothing", "ada@example.com,bob@example.com"]);
    let [files, people] = lists.each_ref().map(|list| list.split(',').collect::<Vec<_>>());
    let failed = share(&stage.service()?, &files, &people).await?;
    eprintln!("{} of {} failed", failed.len(), files.len() * people.len());
    failed.iter().for_each(|line| eprintln!("{line}"));
    Ok(())
}

/// Lets everyone read every file. Returns a line for each pair that failed.
pub(crate) async fn share(drive: &Drive, files: &[&str], people: &[&str]) -> Result<Vec<String>> {
    let mut failed = Vec::new();
    let mut batch = drive.batch();
    let pairs = files.iter().flat_map(|file| people.iter().map(move |person| (file, person)));
    let calls = pairs.map(|(file, person)| {
        let reader = Permission {
            r#type: Some("user".to_owned()),
            role: Some("reader".to_owned()),
            email_address: Some((*person).to_owned()),
            ..Default::default()
        };
        let call = drive.permissions().create(file, reader).send_notification_email(false).fields("id");
        call.with_id(format_args!("{file} with {person}"))
    });
    batch.queue_all(calls, |reply| {
        if let Err(error) = reply.result {
            failed.push(format!("{}: {error}", reply.id));
        }
    })?;
    let _report = batch.execute().await;
    Ok(failed)
}
