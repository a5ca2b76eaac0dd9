//! JSON Web Tokens (RFC 7519) of service accounts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gapis_runtime::Json;
use serde_json::json;

/// The lifetime of assertions and tokens that an account signs itself: the maximum that Google accepts.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3600);

/// How many seconds the clock of this machine may be ahead of the server's.
const SKEW: u64 = 10;

/// The claims. Without an audience, the result is a token itself, for any of Google's APIs.
pub(crate) fn claims(issuer: &str, subject: Option<&str>, scopes: &str, audience: Option<&str>) -> Json {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let issued = now.saturating_sub(SKEW);
    let mut claims = json!({ "iss": issuer, "iat": issued, "exp": issued + LIFETIME.as_secs() });
    if !scopes.is_empty() {
        claims["scope"] = scopes.into();
    }
    if let Some(subject) = subject {
        claims["sub"] = subject.into();
    }
    if let Some(audience) = audience {
        claims["aud"] = audience.into();
    }
    claims
}

/// The header and the claims, to be signed.
pub(crate) fn unsigned(key_id: &str, claims: &Json) -> String {
    let mut header = json!({ "alg": "RS256", "typ": "JWT" });
    if !key_id.is_empty() {
        header["kid"] = key_id.into();
    }
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

/// Base64 as JSON Web Tokens and PKCE use it.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
