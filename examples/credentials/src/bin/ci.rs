//! A job in CI without keys: its own token is exchanged for one of Google's, with which it acts for a user.
//!
//! `ci SERVICE_ACCOUNT USER`, with `GOOGLE_APPLICATION_CREDENTIALS`; without arguments it runs against local servers.
#![allow(clippy::print_stdout)]

use gapis_auth::{ApplicationDefault, ServiceAccount};
use gapis_drive_v3::{Client, Drive, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [account, user] = &arguments[..] else { return gapis_example_credentials::run_here() };
    let robot = ServiceAccount::keyless(ApplicationDefault::new(), account);
    let builder = Client::builder()
        .credentials(gapis_example_credentials::to_servers(robot).subject(user))
        .scopes(&["https://www.googleapis.com/auth/drive.metadata.readonly"]);
    let client = gapis_example_credentials::to_endpoint(builder).build()?;

    let about = Drive::new(&client).about().get().fields("user,storageQuota").await?;
    println!("{}", gapis_example_credentials::describe(&about));
    Ok(())
}
