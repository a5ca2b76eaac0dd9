//! `gapis batch --service-account`: tokens of the account and of the users that it acts for.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gapis_mock::MockError;
use gapis_testkit::farm::animals;
use gapis_testkit::farm::schemas::Animal;
use serde_json::{Value, json};

use crate::{Job, run};

/// A key that protects nothing.
const KEY: &str = include_str!("../../../../runtime/auth/tests/support/throwaway_key.pem");

/// A server whose tokens are the names of the users for which they are requested.
fn token_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let uri = format!("http://{}/token", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let user = claims(&String::from_utf8_lossy(&body))["sub"].as_str().unwrap_or_default().to_owned();
            let answer =
                json!({ "access_token": format!("secret of {user}"), "expires_in": 3600 }).to_string();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{answer}", answer.len()).expect("written");
        }
    });
    uri
}

/// The claims of the first signed token in a text.
fn claims(text: &str) -> Value {
    let token = text.find("eyJ").and_then(|at| text.get(at..));
    let payload = token.and_then(|token| token.split('.').nth(1)).unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap_or_default()).unwrap_or_default()
}

#[test]
fn each_call_is_made_for_its_user() {
    let job = Job::new();
    // The animal's name is the caller's.
    job.mock.on::<animals::Get>(|call| {
        let bearer = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let bearer = bearer.ok_or_else(|| MockError::new(401, "authError", "Login Required"))?;
        let own = claims(bearer)["iss"].as_str().map(str::to_owned);
        let name = own.unwrap_or_else(|| bearer.trim_start_matches("secret of ").to_owned());
        Ok(Animal { name: Some(name), ..Default::default() })
    });
    let key = job.folder.path().join("key.json");
    let pem = KEY.find("-----BEGIN").and_then(|at| KEY.get(at..)).expect("a key");
    let account = json!({
        "type": "service_account", "client_email": "robot@example.com", "private_key_id": "1", "private_key": pem,
        "token_uri": token_server(),
    });
    fs::write(&key, account.to_string()).expect("written");
    let line = |user: Option<&str>| {
        let mut call = json!({ "method": "farm.animals.get", "params": { "animalId": "7" } });
        if let Some(user) = user {
            call["subject"] = json!(user);
        }
        format!("{call}\n")
    };
    let lines = [
        line(Some("ann@example.com")),
        line(None),
        line(Some("ben@example.com")),
        line(Some("ann@example.com")),
    ];
    let input = job.input(&lines.concat());
    let (endpoint, key) = (job.mock.uri(), key.display().to_string());
    let journal = job.folder.path().join("journal").display().to_string();
    let account = ["--endpoint", &endpoint, "--service-account", &key, "--journal", &journal];
    let names = |more: &[&str]| -> Vec<String> {
        let (code, replies) = run(&input, &[&account, more].concat()).expect("a job that runs");
        assert_eq!(code, 0, "{replies:?}");
        let name = |reply: &Value| reply["response"]["name"].as_str().unwrap_or_default().to_owned();
        replies.iter().map(name).collect()
    };
    assert_eq!(names(&[]), ["ann@example.com", "robot@example.com", "ben@example.com", "ann@example.com"]);
    assert_eq!(job.mock.requests().len(), 1, "all users' calls are in one request");
    let written = fs::read(job.folder.path().join("journal/farm-v2.journal")).expect("the journal");
    assert!(!String::from_utf8_lossy(&written).contains("secret of"), "the journal has no token");
    // The command's own user is that of calls without one. The call that was made for nobody in particular is another call.
    let all = names(&["--subject", "cas@example.com"]);
    assert_eq!(all, ["ann@example.com", "cas@example.com", "ben@example.com", "ann@example.com"]);
    let sent = job.mock.requests().len();
    assert_eq!(sent, 2, "only the call without a user is sent again");
    // With the same ids, other users get no reply that was another's.
    let other = [line(Some("dan@example.com")), line(Some("eva@example.com"))];
    fs::write(&input, other.concat()).expect("written");
    assert_eq!(names(&[]), ["dan@example.com", "eva@example.com"]);
    assert_eq!(names(&[]), ["dan@example.com", "eva@example.com"]);
    assert_eq!(job.mock.requests().len(), sent + 1, "each was sent once");
}
