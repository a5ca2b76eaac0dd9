//! A scripted transport without a network, which records requests.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt};
use gapis_runtime::transport::{HttpRequest, HttpResponse, Transport};
use gapis_runtime::{BoxFuture, Client, Error, Json, Result};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

/// An HTTP request as sent.
#[derive(Clone)]
pub struct Sent {
    /// Counted from 0.
    pub number: usize,
    pub at: Instant,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub parts: Vec<Part>,
}

/// A call in it, parsed by a simple parser that shares no code with the library's.
#[derive(Clone, Debug)]
pub struct Part {
    /// The `Content-ID` without its angle brackets.
    pub id: String,
    /// `GET /zoo/v1/animals/a?alt=json HTTP/1.1`
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Part {
    /// Whether it is the call for that animal.
    pub fn is(&self, animal: &str) -> bool {
        self.animal() == animal
    }

    /// The id of the animal in the path or body.
    pub fn animal(&self) -> String {
        let path = self.line.split([' ', '?']).nth(1).unwrap_or_default();
        match path.strip_prefix("/zoo/v1/animals/") {
            Some(id) => id.to_owned(),
            None => serde_json::from_str::<Json>(&self.body)
                .map(|body| body["id"].as_str().unwrap_or_default().to_owned())
                .unwrap_or_default(),
        }
    }

    /// The value of a parameter in the address, as it was sent.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.line.split(' ').nth(1)?.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Sent {
    fn new(number: usize, request: HttpRequest) -> Self {
        let HttpRequest { url, headers, body, .. } = request;
        // A large one is a stream whose pieces are there.
        let body = body.collect().now_or_never().unwrap().unwrap();
        let content_type = headers.get("content-type").map_or("", |v| v.to_str().unwrap_or_default());
        let parts = match content_type.split_once("boundary=") {
            Some((_, boundary)) => split(std::str::from_utf8(&body).unwrap(), boundary),
            None => Vec::new(),
        };
        Sent { number, at: Instant::now(), url, headers, body, parts }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The animals of its calls.
    pub fn animals(&self) -> Vec<String> {
        self.parts.iter().map(Part::animal).collect()
    }

    /// A well-formed response with the parts that the closure returns for the calls.
    pub fn answer(&self, mut inner: impl FnMut(&Part) -> Option<String>) -> Answer {
        let parts = self.parts.iter().filter_map(|part| inner(part).map(|inner| framed(part, &inner)));
        Answer::multipart(parts.collect::<String>() + "--B--\r\n")
    }

    /// A response in which each call gets the animal that it requests.
    pub fn echo(&self) -> Answer {
        self.answer(|part| Some(animal(&part.animal())))
    }
}

fn split(body: &str, boundary: &str) -> Vec<Part> {
    let body = body.strip_suffix(&format!("--{boundary}--\r\n")).expect("a closing delimiter");
    let delimiter = format!("--{boundary}\r\n");
    body.split(&delimiter)
        .skip(1)
        .map(|part| {
            let (head, inner) = part.split_once("\r\n\r\n").unwrap();
            let (inner_head, body) = inner.split_once("\r\n\r\n").unwrap();
            let id = head.split_once("Content-ID: <").unwrap().1.split_once('>').unwrap().0;
            let mut lines = inner_head.split("\r\n");
            let line = lines.next().unwrap().to_owned();
            let headers = lines.map(|line| line.split_once(": ").unwrap());
            Part {
                id: id.to_owned(),
                line,
                headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                body: body.strip_suffix("\r\n").unwrap().to_owned(),
            }
        })
        .collect()
}

/// A part of a response, up to the next delimiter.
pub fn framed(part: &Part, inner: &str) -> String {
    format!("--B\r\nContent-Type: application/http\r\nContent-ID: <response-{}>\r\n\r\n{inner}\r\n", part.id)
}

/// An inner response with an animal.
pub fn animal(id: &str) -> String {
    ok(&format!("{{\"id\":\"{id}\"}}"))
}

pub fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An inner response with an error of the API.
pub fn failed(status: u16, reason: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n\r\n{}", error_body(status, reason))
}

pub fn error_body(status: u16, reason: &str) -> String {
    format!(
        r#"{{"error":{{"code":{status},"message":"m","errors":[{{"domain":"d","reason":"{reason}","message":"m"}}]}}}}"#
    )
}

/// How the peer responds to a request.
pub struct Answer {
    delay: Duration,
    result: Result<(StatusCode, HeaderMap)>,
    pieces: VecDeque<Piece>,
    /// A part of the body that is created when it is read.
    stream: Option<Box<dyn Iterator<Item = Bytes> + Send>>,
}

pub enum Piece {
    Bytes(Bytes),
    Wait(Duration),
    Break,
    Stall,
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_str(content_type).unwrap());
        let pieces = VecDeque::from([Piece::Bytes(body.into())]);
        Answer {
            delay: Duration::ZERO,
            result: Ok((StatusCode::from_u16(status).unwrap(), headers)),
            pieces,
            stream: None,
        }
    }

    pub fn multipart(body: impl Into<Bytes>) -> Self {
        Answer::new(200, "multipart/mixed; boundary=B", body)
    }

    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Answer::new(status, "application/json", body)
    }

    /// No response.
    pub fn error(error: Error) -> Self {
        Answer { delay: Duration::ZERO, result: Err(error), pieces: VecDeque::new(), stream: None }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok((_, headers)) = &mut self.result {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        if let Ok((_, headers)) = &mut self.result {
            headers.remove(name);
        }
        self
    }

    /// The time before the headers of the response arrive.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The body in other pieces.
    pub fn pieces(mut self, pieces: impl IntoIterator<Item = Piece>) -> Self {
        self.pieces = pieces.into_iter().collect();
        self
    }

    /// A body that is created in chunks while it is read.
    pub fn stream(mut self, chunks: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        self.pieces.clear();
        self.stream = Some(Box::new(chunks));
        self
    }

    pub fn bytes(&self) -> Bytes {
        let pieces = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Bytes(bytes) => Some(&bytes[..]),
            _ => None,
        });
        pieces.collect::<Vec<_>>().concat().into()
    }

    /// The same bytes in chunks of that size, with the same end.
    pub fn in_chunks(mut self, size: usize) -> Self {
        let bytes = self.bytes();
        let end = self.pieces.pop_back().filter(|piece| matches!(piece, Piece::Break | Piece::Stall));
        let chunks = bytes.chunks(size).map(|c| Piece::Bytes(Bytes::copy_from_slice(c)));
        self.pieces(chunks.chain(end).collect::<Vec<_>>())
    }

    /// The beginning of the same bytes, followed by this.
    pub fn cut(self, at: usize, then: Option<Piece>) -> Self {
        let bytes = self.bytes().slice(..at);
        self.pieces([Piece::Bytes(bytes)].into_iter().chain(then))
    }
}

type Script = Box<dyn FnMut(&Sent) -> Answer + Send>;

/// The peer: a transport without a network.
#[derive(Clone)]
pub struct Peer {
    script: Arc<Mutex<Script>>,
    sent: Arc<Mutex<Vec<Sent>>>,
    flying: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Peer {
    pub fn new(script: impl FnMut(&Sent) -> Answer + Send + 'static) -> Self {
        Peer {
            script: Arc::new(Mutex::new(Box::new(script))),
            sent: Arc::default(),
            flying: Arc::default(),
            most: Arc::default(),
        }
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// The number of calls in each request.
    pub fn sizes(&self) -> Vec<usize> {
        self.sent.lock().unwrap().iter().map(|sent| sent.parts.len()).collect()
    }

    /// The maximum number of concurrent requests.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    pub fn flying(&self) -> usize {
        self.flying.load(Ordering::SeqCst)
    }

    pub fn clear(&self) {
        self.sent.lock().unwrap().clear();
    }

    /// A client for any API.
    pub fn client(&self) -> Client {
        Client::builder().anonymous().transport(self.clone()).build().unwrap()
    }
}

struct Flying(Arc<AtomicUsize>);

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Transport for Peer {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let sent = {
            let mut all = self.sent.lock().unwrap();
            let sent = Sent::new(all.len(), request);
            all.push(sent.clone());
            sent
        };
        let now = self.flying.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let guard = Flying(self.flying.clone());
        let answer = (self.script.lock().unwrap())(&sent);
        Box::pin(async move {
            // Even a sleep of zero takes a millisecond of real time.
            if !answer.delay.is_zero() {
                tokio::time::sleep(answer.delay).await;
            }
            let (status, headers) = answer.result?;
            let more = answer.stream.into_iter().flatten().map(Piece::Bytes);
            let pieces: Box<dyn Iterator<Item = Piece> + Send> =
                Box::new(answer.pieces.into_iter().chain(more));
            let body = futures_util::stream::unfold((pieces, guard), |(mut pieces, guard)| async {
                loop {
                    let item = match pieces.next()? {
                        Piece::Bytes(bytes) => Ok(bytes),
                        Piece::Break => Err(Error::transport("the connection broke", "by script")),
                        Piece::Stall => std::future::pending().await,
                        Piece::Wait(time) => {
                            tokio::time::sleep(time).await;
                            continue;
                        }
                    };
                    return Some((item, (pieces, guard)));
                }
            });
            Ok(HttpResponse { status, headers, body: body.boxed() })
        })
    }
}
