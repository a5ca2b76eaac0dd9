//! The client: connections, credentials and policies, shared by its clones and by the services of several APIs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::{ACCEPT, HeaderValue};

use crate::send::credentials::{AuthHeaders, Credentials};
use crate::send::endpoint::Endpoints;
use crate::send::gzip;
use crate::send::observe::Observer;
use crate::send::retry::{RetryBudget, RetryPolicy};
use crate::send::rt;
use crate::send::transport::{BodyStream, HttpResponse, Transport};
use crate::wire::spec::ApiSpec;
use crate::{Error, RawResponse, Result};

/// What sends calls. Clones are cheap and share everything: connections, credentials, retry budget, and what was learned
/// of the servers' limits. One client can serve several APIs.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    credentials: Arc<dyn Credentials>,
}

/// What clients share that differ in their credentials alone.
pub(super) struct Shared {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) endpoints: Endpoints,
    pub(super) headers: HeaderMap,
    pub(super) policy: RetryPolicy,
    pub(super) budget: RetryBudget,
    pub(super) timeout: Option<Duration>,
    pub(super) max_response: usize,
    pub(super) observer: Option<Arc<dyn Observer>>,
    pub(super) request_ids: bool,
    /// Whether the calls of a batch are sent one by one where the server takes no batches.
    pub(super) batch_fallback: Option<bool>,
    /// How many calls a batch may carry, where a server said less than the table: by API, since most have the same path.
    /// None where it has no place for batches.
    pub(super) learned: Mutex<HashMap<[&'static str; 2], usize>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("endpoints", &self.shared.endpoints)
            .field("retry", &self.shared.policy)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client of what its builder was told.
    pub(super) fn new(shared: Shared, credentials: Arc<dyn Credentials>) -> Client {
        Client { shared: Arc::new(shared), credentials }
    }

    /// The same client with other credentials. Connections, policies, the retry budget and what was learned of servers'
    /// limits are shared, so that one can be made for each of thousands of users.
    ///
    /// ```
    /// use gapis_runtime::{BearerToken, Client};
    ///
    /// let client = Client::builder().credentials(BearerToken::new("one")).build()?;
    /// let other = client.with_credentials(BearerToken::new("another"));
    /// # let _ = other;
    /// # Ok::<(), gapis_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn with_credentials(&self, credentials: impl Credentials + 'static) -> Client {
        Client { shared: Arc::clone(&self.shared), credentials: Arc::new(credentials) }
    }

    pub(crate) fn is_same(&self, other: &Client) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared) && Arc::ptr_eq(&self.credentials, &other.credentials)
    }

    /// Scheme and host that calls of this API go to, ending in `/`.
    ///
    /// # Errors
    /// If the client was told of a place that the API does not have.
    pub(crate) fn root(&self, api: &ApiSpec) -> Result<Cow<'_, str>> {
        self.shared.endpoints.root(api)
    }

    /// Whether the client's credentials may go to an address that an answer of this API named.
    ///
    /// # Errors
    /// If they may not. The message shows the host only.
    pub(crate) fn check_link(&self, api: &ApiSpec, url: &url::Url) -> Result<()> {
        self.shared.endpoints.check_link(api, url)
    }

    /// Whether the pieces of an upload that began at `base` may go to that address.
    ///
    /// # Errors
    /// If they may not. The message shows the hosts only.
    pub(crate) fn check_upload(&self, address: &url::Url, base: &url::Url) -> Result<()> {
        self.shared.endpoints.check_upload(address, base)
    }

    /// Whether media is asked for below `/download/`, where the API serves it there.
    pub(crate) fn has_download_path(&self) -> bool {
        self.shared.endpoints.has_download_path()
    }

    /// Whether calls get an id by which the server knows them if it gets them again.
    pub(crate) fn fills_request_ids(&self) -> bool {
        self.shared.request_ids
    }

    pub(crate) fn policy(&self) -> &RetryPolicy {
        &self.shared.policy
    }

    pub(crate) fn budget(&self) -> &RetryBudget {
        &self.shared.budget
    }

    /// Headers that every HTTP request of this client carries: user agent, quota project.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.shared.headers
    }

    /// What requests are sent by. All go through `Watch::send`, so that they are seen.
    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.shared.transport
    }

    pub(crate) fn observer(&self) -> Option<&Arc<dyn Observer>> {
        self.shared.observer.as_ref()
    }

    /// How many calls one batch of this API may carry by its server's word.
    pub(crate) fn learned_batch_calls(&self, api: &'static ApiSpec) -> usize {
        let learned = self.shared.learned.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        learned.get(&[api.root_url, api.batch_path]).copied().unwrap_or(usize::MAX)
    }

    /// Remembers that the server takes no more calls than this in one batch.
    pub(crate) fn learn_batch_calls(&self, api: &'static ApiSpec, calls: usize) {
        let mut learned = self.shared.learned.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Two batches may learn at once; the stricter word counts.
        let known = learned.entry([api.root_url, api.batch_path]).or_insert(usize::MAX);
        *known = (*known).min(calls.max(1));
    }

    /// Whether the calls of a batch of this API are sent one by one from the start: by the API's rule, or as its server
    /// was found to have no place for batches.
    pub(crate) fn sends_alone(&self, api: &'static ApiSpec) -> bool {
        match self.shared.batch_fallback {
            Some(false) => false,
            None => api.limits.calls == 0,
            Some(true) => api.limits.calls.min(self.learned_batch_calls(api)) == 0,
        }
    }

    /// Whether they may be sent one by one when the server turns out to take no batches.
    pub(crate) fn may_send_alone(&self) -> bool {
        self.shared.batch_fallback == Some(true)
    }

    /// Remembers that the server has no place for batches of this API.
    pub(crate) fn learn_no_batches(&self, api: &'static ApiSpec) {
        let mut learned = self.shared.learned.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        learned.insert([api.root_url, api.batch_path], 0);
    }

    /// The headers that authorize a request to this API.
    pub(crate) async fn authorize(
        &self,
        api: &ApiSpec,
        rejected: Option<&AuthHeaders>,
    ) -> Result<AuthHeaders> {
        let headers = match &self.shared.scopes {
            Some(own) => {
                let own: Vec<&str> = own.iter().map(String::as_str).collect();
                self.credentials.headers(&own, rejected).await
            }
            None => self.credentials.headers(api.scopes, rejected).await,
        };
        // Whatever came of asking for credentials, the call itself was not sent.
        let headers = headers.map_err(Error::before_sending)?;
        let own = self.shared.endpoints.universe();
        match headers.universe_domain() {
            Some(theirs) if theirs != own => Err(Error::credentials(format!(
                "the credentials are of the universe {theirs}, and the client of {own}: see `Builder::universe_domain`"
            ))),
            _ => Ok(headers),
        }
    }

    /// How long an attempt may take, unless the call says otherwise.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.shared.timeout
    }

    /// The headers of every request: the client's own and those that authorize.
    pub(crate) fn common_headers(&self, auth: &AuthHeaders) -> HeaderMap {
        let mut headers = self.shared.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        auth.put(&mut headers);
        gzip::accept(&mut headers);
        headers
    }

    /// Reads a response that is no media.
    pub(crate) async fn read(&self, response: HttpResponse) -> Result<RawResponse> {
        read(response, self.shared.max_response).await
    }

    /// Reads a response that has no reason to be large.
    pub(crate) async fn read_small(&self, response: HttpResponse) -> Result<RawResponse> {
        read(response, self.shared.max_response.min(EXPLANATION)).await
    }

    /// Whether calls go to the endpoints for mutual TLS.
    pub(crate) fn is_mtls(&self) -> bool {
        self.shared.endpoints.is_mtls()
    }

    /// How many bytes are read into memory at most.
    pub(crate) fn max_response(&self) -> usize {
        self.shared.max_response
    }
}

/// How much is read of a body that explains an error.
const EXPLANATION: usize = 1 << 20;

/// How long it may take to come. Status and headers tell what happened, and whoever is to be sent again waits for it.
const EXPLANATION_TIME: Duration = Duration::from_secs(5);

/// Reads a body completely, unless it is larger than the client was told to take. Of an error only the beginning is
/// taken then: its status says more than that it was long.
async fn read(mut response: HttpResponse, max: usize) -> Result<RawResponse> {
    if !response.status.is_success() {
        return Ok(read_explanation(response, max.min(EXPLANATION)).await);
    }
    let mut body = BytesMut::new();
    let mut first = None;
    while let Some(chunk) = response.body.next().await {
        let chunk = chunk?;
        let room = max - body.len() - first.as_ref().map_or(0, Bytes::len);
        if chunk.len() > room {
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

/// Reads the body of an error: as much as comes within a few seconds, before the connection breaks, and as fits.
pub(crate) async fn read_explanation(response: HttpResponse, max: usize) -> RawResponse {
    let HttpResponse { status, headers, body: mut stream } = response;
    let mut body = BytesMut::new();
    // What came before the time was over counts.
    rt::timeout(Some(EXPLANATION_TIME), fill(&mut body, &mut stream, max)).await;
    RawResponse::new(status, headers, body.freeze())
}

/// Reads the beginning of a body that is not what it should be: as much as comes before the connection breaks, and as fits.
pub(crate) async fn read_beginning(response: HttpResponse, max: usize) -> RawResponse {
    let HttpResponse { status, headers, body: mut stream } = response;
    let mut body = BytesMut::new();
    fill(&mut body, &mut stream, max).await;
    RawResponse::new(status, headers, body.freeze())
}

async fn fill(body: &mut BytesMut, stream: &mut BodyStream, max: usize) {
    while body.len() < max
        && let Some(Ok(chunk)) = stream.next().await
    {
        let room = max - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
    }
}
