//! The table as a transport of a client: the same handlers and faults, without a socket.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use gapis_runtime::transport::{HttpRequest, HttpResponse, Transport};
use gapis_runtime::{BoxFuture, Error, Result};

use crate::table::Handlers;

/// Passed to `transport` of a client builder, so that the client needs no network and no port.
///
/// The handlers run on the task that sends. A delay is a wait on the client's clock, which a test may pause. A cut or
/// closed connection is the corresponding transport error.
impl Transport for Handlers {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let handlers = self.clone();
        Box::pin(async move {
            let mut sent = http::Request::new(request.body.collect().await?);
            *sent.method_mut() = request.method;
            *sent.uri_mut() = request
                .url
                .parse()
                .map_err(|error| Error::input(format!("the URL is not valid: {error}")))?;
            *sent.headers_mut() = request.headers;
            let mut answer = handlers.answer(sent);
            wait(answer.way.delay).await;
            if answer.way.close {
                return Err(broken());
            }
            let (pieces, cut) = (answer.take_pieces(), answer.way.cut.is_some());
            let (status, headers) = (answer.response.status, answer.response.headers);
            Ok(HttpResponse { status, headers, body: Box::pin(stream::unfold((pieces, cut), next)) })
        })
    }
}

type Rest = (VecDeque<(Duration, Bytes)>, bool);

/// The next chunk after its delay. After the last one, the error if the connection is cut.
async fn next((mut pieces, cut): Rest) -> Option<(Result<Bytes>, Rest)> {
    match pieces.pop_front() {
        Some((pause, piece)) => {
            wait(pause).await;
            Some((Ok(piece), (pieces, cut)))
        }
        None if cut => Some((Err(broken()), (pieces, false))),
        None => None,
    }
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

fn broken() -> Error {
    Error::transport("the connection failed", "a fault of the mock")
}
