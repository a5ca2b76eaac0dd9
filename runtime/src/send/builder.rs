//! What a client is told before it exists.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue, USER_AGENT};

use crate::send::client::{Client, Shared};
use crate::send::credentials::{Anonymous, Credentials, QUOTA_PROJECT};
use crate::send::endpoint::Endpoints;
use crate::send::observe::Observer;
use crate::send::retry::{RetryBudget, RetryPolicy};
use crate::send::transport::{Reqwest, Settings, Transport};
use crate::wire::spec::ApiSpec;
use crate::{Error, Result};

/// What a [`Builder`] can build: a [`Client`], or a service with a client of its own.
pub trait FromClient {
    /// From the client that was built.
    fn from_client(client: Client) -> Self;

    /// The API whose endpoints must be known when it is built; none where the client may serve any.
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
    /// A builder for a client that serves any API.
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

/// How long an attempt may take: longer than the clients for other languages wait (Java 20 seconds, Python 60, .NET 100),
/// and a fifth of the time in which a call may be attempted, so that one that hangs is sent again.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Builds a [`Client`] or a service with a client of its own.
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
            timeout: Some(TIMEOUT),
            max_response: 1 << 30,
            observer: None,
            batch_fallback: None,
            request_ids: true,
            built: PhantomData,
        }
    }

    /// What proves who is calling.
    pub fn credentials(mut self, credentials: impl Credentials + 'static) -> Self {
        self.credentials = Some(Arc::new(credentials));
        self
    }

    /// Says that calls go out without credentials: emulators, public data.
    pub fn anonymous(self) -> Self {
        self.credentials(Anonymous::new())
    }

    /// The scopes to ask the credentials for, in place of a smallest set that covers all of the API's methods.
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        self
    }

    /// Where calls go in place of the API's own host: an emulator, a mock server, a proxy, a private endpoint.
    /// `http://127.0.0.1:8080` or `https://host/`; a path is kept. It wins over [`region`](Builder::region),
    /// [`universe_domain`](Builder::universe_domain) and [`mtls`](Builder::mtls).
    pub fn endpoint(mut self, url: &str) -> Self {
        self.endpoints.fixed = Some(url.to_owned());
        self
    }

    /// Whether media of APIs that serve it below `/download/` is asked for there, and not at the method's own path with
    /// `alt=media`. By default it is at Google's own hosts, and not at another [`endpoint`](Builder::endpoint), since most
    /// emulators do not know that path.
    pub fn download_path(mut self, below_download: bool) -> Self {
        self.endpoints.download_path = Some(below_download);
        self
    }

    /// Another place that a server may send a resumable upload to: `https://uploads.example.com`, or with a port. Several
    /// calls add to each other.
    ///
    /// Google's servers keep an upload at the host where it began, so by default a session at any other scheme, host or
    /// port is an error: credentials and media would go there. A proxy or emulator that names itself otherwise than the
    /// [`endpoint`](Builder::endpoint) is called needs this.
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

    /// The location whose endpoint calls go to, of those that the discovery document names: `europe-west3`.
    ///
    /// A service that has no endpoint there is not built, and the error names the locations that it has. A [`Client`]
    /// may serve several APIs: a call of one that has no endpoint there is an error before anything is sent, as data
    /// that has to stay in a place must not go to another.
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

    /// The domain of another universe of Google's cloud, in place of `googleapis.com` in the hosts that calls go to.
    ///
    /// Credentials that know their universe, as application default ones do, must be of the same: otherwise each call
    /// fails before it is sent. Of a token from elsewhere only its issuer knows that. No environment variable is read.
    pub fn universe_domain(mut self, domain: &str) -> Self {
        self.endpoints.universe = Some(domain.to_owned());
        self
    }

    /// Sends calls to the endpoints for mutual TLS. The identity is what
    /// [`identity`](Builder::identity) was given, or that of the client given to `http_client` (feature `reqwest`). An API without such an endpoint is an error, as with
    /// [`region`](Builder::region), which cannot be combined with this.
    pub fn mtls(mut self) -> Self {
        self.endpoints.mtls = true;
        self
    }

    /// The project that quota and billing are counted for, sent as `X-Goog-User-Project`.
    pub fn quota_project(mut self, project: &str) -> Self {
        self.headers.push((HeaderName::from_static(QUOTA_PROJECT), project.to_owned()));
        self
    }

    /// Put before this library's own name in the `User-Agent` header: `my-program/1.0`.
    pub fn user_agent(mut self, name: &str) -> Self {
        self.user_agent = Some(name.to_owned());
        self
    }

    /// When calls are sent again; [`RetryPolicy::none`] for never.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How many HTTP requests may be sent again before some succeed: keeps an outage from being amplified. Default 100;
    /// each success gives a tenth of one back.
    pub fn retry_budget(mut self, requests: u32) -> Self {
        self.budget = requests;
        self
    }

    /// How long one attempt may take. Default 2 minutes, of the 10 that a call may take
    /// [in all](RetryPolicy::with_total_time); what is left of those bounds an attempt too, and alone with `None`. For a batch,
    /// a download, or an upload in one request: how long there may be silence, with `None` for ever.
    pub fn timeout(mut self, after: Option<Duration>) -> Self {
        self.timeout = after;
        self
    }

    /// How many bytes the response to a single call may have, decompressed. Default 1 GiB. Of an error's body no more
    /// than 1 MiB is read.
    pub fn max_response(mut self, bytes: usize) -> Self {
        self.max_response = bytes;
        self
    }

    /// Whether calls of methods that have a parameter `requestId` get a random one where the caller sets none. Default yes.
    ///
    /// By it the server knows a call that it gets again, and executes it once. So such a call is sent again after a failure
    /// that leaves open whether it was executed, each time with the same id, as one is that is idempotent by its verb.
    pub fn request_ids(mut self, fill: bool) -> Self {
        self.request_ids = fill;
        self
    }

    /// Whether the calls of a batch are sent one by one where the server takes no batches: where it answers the first one
    /// with 404, 405 or 501, as many emulators and proxies do. Callbacks, order of barriers, retries and report are the
    /// same, and no more requests are on their way at once than [`with_concurrency`](crate::Batch::with_concurrency) says.
    /// The client remembers it of an API.
    ///
    /// By default such a batch is [refused](Error::is_batch_refused), and only the calls of an API that is known to take no
    /// batches go one by one. With `false` none do.
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

    /// Is told of each HTTP request and each wait, for metrics; see [`Observer`].
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The proxy that all requests go through, `http://host:port`, with user and password if it wants them:
    /// `http://user:password@host:port`. By default the environment says it: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`.
    pub fn proxy(mut self, url: &str) -> Self {
        self.settings.proxy = Some(url.to_owned());
        self
    }

    /// Certificates in PEM, one or more, that are trusted beside the platform's own: of an inspecting proxy, of a private
    /// endpoint. Several calls add to each other.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.roots.push(pem.into());
        self
    }

    /// The client's own certificate, with those between it and its root, and its private key (PKCS #8), all in one PEM: for
    /// [`mtls`](Builder::mtls), or a proxy that asks for it.
    pub fn identity(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.identity = Some(pem.into());
        self
    }

    /// How long a connection may take to be made. Default 30 seconds.
    pub fn connect_timeout(mut self, after: Duration) -> Self {
        self.settings.connect_timeout = Some(after);
        self
    }

    /// With the feature `reqwest`: the caller's own `reqwest` client, with its proxy, TLS settings and pool. Make it without redirects, or
    /// credentials may travel to where a server points; what comes from another host is an error, but only afterwards.
    #[cfg(feature = "reqwest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.transport = Some(Arc::new(Reqwest::with(client)));
        self
    }

    /// Another HTTP stack, or a fake one.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Builds the client, or the service over it. Nothing is sent yet.
    ///
    /// # Errors
    /// If neither credentials nor [`anonymous`](Builder::anonymous) were given, the endpoint is no `http` or `https` URL,
    /// the service has no endpoint in the region or for mutual TLS, [`mtls`](Builder::mtls) came without a client that
    /// has an identity, a certificate or the proxy cannot be used or comes with a client of the caller's own, a header has characters that it cannot hold, or the HTTP client cannot be set up.
    pub fn build(self) -> Result<T> {
        let credentials = self.credentials.ok_or_else(|| {
            Error::input(
                "no credentials were given: call `.credentials(…)`, or `.anonymous()` to send without any",
            )
        })?;
        let endpoints = self.endpoints.checked()?;
        if let Some(api) = T::api() {
            endpoints.root(api)?;
        }
        if self.transport.is_some() && !self.settings.is_empty() {
            return Err(Error::input(
                "proxy, certificates, identity and connect timeout are for the library's own HTTP client: say them to \
                 yours",
            ));
        }
        if endpoints.mtls && self.transport.is_none() && self.settings.identity.is_none() {
            return Err(Error::input(
                "mutual TLS needs an identity: give `.identity(…)` a certificate and its key, or `.http_client(…)` a \
                 client that has one",
            ));
        }
        let mut headers = HeaderMap::new();
        // Google's servers compress for a user agent that says `gzip`.
        let own = concat!("gapis/", env!("CARGO_PKG_VERSION"), " (gzip)");
        let agent = self.user_agent.map_or_else(|| own.to_owned(), |name| format!("{name} {own}"));
        for (name, value) in [(USER_AGENT, agent)].into_iter().chain(self.headers) {
            let value = HeaderValue::from_str(&value).map_err(|_| {
                Error::input(format!("the value given for `{name}` is not one that a header can hold"))
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
        };
        Ok(T::from_client(Client::new(shared, credentials)))
    }
}

impl<T> std::fmt::Debug for Builder<T> {
    /// Neither credentials, nor what was not checked yet and may hold some.
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
