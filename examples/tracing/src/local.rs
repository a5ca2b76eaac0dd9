//! Local servers: one that stands for Drive, and a collector that keeps the spans that it receives.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use gapis_drive_v3::schemas::File;
use gapis_drive_v3::{Result, files};
use gapis_example_farm::Output;
use gapis_mock::{MockError, MockServer};
use serde_json::Value;

/// A Drive with two files.
pub(crate) fn drive() -> Result<MockServer> {
    let mock = MockServer::start()?;
    mock.on::<files::Get>(|call| match call.var("fileId")? {
        id @ ("a" | "b") => Ok(File { name: Some(id.to_owned()), ..Default::default() }),
        id => Err(MockError::not_found(id)),
    });
    Ok(mock)
}

/// A collector for traces over HTTP, as JSON.
pub(crate) struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Value>>>,
}

impl Collector {
    pub(crate) fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let spans = Arc::new(Mutex::new(Vec::new()));
        let kept = spans.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let received = receive(stream).unwrap_or_default();
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend(received);
            }
        });
        Ok(Collector { url, spans })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Prints each span under its parent, with its attributes but those that say where it is in the source.
    pub(crate) fn print(&self, out: &Output) {
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        under(&spans, "", 0, out);
    }
}

fn under(spans: &[Value], parent: &str, depth: usize, out: &Output) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for span in spans.iter().filter(|span| text(&span["parentSpanId"]) == parent) {
        let attributes = span["attributes"].as_array().into_iter().flatten();
        let shown = ["api", "attempt", "calls", "error", "files", "status", "version"];
        let mut attributes: Vec<_> = attributes
            .filter_map(|attribute| {
                let (key, value) =
                    (text(&attribute["key"]), attribute["value"].as_object()?.values().next()?);
                shown
                    .contains(&&*key)
                    .then(|| format!(" {key}={}", value.as_str().unwrap_or(&value.to_string())))
            })
            .collect();
        attributes.sort_unstable();
        let events = span["events"].as_array().map_or(0, Vec::len);
        out.line(format_args!(
            "{}{}{} ({events} events)",
            "  ".repeat(depth),
            text(&span["name"]),
            attributes.concat()
        ));
        under(spans, &text(&span["spanId"]), depth + 1, out);
    }
}

/// Reads a request, and returns its spans.
fn receive(stream: TcpStream) -> std::io::Result<Vec<Value>> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(("content-length", value)) = line.to_ascii_lowercase().split_once(':') {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    reader.get_mut().write_all(answer.as_bytes())?;
    let body: Value = serde_json::from_slice(&body)?;
    let scopes =
        body["resourceSpans"].as_array().into_iter().flatten().map(|resource| &resource["scopeSpans"]);
    let scopes = scopes.filter_map(Value::as_array).flatten();
    Ok(scopes.filter_map(|scope| scope["spans"].as_array()).flatten().cloned().collect())
}
