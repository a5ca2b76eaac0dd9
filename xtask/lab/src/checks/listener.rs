//! A server on loopback that answers everything with `{}` and keeps the requests, byte for byte.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Value, json};

/// The server. Its threads end with the process.
pub(crate) struct Listener {
    url: String,
    requests: Arc<Mutex<Vec<Sent>>>,
}

/// A request as it was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) verb: String,
    /// Path and query, as they were sent.
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Listener {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let requests = Arc::default();
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(&stream, &kept));
            }
        });
        Ok(Listener { url, requests })
    }

    /// Without a `/` at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The requests since this was last called, in the order in which they came.
    pub(crate) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *lock(&self.requests))
    }
}

fn lock(requests: &Mutex<Vec<Sent>>) -> MutexGuard<'_, Vec<Sent>> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: &TcpStream, kept: &Mutex<Vec<Sent>>) {
    let mut bytes = Vec::new();
    while let Some(sent) = read(stream, &mut bytes) {
        lock(kept).push(sent);
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request of a connection. Bytes after it stay in `bytes`.
fn read(mut stream: &TcpStream, bytes: &mut Vec<u8>) -> Option<Sent> {
    let mut buffer = [0; 16_384];
    loop {
        if let Some((sent, length)) = Sent::parse(bytes) {
            bytes.drain(..length);
            return Some(sent);
        }
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => bytes.extend(buffer.iter().take(count)),
            _ => return None,
        }
    }
}

impl Sent {
    /// The request at the start of the bytes, and its length, if all of it is there. A body ends by its `Content-Length`;
    /// without one there is none.
    fn parse(bytes: &[u8]) -> Option<(Sent, usize)> {
        let start = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(bytes.get(..start)?).into_owned();
        let mut lines = head.lines();
        let mut line = lines.next()?.split(' ');
        let mut sent =
            Sent { verb: line.next()?.to_owned(), target: line.next()?.to_owned(), ..Sent::default() };
        for line in lines {
            if let Some((name, value)) = line.split_once(':') {
                sent.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        let end = start + sent.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        sent.body = bytes.get(start..end)?.to_vec();
        Some((sent, end))
    }

    /// Path and query of the call: the query of a long GET is the body of a POST.
    pub(crate) fn whole_target(&self) -> String {
        match self.is_override() {
            true => format!("{}?{}", self.target, String::from_utf8_lossy(&self.body)),
            false => self.target.clone(),
        }
    }

    fn is_override(&self) -> bool {
        self.header("x-http-method-override").is_some()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// What has to be the same whoever sends it: the headers about the body and the response, and the body as a value.
    pub(crate) fn facts(&self) -> Value {
        let body = self.content();
        // The same JSON may be written in different ways, but an empty body has one length.
        let length = self.header("content-length").map(|length| match length {
            "0" => json!(0),
            _ => json!("of the body"),
        });
        json!({
            "verb": self.verb,
            "content_length": length,
            "transfer_encoding": self.header("transfer-encoding"),
            "content_type": self.header("content-type").map(media_type),
            "accept": self.header("accept"),
            "api_version": self.header("x-goog-api-version"),
            "override": self.header("x-http-method-override"),
            "body": body,
        })
    }

    /// The body: a list of parts, JSON, or text.
    fn content(&self) -> Value {
        let kind = self.header("content-type").unwrap_or_default();
        match kind.split_once("boundary=") {
            Some((_, boundary)) => parts(&self.body, boundary.trim_matches('"')),
            None if self.body.is_empty() || self.is_override() => Value::Null,
            None => read_content(kind, &self.body),
        }
    }
}

/// Without parameters, such as a boundary that is chosen at random.
fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

fn read_content(kind: &str, body: &[u8]) -> Value {
    let text = || Value::from(String::from_utf8_lossy(body).into_owned());
    match media_type(kind) {
        "application/json" => serde_json::from_slice(body).unwrap_or_else(|_| text()),
        _ => text(),
    }
}

/// The parts of a `multipart/related` body, with either form of line ends.
fn parts(body: &[u8], boundary: &str) -> Value {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
    let delimiter = format!("--{boundary}");
    let inside = text.split(&*delimiter).skip(1).take_while(|part| !part.starts_with("--"));
    let part = |part: &str| {
        let part = part.trim_start_matches('\n');
        let (head, body) = part.split_once("\n\n").unwrap_or((part, ""));
        let kind = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-type").then(|| value.trim())
        });
        let kind = kind.unwrap_or_default();
        let body = body.strip_suffix('\n').unwrap_or(body);
        json!({ "content_type": kind, "body": read_content(kind, body.as_bytes()) })
    };
    inside.map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_one_after_the_other() {
        let first =
            b"POST /a?b=1 HTTP/1.1\r\nContent-Length: 8\r\nContent-Type: application/json\r\n\r\n{\"a\": 1}";
        let second = b"DELETE /c HTTP/1.1\r\nAccept: */*\r\n\r\n";
        let both = [&first[..], second].concat();
        assert!((0..first.len()).all(|end| Sent::parse(&both[..end]).is_none()));
        let (sent, length) = Sent::parse(&both).expect("a request");
        assert_eq!((length, &*sent.target), (first.len(), "/a?b=1"));
        let facts = sent.facts();
        assert_eq!((&facts["body"], &facts["content_length"]), (&json!({ "a": 1 }), &json!("of the body")));
        let (sent, _) = Sent::parse(&both[length..]).expect("a request");
        let facts = sent.facts();
        assert_eq!((&facts["verb"], &facts["content_length"]), (&json!("DELETE"), &Value::Null));
        assert_eq!((&facts["accept"], &facts["body"]), (&json!("*/*"), &Value::Null));
    }

    #[test]
    fn parts_are_the_same_with_both_line_ends_and_any_boundary() {
        let body = |boundary: &str, end: &str| {
            let text = format!(
                "--{boundary}\nContent-Type: application/json\nMIME-Version: 1.0\n\n{{\"a\":1}}\n--{boundary}\n\
                 Content-Type: image/png\n\nsome media\n--{boundary}--\n"
            );
            parts(text.replace('\n', end).as_bytes(), boundary)
        };
        let expected = json!([
            { "content_type": "application/json", "body": { "a": 1 } },
            { "content_type": "image/png", "body": "some media" },
        ]);
        assert_eq!(body("===x==", "\n"), expected);
        assert_eq!(body("y", "\r\n"), expected);
    }
}
