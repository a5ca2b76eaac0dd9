//! Token servers that hang while media goes up or comes down.

use std::time::Duration;

use gapis_auth::ApplicationDefault;
use gapis_mock::Fault;
use gapis_runtime::{Error, RetryPolicy};
use gapis_testkit::shop::{Shop, Store, bytes};
use serde_json::json;
use tokio::time::Instant;

use crate::support::*;

const UNIT: usize = 256 * 1024;

/// The store's token, which ends so soon that every request needs another one.
fn short() -> Answer {
    Answer::Json(200, json!({ "access_token": "s3cret", "token_type": "Bearer", "expires_in": 1 }))
}

/// A shop for which that server gives the tokens. Before each answer of the store time passes, and a token ends.
fn shop(store: &Store, server: &Server) -> Shop {
    let user = json!({
        "type": "authorized_user", "client_id": "the-client", "client_secret": "s3cret-client",
        "refresh_token": "s3cret-refresh", "token_uri": "https://token.test/token",
    });
    let user = ApplicationDefault::from_json(&user.to_string()).unwrap().token_client(&server.client());
    let handlers = store.handlers();
    handlers.fault(Fault::delay(Duration::from_secs(2)).always());
    let policy = RetryPolicy::default().with_total_time(Duration::from_secs(120));
    Shop::builder().credentials(user).retry(policy).transport(handlers).build().unwrap()
}

fn hung(error: &Error) -> bool {
    error.to_string().contains("token.test did not answer within 20s") || error.is_timeout()
}

/// The token server does not answer from that request on.
fn hanging_from(first: usize) -> Server {
    Server::new(move |sent| if sent.number < first { short() } else { Answer::Hangs })
}

#[tokio::test(start_paused = true)]
async fn an_upload_ends_within_its_time_whenever_the_token_server_hangs() {
    for first in 1..=4 {
        let (store, server) = (Store::default(), hanging_from(first));
        let began = Instant::now();
        let upload = shop(&store, &server).insert(json!({})).upload(bytes(3 * UNIT));
        let failed = upload.resumable().with_chunk_size(UNIT).send().await.unwrap_err();
        assert!(hung(&failed), "{first}: {failed}");
        assert_silent(&failed);
        // The time for all attempts is that of one step of the session.
        let steps = u32::try_from(first).unwrap();
        assert!(began.elapsed() <= steps * Duration::from_secs(120), "{first}: {:?}", began.elapsed());
        assert_eq!(store.with(|state| state.bytes.len()), first.saturating_sub(2) * UNIT);

        let began = Instant::now();
        let simple = shop(&store, &hanging_from(1)).insert(json!({})).upload(bytes(UNIT)).simple();
        assert!(hung(&simple.send().await.unwrap_err()));
        assert!(began.elapsed() <= Duration::from_secs(120), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_download_ends_within_its_time_if_the_token_server_hangs() {
    let store = Store::default();
    let began = Instant::now();
    let failed = shop(&store, &hanging_from(1)).get("a").download().bytes().await.unwrap_err();
    assert!(hung(&failed), "{failed}");
    assert_silent(&failed);
    assert!(began.elapsed() <= Duration::from_secs(120), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn media_goes_on_where_the_token_server_answers_again() {
    // Every other request for a token hangs.
    let answers = || Server::new(|sent| if sent.number.is_multiple_of(2) { short() } else { Answer::Hangs });
    let (store, media) = (Store::default(), bytes(3 * UNIT));
    let upload = shop(&store, &answers()).insert(json!({})).upload(media.clone());
    let answer = upload.resumable().with_chunk_size(UNIT).send().await.unwrap();
    assert_eq!(answer["size"], media.len());
    assert!(store.with(|state| state.bytes == media));
    let came = shop(&store, &answers()).get("a").download().bytes().await.unwrap();
    assert_eq!(came, media);
}
