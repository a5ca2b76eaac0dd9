//! Media at a URL from a response: the credentials are sent only to hosts of the API's universe.

#![allow(missing_docs)]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt as _;
use gapis_runtime::transport::{HttpRequest, HttpResponse, Transport};
use gapis_runtime::{BearerToken, BoxFuture, Builder, Error, Result};
use gapis_testkit::regional::Zoo;
use http::{HeaderMap, StatusCode};

/// Responds with media, or with a redirect if the query ends with `to=`. Records the URLs and tokens of requests.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Vec<String>>>);

impl Transport for Server {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let token = request.headers.get("authorization").map_or("", |token| token.to_str().unwrap());
        self.0.lock().unwrap().push(format!("{} {} {token}", request.method, request.url));
        let mut headers = HeaderMap::new();
        let to = request.url.split_once("to=").map(|(_, to)| to.to_owned());
        let status = match &to {
            Some(to) => {
                headers.insert("location", to.parse().unwrap());
                StatusCode::TEMPORARY_REDIRECT
            }
            None => StatusCode::OK,
        };
        let body = Bytes::from_static(b"media");
        let body = futures_util::stream::iter([Ok(body)]).boxed();
        Box::pin(async move { Ok(HttpResponse { status, headers, body }) })
    }
}

async fn download(
    build: impl Fn(Builder<Zoo>) -> Builder<Zoo>,
    url: &str,
) -> (Result<Bytes, Error>, Vec<String>) {
    let server = Server::default();
    let zoo =
        build(Zoo::builder().credentials(BearerToken::new("t")).transport(server.clone())).build().unwrap();
    let result = zoo.download_from(url).bytes().await;
    let sent = server.0.lock().unwrap().clone();
    (result, sent)
}

#[tokio::test]
async fn media_is_fetched_with_the_credentials_from_hosts_of_the_universe() {
    for url in [
        "https://docs.google.com/feeds/download/documents/export/Export?id=1&exportFormat=pdf",
        "https://drive.google.com/uc?id=1&export=download",
        "https://drive.usercontent.google.com/download?id=1",
        "https://doc-0a-docstext.googleusercontent.com/export/x/y%2Fz",
        "https://storage.googleapis.com/download/storage/v1/b/b/o/o?alt=media",
        "https://zoo.googleapis.com/any//thing",
        "https://GOOGLEAPIS.com:443/x",
    ] {
        let (result, sent) = download(|builder| builder, url).await;
        assert_eq!(result.unwrap(), "media", "{url}");
        let written = url.replace("GOOGLEAPIS", "googleapis").replace(":443", "");
        assert_eq!(sent, [format!("GET {written} Bearer t")]);
    }
}

#[tokio::test]
async fn credentials_go_nowhere_else() {
    for url in [
        "http://docs.google.com/x",
        "https://docs.google.com:8443/x",
        "https://me@docs.google.com/x",
        "https://docs.google.com.evil.test/x",
        "https://evildocs.google.com/x",
        "https://evilgoogleapis.com/x",
        "https://sites.google.com/x",
        "https://google.com/x",
        "https://evil.test/docs.google.com",
        "https://evil.test\\@docs.google.com/x",
        "http://zoo.googleapis.com/x",
        "ftp://docs.google.com/x",
        "file:///etc/passwd",
        "data:text/plain,x",
        "/zoo/v1/x",
        "",
    ] {
        let (result, sent) = download(|builder| builder, url).await;
        let error = result.unwrap_err();
        assert!(error.is_input() && sent.is_empty(), "{url}: {error}");
    }
}

#[tokio::test]
async fn another_universe_or_endpoint_has_its_own_hosts() {
    let universe = |builder: Builder<Zoo>| builder.universe_domain("example.com");
    assert!(download(universe, "https://storage.example.com/x").await.0.is_ok());
    for url in ["https://storage.googleapis.com/x", "https://docs.google.com/x"] {
        let (result, sent) = download(universe, url).await;
        assert!(result.unwrap_err().is_input() && sent.is_empty(), "{url}");
    }
    let local = |builder: Builder<Zoo>| builder.endpoint("http://127.0.0.1:8080/");
    assert!(download(local, "http://127.0.0.1:8080/x?y").await.0.is_ok());
    for url in ["http://127.0.0.1:8081/x", "http://127.0.0.2:8080/x", "https://127.0.0.1:8080/x"] {
        assert!(download(local, url).await.0.unwrap_err().is_input(), "{url}");
    }
}

#[tokio::test]
async fn redirects_are_followed_between_these_hosts() {
    let (result, sent) = download(
        |builder| builder,
        "https://docs.google.com/export?to=https://doc-1.googleusercontent.com/x?key=secret",
    )
    .await;
    assert_eq!(result.unwrap(), "media");
    assert_eq!(sent[1], "GET https://doc-1.googleusercontent.com/x?key=secret Bearer t");
    let (result, sent) =
        download(|b| b, "https://docs.google.com/export?to=https://evil.test/x?key=secret").await;
    let error = result.unwrap_err();
    assert!(error.is_protocol() && error.to_string().contains("evil.test"), "{error}");
    assert!(!error.to_string().contains("secret"));
    assert_eq!(sent.len(), 1);
    let (result, sent) = download(|builder| builder, "https://docs.google.com/a?to=/a?to=/a").await;
    assert!(result.is_ok() || sent.len() == 6, "{sent:?}");
    let server = Server::default();
    let zoo = Zoo::builder().credentials(BearerToken::new("t")).transport(server.clone()).build().unwrap();
    let raw = zoo.call(http::Method::GET, "a?to=https://doc-1.googleusercontent.com/x", None);
    assert!(raw.await.is_err(), "a call follows none");
    assert_eq!(server.0.lock().unwrap().len(), 1);
}
