//! An administrator's program: for each user of a domain, it prints the user's name and how full the user's Drive is.
//! All calls are in one batch.
//!
//! `administrator KEY_FILE USER…`; without arguments it runs against local servers.
#![allow(clippy::print_stdout)]

use gapis_auth::ServiceAccount;
use gapis_drive_v3::{Client, Drive, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [key_file, users @ ..] = &arguments[..] else { return gapis_example_credentials::run_here() };
    let accounts = ServiceAccount::from_file(key_file)?;
    let builder = Client::builder()
        .credentials(accounts.clone())
        .scopes(&["https://www.googleapis.com/auth/drive.metadata.readonly"]);
    let client = gapis_example_credentials::to_endpoint(builder).build()?;

    let mut batch = Drive::new(&client).batch();
    for user in users {
        let drive = Drive::new(&client.with_credentials(accounts.for_subject(user)));
        drive.about().get().fields("user,storageQuota").queue(&mut batch, move |reply| {
            match reply.result {
                Ok(about) => println!("{user}: {}", gapis_example_credentials::describe(&about)),
                Err(error) => println!("{user}: {error}"),
            }
        })?;
    }
    let report = batch.execute().await;
    println!("{} users in {} request", report.calls(), report.requests());
    Ok(())
}
