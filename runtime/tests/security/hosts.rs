//! Credentials are sent only to the client's host, whatever URL a server names. The tests use sockets and the
//! library's own HTTP client, because HTTP clients often follow redirects.

use std::sync::{Arc, Mutex};

use gapis_mock::{Handlers, MockResponse, MockServer};
use gapis_runtime::{BearerToken, Error, RetryPolicy, Session};
use serde_json::json;

use gapis_testkit::shop::{Shop, bytes};

const UNIT: usize = 256 * 1024;

/// A server that responds with the closure, and a server that should get no request.
struct Pair {
    server: MockServer,
    away: MockServer,
    shop: Shop,
}

impl Pair {
    fn new(answer: impl Fn(&str, &str) -> MockResponse + Send + Sync + 'static) -> Self {
        let away = MockServer::start().unwrap();
        let elsewhere = format!("{}/stolen", away.uri());
        let handlers = Handlers::new();
        let answer = Arc::new(answer);
        for (verb, path) in [
            ("GET", "/shop/v1/things/{id}"),
            ("POST", "/shop/v1/things"),
            ("POST", "/upload/shop/v1/things"),
            ("PUT", "/session"),
            ("DELETE", "/session"),
            ("POST", "/batch/shop/v1"),
        ] {
            let (answer, elsewhere) = (answer.clone(), elsewhere.clone());
            handlers.route(verb, path, move |_| answer(&format!("{verb} {path}"), &elsewhere));
        }
        let server = MockServer::serve(handlers, ([127, 0, 0, 1], 0).into()).unwrap();
        let shop = Shop::builder()
            .credentials(BearerToken::new("s3cret"))
            .retry(RetryPolicy::none())
            .endpoint(&server.uri())
            .build()
            .unwrap();
        Pair { server, away, shop }
    }

    /// Asserts that the other server got no request, and that this one got the token.
    fn check(&self, requests: usize) {
        assert_eq!(self.away.requests().len(), 0);
        let sent = self.server.requests();
        assert_eq!(sent.len(), requests);
        assert!(sent.iter().all(|request| request.headers["authorization"] == "Bearer s3cret"));
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    for status in [300, 301, 302, 303, 307, 308] {
        let pair = Pair::new(move |_, away| MockResponse::new(status).with_header("location", away));
        let shop = &pair.shop;
        let is_it = |error: Error| assert_eq!(error.response().unwrap().status, status, "{error}");
        is_it(shop.get("a").await.unwrap_err());
        is_it(shop.insert(json!({})).await.unwrap_err());
        is_it(shop.get("a").download().bytes().await.unwrap_err());
        is_it(shop.insert(json!({})).upload("x").simple().await.unwrap_err());
        is_it(shop.insert(json!({"a": 1})).upload("x").multipart().await.unwrap_err());
        is_it(shop.insert(json!({})).upload("x").resumable().await.unwrap_err());
        let mut batch = shop.batch();
        let ticket = batch.add(shop.get("a")).unwrap();
        is_it(batch.execute().await.redeem(ticket).unwrap_err());
        pair.check(7);
    }
}

/// A session may have any path, but not another host, port or scheme.
#[tokio::test]
async fn no_session_is_opened_elsewhere() {
    let pair = Pair::new(|_, away| MockResponse::new(200).with_header("location", away));
    let error = pair.shop.insert(json!({})).upload("x").resumable().await.unwrap_err();
    assert!(error.is_protocol() && !error.to_string().contains("stolen"), "{error}");
    pair.check(1);

    for wrong in ["https://{}/session", "//localhost:1/session", "http://user@{}/session"] {
        let own = Arc::new(Mutex::new(String::new()));
        let told = own.clone();
        let pair = Pair::new(move |_, _| {
            MockResponse::new(200).with_header("location", &wrong.replace("{}", &told.lock().unwrap()))
        });
        *own.lock().unwrap() = pair.server.address().to_string();
        let error = pair.shop.insert(json!({})).upload("x").resumable().await.unwrap_err();
        assert!(error.is_protocol(), "{wrong}: {error}");
        pair.check(1);
    }
}

#[tokio::test]
async fn no_piece_of_an_upload_is_redirected() {
    for status in [301, 302, 303, 307, 308] {
        let pair = Pair::new(move |request, away| match request {
            "POST /upload/shop/v1/things" => MockResponse::new(200).with_header("location", "/session"),
            _ => MockResponse::new(status).with_header("location", away),
        });
        let upload = pair.shop.insert(json!({})).upload(bytes(UNIT + 1)).resumable().with_chunk_size(UNIT);
        let error = upload.await.unwrap_err();
        // In this protocol, 308 means that the server has stored nothing of what it got.
        assert!(
            error.status().map(u16::from) == Some(status) || status == 308 && error.is_protocol(),
            "{status}: {error}"
        );
        pair.check(2);
    }
}

#[tokio::test]
async fn a_saved_session_of_another_place_is_not_gone_to() {
    let pair = Pair::new(|_, _| MockResponse::new(200));
    let address = format!("{}/session", pair.away.uri());
    let session = || {
        let text = json!({ "method": "shop.insert", "address": address }).to_string();
        Session::load(&text).unwrap()
    };
    let resumed = pair.shop.insert(json!({})).upload("x").resume(session()).await;
    assert!(resumed.is_err_and(|error| error.is_protocol()));
    assert!(session().cancel(&pair.shop).await.is_err_and(|error| error.is_protocol()));
    pair.check(0);
}

/// A redirect is not followed at the end of a session or in the middle of a download.
#[tokio::test]
async fn what_is_asked_later_stays_as_well() {
    let pair = Pair::new(|request, away| match request {
        "GET /shop/v1/things/{id}" => {
            MockResponse::new(200).with_header("etag", "\"1\"").with_body("0123456789")
        }
        _ => MockResponse::new(307).with_header("location", away),
    });
    let own = json!({ "method": "shop.insert", "address": format!("{}/session", pair.server.uri()) });
    let session = Session::load(&own.to_string()).unwrap();
    assert_eq!(session.cancel(&pair.shop).await.unwrap_err().status().map(u16::from), Some(307));
    pair.server.fault(gapis_mock::Fault::cut(4));
    let away = format!("{}/stolen", pair.away.uri());
    let moved = MockResponse::new(307).with_header("location", &away);
    pair.server.fault(gapis_mock::Fault::respond(moved).skip(1));
    let patient = RetryPolicy::default().with_backoff(std::time::Duration::ZERO, std::time::Duration::ZERO);
    let error = pair.shop.get("a").with_retry(patient).download().bytes().await.unwrap_err();
    assert_eq!(error.status().map(u16::from), Some(307), "{error}");
    pair.check(3);
}

/// If a client of the caller's follows redirects, this is an error, and the response is not used.
#[tokio::test]
async fn an_http_client_that_follows_is_found_out() {
    let pair = Pair::new(|_, away| MockResponse::new(307).with_header("location", away));
    pair.away.route("GET", "/stolen", |_| MockResponse::json(200, &json!({ "name": "forged" })));
    // A plain client of `reqwest` uses the process-wide cryptography provider.
    #[cfg(feature = "rustls")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let follows = reqwest::Client::new();
    let shop = Shop::builder()
        .credentials(BearerToken::new("s3cret"))
        .endpoint(&pair.server.uri())
        .http_client(follows)
        .build()
        .unwrap();
    let error = shop.get("a").await.unwrap_err();
    assert!(error.is_protocol() && error.to_string().contains("redirect(Policy::none())"), "{error}");
    // The headers that `reqwest` itself removes before it follows.
    assert!(pair.away.requests().iter().all(|request| !request.headers.contains_key("authorization")));
}
