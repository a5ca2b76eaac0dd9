//! A user's consent in a browser, which the test simulates.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gapis_auth::{FileStore, Prompt, UserLogin};
use gapis_runtime::Credentials as _;
use serde_json::json;

use crate::support::*;

/// An authorization server that records the challenge of the last request, and the browser of its user.
#[derive(Clone, Default)]
struct World {
    challenge: Arc<Mutex<String>>,
    scopes: Arc<Mutex<Vec<String>>>,
    /// Each gives the pages that its user was shown.
    browsers: Arc<Mutex<Vec<JoinHandle<Vec<String>>>>>,
    asked: Arc<AtomicUsize>,
    revoked: Arc<AtomicUsize>,
    down: Arc<AtomicUsize>,
}

impl World {
    /// The response of the token server.
    fn tokens(&self) -> Server {
        let world = self.clone();
        Server::new(move |sent| {
            assert_eq!(sent.url, "https://token.test/token");
            if world.down.load(Ordering::SeqCst) > 0 {
                return Answer::Refused;
            }
            let name = match &*sent.form("grant_type").unwrap() {
                "authorization_code" => {
                    assert_eq!(sent.form("code").unwrap(), "s3cret-code");
                    let verifier = sent.form("code_verifier").unwrap();
                    assert!(verifier.len() >= 43);
                    let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
                    assert_eq!(URL_SAFE_NO_PAD.encode(hash), *world.challenge.lock().unwrap());
                    "code"
                }
                _ if world.revoked.swap(0, Ordering::SeqCst) > 0 => {
                    return Answer::Json(400, json!({ "error": "invalid_grant" }));
                }
                _ => {
                    assert_eq!(sent.form("refresh_token").unwrap(), "s3cret-refresh");
                    assert_eq!(sent.form("scope"), None);
                    "refresh"
                }
            };
            let name = format!("{name}-{}", sent.number);
            Answer::Json(
                200,
                json!({
                    "access_token": name, "refresh_token": "s3cret-refresh", "token_type": "Bearer", "expires_in": 3600,
                }),
            )
        })
    }

    /// A browser whose response depends on the state.
    fn browser(&self, answers: fn(&str) -> Vec<String>) -> impl Fn(&Prompt<'_>) + Send + Sync + 'static {
        let world = self.clone();
        move |prompt| {
            world.asked.fetch_add(1, Ordering::SeqCst);
            let asked = query(prompt.url());
            assert_eq!((&*asked["response_type"], &*asked["code_challenge_method"]), ("code", "S256"));
            assert_eq!((&*asked["access_type"], prompt.code()), ("offline", None));
            *world.challenge.lock().unwrap() = asked["code_challenge"].clone();
            world.scopes.lock().unwrap().push(asked["scope"].clone());
            let address = asked["redirect_uri"].strip_prefix("http://").unwrap().to_owned();
            let targets = answers(&asked["state"]);
            let visit = move |target: String| {
                let Ok(mut stream) = TcpStream::connect(&address) else { return "refused".into() };
                let _ = write!(stream, "GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n");
                let mut page = String::new();
                let _ = stream.read_to_string(&mut page);
                page
            };
            let browser = std::thread::spawn(move || targets.into_iter().map(visit).collect());
            world.browsers.lock().unwrap().push(browser);
        }
    }

    /// What the users were shown, when they have seen all of it.
    fn pages(&self) -> Vec<String> {
        let browsers = std::mem::take(&mut *self.browsers.lock().unwrap());
        browsers.into_iter().flat_map(|browser| browser.join().unwrap()).collect()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn consents(state: &str) -> Vec<String> {
    vec![format!("/?state={state}&code=s3cret-code&scope=x")]
}

fn client_file(name: &str) -> std::path::PathBuf {
    let client = json!({ "installed": {
        "client_id": "the-client", "client_secret": "s3cret-client", "project_id": "farm",
        "auth_uri": "https://accounts.test/auth", "token_uri": "https://token.test/token",
    } });
    file(name, &client.to_string())
}

fn login(world: &World, name: &str, answers: fn(&str) -> Vec<String>) -> UserLogin {
    let store = FileStore::new(path(&format!("{name}-store.json")));
    UserLogin::new(client_file(&format!("{name}.json")), store)
        .present(world.browser(answers))
        .token_client(&world.tokens().client())
}

#[tokio::test]
async fn a_user_consents_once() {
    let world = World::default();
    let user = Arc::new(login(&world, "once", consents));
    let first = twenty(&user, None).await;
    assert!(first.iter().all(|headers| header(headers, "authorization") == "Bearer code-1"));
    assert_eq!(world.asked(), 1);

    // At the next start the user is not asked, and neither after a token was rejected.
    let again = Arc::new(login(&world, "once", consents));
    let second = again.headers(&SCOPES, None).await.unwrap();
    assert_eq!(header(&second, "authorization"), "Bearer refresh-1");
    let renewed = twenty(&again, Some(&second)).await;
    assert!(renewed.iter().all(|headers| header(headers, "authorization") == "Bearer refresh-2"));
    assert_eq!(world.asked(), 1);
    assert!(!format!("{again:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_user_who_refuses_ends_it_at_once() {
    let world = World::default();
    let user = login(&world, "denied", |state| vec![format!("/?state={state}&error=access_denied")]);
    let denied = error(&user).await;
    assert!(denied.to_string().contains("access_denied"), "{denied}");
    assert!(world.pages()[0].contains("You are not logged in: access_denied"));
}

#[tokio::test]
async fn a_forged_answer_is_refused_and_a_second_one_too() {
    let world = World::default();
    let user = login(&world, "forged", |state| {
        vec![
            "/?state=guessed&code=of-another".into(),
            "/?code=of-another".into(),
            format!("/?state={state}&state=guessed&code=of-another"),
            format!("/other?state={state}&code=of-another"),
            "/favicon.ico".into(),
            format!("/?state={state}&code=s3cret-code"),
            format!("/?state={state}&code=of-another"),
        ]
    });
    assert_eq!(bearer(&user).await, "Bearer code-1");
    let pages = world.pages();
    let lines: Vec<&str> = pages.iter().map(|page| page.lines().next().unwrap_or("nothing")).collect();
    assert_eq!(lines[..3], ["HTTP/1.1 400 Bad Request"; 3]);
    assert_eq!(lines[3..5], ["HTTP/1.1 404 Not Found"; 2]);
    assert_eq!(lines[5], "HTTP/1.1 200 OK");
    assert!(matches!(lines[6], "refused" | "nothing"), "{}", lines[6]);
}

#[tokio::test]
async fn a_revoked_login_asks_again_and_a_network_that_fails_does_not() {
    let world = World::default();
    bearer(&login(&world, "revoked", consents)).await;
    world.down.store(1, Ordering::SeqCst);
    let failed = error(&login(&world, "revoked", consents)).await;
    assert!(failed.to_string().contains("cannot connect to token.test"), "{failed}");
    assert_eq!(world.asked(), 1);
    world.down.store(0, Ordering::SeqCst);
    world.revoked.store(1, Ordering::SeqCst);
    assert_eq!(bearer(&login(&world, "revoked", consents)).await, "Bearer code-2");
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn scopes_that_come_later_are_asked_for_with_those_before() {
    let world = World::default();
    let user = login(&world, "later", consents);
    user.headers(&["a", "b"], None).await.unwrap();
    user.headers(&["b"], None).await.unwrap();
    user.headers(&["c"], None).await.unwrap();
    user.headers(&["a", "c"], None).await.unwrap();
    assert_eq!(*world.scopes.lock().unwrap(), ["a b", "a b c"]);
}

#[tokio::test]
async fn the_store_is_checked_before_the_user_is_asked() {
    let world = World::default();
    let client = client_file("unwritable.json");
    let folder = path("no-such-folder");
    for place in [folder.join("store.json"), folder.parent().unwrap().to_owned()] {
        let user = UserLogin::new(&client, FileStore::new(place)).present(world.browser(consents));
        let failed = error(&user).await;
        assert!(failed.to_string().contains("the token store"), "{failed}");
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_broken_store_asks_again_and_a_loose_one_is_tightened() {
    let world = World::default();
    for (number, broken) in ["", "s3cret", "{", "[]", "{\"refresh_token\": 1}"].into_iter().enumerate() {
        let store = file("broken-store.json", broken);
        let user = login(&world, "broken", consents);
        assert!(bearer(&user).await.starts_with("Bearer code"));
        assert_eq!(world.asked(), number + 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = || std::fs::metadata(&store).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(), 0o600);
            std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o644)).unwrap();
            bearer(&login(&world, "broken", consents)).await;
            assert_eq!(mode(), 0o600);
        }
        assert_eq!(world.asked(), number + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_who_does_not_answer_and_files_that_are_none() {
    let world = World::default();
    let silent = login(&world, "silent", |_| Vec::new()).wait_for_user(Duration::from_secs(50));
    assert!(error(&silent).await.to_string().contains("has not consented within"));
    let web = file("web.json", r#"{"web": {"client_secret": "s3cret"}}"#);
    for (path, words) in [
        (file("none.json", "s3cret"), "not valid JSON"),
        (path("missing.json"), "cannot read"),
        (web, "for a web application: create a client of the type \"Desktop app\""),
    ] {
        let user = UserLogin::new(path, FileStore::new("store.json")).present(|_| panic!("nobody is asked"));
        let failed = error(&user).await;
        assert!(failed.to_string().contains(words), "{failed}");
    }
}
