//! Workloads on AWS, whose own token is a signed request to AWS. `google-cloud-auth` creates and exchanges it.
//!
//! That crate uses its own HTTP client, and renews tokens in a task of the async runtime that sent the first request.
//! Its errors quote responses of servers and contents of files, so they are not passed on, except whether they are
//! temporary.

use std::time::Duration;

use gapis_runtime::{Error, Json, Result};
use google_cloud_auth::credentials::{CacheableResource, Credentials as Source, external_account};
use http::Extensions;

use crate::settings::Settings;
use crate::tokens::Fetched;

/// How long a token is used before it is requested again.
const LIFETIME: Duration = Duration::from_secs(600);

pub(super) async fn fetch(json: &Json, settings: &Settings, scopes: &str) -> Result<Fetched> {
    install_provider();
    let what = "cannot get a token for the workload on AWS";
    let mut builder = external_account::Builder::new(json.clone());
    if !scopes.is_empty() {
        builder = builder.with_scopes(scopes.split(' '));
    }
    let source = builder.build().map_err(|_| {
        Error::credentials(format!("{what}: the credentials file is not valid for an `external_account`"))
    })?;
    let timeout = settings.http.timeout;
    let Ok(token) = tokio::time::timeout(timeout, token(&source)).await else {
        let message = format!("{what}: there was no response within {timeout:?}");
        return Err(Error::credentials_transient(message, Duration::ZERO));
    };
    match token {
        Ok(token) => Ok(Fetched { headers: settings.headers(&token)?, lifetime: LIFETIME }),
        Err(true) => {
            let message = format!("{what}: a server is temporarily unavailable");
            Err(Error::credentials_transient(message, Duration::ZERO))
        }
        Err(false) => Err(Error::credentials(format!(
            "{what}: there are no AWS credentials on this machine, or `token_url` refused them; the pool's provider \
             must accept the AWS account and role"
        ))),
    }
}

/// The token. The error says whether the failure is temporary.
async fn token(source: &Source) -> std::result::Result<String, bool> {
    match source.headers(Extensions::new()).await {
        Ok(CacheableResource::New { data, .. }) => {
            let header = data.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            header.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned).ok_or(false)
        }
        Ok(CacheableResource::NotModified) => Err(false),
        Err(error) => Err(error.is_transient()),
    }
}

/// The crate creates HTTP clients with the process-wide provider, and panics if there is none.
fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may install one first, which is then used.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}
