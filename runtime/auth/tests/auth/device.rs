//! Consent on another device.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapis_auth::{FileStore, UserLogin};
use serde_json::json;

use crate::support::*;

/// A server whose user responds at the fourth poll.
fn server(last: &'static str) -> Server {
    Server::new(move |sent| {
        if sent.url == "https://token.test/device/code" {
            assert_eq!(sent.form("scope").unwrap(), SCOPES.join(" "));
            return Answer::Json(
                200,
                json!({
                    "device_code": "s3cret-device", "user_code": "ABCD-EFGH", "interval": 5, "expires_in": 1800,
                    "verification_url": "https://token.test/device",
                }),
            );
        }
        assert_eq!(sent.form("device_code").unwrap(), "s3cret-device");
        match sent.number {
            2 => Answer::Json(428, json!({ "error": "authorization_pending" })),
            3 => Answer::Json(403, json!({ "error": "slow_down" })),
            4 => Answer::Refused,
            _ if last.is_empty() => Answer::Json(
                200,
                json!({ "access_token": "device", "refresh_token": "r", "expires_in": 3600 }),
            ),
            _ => Answer::Json(403, json!({ "error": last })),
        }
    })
}

fn login(server: &Server, name: &str, shown: &Arc<Mutex<String>>) -> UserLogin {
    let client = json!({ "installed": {
        "client_id": "the-client", "client_secret": "s3cret-client", "token_uri": "https://token.test/token",
    } });
    let shown = shown.clone();
    UserLogin::new(file(&format!("device-{name}.json"), &client.to_string()), FileStore::new(path(name)))
        .on_another_device()
        .present(move |prompt| *shown.lock().unwrap() = prompt.to_string())
        .token_client(&server.client())
}

#[tokio::test(start_paused = true)]
async fn the_user_types_a_code_elsewhere() {
    let (server, shown) = (server(""), Arc::default());
    assert_eq!(bearer(&login(&server, "typed", &shown)).await, "Bearer device");
    assert_eq!(
        *shown.lock().unwrap(),
        "To log in, open https://token.test/device and enter the code ABCD-EFGH"
    );
    let at: Vec<_> = server.seen().iter().map(|sent| sent.at).collect();
    let waits: Vec<Duration> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits, [5, 5, 10, 20].map(Duration::from_secs));
}

#[tokio::test(start_paused = true)]
async fn a_user_who_refuses_there_or_is_too_late_ends_it() {
    for word in ["access_denied", "expired_token"] {
        let server = server(word);
        let failed = error(&login(&server, word, &Arc::default())).await;
        assert!(failed.to_string().contains(word), "{failed}");
    }
}
