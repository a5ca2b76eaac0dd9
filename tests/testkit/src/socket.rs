//! A server on a loopback socket that responds with the result of a closure and records requests byte for byte. It has
//! its own threads, so that it also serves tests of blocking code.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// Counted from 0.
    pub number: usize,
    /// Request line and headers, with the blank line.
    pub head: String,
    pub body: String,
}

impl Request {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<String> {
        header(&self.head, name)
    }

    /// The request line, such as `POST /zoo/v1/animals?alt=json HTTP/1.1`.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// Head and body.
    pub fn text(&self) -> String {
        format!("{}{}", self.head, self.body)
    }
}

/// The server. Its thread ends with the process.
pub struct Socket {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Socket {
    /// A server that responds to each request with the result of the closure, which includes the status line and
    /// headers. A response with `Connection: close` ends the connection.
    pub fn answering<A: AsRef<[u8]>>(answer: impl Fn(&Request) -> A + Send + Sync + 'static) -> Socket {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (requests.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer) = (kept.clone(), answer.clone());
                std::thread::spawn(move || serve(&stream, &kept, &*answer));
            }
        });
        Socket { address, requests }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL, without a trailing `/`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// A header's value.
pub fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (other, value) = line.split_once(':')?;
        other.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn serve<A: AsRef<[u8]>>(
    mut stream: &TcpStream,
    kept: &Mutex<Vec<Request>>,
    answer: &(impl Fn(&Request) -> A + ?Sized),
) {
    let mut bytes = Vec::new();
    while let Some((head, body)) = read(stream, &mut bytes) {
        let request = {
            let mut kept = kept.lock().unwrap();
            let request = Request { number: kept.len(), head, body };
            kept.push(request.clone());
            request
        };
        let answer = answer(&request);
        let answer = answer.as_ref();
        // The client may close the connection early.
        if stream.write_all(answer).is_err() || is_last(answer) {
            break;
        }
    }
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

/// The next request, as delimited by its length. Later bytes are kept. `None` if the connection ends.
fn read(mut stream: &TcpStream, bytes: &mut Vec<u8>) -> Option<(String, String)> {
    let mut buffer = [0; 16_384];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4) {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + length {
                let body = String::from_utf8_lossy(&bytes[end..end + length]).into_owned();
                bytes.drain(..end + length);
                return Some((head, body));
            }
        }
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

fn is_last(answer: &[u8]) -> bool {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]);
    header(&head, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
}
