//! Shares files with people: one call for each pair, in as few HTTP requests as possible.
//!
//! `TOKEN=… cargo run -p gapis-examples --example share -- FILE,FILE MAIL,MAIL`
#![allow(clippy::print_stderr)]

use gapis_drive_v3::schemas::Permission;
use gapis_drive_v3::{BearerToken, Drive, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let token = std::env::var("TOKEN").unwrap_or_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let lists: Vec<Vec<&str>> = arguments.iter().map(|list| list.split(',').collect()).collect();
    let [files, people] = &lists[..] else { return Ok(()) };
    let drive = Drive::builder().credentials(BearerToken::new(&token)).build()?;
    share(&drive, files, people).await?.iter().for_each(|line| eprintln!("{line}"));
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
