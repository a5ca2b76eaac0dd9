//! Application default credentials: the credentials of this machine, this workload or this user.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gapis_runtime::{AuthHeaders, BoxFuture, Credentials, Error, Json, Result, private};

use crate::external::ExternalAccount;
use crate::gdch::GdchAccount;
use crate::impersonate::Iam;
use crate::key::{name, parse, read_file, required, text};
use crate::metadata::MetadataServer;
use crate::service_account::ServiceAccount;
use crate::settings::{Settings, setters};
use crate::user::AuthorizedUser;

/// Application default credentials.
///
/// They are searched for on the first request, in the [usual order]: the file named by the environment variable
/// `GOOGLE_APPLICATION_CREDENTIALS`, the file written by `gcloud auth application-default login`, and the metadata
/// server of Google Cloud. After an error they are searched for again.
///
/// | `type` of the file | credentials |
/// |---|---|
/// | `authorized_user` | a user's login. Its tokens have the scopes of the login, whichever scopes are requested |
/// | `service_account` | a key; see [`ServiceAccount`] for how tokens are obtained, and for a `subject` |
/// | `impersonated_service_account` | a service account that is impersonated |
/// | `external_account` | a workload with its own token from a file, a URL, a program or AWS |
/// | `external_account_authorized_user` | a login through a workforce pool |
/// | `gdch_service_account` | a service account of Google Distributed Cloud, for one [audience](Self::gdch_audience) |
///
/// A workload identity by an X.509 certificate is refused, with an error that says so.
///
/// The quota project in the file or in `GOOGLE_CLOUD_QUOTA_PROJECT` is sent, unless the client has its own. The
/// universe in the file or of the metadata server must be that of the
/// [client](gapis_runtime::Builder::universe_domain).
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
    settings: Settings,
    gdch_audience: Option<String>,
    found: Mutex<Option<Arc<dyn Credentials>>>,
}

enum Origin {
    Environment,
    Json(Json),
    Metadata,
}

impl ApplicationDefault {
    /// Credentials that are searched for on the first request.
    #[must_use]
    pub fn new() -> Self {
        ApplicationDefault::of(Origin::Environment)
    }

    /// The credentials in the text of a credentials file.
    ///
    /// The text decides which servers receive requests for tokens, and may name a program to run. Accept it only from
    /// sources from which you would accept a program.
    ///
    /// # Errors
    /// If the text is not a JSON object with a `type`. Other missing members are reported on the first request.
    pub fn from_json(json: &str) -> Result<Self> {
        let json = parse(json, "the credentials' text")?;
        required(&json, "type", "the credentials' text")?;
        Ok(ApplicationDefault::of(Origin::Json(json)))
    }

    /// The credentials of the metadata server only, whose address may be set in `GCE_METADATA_HOST`.
    #[must_use]
    pub fn from_metadata_server() -> Self {
        ApplicationDefault::of(Origin::Metadata)
    }

    fn of(origin: Origin) -> Self {
        ApplicationDefault {
            origin,
            settings: Settings::default(),
            gdch_audience: None,
            found: Mutex::default(),
        }
    }

    /// Sets the address of the API for which tokens of a service account of Google Distributed Cloud
    /// (`gdch_service_account`) are requested. Other credentials ignore it.
    ///
    /// Certificates in the file's `ca_cert_path` are used for token requests, unless
    /// [`token_client`](Self::token_client) is set. The client that sends calls needs them too:
    /// [`Builder::root_certificates`](gapis_runtime::Builder::root_certificates).
    #[must_use]
    pub fn gdch_audience(mut self, url: &str) -> Self {
        self.gdch_audience = Some(url.to_owned());
        self
    }

    fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    fn find(&self) -> Result<Arc<dyn Credentials>> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = &*found {
            return Ok(Arc::clone(found));
        }
        let mut settings = self.settings.clone();
        let made = match &self.origin {
            Origin::Json(json) => self.of_file(json, settings)?,
            Origin::Metadata => Arc::new(MetadataServer::new(settings)),
            Origin::Environment => {
                let project = std::env::var("GOOGLE_CLOUD_QUOTA_PROJECT").ok();
                settings.quota_project = settings.quota_project.or(project.filter(|name| !name.is_empty()));
                match file()? {
                    Some(path) => self.of_file(&parse(&read_file(&path, WHAT)?, &named(&path))?, settings)?,
                    None => Arc::new(MetadataServer::new(settings)),
                }
            }
        };
        Ok(Arc::clone(found.insert(made)))
    }

    /// Credentials of the `type` in the file.
    fn of_file(&self, json: &Json, mut settings: Settings) -> Result<Arc<dyn Credentials>> {
        if text(json, "type") != Some("gdch_service_account") {
            return of_file(json, settings);
        }
        settings.universe = settings.universe.or(text(json, "universe_domain").map(str::to_owned));
        Ok(Arc::new(GdchAccount::of_file(json, self.gdch_audience.as_deref(), settings)?))
    }

    /// Forgets credentials that failed, so that a corrected file is read again.
    fn forget(&self, failed: &Arc<dyn Credentials>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_ref().is_some_and(|found| Arc::ptr_eq(found, failed)) {
            *found = None;
        }
    }
}

setters!(ApplicationDefault, settings);

const WHAT: &str = "the credentials file";

fn named(path: &Path) -> String {
    format!("{WHAT} {}", path.display())
}

/// The file in the environment variable, or the file written by `gcloud`, if it exists.
fn file() -> Result<Option<PathBuf>> {
    let set =
        |name: &str| std::env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = set("GOOGLE_APPLICATION_CREDENTIALS") {
        return Ok(Some(path));
    }
    let folder = set("CLOUDSDK_CONFIG").or_else(|| {
        if cfg!(windows) {
            set("APPDATA").map(|folder| folder.join("gcloud"))
        } else {
            set("HOME").map(|folder| folder.join(".config/gcloud"))
        }
    });
    let path = folder.map(|folder| folder.join("application_default_credentials.json"));
    Ok(path.filter(|path| path.exists()))
}

/// Credentials of the `type` in the file, of those that may be inside others. Settings of the program take precedence
/// over those in the file.
fn of_file(json: &Json, mut settings: Settings) -> Result<Arc<dyn Credentials>> {
    if settings.quota_project.is_none() {
        settings.quota_project = text(json, "quota_project_id").map(str::to_owned);
    }
    Ok(match text(json, "type") {
        Some("authorized_user" | "external_account_authorized_user") => {
            Arc::new(AuthorizedUser::of_file(json, settings)?)
        }
        Some("service_account") => {
            let mut account = ServiceAccount::of_file(json)?;
            let account_settings = account.settings();
            settings.universe = settings.universe.or(account_settings.universe.take());
            *account_settings = settings;
            Arc::new(account)
        }
        Some("impersonated_service_account") => {
            let inner = Settings { quota_project: None, ..settings.clone() };
            let source = of_source(&json["source_credentials"], inner)?;
            Arc::new(impersonated(Iam::of_file(json, source)?, settings))
        }
        Some("external_account") => match text(json, "service_account_impersonation_url") {
            // This crate sends the request to IAM itself.
            Some(url) => {
                let mut alone = json.clone();
                if let Some(members) = alone.as_object_mut() {
                    members.remove("service_account_impersonation_url");
                }
                let inner = Settings { quota_project: None, ..settings.clone() };
                let source: Arc<dyn Credentials> = Arc::new(ExternalAccount::of_file(&alone, inner)?);
                Arc::new(impersonated(Iam::of_url(url, source)?, settings))
            }
            None => Arc::new(ExternalAccount::of_file(json, settings)?),
        },
        Some(other) => {
            return Err(Error::credentials(format!(
                "the credentials have an unknown `type`: {}",
                name(other)
            )));
        }
        None => return Err(Error::credentials("the credentials have no `type`")),
    })
}

/// The credentials inside other credentials. Only one level is allowed, because a file could nest them without end.
fn of_source(json: &Json, settings: Settings) -> Result<Arc<dyn Credentials>> {
    match text(json, "type") {
        Some("impersonated_service_account") => Err(Error::credentials(
            "the credentials' `source_credentials` are impersonated too: list the accounts in `delegates` instead",
        )),
        Some(_) => of_file(json, settings),
        None => Err(Error::credentials("the credentials have no `source_credentials` with a `type`")),
    }
}

fn impersonated(iam: Iam, settings: Settings) -> ServiceAccount {
    let mut account = ServiceAccount::of_iam(iam);
    *account.settings() = settings;
    account
}

impl Credentials for ApplicationDefault {
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async move {
            let found = self.find()?;
            let result = found.headers(scopes, rejected).await;
            if let Err(error) = &result
                && !private::is_transient(error)
            {
                self.forget(&found);
            }
            result
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
