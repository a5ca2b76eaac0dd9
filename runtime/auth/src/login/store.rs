//! Where a login is saved between runs of the program.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use gapis_runtime::{BoxFuture, Error, Json, Result};
use serde_json::json;

use crate::key::text;

/// Saves a user's login in a file, a keyring or a database. The text contains a refresh token, with which anyone can
/// act as the user.
///
/// ```
/// use gapis_auth::TokenStore;
/// use gapis_runtime::{BoxFuture, Result};
/// use std::sync::Mutex;
///
/// /// Loses the login when the program ends.
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
    /// Returns the last saved login, if there is one. If it cannot be parsed, the user is asked again.
    ///
    /// # Errors
    /// If the store cannot be read. The user is not asked in that case.
    fn load(&self) -> BoxFuture<'_, Result<Option<String>>>;

    /// Saves a login, replacing the previous one.
    ///
    /// # Errors
    /// If it cannot be saved.
    fn save<'a>(&'a self, login: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Checks whether a login can be saved, before the user is asked.
    ///
    /// # Errors
    /// If it cannot be saved.
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// A login in a file that only its owner can read (mode 0600; if others can read an existing file, its mode is
/// changed). A new login is first written to a temporary file, which then replaces the old file, so a crash leaves
/// either the old login or the new one.
#[derive(Debug, Clone)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// A store in that file, whose folder must exist.
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
            // This fails for a file of another owner, which the next save replaces.
            let _ = std::fs::set_permissions(&self.path, std::fs::Permissions::from_mode(0o600));
        }
    }

    #[cfg(not(unix))]
    fn tighten(&self) {}

    /// Writes a temporary file to the disk, and then moves it to the path.
    fn write(&self, login: &str) -> Result<()> {
        let failed = |error: std::io::Error| self.failed("write", error.kind());
        // On Unix its mode is 0600 from the start.
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

/// A saved login.
#[derive(Clone)]
pub(super) struct Saved {
    pub(super) client_id: String,
    pub(super) refresh_token: String,
    /// Separated by spaces.
    pub(super) scopes: String,
}

impl Saved {
    /// The login of that OAuth client, if there is a readable one.
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

    /// Whether the login has all of these scopes.
    pub(super) fn covers(&self, scopes: &str) -> bool {
        let mut wanted = scopes.split(' ').filter(|scope| !scope.is_empty());
        wanted.all(|scope| self.scopes.split(' ').any(|own| full(own) == full(scope)))
    }
}

/// The full name of a scope, as servers return it.
fn full(scope: &str) -> &str {
    match scope {
        "email" => "https://www.googleapis.com/auth/userinfo.email",
        "profile" => "https://www.googleapis.com/auth/userinfo.profile",
        scope => scope,
    }
}
