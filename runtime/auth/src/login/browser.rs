//! Consent in a browser on this machine (RFC 8252): an authorization request with PKCE (RFC 7636), whose response is
//! sent to a port of the loopback interface.

use std::process::{Command, Stdio};

use gapis_runtime::{AuthHeaders, Error, Result};
use ring::rand::{SecureRandom as _, SystemRandom};
use url::Url;

use super::client::ClientFile;
use super::listener::{Listener, Reply};
use super::{Consent, Shared};
use crate::explain::Asked;
use crate::jwt::encode;

/// Asks for consent and waits for the response.
pub(super) async fn consent(shared: &Shared, client: &ClientFile, scopes: &str) -> Result<Consent> {
    let listener = Listener::open().await?;
    let (verifier, state) = (random()?, random()?);
    let redirect = listener.address();
    let url = address(client, scopes, &redirect, &verifier, &state)?;
    shared.show(&url, None);
    let code = match listener.answer(&state).await? {
        Reply::Code(code) => code,
        Reply::Error(word) if word == "access_denied" => {
            return Err(Error::credentials("access_denied: the user did not consent"));
        }
        Reply::Error(word) => {
            return Err(Error::credentials(format!(
                "{word}: the authorization server did not ask the user for consent"
            )));
        }
    };
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", &*redirect),
        ("code_verifier", &*verifier),
        ("client_id", &*client.id),
    ];
    if !client.secret.is_empty() {
        form.push(("client_secret", &client.secret));
    }
    let answer = shared.settings.http.post_form(&client.token_uri, &form, &AuthHeaders::none()).await;
    Ok(Consent { answer: answer.map_err(|failure| Asked::Code.error(failure))? })
}

fn address(client: &ClientFile, scopes: &str, redirect: &str, verifier: &str, state: &str) -> Result<String> {
    let mut url = Url::parse(&client.auth_uri)
        .map_err(|_| Error::credentials("the `auth_uri` in the client's file is not a URL"))?;
    let challenge = encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()).as_ref());
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &*client.id),
        ("redirect_uri", redirect),
        ("scope", scopes),
        ("state", state),
        ("code_challenge", &*challenge),
        ("code_challenge_method", "S256"),
        // Requests a refresh token, even if the user consented before.
        ("access_type", "offline"),
        ("prompt", "consent"),
    ]);
    Ok(url.into())
}

/// 256 random bits that cannot be guessed, encoded for URLs.
fn random() -> Result<String> {
    let mut bytes = [0; 32];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::credentials("the operating system returned no random numbers"))?;
    Ok(encode(&bytes))
}

/// Opens the user's browser. Without a browser, the user can still use the URL that is shown.
pub(super) fn open(url: &str) {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Ok(mut child) = command.spawn() {
        // Waiting for the process removes it from the process table.
        std::thread::spawn(move || child.wait());
    }
}
