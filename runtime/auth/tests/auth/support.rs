//! Scripted token servers, without a network and on loopback.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gapis_runtime::transport::{HttpRequest, HttpResponse, Transport};
use gapis_runtime::{AuthHeaders, BoxFuture, Client, Credentials, Error, Json, Result};
use gapis_testkit::socket::{Request, Socket};
use http::{HeaderMap, StatusCode};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::json;
use tokio::time::Instant;

pub use gapis_testkit::zoo::{Animal, Get, Zoo};

pub const SCOPES: [&str; 2] = ["https://farm.test/read", "https://farm.test/write"];

/// A request for a token as sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Counted from 1.
    pub number: usize,
    pub at: Instant,
    pub url: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Sent {
    /// A member of the form.
    pub fn form(&self, name: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(self.body.as_bytes());
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn bearer(&self) -> &str {
        self.headers.get("authorization").map_or("", |value| value.to_str().unwrap())
    }
}

/// How the server responds.
pub enum Answer {
    Json(u16, Json),
    After(Duration, u16, Json),
    With(u16, &'static str, String),
    Refused,
    Hangs,
}

pub fn token(name: &str) -> Answer {
    Answer::Json(200, json!({ "access_token": name, "token_type": "Bearer", "expires_in": 3600 }))
}

type Script = Box<dyn Fn(&Sent) -> Answer + Send + Sync>;

/// A token server without a network.
#[derive(Clone)]
pub struct Server {
    script: Arc<Script>,
    seen: Arc<Mutex<Vec<Sent>>>,
    count: Arc<AtomicUsize>,
    keep: bool,
}

impl Server {
    pub fn new(script: impl Fn(&Sent) -> Answer + Send + Sync + 'static) -> Self {
        Server { script: Arc::new(Box::new(script)), seen: Arc::default(), count: Arc::default(), keep: true }
    }

    /// The same, without recording requests.
    pub fn forgetful(mut self) -> Self {
        self.keep = false;
        self
    }

    /// A client that can only reach this server.
    pub fn client(&self) -> Client {
        Client::builder().anonymous().transport(self.clone()).build().unwrap()
    }

    pub fn seen(&self) -> Vec<Sent> {
        self.seen.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl Transport for Server {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let sent = Sent {
            number: self.count.fetch_add(1, Ordering::SeqCst) + 1,
            at: Instant::now(),
            url: request.url,
            headers: request.headers,
            body: String::from_utf8(request.body.as_bytes().unwrap().to_vec()).unwrap(),
        };
        let answer = (self.script)(&sent);
        if self.keep {
            self.seen.lock().unwrap().push(sent);
        }
        Box::pin(async move {
            let mut headers = HeaderMap::new();
            headers.insert("metadata-flavor", "Google".parse().unwrap());
            let (status, body) = match answer {
                Answer::Json(status, json) => (status, json.to_string()),
                Answer::After(wait, status, json) => {
                    tokio::time::sleep(wait).await;
                    (status, json.to_string())
                }
                Answer::With(status, name, value) => {
                    headers.insert(name, value.parse().unwrap());
                    (status, String::new())
                }
                Answer::Refused => {
                    return Err(Error::connect("refused", std::io::Error::other("s3cret")));
                }
                Answer::Hangs => std::future::pending().await,
            };
            let status = StatusCode::from_u16(status).unwrap();
            let body = futures_util::stream::iter([Ok(body.into())]);
            Ok(HttpResponse { status, headers, body: Box::pin(body) })
        })
    }
}

/// A server on loopback that responds with the result of a closure and records requests.
pub struct Loopback {
    pub address: String,
    socket: Socket,
}

impl Loopback {
    pub fn start(answer: impl Fn(&str, usize) -> (u16, Json) + Send + Sync + 'static) -> Self {
        let socket = Socket::answering(move |request| {
            let (status, body) = answer(&request.text(), request.number + 1);
            let body = body.to_string();
            format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nMetadata-Flavor: Google\r\n\
                 Location: http://example.com/\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        });
        Loopback { address: socket.address().to_string(), socket }
    }

    /// Returns `token-1`, `token-2` and so on.
    pub fn tokens() -> Self {
        Loopback::start(|_, count| {
            (
                200,
                json!({ "access_token": format!("token-{count}"), "token_type": "Bearer", "expires_in": 3600 }),
            )
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn seen(&self) -> Vec<String> {
        self.socket.requests().iter().map(Request::text).collect()
    }
}

pub fn header(headers: &AuthHeaders, name: &str) -> String {
    let found = headers.iter().find(|(other, _)| other.as_str() == name);
    found.map(|(_, value)| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

pub async fn bearer(credentials: &impl Credentials) -> String {
    header(&credentials.headers(&SCOPES, None).await.unwrap(), "authorization")
}

pub async fn error(credentials: &impl Credentials) -> Error {
    let error = credentials.headers(&SCOPES, None).await.unwrap_err();
    assert!(error.is_credentials(), "{error:?}");
    assert_silent(&error);
    error
}

/// The tokens of twenty concurrent tasks.
pub async fn twenty<C: Credentials + 'static>(
    credentials: &Arc<C>,
    rejected: Option<&AuthHeaders>,
) -> Vec<AuthHeaders> {
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (credentials, rejected) = (credentials.clone(), rejected.cloned());
            tokio::spawn(async move { credentials.headers(&SCOPES, rejected.as_ref()).await.unwrap() })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

/// A path for this test run.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()))
}

/// A file for this test run.
pub fn file(name: &str, content: &str) -> PathBuf {
    let path = path(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// An error with all of its causes.
pub fn print(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    text
}

/// Asserts that neither the error nor its causes contain a secret.
pub fn assert_silent(error: &Error) {
    let text = print(error);
    assert!(!text.contains("s3cret"), "{text}");
}

pub fn throwaway_key() -> &'static str {
    let pem = include_str!("../support/throwaway_key.pem");
    &pem[pem.find("-----BEGIN").unwrap()..]
}

pub fn service_account() -> Json {
    json!({
        "type": "service_account", "client_email": "farmer@example.com", "private_key_id": "key-1",
        "client_id": "1234567890", "private_key": throwaway_key(), "project_id": "farm",
        "token_uri": "https://token.test/token",
    })
}

/// A key on P-256 in PKCS #8, made for this test run.
fn ec_key() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        made.unwrap().as_ref().to_vec()
    })
}

/// The same key as `openssl ecparam -genkey` writes it, without the wrapping of PKCS #8.
pub fn ec_key_pem() -> String {
    let sec1 = &ec_key()[29..];
    assert_eq!(sec1[..5], [0x30, 0x6b, 2, 1, 1]);
    let body = STANDARD.encode(sec1);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n", lines.join("\n"))
}

pub fn gdch_account(token_uri: &str) -> Json {
    json!({
        "type": "gdch_service_account", "format_version": "1", "project": "farm", "private_key_id": "key-9",
        "private_key": ec_key_pem(), "name": "farmer", "token_uri": token_uri,
    })
}

/// The header and claims of a JWT that was signed with the key on P-256.
pub fn verified_by_ec_key(jwt: &str) -> (Json, Json) {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec_key(), &SystemRandom::new());
    verified_by(jwt, &ECDSA_P256_SHA256_FIXED, pair.unwrap().public_key().as_ref())
}

/// The header and claims of a JWT that was signed with the throwaway key.
pub fn verified(jwt: &str) -> (Json, Json) {
    let body: String = throwaway_key().lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(body).unwrap()).unwrap();
    verified_by(jwt, &RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
}

fn verified_by(jwt: &str, algorithm: &'static dyn VerificationAlgorithm, public: &[u8]) -> (Json, Json) {
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(algorithm, public)
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let decode = |text: &str| serde_json::from_slice::<Json>(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    (decode(head), decode(claims))
}

pub fn query(url: &str) -> BTreeMap<String, String> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}
