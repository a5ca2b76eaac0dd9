//! A program on a device without a browser, such as a television: its user enters a code on a phone, once.
//!
//! `television CLIENT_FILE TOKENS_FILE`; without arguments it runs against local servers.
#![allow(clippy::print_stdout)]

use gapis_auth::{FileStore, UserLogin};
use gapis_drive_v3::{Client, Drive, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [client_file, tokens_file] = &arguments[..] else { return gapis_example_credentials::run_here() };
    // By default, the page and the code are printed. `present` shows them in another way, such as a QR code.
    let user = UserLogin::new(client_file, FileStore::new(tokens_file)).on_another_device();
    // Few scopes may be requested in this way; this one is for the files that the program itself has made.
    let builder = Client::builder().credentials(user).scopes(&["https://www.googleapis.com/auth/drive.file"]);
    let client = gapis_example_credentials::to_endpoint(builder).build()?;

    let about = Drive::new(&client).about().get().fields("user,storageQuota").await?;
    println!("{}", gapis_example_credentials::describe(&about));
    Ok(())
}
