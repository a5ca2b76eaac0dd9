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
use crate::send::governor::{self, Governor};
use crate::send::gzip;
use crate::send::observe::Observer;
use crate::send::retry::{RetryBudget, RetryPolicy};
use crate::send::rt;
use crate::send::transport::{BodyStream, HttpResponse, Transport};
use crate::wire::spec::ApiSpec;
use crate::{Error, RawResponse, Result};

/// Sends calls.
///
/// Clones are cheap and share everything: connections, credentials, the retry budget, and learned limits of servers.
/// One client can serve several APIs.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    credentials: Arc<dyn Credentials>,
    /// Tells its credentials from other ones, whose quotas are others.
    user: u64,
}

/// What clients share that differ only in their credentials.
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
    /// Whether the calls of a batch are sent one by one if the server does not support batches.
    pub(super) batch_fallback: Option<bool>,
    /// The maximum number of calls in a batch, by API, where a server reported a lower limit than the API's `Limits`;
    /// 0 if it does not support batches. The key is the API, because most APIs have the same path.
    pub(super) learned: Mutex<HashMap<[&'static str; 2], usize>>,
    pub(super) governor: Governor,
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
    /// A client with the settings of its builder.
    pub(super) fn new(shared: Shared, credentials: Arc<dyn Credentials>) -> Client {
        Client { shared: Arc::new(shared), credentials, user: governor::number() }
    }

    /// The same client with other credentials. Connections, policies, the retry budget and learned limits are shared,
    /// so a program can create a client for each of thousands of users.
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
        Client {
            shared: Arc::clone(&self.shared),
            credentials: Arc::new(credentials),
            user: governor::number(),
        }
    }

    pub(crate) fn is_same(&self, other: &Client) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared) && self.user == other.user
    }

    /// What keeps its calls within quotas.
    pub(crate) fn governor(&self) -> &Governor {
        &self.shared.governor
    }

    /// A number that clients with other credentials do not have.
    pub(crate) fn user(&self) -> u64 {
        self.user
    }

    /// Scheme and host for calls of this API, ending in `/`.
    ///
    /// # Errors
    /// If the client is set up for a location, universe or mutual TLS that the API does not support.
    pub(crate) fn root(&self, api: &ApiSpec) -> Result<Cow<'_, str>> {
        self.shared.endpoints.root(api)
    }

    /// Checks that the client's credentials may be sent to a URL from a response of this API.
    ///
    /// # Errors
    /// If they must not. The message shows the host only.
    pub(crate) fn check_link(&self, api: &ApiSpec, url: &url::Url) -> Result<()> {
        self.shared.endpoints.check_link(api, url)
    }

    /// Checks that an upload that started at `base` may continue at this URL.
    ///
    /// # Errors
    /// If it may not. The message contains only the hosts.
    pub(crate) fn check_upload(&self, address: &url::Url, base: &url::Url) -> Result<()> {
        self.shared.endpoints.check_upload(address, base)
    }

    /// Whether media is downloaded below `/download/` if the API serves it there.
    pub(crate) fn has_download_path(&self) -> bool {
        self.shared.endpoints.has_download_path()
    }

    /// Whether calls get an id by which the server recognizes repeated calls.
    pub(crate) fn fills_request_ids(&self) -> bool {
        self.shared.request_ids
    }

    pub(crate) fn policy(&self) -> &RetryPolicy {
        &self.shared.policy
    }

    pub(crate) fn budget(&self) -> &RetryBudget {
        &self.shared.budget
    }

    /// The headers of every HTTP request of this client: user agent and quota project.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.shared.headers
    }

    /// The transport. All requests go through `Watch::send`, so that observers see them.
    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.shared.transport
    }

    pub(crate) fn observer(&self) -> Option<&Arc<dyn Observer>> {
        self.shared.observer.as_ref()
    }

    /// The maximum number of calls in a batch of this API, as reported by its server.
    pub(crate) fn learned_batch_calls(&self, api: &'static ApiSpec) -> usize {
        let learned = self.shared.learned.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        learned.get(&[api.root_url, api.batch_path]).copied().unwrap_or(usize::MAX)
    }

    /// Remembers the server's limit on the calls of a batch.
    pub(crate) fn learn_batch_calls(&self, api: &'static ApiSpec, calls: usize) {
        let mut learned = self.shared.learned.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Two batches may report limits at the same time; the stricter limit applies.
        let known = learned.entry([api.root_url, api.batch_path]).or_insert(usize::MAX);
        *known = (*known).min(calls.max(1));
    }

    /// Whether the calls of a batch of this API are sent one by one from the start: because the API has no batch
    /// endpoint, or because its server turned out not to support batches.
    pub(crate) fn sends_alone(&self, api: &'static ApiSpec) -> bool {
        match self.shared.batch_fallback {
            Some(false) => false,
            None => api.limits.calls == 0,
            Some(true) => api.limits.calls.min(self.learned_batch_calls(api)) == 0,
        }
    }

    /// Whether calls may be sent one by one if the server turns out not to support batches.
    pub(crate) fn may_send_alone(&self) -> bool {
        self.shared.batch_fallback == Some(true)
    }

    /// Remembers that the server does not support batches of this API.
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
        // If getting credentials fails, the call itself was not sent.
        let headers = headers.map_err(Error::before_sending)?;
        let own = self.shared.endpoints.universe();
        match headers.universe_domain() {
            Some(theirs) if theirs != own => Err(Error::credentials(format!(
                "the credentials belong to the universe {theirs}, but the client to {own}: see `Builder::universe_domain`"
            ))),
            _ => Ok(headers),
        }
    }

    /// How long an attempt may take, unless the call has its own timeout.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.shared.timeout
    }

    /// The headers of every request: the client's own headers and the credentials.
    pub(crate) fn common_headers(&self, auth: &AuthHeaders) -> HeaderMap {
        let mut headers = self.shared.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        auth.put(&mut headers);
        gzip::accept(&mut headers);
        headers
    }

    /// Reads a response that is not media.
    pub(crate) async fn read(&self, response: HttpResponse) -> Result<RawResponse> {
        read(response, self.shared.max_response).await
    }

    /// Reads a response that should be small.
    pub(crate) async fn read_small(&self, response: HttpResponse) -> Result<RawResponse> {
        read(response, self.shared.max_response.min(EXPLANATION)).await
    }

    /// Whether calls go to the endpoints for mutual TLS.
    pub(crate) fn is_mtls(&self) -> bool {
        self.shared.endpoints.is_mtls()
    }

    /// The maximum number of bytes that are read into memory.
    pub(crate) fn max_response(&self) -> usize {
        self.shared.max_response
    }
}

/// How much of an error's body is read.
const EXPLANATION: usize = 1 << 20;

/// How long the body of an error may take. Status and headers say what happened, and the next attempt waits for this.
const EXPLANATION_TIME: Duration = Duration::from_secs(5);

/// Reads a body completely, unless it is larger than `max`. For an error only the beginning is kept in that case,
/// because its status matters more than its size.
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
        // Most bodies arrive in one chunk, which becomes the body without a copy.
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

/// Reads the body of an error, up to a size and a time limit, or until the connection fails.
pub(crate) async fn read_explanation(response: HttpResponse, max: usize) -> RawResponse {
    let HttpResponse { status, headers, body: mut stream } = response;
    let mut body = BytesMut::new();
    // The bytes that arrived within the time are used.
    rt::timeout(Some(EXPLANATION_TIME), fill(&mut body, &mut stream, max)).await;
    RawResponse::new(status, headers, body.freeze())
}

/// Reads the beginning of an unexpected body, up to a size limit or until the connection fails.
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
