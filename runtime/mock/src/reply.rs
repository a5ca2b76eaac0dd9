//! The results of handlers: a value, an error in Google's format, or any HTTP response.

use bytes::Bytes;
use gapis_runtime::{Api, Encoded, Json, Method, RawResponse, Response, Result};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

/// The result of a typed handler: the method's output, or an error in Google's format.
pub type MockResult<T> = Result<T, MockError>;

const JSON_TYPE: &str = "application/json; charset=UTF-8";

/// An HTTP response of a mock handler.
///
/// ```
/// use gapis_mock::{Handlers, MockResponse};
///
/// let handlers = Handlers::new();
/// handlers.route("GET", "/farm/v2/photo", |_| {
///     MockResponse::new(200).with_header("content-type", "image/png").with_body("not really a picture")
/// });
/// let request = http::Request::get("/farm/v2/photo").body(bytes::Bytes::new()).unwrap();
/// assert_eq!(handlers.handle(request).headers()["content-type"], "image/png");
/// ```
#[derive(Clone)]
pub struct MockResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl MockResponse {
    /// A response without headers and body. If the number is not a valid HTTP status, the status is 500.
    #[must_use]
    pub fn new(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        MockResponse { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A JSON response.
    #[must_use]
    pub fn json(status: u16, body: &Json) -> Self {
        Self::new(status).with_header("content-type", JSON_TYPE).with_body(body.to_string())
    }

    /// An HTML page, such as proxies and front ends send for errors.
    #[must_use]
    pub fn html(status: u16, title: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
        );
        Self::new(status).with_header("content-type", "text/html; charset=UTF-8").with_body(page)
    }

    /// The response of the typed handler of `M` with that value: 200 and its JSON, or 204 if the body is empty.
    #[must_use]
    pub fn value<M: Method>(value: &M::Output) -> Self {
        match value.encode(<M::Api as Api>::SPEC) {
            Ok(body) if body.bytes.is_empty() => Self::new(204),
            Ok(Encoded { content_type: kind, bytes: body, .. }) => {
                // Requests have JSON without a charset; servers respond with one.
                let kind = if kind == "application/json" { JSON_TYPE } else { &kind };
                Self::new(200).with_header("content-type", kind).with_body(body)
            }
            Err(error) => {
                MockError::new(500, "backendError", format!("the handler's value cannot be encoded: {error}"))
                    .into()
            }
        }
    }

    /// Adds a header, in addition to any with the same name. Names and values that HTTP does not allow are ignored.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        append(&mut self.headers, name, value);
        self
    }

    /// Replaces the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Converts the response to the type of the `http` crate.
    #[must_use]
    pub fn into_http(self) -> http::Response<Bytes> {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl std::fmt::Debug for MockResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockResponse")
            .field("status", &self.status.as_u16())
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish()
    }
}

impl From<RawResponse> for MockResponse {
    fn from(raw: RawResponse) -> Self {
        MockResponse { status: raw.status, headers: raw.headers().clone(), body: raw.body }
    }
}

impl From<MockResult<MockResponse>> for MockResponse {
    fn from(result: MockResult<MockResponse>) -> Self {
        result.unwrap_or_else(MockResponse::from)
    }
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.append(name, value);
    }
}

/// An error in Google's format: `{"error": {code, message, errors[], status}}`.
///
/// ```
/// use gapis_mock::{MockError, MockResponse};
///
/// let error = MockError::new(403, "rateLimitExceeded", "Rate Limit Exceeded").with_header("retry-after", "1");
/// assert_eq!(MockResponse::from(error).status(), 403);
/// ```
#[derive(Debug, Clone)]
pub struct MockError(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    code: u16,
    reason: String,
    message: String,
    domain: Option<String>,
    status: Option<String>,
    details: Vec<Json>,
    headers: HeaderMap,
}

impl MockError {
    /// An error with that HTTP status, the `reason` of the older format (`notFound`, `rateLimitExceeded`) and a
    /// message. The `status` of the newer format (`NOT_FOUND`) is derived from the HTTP status.
    #[must_use]
    pub fn new(code: u16, reason: impl Into<String>, message: impl Into<String>) -> Self {
        MockError(Box::new(Parts {
            code,
            reason: reason.into(),
            message: message.into(),
            domain: None,
            status: None,
            details: Vec::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// A 404 for a resource with that name.
    #[must_use]
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(404, "notFound", format!("Not Found: {what}"))
    }

    /// A 400 with that message.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid", message)
    }

    /// A 429, with `Retry-After` if seconds are given.
    #[must_use]
    pub fn too_many_requests(retry_after: Option<u32>) -> Self {
        Self::new(429, "rateLimitExceeded", "Too many concurrent requests.").retry_after(retry_after)
    }

    /// A 503, with `Retry-After` if seconds are given.
    #[must_use]
    pub fn unavailable(retry_after: Option<u32>) -> Self {
        Self::new(503, "backendError", "The service is currently unavailable.").retry_after(retry_after)
    }

    /// A 403 with the reason `rateLimitExceeded`, which some APIs send instead of 429.
    #[must_use]
    pub fn rate_limit_exceeded() -> Self {
        Self::new(403, "rateLimitExceeded", "Rate Limit Exceeded")
    }

    /// The 403 with which Drive rejects calls of a batch that runs too many of them concurrently.
    #[must_use]
    pub fn inner_batch_soft_limit() -> Self {
        Self::new(403, "rateLimitExceeded", "Exceeds allowed inner batch requests soft limit. Please retry.")
    }

    /// The 400 for a batch with more calls than the server accepts.
    #[must_use]
    pub fn too_many_calls(received: usize, limit: usize) -> Self {
        Self::new(
            400,
            "badRequest",
            format!("Inner request count exceeds the limit. Received: {received}, Limit: {limit}"),
        )
    }

    /// A 401 with `WWW-Authenticate`.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(401, "authError", "Request had invalid authentication credentials.").with_header(
            "www-authenticate",
            "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
        )
    }

    /// Sets the `status` of the newer format, if it cannot be derived from the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: impl Into<String>) -> Self {
        self.0.status = Some(status.into());
        self
    }

    /// Sets the `domain` of the older format. Default: `global`, or `usageLimits` for limits.
    #[must_use]
    pub fn with_domain(mut self, domain: impl Into<String>) -> Self {
        self.0.domain = Some(domain.into());
        self
    }

    /// Adds an item to `details`, an object with `@type`.
    #[must_use]
    pub fn with_detail(mut self, detail: Json) -> Self {
        self.0.details.push(detail);
        self
    }

    /// Adds a header. Names and values that HTTP does not allow are ignored.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        append(&mut self.0.headers, name, value);
        self
    }

    /// Prefixes the message with the location of the error.
    pub(crate) fn prefixed(mut self, place: &str) -> Self {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    fn retry_after(self, seconds: Option<u32>) -> Self {
        match seconds {
            Some(seconds) => self.with_header("retry-after", &seconds.to_string()),
            None => self,
        }
    }

    fn to_json(&self) -> Json {
        let status = self.0.status.as_deref().unwrap_or_else(|| status_of(self.0.code));
        let domain = self.0.domain.as_deref().unwrap_or(match self.0.reason.as_str() {
            "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded" | "dailyLimitExceeded" => {
                "usageLimits"
            }
            _ => "global",
        });
        let mut error = json!({
            "code": self.0.code,
            "message": self.0.message,
            "errors": [{"message": self.0.message, "domain": domain, "reason": self.0.reason}],
            "status": status,
        });
        if let (false, Some(error)) = (self.0.details.is_empty(), error.as_object_mut()) {
            error.insert("details".to_owned(), Json::Array(self.0.details.clone()));
        }
        json!({ "error": error })
    }
}

impl std::fmt::Display for MockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.0.code, self.0.reason, self.0.message)
    }
}

impl std::error::Error for MockError {}

impl From<MockError> for MockResponse {
    fn from(error: MockError) -> Self {
        let mut response = MockResponse::json(error.0.code, &error.to_json());
        for (name, value) in &error.0.headers {
            if name != header::CONTENT_TYPE {
                response.headers.append(name, value.clone());
            }
        }
        response
    }
}

/// The name of the canonical code for an HTTP status (`google.rpc.Code`).
fn status_of(code: u16) -> &'static str {
    match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        412 => "FAILED_PRECONDITION",
        416 => "OUT_OF_RANGE",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        500 => "INTERNAL",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "UNKNOWN",
    }
}
