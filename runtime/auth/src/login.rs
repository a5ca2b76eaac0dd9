//! A user's login, with consent in a browser on this machine or on another device.

mod browser;
mod client;
mod device;
mod listener;
pub(crate) mod store;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gapis_runtime::{AuthHeaders, BoxFuture, Credentials, Error, Json, Result};
use tokio::sync::Mutex;

use crate::explain::Asked;
use crate::http::Failure;
use crate::key::{read_file, text};
use crate::settings::{Settings, setters};
use crate::tokens::{Fetched, Key, Tokens};
use crate::user::Login;
use client::ClientFile;
use store::{Saved, TokenStore};

type Present = dyn Fn(&Prompt<'_>) + Send + Sync;

/// A user of the program, who logs in once.
///
/// The first request shows the user a URL, and waits until the user has consented there. The resulting refresh token
/// is saved in a [`TokenStore`], so that the user is not asked at the next start. The user is asked again if the login
/// was revoked, if the store has no readable login, or if the program requests scopes that the login does not have;
/// then the user is asked for all of them together. A network failure is an error, and the user is not asked.
///
/// The OAuth client is a file of the type "Desktop app" from the [console]. The consent is sent by a redirect to a
/// port of the loopback interface that is open only during the login. It is protected by a proof key ([PKCE]) and a
/// `state`: a response that another program made up is refused, and so is a second response.
///
/// ```no_run
/// use gapis_auth::{FileStore, UserLogin};
/// use gapis_runtime::Client;
///
/// let user = UserLogin::new("client_secret.json", FileStore::new("tokens.json")).open_browser();
/// let client = Client::builder().credentials(user).build()?;
/// # Ok::<(), gapis_runtime::Error>(())
/// ```
///
/// [console]: https://console.cloud.google.com/auth/clients
/// [PKCE]: https://datatracker.ietf.org/doc/html/rfc7636
pub struct UserLogin {
    shared: Arc<Shared>,
    tokens: Tokens,
}

#[derive(Clone)]
struct Shared {
    file: PathBuf,
    store: Arc<dyn TokenStore>,
    settings: Settings,
    present: Arc<Present>,
    browser: bool,
    wait: Duration,
    device: bool,
    /// Held while the user is asked, so that the user is asked only once for many tasks.
    turn: Arc<Mutex<()>>,
}

/// What the user has to do.
#[derive(Debug, Clone)]
pub struct Prompt<'a> {
    url: &'a str,
    code: Option<&'a str>,
}

impl Prompt<'_> {
    /// The URL to open.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url
    }

    /// The code to enter there, for a browser on another device.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code
    }
}

impl std::fmt::Display for Prompt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "To log in, open {}", self.url)?;
        match self.code {
            Some(code) => write!(f, " and enter the code {code}"),
            None => Ok(()),
        }
    }
}

/// The result of asking the user.
struct Consent {
    /// The response of the token server.
    answer: Json,
}

impl UserLogin {
    /// A login with the file of the program's OAuth client, and a store for the login. Both are read on the first
    /// request.
    #[must_use]
    pub fn new(client_file: impl Into<PathBuf>, store: impl TokenStore + 'static) -> Self {
        let shared = Shared {
            file: client_file.into(),
            store: Arc::new(store),
            settings: Settings::default(),
            present: Arc::new(print),
            browser: false,
            wait: Duration::from_secs(300),
            device: false,
            turn: Arc::default(),
        };
        UserLogin { shared: Arc::new(shared), tokens: Tokens::default() }
    }

    fn set(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(Arc::make_mut(&mut self.shared));
        self
    }

    fn settings(&mut self) -> &mut Settings {
        &mut Arc::make_mut(&mut self.shared).settings
    }

    /// Shows the user what to do with a closure, instead of a line on the standard output.
    #[must_use]
    pub fn present(self, show: impl Fn(&Prompt<'_>) + Send + Sync + 'static) -> Self {
        self.set(|shared| shared.present = Arc::new(show))
    }

    /// Also opens the URL in the user's browser.
    #[must_use]
    pub fn open_browser(self) -> Self {
        self.set(|shared| shared.browser = true)
    }

    /// For machines without a browser: the user enters a code on another device. The OAuth client must be of the type
    /// "TVs and Limited Input devices", which may request only [few scopes].
    ///
    /// [few scopes]: https://developers.google.com/identity/protocols/oauth2/limited-input-device#allowedscopes
    #[must_use]
    pub fn on_another_device(self) -> Self {
        self.set(|shared| shared.device = true)
    }

    /// Sets how long to wait for the user. Default: 5 minutes.
    #[must_use]
    pub fn wait_for_user(self, wait: Duration) -> Self {
        self.set(|shared| shared.wait = wait)
    }
}

setters!(UserLogin, settings);

#[allow(clippy::print_stdout)]
fn print(prompt: &Prompt<'_>) {
    println!("{prompt}");
}

impl Shared {
    async fn fetch(self: Arc<Self>, wanted: Arc<str>) -> Result<Fetched> {
        let client = ClientFile::read(&read_file(&self.file, "the client's file")?)?;
        let _turn = self.turn.lock().await;
        let saved = Saved::load(&*self.store, &client.id).await?;
        let mut had = String::new();
        if let Some(saved) = saved {
            if saved.covers(&wanted) {
                match self.refresh(&client, &saved).await? {
                    Some(token) => return Ok(token),
                    None => had = saved.scopes,
                }
            } else {
                had = saved.scopes;
            }
        }
        self.log_in(&client, &union(&had, &wanted), &wanted).await
    }

    /// A token from a login, or `None` if the login is no longer valid.
    async fn refresh(&self, client: &ClientFile, saved: &Saved) -> Result<Option<Fetched>> {
        let login = Login {
            settings: self.settings.clone(),
            client_id: client.id.clone(),
            client_secret: client.secret.clone(),
            refresh_token: saved.refresh_token.clone(),
            token_uri: client.token_uri.clone(),
            basic: false,
        };
        match login.refresh().await {
            Ok(answer) => {
                // A server may replace the refresh token.
                if let Some(new) = text(&answer, "refresh_token").filter(|new| *new != saved.refresh_token) {
                    let saved = Saved { refresh_token: new.to_owned(), ..saved.clone() };
                    saved.save(&*self.store).await?;
                }
                Fetched::of(&answer, &self.settings).map(Some)
            }
            Err(Failure::Refused(refusal)) if refusal.code == "invalid_grant" => Ok(None),
            Err(failure) => Err(Asked::User { again: "check the client's file" }.error(failure)),
        }
    }

    /// Asks the user. It first checks that the store works, so that no consent is lost.
    async fn log_in(&self, client: &ClientFile, scopes: &str, wanted: &str) -> Result<Fetched> {
        self.store.check().await?;
        let asking = async {
            if self.device {
                device::consent(self, client, scopes).await
            } else {
                browser::consent(self, client, scopes).await
            }
        };
        let Ok(consent) = tokio::time::timeout(self.wait, asking).await else {
            return Err(Error::credentials(format!("the user has not consented within {:?}", self.wait)));
        };
        let Consent { answer } = consent?;
        let refresh_token = text(&answer, "refresh_token").ok_or_else(|| {
            Error::credentials("the token server sent no refresh token, so the login cannot be saved")
        })?;
        let granted = text(&answer, "scope").unwrap_or(scopes);
        let saved = Saved {
            client_id: client.id.clone(),
            refresh_token: refresh_token.to_owned(),
            scopes: granted.to_owned(),
        };
        saved.save(&*self.store).await?;
        if !saved.covers(wanted) {
            let missing: Vec<&str> = wanted.split(' ').filter(|scope| !saved.covers(scope)).collect();
            return Err(Error::credentials(format!(
                "the user did not grant all requested scopes; missing: {}",
                missing.join(" ")
            )));
        }
        Fetched::of(&answer, &self.settings)
    }

    fn show(&self, url: &str, code: Option<&str>) {
        (self.present)(&Prompt { url, code });
        if self.browser {
            browser::open(url);
        }
    }
}

/// All scopes of both, without duplicates.
fn union(had: &str, wanted: &str) -> String {
    let mut all: Vec<&str> = Vec::new();
    for scope in had.split(' ').chain(wanted.split(' ')).filter(|scope| !scope.is_empty()) {
        if !all.contains(&scope) {
            all.push(scope);
        }
    }
    all.join(" ")
}

impl Credentials for UserLogin {
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            let key = Key::new(None, scopes);
            let fetch = || Arc::clone(&self.shared).fetch(key.scopes.clone());
            self.tokens.headers(&key, rejected, fetch).await
        })
    }
}

impl std::fmt::Debug for UserLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserLogin").field("client_file", &self.shared.file).finish_non_exhaustive()
    }
}
