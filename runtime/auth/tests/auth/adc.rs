//! Application default credentials: from a file, the environment and the metadata server.

use std::sync::Arc;

use gapis_auth::ApplicationDefault;
use gapis_mock::{Handlers, MockServer};
use gapis_runtime::{AuthHeaders, Client, Credentials, Json};
use serde_json::json;

use crate::environment::in_environment;
use crate::support::*;

fn user(tokens: &Loopback) -> Json {
    json!({
        "type": "authorized_user", "client_id": "the-client", "client_secret": "s3cret-client",
        "refresh_token": "s3cret-refresh", "token_uri": tokens.url("/token"), "quota_project_id": "of-the-file",
    })
}

#[tokio::test]
async fn many_waiters_get_and_renew_one_token() {
    let tokens = Loopback::tokens();
    let credentials = Arc::new(ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap());
    let first = twenty(&credentials, None).await;
    assert!(first.iter().all(|headers| header(headers, "authorization") == "Bearer token-1"));
    assert!(first.iter().all(|headers| header(headers, "x-goog-user-project") == "of-the-file"));
    assert_eq!(tokens.seen().len(), 1);
    // The token has the scopes of the login; a token server that checks them refuses others.
    assert!(!tokens.seen()[0].contains("scope"), "{}", tokens.seen()[0]);

    let second = twenty(&credentials, Some(&first[0])).await;
    assert!(second.iter().all(|headers| header(headers, "authorization") == "Bearer token-2"));
    assert_eq!(tokens.seen().len(), 2);
    assert_eq!(bearer(&credentials).await, "Bearer token-2");
    assert_eq!(tokens.seen().len(), 2);
}

#[tokio::test]
async fn a_server_that_repeats_a_rejected_token_is_not_asked_by_each_waiter() {
    let tokens = Loopback::start(|_, _| {
        (200, json!({ "access_token": "same", "token_type": "Bearer", "expires_in": 3600 }))
    });
    let credentials = Arc::new(ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap());
    let first = credentials.headers(&SCOPES, None).await.unwrap();
    assert!(twenty(&credentials, Some(&first)).await.iter().all(|headers| *headers == first));
    assert_eq!(tokens.seen().len(), 2);
}

#[tokio::test]
async fn a_rejected_token_is_renewed_and_the_call_sent_again() {
    let tokens = Loopback::tokens();
    let handlers = Handlers::new();
    handlers.on::<Get>(|call| Ok(Animal::new(call.var("id")?))).require_bearer("token-2");
    let server = MockServer::serve(handlers, ([127, 0, 0, 1], 0).into()).unwrap();
    let client = Client::builder()
        .credentials(ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap())
        .quota_project("of-the-program")
        .endpoint(&server.uri())
        .build()
        .unwrap();
    let zoo = Zoo::new(&client);
    assert_eq!(zoo.get("rex").await.unwrap().id(), "rex");
    assert_eq!(tokens.seen().len(), 2);

    // In a batch the result is the same, and there is nothing left to renew.
    let mut batch = zoo.batch();
    for _ in 0..3 {
        zoo.get("tom").queue(&mut batch, |reply| assert_eq!(reply.result.unwrap().id(), "tom")).unwrap();
    }
    assert_eq!(batch.execute().await.failures(), 0);
    assert_eq!(tokens.seen().len(), 2);

    // The program's quota project takes precedence over the file's.
    for request in server.handlers().requests() {
        assert_eq!(request.headers.get("x-goog-user-project").unwrap(), "of-the-program");
    }
}

#[tokio::test]
async fn a_token_server_s_refusal_is_an_error_without_secrets_and_not_the_end() {
    let tokens = Loopback::start(|_, count| match count {
        1 => (400, json!({ "error": "invalid_grant", "error_description": "Token has been revoked." })),
        _ => (200, json!({ "access_token": "later", "token_type": "Bearer", "expires_in": 3600 })),
    });
    let credentials = ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap();
    let error = credentials.headers(&SCOPES, None).await.unwrap_err();
    assert!(error.is_credentials(), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("invalid_grant") && text.contains("gcloud auth application-default login"),
        "{text}"
    );
    assert_silent(&error);
    assert!(!format!("{credentials:?}").contains("s3cret"));
    assert_eq!(bearer(&credentials).await, "Bearer later");
}

#[tokio::test]
async fn what_is_no_credentials_is_refused_without_being_shown() {
    for text in ["s3cret", "{\"type\": \"s3cret", "{}", "[\"s3cret\"]", "{\"type\": 1}"] {
        let error = ApplicationDefault::from_json(text).unwrap_err();
        assert!(error.is_credentials(), "{text}");
        assert_silent(&error);
    }
    let key = "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n";
    let account = json!({
        "type": "service_account", "client_email": "x", "private_key_id": "1", "private_key": key, "project_id": "p",
    });
    for json in [json!({ "type": "unheard_of" }), json!({ "type": "authorized_user" }), account] {
        let credentials = ApplicationDefault::from_json(&json.to_string()).unwrap();
        let error = credentials.headers(&SCOPES, None).await.unwrap_err();
        assert!(error.is_credentials(), "{error:?}");
        assert_silent(&error);
    }
}

/// A file names the universe of its account. Without it, the universe is Google's public cloud.
#[tokio::test]
async fn a_service_account_knows_its_universe() {
    for said in [None, Some("googleapis.com"), Some("example.com")] {
        let mut account = service_account();
        if let Some(domain) = said {
            account["universe_domain"] = json!(domain);
        }
        let credentials = ApplicationDefault::from_json(&account.to_string()).unwrap();
        let headers = credentials.headers(&SCOPES, None).await.unwrap();
        assert_eq!(headers.universe_domain(), Some(said.unwrap_or("googleapis.com")));
    }
}

#[tokio::test]
async fn a_service_account_is_impersonated() {
    let server = Loopback::start(|request, _| {
        if request.starts_with("POST /token") {
            return (200, json!({ "access_token": "source", "token_type": "Bearer", "expires_in": 3600 }));
        }
        assert!(request.to_lowercase().contains("authorization: bearer source"), "{request}");
        (200, json!({ "accessToken": "impersonated", "expireTime": "2099-01-01T00:00:00Z" }))
    });
    let json = json!({
        "type": "impersonated_service_account", "source_credentials": user(&server),
        "service_account_impersonation_url": server.url("/v1/projects/-/serviceAccounts/a@b.c:generateAccessToken"),
    });
    let credentials = ApplicationDefault::from_json(&json.to_string()).unwrap();
    assert_eq!(bearer(&credentials).await, "Bearer impersonated");
    assert!(server.seen()[1].contains("https://farm.test/write"), "{}", server.seen()[1]);
}

#[tokio::test]
async fn a_workload_exchanges_its_own_token() {
    let server = Loopback::start(|request, _| {
        assert!(request.contains("subject_token=from-the-pod"), "{request}");
        let kind = "urn:ietf:params:oauth:token-type:access_token";
        (
            200,
            json!({ "access_token": "exchanged", "issued_token_type": kind, "token_type": "Bearer", "expires_in": 3600 }),
        )
    });
    let json = json!({
        "type": "external_account", "audience": "//iam.example.com/pools/farm",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": server.url("/sts"),
        "credential_source": { "file": file("pod-token", "from-the-pod") },
    });
    let credentials = ApplicationDefault::from_json(&json.to_string()).unwrap();
    assert_eq!(bearer(&credentials).await, "Bearer exchanged");
}

#[test]
fn the_metadata_server_is_asked_where_there_is_no_file() {
    let server = Loopback::tokens();
    in_environment("token-1", &[("GCE_METADATA_HOST", &server.address)]);
    let request = &server.seen()[0];
    assert!(
        request.starts_with("GET /computeMetadata/v1/instance/service-accounts/default/token"),
        "{request}"
    );
    assert!(request.to_lowercase().contains("metadata-flavor: google"), "{request}");
    assert!(request.contains("farm.test"), "{request}");
}

#[test]
fn the_environment_names_a_file() {
    let server = Loopback::tokens();
    let path = file("adc.json", &user(&server).to_string());
    in_environment("token-1", &[("GOOGLE_APPLICATION_CREDENTIALS", path.to_str().unwrap())]);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn credentials_outlive_the_runtime_that_first_asked() {
    let tokens = Loopback::tokens();
    let credentials = ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap();
    let in_a_runtime = |rejected: Option<&AuthHeaders>| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(credentials.headers(&SCOPES, rejected)).unwrap()
    };
    let first = in_a_runtime(None);
    assert_eq!(in_a_runtime(None), first);
    assert_eq!(header(&in_a_runtime(Some(&first)), "authorization"), "Bearer token-2");
    assert!(futures_util::FutureExt::now_or_never(credentials.headers(&SCOPES, None)).unwrap().is_err());
}
