//! Certificates and identities by the platform's TLS library, with servers on loopback.
#![allow(missing_docs, unreachable_pub)]

#[path = "../../../runtime/tests/connecting/secure.rs"]
mod secure;

use std::sync::atomic::Ordering;

use gapis_runtime::{Builder, Error, Json};
use gapis_testkit::quick;
use gapis_testkit::zoo::Zoo;
use secure::{CA, LOCALHOST, server};

fn builder(endpoint: &str) -> Builder<Zoo> {
    Zoo::builder().anonymous().endpoint(endpoint).retry(quick())
}

async fn get(builder: Builder<Zoo>) -> Result<Json, Error> {
    builder.build()?.call(http::Method::GET, "animals", None).with_query("secret", "s").await
}

#[tokio::test]
async fn a_certificate_of_a_root_that_was_given_is_trusted() {
    let (endpoint, _) = server(false).await;
    assert_eq!(get(builder(&endpoint).root_certificates(CA)).await.unwrap(), Json::from(7));
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_met_once() {
    let (endpoint, connections) = server(false).await;
    let error = get(builder(&endpoint)).await.unwrap_err();
    assert!(error.is_untrusted() && error.is_connect() && !error.is_unknown_outcome(), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("localhost") && text.contains("certificate") && !text.contains("secret"), "{text}");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_identity_is_shown_to_a_server_that_asks_for_it() {
    let (endpoint, _) = server(true).await;
    let with_root = || builder(&endpoint).root_certificates(CA);
    assert_eq!(get(with_root().identity(LOCALHOST)).await.unwrap(), Json::from(7));
    let error = get(with_root()).await.unwrap_err();
    assert!(error.is_connection() && !error.to_string().contains("secret"), "{error:?}");
}

#[test]
fn what_cannot_be_used_is_an_input_error_that_shows_nothing_of_it() {
    let one = || builder("https://zoo.test");
    for refused in [
        one().root_certificates("secret"),
        one().root_certificates("-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n"),
        one().identity(CA),
        one().identity("secret"),
    ] {
        let error = refused.build().unwrap_err();
        assert!(error.is_input() && !format!("{error:?}").contains("secret"), "{error:?}");
    }
}
