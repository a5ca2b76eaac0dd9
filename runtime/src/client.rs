//! The client: connections, credentials and policies, shared by its clones and by the services of several APIs.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method as Verb};

use crate::credentials::{Anonymous, AuthHeaders, Credentials, QUOTA_PROJECT};
use crate::request::Request;
use crate::retry::{Attempts, RetryBudget, RetryPolicy, Verdict, judge};
use crate::spec::ApiSpec;
use crate::trace::Span;
use crate::transport::{HttpRequest, HttpResponse, Reqwest, Transport};
use crate::{Api, Error, RawResponse, Result, rt};

/// What sends calls. Clones are cheap and share everything: connections, credentials, retry budget, and what was learned
/// of the servers' limits. One client can serve several APIs.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Arc<dyn Transport>,
    credentials: Arc<dyn Credentials>,
    scopes: Option<Vec<String>>,
    endpoint: Option<String>,
    headers: HeaderMap,
    policy: RetryPolicy,
    budget: RetryBudget,
    timeout: Option<Duration>,
    max_response: usize,
    /// How many calls a batch may carry, where a server said less than the table: by API, since most have the same path.
    learned: Mutex<HashMap<[&'static str; 2], usize>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.0.endpoint)
            .field("retry", &self.0.policy)
            .finish_non_exhaustive()
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

    pub(crate) fn is_same(&self, other: &Client) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Scheme and host that calls of this API go to, ending in `/`.
    pub(crate) fn root<'a>(&'a self, api: &'a ApiSpec) -> &'a str {
        self.0.endpoint.as_deref().unwrap_or(api.root_url)
    }

    pub(crate) fn policy(&self) -> &RetryPolicy {
        &self.0.policy
    }

    pub(crate) fn budget(&self) -> &RetryBudget {
        &self.0.budget
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.0.timeout
    }

    /// Headers that every HTTP request of this client carries: user agent, quota project.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.transport
    }

    /// How many calls one batch of this API may carry by its server's word.
    pub(crate) fn learned_batch_calls(&self, api: &'static ApiSpec) -> usize {
        let learned = self.0.learned.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        learned.get(&[api.root_url, api.batch_path]).copied().unwrap_or(usize::MAX)
    }

    /// Remembers that the server takes no more calls than this in one batch.
    pub(crate) fn learn_batch_calls(&self, api: &'static ApiSpec, calls: usize) {
        let mut learned = self.0.learned.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Two batches may learn at once; the stricter word counts.
        let known = learned.entry([api.root_url, api.batch_path]).or_insert(usize::MAX);
        *known = calls.clamp(1, *known);
    }

    /// The headers that authorise a request to this API.
    pub(crate) async fn authorise(
        &self,
        api: &ApiSpec,
        rejected: Option<&AuthHeaders>,
    ) -> Result<AuthHeaders> {
        match &self.0.scopes {
            Some(own) => {
                let own: Vec<&str> = own.iter().map(String::as_str).collect();
                self.0.credentials.headers(&own, rejected).await
            }
            None => self.0.credentials.headers(api.scopes, rejected).await,
        }
    }

    /// Sends a call by itself: the attempts, the waits between them and the credentials' renewal.
    pub(crate) async fn send(self, request: Request) -> Result<RawResponse> {
        request.check()?;
        let span = Span::call(request.id(), request.verb());
        span.around(self.send_attempts(request)).await
    }

    async fn send_attempts(self, request: Request) -> Result<RawResponse> {
        let mut tries = Tries::new(&request);
        loop {
            let auth = tries.authorise().await?;
            let error = match self.attempt(&request, &auth).await {
                Ok(response) if response.status.is_success() => {
                    self.0.budget.refund();
                    return Ok(response);
                }
                Ok(response) => Error::from_response(response),
                Err(error) => error,
            };
            tries.failed(error, auth, request.is_idempotent()).await?;
        }
    }

    /// One HTTP request and its response, read completely.
    async fn attempt(&self, request: &Request, auth: &AuthHeaders) -> Result<RawResponse> {
        let after = self.timeout_of(request);
        let exchange = async {
            let response = self.0.transport.send(self.http_request(request, auth)?).await?;
            read(response, self.0.max_response).await
        };
        match rt::timeout(after, exchange).await {
            Some(result) => result,
            None => Err(Error::timeout("the call", after.unwrap_or_default())),
        }
    }

    /// How long one attempt of a call may take.
    pub(crate) fn timeout_of(&self, request: &Request) -> Option<Duration> {
        request.options().timeout.or(self.0.timeout)
    }

    /// The headers of every request: the client's own and those that authorise.
    pub(crate) fn common_headers(&self, auth: &AuthHeaders) -> HeaderMap {
        let mut headers = self.0.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        auth.put(&mut headers);
        headers
    }

    pub(crate) fn http_request(&self, request: &Request, auth: &AuthHeaders) -> Result<HttpRequest> {
        let mut headers = self.common_headers(auth);
        let mut body = Bytes::new();
        if let Some((content_type, bytes)) = request.body() {
            let value = HeaderValue::from_str(content_type).map_err(|_| {
                Error::input(format!("{}: not a content type: {content_type:?}", request.id()))
            })?;
            headers.insert(CONTENT_TYPE, value);
            body = bytes.clone();
        }
        for (name, value) in request.headers() {
            headers.insert(name, value.clone());
        }
        let verb = Verb::from_bytes(request.verb().as_bytes())
            .map_err(|_| Error::input(format!("{}: not a verb: {:?}", request.id(), request.verb())))?;
        let mut url = self.root(request.api()).to_owned();
        request.push_target(&mut url);
        Ok(HttpRequest { method: verb, url, headers, body: body.into() })
    }

    /// Reads a response that is no media.
    pub(crate) async fn read(&self, response: HttpResponse) -> Result<RawResponse> {
        read(response, self.0.max_response).await
    }

    /// How many bytes are read into memory at most.
    pub(crate) fn max_response(&self) -> usize {
        self.0.max_response
    }
}

/// The attempts at one thing, a call or the next piece of media: credentials and their renewal, waits, and the budget.
pub(crate) struct Tries {
    client: Client,
    api: &'static ApiSpec,
    attempts: Attempts,
    rejected: Option<(AuthHeaders, Error)>,
}

impl Tries {
    pub(crate) fn new(request: &Request) -> Self {
        let client = request.client().clone();
        let policy = request.options().retry.as_ref().unwrap_or(client.policy()).clone();
        Tries { client, api: request.api(), attempts: Attempts::new(policy), rejected: None }
    }

    /// The headers for the next attempt.
    ///
    /// # Errors
    /// If there are none, or the last were rejected and there are no others.
    pub(crate) async fn authorise(&self) -> Result<AuthHeaders> {
        let rejected = self.rejected.as_ref();
        let auth = self.client.authorise(self.api, rejected.map(|(headers, _)| headers)).await?;
        match rejected {
            Some((headers, error)) if *headers == auth => Err(error.clone()),
            _ => Ok(auth),
        }
    }

    /// Waits until the next attempt may begin.
    ///
    /// # Errors
    /// The same error, if there is to be none.
    pub(crate) async fn failed(&mut self, error: Error, auth: AuthHeaders, idempotent: bool) -> Result<()> {
        match judge(&error, idempotent) {
            Verdict::Refresh if self.rejected.is_none() => {
                self.rejected = Some((auth, error));
                Ok(())
            }
            Verdict::Retry { after, .. } => self.again(error, after).await,
            _ => Err(error),
        }
    }

    /// The same for a failure that is known to pass.
    pub(crate) async fn again(&mut self, error: Error, after: Option<Duration>) -> Result<()> {
        match self.attempts.next(after) {
            Some(wait) if self.client.budget().take() => {
                Span::retry(1, wait, Some(&error)).around(rt::sleep(wait)).await;
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Something was achieved: attempts and renewals count anew, as long media outlives many tokens.
    pub(crate) fn progressed(&mut self) {
        self.client.budget().refund();
        self.attempts.restart();
        self.rejected = None;
    }
}

/// Reads a body completely, unless it is larger than the client was told to take.
async fn read(mut response: HttpResponse, max: usize) -> Result<RawResponse> {
    let mut body = BytesMut::new();
    let mut first = None;
    while let Some(chunk) = response.body.next().await {
        let chunk = chunk?;
        let read = body.len() + first.as_ref().map_or(0, Bytes::len) + chunk.len();
        if read > max {
            return Err(Error::protocol(format!("the response is larger than {max} bytes")));
        }
        // Most bodies come in one chunk, which is then the body without being copied.
        match first.take() {
            None if body.is_empty() => first = Some(chunk),
            Some(before) => {
                body.extend_from_slice(&before);
                body.extend_from_slice(&chunk);
            }
            None => body.extend_from_slice(&chunk),
        }
    }
    let body = first.unwrap_or_else(|| body.freeze());
    Ok(RawResponse::new(response.status, response.headers, body))
}

/// What a [`Builder`] can build: a [`Client`], or a service with a client of its own.
pub trait FromClient {
    /// From the client that was built.
    fn from_client(client: Client) -> Self;
}

impl FromClient for Client {
    fn from_client(client: Client) -> Self {
        client
    }
}

impl<A: Api> FromClient for A {
    fn from_client(client: Client) -> Self {
        A::new(&client)
    }
}

/// Builds a [`Client`] or a service with a client of its own.
#[must_use = "a builder does nothing until `build`"]
pub struct Builder<T> {
    transport: Option<Arc<dyn Transport>>,
    credentials: Option<Arc<dyn Credentials>>,
    scopes: Option<Vec<String>>,
    endpoint: Option<String>,
    headers: Vec<(HeaderName, String)>,
    user_agent: Option<String>,
    policy: RetryPolicy,
    budget: u32,
    timeout: Option<Duration>,
    max_response: usize,
    built: PhantomData<fn() -> T>,
}

impl<T: FromClient> Builder<T> {
    #[doc(hidden)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Builder {
            transport: None,
            credentials: None,
            scopes: None,
            endpoint: None,
            headers: Vec::new(),
            user_agent: None,
            policy: RetryPolicy::default(),
            budget: 100,
            timeout: Some(Duration::from_secs(300)),
            max_response: 1 << 30,
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

    /// Where calls go in place of the API's own host: an emulator, a mock server, a regional or private endpoint.
    /// `http://127.0.0.1:8080` or `https://host/`; a path is kept.
    pub fn endpoint(mut self, url: &str) -> Self {
        self.endpoint = Some(url.to_owned());
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

    /// How long one attempt may take, `None` for ever. Default 5 minutes. For a batch: how long the server may be silent.
    pub fn timeout(mut self, after: Option<Duration>) -> Self {
        self.timeout = after;
        self
    }

    /// How many bytes the response to a single call may have, decompressed. Default 1 GiB.
    pub fn max_response(mut self, bytes: usize) -> Self {
        self.max_response = bytes;
        self
    }

    /// The caller's own `reqwest` client, with its proxy, TLS settings and pool. Make it without redirects, or
    /// credentials may travel to where a server points.
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
    /// a header has characters that it cannot hold, or the HTTP client cannot be set up.
    pub fn build(self) -> Result<T> {
        let credentials = self.credentials.ok_or_else(|| {
            Error::input(
                "no credentials were given: call `.credentials(…)`, or `.anonymous()` to send without any",
            )
        })?;
        let endpoint = self.endpoint.map(|url| normal_endpoint(&url)).transpose()?;
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
            None => Arc::new(Reqwest::new()?),
        };
        Ok(T::from_client(Client(Arc::new(Inner {
            transport,
            credentials,
            scopes: self.scopes,
            endpoint,
            headers,
            policy: self.policy,
            budget: RetryBudget::new(self.budget),
            timeout: self.timeout,
            max_response: self.max_response,
            learned: Mutex::default(),
        }))))
    }
}

/// The endpoint with a `/` at its end, if it is one.
fn normal_endpoint(url: &str) -> Result<String> {
    let uri: http::Uri = url.parse().map_err(|e| Error::input(format!("the endpoint is not a URL: {e}")))?;
    let scheme = uri.scheme_str().unwrap_or_default();
    let plain = uri.query().is_none() && uri.authority().is_some_and(|host| !host.as_str().contains('@'));
    if !matches!(scheme, "http" | "https") || !plain {
        return Err(Error::input(
            "the endpoint is not `http://host/` or `https://host/`, without user and query",
        ));
    }
    Ok(format!("{}/", url.trim_end_matches('/')))
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
    fn endpoints_are_checked() {
        assert_eq!(normal_endpoint("http://127.0.0.1:80").unwrap(), "http://127.0.0.1:80/");
        assert_eq!(normal_endpoint("https://h/base/").unwrap(), "https://h/base/");
        for bad in ["", "127.0.0.1", "ftp://h/", "https://u:p@h/", "https://h/?key=1", "https://h h/"] {
            assert!(
                normal_endpoint(bad).is_err_and(|e| e.is_input() && !e.to_string().contains("u:p")),
                "{bad}"
            );
        }
    }
}
