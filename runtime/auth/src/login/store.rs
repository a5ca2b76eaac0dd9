//! Where a login is kept between starts.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use gapis_runtime::{BoxFuture, Error, Json, Result};
use serde_json::json;

use crate::key::text;

/// Keeps one user's login: a file, a keyring, a database. The text holds a refresh token, with which anyone can act as the
/// user.
///
/// ```
/// use gapis_auth::TokenStore;
/// use gapis_runtime::{BoxFuture, Result};
/// use std::sync::Mutex;
///
/// /// Forgets the login when the program ends.
/// #[derive(Default)]
/// struct InMemory(Mutex<Option<String>>);
///
/// impl TokenStore for InMemory {
///     fn load(&self) -> BoxFuture<'_, Result<Option<String>>> {
///         Box::pin(async { Ok(self.0.lock().unwrap().clone()) })
///     }
///
///     fn save<'a>(&'a self, login: &'a str) -> BoxFuture<'a, Result<()>> {
///         Box::pin(async { Ok(*self.0.lock().unwrap() = Some(login.to_owned())) })
///     }
/// }
/// ```
pub trait TokenStore: Send + Sync {
    /// What was saved last, if there is something. What is no login that can be read is asked for again.
    ///
    /// # Errors
    /// If the store cannot be read. The user is not asked then.
    fn load(&self) -> BoxFuture<'_, Result<Option<String>>>;

    /// Keeps a login in place of the one before.
    ///
    /// # Errors
    /// If it cannot be kept.
    fn save<'a>(&'a self, login: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Finds out whether a login could be saved, before the user is asked for it.
    ///
    /// # Errors
    /// If it could not.
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// A login in a file that its owner alone can read (mode 0600; a file that others can read is tightened). It is written
/// beside its place and moved there, so that a crash leaves the old one or the new one.
#[derive(Debug, Clone)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// A store in that file, whose folder exists.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        FileStore { path: path.into() }
    }

    fn failed(&self, what: &str, kind: ErrorKind) -> Error {
        Error::credentials(format!("cannot {what} the token store {}: {kind}", self.path.display()))
    }

    fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn read(&self) -> Result<Option<String>> {
        match std::fs::read(&self.path) {
            Ok(bytes) => {
                self.tighten();
                Ok(String::from_utf8(bytes).ok())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read", error.kind())),
        }
    }

    #[cfg(unix)]
    fn tighten(&self) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&self.path).map(|file| file.permissions().mode());
        if mode.is_ok_and(|mode| mode & 0o077 != 0) {
            // A file of another owner stays as it is; the next save replaces it.
            let _ = std::fs::set_permissions(&self.path, std::fs::Permissions::from_mode(0o600));
        }
    }

    #[cfg(not(unix))]
    fn tighten(&self) {}

    /// Writes beside the place, with what was written on the disk before it is moved.
    fn write(&self, login: &str) -> Result<()> {
        let failed = |error: std::io::Error| self.failed("write", error.kind());
        // On Unix its mode is 0600 from the beginning.
        let mut file = tempfile::NamedTempFile::new_in(self.folder()).map_err(failed)?;
        file.write_all(login.as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn try_writing(&self) -> Result<()> {
        if self.path.is_dir() {
            return Err(self.failed("write", ErrorKind::IsADirectory));
        }
        let tried = tempfile::NamedTempFile::new_in(self.folder());
        tried.map(drop).map_err(|error| self.failed("write", error.kind()))
    }
}

impl TokenStore for FileStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<String>>> {
        Box::pin(async { self.read() })
    }

    fn save<'a>(&'a self, login: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { self.write(login) })
    }

    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.try_writing() })
    }
}

/// A login as it is kept.
#[derive(Clone)]
pub(super) struct Saved {
    pub(super) client_id: String,
    pub(super) refresh_token: String,
    /// Separated by spaces.
    pub(super) scopes: String,
}

impl Saved {
    /// The login of that client, if there is one that can be read.
    pub(super) async fn load(store: &dyn TokenStore, client_id: &str) -> Result<Option<Self>> {
        let Some(kept) = store.load().await? else { return Ok(None) };
        let json: Json = serde_json::from_str(&kept).unwrap_or_default();
        let own = text(&json, "client_id") == Some(client_id);
        Ok(text(&json, "refresh_token").zip(text(&json, "scopes")).filter(|_| own).map(|(token, scopes)| {
            Saved {
                client_id: client_id.to_owned(),
                refresh_token: token.to_owned(),
                scopes: scopes.to_owned(),
            }
        }))
    }

    pub(super) async fn save(&self, store: &dyn TokenStore) -> Result<()> {
        let kept = json!({
            "client_id": self.client_id, "refresh_token": self.refresh_token, "scopes": self.scopes,
        });
        store.save(&kept.to_string()).await
    }

    /// Whether it has all of these scopes.
    pub(super) fn covers(&self, scopes: &str) -> bool {
        let mut wanted = scopes.split(' ').filter(|scope| !scope.is_empty());
        wanted.all(|scope| self.scopes.split(' ').any(|own| full(own) == full(scope)))
    }
}

/// A scope's name, as servers give it back.
fn full(scope: &str) -> &str {
    match scope {
        "email" => "https://www.googleapis.com/auth/userinfo.email",
        "profile" => "https://www.googleapis.com/auth/userinfo.profile",
        scope => scope,
    }
}
