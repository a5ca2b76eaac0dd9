//! A desktop program, whose user logs in once.
//!
//! `desktop CLIENT_FILE TOKENS_FILE`; without arguments it runs against local servers.
#![allow(clippy::print_stdout)]

use gapis_auth::{FileStore, UserLogin};
use gapis_drive_v3::{Client, Drive, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [client_file, tokens_file] = &arguments[..] else { return gapis_example_credentials::run_here() };
    let user = UserLogin::new(client_file, FileStore::new(tokens_file));
    let builder = Client::builder()
        .credentials(user)
        .scopes(&["https://www.googleapis.com/auth/drive.metadata.readonly"]);
    let client = gapis_example_credentials::to_endpoint(builder).build()?;

    let about = Drive::new(&client).about().get().fields("user,storageQuota").await?;
    println!("{}", gapis_example_credentials::describe(&about));
    Ok(())
}
