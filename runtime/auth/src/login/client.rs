//! The file of a program's OAuth client.

use gapis_runtime::{Error, Result};

use crate::key::{TOKEN_URI, parse, required, text};

pub(super) struct ClientFile {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) auth_uri: String,
    pub(super) token_uri: String,
}

/// The page on which users consent.
const AUTH_URI: &str = "https://accounts.google.com/o/oauth2/v2/auth";

impl ClientFile {
    /// # Errors
    /// If it is not the file of an OAuth client for installed programs.
    pub(super) fn read(content: &str) -> Result<Self> {
        let what = "the client's file";
        let json = parse(content, what)?;
        let Some(installed) = json.get("installed").filter(|installed| installed.is_object()) else {
            let kind = if json.get("web").is_some() { " but for a web application" } else { "" };
            return Err(Error::credentials(format!(
                "{what} is not for a desktop app{kind}: create a client of the type \"Desktop app\" at \
                 https://console.cloud.google.com/auth/clients"
            )));
        };
        Ok(ClientFile {
            id: required(installed, "client_id", what)?.to_owned(),
            secret: text(installed, "client_secret").unwrap_or_default().to_owned(),
            auth_uri: text(installed, "auth_uri").unwrap_or(AUTH_URI).to_owned(),
            token_uri: text(installed, "token_uri").unwrap_or(TOKEN_URI).to_owned(),
        })
    }

    /// The URL for device codes, which is next to the one for tokens.
    pub(super) fn device_uri(&self) -> String {
        let base = self.token_uri.strip_suffix("/token").unwrap_or(&self.token_uri);
        format!("{base}/device/code")
    }
}
