//! Application default credentials: what this machine, this workload or this user has been given, found and renewed by
//! `google-cloud-auth`.
//!
//! That crate keeps a token and renews it in a task of the async runtime that first asked. Here is what it leaves open:
//! one set of credentials for each set of scopes, new ones after a server rejected what it gave, and errors that are
//! ours.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use google_cloud_auth::credentials::{
    Builder, CacheableResource, Credentials as Source, external_account, impersonated, mds, service_account,
    user_account,
};
use http::{Extensions, HeaderMap};
use tokio::runtime::{Handle, Id};

use gapis_runtime::{AuthHeaders, BoxFuture, Credentials, Error, Json, Result};

use crate::GOOGLE;

/// How soon after credentials were made anew the same rejection makes them anew again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Application default credentials.
///
/// They are looked for when the first request needs them, in the [usual order]: the file that the environment variable
/// `GOOGLE_APPLICATION_CREDENTIALS` names, the file that `gcloud auth application-default login` writes, the metadata
/// server of Google's clouds. A file may hold a service account's key, a user's login, an impersonated service account
/// or a workload identity. Tokens are renewed in the background before they end. A quota project in the file or in
/// `GOOGLE_CLOUD_QUOTA_PROJECT` is sent along, unless the client was given one of its own. What a file or the metadata
/// server says of the universe must be the client's [own](gapis_runtime::Builder::universe_domain).
///
/// Requests for tokens need a process-wide cryptography provider of `rustls`. Where the program has installed none by
/// the time of the first one, this installs `ring`.
///
/// A service account's key signs its tokens itself; no token endpoint is asked, and no user can be impersonated by it.
///
/// ```
/// use gapis_auth::ApplicationDefault;
/// use gapis_runtime::Client;
///
/// let client = Client::builder().credentials(ApplicationDefault::new()).build()?;
/// # Ok::<(), gapis_runtime::Error>(())
/// ```
///
/// [usual order]: https://cloud.google.com/docs/authentication/application-default-credentials
pub struct ApplicationDefault {
    origin: Origin,
    made: Mutex<HashMap<(Id, Vec<String>), Made>>,
}

enum Origin {
    Environment,
    Json(Json),
    Metadata,
}

/// The credentials for one set of scopes. Those of an async runtime end with it, so each has its own.
#[derive(Clone)]
struct Made {
    source: Source,
    since: Instant,
    /// What was rejected when these were made.
    instead_of: Option<AuthHeaders>,
}

impl ApplicationDefault {
    /// Credentials that are looked for when the first request needs them.
    #[must_use]
    pub fn new() -> Self {
        ApplicationDefault::of(Origin::Environment)
    }

    /// The credentials in the text of such a file. It decides which servers are asked for tokens, and may name a program
    /// to run: take it only from where you would take a program.
    ///
    /// # Errors
    /// If the text is no JSON object with a `type`. What it lacks beyond that is found when the first request needs it.
    pub fn from_json(text: &str) -> Result<Self> {
        // The parser's own words could show a part of the text.
        let json: Json = serde_json::from_str(text)
            .map_err(|e| Error::credentials(format!("the credentials are no JSON, in line {}", e.line())))?;
        if json.get("type").and_then(Json::as_str).is_none() {
            return Err(Error::credentials("the credentials have no `type`"));
        }
        Ok(ApplicationDefault::of(Origin::Json(json)))
    }

    /// The credentials of the metadata server alone, which `GCE_METADATA_HOST` may name.
    #[must_use]
    pub fn from_metadata_server() -> Self {
        ApplicationDefault::of(Origin::Metadata)
    }

    fn of(origin: Origin) -> Self {
        ApplicationDefault { origin, made: Mutex::default() }
    }

    /// The credentials in use for this key, which are made if there are none, or if they gave what was rejected.
    fn made(&self, key: &(Id, Vec<String>), worthless: Option<(&Made, &AuthHeaders)>) -> Result<Made> {
        let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = all.get(key) {
            // Another task may have made them anew while this one learned of the rejection.
            let kept = worthless.is_none_or(|(old, rejected)| {
                old.since != made.since
                    || (made.instead_of.as_ref() == Some(rejected) && made.since.elapsed() < PATIENCE)
            });
            if kept {
                return Ok(made.clone());
            }
        }
        let made = Made {
            source: self.origin.source(&key.1)?,
            since: Instant::now(),
            instead_of: worthless.map(|(_, rejected)| rejected.clone()),
        };
        all.insert(key.clone(), made.clone());
        Ok(made)
    }

    /// Forgets credentials that failed for good, so that a file that has been put right is read again.
    fn forget(&self, key: &(Id, Vec<String>), failed: &Made) {
        let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(key).is_some_and(|made| made.since == failed.since) {
            all.remove(key);
        }
    }

    async fn ask(&self, key: &(Id, Vec<String>), made: &Made) -> Result<AuthHeaders> {
        match made.source.headers(Extensions::new()).await {
            Ok(CacheableResource::New { data, .. }) => {
                let universe = made.source.universe_domain().await;
                Ok(auth_headers(&data)?.with_universe_domain(universe.as_deref().unwrap_or(GOOGLE)))
            }
            Ok(CacheableResource::NotModified) => Ok(AuthHeaders::none()),
            Err(error) => {
                if !error.is_transient() {
                    self.forget(key, made);
                }
                Err(Error::credentials_source("cannot get a token from the application's credentials", error))
            }
        }
    }
}

impl Origin {
    fn source(&self, scopes: &[String]) -> Result<Source> {
        install_provider();
        let scopes = (!scopes.is_empty()).then(|| scopes.to_vec());
        macro_rules! build {
            ($builder:expr) => {{
                let builder = $builder;
                match scopes {
                    Some(scopes) => builder.with_scopes(scopes),
                    None => builder,
                }
                .build()
            }};
        }
        let built = match self {
            Origin::Environment => build!(Builder::default()),
            Origin::Metadata => build!(mds::Builder::default()),
            Origin::Json(json) => match json.get("type").and_then(Json::as_str) {
                Some("authorized_user") => build!(user_account::Builder::new(json.clone())),
                Some("impersonated_service_account") => build!(impersonated::Builder::new(json.clone())),
                Some("external_account") => build!(external_account::Builder::new(json.clone())),
                Some("service_account") => {
                    let builder = service_account::Builder::new(json.clone());
                    match scopes {
                        Some(scopes) => builder
                            .with_access_specifier(service_account::AccessSpecifier::from_scopes(scopes)),
                        None => builder,
                    }
                    .build()
                }
                other => {
                    let other = other.unwrap_or_default();
                    return Err(Error::credentials(format!("there are no credentials of type `{other}`")));
                }
            },
        };
        built.map_err(|e| Error::credentials_source("cannot use the application's credentials", e))
    }
}

/// The crate makes HTTP clients that take the process's provider and panic where there is none.
fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been quicker: then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn auth_headers(map: &HeaderMap) -> Result<AuthHeaders> {
    map.iter().try_fold(AuthHeaders::none(), |headers, (name, value)| {
        let value = value.to_str();
        let value = value.map_err(|_| Error::credentials(format!("`{name}` is not visible ASCII")))?;
        headers.with(name.clone(), value)
    })
}

impl Credentials for ApplicationDefault {
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            let runtime = Handle::try_current().map_err(|_| {
                Error::credentials("application default credentials need a Tokio runtime to renew tokens in")
            })?;
            let key = (runtime.id(), scopes.iter().map(|scope| (*scope).to_owned()).collect());
            let made = self.made(&key, None)?;
            let headers = self.ask(&key, &made).await?;
            match rejected {
                Some(rejected) if *rejected == headers => {
                    let renewed = self.made(&key, Some((&made, rejected)))?;
                    self.ask(&key, &renewed).await
                }
                _ => Ok(headers),
            }
        })
    }
}

impl Default for ApplicationDefault {
    fn default() -> Self {
        ApplicationDefault::new()
    }
}

impl std::fmt::Debug for ApplicationDefault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApplicationDefault(…)")
    }
}
