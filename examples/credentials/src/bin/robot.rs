//! A program that acts for itself, as a service account with a key: it sees the files that were shared with the account.
//!
//! `robot KEY_FILE`; without arguments it runs against local servers.
#![allow(clippy::print_stdout)]

use gapis_auth::ServiceAccount;
use gapis_drive_v3::{Client, Drive, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let Some(key_file) = std::env::args().nth(1) else { return gapis_example_credentials::run_here() };
    let builder = Client::builder()
        .credentials(ServiceAccount::from_file(key_file)?)
        .scopes(&["https://www.googleapis.com/auth/drive.metadata.readonly"]);
    let client = gapis_example_credentials::to_endpoint(builder).build()?;

    let about = Drive::new(&client).about().get().fields("user,storageQuota").await?;
    println!("{}", gapis_example_credentials::describe(&about));
    Ok(())
}
