//! How long the library waits for tokens, and which requests are repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gapis_auth::{ApplicationDefault, ServiceAccount};
use gapis_runtime::observe::{Attempt, AttemptKind, Ended, Observer};
use gapis_runtime::{Client, Credentials, Json, RetryPolicy};
use serde_json::json;
use tokio::time::Instant;

use crate::support::*;

fn user() -> Json {
    json!({
        "type": "authorized_user", "client_id": "the-client", "client_secret": "s3cret-client",
        "refresh_token": "s3cret-refresh", "token_uri": "https://token.test/token",
    })
}

fn login(server: &Server) -> ApplicationDefault {
    ApplicationDefault::from_json(&user().to_string()).unwrap().token_client(&server.client())
}

/// An API that responds to every call with `{}`.
fn zoo(credentials: impl Credentials + 'static) -> Zoo {
    let api = Server::new(|_| Answer::Json(200, json!({})));
    Zoo::new(&Client::builder().credentials(credentials).transport(api).build().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_is_tried_again_by_the_client_s_policy() {
    for fault in [
        || Answer::Json(503, json!({})),
        || Answer::Json(429, json!({})),
        || Answer::Json(500, json!({ "error": "internal_failure" })),
        || Answer::Refused,
        || Answer::Hangs,
    ] {
        let server = Server::new(move |sent| if sent.number < 3 { fault() } else { token("good") });
        zoo(login(&server)).get("a").await.unwrap();
        assert_eq!(server.count(), 3);

        let server = Server::new(move |_| fault());
        let began = Instant::now();
        let failed = zoo(login(&server)).get("a").with_retry(RetryPolicy::none()).await.unwrap_err();
        assert!(failed.is_credentials() && failed.to_string().contains("token.test"), "{failed}");
        assert_silent(&failed);
        assert_eq!(server.count(), 1);
        assert!(began.elapsed() <= Duration::from_secs(20));

        // Another call does not get the old failure, but sends a new request.
        assert!(zoo(login(&server)).get("a").with_retry(RetryPolicy::none()).await.is_err());
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_a_token_server_asks_for_is_kept() {
    let server = Server::new(|sent| match sent.number {
        1 => Answer::With(429, "retry-after", "30".into()),
        _ => token("good"),
    });
    zoo(login(&server)).get("a").await.unwrap();
    let seen = server.seen();
    assert!(seen[1].at - seen[0].at >= Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final() {
    let server = Server::new(|_| Answer::Json(400, json!({ "error": "invalid_client" })));
    let failed = zoo(login(&server)).get("a").await.unwrap_err();
    assert!(failed.to_string().contains("invalid_client: the client's ID or secret is wrong"), "{failed}");
    assert_eq!(server.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_share_one_request() {
    let server = Server::new(|_| {
        Answer::After(Duration::from_secs(1), 200, json!({ "access_token": "good", "expires_in": 3600 }))
    });
    let zoo = zoo(login(&server));
    let calls = (0..1000).map(|_| zoo.get("a").send());
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!(server.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_token_server_hangs_ends_within_its_time() {
    let server = Server::new(|_| Answer::Hangs);
    let zoo = zoo(login(&server));
    let began = Instant::now();
    let policy = RetryPolicy::default().with_total_time(Duration::from_secs(60));
    let mut batch = zoo.batch().with_retry(policy);
    for _ in 0..10 {
        zoo.get("a").queue(&mut batch, |reply| assert!(reply.result.is_err())).unwrap();
    }
    let report = batch.execute().await;
    assert_eq!(report.failures(), 10);
    assert!(began.elapsed() <= Duration::from_secs(60), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_machine_without_a_metadata_server_is_told_so_soon() {
    for fault in [|| Answer::Hangs, || Answer::Refused] {
        let server = Server::new(move |_| fault());
        let credentials = ApplicationDefault::from_metadata_server().token_client(&server.client());
        let began = Instant::now();
        let failed = zoo(credentials).get("a").await.unwrap_err();
        assert!(failed.to_string().contains("there is no metadata server"), "{failed}");
        assert!(failed.to_string().contains("GOOGLE_APPLICATION_CREDENTIALS"), "{failed}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

/// Google's metadata server, with a universe and an account.
fn metadata(sent: &Sent) -> Answer {
    let path = sent.url.split_once("/computeMetadata/v1/").map_or("", |(_, path)| path);
    assert_eq!(sent.headers["metadata-flavor"], "Google");
    match path.split('?').next().unwrap() {
        "instance/service-accounts/default/token" => token("machine"),
        "universe/universe-domain" => Answer::Json(404, Json::Null),
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_metadata_server_that_is_busy_is_asked_again() {
    let server = Server::new(|sent| match sent.number {
        1 => Answer::Json(503, json!({})),
        _ => metadata(sent),
    });
    let credentials = ApplicationDefault::from_metadata_server().token_client(&server.client());
    zoo(credentials).get("a").await.unwrap();
    assert!(server.seen()[1].url.contains("scopes="), "{}", server.seen()[1].url);
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_a_redirect() {
    let server = Server::new(|_| Answer::With(307, "location", "https://evil.test/".into()));
    for failed in [error(&login(&server)).await, error(&account(&server)).await] {
        assert!(failed.to_string().contains("token.test answered 307, a redirect"), "{failed}");
    }
    assert!(server.seen().iter().all(|sent| sent.url == "https://token.test/token"));
}

/// With the library's own HTTP client, too.
#[tokio::test]
async fn nothing_follows_a_redirect_on_a_real_connection() {
    let server = Loopback::start(|_, _| (308, json!({})));
    let mut json = user();
    json["token_uri"] = server.url("/token").into();
    let failed = error(&ApplicationDefault::from_json(&json.to_string()).unwrap()).await;
    assert!(failed.to_string().contains("redirect"), "{failed}");
}

fn account(server: &Server) -> ServiceAccount {
    let account = ServiceAccount::from_json(&service_account().to_string()).unwrap();
    account.token_client(&server.client()).exchange()
}

#[tokio::test(start_paused = true)]
async fn secrets_do_not_go_over_plain_http() {
    let server = Server::new(|_| panic!("nothing is sent"));
    let mut json = user();
    json["token_uri"] = "http://token.test/token".into();
    let credentials =
        ApplicationDefault::from_json(&json.to_string()).unwrap().token_client(&server.client());
    assert!(error(&credentials).await.to_string().contains("https:"));
}

#[tokio::test(start_paused = true)]
async fn mutual_tls_has_its_own_token_endpoint_and_the_same_audience() {
    let server = Server::new(|sent| {
        let (_, claims) = verified(&sent.form("assertion").unwrap());
        assert_eq!(sent.url, "https://oauth2.mtls.googleapis.com/token");
        assert_eq!(claims["aud"], "https://oauth2.googleapis.com/token");
        token("good")
    });
    let client = Client::builder().anonymous().mtls().transport(server.clone()).build().unwrap();
    let mut json = service_account();
    json["token_uri"] = "https://oauth2.googleapis.com/token".into();
    let account = ServiceAccount::from_json(&json.to_string()).unwrap().token_client(&client).exchange();
    assert_eq!(bearer(&account).await, "Bearer good");
}

/// Every kind of credentials sends the quota project of the program.
#[tokio::test(start_paused = true)]
async fn a_quota_project_is_sent_by_every_kind() {
    let server =
        Server::new(|sent| if sent.url.contains("computeMetadata") { metadata(sent) } else { token("good") });
    let client = server.client();
    let kinds: Vec<Box<dyn Credentials>> = vec![
        Box::new(login(&server).quota_project("mine")),
        Box::new(account(&server).quota_project("mine")),
        Box::new(ApplicationDefault::from_metadata_server().token_client(&client).quota_project("mine")),
    ];
    for kind in kinds {
        let headers = kind.headers(&SCOPES, None).await.unwrap();
        assert_eq!(header(&headers, "x-goog-user-project"), "mine");
        assert_eq!(headers.universe_domain(), Some("googleapis.com"));
    }
}

/// An observer can distinguish requests for tokens.
#[tokio::test(start_paused = true)]
async fn requests_for_tokens_are_observed() {
    #[derive(Default)]
    struct Seen(AtomicUsize);
    impl Observer for Seen {
        fn attempt_finished(&self, attempt: &Attempt, ended: &Ended) {
            assert_eq!(
                (attempt.kind, ended.status),
                (AttemptKind::TokenRequest, Some(gapis_runtime::http::StatusCode::OK))
            );
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let seen = Arc::new(Seen::default());
    let server = Server::new(|_| token("good"));
    let client = Client::builder().anonymous().transport(server).observer(seen.clone()).build().unwrap();
    let credentials = ApplicationDefault::from_json(&user().to_string()).unwrap().token_client(&client);
    bearer(&credentials).await;
    assert_eq!(seen.0.load(Ordering::SeqCst), 1);
}

/// The OAuth client of a workforce login authenticates in a header.
#[tokio::test(start_paused = true)]
async fn a_workforce_user_is_refreshed() {
    let server = Server::new(|sent| {
        assert_eq!(sent.url, "https://sts.test/v1/oauthtoken");
        assert_eq!(sent.bearer(), "Basic dGhlLWNsaWVudDpzM2NyZXQtY2xpZW50");
        assert_eq!(sent.form("client_id"), None);
        token("workforce")
    });
    let json = json!({
        "type": "external_account_authorized_user", "client_id": "the-client", "client_secret": "s3cret-client",
        "refresh_token": "s3cret-refresh", "token_url": "https://sts.test/v1/oauthtoken",
    });
    let credentials = ApplicationDefault::from_json(&json.to_string()).unwrap();
    assert_eq!(bearer(&credentials.token_client(&server.client())).await, "Bearer workforce");
}

/// A workload's own token is read from a file and exchanged. No redirect is followed.
#[tokio::test(start_paused = true)]
async fn a_workload_s_token_is_exchanged_and_retried() {
    let own = file("workload-token", "s3cret-own\n");
    let json = json!({
        "type": "external_account", "audience": "//iam.example.com/pools/farm", "token_url": "https://sts.test/v1/token",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": { "file": own },
        "workforce_pool_user_project": "quota",
    });
    let credentials = |server: &Server| {
        ApplicationDefault::from_json(&json.to_string()).unwrap().token_client(&server.client())
    };
    let server = Server::new(|sent| {
        assert_eq!(sent.form("subject_token").unwrap(), "s3cret-own");
        assert_eq!(sent.form("audience").unwrap(), "//iam.example.com/pools/farm");
        assert_eq!(sent.form("options").unwrap(), r#"{"userProject":"quota"}"#);
        if sent.number == 1 { Answer::Json(503, json!({})) } else { token("exchanged") }
    });
    zoo(credentials(&server)).get("a").await.unwrap();
    assert_eq!(server.count(), 2);

    let server = Server::new(|_| Answer::With(308, "location", "https://evil.test/".into()));
    assert!(error(&credentials(&server)).await.to_string().contains("sts.test answered 308, a redirect"));
    assert_eq!(server.count(), 1);

    for (source, words) in [
        (json!({ "certificate": { "use_default_certificate_config": true } }), "X.509"),
        (json!({ "executable": { "command": "s3cret" } }), "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"),
        (json!({}), "no `credential_source` with"),
    ] {
        let mut json = json.clone();
        json["credential_source"] = source;
        let failed = error(&ApplicationDefault::from_json(&json.to_string()).unwrap()).await;
        assert!(failed.to_string().contains(words), "{failed}");
    }
}
