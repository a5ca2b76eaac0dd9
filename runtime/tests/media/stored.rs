//! The server's report of what it has stored is compared with what was sent.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use gapis_runtime::transport::{HttpRequest, HttpResponse, RequestBody, Transport};
use gapis_runtime::{BoxFuture, Json, Result, RetryPolicy, Session, Source};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use gapis_testkit::shop::{Shop, bytes};

/// A server that opens sessions and responds to every upload with that.
struct Says(Json);

impl Transport for Says {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let answer = self.0.to_string();
        Box::pin(async move {
            let mut headers = HeaderMap::new();
            headers.insert("location", "/session?upload_id=1".parse().unwrap());
            request.body.collect().await?;
            let body = Box::pin(stream::iter([Ok(Bytes::from(answer))]));
            Ok(HttpResponse { status: StatusCode::OK, headers, body })
        })
    }
}

fn shop(answer: Json) -> Shop {
    let builder = Shop::builder().anonymous().retry(RetryPolicy::none());
    builder.transport(Says(answer)).build().unwrap()
}

/// In one request, with metadata, as a stream, in chunks, and in a resumed upload.
async fn every_way(answer: Json, media: &[u8]) -> Vec<Result<Json>> {
    let shop = shop(answer);
    let source = || Source::from(media.to_vec());
    let streamed = Source::stream(stream::iter([Ok(Bytes::copy_from_slice(media))]));
    let session = r#"{"method":"shop.insert","address":"https://shop.test/session?upload_id=2"}"#;
    let call = || shop.insert(json!({})).fields("size,md5Hash");
    let chunk = 256 * 1024;
    let results = [
        call().upload(source()).simple().await,
        shop.insert(json!({"a": 1})).fields("md5Hash").upload(source()).multipart().await,
        call().upload(streamed).simple().await,
        call().upload(source()).resumable().with_chunk_size(chunk).await,
        call().upload(source()).resume(Session::load(session).unwrap()).await,
    ];
    results.into()
}

#[tokio::test]
async fn what_is_stored_as_it_was_sent_is_believed() {
    let media = b"hello";
    // printf hello | openssl md5 -binary | base64. The CRC32C is from Cloud Storage's own tool.
    let stored = json!({"size": "5", "crc32c": "mnG7TA==", "md5Hash": "XUFAKrxLKna5cZ2REBfFkg=="});
    for answer in [
        stored,
        json!({"kind": "drive#file", "size": "5", "md5Checksum": "5d41402abc4b2a76b9719d911017c592"}),
        json!({"kind": "storage#object", "size": 5}),
        json!({"size": "1024x768"}),
        json!({"size": 7, "name": "its size is of something else"}),
        json!({}),
        json!(null),
    ] {
        for result in every_way(answer.clone(), media).await {
            assert!(result.is_ok(), "{answer}: {result:?}");
        }
    }
}

#[tokio::test]
async fn what_is_stored_otherwise_is_an_error() {
    let media = b"hello";
    for (answer, says) in [
        (json!({"kind": "storage#object", "size": "4"}), "has stored 4 of 5 bytes"),
        (json!({"kind": "drive#file", "size": 4}), "has stored 4 of 5 bytes"),
        (json!({"size": "6", "crc32c": "mnG7TA=="}), "has stored 6 of 5 bytes"),
        (json!({"size": "5", "crc32c": "AAAAAA=="}), "the CRC32C stored by the server"),
        (json!({"md5Hash": "AAAAAAAAAAAAAAAAAAAAAA=="}), "the MD5 stored by the server"),
        (json!({"md5Checksum": "00"}), "the MD5 stored by the server"),
    ] {
        let results = every_way(answer.clone(), media).await;
        for (way, result) in results.into_iter().enumerate() {
            // For bytes sent by an earlier run only the size is known.
            if way == 4 && !says.contains("bytes") {
                assert!(result.is_ok(), "{answer}: {result:?}");
                continue;
            }
            let error = result.unwrap_err();
            assert!(
                error.is_checksum_mismatch() && error.to_string().contains(says),
                "{way} {answer}: {error}"
            );
        }
    }
}

/// Takes a chunk in pieces, each within the timeout, but all together in much more.
struct Slow;

impl Transport for Slow {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        Box::pin(async move {
            let mut headers = HeaderMap::new();
            headers.insert("location", "/session?upload_id=1".parse().unwrap());
            if let RequestBody::Stream { mut stream, .. } = request.body {
                while let Some(piece) = stream.next().await {
                    piece?;
                    tokio::time::sleep(Duration::from_secs(3)).await;
                }
            }
            let body = Box::pin(stream::iter([Ok(Bytes::from_static(b"{}"))]));
            Ok(HttpResponse { status: StatusCode::OK, headers, body })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_chunk_is_for_silence() {
    let builder = Shop::builder().anonymous().retry(RetryPolicy::none()).transport(Slow);
    let shop = builder.timeout(Some(Duration::from_secs(5))).build().unwrap();
    let upload = shop.insert(json!({})).upload(bytes(4 << 20)).resumable();
    upload.with_chunk_size(4 << 20).await.unwrap();
}
