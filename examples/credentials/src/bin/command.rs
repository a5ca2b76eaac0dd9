//! Credentials of one's own: tokens that a command prints. A vault or another source of tokens is asked in the same way.
//!
//! `command gcloud auth print-access-token`; without arguments it runs against local servers.
#![allow(clippy::print_stdout)]

use gapis_drive_v3::{AuthHeaders, BoxFuture, Client, Credentials, Drive, Error, Result};
use tokio::process::Command;
use tokio::sync::Mutex;

/// Runs a command for a token, and again when a server rejects it.
struct FromCommand {
    words: Vec<String>,
    kept: Mutex<Option<AuthHeaders>>,
}

impl Credentials for FromCommand {
    fn headers<'a>(
        &'a self,
        _scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            // The lock is held while the command runs, so that it runs once for all calls that wait.
            let mut kept = self.kept.lock().await;
            match &*kept {
                Some(headers) if rejected != Some(headers) => Ok(headers.clone()),
                _ => Ok(kept.insert(self.run().await?).clone()),
            }
        })
    }
}

impl FromCommand {
    async fn run(&self) -> Result<AuthHeaders> {
        let [program, arguments @ ..] = &self.words[..] else { return Err(Error::credentials("no command")) };
        let output = Command::new(program).args(arguments).output().await;
        let output = output.map_err(|error| Error::credentials(format!("cannot run {program}: {error}")))?;
        if !output.status.success() {
            return Err(Error::credentials(format!("{program} ended with {}", output.status)));
        }
        AuthHeaders::bearer(String::from_utf8_lossy(&output.stdout).trim())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.is_empty() {
        return gapis_example_credentials::run_here();
    }
    let builder = Client::builder().credentials(FromCommand { words, kept: Mutex::default() });
    let client = gapis_example_credentials::to_endpoint(builder).build()?;

    let about = Drive::new(&client).about().get().fields("user,storageQuota").await?;
    println!("{}", gapis_example_credentials::describe(&about));
    Ok(())
}
