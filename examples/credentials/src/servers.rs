//! Local servers that replace Google's: a token server for all kinds of requests in these programs, and a Drive that
//! recognizes its users by their tokens.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gapis_drive_v3::{Error, Result, about, files};
use gapis_mock::{MockCall, MockError, MockResult, MockServer};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A key that protects nothing.
const KEY: &str = include_str!("../../../runtime/auth/tests/support/throwaway_key.pem");

pub(crate) struct Servers {
    drive: MockServer,
    tokens: String,
    folder: TempDir,
}

/// A program's arguments and environment.
type Run = (Vec<String>, Vec<(&'static str, String)>);

impl Servers {
    pub(crate) fn start() -> Result<Self> {
        let failed = |error: std::io::Error| Error::input(format!("cannot start the servers: {error}"));
        let drive = MockServer::start()?;
        drive.on::<about::Get>(|call| {
            let user = user(call)?;
            value(json!({ "user": { "emailAddress": user }, "storageQuota": { "usage": "1024" } }))
        });
        drive.on::<files::Get>(|call| match call.header("x-goog-api-key") {
            Some("public") => value(json!({ "name": call.var("fileId")?, "size": "5" })),
            _ => Err(MockError::new(400, "badRequest", "API key not valid")),
        });
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let tokens = format!("http://{}", listener.local_addr().map_err(failed)?);
        let server = TokenServer { url: tokens.clone(), entered: AtomicBool::new(false) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = server.serve(stream);
            }
        });
        Ok(Servers { drive, tokens, folder: TempDir::new().map_err(failed)? })
    }

    /// The arguments and environment with which the program of that name uses these servers.
    pub(crate) fn run_of(&self, name: &str) -> std::io::Result<Run> {
        let token_uri = format!("{}/token", self.tokens);
        let mut environment =
            vec![("DRIVE_ENDPOINT", self.drive.uri()), ("TOKEN_SERVER", self.tokens.clone())];
        let key = || {
            let key = KEY.split_once("-----BEGIN").map_or("", |(_, key)| key);
            self.file(
                "key.json",
                &json!({
                    "type": "service_account", "client_email": "robot@example.com", "private_key_id": "1",
                    "private_key": format!("-----BEGIN{key}"), "token_uri": token_uri,
                }),
            )
        };
        let client = || {
            self.file(
                "client.json",
                &json!({ "installed": {
                "client_id": "client", "client_secret": "secret", "token_uri": token_uri,
                "auth_uri": format!("{}/auth", self.tokens),
            } }),
            )
        };
        let arguments =
            match name {
                "administrator" => vec![key()?, "ann@example.com".into(), "ben@example.com".into()],
                "robot" => vec![key()?],
                "desktop" | "television" => vec![client()?, self.path("tokens.json").display().to_string()],
                "public_data" => {
                    environment.push(("API_KEY", "public".to_owned()));
                    vec!["hello.txt".into()]
                }
                "command" => vec!["echo".into(), "command@example.com".into()],
                "ci" => {
                    std::fs::write(self.path("job-token"), "the job's own token")?;
                    let file = self.file("workload.json", &json!({
                    "type": "external_account", "audience": "//iam.example.com/pools/ci",
                    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": token_uri,
                    "credential_source": { "file": self.path("job-token") },
                }))?;
                    environment.push(("GOOGLE_APPLICATION_CREDENTIALS", file));
                    vec!["robot@example.com".into(), "ann@example.com".into()]
                }
                _ => {
                    let host = self.tokens.trim_start_matches("http://").to_owned();
                    environment.push(("GCE_METADATA_HOST", host));
                    // A developer's own login must not be used here.
                    environment.push(("CLOUDSDK_CONFIG", self.folder.path().display().to_string()));
                    environment.push(("GOOGLE_APPLICATION_CREDENTIALS", String::new()));
                    vec!["go".into()]
                }
            };
        Ok((arguments, environment))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: &Value) -> std::io::Result<String> {
        let path = self.path(name);
        std::fs::write(&path, content.to_string())?;
        Ok(path.display().to_string())
    }
}

/// Who calls: a token is the address of its user, or an account's own, signed one.
fn user(call: &MockCall) -> MockResult<String> {
    let bearer = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let bearer = bearer.ok_or_else(|| MockError::new(401, "authError", "Login Required"))?;
    let issuer = claims(bearer).and_then(|claims| Some(claims["iss"].as_str()?.to_owned()));
    Ok(issuer.unwrap_or_else(|| bearer.to_owned()))
}

/// The claims of a signed token, which is not verified.
fn claims(token: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?).ok()
}

/// A response of the type that a handler returns.
fn value<T: DeserializeOwned>(json: Value) -> MockResult<T> {
    serde_json::from_value(json).map_err(|error| MockError::new(500, "backendError", error.to_string()))
}

/// Hands out tokens.
struct TokenServer {
    url: String,
    /// Whether the user has entered the code of the device.
    entered: AtomicBool,
}

/// Status, redirect target, and body.
type Answer = (u16, String, Value);

impl TokenServer {
    /// Handles a request.
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line)?;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let target = line.split(' ').nth(1).unwrap_or_default();
        let answer = self.answer(target, &String::from_utf8_lossy(&body));
        let (status, location, json) = answer.unwrap_or((404, String::new(), json!({})));
        let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        let mut head = format!("HTTP/1.1 {status} X\r\nMetadata-Flavor: Google\r\nConnection: close\r\n");
        if !location.is_empty() {
            let _ = write!(head, "Location: {location}\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\n\r\n", text.len());
        reader.into_inner().write_all((head + &text).as_bytes())
    }

    fn answer(&self, target: &str, body: &str) -> Option<Answer> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match path {
            "/auth" => {
                let (redirect, state) = (member(query, "redirect_uri")?, member(query, "state")?);
                Some((302, format!("{redirect}/?state={state}&code=code"), json!({})))
            }
            "/device/code" => ok(json!({
                "device_code": "device", "user_code": "WXYZ", "expires_in": 60, "interval": 1,
                "verification_url": format!("{}/device", self.url),
            })),
            "/device" => {
                self.entered.store(member(query, "user_code")? == "WXYZ", Ordering::Relaxed);
                ok(json!("You may close this page."))
            }
            "/token" => self.token(body),
            "/computeMetadata/v1/instance/service-accounts/default/token" => token("cloud-run@example.com"),
            "/computeMetadata/v1/universe/universe-domain" => ok(json!("googleapis.com")),
            _ if path.ends_with(":signJwt") => {
                let asked: Value = serde_json::from_str(body).ok()?;
                let signed = format!("head.{}.signature", URL_SAFE_NO_PAD.encode(asked["payload"].as_str()?));
                ok(json!({ "keyId": "1", "signedJwt": signed }))
            }
            _ => None,
        }
    }

    fn token(&self, body: &str) -> Option<Answer> {
        if let Some(assertion) = member(body, "assertion") {
            token(claims(&assertion)?["sub"].as_str()?)
        } else if body.contains("subject_token") {
            token("ci@example.com")
        } else if !body.contains("device_code") {
            token("desktop@example.com")
        } else if self.entered.load(Ordering::Relaxed) {
            token("television@example.com")
        } else {
            Some((400, String::new(), json!({ "error": "authorization_pending" })))
        }
    }
}

fn ok(json: Value) -> Option<Answer> {
    Some((200, String::new(), json))
}

/// A token for that user.
fn token(user: &str) -> Option<Answer> {
    ok(json!({
        "access_token": user, "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }))
}

/// A member of a form.
fn member(form: &str, name: &str) -> Option<String> {
    let mut members = url::form_urlencoded::parse(form.as_bytes());
    members.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
