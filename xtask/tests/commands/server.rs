//! A web server on the loopback interface that knows some paths by heart. The tests of `gapis-cli` use it, too.

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A reply: status and further headers, as they go over the wire, and the body.
#[derive(Clone)]
pub(crate) struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Answer { head: "200 OK".into(), body: body.into() }
    }

    pub(crate) fn head(head: &str) -> Self {
        Answer { head: head.into(), body: Vec::new() }
    }

    pub(crate) fn with(mut self, header: &str) -> Self {
        self.head += &format!("\r\n{header}");
        self
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = Server { address, answers: Arc::default(), asked: Arc::default() };
        let (answers, asked) = (server.answers.clone(), server.asked.clone());
        // It ends with the process; a test has no need to stop it.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = serve(stream, &answers, &asked);
            }
        });
        server
    }

    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.answers.lock().expect("a lock").insert(path.to_owned(), answer);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The paths that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a lock").clone()
    }
}

fn serve(
    mut stream: TcpStream,
    answers: &Mutex<BTreeMap<String, Answer>>,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer =
        answers.lock().expect("a lock").get(&path).cloned().unwrap_or_else(|| Answer::head("404 Not Found"));
    asked.lock().expect("a lock").push(path);
    let length = if answer.head.contains("Content-Length") {
        String::new()
    } else {
        format!("\r\nContent-Length: {}", answer.body.len())
    };
    write!(stream, "HTTP/1.1 {}{length}\r\nConnection: close\r\n\r\n", answer.head)?;
    stream.write_all(&answer.body)
}
