//! Credentials: what proves to the server who is calling.

use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::{BoxFuture, Error, Result};

/// The domain of Google's public cloud: the universe of credentials and clients that were told of none.
pub(crate) const GOOGLE: &str = "googleapis.com";

/// The project that quota and billing are counted for.
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

    /// `Authorization: Bearer …`
    ///
    /// # Errors
    /// If the token has characters that a header cannot hold.
    pub fn bearer(token: &str) -> Result<Self> {
        AuthHeaders::none().with(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// The same with one more header.
    ///
    /// # Errors
    /// If the value has characters that a header cannot hold; the message does not show it.
    pub fn with(mut self, name: HeaderName, value: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Error::credentials(format!("the credentials have characters that `{name}` cannot hold"))
        })?;
        value.set_sensitive(true);
        self.headers.push((name, value));
        Ok(self)
    }

    /// The same, known to be of that universe of Google's cloud: a client of another one does not send them.
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

    /// The universe that they are of, if that is known: `googleapis.com`.
    #[must_use]
    pub fn universe_domain(&self) -> Option<&str> {
        self.universe.as_deref()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// Whether a header of this name comes from here and not from the client's own: all that are here but the quota
    /// project, which the program may have named.
    pub(crate) fn wins(&self, name: &HeaderName, own: &HeaderMap) -> bool {
        self.iter().any(|(other, _)| other == name) && !(name == QUOTA_PROJECT && own.contains_key(name))
    }

    /// Adds them to the client's own headers.
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

/// Gives the headers that authorize a request.
///
/// The client asks before each HTTP request, so an implementation keeps what it has and renews it in time. After a 401
/// it is told which headers were `rejected`: when they are still the ones it would give, it gets new ones; when they
/// are not, another task has renewed them already and the current ones are returned. So many waiters renew once.
/// An implementation that cannot renew returns what it has; the client then gives the 401 to the caller. A failure that
/// passes is made by [`Error::credentials_transient`]: the client then asks again, as its policy allows.
pub trait Credentials: Send + Sync {
    /// The headers for a request that needs one of these scopes.
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

/// Credentials that never change: an API key, a token that somebody else made, or none.
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

/// Makes the struct, its constructor's home and a `Debug` that says nothing.
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
    /// An API key, sent as the `X-Goog-Api-Key` header and so never part of a URL.
    ///
    /// ```
    /// let key = gapis_runtime::ApiKey::new("secret");
    /// assert_eq!(format!("{key:?}"), "ApiKey(…)");
    /// ```
    ApiKey
}

fixed! {
    /// An access token that somebody else made and renews.
    ///
    /// ```
    /// let token = gapis_runtime::BearerToken::new("secret");
    /// assert_eq!(format!("{token:?}"), "BearerToken(…)");
    /// ```
    BearerToken
}

fixed! {
    /// No credentials at all: emulators, public data.
    Anonymous
}

impl ApiKey {
    /// From the key's text.
    #[must_use]
    pub fn new(key: &str) -> Self {
        ApiKey(Fixed(AuthHeaders::none().with(HeaderName::from_static("x-goog-api-key"), key)))
    }
}

impl BearerToken {
    /// From the token's text.
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
