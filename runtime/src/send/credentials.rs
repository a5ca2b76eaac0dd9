//! Credentials, which prove the caller's identity to the server.

use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::{BoxFuture, Error, Result};

/// The domain of Google's public cloud: the default universe of credentials and clients.
pub(crate) const GOOGLE: &str = "googleapis.com";

/// The header that names the project charged for quota and billing.
pub(crate) const QUOTA_PROJECT: &str = "x-goog-user-project";

/// Headers that authorize a request. Their values are never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AuthHeaders {
    headers: Vec<(HeaderName, HeaderValue)>,
    universe: Option<Arc<str>>,
}

impl AuthHeaders {
    /// No headers.
    #[must_use]
    pub fn none() -> Self {
        AuthHeaders::default()
    }

    /// The header `Authorization: Bearer …`.
    ///
    /// # Errors
    /// If the token has characters that are not allowed in a header.
    pub fn bearer(token: &str) -> Result<Self> {
        AuthHeaders::none().with_header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// Adds another header.
    ///
    /// # Errors
    /// If the value has characters that are not allowed in a header. The message does not show the value.
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Error::credentials(format!(
                "the credentials have characters that are not allowed in the header `{name}`"
            ))
        })?;
        value.set_sensitive(true);
        self.headers.push((name, value));
        Ok(self)
    }

    /// Declares that the credentials belong to this universe of Google Cloud. A client of another universe does not
    /// send them.
    ///
    /// ```
    /// use gapis_runtime::AuthHeaders;
    ///
    /// let headers = AuthHeaders::bearer("token")?.with_universe_domain("example.com");
    /// assert_eq!(headers.universe_domain(), Some("example.com"));
    /// # Ok::<(), gapis_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn with_universe_domain(mut self, domain: &str) -> Self {
        self.universe = Some(domain.into());
        self
    }

    /// The universe of the credentials, if known: `googleapis.com`.
    #[must_use]
    pub fn universe_domain(&self) -> Option<&str> {
        self.universe.as_deref()
    }

    /// Whether there are no headers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// Whether the header with this name is taken from the credentials and not from the client's own headers. This is
    /// so for all headers except the quota project, which the program may have set.
    pub(crate) fn wins(&self, name: &HeaderName, own: &HeaderMap) -> bool {
        self.iter().any(|(other, _)| other == name) && !(name == QUOTA_PROJECT && own.contains_key(name))
    }

    /// Adds the headers to the client's own headers.
    pub(crate) fn put(&self, headers: &mut HeaderMap) {
        for (name, value) in self.iter() {
            if self.wins(name, headers) {
                headers.insert(name, value.clone());
            }
        }
    }

    /// The headers, for a transport.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.headers.iter().map(|(name, value)| (name, value))
    }
}

impl std::fmt::Debug for AuthHeaders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.headers.iter().map(|(name, _)| name)).finish()
    }
}

/// Provides the headers that authorize a request.
///
/// The client asks before each HTTP request, so an implementation should keep its token and renew it in time.
///
/// After a 401 the client passes the `rejected` headers. If these are still the current headers, the implementation
/// gets new ones; otherwise another task has already renewed them, and the current ones are returned. So the token is
/// renewed once, however many calls wait for it. An implementation that cannot renew returns what it has; the client
/// then returns the 401 to the caller.
///
/// For a temporary failure return [`Error::credentials_transient`]; the client then asks again as its retry policy
/// allows.
pub trait Credentials: Send + Sync {
    /// The headers for a request that requires one of these scopes.
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>>;
}

impl<T: Credentials + ?Sized> Credentials for Arc<T> {
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        (**self).headers(scopes, rejected)
    }
}

/// Credentials that never change: an API key, a token from elsewhere, or none.
#[derive(Clone)]
struct Fixed(Result<AuthHeaders>);

impl Credentials for Fixed {
    fn headers<'a>(
        &'a self,
        _scopes: &'a [&'a str],
        _rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        let headers = self.0.clone();
        Box::pin(async move { headers })
    }
}

/// Defines the struct and a `Debug` implementation that shows nothing.
macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Fixed);

        impl Credentials for $name {
            fn headers<'a>(
                &'a self,
                scopes: &'a [&'a str],
                rejected: Option<&'a AuthHeaders>,
            ) -> BoxFuture<'a, Result<AuthHeaders>> {
                self.0.headers(scopes, rejected)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

fixed! {
    /// An API key, sent in the header `X-Goog-Api-Key` and never in a URL.
    ///
    /// ```
    /// let key = gapis_runtime::ApiKey::new("secret");
    /// assert_eq!(format!("{key:?}"), "ApiKey(…)");
    /// ```
    ApiKey
}

fixed! {
    /// An access token that was obtained, and is renewed, outside of this library.
    ///
    /// ```
    /// let token = gapis_runtime::BearerToken::new("secret");
    /// assert_eq!(format!("{token:?}"), "BearerToken(…)");
    /// ```
    BearerToken
}

fixed! {
    /// No credentials, for emulators and public data.
    Anonymous
}

impl ApiKey {
    /// Credentials with this key.
    #[must_use]
    pub fn new(key: &str) -> Self {
        ApiKey(Fixed(AuthHeaders::none().with_header(HeaderName::from_static("x-goog-api-key"), key)))
    }
}

impl BearerToken {
    /// Credentials with this token.
    #[must_use]
    pub fn new(token: &str) -> Self {
        BearerToken(Fixed(AuthHeaders::bearer(token)))
    }
}

impl Anonymous {
    /// No credentials.
    #[must_use]
    pub fn new() -> Self {
        Anonymous(Fixed(Ok(AuthHeaders::none())))
    }
}

impl Default for Anonymous {
    fn default() -> Self {
        Anonymous::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_printed() {
        let headers = AuthHeaders::bearer("s3cret").unwrap();
        assert_eq!(format!("{headers:?}"), r#"["authorization"]"#);
        let error = AuthHeaders::bearer("s3cret\r\nX: y").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
}
