//! A user's login against the emulator of Google's authorization server, which checks PKCE, codes and refresh tokens. The
//! browser and its user are played here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gapis_auth::{FileStore, Prompt, UserLogin};
use gapis_runtime::{AuthHeaders, Credentials};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use crate::check::{Checked, ensure, passed};

const SCOPES: [&str; 2] = ["openid", "email"];

/// How often the user was asked.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) async fn run(endpoint: &str) -> Checked {
    let folder = std::env::temp_dir().join(format!("gapis-login-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let checked = match check(endpoint, &folder).await {
        Ok(()) => crate::mail::run(endpoint, &folder).await,
        failed => failed,
    };
    std::fs::remove_dir_all(&folder)?;
    checked
}

async fn check(endpoint: &str, folder: &Path) -> Checked {
    let client = client_file(endpoint, folder)?;
    let store = folder.join("tokens.json");
    let asked = Asked::default();
    let login = |consents: bool| {
        let asked = asked.clone();
        UserLogin::new(&client, FileStore::new(&store)).present(move |prompt: &Prompt<'_>| {
            asked.0.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(browse(prompt.url().to_owned(), consents));
        })
    };

    let denied = login(false).headers(&SCOPES, None).await.err().map(|error| error.to_string());
    ensure!(denied.as_deref().is_some_and(|text| text.contains("access_denied")), "not denied: {denied:?}");
    passed("a user who declines ends the login");

    let user = Arc::new(login(true));
    let tasks: Vec<_> = (0..5).map(|_| tokio::spawn(token(Arc::clone(&user)))).collect();
    let mut tokens = Vec::new();
    for task in tasks {
        tokens.push(task.await??);
    }
    ensure!(asked.times() == 2, "asked {} times", asked.times());
    ensure!(tokens.iter().all(|token| *token == tokens[0]), "five tasks have several tokens");
    ensure!(userinfo(endpoint, &tokens[0]).await?.contains("ann@example.com"), "the token is not the user's");
    passed("five tasks ask a user who consents once, and the token is good");

    let second = login(true).headers(&SCOPES, None).await?;
    ensure!(asked.times() == 2 && second != tokens[0], "the second start asked, or refreshed nothing");
    passed("the second start asks nobody");

    let again = login(true);
    let old = again.headers(&SCOPES, None).await?;
    ensure!(again.headers(&SCOPES, Some(&old)).await? != old, "a token that was rejected is given again");
    passed("a token that has ended is renewed");

    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&store)?)?;
    let refresh = kept["refresh_token"].as_str().unwrap_or_default();
    post(endpoint, "/oauth2/revoke", &[("token", refresh)]).await?;
    login(true).headers(&SCOPES, None).await?;
    ensure!(asked.times() == 3, "asked {} times", asked.times());
    passed("a login that was revoked is asked for again");
    Ok(())
}

/// The file of a client that asks the emulator.
pub(crate) fn client_file(endpoint: &str, folder: &Path) -> std::io::Result<PathBuf> {
    let path = folder.join("client.json");
    let client = serde_json::json!({ "installed": {
        "client_id": "interop", "client_secret": "secret", "auth_uri": format!("{endpoint}/o/oauth2/v2/auth"),
        "token_uri": format!("{endpoint}/oauth2/token"),
    } });
    std::fs::write(&path, client.to_string())?;
    Ok(path)
}

async fn token(user: Arc<UserLogin>) -> Result<AuthHeaders, gapis_runtime::Error> {
    user.headers(&SCOPES, None).await
}

/// The user opens the page and chooses the account, or declines.
pub(crate) async fn browse(page: String, consents: bool) -> std::io::Result<()> {
    let parsed = Url::parse(&page).map_err(std::io::Error::other)?;
    let asked: Vec<(String, String)> = parsed.query_pairs().into_owned().collect();
    let find = |name: &str| asked.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
    let origin = parsed.origin().ascii_serialization();
    let next = if consents {
        exchange(&page, "GET", "").await?;
        let user = ("email".to_owned(), "ann@example.com".to_owned());
        let form = encode(asked.iter().chain([&user]).map(|(name, value)| (name.as_str(), value.as_str())));
        let answer = exchange(&format!("{origin}/o/oauth2/v2/auth/callback"), "POST", &form).await?;
        let location = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("location").then(|| value.to_owned())
        });
        location.ok_or_else(|| std::io::Error::other(answer))?
    } else {
        format!("{}/?error=access_denied&state={}", find("redirect_uri"), find("state"))
    };
    exchange(&next, "GET", "").await.map(drop)
}

async fn userinfo(endpoint: &str, headers: &AuthHeaders) -> Checked<String> {
    let header = headers.iter().next().and_then(|(_, value)| value.to_str().ok()).unwrap_or_default();
    let url = format!("{endpoint}/oauth2/v2/userinfo");
    Ok(send(&url, &format!("GET /oauth2/v2/userinfo HTTP/1.1\r\nAuthorization: {header}\r\n"), "").await?)
}

async fn post(endpoint: &str, path: &str, form: &[(&str, &str)]) -> Checked<String> {
    Ok(exchange(&format!("{endpoint}{path}"), "POST", &encode(form.iter().copied())).await?)
}

fn encode<'a>(form: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

async fn exchange(url: &str, verb: &str, body: &str) -> std::io::Result<String> {
    let parsed = Url::parse(url).map_err(std::io::Error::other)?;
    let query = parsed.query().map(|query| format!("?{query}")).unwrap_or_default();
    let head = format!(
        "{verb} {}{query} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        parsed.path()
    );
    send(url, &head, body).await
}

/// One request, and its whole answer.
async fn send(url: &str, head: &str, body: &str) -> std::io::Result<String> {
    let parsed = Url::parse(url).map_err(std::io::Error::other)?;
    let port = parsed.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!(
        "{head}Host: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
