//! Service accounts of Google Distributed Cloud.

use gapis_auth::ApplicationDefault;
use gapis_runtime::Credentials as _;
use serde_json::json;

use crate::support::*;

const TOKEN_URI: &str = "https://service-accounts.farm.test/authenticate";
const AUDIENCE: &str = "https://storage.farm.test";

#[tokio::test(start_paused = true)]
async fn an_assertion_is_exchanged_for_a_token_for_the_audience() {
    let server = Server::new(|sent| {
        assert_eq!(sent.url, TOKEN_URI);
        assert_eq!(sent.headers["content-type"], "application/json");
        let json = sent.json();
        assert_eq!(json["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
        assert_eq!(json["requested_token_type"], "urn:ietf:params:oauth:token-type:access_token");
        assert_eq!(json["subject_token_type"], "urn:k8s:params:oauth:token-type:serviceaccount");
        assert_eq!(json["audience"], AUDIENCE);
        let (head, claims) = verified_by_ec_key(json["subject_token"].as_str().unwrap());
        assert_eq!(head, json!({ "alg": "ES256", "typ": "JWT", "kid": "key-9" }));
        assert_eq!(claims["iss"], "system:serviceaccount:farm:farmer");
        assert_eq!((&claims["sub"], &claims["aud"]), (&claims["iss"], &json!(TOKEN_URI)));
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
        assert!(claims.get("scope").is_none());
        token(&format!("distributed-{}", sent.number))
    });
    let text = gdch_account(TOKEN_URI).to_string();
    let account = ApplicationDefault::from_json(&text).unwrap();
    let account = account.gdch_audience(AUDIENCE).token_client(&server.client());
    assert_eq!(bearer(&account).await, "Bearer distributed-1");
    assert_eq!(bearer(&account).await, "Bearer distributed-1");
    let old = account.headers(&SCOPES, None).await.unwrap();
    let new = account.headers(&["https://farm.test/other"], Some(&old)).await.unwrap();
    assert_eq!(header(&new, "authorization"), "Bearer distributed-2", "a rejected token is renewed");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_or_refused_is_named() {
    let server = Server::new(|_| {
        Answer::Json(400, json!({ "error": "invalid_grant", "error_description": "no key" }))
    });
    let of = |json: &gapis_runtime::Json| {
        let account = ApplicationDefault::from_json(&json.to_string()).unwrap();
        account.token_client(&server.client())
    };
    let whole = gdch_account(TOKEN_URI);
    let text = error(&of(&whole)).await.to_string();
    assert!(text.contains("`.gdch_audience(…)`"), "{text}");
    let refused = error(&of(&whole).gdch_audience(AUDIENCE)).await.to_string();
    assert!(refused.contains("farmer") && refused.contains("the key was deleted"), "{refused}");
    for (member, value, word) in [
        ("format_version", json!("2"), "`format_version`"),
        ("project", json!(null), "`project`"),
        ("name", json!(""), "`name`"),
        ("token_uri", json!(7), "`token_uri`"),
        ("private_key_id", json!(null), "`private_key_id`"),
        ("private_key", json!("s3cret"), "-----BEGIN EC PRIVATE KEY-----"),
        ("private_key", json!(throwaway_key()), "P-256"),
        ("private_key", json!(ec_key_pem().replace("\nM", "\nN")), "P-256"),
    ] {
        let mut broken = whole.clone();
        broken[member] = value;
        let text = error(&of(&broken).gdch_audience(AUDIENCE)).await.to_string();
        assert!(text.contains(word), "{member}: {text}");
    }
    let mut certified = whole.clone();
    certified["ca_cert_path"] = json!("no/such/file");
    let account = ApplicationDefault::from_json(&certified.to_string()).unwrap().gdch_audience(AUDIENCE);
    let text = error(&account).await.to_string();
    assert!(text.contains("`ca_cert_path`"), "{text}");
}
