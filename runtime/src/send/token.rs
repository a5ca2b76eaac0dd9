//! Requests for access tokens, for `gapis-auth`. They use the loop of attempts, but without credentials and with one
//! attempt only: the call that needs the token is sent again, according to its own client's policy.

use std::time::Duration;

use http::header::USER_AGENT;

use crate::send::attempts::{Attempt, Attempts, Exchange, Step, Subject};
use crate::send::client::Client;
use crate::send::gzip;
use crate::send::observe::AttemptKind;
use crate::send::retry::RetryPolicy;
use crate::send::transport::{HttpRequest, RequestBody};
use crate::wire::spec::ApiSpec;
use crate::{Error, RawResponse, Result};

/// The API that observers and spans see.
static API: ApiSpec = ApiSpec { name: "oauth2", version: "v2", ..ApiSpec::DEFAULT };

/// Sends one request with the client's transport. Of the client's headers, only the user agent is sent.
///
/// # Errors
/// The errors of the transport, a timeout, or a status outside 200 to 299.
pub async fn request_token(client: &Client, request: HttpRequest, timeout: Duration) -> Result<RawResponse> {
    let subject = Subject {
        client: client.clone(),
        api: &API,
        method: "oauth2.token",
        policy: RetryPolicy::none(),
        timeout: Some(timeout),
        idempotent: false,
        reads: true,
    };
    Attempts::new(subject).run(&mut TokenRequest(Some(request))).await
}

/// Whether the client's requests go to the endpoints for mutual TLS.
#[must_use]
pub fn is_mtls(client: &Client) -> bool {
    client.is_mtls()
}

/// Whether the credentials may be available later.
#[must_use]
pub fn is_transient(error: &Error) -> bool {
    error.is_transient_credentials()
}

struct TokenRequest(Option<HttpRequest>);

impl Exchange for TokenRequest {
    type Value = RawResponse;
    const KIND: AttemptKind = AttemptKind::TokenRequest;
    const AUTHORIZED: bool = false;

    fn length(&self) -> Option<u64> {
        self.0.as_ref().and_then(|request| RequestBody::length(&request.body))
    }

    async fn attempt(&mut self, attempt: &mut Attempt<'_>) -> Result<Step<RawResponse>> {
        let mut request =
            self.0.take().ok_or_else(|| Error::input("a token request can be sent only once"))?;
        if let Some(agent) = attempt.client().headers().get(USER_AGENT) {
            request.headers.insert(USER_AGENT, agent.clone());
        }
        gzip::accept(&mut request.headers);
        let answer = async {
            let response = gzip::decompress(attempt.send(request).await?);
            attempt.client().read_small(response).await
        };
        let response = attempt.within("the request for a token", answer).await?;
        if response.status.is_success() {
            return Ok(Step::Done(response));
        }
        Ok(Step::Failed(Error::from_response(response)))
    }
}
