//! Who is calling: credentials from files and variables. Secrets are never arguments, which other users of the machine see.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use gapis_auth::{ApplicationDefault, ServiceAccount};
use gapis_runtime::{ApiKey, BearerToken, Client};

/// Credentials, and where calls go.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Who {
    /// The key file of a service account [default: application default credentials]
    #[arg(long, value_name = "FILE", group = "credentials")]
    pub(crate) service_account: Option<PathBuf>,
    /// A service account to act as, without its key: application default credentials may do so
    #[arg(long, value_name = "EMAIL", group = "credentials")]
    pub(crate) impersonate: Option<String>,
    /// The user that the service account acts for; a call's own `subject` goes before
    #[arg(long, value_name = "EMAIL")]
    pub(crate) subject: Option<String>,
    /// The environment variable that holds an access token
    #[arg(long, value_name = "VAR", group = "credentials")]
    pub(crate) token_env: Option<String>,
    /// The environment variable that holds an API key
    #[arg(long, value_name = "VAR", group = "credentials")]
    pub(crate) api_key_env: Option<String>,
    /// Send without credentials, to emulators
    #[arg(long, group = "credentials")]
    pub(crate) anonymous: bool,
    /// The scopes to ask for [default: a smallest set that covers the API's methods]
    #[arg(long, value_name = "URLS", value_delimiter = ',')]
    pub(crate) scopes: Vec<String>,
    /// The project that quota and billing are counted for
    #[arg(long, value_name = "PROJECT")]
    pub(crate) quota_project: Option<String>,
    /// Where calls go in place of Google's hosts: http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
}

/// A client, and the same for each user that calls name.
pub(super) struct Clients {
    shared: Client,
    account: Option<ServiceAccount>,
    of_users: HashMap<String, Client>,
}

impl Who {
    /// The clients. Without sending no credentials are needed.
    ///
    /// # Errors
    /// If a file or variable has no credentials, or the endpoint is no URL.
    pub(super) fn clients(&self, dry_run: bool) -> Result<Clients> {
        let mut builder = Client::builder().user_agent(concat!("gapis-cli/", env!("CARGO_PKG_VERSION")));
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        if !scopes.is_empty() {
            builder = builder.scopes(&scopes);
        }
        if let Some(project) = &self.quota_project {
            builder = builder.quota_project(project);
        }
        if let Some(url) = &self.endpoint {
            builder = builder.endpoint(url);
        }
        let account = match (&self.service_account, &self.impersonate) {
            _ if dry_run => None,
            (Some(path), _) => Some(ServiceAccount::from_file(path)?),
            (None, Some(email)) => Some(ServiceAccount::keyless(ApplicationDefault::new(), email)),
            (None, None) => None,
        };
        let builder = if dry_run || self.anonymous {
            builder.anonymous()
        } else if let Some(account) = &account {
            builder.credentials(match &self.subject {
                Some(user) => account.for_subject(user),
                None => account.clone(),
            })
        } else if self.subject.is_some() {
            bail!(
                "`--subject` goes with `--service-account` or `--impersonate`: only a service account acts for users"
            );
        } else if let Some(name) = &self.token_env {
            builder.credentials(BearerToken::new(&secret(name)?))
        } else if let Some(name) = &self.api_key_env {
            builder.credentials(ApiKey::new(&secret(name)?))
        } else {
            builder.credentials(ApplicationDefault::new())
        };
        Ok(Clients { shared: builder.build()?, account, of_users: HashMap::new() })
    }
}

impl Clients {
    /// The client for a call of that user, or of nobody in particular.
    ///
    /// # Errors
    /// If the credentials cannot act for users.
    pub(super) fn of(&mut self, subject: Option<&str>) -> Result<Client> {
        match (subject, &self.account) {
            (None, _) => Ok(self.shared.clone()),
            (Some(user), Some(account)) => {
                if let Some(client) = self.of_users.get(user) {
                    return Ok(client.clone());
                }
                let client = self.shared.with_credentials(account.for_subject(user));
                self.of_users.insert(user.to_owned(), client.clone());
                Ok(client)
            }
            (Some(_), None) => bail!("a call's `subject` needs `--service-account` or `--impersonate`"),
        }
    }

    pub(super) fn shared(&self) -> &Client {
        &self.shared
    }
}

/// The value of a variable, which is not shown.
fn secret(name: &str) -> Result<String> {
    let value = std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    Ok(value.with_context(|| format!("the environment variable `{name}` is not set"))?.trim().to_owned())
}
