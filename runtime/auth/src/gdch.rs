//! Service accounts of Google Distributed Cloud, a cloud on hardware of one's own: an assertion that is signed with a key
//! on P-256 is exchanged for a token for one audience, at the cloud's own token server.

use std::sync::Arc;

use gapis_runtime::{AuthHeaders, BoxFuture, Client, Credentials, Error, Json, Result};
use serde_json::json;

use crate::explain::Asked;
use crate::external::{ACCESS_TOKEN, EXCHANGE};
use crate::jwt;
use crate::key::{EcKey, read_file, required, text};
use crate::settings::Settings;
use crate::tokens::{Fetched, Key, Tokens};

/// The type of the assertion that is exchanged.
const SERVICE_ACCOUNT: &str = "urn:k8s:params:oauth:token-type:serviceaccount";

const WHAT: &str = "the key file of the service account of Google Distributed Cloud";

/// The account in a file of the type `gdch_service_account`. The members of the file and the request are those that
/// Google's clients for Python and Rust use.
pub(crate) struct GdchAccount {
    account: Arc<Account>,
    tokens: Tokens,
}

struct Account {
    key: EcKey,
    /// The identity, as issuer and subject of assertions.
    identity: String,
    name: String,
    token_uri: String,
    audience: String,
    settings: Settings,
}

impl GdchAccount {
    /// # Errors
    /// If a member is missing, the key is not valid, or there is no audience.
    pub(crate) fn of_file(json: &Json, audience: Option<&str>, mut settings: Settings) -> Result<Self> {
        let version = required(json, "format_version", WHAT)?;
        if version != "1" {
            return Err(Error::credentials(format!("{WHAT} has a `format_version` that is not 1")));
        }
        let audience = audience.ok_or_else(|| {
            Error::credentials(
                "tokens of a service account of Google Distributed Cloud are for one API: set the address of that API \
                 with `.gdch_audience(…)`",
            )
        })?;
        let (project, name) = (required(json, "project", WHAT)?, required(json, "name", WHAT)?);
        if let Some(path) = text(json, "ca_cert_path")
            && !settings.http.is_given()
        {
            let pem = read_file(path.as_ref(), "the certificates in `ca_cert_path`")?;
            settings.set_client(Client::builder().anonymous().root_certificates(pem).build()?);
        }
        let account = Account {
            key: EcKey::from_pem(
                required(json, "private_key_id", WHAT)?,
                required(json, "private_key", WHAT)?,
            )?,
            identity: format!("system:serviceaccount:{project}:{name}"),
            name: name.to_owned(),
            token_uri: required(json, "token_uri", WHAT)?.to_owned(),
            audience: audience.to_owned(),
            settings,
        };
        Ok(GdchAccount { account: Arc::new(account), tokens: Tokens::default() })
    }
}

impl Account {
    async fn fetch(self: Arc<Self>) -> Result<Fetched> {
        let claims = jwt::claims(&self.identity, Some(&self.identity), "", Some(&self.token_uri));
        let body = json!({
            "grant_type": EXCHANGE,
            "requested_token_type": ACCESS_TOKEN,
            "audience": self.audience,
            "subject_token_type": SERVICE_ACCOUNT,
            "subject_token": self.key.sign_jwt(&claims)?,
        });
        let answer = self.settings.http.post_json(&self.token_uri, &body, &AuthHeaders::none()).await;
        let answer = answer.map_err(|failure| Asked::Distributed { name: &self.name }.error(failure))?;
        Fetched::of(&answer, &self.settings)
    }
}

impl Credentials for GdchAccount {
    fn headers<'a>(
        &'a self,
        _scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            // A token is for the audience, whatever scopes a call would have elsewhere.
            let fetch = || Arc::clone(&self.account).fetch();
            self.tokens.headers(&Key::new(None, &[]), rejected, fetch).await
        })
    }
}
