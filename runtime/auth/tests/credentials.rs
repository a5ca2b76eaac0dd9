//! Credentials that ask others for tokens, against token servers on loopback.
#![allow(missing_docs, unreachable_pub)]

use std::collections::BTreeMap;
use std::error::Error as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gapis_auth::{ApplicationDefault, Installed};
use gapis_mock::{Handlers, MockServer};
use gapis_runtime::{AuthHeaders, Client, Credentials, Error, Json};
use gapis_testkit::socket::{Request, Socket};
use gapis_testkit::zoo::{Animal, Get, Zoo};
use serde_json::json;

const SCOPES: [&str; 2] = ["https://farm.test/read", "https://farm.test/write"];

/// A server whose answers a closure gives: of the request and how many came until then.
fn server(answer: impl Fn(&str, usize) -> (u16, Json) + Send + Sync + 'static) -> Socket {
    Socket::answering(move |request| {
        let (status, body) = answer(&request.text(), request.number + 1);
        let body = body.to_string();
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nMetadata-Flavor: Google\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    })
}

/// Closed while a test holds it.
type Gate = Arc<tokio::sync::Mutex<()>>;

/// Gives `token-1`, `token-2` and so on, while the gate is open.
fn tokens_behind(gate: &Gate) -> Socket {
    let gate = gate.clone();
    server(move |_, count| {
        drop(gate.blocking_lock());
        (200, json!({ "access_token": format!("token-{count}"), "token_type": "Bearer", "expires_in": 3600 }))
    })
}

fn tokens() -> Socket {
    tokens_behind(&Gate::default())
}

fn url(server: &Socket, path: &str) -> String {
    format!("{}{path}", server.url())
}

fn seen(server: &Socket) -> Vec<String> {
    server.requests().iter().map(Request::text).collect()
}

fn user(tokens: &Socket) -> Json {
    json!({
        "type": "authorized_user", "client_id": "the-client", "client_secret": "s3cret-client",
        "refresh_token": "s3cret-refresh", "token_uri": url(tokens, "/token"), "quota_project_id": "of-the-file",
    })
}

fn header(headers: &AuthHeaders, name: &str) -> String {
    let found = headers.iter().find(|(other, _)| other.as_str() == name);
    found.map(|(_, value)| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn bearer(credentials: &impl Credentials) -> String {
    header(&credentials.headers(&SCOPES, None).await.unwrap(), "authorization")
}

/// What twenty tasks get that ask at once: nobody is answered before all have asked.
async fn twenty<C: Credentials + 'static>(
    credentials: &Arc<C>,
    rejected: Option<&AuthHeaders>,
    gate: &Gate,
) -> Vec<AuthHeaders> {
    let closed = gate.lock().await;
    let asking = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (credentials, rejected, asking) = (credentials.clone(), rejected.cloned(), asking.clone());
            tokio::spawn(async move {
                asking.fetch_add(1, Ordering::Relaxed);
                credentials.headers(&SCOPES, rejected.as_ref()).await.unwrap()
            })
        })
        .collect();
    while asking.load(Ordering::Relaxed) < 20 {
        tokio::task::yield_now().await;
    }
    drop(closed);
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

/// A file of this test run.
fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path
}

/// No text of the error, its causes included, has a secret.
fn assert_silent(error: &Error) {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn many_waiters_get_and_renew_one_token() {
    let gate = Gate::default();
    let tokens = tokens_behind(&gate);
    let credentials = Arc::new(ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap());
    let first = twenty(&credentials, None, &gate).await;
    assert!(first.iter().all(|headers| header(headers, "authorization") == "Bearer token-1"));
    assert!(first.iter().all(|headers| header(headers, "x-goog-user-project") == "of-the-file"));
    assert_eq!(seen(&tokens).len(), 1);
    assert!(
        seen(&tokens)[0].contains("https://farm.test/read https://farm.test/write"),
        "{}",
        seen(&tokens)[0]
    );

    let second = twenty(&credentials, Some(&first[0]), &gate).await;
    assert!(second.iter().all(|headers| header(headers, "authorization") == "Bearer token-2"));
    assert_eq!(seen(&tokens).len(), 2);
    assert_eq!(bearer(&credentials).await, "Bearer token-2");
    assert_eq!(seen(&tokens).len(), 2);
}

#[tokio::test]
async fn a_server_that_repeats_a_rejected_token_is_not_asked_by_each_waiter() {
    let gate = Gate::default();
    let held = gate.clone();
    let tokens = server(move |_, _| {
        drop(held.blocking_lock());
        (200, json!({ "access_token": "same", "token_type": "Bearer", "expires_in": 3600 }))
    });
    let credentials = Arc::new(ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap());
    let first = credentials.headers(&SCOPES, None).await.unwrap();
    assert!(twenty(&credentials, Some(&first), &gate).await.iter().all(|headers| *headers == first));
    assert_eq!(seen(&tokens).len(), 2);
}

#[tokio::test]
async fn a_rejected_token_is_renewed_and_the_call_sent_again() {
    let tokens = tokens();
    let handlers = Handlers::new();
    handlers.on::<Get>(|call| Ok(Animal::new(call.var("id")?))).require_bearer("token-2");
    let server = MockServer::serve(handlers, ([127, 0, 0, 1], 0).into()).unwrap();
    let client = Client::builder()
        .credentials(ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap())
        .quota_project("of-the-program")
        .endpoint(&server.uri())
        .build()
        .unwrap();
    let zoo = <Zoo as gapis_runtime::Api>::new(&client);
    assert_eq!(zoo.get("rex").await.unwrap().id(), "rex");
    assert_eq!(seen(&tokens).len(), 2);

    // In a batch too, and there is nothing left to renew.
    let mut batch = zoo.batch();
    let tickets: Vec<_> = (0..3).map(|_| batch.add(zoo.get("tom")).unwrap()).collect();
    let report = batch.execute().await;
    assert!(tickets.into_iter().all(|ticket| report.redeem(ticket).unwrap().id() == "tom"));
    assert_eq!(seen(&tokens).len(), 2);

    // The program's quota project goes before the file's.
    for request in server.handlers().requests() {
        assert_eq!(request.headers.get("x-goog-user-project").unwrap(), "of-the-program");
    }
}

#[tokio::test]
async fn a_token_server_s_refusal_is_an_error_without_secrets_and_not_the_end() {
    let tokens = server(|_, count| match count {
        1 => (400, json!({ "error": "invalid_grant", "error_description": "Token has been revoked." })),
        _ => (200, json!({ "access_token": "later", "token_type": "Bearer", "expires_in": 3600 })),
    });
    let credentials = ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap();
    let error = credentials.headers(&SCOPES, None).await.unwrap_err();
    assert!(error.is_credentials(), "{error:?}");
    assert!(format!("{error:?}").contains("invalid_grant"), "{error:?}");
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

fn throwaway_key() -> &'static str {
    let pem = include_str!("support/throwaway_key.pem");
    &pem[pem.find("-----BEGIN").unwrap()..]
}

fn service_account() -> Json {
    json!({
        "type": "service_account", "client_email": "farmer@example.com", "private_key_id": "key-1",
        "private_key": throwaway_key(), "project_id": "farm", "token_uri": "http://127.0.0.1:1/never-asked",
    })
}

/// A file says of which universe its account is; one that does not is of Google's public cloud.
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
async fn a_service_account_signs_for_itself() {
    let (pem, account) = (throwaway_key(), service_account());
    let credentials = ApplicationDefault::from_json(&account.to_string()).unwrap();
    let header = bearer(&credentials).await;
    let token = header.strip_prefix("Bearer ").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let decode = |text: &str| serde_json::from_slice::<Json>(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    assert_eq!((&decode(head)["alg"], &decode(head)["kid"]), (&json!("RS256"), &json!("key-1")));
    let claims = decode(claims);
    assert_eq!(claims["iss"], "farmer@example.com");
    assert_eq!(claims["scope"], "https://farm.test/read https://farm.test/write");
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 3700);

    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = ring::signature::RsaKeyPair::from_pkcs8(&STANDARD.decode(body).unwrap()).unwrap();
    let public = ring::signature::KeyPair::public_key(&pair).as_ref();
    ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, public)
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
}

#[tokio::test]
async fn a_service_account_is_impersonated() {
    let server = server(|request, _| {
        if request.starts_with("POST /token") {
            return (200, json!({ "access_token": "source", "token_type": "Bearer", "expires_in": 3600 }));
        }
        assert!(request.to_lowercase().contains("authorization: bearer source"), "{request}");
        (200, json!({ "accessToken": "impersonated", "expireTime": "2099-01-01T00:00:00Z" }))
    });
    let json = json!({
        "type": "impersonated_service_account", "source_credentials": user(&server),
        "service_account_impersonation_url": url(&server, "/v1/projects/-/serviceAccounts/a@b.c:generateAccessToken"),
    });
    let credentials = ApplicationDefault::from_json(&json.to_string()).unwrap();
    assert_eq!(bearer(&credentials).await, "Bearer impersonated");
    assert!(seen(&server)[1].contains("https://farm.test/write"), "{}", seen(&server)[1]);
}

#[tokio::test]
async fn a_workload_exchanges_its_own_token() {
    let server = server(|request, _| {
        assert!(request.contains("subject_token=from-the-pod"), "{request}");
        let kind = "urn:ietf:params:oauth:token-type:access_token";
        (
            200,
            json!({ "access_token": "exchanged", "issued_token_type": kind, "token_type": "Bearer", "expires_in": 3600 }),
        )
    });
    let json = json!({
        "type": "external_account", "audience": "//iam.example.com/pools/farm",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": url(&server, "/sts"),
        "credential_source": { "file": file("pod-token", "from-the-pod") },
    });
    let credentials = ApplicationDefault::from_json(&json.to_string()).unwrap();
    assert_eq!(bearer(&credentials).await, "Bearer exchanged");
}

/// Environment variables can only be set for another process: this test, run there by the next ones.
#[tokio::test]
#[ignore = "run by other tests, with an environment of their making"]
async fn in_an_environment() {
    let expected = std::env::var("EXPECTED_TOKEN").unwrap();
    assert_eq!(bearer(&ApplicationDefault::new()).await, format!("Bearer {expected}"));
}

fn run_in_environment(expected: &str, variables: &[(&str, &str)]) {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "in_an_environment", "--ignored"])
        .env_remove("GOOGLE_APPLICATION_CREDENTIALS")
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("EXPECTED_TOKEN", expected)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn the_metadata_server_is_asked_where_there_is_no_file() {
    let server = tokens();
    run_in_environment("token-1", &[("GCE_METADATA_HOST", &server.address().to_string())]);
    let request = &seen(&server)[0];
    assert!(
        request.starts_with("GET /computeMetadata/v1/instance/service-accounts/default/token"),
        "{request}"
    );
    assert!(request.to_lowercase().contains("metadata-flavor: google"), "{request}");
    assert!(request.contains("farm.test"), "{request}");
}

#[test]
fn the_environment_names_a_file() {
    let server = tokens();
    let path = file("adc.json", &user(&server).to_string());
    run_in_environment("token-1", &[("GOOGLE_APPLICATION_CREDENTIALS", path.to_str().unwrap())]);
    assert_eq!(seen(&server).len(), 1);
}

#[test]
fn credentials_outlive_the_runtime_that_first_asked() {
    let tokens = tokens();
    let credentials = ApplicationDefault::from_json(&user(&tokens).to_string()).unwrap();
    for expected in ["Bearer token-1", "Bearer token-2"] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(bearer(&credentials)), expected);
    }
    assert!(futures_util::FutureExt::now_or_never(credentials.headers(&SCOPES, None)).unwrap().is_err());
}

/// An authorization server: codes for tokens, refresh tokens for tokens.
fn consent_server(gate: &Gate) -> Socket {
    let gate = gate.clone();
    server(move |request, count| {
        drop(gate.blocking_lock());
        let grant = match () {
            () if request.contains("code=the-code") => "code",
            () if request.contains("refresh_token=s3cret-refresh") => "refresh",
            () => return (400, json!({ "error": "invalid_request" })),
        };
        let token = format!("{grant}-{count}");
        (
            200,
            json!({ "access_token": token, "refresh_token": "s3cret-refresh", "token_type": "Bearer", "expires_in": 3600 }),
        )
    })
}

/// A browser whose user consents, and that counts how often it was asked.
fn browser(asked: &Arc<Mutex<usize>>) -> impl Fn(&str) + Send + Sync + 'static {
    let asked = asked.clone();
    move |url| {
        *asked.lock().unwrap() += 1;
        let query: BTreeMap<_, _> =
            url.split_once('?').unwrap().1.split('&').filter_map(|pair| pair.split_once('=')).collect();
        assert!(query["scope"].contains("https://farm.test/read"), "{url}");
        let port: u16 = query["redirect_uri"].trim_start_matches("http://localhost:").parse().unwrap();
        std::thread::spawn(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream
                .write_all(b"GET /?code=the-code HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .unwrap();
            let _ = stream.read_to_string(&mut String::new());
        });
    }
}

fn client_secret(server: &Socket, name: &str) -> PathBuf {
    let secret = json!({ "installed": {
        "client_id": "the-client", "client_secret": "s3cret-client", "project_id": "farm", "redirect_uris": [],
        "auth_uri": url(&server, "/auth"), "token_uri": url(server, "/token"),
    } });
    file(name, &secret.to_string())
}

#[tokio::test]
async fn a_user_consents_once() {
    let gate = Gate::default();
    let server = consent_server(&gate);
    let secret = client_secret(&server, "secret.json");
    let store = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-store.json", std::process::id()));
    let asked = Arc::new(Mutex::new(0));
    let user = Arc::new(Installed::new(&secret, &store).present(browser(&asked)));
    let first = twenty(&user, None, &gate).await;
    assert!(first.iter().all(|headers| header(headers, "authorization") == "Bearer code-1"));
    assert_eq!((*asked.lock().unwrap(), seen(&server).len()), (1, 1));

    // The next start finds the token in the store, and a rejected one is renewed once without asking.
    let again = Arc::new(Installed::new(&secret, &store).present(browser(&asked)));
    assert_eq!(bearer(&again).await, "Bearer code-1");
    let renewed = twenty(&again, Some(&first[0]), &gate).await;
    assert!(renewed.iter().all(|headers| header(headers, "authorization") == "Bearer refresh-2"));
    assert_eq!((*asked.lock().unwrap(), seen(&server).len()), (1, 2));
    assert!(!format!("{again:?}").contains("s3cret"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&store).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_who_does_not_answer_and_files_that_are_none() {
    let server = consent_server(&Gate::default());
    let secret = client_secret(&server, "patience.json");
    let store = secret.with_extension("store");
    let silent = Installed::new(&secret, &store).present(|_| ()).wait_for_user(Duration::from_secs(600));
    let error = silent.headers(&SCOPES, None).await.unwrap_err();
    assert!(error.is_credentials() && error.to_string().contains("in time"), "{error}");

    let broken = file("broken.json", "s3cret");
    for path in [broken.as_path(), std::path::Path::new("no/such/file")] {
        let error = Installed::new(path, &store).headers(&SCOPES, None).await.unwrap_err();
        assert!(error.is_credentials(), "{error:?}");
        assert_silent(&error);
    }
}
