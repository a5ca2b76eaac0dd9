//! A proxy on the loopback interface that does to a real server what networks do: it breaks connections in the middle of
//! what goes up or comes down, and changes a byte.
//!
//! A server's `Location` names its own port, which our client rightly refuses; the proxy puts its own there. And it can
//! stand in for a server that, asked how much it has of an upload (`Content-Range: bytes */N`), ends it there.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::check::Checked;

/// What goes wrong with one exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Break {
    /// The connection breaks when so many bytes of the request's body went up.
    Up(u64),
    /// The request arrives, and the connection breaks when so many bytes of the answer's body came down.
    Down(u64),
    /// That byte of the answer's body is another one.
    Flip(u64),
}

/// Who answers the question how much of an upload there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The server.
    Server,
    /// The proxy, by what the server has acknowledged.
    Proxy,
}

#[derive(Default)]
struct State {
    /// For the next exchanges with a body of the direction that they are about.
    breaks: VecDeque<Break>,
    /// What the server has acknowledged of the upload under way.
    kept: u64,
    /// The requests, their `Content-Range` or `Range`, and whether the proxy answered itself.
    seen: Vec<String>,
}

/// The proxy. Its threads end with the program.
#[derive(Clone)]
pub(crate) struct Proxy {
    server: SocketAddr,
    own: SocketAddr,
    asked: Asked,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    pub(crate) fn start(endpoint: &str, asked: Asked) -> Checked<Self> {
        let server = endpoint.trim_start_matches("http://").parse()?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let proxy = Proxy { server, own: listener.local_addr()?, asked, state: Arc::default() };
        let serving = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let proxy = serving.clone();
                // An error is a connection's end, be it meant or not.
                std::thread::spawn(move || drop(proxy.connection(&client)));
            }
        });
        Ok(proxy)
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.own)
    }

    /// Sets what happens to the next exchanges, and forgets those before.
    pub(crate) fn script(&self, breaks: impl IntoIterator<Item = Break>) {
        *self.state() = State { breaks: breaks.into_iter().collect(), ..State::default() };
    }

    /// The requests since then.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.state().seen.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self, client: &TcpStream) -> Checked {
        let server = TcpStream::connect(self.server)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let mut from_client = BufReader::new(client);
        let mut from_server = BufReader::new(&server);
        while self.exchange(&mut from_client, &mut from_server)? {}
        // Both ends must see it, whatever is still on its way.
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        Ok(())
    }

    /// One request and its answer; whether the connection holds.
    fn exchange(
        &self,
        from_client: &mut BufReader<&TcpStream>,
        from_server: &mut BufReader<&TcpStream>,
    ) -> Checked<bool> {
        let (mut client, mut server) = (*from_client.get_ref(), *from_server.get_ref());
        let Some(request) = Head::read(from_client)? else { return Ok(false) };
        let range = request.header("content-range").or(request.header("range")).unwrap_or("-");
        self.state().seen.push(format!("{} {range}", request.verb()));
        if let Some(answer) = self.asked(&request) {
            client.write_all(answer.as_bytes())?;
            return Ok(true);
        }
        server.write_all(request.text.as_bytes())?;
        let up = self.strike(request.length, |strike| matches!(strike, Break::Up(_)));
        let Some(Break::Up(at)) = up else {
            std::io::copy(&mut from_client.take(request.length), &mut server)?;
            return self.answer(from_server, &mut client);
        };
        std::io::copy(&mut from_client.take(at), &mut server)?;
        Ok(false)
    }

    fn answer(&self, from_server: &mut BufReader<&TcpStream>, client: &mut &TcpStream) -> Checked<bool> {
        let Some(mut answer) = Head::read(from_server)? else { return Ok(false) };
        let own = format!("://{}", self.own);
        answer.text = answer.text.replace(&format!("://{}", self.server), &own);
        if answer.status() == "308" {
            let range = answer.header("range").and_then(|range| range.strip_prefix("bytes=0-"));
            self.state().kept = range.and_then(|last| last.parse::<u64>().ok()).map_or(0, |last| last + 1);
        }
        client.write_all(answer.text.as_bytes())?;
        let mut body = from_server.take(answer.length);
        match self.strike(answer.length, |strike| !matches!(strike, Break::Up(_))) {
            Some(Break::Down(at)) => {
                std::io::copy(&mut body.take(at), client)?;
                return Ok(false);
            }
            Some(Break::Flip(at)) => {
                std::io::copy(&mut body.by_ref().take(at), client)?;
                let mut byte = [0];
                body.read_exact(&mut byte)?;
                client.write_all(&[byte[0] ^ 1])?;
                std::io::copy(&mut body, client)?;
            }
            _ => {
                std::io::copy(&mut body, client)?;
            }
        }
        Ok(true)
    }

    /// The next break, if it is of that direction and this body is long enough for it.
    fn strike(&self, length: u64, fits: impl Fn(&Break) -> bool) -> Option<Break> {
        let mut state = self.state();
        let next = state.breaks.front().copied().filter(fits)?;
        let (Break::Up(at) | Break::Down(at) | Break::Flip(at)) = next;
        if at >= length {
            return None;
        }
        state.breaks.pop_front()
    }

    /// The answer to the question how much of an upload there is, unless everything is.
    fn asked(&self, request: &Head) -> Option<String> {
        if self.asked == Asked::Server {
            return None;
        }
        let total: u64 = request.header("content-range")?.strip_prefix("bytes */")?.parse().ok()?;
        let kept = self.state().kept;
        if kept == total {
            return None;
        }
        let range = kept.checked_sub(1).map(|last| format!("Range: bytes=0-{last}\r\n")).unwrap_or_default();
        Some(format!("HTTP/1.1 308 Resume Incomplete\r\n{range}Content-Length: 0\r\n\r\n"))
    }
}

/// The lines before a body, and how long that is.
struct Head {
    text: String,
    length: u64,
}

impl Head {
    /// None at the end of a connection.
    fn read(from: &mut BufReader<&TcpStream>) -> Checked<Option<Self>> {
        let mut text = String::new();
        while from.read_line(&mut text)? > 2 {}
        if !text.ends_with("\r\n\r\n") {
            return Ok(None);
        }
        let mut head = Head { text, length: 0 };
        head.length = match head.header("content-length") {
            Some(length) => length.parse()?,
            // Every body here has a length, and what has none has no body.
            None => 0,
        };
        Ok(Some(head))
    }

    fn verb(&self) -> &str {
        self.text.split(' ').next().unwrap_or_default()
    }

    fn status(&self) -> &str {
        self.text.split(' ').nth(1).unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.text.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}
