//! Service accounts: their own tokens, and tokens for the users for whom they act.

use std::path::Path;
use std::sync::Arc;

use gapis_runtime::{AuthHeaders, BoxFuture, Credentials, Error, Json, Result};

use crate::GOOGLE;
use crate::explain::Asked;
use crate::impersonate::Iam;
use crate::jwt;
use crate::key::{self, Key, KeyFile, TOKEN_URI};
use crate::metadata::MetadataServer;
use crate::settings::{Settings, setters};
use crate::tokens::{self, Fetched, Tokens};

/// A service account, which may act for the users of a Workspace domain.
///
/// Without a user, an account with a key signs its tokens itself (a JWT that contains the scopes), without a request
/// to a server. Google's clients for Go, Java and Python do the same. If an API refuses such tokens, call
/// [`exchange`](Self::exchange). In another universe than `googleapis.com`, tokens are always self-signed.
///
/// With a user, the account needs [domain-wide delegation]: it signs an assertion that it acts for the user, and the
/// server returns a token of the user.
///
/// ```no_run
/// use gapis_auth::ServiceAccount;
///
/// let accounts = ServiceAccount::from_file("key.json")?;
/// let ann = accounts.for_subject("ann@example.com");
/// let ben = accounts.for_subject("ben@example.com");
/// assert_eq!(ann.acts_for(), Some("ann@example.com"));
/// # let _ = ben;
/// # Ok::<(), gapis_runtime::Error>(())
/// ```
///
/// Credentials that are made from one account share its cache: at most 48 MiB of tokens, which is sufficient for about
/// 17,000 users. The least recently used tokens are dropped first, and requested again when they are needed.
///
/// [domain-wide delegation]: https://developers.google.com/identity/protocols/oauth2/service-account
#[derive(Clone)]
pub struct ServiceAccount {
    account: Arc<Account>,
    tokens: Arc<Tokens>,
    subject: Option<Arc<str>>,
}

#[derive(Clone)]
struct Account {
    settings: Settings,
    signer: Signer,
    client_id: Option<String>,
    token_uri: String,
    exchange: bool,
}

/// Signs for the account.
#[derive(Clone)]
enum Signer {
    Key { email: String, key: Key },
    Iam(Iam),
}

impl ServiceAccount {
    /// An account with the key in a file. If the file has a `subject`, the account acts for that user.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a service account's key file.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        ServiceAccount::from_json(&key::read_file(path, "the service account's key file")?)
    }

    /// An account with the key in the text of a key file.
    ///
    /// # Errors
    /// If the text is not a service account's key file.
    pub fn from_json(text: &str) -> Result<Self> {
        ServiceAccount::of_file(&key::parse(text, "the service account's key file")?)
    }

    pub(crate) fn of_file(json: &Json) -> Result<Self> {
        let file = KeyFile::read(json)?;
        let (quota_project, universe) = (file.quota_project, file.universe);
        let account = ServiceAccount::of(Account {
            settings: Settings { quota_project, universe, ..Settings::default() },
            signer: Signer::Key { email: file.email, key: file.key },
            client_id: file.client_id,
            token_uri: file.token_uri,
            exchange: false,
        });
        Ok(match file.subject {
            Some(subject) => account.subject(&subject),
            None => account,
        })
    }

    /// An account without a key. The source credentials act as the account, and IAM signs for it. They need the role
    /// Service Account Token Creator on the account.
    ///
    /// ```
    /// use gapis_auth::{ApplicationDefault, ServiceAccount};
    ///
    /// let account = ServiceAccount::keyless(ApplicationDefault::new(), "robot@project.iam.gserviceaccount.com");
    /// let ann = account.for_subject("ann@example.com");
    /// # let _ = ann;
    /// ```
    #[must_use]
    pub fn keyless(source: impl Credentials + 'static, email: &str) -> Self {
        ServiceAccount::of_iam(Iam::new(Arc::new(source), email))
    }

    /// The account that the metadata server of Google Cloud has for this machine. IAM signs for it, so it needs the
    /// role Service Account Token Creator on itself.
    #[must_use]
    pub fn from_metadata_server() -> Self {
        let server = Arc::new(MetadataServer::default());
        ServiceAccount::of_iam(Iam::of_metadata_server(server))
    }

    pub(crate) fn of_iam(iam: Iam) -> Self {
        ServiceAccount::of(Account {
            settings: Settings::default(),
            signer: Signer::Iam(iam),
            client_id: None,
            token_uri: TOKEN_URI.to_owned(),
            exchange: false,
        })
    }

    fn of(account: Account) -> Self {
        ServiceAccount { account: Arc::new(account), tokens: Arc::default(), subject: None }
    }

    /// Makes the account act for that user of the domain.
    #[must_use]
    pub fn subject(mut self, user: &str) -> Self {
        self.subject = Some(user.into());
        self
    }

    /// Credentials that act for that user and share the cache of this account. For programs that act for many users.
    #[must_use]
    pub fn for_subject(&self, user: &str) -> Self {
        self.clone().subject(user)
    }

    /// The user for whom the account acts.
    #[must_use]
    pub fn acts_for(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Requests the account's own tokens from its `token_uri` too, instead of signing them.
    #[must_use]
    pub fn exchange(mut self) -> Self {
        self.account_mut().exchange = true;
        self
    }

    /// Sets the URL where signed assertions are exchanged for tokens, instead of the one in the key file.
    #[must_use]
    pub fn token_uri(mut self, url: &str) -> Self {
        self.account_mut().token_uri = url.to_owned();
        self
    }

    /// Sets the URL of IAM, which signs for an account without a key, such as a private endpoint.
    #[must_use]
    pub fn iam_endpoint(mut self, url: &str) -> Self {
        if let Signer::Iam(iam) = &mut self.account_mut().signer {
            iam.set_endpoint(url);
        }
        self
    }

    /// The account for a change. The cached tokens, which no longer belong to it, are dropped.
    fn account_mut(&mut self) -> &mut Account {
        self.tokens = Arc::default();
        Arc::make_mut(&mut self.account)
    }

    pub(crate) fn settings(&mut self) -> &mut Settings {
        &mut self.account_mut().settings
    }
}

setters!(ServiceAccount, settings);

impl Account {
    async fn fetch(self: Arc<Self>, subject: Option<Arc<str>>, scopes: Arc<str>) -> Result<Fetched> {
        let subject = subject.as_deref();
        let elsewhere = self.settings.universe() != GOOGLE;
        match (&self.signer, subject) {
            (Signer::Key { email, key }, None) if elsewhere || !self.exchange => {
                let token = key.sign_jwt(&jwt::claims(email, Some(email), &scopes, None))?;
                Ok(Fetched { headers: self.settings.headers(&token)?, lifetime: jwt::LIFETIME })
            }
            (_, Some(subject)) if elsewhere => Err(Error::credentials(format!(
                "cannot act for the user {subject}: there is no domain-wide delegation in the universe {}",
                self.settings.universe()
            ))),
            (Signer::Key { email, key }, _) => {
                let claims = jwt::claims(email, subject, &scopes, Some(&self.token_uri));
                self.exchange_assertion(email, &key.sign_jwt(&claims)?, subject, &scopes).await
            }
            (Signer::Iam(iam), None) => iam.token(&self.settings, &scopes).await,
            (Signer::Iam(iam), Some(subject)) => {
                let email = iam.email(&self.settings).await?;
                let claims = jwt::claims(&email, Some(subject), &scopes, Some(&self.token_uri));
                let assertion = iam.sign_jwt(&self.settings, &email, &claims).await?;
                self.exchange_assertion(&email, &assertion, Some(subject), &scopes).await
            }
        }
    }

    async fn exchange_assertion(
        &self,
        email: &str,
        assertion: &str,
        subject: Option<&str>,
        scopes: &str,
    ) -> Result<Fetched> {
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)];
        let answer = self.settings.http.post_form(&self.token_uri, &form, &AuthHeaders::none()).await;
        let asked = match subject {
            Some(subject) => {
                Asked::Delegated { email, client_id: self.client_id.as_deref(), subject, scopes }
            }
            None => Asked::Account { email },
        };
        Fetched::of(&answer.map_err(|failure| asked.error(failure))?, &self.settings)
    }
}

impl Credentials for ServiceAccount {
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            let key = tokens::Key::new(self.subject.as_ref(), scopes);
            let fetch = || Arc::clone(&self.account).fetch(key.subject.clone(), key.scopes.clone());
            self.tokens.headers(&key, rejected, fetch).await
        })
    }
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("ServiceAccount");
        if let Signer::Key { email, .. } = &self.account.signer {
            debug.field("email", email);
        }
        debug.field("subject", &self.subject).finish_non_exhaustive()
    }
}
