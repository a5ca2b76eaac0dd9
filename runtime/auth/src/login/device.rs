//! Consent on another device (RFC 8628): the user enters a code there, and the token server is polled until that has
//! happened.

use std::time::Duration;

use gapis_runtime::{AuthHeaders, Error, Json, Result};

use super::client::ClientFile;
use super::{Consent, Shared};
use crate::explain::Asked;
use crate::http::Failure;
use crate::key::{required, text};

/// The polling interval in seconds, if the server does not state one.
const INTERVAL: u64 = 5;

/// Asks for consent and waits for the response.
pub(super) async fn consent(shared: &Shared, client: &ClientFile, scopes: &str) -> Result<Consent> {
    let http = &shared.settings.http;
    let none = AuthHeaders::none();
    let form = [("client_id", &*client.id), ("scope", scopes)];
    let offer = http.post_form(&client.device_uri(), &form, &none).await;
    let offer = offer.map_err(|failure| Asked::Code.error(failure))?;
    let what = "the server's response to the request for a device code";
    let device_code = required(&offer, "device_code", what)?;
    let user_code = required(&offer, "user_code", what)?;
    // Google's name for the member differs from the standard's.
    let url = text(&offer, "verification_url").or_else(|| text(&offer, "verification_uri"));
    let url = url.ok_or_else(|| Error::credentials(format!("{what} has no `verification_uri`")))?;
    shared.show(url, Some(user_code));
    let interval = offer.get("interval").and_then(Json::as_u64).unwrap_or(INTERVAL);
    let mut interval = Duration::from_secs(interval.clamp(1, 60));
    loop {
        tokio::time::sleep(interval).await;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", device_code),
            ("client_id", &*client.id),
            ("client_secret", &*client.secret),
        ];
        match http.post_form(&client.token_uri, &form, &none).await {
            Ok(answer) => return Ok(Consent { answer }),
            Err(Failure::Refused(refusal)) => match &*refusal.code {
                "authorization_pending" => {}
                "slow_down" => interval += Duration::from_secs(5),
                "access_denied" => {
                    return Err(Error::credentials("access_denied: the user did not consent"));
                }
                "expired_token" => {
                    return Err(Error::credentials("expired_token: the user did not enter the code in time"));
                }
                _ => return Err(Asked::Code.error(Failure::Refused(refusal))),
            },
            // The user may still be entering the code, so polling continues.
            Err(Failure::Passing { after, .. }) => {
                interval = (interval * 2).max(after).min(Duration::from_secs(60))
            }
            Err(failure) => return Err(Asked::Code.error(failure)),
        }
    }
}
