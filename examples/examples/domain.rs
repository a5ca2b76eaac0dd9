//! An administrator's job: turns IMAP off for every user of a domain, each call with the user's own credentials.
//!
//! The users' addresses come from standard input, one a line.
//!
//! `TOKEN=… cargo run -p gapis-examples --example domain < users.txt`. A real program takes `gapis-auth`'s
//! `ServiceAccount::for_subject` in place of one token: see the example `gapis-example-credentials`.
#![allow(clippy::print_stderr)]
use gapis_gmail_v1::schemas::ImapSettings;
use gapis_gmail_v1::{BearerToken, Client, Credentials, Gmail, Result, RunReport};
use indicatif::{ProgressBar, ProgressStyle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let users: Vec<String> = std::io::stdin().lines().map_while(std::result::Result::ok).collect();
    let token = std::env::var("TOKEN").unwrap_or_default();
    let client = Client::builder().anonymous().build()?;
    let report = turn_off_imap(&client, users, |_user| BearerToken::new(&token)).await?;
    eprintln!("{} of {} users failed", report.failed, report.calls);
    Ok(())
}

/// Turns IMAP off for the users. `credentials` gives those of a user.
pub(crate) async fn turn_off_imap<C: Credentials + 'static>(
    client: &Client,
    users: Vec<String>,
    credentials: impl Fn(&str) -> C + Send + Sync,
) -> Result<RunReport> {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {per_sec} {msg}").expect("a template");
    let bar = ProgressBar::new(users.len() as u64).with_style(style);
    let calls = users.into_iter().map(|user| {
        // Connections, quotas and limits are shared; the token is the user's.
        let gmail = Gmail::new(&client.with_credentials(credentials(&user)));
        let off = ImapSettings { enabled: Some(false), ..Default::default() };
        gmail.users().settings().update_imap(&user, off).with_id(&user)
    });
    let mut replies = Gmail::new(client).run(calls);
    while let Some(reply) = replies.next().await {
        if let Err(error) = &reply.result {
            bar.println(format!("{}: {error}", reply.id));
        }
        let progress = replies.progress();
        bar.set_position((progress.succeeded + progress.failed) as u64);
        if let Some(wait) = progress.blocked_for {
            bar.set_message(format!("waits {wait:.0?} for a quota"));
        }
    }
    bar.finish();
    Ok(replies.finish())
}
