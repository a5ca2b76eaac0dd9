//! The metadata server of Google Cloud: tokens of the service account of this machine or workload.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gapis_runtime::{AuthHeaders, BoxFuture, Credentials, Error, Json, Result};
use http::HeaderName;
use tokio::sync::OnceCell;

use crate::http::Failure;
use crate::settings::Settings;
use crate::tokens::{Fetched, Key, Tokens};

/// How long to wait for a server that has never responded. The server is on the same network, if it exists.
const FIRST: Duration = Duration::from_secs(4);

/// The server's address, which requires no name resolution. `GCE_METADATA_HOST` may override it.
const HOST: &str = "169.254.169.254";

#[derive(Default)]
pub(crate) struct MetadataServer {
    state: Arc<State>,
    tokens: Tokens,
}

#[derive(Default)]
struct State {
    settings: Settings,
    /// Whether the server has responded, so that it exists.
    seen: AtomicBool,
    universe: OnceCell<String>,
    email: OnceCell<String>,
}

impl MetadataServer {
    pub(crate) fn new(settings: Settings) -> Self {
        MetadataServer { state: Arc::new(State { settings, ..State::default() }), tokens: Tokens::default() }
    }

    /// The email address of the account.
    pub(crate) async fn email(&self, settings: &Settings) -> Result<String> {
        let state = &self.state;
        let email = state.email.get_or_try_init(|| async {
            let found = state.get(settings, "instance/service-accounts/default/email").await?;
            found.ok_or_else(|| {
                Error::credentials("the metadata server has no service account for this machine")
            })
        });
        email.await.cloned()
    }
}

impl State {
    async fn fetch(self: Arc<Self>, scopes: Arc<str>) -> Result<Fetched> {
        let scopes: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("scopes", &scopes.replace(' ', ","))
            .finish();
        let path = format!("instance/service-accounts/default/token?{scopes}");
        let none = || {
            Error::credentials(
                "the metadata server has no service account for this machine: give it one, or set \
                 GOOGLE_APPLICATION_CREDENTIALS",
            )
        };
        let text = self.get(&self.settings, &path).await?.ok_or_else(none)?;
        let answer: Json = serde_json::from_str(&text)
            .map_err(|_| Error::credentials("the metadata server's response is not JSON"))?;
        let universe = self.universe.get_or_try_init(|| async {
            let found = self.get(&self.settings, "universe/universe-domain").await?;
            Ok::<_, Error>(
                found.filter(|domain| !domain.is_empty()).unwrap_or_else(|| crate::GOOGLE.to_owned()),
            )
        });
        let settings = Settings { universe: Some(universe.await?.clone()), ..self.settings.clone() };
        Fetched::of(&answer, &settings)
    }

    /// The value at that path, if there is one.
    async fn get(&self, settings: &Settings, path: &str) -> Result<Option<String>> {
        let host = std::env::var("GCE_METADATA_HOST").ok().filter(|host| !host.is_empty());
        let host = host.as_deref().unwrap_or(HOST);
        let url = format!("http://{host}/computeMetadata/v1/{path}");
        let flavor = AuthHeaders::none().with_header(HeaderName::from_static("metadata-flavor"), "Google")?;
        let seen = self.seen.load(Ordering::Relaxed);
        let mut http = settings.http.clone();
        if !seen {
            http.timeout = http.timeout.min(FIRST);
        }
        let nobody = |why: &str| {
            Error::credentials(format!(
                "there is no metadata server ({why}), so this machine is not on Google Cloud: set \
                 GOOGLE_APPLICATION_CREDENTIALS to a credentials file, or run `gcloud auth application-default login`"
            ))
        };
        match http.get(&url, &flavor).await {
            Ok(response) => {
                if response.headers().get("metadata-flavor").is_none_or(|flavor| flavor != "Google") {
                    return Err(nobody(&format!("{host} is another server")));
                }
                self.seen.store(true, Ordering::Relaxed);
                Ok(Some(String::from_utf8_lossy(&response.body).trim().to_owned()))
            }
            Err(Failure::Refused(refusal)) if refusal.status == 404 => Ok(None),
            Err(Failure::Passing { message, reached: false, .. }) if !seen => Err(nobody(&message)),
            Err(failure) => Err(failure.into_error("cannot get a token from the metadata server")),
        }
    }
}

impl Credentials for MetadataServer {
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            let key = Key::new(None, scopes);
            let fetch = || Arc::clone(&self.state).fetch(key.scopes.clone());
            self.tokens.headers(&key, rejected, fetch).await
        })
    }
}
