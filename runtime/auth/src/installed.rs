//! A user's consent in a browser, for programs on the user's own machine, through `yup-oauth2`.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use gapis_runtime::{AuthHeaders, BoxFuture, Credentials, Error, Result};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use yup_oauth2::authenticator::DefaultAuthenticator;
use yup_oauth2::authenticator_delegate::InstalledFlowDelegate;
use yup_oauth2::{InstalledFlowAuthenticator, InstalledFlowReturnMethod};

/// How long one request for a token may take.
const REQUEST: Duration = Duration::from_secs(60);

type Present = dyn Fn(&str) + Send + Sync;

/// Consent that a user gives in a browser.
///
/// The first request prints an address on the standard output and waits for the user, who opens it, chooses an account
/// and consents; the browser then brings the answer to a port of this machine. Tokens are kept in a file, which the
/// user alone may read, so that the next start asks nobody. They are renewed when they end and when a server rejects
/// them. When renewing fails, the user is asked again.
///
/// The client's secret is a file of the kind "Desktop app", from the [console]. Tokens in the store are found by their
/// scopes: a program that asks for more than before asks its user again.
///
/// The crate that does the work, `yup_oauth2`, logs what it sends and receives at the level `debug`, tokens included:
/// keep that target at `info`.
///
/// ```no_run
/// use gapis_auth::Installed;
/// use gapis_runtime::Client;
///
/// let user = Installed::new("client_secret.json", "tokens.json").present(|url| println!("Please open {url}"));
/// let client = Client::builder().credentials(user).build()?;
/// # Ok::<(), gapis_runtime::Error>(())
/// ```
///
/// [console]: https://console.cloud.google.com/auth/clients
pub struct Installed {
    secret: PathBuf,
    store: PathBuf,
    present: Option<std::sync::Arc<Present>>,
    wait: Duration,
    /// Held while tokens are asked for, so that many tasks ask the user once.
    authenticator: Mutex<Option<DefaultAuthenticator>>,
}

impl Installed {
    /// With the file of the client's secret, and the file in which tokens are kept. Both are opened when the first
    /// request needs them.
    #[must_use]
    pub fn new(secret_path: impl Into<PathBuf>, token_store_path: impl Into<PathBuf>) -> Self {
        Installed {
            secret: secret_path.into(),
            store: token_store_path.into(),
            present: None,
            wait: Duration::from_secs(300),
            authenticator: Mutex::new(None),
        }
    }

    /// What to do with the address that the user is to open, in place of printing it: open a browser, show it in a
    /// window.
    #[must_use]
    pub fn present(mut self, show: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.present = Some(std::sync::Arc::new(show));
        self
    }

    /// How long to wait for the user. Default 5 minutes.
    #[must_use]
    pub fn wait_for_user(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    async fn open(&self) -> Result<DefaultAuthenticator> {
        let path = self.secret.display();
        let secret = yup_oauth2::read_application_secret(&self.secret).await.map_err(|e| {
            // What cannot be parsed may be a secret all the same.
            Error::credentials(format!("cannot use the client's secret in {path}: {}", e.kind()))
        })?;
        let mut builder =
            InstalledFlowAuthenticator::builder(secret, InstalledFlowReturnMethod::HTTPRedirect)
                .with_timeout(REQUEST)
                .persist_tokens_to_disk(&self.store);
        if let Some(present) = &self.present {
            builder = builder.flow_delegate(Box::new(Presenter(present.clone())));
        }
        builder.build().await.map_err(|e| {
            Error::credentials(format!("cannot use the token store {}: {}", self.store.display(), e.kind()))
        })
    }

    async fn token(&self, scopes: &[&str], rejected: Option<&AuthHeaders>) -> Result<AuthHeaders> {
        let mut opened = self.authenticator.lock().await;
        let authenticator = match &mut *opened {
            Some(authenticator) => authenticator,
            none => none.insert(self.open().await?),
        };
        let headers = bearer(authenticator.token(scopes).await)?;
        match rejected {
            Some(rejected) if *rejected == headers => {
                bearer(authenticator.force_refreshed_token(scopes).await)
            }
            _ => Ok(headers),
        }
    }
}

fn bearer(token: std::result::Result<yup_oauth2::AccessToken, yup_oauth2::Error>) -> Result<AuthHeaders> {
    let token = token.map_err(|e| Error::credentials_source("cannot get a token for the user", e))?;
    match token.token() {
        Some(token) => AuthHeaders::bearer(token),
        None => Err(Error::credentials("the token server gave no access token")),
    }
}

/// Shows the address as the program wishes.
struct Presenter(std::sync::Arc<Present>);

impl InstalledFlowDelegate for Presenter {
    fn present_user_url<'a>(
        &'a self,
        url: &'a str,
        _need_code: bool,
    ) -> Pin<Box<dyn Future<Output = std::result::Result<String, String>> + Send + 'a>> {
        (self.0)(url);
        Box::pin(async { Ok(String::new()) })
    }
}

impl Credentials for Installed {
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            if Handle::try_current().is_err() {
                return Err(Error::credentials("a user's consent needs a Tokio runtime to wait in"));
            }
            let asked = tokio::time::timeout(self.wait, self.token(scopes, rejected)).await;
            asked.unwrap_or_else(|_| Err(Error::credentials("the user has not consented in time")))
        })
    }
}

impl std::fmt::Debug for Installed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installed").field("secret", &self.secret).field("store", &self.store).finish()
    }
}
