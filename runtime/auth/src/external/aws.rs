//! Workloads on AWS, whose own token is a signed request to it: made and exchanged by `google-cloud-auth`.
//!
//! That crate sends with an HTTP client of its own, and renews tokens in a task of the async runtime that first asked. Its
//! errors show what servers say and how files are broken, so nothing of them is passed on but whether they pass.

use std::time::Duration;

use gapis_runtime::{Error, Json, Result};
use google_cloud_auth::credentials::{CacheableResource, Credentials as Source, external_account};
use http::Extensions;

use crate::settings::Settings;
use crate::tokens::Fetched;

/// How long a token is used before it is asked for again.
const LIFETIME: Duration = Duration::from_secs(600);

pub(super) async fn fetch(json: &Json, settings: &Settings, scopes: &str) -> Result<Fetched> {
    install_provider();
    let what = "cannot get a token for the workload on AWS";
    let mut builder = external_account::Builder::new(json.clone());
    if !scopes.is_empty() {
        builder = builder.with_scopes(scopes.split(' '));
    }
    let source = builder.build().map_err(|_| {
        Error::credentials(format!("{what}: the credentials' file is not one of an `external_account`"))
    })?;
    let timeout = settings.http.timeout;
    let Ok(token) = tokio::time::timeout(timeout, token(&source)).await else {
        let message = format!("{what}: there was no answer within {timeout:?}");
        return Err(Error::credentials_transient(message, Duration::ZERO));
    };
    match token {
        Ok(token) => Ok(Fetched { headers: settings.headers(&token)?, lifetime: LIFETIME }),
        Err(true) => {
            let message = format!("{what}: a server cannot answer now");
            Err(Error::credentials_transient(message, Duration::ZERO))
        }
        Err(false) => Err(Error::credentials(format!(
            "{what}: there are no credentials of AWS on this machine, or `token_url` refused them; the pool's provider \
             must accept the AWS account and role"
        ))),
    }
}

/// The token, or whether the failure passes.
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

/// The crate makes HTTP clients that take the process's provider and panic where there is none.
fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been quicker: then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}
