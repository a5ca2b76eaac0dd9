//! Workloads with an identity from elsewhere: their own token is exchanged for one of Google's (RFC 8693).

mod aws;
mod aws_signature;
mod subject;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gapis_runtime::{AuthHeaders, BoxFuture, Credentials, Json, Result};
use http::header::AUTHORIZATION;

use crate::explain::Asked;
use crate::key::{required, text};
use crate::settings::Settings;
use crate::tokens::{Fetched, Key, Tokens};
use subject::Subject;

/// The type of the requested token, and the type of the exchange.
pub(crate) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(crate) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

pub(crate) struct ExternalAccount {
    external: Arc<External>,
    tokens: Tokens,
}

struct External {
    json: Json,
    subject: Subject,
    settings: Settings,
}

impl ExternalAccount {
    /// # Errors
    /// If a member is missing, or the source of the workload's own token is not supported.
    pub(crate) fn of_file(json: &Json, mut settings: Settings) -> Result<Self> {
        for member in ["audience", "subject_token_type", "token_url"] {
            required(json, member, "the workload's credentials")?;
        }
        if settings.universe.is_none() {
            settings.universe = text(json, "universe_domain").map(str::to_owned);
        }
        let subject = Subject::of_file(json)?;
        let external = External { json: json.clone(), subject, settings };
        Ok(ExternalAccount { external: Arc::new(external), tokens: Tokens::default() })
    }
}

impl External {
    async fn fetch(self: Arc<Self>, scopes: Arc<str>) -> Result<Fetched> {
        let own = self.subject.token(&self.settings).await?;
        let member = |name: &str| text(&self.json, name).unwrap_or_default();
        let mut form = vec![
            ("grant_type", EXCHANGE),
            ("requested_token_type", ACCESS_TOKEN),
            ("audience", member("audience")),
            ("scope", &*scopes),
            ("subject_token_type", member("subject_token_type")),
            ("subject_token", &*own),
        ];
        // Users of a workforce pool have no project, so one is sent for quota.
        let project = member("workforce_pool_user_project");
        let options = serde_json::json!({ "userProject": project }).to_string();
        let mut auth = AuthHeaders::none();
        let (id, secret) = (member("client_id"), member("client_secret"));
        if !id.is_empty() && !secret.is_empty() {
            auth = auth.with_header(
                AUTHORIZATION,
                &format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))),
            )?;
        } else if !project.is_empty() {
            form.push(("options", &options));
        }
        let answer = self.settings.http.post_form(member("token_url"), &form, &auth).await;
        Fetched::of(&answer.map_err(|failure| Asked::Workload.error(failure))?, &self.settings)
    }
}

impl Credentials for ExternalAccount {
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            let key = Key::new(None, scopes);
            let fetch = || Arc::clone(&self.external).fetch(key.scopes.clone());
            self.tokens.headers(&key, rejected, fetch).await
        })
    }
}
