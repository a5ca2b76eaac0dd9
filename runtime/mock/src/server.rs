//! The socket around a table: HTTP/1.1 on loopback, on a thread and a runtime of its own, so that it serves tests of
//! blocking code as well and does not share a thread with what it tests.

use std::collections::VecDeque;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError, mpsc};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use gapis_runtime::{Error, Result};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Sleep;

use crate::breaking::{Breakable, Breaking};
use crate::render::Answer;
use crate::reply::MockResponse;
use crate::table::Handlers;

/// A running mock server. It derefs to its [`Handlers`], and stops when it is dropped.
///
/// The calls of a batch are handled one after another, requests at the same time: a handler may block. A POST, PUT or
/// PATCH that does not say how long its body is comes to no handler: it is answered with 411, as Google's servers do.
///
/// ```
/// use gapis_mock::{MockResponse, MockServer};
/// use std::io::{Read, Write};
///
/// let mock = MockServer::start()?;
/// mock.route("GET", "/hello", |_| MockResponse::new(200).with_body("hello"));
/// let mut stream = std::net::TcpStream::connect(mock.address())?;
/// write!(stream, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer)?;
/// assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MockServer {
    handlers: Handlers,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    /// Disconnected when the server has closed its sockets.
    closed: Mutex<mpsc::Receiver<()>>,
}

/// How long dropping waits for the sockets to be closed.
const CLOSING: Duration = Duration::from_secs(2);

impl MockServer {
    /// Starts a server on a free loopback port. It needs no async runtime, and may be started inside one.
    ///
    /// # Errors
    /// If there is no free port, or no thread.
    pub fn start() -> Result<Self> {
        Self::serve(Handlers::new(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Starts a server for a table that is there already, at that address; port 0 is a free one.
    ///
    /// # Errors
    /// If the address is taken or not ours, or there is no thread.
    pub fn serve(handlers: Handlers, address: SocketAddr) -> Result<Self> {
        let fail = |error: std::io::Error| {
            Error::input(format!("the mock server does not start at {address}: {error}"))
        };
        let listener = std::net::TcpListener::bind(address).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let bound = listener.local_addr().map_err(fail)?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(fail)?;
        let (stop, stopped) = oneshot::channel();
        let table = handlers.clone();
        let (open, closed) = mpsc::channel();
        let work = move || {
            runtime.block_on(accept(listener, table, stopped));
            drop(open);
            // A handler that never ends must not keep the thread.
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name("gapis-mock".to_owned()).spawn(work).map_err(fail)?;
        Ok(MockServer { handlers, address: bound, stop: Some(stop), closed: Mutex::new(closed) })
    }

    /// The endpoint for a client: `http://127.0.0.1:PORT`, without a `/` at its end.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The table, for use without the socket.
    #[must_use]
    pub fn handlers(&self) -> &Handlers {
        &self.handlers
    }
}

impl Deref for MockServer {
    type Target = Handlers;

    fn deref(&self) -> &Handlers {
        &self.handlers
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        let closed = self.closed.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = closed.recv_timeout(CLOSING);
    }
}

async fn accept(listener: std::net::TcpListener, handlers: Handlers, mut stopped: oneshot::Receiver<()>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(connection(stream, handlers.clone())); }
                // Out of file descriptors: others will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

async fn connection(stream: TcpStream, handlers: Handlers) {
    let _ = stream.set_nodelay(true);
    let breaking = Breaking::default();
    let stream = Breakable { stream: TokioIo::new(stream), breaking: breaking.clone() };
    let service =
        hyper::service::service_fn(move |request| respond(handlers.clone(), breaking.clone(), request));
    // An error is the client's going away, or a fault of ours that is meant.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
}

/// The connection ends here because a fault says so.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is broken by a fault")
    }
}

impl std::error::Error for Broken {}

async fn respond(
    handlers: Handlers,
    breaking: Breaking,
    request: http::Request<Incoming>,
) -> Result<http::Response<Outgoing>, Broken> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    if lacks_length(&parts) {
        let mut answer =
            Answer::new(MockResponse::html(411, "<title>Error 411 (Length Required)!!1</title>"));
        let body = Outgoing::new(&mut answer, breaking);
        return Ok(answer.response.into_http().map(|_| body));
    }
    // On a thread of its own: a handler may wait for another request.
    let request = http::Request::from_parts(parts, body);
    let work = tokio::task::spawn_blocking(move || handlers.answer(request));
    let mut answer = work.await.map_err(|_| Broken)?;
    if !answer.way.delay.is_zero() {
        tokio::time::sleep(answer.way.delay).await;
    }
    if answer.way.close {
        return Err(Broken);
    }
    let body = Outgoing::new(&mut answer, breaking);
    Ok(answer.response.into_http().map(|_| body))
}

/// Whether a front would refuse the request: these verbs say how long their body is, even if there is none.
fn lacks_length(request: &http::request::Parts) -> bool {
    let has_body = [http::Method::POST, http::Method::PUT, http::Method::PATCH].contains(&request.method);
    let length = [http::header::CONTENT_LENGTH, http::header::TRANSFER_ENCODING];
    has_body && !length.iter().any(|name| request.headers.contains_key(name))
}

/// A body that goes out in pieces, with pauses, and may break off.
struct Outgoing {
    pieces: VecDeque<(Duration, Bytes)>,
    cut: bool,
    breaking: Breaking,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Between two pieces the connection gets a chance to send what it has, so that they are not joined.
    flushed: bool,
}

impl Outgoing {
    fn new(answer: &mut Answer, breaking: Breaking) -> Self {
        let (pieces, cut) = (answer.take_pieces(), answer.way.cut.is_some());
        Outgoing { pieces, cut, breaking, waiting: None, flushed: true }
    }

    fn wait(&mut self, cx: &mut Context<'_>, time: Duration) -> Poll<()> {
        if time.is_zero() {
            return Poll::Ready(());
        }
        let sleep = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        ready!(sleep.as_mut().poll(cx));
        self.waiting = None;
        Poll::Ready(())
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.pieces.front().map(|(pause, _)| *pause) {
            Some(_) if !std::mem::replace(&mut self.flushed, true) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(pause) => {
                ready!(self.wait(cx, pause));
                self.flushed = false;
                Poll::Ready(self.pieces.pop_front().map(|(_, piece)| Ok(Frame::data(piece))))
            }
            // The connection ends when it has sent what stands before the cut.
            None if self.cut => {
                self.breaking.0.store(true, Ordering::Relaxed);
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && !self.cut
    }

    /// Exact for a body that goes out whole, which then has a `Content-Length`; one that comes piece by piece is chunked.
    fn size_hint(&self) -> SizeHint {
        match (self.cut, self.pieces.len()) {
            (false, 0 | 1) => {
                SizeHint::with_exact(self.pieces.iter().map(|(_, piece)| piece.len() as u64).sum())
            }
            _ => SizeHint::default(),
        }
    }
}
