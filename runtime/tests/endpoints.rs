//! The endpoints of requests: the API's own host, a region, another universe, mutual TLS, or one endpoint for all.
#![allow(missing_docs, unreachable_pub)]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gapis_runtime::transport::{HttpRequest, HttpResponse, Transport};
use gapis_runtime::{
    AuthHeaders, BearerToken, BoxFuture, Builder, Client, Credentials, Error, FromClient, Result,
    RetryPolicy, Session,
};
use gapis_testkit::regional::Zoo;
use gapis_testkit::regional::park::Park;
use http::{HeaderMap, StatusCode};

/// Records the URLs of requests, and responds to each with a JSON object and the session of an upload.
#[derive(Clone, Default)]
struct Places(Arc<Mutex<Vec<String>>>);

impl Places {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Transport for Places {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let place = request.url.split('?').next().unwrap_or_default().to_owned();
        self.0.lock().unwrap().push(place);
        let mut headers = HeaderMap::new();
        headers.insert("location", "/session".parse().unwrap());
        let body = futures_util::stream::iter([Ok(Bytes::from_static(b"{}"))]);
        Box::pin(async move { Ok(HttpResponse { status: StatusCode::OK, headers, body: Box::pin(body) }) })
    }
}

fn build<T: FromClient>(change: impl FnOnce(Builder<T>) -> Builder<T>) -> (Result<T>, Places) {
    let places = Places::default();
    let builder = Builder::new().credentials(BearerToken::new("token")).transport(places.clone());
    // Batches get an invalid response.
    let builder = builder.retry(RetryPolicy::none());
    (change(builder).build(), places)
}

/// Everything that sends requests, in all ways.
async fn send_everything(zoo: &Zoo) {
    zoo.get().await.unwrap();
    let mut batch = zoo.batch();
    batch.add(zoo.get()).unwrap();
    let _ = batch.execute().await;
    let (batcher, driver) = zoo.batcher();
    let driving = tokio::spawn(driver);
    let _ = batcher.send(zoo.get()).await;
    drop(batcher);
    driving.await.unwrap();
    zoo.get().download().bytes().await.unwrap();
    zoo.insert().upload("text").simple().await.unwrap();
    zoo.insert().upload("text").await.unwrap();
    zoo.insert().upload("text").resumable().await.unwrap();
    zoo.call(http::Method::GET, "raw", None).await.unwrap();
}

#[tokio::test]
async fn every_way_of_sending_goes_to_the_same_host() {
    for (change, host) in [
        ((|b| b) as fn(Builder<Zoo>) -> Builder<Zoo>, "https://zoo.googleapis.com"),
        (|b| b.region("south"), "https://zoo.south.rep.googleapis.com"),
        (|b| b.universe_domain("example.com"), "https://zoo.example.com"),
        (|b| b.region("north").universe_domain("example.com"), "https://zoo.north.rep.example.com"),
        (Builder::mtls, "https://zoo.mtls.googleapis.com"),
        (|b| b.mtls().universe_domain("example.com"), "https://zoo.mtls.example.com"),
        (
            |b| b.endpoint("http://h:1/base").region("nowhere").universe_domain("example.com"),
            "http://h:1/base",
        ),
        (|b| b.mtls().endpoint("https://h"), "https://h"),
    ] {
        let (zoo, places) = build(change);
        let zoo = zoo.unwrap();
        send_everything(&zoo).await;
        let (scheme_and_host, base) = match host.strip_suffix("/base") {
            Some(root) => (root, "/base"),
            None => (host, ""),
        };
        let paths = [
            "/zoo/v1/things/a",
            "/batch/zoo/v1",
            "/batch/zoo/v1",
            "/download/zoo/v1/things/a",
            "/upload/zoo/v1/things",
            "/upload/zoo/v1/things",
            "/upload/zoo/v1/things",
            "/session",
            "/zoo/v1/raw",
        ];
        let expected = paths.map(|path| match path {
            // The server named this URL.
            "/session" => format!("{scheme_and_host}{path}"),
            // Other servers usually support the method's own path only.
            "/download/zoo/v1/things/a" if !host.contains("zoo.") => {
                format!("{scheme_and_host}{base}/zoo/v1/things/a")
            }
            _ => format!("{scheme_and_host}{base}{path}"),
        });
        assert_eq!(places.take(), expected);
        assert!(zoo.get().dry_run().unwrap().url.starts_with(&format!("{host}/zoo/v1/things/a?")));
    }
}

#[test]
fn a_place_that_a_service_does_not_have_is_an_error_when_it_is_built() {
    let words = |change: fn(Builder<Park>) -> Builder<Park>| build(change).0.unwrap_err().to_string();
    assert_eq!(
        words(|b| b.region("n")),
        "park v2 has no regional endpoints, so its calls cannot be sent to \"n\""
    );
    assert_eq!(words(Builder::mtls), "park v2 has no endpoint for mutual TLS");
    let error = build::<Zoo>(|b| b.region("east")).0.unwrap_err();
    assert!(error.is_input());
    assert_eq!(error.to_string(), "zoo v1 has no endpoint in \"east\"; its regions are: north, south");
}

/// A client for any API must not send the calls of an API to another place than the one that was set.
#[tokio::test]
async fn of_a_client_for_several_apis_each_call_is_checked() {
    let (client, places) = build::<Client>(|b| b.region("north"));
    let client = client.unwrap();
    let (zoo, park) = (Zoo::new(&client), Park::new(&client));
    zoo.get().await.unwrap();
    assert_eq!(places.take(), ["https://zoo.north.rep.googleapis.com/zoo/v1/things/a"]);

    let no_place = |error: Error| error.is_input() && error.to_string().contains("park v2 has no regional");
    assert!(park.call(http::Method::GET, "x", None).await.is_err_and(no_place));
    assert!(park.call(http::Method::GET, "x", None).dry_run().is_err_and(no_place));
    let mut batch = park.batch();
    assert!(batch.add(park.call(http::Method::GET, "x", None)).is_err_and(no_place));
    assert_eq!(batch.execute().await.calls(), 0);
    let (batcher, driver) = park.batcher();
    assert!(batcher.send(park.call(http::Method::GET, "x", None)).await.is_err_and(no_place));
    drop((batcher, driver));
    let session = Session::load(r#"{"method":"m","address":"https://park.googleapis.com/s"}"#).unwrap();
    assert!(session.cancel(&park).await.is_err_and(no_place));
    assert_eq!(places.take(), [""; 0]);
}

/// Credentials that know their universe.
struct Of(Option<&'static str>);

impl Credentials for Of {
    fn headers<'a>(
        &'a self,
        _: &'a [&'a str],
        _: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        Box::pin(async {
            let headers = AuthHeaders::bearer("token")?;
            Ok(self.0.map_or(headers.clone(), |domain| headers.with_universe_domain(domain)))
        })
    }
}

#[tokio::test]
async fn credentials_of_another_universe_are_not_sent() {
    for (own, theirs, fits) in [
        (None, None, true),
        (None, Some("googleapis.com"), true),
        (None, Some("example.com"), false),
        (Some("example.com"), None, true),
        (Some("example.com"), Some("example.com"), true),
        (Some("example.com"), Some("googleapis.com"), false),
        (Some("googleapis.com"), Some("googleapis.com"), true),
    ] {
        let (zoo, places) = build::<Zoo>(|builder| {
            let builder = builder.credentials(Of(theirs));
            match own {
                Some(domain) => builder.universe_domain(domain),
                None => builder,
            }
        });
        let zoo = zoo.unwrap();
        let single = zoo.get().await.map(drop);
        let mut batch = zoo.batch();
        batch.add(zoo.get()).unwrap();
        let report = batch.execute().await;
        let error = report.records().next().unwrap().error.clone();
        assert_eq!(places.take().len(), if fits { 2 } else { 0 }, "{own:?} {theirs:?}");
        match single {
            Ok(()) => assert!(fits),
            Err(single) => {
                let words = format!("belong to the universe {}", theirs.unwrap());
                for error in [single, error.unwrap()] {
                    assert!(!fits && error.is_credentials() && error.to_string().contains(&words), "{error}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_path_of_downloads_can_be_chosen() {
    let at = |change: fn(Builder<Zoo>) -> Builder<Zoo>| async move {
        let (zoo, places) = build(change);
        let _ = zoo.unwrap().get().download().bytes().await;
        let places = places.0.lock().unwrap();
        places[0].clone()
    };
    let plain = at(|builder| builder.download_path(false)).await;
    assert_eq!(plain, "https://zoo.googleapis.com/zoo/v1/things/a");
    let below = at(|builder| builder.endpoint("http://h").download_path(true)).await;
    assert_eq!(below, "http://h/download/zoo/v1/things/a");
}
