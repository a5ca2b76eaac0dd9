//! The table as a client's transport: the same handlers and faults, without a socket.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use gapis_runtime::transport::{HttpRequest, HttpResponse, Transport};
use gapis_runtime::{BoxFuture, Error, Result};

use crate::table::Handlers;

/// Give it to a client builder's `transport`, and the client needs no network and no port.
///
/// The handlers run on the task that sends. A delay is a wait on the client's own clock, which a test may pause; a cut or
/// closed connection is the error that it would be.
impl Transport for Handlers {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let handlers = self.clone();
        Box::pin(async move {
            let mut sent = http::Request::new(request.body.collect().await?);
            *sent.method_mut() = request.method;
            *sent.uri_mut() = request
                .url
                .parse()
                .map_err(|error| Error::input(format!("the endpoint does not make a URL: {error}")))?;
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

/// The next piece, when its time has come; after the last, the break.
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
    Error::transport("the connection broke", "a fault of the mock")
}
