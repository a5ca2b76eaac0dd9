//! Every kind of credentials, with many errors: no key, token, authorization code or assertion is printed, logged or
//! traced, by this library or by its dependencies.

use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, PoisonError};

use gapis_auth::{ApplicationDefault, FileStore, ServiceAccount, UserLogin};
use gapis_runtime::{Credentials, Json};
use gapis_testkit::socket::{Request, Socket};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::*;

static WRITTEN: Mutex<String> = Mutex::new(String::new());

fn write(text: std::fmt::Arguments<'_>) {
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(written, "{text}").unwrap();
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        write(format_args!("log {} {} {}", record.level(), record.target(), record.args()));
    }
    fn flush(&self) {}
}

struct Recorder;
struct Fields;

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write(format_args!("trace field {}={value:?}", field.name()));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Fields);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        write(format_args!("trace event {}", event.metadata().target()));
        event.record(&mut Fields);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// A part of each key's base64, and the same bytes as decimal numbers.
fn key_parts() -> Vec<String> {
    let lines = [
        throwaway_key().lines().nth(5).unwrap()[..32].to_owned(),
        ec_key_pem().lines().nth(1).unwrap()[16..48].to_owned(),
    ];
    let decimal = |line: &String| line.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    lines.iter().map(decimal).chain(lines.iter().cloned()).collect()
}

/// Asserts that nothing that was written contains a secret.
fn assert_nothing_secret() {
    let written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(written.contains("log TRACE") && written.contains("trace field"), "somebody listened");
    let parts = key_parts();
    let decimal = "s3cret".bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    for secret in ["s3cret", "eyJ", &decimal].into_iter().chain(parts.iter().map(String::as_str)) {
        if let Some(at) = written.find(secret) {
            let around = &written.as_bytes()[at.saturating_sub(300)..(at + 100).min(written.len())];
            panic!("{}", String::from_utf8_lossy(around));
        }
    }
}

/// Ten ways in which the key of a service account can be damaged.
fn broken_keys() -> Vec<Json> {
    let pem = throwaway_key();
    let mut lines: Vec<&str> = pem.lines().collect();
    let swapped = {
        lines.swap(3, 4);
        lines.join("\n")
    };
    let keys = [
        pem.replace('\n', "\\n"),
        pem.replace('\n', " "),
        pem.replace('\n', ""),
        pem.replace("-----BEGIN", "----BEGIN"),
        pem.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        pem.replace("-----END", "END"),
        pem[..pem.len() / 2].to_owned(),
        pem[40..].to_owned(),
        pem.replace('A', "!"),
        swapped,
        "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n".to_owned(),
        "s3cret".to_owned(),
    ];
    let mut broken: Vec<Json> = keys
        .into_iter()
        .map(|key| {
            let mut account = service_account();
            account["private_key"] = key.into();
            account
        })
        .collect();
    for (member, value) in
        [("client_email", json!(null)), ("private_key", json!(["s3cret"])), ("type", json!("s3cret"))]
    {
        let mut account = service_account();
        account[member] = value;
        broken.push(account);
    }
    broken
}

/// Other kinds of credentials, with members that are missing or invalid.
fn broken_files(server: &Loopback) -> Vec<Json> {
    let user = json!({
        "type": "authorized_user", "client_id": "s3cret-id", "client_secret": "s3cret-client",
        "refresh_token": "s3cret-refresh", "token_uri": server.url("/token"),
    });
    let workforce = json!({
        "type": "external_account_authorized_user", "client_id": "id", "client_secret": "s3cret-client",
        "refresh_token": "s3cret-refresh", "token_url": server.url("/token"),
    });
    let external = json!({
        "type": "external_account", "audience": "//iam.example.com/pools/farm", "client_secret": "s3cret-client",
        "client_id": "id", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": server.url("/sts"), "credential_source": { "file": file("pod", "s3cret-pod") },
    });
    let impersonated = json!({
        "type": "impersonated_service_account", "source_credentials": user,
        "service_account_impersonation_url": server.url("/v1/projects/-/serviceAccounts/a@b.c:generateAccessToken"),
    });
    let mut all = Vec::new();
    let gdch = gdch_account(&server.url("/token"));
    for whole in [user, workforce, external, impersonated, gdch] {
        for (member, value) in whole.as_object().unwrap() {
            for wrong in [json!(null), json!("s3cret \n\u{0}"), json!(["s3cret"])] {
                let mut broken = whole.clone();
                // A secret is in a place where the file may have one.
                broken[member] = if value.is_object() {
                    json!({ "file": "no/such/file", "type": "s3cret" })
                } else {
                    wrong
                };
                all.push(broken);
            }
        }
        all.push(whole);
    }
    all
}

/// Workloads on AWS, whose machine says what it should not, and a token service that repeats what it was sent.
fn broken_machines(services: &[Loopback]) -> Vec<Json> {
    let keys =
        json!({ "AccessKeyId": "AKID", "SecretAccessKey": "s3cret-key", "Token": "s3cret-of-the-role" });
    let mut answers = vec![("us-east-2b", keys.to_string())];
    for zone in ["", "s3cret \n", "b", "s3cret/zone"] {
        answers.push((zone, keys.to_string()));
    }
    for member in ["AccessKeyId", "SecretAccessKey", "Token"] {
        for wrong in [json!(null), json!("s3cret\n\u{0}"), json!(["s3cret"])] {
            let mut keys = keys.clone();
            keys[member] = wrong;
            answers.push(("us-east-2b", keys.to_string()));
        }
    }
    answers.push(("us-east-2b", "s3cret {".to_owned()));
    let machine = |(zone, keys): (&'static str, String)| {
        let machine = Socket::answering(move |request: &Request| {
            let body = match request.line() {
                line if line.contains("/session") => "s3cret-session",
                line if line.contains("/zone") => zone,
                line if line.contains("/keys/s3cret-role") => &keys,
                _ => "s3cret-role",
            };
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        });
        machine.url()
    };
    let machines = answers.into_iter().map(machine);
    let file = |(machine, service): (String, &Loopback)| {
        json!({
            "type": "external_account", "audience": "//iam.example.com/pools/farm", "token_url": service.url("/sts"),
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
            "credential_source": {
                "environment_id": "aws1", "region_url": format!("{machine}/zone"), "url": format!("{machine}/keys"),
                "imdsv2_session_token_url": format!("{machine}/session"),
                "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity",
            },
        })
    };
    machines.zip(services.iter().cycle()).map(file).collect()
}

async fn look_at(credentials: &(impl Credentials + Debug)) {
    write(format_args!("{credentials:?} {credentials:#?}"));
    match credentials.headers(&SCOPES, None).await {
        Ok(headers) => write(format_args!("{headers:?}")),
        Err(error) => write(format_args!("{}", print(&error))),
    }
}

#[tokio::test]
async fn nothing_secret_is_printed_logged_or_traced() {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::set_global_default(Recorder).unwrap();

    // Servers that repeat everything that they received, in responses of many kinds.
    let servers: Vec<Loopback> = [200, 302, 400, 401, 403, 404, 500, 503]
        .into_iter()
        .map(|status| {
            Loopback::start(move |request, number| {
                let said = if number % 2 == 0 { request.to_owned() } else { "s3cret-echo".repeat(9) };
                (status, json!({ "error": "invalid_grant", "error_description": said, "access_token": "s3cret\n" }))
            })
        })
        .collect();
    let good = Loopback::start(|_, _| {
        (
            200,
            json!({
                "access_token": "s3cret-token", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "s3cret-new",
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "accessToken": "s3cret-robot", "expireTime": "2099-01-01T00:00:00Z", "signedJwt": "eyJs3cret",
            }),
        )
    });
    for json in broken_keys() {
        match ServiceAccount::from_json(&json.to_string()) {
            Ok(account) => look_at(&account).await,
            Err(error) => write(format_args!("{}", print(&error))),
        }
        if let Ok(adc) = ApplicationDefault::from_json(&json.to_string()) {
            look_at(&adc).await;
        }
    }
    for server in servers.iter().chain([&good]) {
        let account = ServiceAccount::from_json(&service_account().to_string()).unwrap();
        let account = account.token_uri(&server.url("/token"));
        look_at(&account).await;
        look_at(&account.for_subject("ann@example.com")).await;
        look_at(&account.for_subject("s\u{0}\n")).await;
    }
    let whole = servers.iter().flat_map(|server| broken_files(server).into_iter().rev().take(1));
    for json in broken_files(&good).into_iter().chain(whole).chain(broken_machines(&servers)) {
        if let Ok(adc) = ApplicationDefault::from_json(&json.to_string()) {
            look_at(&adc.gdch_audience("https://s3cret.test")).await;
        }
    }
    // On a clock that does not wait, by a transport without a network.
    tokio::time::pause();
    let client = json!({ "installed": {
        "client_id": "id", "client_secret": "s3cret-client", "token_uri": "https://token.test/token",
    } });
    let saved = json!({ "client_id": "id", "refresh_token": "s3cret-refresh", "scopes": SCOPES.join(" ") });
    for status in [200, 302, 400, 401, 403, 404, 500, 503] {
        let server = Server::new(move |sent| {
            Answer::Json(
                status,
                json!({
                    "error": "invalid_grant", "error_description": sent.body, "access_token": "s3cret-token",
                    "refresh_token": "s3cret-new", "device_code": "s3cret-device", "user_code": "ABCD",
                    "verification_url": "https://x.test/", "interval": 1, "expires_in": 3600,
                }),
            )
        });
        let login = |store| {
            UserLogin::new(file("secrets-client", &client.to_string()), FileStore::new(store))
                .present(|_| ())
                .token_client(&server.client())
        };
        look_at(&login(file("secrets-store", &saved.to_string()))).await;
        look_at(&login(path("secrets-none")).on_another_device()).await;
        let _ = std::fs::remove_file(path("secrets-none"));
    }
    assert_nothing_secret();
}
