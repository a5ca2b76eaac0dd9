//! A login that another program made: `gcloud auth application-default login`, or one through a workforce pool.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gapis_runtime::{AuthHeaders, BoxFuture, Credentials, Json, Result};
use http::header::AUTHORIZATION;

use crate::explain::Asked;
use crate::key::{TOKEN_URI, required, text};
use crate::settings::Settings;
use crate::tokens::{Fetched, Key, Tokens};

/// A refresh token and the OAuth client to which it was issued.
pub(crate) struct Login {
    pub(crate) settings: Settings,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) refresh_token: String,
    pub(crate) token_uri: String,
    /// Whether the client authenticates in a header, as for workforce pools.
    pub(crate) basic: bool,
}

impl Login {
    /// Requests an access token. The request names no scopes: the token has those of the login, and servers that check
    /// scopes refuse any others.
    pub(crate) async fn refresh(&self) -> Result<Json, crate::http::Failure> {
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", &*self.refresh_token)];
        let mut auth = AuthHeaders::none();
        if self.basic {
            let pair = STANDARD.encode(format!("{}:{}", self.client_id, self.client_secret));
            auth = auth
                .with_header(AUTHORIZATION, &format!("Basic {pair}"))
                .map_err(|error| crate::http::Failure::Unusable(error.to_string()))?;
        } else {
            form.extend([("client_id", &*self.client_id), ("client_secret", &*self.client_secret)]);
        }
        self.settings.http.post_form(&self.token_uri, &form, &auth).await
    }
}

/// The user in a file of the type `authorized_user` or `external_account_authorized_user`.
pub(crate) struct AuthorizedUser {
    login: Arc<Login>,
    tokens: Tokens,
}

impl AuthorizedUser {
    /// # Errors
    /// If a member is missing.
    pub(crate) fn of_file(json: &Json, mut settings: Settings) -> Result<Self> {
        let what = "the user's login";
        let workforce = json["type"] == "external_account_authorized_user";
        let token_uri = if workforce {
            required(json, "token_url", what)?
        } else {
            text(json, "token_uri").unwrap_or(TOKEN_URI)
        };
        if settings.universe.is_none() {
            settings.universe = text(json, "universe_domain").map(str::to_owned);
        }
        let login = Login {
            client_id: required(json, "client_id", what)?.to_owned(),
            client_secret: required(json, "client_secret", what)?.to_owned(),
            refresh_token: required(json, "refresh_token", what)?.to_owned(),
            token_uri: token_uri.to_owned(),
            basic: workforce,
            settings,
        };
        Ok(AuthorizedUser { login: Arc::new(login), tokens: Tokens::default() })
    }
}

impl Credentials for AuthorizedUser {
    fn headers<'a>(
        &'a self,
        _scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            // There is one token for all requests, because it always has the scopes of the login.
            let fetch = || {
                let login = Arc::clone(&self.login);
                async move {
                    let again = if login.basic {
                        "run `gcloud auth application-default login --login-config=…` again"
                    } else {
                        "run `gcloud auth application-default login` again"
                    };
                    let answer = login.refresh().await;
                    let answer = answer.map_err(|failure| Asked::User { again }.error(failure))?;
                    Fetched::of(&answer, &login.settings)
                }
            };
            self.tokens.headers(&Key::new(None, &[]), rejected, fetch).await
        })
    }
}
