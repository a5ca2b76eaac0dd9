//! A program on Cloud Run, or on a machine where a developer ran `gcloud auth application-default login`.
//!
//! `cloud_run go`; without arguments it runs against local servers.
#![allow(clippy::print_stdout)]

use gapis_auth::ApplicationDefault;
use gapis_drive_v3::{Client, Drive, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    if std::env::args().len() == 1 {
        return gapis_example_credentials::run_here();
    }
    let builder = Client::builder()
        .credentials(ApplicationDefault::new())
        .scopes(&["https://www.googleapis.com/auth/drive.metadata.readonly"]);
    let client = gapis_example_credentials::to_endpoint(builder).build()?;

    let about = Drive::new(&client).about().get().fields("user,storageQuota").await?;
    println!("{}", gapis_example_credentials::describe(&about));
    Ok(())
}
