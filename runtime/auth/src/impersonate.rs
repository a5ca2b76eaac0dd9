//! Acts as a service account without its key: IAM returns tokens of the account, or signs for it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gapis_runtime::{Credentials, DateTime, Error, Json, Result};

use crate::GOOGLE;
use crate::explain::Asked;
use crate::jwt;
use crate::key;
use crate::metadata::MetadataServer;
use crate::settings::Settings;
use crate::tokens::Fetched;

type Body = serde_json::Map<String, Json>;

/// The scope of requests to IAM.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Requests to IAM for one account.
#[derive(Clone)]
pub(crate) struct Iam {
    source: Arc<dyn Credentials>,
    account: Who,
    /// Accounts of a delegation chain, each of which may act as the next.
    delegates: Vec<String>,
    /// Scheme and host, without a trailing `/`; `None` for that of the universe.
    endpoint: Option<String>,
}

#[derive(Clone)]
enum Who {
    Named(String),
    /// The account of the metadata server.
    Ours(Arc<MetadataServer>),
}

impl Iam {
    pub(crate) fn new(source: Arc<dyn Credentials>, email: &str) -> Self {
        Iam { source, account: Who::Named(email.to_owned()), delegates: Vec::new(), endpoint: None }
    }

    pub(crate) fn of_metadata_server(server: Arc<MetadataServer>) -> Self {
        let source = Arc::clone(&server);
        Iam { source, account: Who::Ours(server), delegates: Vec::new(), endpoint: None }
    }

    /// From a file of the type `impersonated_service_account`, with its source credentials.
    pub(crate) fn of_file(json: &Json, source: Arc<dyn Credentials>) -> Result<Self> {
        let member = "service_account_impersonation_url";
        let url = key::required(json, member, "the credentials")?;
        let mut iam = Iam::of_url(url, source)?;
        for delegate in json["delegates"].as_array().into_iter().flatten() {
            let delegate = delegate.as_str();
            iam.delegates.extend(delegate.map(|name| name.rsplit('/').next().unwrap_or(name).to_owned()));
        }
        Ok(iam)
    }

    /// From the URL in credentials files: `https://…/v1/projects/-/serviceAccounts/EMAIL:generateAccessToken`.
    pub(crate) fn of_url(url: &str, source: Arc<dyn Credentials>) -> Result<Self> {
        let bad = || {
            Error::credentials(
                "the credentials' `service_account_impersonation_url` is not a URL of IAM: \
                 `https://…/v1/projects/-/serviceAccounts/…:generateAccessToken`",
            )
        };
        let (endpoint, rest) = url.split_once("/v1/projects/-/serviceAccounts/").ok_or_else(bad)?;
        let email = rest.strip_suffix(":generateAccessToken").ok_or_else(bad)?;
        let mut iam = Iam::new(source, email);
        iam.endpoint = Some(endpoint.to_owned());
        Ok(iam)
    }

    pub(crate) fn set_endpoint(&mut self, url: &str) {
        self.endpoint = Some(url.trim_end_matches('/').to_owned());
    }

    pub(crate) async fn email(&self, settings: &Settings) -> Result<String> {
        match &self.account {
            Who::Named(email) => Ok(email.clone()),
            Who::Ours(server) => server.email(settings).await,
        }
    }

    async fn ask(&self, settings: &Settings, email: &str, verb: &str, mut body: Body) -> Result<Json> {
        if !self.delegates.is_empty() {
            let name = |email: &String| format!("projects/-/serviceAccounts/{email}");
            body.insert("delegates".to_owned(), self.delegates.iter().map(name).collect());
        }
        let auth = self.source.headers(&[SCOPE], None).await?;
        let universe = auth.universe_domain().unwrap_or(GOOGLE).to_owned();
        let endpoint = self.endpoint.clone().unwrap_or_else(|| format!("https://iamcredentials.{universe}"));
        let url = format!("{endpoint}/v1/projects/-/serviceAccounts/{email}:{verb}");
        let answer = settings.http.post_json(&url, &Json::Object(body), &auth).await;
        let role = "Service Account Token Creator";
        answer.map_err(|failure| Asked::Impersonated { email, role }.error(failure))
    }

    /// A token of the account.
    pub(crate) async fn token(&self, settings: &Settings, scopes: &str) -> Result<Fetched> {
        let email = self.email(settings).await?;
        let scopes: Vec<&str> = scopes.split(' ').filter(|scope| !scope.is_empty()).collect();
        let body = Body::from_iter([
            ("scope".to_owned(), scopes.into()),
            ("lifetime".to_owned(), Json::from("3600s")),
        ]);
        let answer = self.ask(settings, &email, "generateAccessToken", body).await?;
        let unusable = || Error::credentials(format!("cannot act as {email}: IAM's response has no token"));
        let token = key::text(&answer, "accessToken").ok_or_else(unusable)?;
        let end: Option<DateTime> = key::text(&answer, "expireTime").and_then(|end| end.parse().ok());
        let end = end.and_then(|end| end.to_std().ok()).ok_or_else(unusable)?;
        let left = end.duration_since(SystemTime::now()).unwrap_or_default().as_secs();
        let lifetime = Duration::from_secs(left).min(jwt::LIFETIME * 12);
        Ok(Fetched { headers: settings.headers(token)?, lifetime })
    }

    /// Signs the claims for the account.
    pub(crate) async fn sign_jwt(&self, settings: &Settings, email: &str, claims: &Json) -> Result<String> {
        let body = Body::from_iter([("payload".to_owned(), Json::String(claims.to_string()))]);
        let answer = self.ask(settings, email, "signJwt", body).await?;
        let signed = key::text(&answer, "signedJwt").map(str::to_owned);
        signed.ok_or_else(|| Error::credentials(format!("cannot act as {email}: IAM's response has no JWT")))
    }
}
