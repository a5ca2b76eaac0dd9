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
    let mut claims = serde_json::Map::new();
    claims.insert("iss".to_owned(), issuer.into());
    claims.insert("iat".to_owned(), issued.into());
    claims.insert("exp".to_owned(), (issued + LIFETIME.as_secs()).into());
    if !scopes.is_empty() {
        claims.insert("scope".to_owned(), scopes.into());
    }
    if let Some(subject) = subject {
        claims.insert("sub".to_owned(), subject.into());
    }
    if let Some(audience) = audience {
        claims.insert("aud".to_owned(), audience.into());
    }
    claims.into()
}

/// The header and the claims, to be signed with the algorithm.
pub(crate) fn unsigned(algorithm: &str, key_id: &str, claims: &Json) -> String {
    let header = if key_id.is_empty() {
        json!({ "alg": algorithm, "typ": "JWT" })
    } else {
        json!({ "alg": algorithm, "typ": "JWT", "kid": key_id })
    };
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

/// Base64 as JSON Web Tokens and PKCE use it.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
