//! The port to which a browser sends the user's response. It is open on the loopback interface only, and accepts only
//! one response, with the `state` of the request.

use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use gapis_runtime::{Error, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The maximum size of a request in bytes.
const LONGEST: usize = 16 << 10;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many connections are served concurrently. A browser opens one or two.
const CONNECTIONS: usize = 32;

pub(super) struct Listener {
    listener: TcpListener,
    port: u16,
}

/// The user's response.
pub(super) enum Reply {
    Code(String),
    /// The OAuth error code.
    Error(String),
}

/// The page that is sent for a request.
enum Page {
    Done(Reply),
    Refused,
    NotFound,
}

impl Listener {
    pub(super) async fn open() -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::credentials(format!("cannot listen for the user's response: {}", error.kind()))
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Listener { listener, port })
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits for a response with that state. All others are refused.
    pub(super) async fn answer(self, state: &str) -> Result<Reply> {
        let mut serving = FuturesUnordered::new();
        loop {
            let done = if serving.len() >= CONNECTIONS {
                serving.next().await
            } else if serving.is_empty() {
                serving.push(self.serve(self.accept().await, state));
                continue;
            } else {
                match select(Box::pin(self.accept()), serving.next()).await {
                    Either::Left((stream, _)) => {
                        serving.push(self.serve(stream, state));
                        continue;
                    }
                    Either::Right((done, _)) => done,
                }
            };
            if let Some(Some(reply)) = done {
                return Ok(reply);
            }
        }
    }

    async fn accept(&self) -> TcpStream {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return stream,
                // The connection failed, or there are too many open files. The next one may succeed.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Reads the response from the request of a connection, if it is one.
    async fn serve(&self, mut stream: TcpStream, state: &str) -> Option<Reply> {
        let served = tokio::time::timeout(PATIENCE, async {
            let head = read_head(&mut stream).await?;
            let page = self.page(&head, state);
            let _ = stream.write_all(page.render().as_bytes()).await;
            let _ = stream.shutdown().await;
            match page {
                Page::Done(reply) => Some(reply),
                Page::Refused | Page::NotFound => None,
            }
        });
        served.await.ok().flatten()
    }

    fn page(&self, head: &str, state: &str) -> Page {
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default();
        let Some(target) = line.strip_prefix("GET ").and_then(|line| line.split(' ').next()) else {
            return Page::NotFound;
        };
        // A page of another host may refer to this port, but its request is not accepted.
        let hosts = [format!("127.0.0.1:{}", self.port), format!("localhost:{}", self.port)];
        let host = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("host").then(|| value.trim())
        });
        if !host.is_some_and(|host| hosts.iter().any(|known| known == host)) {
            return Page::Refused;
        }
        let Ok(url) = Url::parse(&format!("http://{}{target}", hosts[0])) else { return Page::NotFound };
        if url.path() != "/" {
            return Page::NotFound;
        }
        let member = |name: &str| {
            let mut found =
                url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
            found.next().filter(|_| found.next().is_none())
        };
        if member("state").as_deref() != Some(state) {
            return Page::Refused;
        }
        match (member("code"), member("error")) {
            (Some(code), None) if !code.is_empty() => Page::Done(Reply::Code(code)),
            (None, Some(word)) => Page::Done(Reply::Error(plain(&word))),
            _ => Page::Refused,
        }
    }
}

/// A word of the protocol, for a message.
fn plain(word: &str) -> String {
    let word: String = word.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(40).collect();
    if word.is_empty() { "an unknown error".to_owned() } else { word }
}

async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 2048];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 && bytes.len() < LONGEST => bytes.extend(buffer.iter().take(read)),
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}

impl Page {
    fn render(&self) -> String {
        let (status, text) = match self {
            Page::Done(Reply::Code(_)) => {
                ("200 OK", "You are logged in. You can close this page.".to_owned())
            }
            Page::Done(Reply::Error(word)) => {
                ("200 OK", format!("You are not logged in: {word}. You can close this page."))
            }
            Page::Refused => {
                ("400 Bad Request", "This is not the response that the program is waiting for.".to_owned())
            }
            Page::NotFound => ("404 Not Found", "There is nothing here.".to_owned()),
        };
        let body = format!("<!doctype html><meta charset=\"utf-8\"><title>Login</title><p>{text}</p>\n");
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{body}"
        )
    }
}
