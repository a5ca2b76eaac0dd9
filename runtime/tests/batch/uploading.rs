//! Requests whose bodies take long to send.

use std::time::Duration;

use futures_util::StreamExt as _;
use gapis_runtime::transport::{HttpRequest, HttpResponse, RequestBody, Transport};
use gapis_runtime::{BoxFuture, Result, RetryPolicy};
use http::header::CONTENT_TYPE;

use gapis_testkit::zoo::*;

/// A server that takes the body of each request in pieces, with a pause before each piece, and answers none when it stops.
#[derive(Clone)]
struct SlowToRead {
    pause: Duration,
    pieces: usize,
}

impl Transport for SlowToRead {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let SlowToRead { pause, pieces } = *self;
        Box::pin(async move {
            let length = request.body.length().unwrap();
            let RequestBody::Stream { mut stream, .. } = request.body else { panic!("it is large") };
            let mut bytes = Vec::new();
            for _ in 0..pieces {
                tokio::time::sleep(pause).await;
                match stream.next().await {
                    Some(piece) => bytes.extend_from_slice(&piece.unwrap()),
                    None => break,
                }
            }
            if bytes.len() as u64 != length {
                std::future::pending::<()>().await;
            }
            let text = String::from_utf8(bytes).unwrap();
            let ids = text.lines().filter_map(|line| line.strip_prefix("Content-ID: <"));
            let parts: String = ids
                .map(|id| {
                    let id = id.trim_end_matches('>');
                    format!("--B\r\nContent-ID: <response-{id}>\r\n\r\n{}\r\n", ok("{}"))
                })
                .collect();
            let headers =
                http::HeaderMap::from_iter([(CONTENT_TYPE, "multipart/mixed; boundary=B".parse().unwrap())]);
            let body = Box::pin(futures_util::stream::iter([Ok((parts + "--B--").into())]));
            Ok(HttpResponse { status: http::StatusCode::OK, headers, body })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_still_being_sent_is_no_silence() {
    let of = |pieces| {
        let transport = SlowToRead { pause: secs(50), pieces };
        Zoo::builder().anonymous().transport(transport).timeout(Some(secs(60))).build().unwrap()
    };
    let large = |zoo: &Zoo| {
        let mut animal = Animal::new("a");
        animal.name = Some("x".repeat(800_000));
        [zoo.patch("a", animal.clone()), zoo.patch("b", animal)]
    };
    let zoo = of(usize::MAX);
    let start = tokio::time::Instant::now();
    let mut batch = zoo.batch();
    batch.queue_all(large(&zoo), |reply| assert!(reply.result.is_ok(), "{:?}", reply.result)).unwrap();
    batch.execute().await.error_for_failures().unwrap();
    assert!(start.elapsed() > secs(1000));

    let zoo = of(3);
    let start = tokio::time::Instant::now();
    let mut batch = zoo.batch().with_retry(RetryPolicy::none());
    batch.queue_all(large(&zoo), |reply| assert!(reply.result.unwrap_err().is_timeout())).unwrap();
    let _ = batch.execute().await;
    assert!(start.elapsed() <= secs(3 * 50 + 2 * 60), "{:?}", start.elapsed());
}
