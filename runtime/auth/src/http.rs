//! Requests to token servers, and their results. No redirect is followed. Failures do not contain anything that was
//! sent, even if the server repeats it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use gapis_runtime::transport::HttpRequest;
use gapis_runtime::{AuthHeaders, Client, Error, Json, RawResponse, Result, private};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use url::{Host, Url};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Sends token requests.
#[derive(Clone)]
pub(crate) struct Http {
    client: Arc<OnceLock<Client>>,
    pub(crate) timeout: Duration,
}

impl Default for Http {
    fn default() -> Self {
        Http { client: Arc::default(), timeout: TIMEOUT }
    }
}

/// Why there was no usable response.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server was not reached, was too slow, or is temporarily unavailable.
    Passing {
        message: String,
        after: Duration,
        /// Whether the server responded.
        reached: bool,
    },
    /// The server refused the request.
    Refused(Refusal),
    /// The response is not valid, or the request must not be sent.
    Unusable(String),
}

/// A token server's refusal, without anything that was sent to it.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// The error code of OAuth, such as `invalid_grant`, or of Google, such as `PERMISSION_DENIED`.
    pub(crate) code: String,
    pub(crate) description: String,
    /// The host that sent it.
    pub(crate) host: String,
}

impl Failure {
    /// The failure as an error. `what` says what failed.
    pub(crate) fn into_error(self, what: &str) -> Error {
        match self {
            Failure::Passing { message, after, .. } => {
                Error::credentials_transient(format!("{what}: {message}"), after)
            }
            Failure::Refused(refusal) => Error::credentials(format!("{what}: {refusal}")),
            Failure::Unusable(message) => Error::credentials(format!("{what}: {message}")),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answered {}", self.host, self.status)?;
        for word in [&self.code, &self.description] {
            if !word.is_empty() {
                write!(f, ": {word}")?;
            }
        }
        Ok(())
    }
}

impl Http {
    pub(crate) fn with(client: Client, timeout: Duration) -> Self {
        Http { client: Arc::new(OnceLock::from(client)), timeout }
    }

    /// Whether the program chose the client.
    pub(crate) fn is_given(&self) -> bool {
        self.client.get().is_some()
    }

    /// The client, which is created on first use, because reading the platform's certificates takes a while.
    fn client(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder().anonymous().build()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Posts a form. Of its members, those in `SECRET` are not in messages.
    pub(crate) async fn post_form(
        &self,
        url: &str,
        form: &[(&str, &str)],
        auth: &AuthHeaders,
    ) -> Result<Json, Failure> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let secrets: Vec<&str> =
            form.iter().filter(|(name, _)| SECRET.contains(name)).map(|(_, value)| *value).collect();
        let response =
            self.send(Method::POST, url, auth, "application/x-www-form-urlencoded", body, &secrets).await?;
        object(&response)
    }

    /// Posts JSON. Of its members, those in `SECRET` are not in messages.
    pub(crate) async fn post_json(
        &self,
        url: &str,
        body: &Json,
        auth: &AuthHeaders,
    ) -> Result<Json, Failure> {
        let secrets: Vec<&str> = SECRET.iter().filter_map(|name| body[*name].as_str()).collect();
        let response =
            self.send(Method::POST, url, auth, "application/json", body.to_string(), &secrets).await?;
        object(&response)
    }

    /// Gets a resource.
    pub(crate) async fn get(&self, url: &str, headers: &AuthHeaders) -> Result<RawResponse, Failure> {
        self.send(Method::GET, url, headers, "", String::new(), &[]).await
    }

    /// Sends a `PUT` without a body, which starts a session of AWS's metadata service.
    pub(crate) async fn put(&self, url: &str, headers: &AuthHeaders) -> Result<RawResponse, Failure> {
        self.send(Method::PUT, url, headers, "", String::new(), &[]).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        auth: &AuthHeaders,
        content_type: &'static str,
        body: String,
        secrets: &[&str],
    ) -> Result<RawResponse, Failure> {
        let client = self.client().map_err(|error| Failure::Unusable(error.to_string()))?;
        let (url, host) = endpoint(url, private::is_mtls(client), method != Method::POST)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in auth.iter() {
            headers.insert(HeaderName::clone(name), value.clone());
        }
        let request = HttpRequest { method, url, headers, body: Bytes::from(body).into() };
        let result = private::request_token(client, request, self.timeout).await;
        result.map_err(|error| failure(&error, &host, self.timeout, auth, secrets))
    }
}

/// Members of forms whose values are secret.
const SECRET: [&str; 7] =
    ["assertion", "client_secret", "code", "code_verifier", "device_code", "refresh_token", "subject_token"];

/// The URL to send to, and its host for messages. Secrets are sent with TLS, or only to this machine.
fn endpoint(url: &str, mtls: bool, plain: bool) -> Result<(String, String), Failure> {
    let bad = |why: &str| Failure::Unusable(format!("the URL of the token server {why}"));
    let mut parsed = Url::parse(url).map_err(|_| bad("is not a URL"))?;
    let local = match parsed.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return Err(bad("has no host")),
    };
    if !(parsed.scheme() == "https" || parsed.scheme() == "http" && (local || plain)) {
        return Err(bad("must begin with `https:`, unless it is on this machine"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(bad("must not contain a user name or password"));
    }
    let host = parsed.host_str().unwrap_or_default().to_owned();
    if mtls
        && let Some(service) = host.strip_suffix(".googleapis.com")
        && !service.contains('.')
    {
        let with_mtls = format!("{service}.mtls.googleapis.com");
        parsed.set_host(Some(&with_mtls)).map_err(|_| bad("has no host for mutual TLS"))?;
    }
    Ok((parsed.into(), host))
}

/// Converts an error of a request, without the details that it was made from.
fn failure(error: &Error, host: &str, timeout: Duration, auth: &AuthHeaders, secrets: &[&str]) -> Failure {
    let after = error.retry_after().unwrap_or_default();
    let Some(response) = error.response().filter(|_| error.status().is_some()) else {
        let message = match () {
            () if error.is_timeout() => format!("{host} did not answer within {timeout:?}"),
            () if error.is_connect() => format!("cannot connect to {host}"),
            () if error.is_connection() => format!("the connection to {host} failed"),
            () => return Failure::Unusable(format!("the response of {host} cannot be read")),
        };
        return Failure::Passing { message, after, reached: false };
    };
    let status = response.status.as_u16();
    if response.status.is_redirection() {
        return Failure::Unusable(format!(
            "{host} answered {status}, a redirect, which is not followed: secrets would go to another host"
        ));
    }
    let mut secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
    for (_, value) in auth.iter() {
        let value = value.to_str().unwrap_or_default();
        secrets.push(value.split_once(' ').map_or(value, |(_, token)| token).to_owned());
    }
    let refusal = refusal(status, host, &response.body, &secrets);
    let passes = matches!(status, 408 | 429 | 500..=599)
        || matches!(&*refusal.code, "internal_failure" | "server_error" | "temporarily_unavailable");
    if passes {
        return Failure::Passing { message: refusal.to_string(), after, reached: true };
    }
    Failure::Refused(refusal)
}

/// Parses `{"error": "invalid_grant", "error_description": "…"}`, or the error format of Google's other APIs.
fn refusal(status: u16, host: &str, body: &[u8], secrets: &[String]) -> Refusal {
    let json: Json = serde_json::from_slice(body).unwrap_or_default();
    let word = |value: Option<&Json>| {
        value.and_then(Json::as_str).map(|text| scrub(text, secrets)).unwrap_or_default()
    };
    let (code, description) = match json.get("error") {
        Some(Json::Object(error)) => (word(error.get("status")), word(error.get("message"))),
        error => (word(error), word(json.get("error_description"))),
    };
    Refusal { status, code, description, host: host.to_owned() }
}

/// Removes what was sent, and anything that looks like a token, from a server's text.
fn scrub(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.as_str(), "…");
    }
    let words = text.split_whitespace().map(|word| if word.len() > LONGEST_WORD { "…" } else { word });
    let mut text: String = words.collect::<Vec<_>>().join(" ").chars().take(300).collect();
    text.retain(|c| !c.is_control());
    text
}

/// Words in messages are shorter than this; tokens and assertions are longer.
const LONGEST_WORD: usize = 60;

fn object(response: &RawResponse) -> Result<Json, Failure> {
    match serde_json::from_slice(&response.body) {
        Ok(json @ Json::Object(_)) => Ok(json),
        _ => Err(Failure::Unusable("the token server's response is not a JSON object".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_stay_on_this_machine() {
        for good in [
            "https://oauth2.googleapis.com/token",
            "http://127.0.0.1:1/token",
            "http://[::1]/",
            "http://localhost/",
        ] {
            assert!(endpoint(good, false, false).is_ok(), "{good}");
        }
        for bad in
            ["http://example.com/token", "ftp://127.0.0.1/", "token", "https://user:pass@example.com/", ""]
        {
            assert!(endpoint(bad, false, false).is_err(), "{bad}");
        }
        let mtls = |url| endpoint(url, true, false).unwrap().0;
        assert_eq!(mtls("https://oauth2.googleapis.com/token"), "https://oauth2.mtls.googleapis.com/token");
        assert_eq!(mtls("https://example.com/token"), "https://example.com/token");
    }

    #[test]
    fn a_server_s_words_are_shown_without_secrets() {
        let secrets = ["s3cret".to_owned()];
        let long = "x".repeat(100);
        let body = serde_json::json!({"error": "invalid_grant", "error_description": format!("bad s3cret {long}\u{7}")});
        let refusal = refusal(400, "h", body.to_string().as_bytes(), &secrets);
        assert_eq!(refusal.to_string(), "h answered 400: invalid_grant: bad … …");
    }
}
