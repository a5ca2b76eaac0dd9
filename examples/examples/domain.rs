//! An administrator's job: turns IMAP off for every user of a domain, each call with the user's own credentials.
//!
//! `cargo run -p gapis-examples --example domain` asks a local server, for 250 users.
//! `cargo run -p gapis-examples --example domain -- --token-env TOKEN FILE` asks Google, for the users whose addresses
//! are in FILE, one a line. A real program takes `gapis-auth`'s `ServiceAccount::for_subject` in place of one token: see
//! `examples/credentials/src/bin/administrator.rs`.
#![allow(clippy::print_stderr)]
use gapis_examples::{Stage, servers};
use gapis_gmail_v1::schemas::ImapSettings;
use gapis_gmail_v1::{BearerToken, Client, Credentials, Error, Gmail, Result, RunReport};
use indicatif::{ProgressBar, ProgressStyle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::gmail::start()?.0))?;
    let [file] = stage.arguments_or([""]);
    let users: Vec<String> = match std::fs::read_to_string(&file) {
        Ok(text) => text.lines().map(str::to_owned).collect(),
        Err(_) if file.is_empty() => (0..250).map(|number| format!("user{number}@example.com")).collect(),
        Err(error) => return Err(Error::input(format!("cannot read {file}: {error}"))),
    };
    // The local server wants another token for each user.
    let token = |user: &str| BearerToken::new(&stage.token_or(&format!("token of {user}")));
    let report = turn_off_imap(&stage.service()?, users, token).await?;
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
