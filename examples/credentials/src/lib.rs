//! What the programs share: their endpoints, and local servers for a run without arguments.
#![allow(clippy::print_stdout)]

mod servers;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use gapis_auth::ServiceAccount;
use gapis_drive_v3::runtime::{Builder, FromClient};
use gapis_drive_v3::schemas::About;
use gapis_drive_v3::{Error, Result};

/// Describes a user's Drive in a line.
#[must_use]
pub fn describe(about: &About) -> String {
    let user = about.user.as_ref().and_then(|user| user.email_address.as_deref()).unwrap_or("somebody");
    let usage = about.storage_quota.as_ref().and_then(|quota| quota.usage).unwrap_or_default();
    format!("{user} uses {usage} bytes")
}

/// A builder. In a run without arguments, its calls go to the local servers.
pub fn to_endpoint<T: FromClient>(builder: Builder<T>) -> Builder<T> {
    match std::env::var("DRIVE_ENDPOINT") {
        Ok(url) => builder.endpoint(&url),
        Err(_) => builder,
    }
}

/// An account. In a run without arguments, its requests for tokens go to the local servers.
#[must_use]
pub fn to_servers(account: ServiceAccount) -> ServiceAccount {
    match std::env::var("TOKEN_SERVER") {
        Ok(url) => account.iam_endpoint(&url).token_uri(&format!("{url}/token")),
        Err(_) => account,
    }
}

/// Runs this program again, with arguments and an environment for local servers. If the program asks its user to open
/// a page, this function acts as the browser.
///
/// # Errors
/// If the servers cannot be started, or the program fails.
pub fn run_here() -> Result<()> {
    let failed = |error: std::io::Error| Error::input(format!("cannot run the program: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let name = program.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let servers = servers::Servers::start()?;
    let (arguments, environment) = servers.run_of(&name).map_err(failed)?;
    let mut child = Command::new(&program)
        .args(arguments)
        .envs(environment)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufReader::lines) {
        let line = line.map_err(failed)?;
        match line.strip_prefix("To log in, open ") {
            // The page on another device asks for the code in a form.
            Some(page) => visit(&page.replace(" and enter the code ", "?user_code=")).map_err(failed)?,
            None => println!("{line}"),
        }
    }
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(Error::input(format!("the program ended with {status}"))) }
}

/// Opens a page like a browser, and follows redirects.
fn visit(url: &str) -> std::io::Result<()> {
    let mut next = Some(url.to_owned());
    while let Some(url) = next.take() {
        let rest = url.strip_prefix("http://").unwrap_or(&url);
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let mut stream = TcpStream::connect(host)?;
        write!(stream, "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        next = page.lines().find_map(|line| line.strip_prefix("Location: ")).map(str::to_owned);
    }
    Ok(())
}
