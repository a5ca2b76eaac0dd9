//! The server for a table: HTTP/1.1 on loopback, on its own thread and runtime, so that it also serves tests of
//! blocking code and does not share a thread with the tested code.

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

/// A running mock server. It dereferences to its [`Handlers`], and stops when it is dropped.
///
/// The calls of a batch are handled one after another, and requests concurrently, so a handler may block. A POST, PUT
/// or PATCH that does not state the length of its body is answered with 411, as by Google's servers, and reaches no
/// handler.
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
    /// Disconnected after the server has closed its sockets.
    closed: Mutex<mpsc::Receiver<()>>,
}

/// How long dropping the server waits until its sockets are closed.
const CLOSING: Duration = Duration::from_secs(2);

impl MockServer {
    /// Starts a server on a free loopback port. It does not need an async runtime, but can be started in one.
    ///
    /// # Errors
    /// If no port is free, or no thread can be started.
    pub fn start() -> Result<Self> {
        Self::serve(Handlers::new(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Starts a server for an existing table, at that address. Port 0 selects a free port.
    ///
    /// # Errors
    /// If the address cannot be used, or no thread can be started.
    pub fn serve(handlers: Handlers, address: SocketAddr) -> Result<Self> {
        let fail = |error: std::io::Error| {
            Error::input(format!("cannot start the mock server at {address}: {error}"))
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
            // A handler that never returns must not keep the thread alive.
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name("gapis-mock".to_owned()).spawn(work).map_err(fail)?;
        Ok(MockServer { handlers, address: bound, stop: Some(stop), closed: Mutex::new(closed) })
    }

    /// The endpoint for a client: `http://127.0.0.1:PORT`, without a trailing `/`.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of the server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The table, for use without the server.
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
                // There are no free file descriptors. Others will be closed.
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
    // An error means that the client closed the connection, or that a fault was simulated.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
}

/// The error of a connection that a fault ends.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a fault ended the connection")
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
    // On its own thread, because a handler may wait for another request.
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

/// Whether Google's front end would refuse the request: with these methods, requests must state the length of their
/// body, even if there is none.
fn lacks_length(request: &http::request::Parts) -> bool {
    let has_body = [http::Method::POST, http::Method::PUT, http::Method::PATCH].contains(&request.method);
    let length = [http::header::CONTENT_LENGTH, http::header::TRANSFER_ENCODING];
    has_body && !length.iter().any(|name| request.headers.contains_key(name))
}

/// A body that is sent in chunks, with delays, and may end early.
struct Outgoing {
    pieces: VecDeque<(Duration, Bytes)>,
    cut: bool,
    breaking: Breaking,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Between two chunks, the connection can send what it has, so that they are not merged.
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
            // The connection is closed when the bytes before the cut have been sent.
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

    /// Exact for a body that is sent as a whole, which then has a `Content-Length`. A body in pieces is sent chunked.
    fn size_hint(&self) -> SizeHint {
        match (self.cut, self.pieces.len()) {
            (false, 0 | 1) => {
                SizeHint::with_exact(self.pieces.iter().map(|(_, piece)| piece.len() as u64).sum())
            }
            _ => SizeHint::default(),
        }
    }
}
