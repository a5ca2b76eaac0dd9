//! The builder for clients.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue, USER_AGENT};

use crate::send::client::{Client, Shared};
use crate::send::credentials::{Anonymous, Credentials, QUOTA_PROJECT};
use crate::send::endpoint::Endpoints;
use crate::send::governor::Governor;
use crate::send::observe::Observer;
use crate::send::retry::{RetryBudget, RetryPolicy};
use crate::send::transport::{Reqwest, Settings, Transport};
use crate::wire::spec::ApiSpec;
use crate::{Error, Result};

/// What a [`Builder`] can build: a [`Client`], or a service with its own client.
pub trait FromClient {
    /// Converts the client that was built.
    fn from_client(client: Client) -> Self;

    /// The API whose endpoint must exist when the value is built; `None` for a client that may serve any API.
    #[doc(hidden)]
    fn api() -> Option<&'static ApiSpec>;
}

impl FromClient for Client {
    fn from_client(client: Client) -> Self {
        client
    }

    fn api() -> Option<&'static ApiSpec> {
        None
    }
}

impl Client {
    /// Returns a builder for a client that can serve any API.
    ///
    /// ```
    /// use gapis_runtime::{Client, BearerToken};
    ///
    /// let client = Client::builder().credentials(BearerToken::new("token")).build()?;
    /// # Ok::<(), gapis_runtime::Error>(())
    /// ```
    pub fn builder() -> Builder<Client> {
        Builder::new()
    }
}

/// How long an attempt may take. This is longer than clients for other languages wait (Java 20 seconds, Python 60,
/// .NET 100), and a fifth of the time limit for a whole call, so that an attempt that hangs is repeated.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Builds a [`Client`], or a service with its own client.
#[must_use = "a builder does nothing until `build`"]
pub struct Builder<T> {
    transport: Option<Arc<dyn Transport>>,
    settings: Settings,
    credentials: Option<Arc<dyn Credentials>>,
    scopes: Option<Vec<String>>,
    endpoints: Endpoints,
    headers: Vec<(HeaderName, String)>,
    user_agent: Option<String>,
    policy: RetryPolicy,
    budget: u32,
    timeout: Option<Duration>,
    max_response: usize,
    observer: Option<Arc<dyn Observer>>,
    batch_fallback: Option<bool>,
    request_ids: bool,
    governor: Governor,
    built: PhantomData<fn() -> T>,
}

impl<T: FromClient> Builder<T> {
    #[doc(hidden)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Builder {
            transport: None,
            settings: Settings::default(),
            credentials: None,
            scopes: None,
            endpoints: Endpoints::default(),
            headers: Vec::new(),
            user_agent: None,
            policy: RetryPolicy::default(),
            budget: 100,
            governor: Governor::new(),
            timeout: Some(TIMEOUT),
            max_response: 1 << 30,
            observer: None,
            batch_fallback: None,
            request_ids: true,
            built: PhantomData,
        }
    }

    /// Sets the credentials.
    pub fn credentials(mut self, credentials: impl Credentials + 'static) -> Self {
        self.credentials = Some(Arc::new(credentials));
        self
    }

    /// Sends calls without credentials, for emulators and public data.
    pub fn anonymous(self) -> Self {
        self.credentials(Anonymous::new())
    }

    /// Sets the scopes to request from the credentials. By default, a minimal set that covers all methods of the API.
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        self
    }

    /// Sends calls to this URL instead of the API's own host: an emulator, a mock server, a proxy, a private endpoint.
    ///
    /// The URL has the form `http://127.0.0.1:8080` or `https://host/`; a path is kept. It takes precedence over
    /// [`region`](Builder::region), [`universe_domain`](Builder::universe_domain) and [`mtls`](Builder::mtls).
    pub fn endpoint(mut self, url: &str) -> Self {
        self.endpoints.fixed = Some(url.to_owned());
        self
    }

    /// Whether to download media below `/download/` if the API serves it there, instead of from the method's own path
    /// with `alt=media`. The default is true for Google's own hosts and false for another
    /// [`endpoint`](Builder::endpoint), because most emulators do not support that path.
    pub fn download_path(mut self, below_download: bool) -> Self {
        self.endpoints.download_path = Some(below_download);
        self
    }

    /// Allows sessions of resumable uploads at another scheme, host and port: `https://uploads.example.com`. Can be called
    /// several times.
    ///
    /// Requests to a session carry media and credentials, so a session must be at the host where the upload started, as it
    /// is with Google's servers. A proxy or an emulator may return URLs with another name of its own; allow that name.
    ///
    /// ```
    /// use gapis_runtime::Client;
    ///
    /// let client = Client::builder()
    ///     .anonymous()
    ///     .endpoint("http://localhost:4443")
    ///     .upload_origin("http://0.0.0.0:4443")
    ///     .build()?;
    /// # Ok::<(), gapis_runtime::Error>(())
    /// ```
    pub fn upload_origin(mut self, url: &str) -> Self {
        self.endpoints.upload_origins.push(url.to_owned());
        self
    }

    /// Sends calls to the endpoint in this location, one of those in the discovery document: `europe-west3`.
    ///
    /// A service without an endpoint there cannot be built; the error lists the locations of its endpoints. A
    /// [`Client`] may serve several APIs. A call of an API without an endpoint in the location fails before anything
    /// is sent, because data that must stay in one location must not be sent to another.
    ///
    /// ```
    /// use gapis_runtime::Client;
    ///
    /// let client = Client::builder().anonymous().region("europe-west3").build()?;
    /// # Ok::<(), gapis_runtime::Error>(())
    /// ```
    pub fn region(mut self, location: &str) -> Self {
        self.endpoints.region = Some(location.to_owned());
        self
    }

    /// Replaces `googleapis.com` in the hosts of the API with the domain of another universe of Google Cloud.
    ///
    /// Credentials that know their universe, such as application default credentials, must belong to the same one;
    /// otherwise each call fails before it is sent. The universe of other tokens is not checked. No environment
    /// variable is read.
    pub fn universe_domain(mut self, domain: &str) -> Self {
        self.endpoints.universe = Some(domain.to_owned());
        self
    }

    /// Sends calls to the endpoints for mutual TLS.
    ///
    /// The client certificate is the one given to [`identity`](Builder::identity), or that of the client given to
    /// `http_client` (feature `reqwest`). An API without such an endpoint causes the same errors as with
    /// [`region`](Builder::region), which cannot be combined with this option.
    pub fn mtls(mut self) -> Self {
        self.endpoints.mtls = true;
        self
    }

    /// Sets the project that is charged for quota and billing, sent as `X-Goog-User-Project`.
    pub fn quota_project(mut self, project: &str) -> Self {
        self.headers.push((HeaderName::from_static(QUOTA_PROJECT), project.to_owned()));
        self
    }

    /// Sets the text that precedes this library's name in the `User-Agent` header: `my-program/1.0`.
    pub fn user_agent(mut self, name: &str) -> Self {
        self.user_agent = Some(name.to_owned());
        self
    }

    /// Sets when calls are sent again; [`RetryPolicy::none`] for never.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how many calls may be sent again before others succeed, so that retries do not make the trouble of a server
    /// worse. Default: 100. Each success adds a tenth of a call to the budget, up to this number. The calls of a batch
    /// whose request failed as a whole, such as by a broken connection, count as one. Those that the server refused
    /// without looking at them, because there were too many or it was down, are not counted.
    pub fn retry_budget(mut self, calls: u32) -> Self {
        self.budget = calls;
        self
    }

    /// Sets what keeps calls of batches, dispatchers and runs within quotas. By default, each client has its own; several
    /// clients may share one.
    pub fn governor(mut self, governor: Governor) -> Self {
        self.governor = governor;
        self
    }

    /// Sets how long one attempt may take. Default: 2 minutes.
    ///
    /// An attempt is also limited by the time that is left for [all attempts](RetryPolicy::with_total_time), by
    /// default 10 minutes. With `None` this is the only limit. For a batch, a download, or an upload in one request,
    /// the timeout limits how long the connection may be idle; with `None` there is no limit.
    pub fn timeout(mut self, after: Option<Duration>) -> Self {
        self.timeout = after;
        self
    }

    /// Sets the maximum size in bytes of the response to a single call, after decompression. Default: 1 GiB. At most 1
    /// MiB of an error's body is read.
    pub fn max_response(mut self, bytes: usize) -> Self {
        self.max_response = bytes;
        self
    }

    /// Whether the library sets a random `requestId` in calls of methods that have this parameter, if the caller does
    /// not. Default: true.
    ///
    /// The server uses the id to recognize a repeated call and executes it once. So the library can send such a call
    /// again after a failure that leaves open whether it was executed, like a call with an idempotent verb. Each
    /// attempt has the same id.
    pub fn request_ids(mut self, fill: bool) -> Self {
        self.request_ids = fill;
        self
    }

    /// Whether the calls of a batch are sent one by one if the server does not support batches, that is, if it
    /// responds to the first batch with 404, 405 or 501, as many emulators and proxies do.
    ///
    /// Callbacks, the order around barriers, retries and the report stay the same, and at most
    /// [`with_concurrency`](crate::Batch::with_concurrency) requests run at once. The client remembers which APIs do
    /// not support batches.
    ///
    /// By default such a batch [fails](Error::is_batch_refused), and calls are sent one by one only for APIs that are
    /// known to have no batch endpoint. With `false`, they never are.
    ///
    /// ```
    /// use gapis_runtime::Client;
    ///
    /// let client = Client::builder().anonymous().endpoint("http://127.0.0.1:8080").batch_fallback(true).build()?;
    /// # Ok::<(), gapis_runtime::Error>(())
    /// ```
    pub fn batch_fallback(mut self, one_by_one: bool) -> Self {
        self.batch_fallback = Some(one_by_one);
        self
    }

    /// Sets an observer that is notified of each HTTP request and each wait, for metrics; see [`Observer`].
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Sends all requests through a proxy: `http://host:port`, or `http://user:password@host:port`. By default the
    /// environment variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` apply.
    pub fn proxy(mut self, url: &str) -> Self {
        self.settings.proxy = Some(url.to_owned());
        self
    }

    /// Trusts these certificates (one or more, in PEM) in addition to the platform's, for example those of an
    /// inspecting proxy or a private endpoint. Several calls add up.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.roots.push(pem.into());
        self
    }

    /// Sets the client's own certificate, any intermediate certificates, and its private key (PKCS #8), all in one PEM
    /// text. It is used for [`mtls`](Builder::mtls), or for a proxy that requests it.
    pub fn identity(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.identity = Some(pem.into());
        self
    }

    /// Sets how long it may take to establish a connection. Default: 30 seconds.
    pub fn connect_timeout(mut self, after: Duration) -> Self {
        self.settings.connect_timeout = Some(after);
        self
    }

    /// Uses the caller's own `reqwest` client, with its proxy, TLS settings and connection pool (feature `reqwest`).
    ///
    /// Build it with redirects disabled. Otherwise credentials may be sent to another host; the library can detect a
    /// response from another host only afterwards, and makes it an error.
    #[cfg(feature = "reqwest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.transport = Some(Arc::new(Reqwest::with(client)));
        self
    }

    /// Uses another HTTP stack, or a fake.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Builds the client, or the service with its client. Nothing is sent.
    ///
    /// # Errors
    /// - If neither credentials nor [`anonymous`](Builder::anonymous) were set
    /// - If the endpoint is not an `http` or `https` URL
    /// - If the service has no endpoint in the region or for mutual TLS
    /// - If [`mtls`](Builder::mtls) was set without a client certificate
    /// - If a certificate or the proxy cannot be used, or was combined with a client or a transport of the caller's
    ///   own
    /// - If a value has characters that are not allowed in a header
    /// - If the HTTP client cannot be set up
    pub fn build(self) -> Result<T> {
        let credentials = self.credentials.ok_or_else(|| {
            Error::input(
                "no credentials were set: call `.credentials(…)`, or `.anonymous()` to send calls without credentials",
            )
        })?;
        let endpoints = self.endpoints.checked()?;
        if let Some(api) = T::api() {
            endpoints.root(api)?;
        }
        if self.transport.is_some() && !self.settings.is_empty() {
            return Err(Error::input(
                "proxy, certificates, identity and connect timeout apply to the library's own HTTP client only: set \
                 them in your client or transport",
            ));
        }
        if endpoints.mtls && self.transport.is_none() && self.settings.identity.is_none() {
            return Err(Error::input(
                "mutual TLS needs a client certificate: call `.identity(…)` with a certificate and its key, or \
                 `.http_client(…)` with a client that has one",
            ));
        }
        let mut headers = HeaderMap::new();
        // Google's servers compress responses only if the user agent contains `gzip`.
        let own = concat!("gapis/", env!("CARGO_PKG_VERSION"), " (gzip)");
        let agent = self.user_agent.map_or_else(|| own.to_owned(), |name| format!("{name} {own}"));
        for (name, value) in [(USER_AGENT, agent)].into_iter().chain(self.headers) {
            let value = HeaderValue::from_str(&value).map_err(|_| {
                Error::input(format!(
                    "the value set for `{name}` has characters that are not allowed in a header"
                ))
            })?;
            headers.insert(name, value);
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(Reqwest::new(&self.settings)?),
        };
        let shared = Shared {
            transport,
            scopes: self.scopes,
            endpoints,
            headers,
            policy: self.policy,
            budget: RetryBudget::new(self.budget),
            timeout: self.timeout,
            max_response: self.max_response,
            observer: self.observer,
            batch_fallback: self.batch_fallback,
            request_ids: self.request_ids,
            learned: Mutex::default(),
            governor: self.governor,
        };
        Ok(T::from_client(Client::new(shared, credentials)))
    }
}

impl<T> std::fmt::Debug for Builder<T> {
    /// Omits the credentials and everything that was not checked and may contain secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("retry", &self.policy)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn building_without_credentials_is_an_error() {
        let error = Client::builder().build().unwrap_err();
        assert!(error.is_input() && error.to_string().contains(".anonymous()"), "{error}");
        assert!(Client::builder().anonymous().build().is_ok());
    }

    #[test]
    fn mutual_tls_without_an_identity_is_an_error() {
        let error = Client::builder().anonymous().mtls().build().unwrap_err();
        assert!(error.is_input() && error.to_string().contains(".http_client("), "{error}");
        let error = Client::builder().anonymous().mtls().region("north").build().unwrap_err();
        assert!(error.is_input() && error.to_string().contains(".region("), "{error}");
    }
}
