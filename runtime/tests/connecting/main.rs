//! The connection between a client and its server: addresses, certificates, proxies, and error messages.
#![cfg(feature = "rustls")]
#![allow(missing_docs, unreachable_pub)]

mod secure;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gapis_runtime::{Builder, Error, Json};
use gapis_testkit::quick;
use gapis_testkit::socket::Socket;
use gapis_testkit::zoo::Zoo;
use secure::{CA, LOCALHOST, server};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// Parts of the URL of a read, which no message may contain.
async fn get(zoo: Zoo) -> Result<Json, Error> {
    zoo.call(http::Method::GET, "animals", None).with_query("secret", "s").await
}

/// Responds to everything with a number.
fn seven() -> Socket {
    Socket::answering(|_| "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n7")
}

fn builder(endpoint: &str) -> Builder<Zoo> {
    Zoo::builder().anonymous().endpoint(endpoint).retry(quick())
}

/// A server that reads the beginning of a request and closes the connection.
async fn closing() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    (format!("http://127.0.0.1:{port}"), connections)
}

fn names(error: &Error, place: &str) {
    let text = error.to_string();
    assert!(text.contains(place.split_once("//").unwrap().1), "{text}");
    assert!(!text.contains("animals") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_refused_connection_names_the_address_and_the_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = get(builder(&endpoint).build().unwrap()).await.unwrap_err();
    assert!(error.is_connect() && !error.is_untrusted() && !error.is_unknown_outcome(), "{error}");
    names(&error, &endpoint);
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_closed_connection_names_the_address_and_leaves_the_outcome_open() {
    let (endpoint, connections) = closing().await;
    let error = get(builder(&endpoint).build().unwrap()).await.unwrap_err();
    assert!(error.is_connection() && !error.is_connect() && error.is_unknown_outcome(), "{error}");
    names(&error, &endpoint);
    assert!(connections.load(Ordering::SeqCst) >= 5, "it may be read again");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_met_once() {
    let (endpoint, connections) = server(false).await;
    let error = get(builder(&endpoint).build().unwrap()).await.unwrap_err();
    assert!(error.is_untrusted() && error.is_connect() && !error.is_unknown_outcome(), "{error:?}");
    names(&error, &endpoint);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_certificate_of_a_root_that_was_given_is_trusted() {
    let (endpoint, _) = server(false).await;
    let with_root = builder(&endpoint).root_certificates(CA).connect_timeout(Duration::from_secs(9));
    assert_eq!(get(with_root.build().unwrap()).await.unwrap(), Json::from(7));
    // The certificate is valid for `localhost` only.
    let elsewhere = endpoint.replace("localhost", "localhost.localdomain");
    let error = get(builder(&elsewhere).root_certificates(CA).build().unwrap()).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}

#[tokio::test]
async fn an_identity_is_shown_to_a_server_that_asks_for_it() {
    let (endpoint, _) = server(true).await;
    let with_root = || builder(&endpoint).root_certificates(CA);
    assert_eq!(get(with_root().identity(LOCALHOST).build().unwrap()).await.unwrap(), Json::from(7));
    let error = get(with_root().build().unwrap()).await.unwrap_err();
    assert!(error.is_connection(), "{error:?}");
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_whole_url() {
    let proxy = seven();
    let at = proxy.url().replace("http://", "http://me:pass@");
    let zoo = builder("http://zoo.test").proxy(&at).build().unwrap();
    assert_eq!(get(zoo).await.unwrap(), Json::from(7));
    let request = &proxy.requests()[0];
    let head = &request.head;
    assert!(head.starts_with("GET http://zoo.test/zoo/v1/animals?"), "{head}");
    assert_eq!(request.header("proxy-authorization").as_deref(), Some("Basic bWU6cGFzcw=="));
}

#[test]
fn what_cannot_be_used_is_an_input_error_that_shows_nothing_of_it() {
    let one = || builder("https://zoo.test");
    let own = reqwest_client();
    for refused in [
        one().proxy("secret"),
        one().proxy("ftp://secret:1"),
        one().proxy("socks5://secret:1"),
        one().root_certificates("secret"),
        one().root_certificates(""),
        one().root_certificates("-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n"),
        one().identity(CA),
        one().identity("secret"),
        one().http_client(own.clone()).proxy("http://secret:1"),
        one().http_client(own.clone()).root_certificates(CA),
        one().http_client(own.clone()).identity(LOCALHOST),
        one().http_client(own).connect_timeout(Duration::from_secs(1)),
    ] {
        let error = refused.build().unwrap_err();
        assert!(error.is_input() && !format!("{error:?}").contains("secret"), "{error:?}");
    }
}

/// The code in the guide.
fn reqwest_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

#[tokio::test]
async fn a_client_of_the_caller_s_own_is_used() {
    let socket = seven();
    let zoo = builder(&socket.url()).http_client(reqwest_client()).build().unwrap();
    assert_eq!(get(zoo).await.unwrap(), Json::from(7));
}

#[tokio::test]
async fn a_path_that_would_be_read_otherwise_is_not_sent() {
    let socket = seven();
    let zoo = builder(&socket.url()).build().unwrap();
    for path in
        ["animals/%2e%2e/%2E%2E/admin", "animals/.%2e/x", "..", "animals\\..\\admin", "/../x", "a b", "//x/y"]
    {
        let error = zoo.call(http::Method::GET, path, None).await.unwrap_err();
        assert!(error.is_input() && error.to_string().contains("must be percent-encoded"), "{path}: {error}");
        assert!(
            zoo.call(http::Method::GET, path, None).queue(&mut zoo.batch(), |_| ()).unwrap_err().is_input()
        );
    }
    zoo.call(http::Method::GET, "animals/a%2F..%2Fb?x=%2e%2e", None).await.unwrap();
    assert!(
        socket.requests()[0].head.starts_with("GET /zoo/v1/animals/a%2F..%2Fb?x=%2e%2e&alt=json HTTP/1.1")
    );
    assert_eq!(socket.requests().len(), 1);
}
