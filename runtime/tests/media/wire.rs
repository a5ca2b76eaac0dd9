//! A store on bare sockets that simulates, depending on a seed, the failures of networks and servers that an HTTP
//! library would prevent. It keeps what it has read when a connection fails, and records everything that a client must
//! not do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;

/// The severity of the failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Failures from which a client must recover.
    Rough,
    /// Also failures that it can only detect.
    Foul,
}

pub struct State {
    pub rng: Rng,
    pub weather: Weather,
    /// How many more exchanges fail.
    pub faults: usize,
    /// How many more sessions are lost.
    pub forgets: usize,
    /// The media that is served.
    pub media: Vec<u8>,
    /// Headers that identify the version of the media.
    pub validators: Vec<String>,
    /// The received bytes of the upload.
    pub kept: Vec<u8>,
    session: usize,
    complete: bool,
    /// What happened, for the reader of a failed test.
    pub log: Vec<String>,
    /// What the client did but must not do.
    pub wrong: Vec<String>,
}

/// The store, which stops when it is dropped.
pub struct Wire {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stopped: Arc<AtomicBool>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

/// A response, empty if there is none, and whether the connection stays open.
struct Answer {
    bytes: Vec<u8>,
    holds: bool,
}

impl Answer {
    fn new(status: &str, headers: &[String], body: &[u8]) -> Self {
        Answer::with_length(status, headers, body, body.len())
    }

    fn with_length(status: &str, headers: &[String], body: &[u8], length: usize) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n");
        headers.iter().for_each(|header| head.push_str(&format!("{header}\r\n")));
        Answer { bytes: [head.as_bytes(), b"\r\n", body].concat(), holds: true }
    }

    fn busy() -> Self {
        Answer::new("503 Service Unavailable", &["Retry-After: 0".to_owned()], b"<html>busy</html>")
    }

    /// The connection fails after that many bytes.
    fn cut(mut self, at: usize) -> Self {
        self.bytes.truncate(at);
        self.holds = false;
        self
    }

    fn none() -> Self {
        Answer { bytes: Vec::new(), holds: false }
    }
}

impl Wire {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = Arc::new(Mutex::new(State::new(0, Weather::Rough)));
        let stopped = Arc::new(AtomicBool::new(false));
        let wire = Wire { address: listener.local_addr().unwrap(), state, stopped };
        let (state, stopped) = (wire.state.clone(), wire.stopped.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let state = state.clone();
                std::thread::spawn(move || connection(&stream, &state));
            }
        });
        wire
    }

    /// Sets the seed for what follows, and forgets everything except connections.
    pub fn begin(&self, seed: u64, weather: Weather) {
        self.with(|state| {
            let sessions = state.session;
            *state = State::new(seed, weather);
            state.session = sessions;
        });
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap())
    }
}

fn connection(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    while let Some(head) = Head::read(&mut reader) {
        // One exchange at a time: a failed connection ends before the next one starts.
        let answer = state.lock().unwrap().exchange(&head, &mut reader);
        if (&mut &*stream).write_all(&answer.bytes).is_err() || !answer.holds {
            break;
        }
    }
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

struct Head {
    line: String,
    headers: Vec<(String, String)>,
}

impl Head {
    fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let headers = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Some(Head { line: lines.first()?.clone(), headers })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// `None` if the connection ends before.
fn read_all(body: &mut impl Read, length: usize) -> Option<Vec<u8>> {
    let mut all = vec![0; length];
    body.read_exact(&mut all).ok().map(|()| all)
}

/// A body without a length (RFC 9112, section 7.1).
fn read_chunks(body: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let mut line = String::new();
        body.read_line(&mut line).ok()?;
        let length = usize::from_str_radix(line.trim(), 16).ok()?;
        let chunk = read_all(body, length + 2)?;
        if length == 0 {
            return Some(all);
        }
        all.extend_from_slice(&chunk[..length]);
    }
}

impl State {
    fn new(seed: u64, weather: Weather) -> Self {
        let mut rng = Rng::with_seed(seed);
        let faults = rng.usize(0..8);
        State {
            rng,
            weather,
            faults,
            forgets: 0,
            media: Vec::new(),
            validators: vec!["ETag: \"1\"".to_owned()],
            kept: Vec::new(),
            session: 0,
            complete: false,
            log: Vec::new(),
            wrong: Vec::new(),
        }
    }

    fn exchange(&mut self, head: &Head, body: &mut impl BufRead) -> Answer {
        let length = head.header("content-length").map_or(0, |length| length.parse().unwrap());
        let range = head.header("content-range").or(head.header("range")).unwrap_or("-");
        self.log.push(format!("{} [{length}] {range}", head.line));
        if head.line.starts_with("GET") {
            return self.serve(head);
        }
        if head.line.starts_with("PUT") {
            return self.chunk(head, length, body);
        }
        self.post(head, length, body)
    }

    /// The number of a fault, or `None` for no fault.
    fn fault(&mut self, kinds: usize) -> Option<usize> {
        if self.faults == 0 || self.rng.u8(..) < 100 {
            return None;
        }
        self.faults -= 1;
        let kind = self.rng.usize(..kinds);
        self.log.push(format!("  fault {kind}"));
        Some(kind)
    }

    /// Handles media in one request, or the opening of a session.
    fn post(&mut self, head: &Head, length: usize, body: &mut impl BufRead) -> Answer {
        let fault = self.fault(3);
        let chunked = head.header("transfer-encoding") == Some("chunked");
        let mut sent = Vec::new();
        if fault == Some(0) {
            let at = self.rng.usize(..=length);
            let _ = body.take(at as u64).read_to_end(&mut sent);
            return Answer::none();
        }
        let read = if chunked { read_chunks(body) } else { read_all(body, length) };
        let Some(sent) = read else { return Answer::none() };
        if fault == Some(1) {
            return Answer::busy();
        }
        let opens = head.line.contains("uploadType=resumable");
        if opens {
            self.session += 1;
            (self.kept, self.complete) = (Vec::new(), false);
        } else {
            self.kept = sent;
        }
        match fault {
            Some(_) => Answer::none(),
            None if opens => Answer::new("200 OK", &[format!("Location: /session/{}", self.session)], b""),
            None => self.done(),
        }
    }

    fn done(&self) -> Answer {
        Answer::new("200 OK", &[], format!("{{\"size\":{}}}", self.kept.len()).as_bytes())
    }

    /// Handles a piece for a session, or the question how much there is.
    fn chunk(&mut self, head: &Head, length: usize, body: &mut impl BufRead) -> Answer {
        let fault = self.fault(7);
        // At least a part of the piece arrives.
        let arrives = if fault == Some(0) { self.rng.usize(..=length) } else { length };
        let Some(sent) = read_all(body, arrives) else { return Answer::none() };
        if !head.line.contains(&format!("/session/{} ", self.session)) {
            return Answer::new("404 Not Found", &[], b"");
        }
        if fault == Some(1) && self.forgets > 0 {
            (self.forgets, self.session) = (self.forgets - 1, self.session + 1);
            return Answer::new(["404 Not Found", "410 Gone"][self.session % 2], &[], b"");
        }
        if fault == Some(2) {
            return Answer::busy();
        }
        if let Err(why) = self.keep(head, length, &sent, fault) {
            self.wrong.push(why);
            return Answer::new("400 Bad Request", &[], b"");
        }
        let range = self.kept.len().checked_sub(1).map(|last| format!("Range: bytes=0-{last}"));
        let answer = match self.complete {
            true => self.done(),
            false => Answer::new("308 Resume Incomplete", range.as_slice(), b""),
        };
        match fault {
            // The response is lost, ends early, or is shorter than announced.
            Some(0 | 4) => Answer::none(),
            Some(5) => answer.cut(self.rng.usize(1..40)),
            Some(6) if self.complete => {
                let body = format!("{{\"size\":{}", self.kept.len());
                Answer { holds: false, ..Answer::with_length("200 OK", &[], body.as_bytes(), body.len() + 1) }
            }
            _ => answer,
        }
    }

    /// Appends the received bytes, or fewer.
    fn keep(&mut self, head: &Head, length: usize, sent: &[u8], fault: Option<usize>) -> Result<(), String> {
        let range = head.header("content-range").unwrap_or_default();
        let (place, total) =
            range.strip_prefix("bytes ").and_then(|range| range.split_once('/')).ok_or(range)?;
        let total = total.parse::<usize>().ok();
        if let Some((first, last)) = place.split_once('-') {
            let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
            let whole = total == Some(last + 1) || length.is_multiple_of(256 * 1024);
            if self.complete || first != self.kept.len() || length != last + 1 - first || !whole {
                return Err(format!("{range} with {length} bytes after {}", self.kept.len()));
            }
            let less = fault == Some(3) || fault == Some(0);
            let kept = if less { self.rng.usize(..=sent.len()) } else { sent.len() };
            self.kept.extend_from_slice(&sent[..kept]);
        } else if length > 0 {
            return Err(format!("{range} with {length} bytes"));
        }
        self.complete = total == Some(self.kept.len());
        Ok(())
    }

    fn hash(&self) -> String {
        format!("x-goog-hash: crc32c={}", STANDARD.encode(crc32c::crc32c(&self.media).to_be_bytes()))
    }

    fn serve(&mut self, head: &Head) -> Answer {
        let kinds = if self.weather == Weather::Foul { 12 } else { 5 };
        let fault = self.fault(kinds);
        if fault == Some(6) {
            // The media is replaced by other media of the same length.
            self.media.iter_mut().for_each(|byte| *byte = !*byte);
            self.validators = vec!["ETag: \"2\"".to_owned()];
        }
        let size = self.media.len();
        let etag = self.validators.iter().find_map(|header| header.strip_prefix("ETag: "));
        if head.header("if-match").is_some_and(|own| Some(own) != etag) {
            return Answer::new("412 Precondition Failed", &[], b"");
        }
        let mut headers = [self.validators.clone(), vec![self.hash()]].concat();
        // A server may not support ranges.
        let asked = head.header("range").filter(|_| fault != Some(0));
        let asked = asked.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let (mut first, mut end) = (0, size);
        if let Some((from, last)) = asked {
            first = from.parse().unwrap();
            end = last.parse::<usize>().map_or(size, |last| size.min(last + 1));
            if first >= size {
                headers.push(format!("Content-Range: bytes */{size}"));
                return Answer::new("416 Range Not Satisfiable", &headers, b"");
            }
        }
        let mut body = self.media[first..end].to_vec();
        if asked.is_some() {
            if fault == Some(1) && body.len() > 1 {
                // A server may send only a part of the requested range.
                body.truncate(self.rng.usize(1..body.len()));
            }
            let start = if fault == Some(7) { first + 1 } else { first };
            if fault != Some(8) {
                headers.push(format!("Content-Range: bytes {start}-{}/{size}", first + body.len() - 1));
            }
        }
        if fault == Some(2) {
            return Answer::busy();
        }
        if fault == Some(9) && !body.is_empty() {
            let at = self.rng.usize(..body.len());
            body[at] ^= 1;
        }
        let status = if asked.is_some() { "206 Partial Content" } else { "200 OK" };
        let whole = |length: usize| Answer::with_length(status, &headers, &body, length);
        match fault {
            // The connection fails anywhere, including in the headers.
            Some(3 | 4) => whole(body.len()).cut(self.rng.usize(..whole(body.len()).bytes.len())),
            // The announced length is larger or smaller than the actual one.
            Some(5) => Answer { holds: false, ..whole(body.len() + self.rng.usize(1..1000)) },
            Some(10) => Answer { holds: false, ..whole(self.rng.usize(..=body.len())) },
            // There are more bytes than announced.
            Some(11) => {
                let more = [&body[..], b"more"].concat();
                Answer::with_length(status, &headers, &more, more.len())
            }
            _ => whole(body.len()),
        }
    }
}
