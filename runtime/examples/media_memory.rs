//! Measures the memory that media needs: uploads and downloads 1 GiB, or the number of MiB in the first argument, over
//! loopback, and prints the peak of this process. The server is another process, so that its memory is not included.
//!
//! `cargo run --release -p gapis-runtime --example media_memory`
#![allow(clippy::print_stdout, missing_docs, unreachable_pub)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::task::{Context, Poll};
use std::time::Instant;

use gapis_runtime::Source;
use gapis_testkit::photos::Photos;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().unwrap_or_else(|| "1024".to_owned());
    if first == "serve" {
        return serve(arguments.next().ok_or("how many bytes?")?.parse()?);
    }
    let size = first.parse::<u64>()? << 20;
    let mut server = Command::new(std::env::current_exe()?)
        .args(["serve", &size.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut address = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut address)?;
    let photos = Photos::builder().anonymous().endpoint(address.trim()).build()?;
    let outcome = measure(&photos, size).await;
    server.kill()?;
    server.wait()?;
    outcome
}

async fn measure(photos: &Photos, size: u64) -> Outcome {
    println!("before: {}", peak()?);
    let insert = || photos.bare();
    let started = Instant::now();
    insert().upload(Source::reader(Zeros(size)).with_length(size)).await?;
    println!("upload of {} MiB in chunks: {}, {:.1?}", size >> 20, peak()?, started.elapsed());
    let started = Instant::now();
    insert().upload(Source::reader(Zeros(size)).with_length(size)).simple().await?;
    println!("upload of {} MiB in one request: {}, {:.1?}", size >> 20, peak()?, started.elapsed());
    let started = Instant::now();
    let count = photos.get("all").download().write_to(&mut Nowhere).await?;
    println!("download of {} MiB: {}, {:.1?}", count >> 20, peak()?, started.elapsed());
    Ok(())
}

/// The peak memory of this process, as reported by Linux.
fn peak() -> Result<String, std::io::Error> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(format!("peak RSS {}", line.unwrap_or("unknown").trim()))
}

struct Zeros(u64);

impl AsyncRead for Zeros {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let count = usize::try_from(self.0).unwrap_or(usize::MAX).min(into.remaining());
        into.initialize_unfilled_to(count).fill(0);
        into.advance(count);
        self.0 -= count as u64;
        Poll::Ready(Ok(()))
    }
}

struct Nowhere;

impl AsyncWrite for Nowhere {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn serve(size: u64) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        // A response is sent in several small writes, none of which should wait for the other side.
        stream.set_nodelay(true)?;
        std::thread::spawn(move || while answer(&stream, size).is_ok() {});
    }
    Ok(())
}

/// Handles a request.
fn answer(stream: &TcpStream, size: u64) -> Outcome {
    let mut reader = BufReader::with_capacity(1, stream);
    let (mut lines, mut line) = (Vec::new(), String::new());
    while reader.read_line(&mut line)? > 2 {
        lines.push(std::mem::take(&mut line).trim().to_ascii_lowercase());
    }
    let request = lines.first().ok_or("no request")?.clone();
    let header = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let length = header("content-length: ").parse().unwrap_or(0);
    std::io::copy(&mut Read::take(stream, length), &mut std::io::sink())?;
    let range = header("content-range: bytes ");
    let mut out = stream;
    if request.starts_with("get") {
        write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nETag: \"1\"\r\n\r\n")?;
        std::io::copy(&mut Read::take(std::io::repeat(0), size), &mut out)?;
    } else if request.contains("uploadtype=resumable") {
        write!(out, "HTTP/1.1 200 OK\r\nLocation: /session\r\nContent-Length: 0\r\n\r\n")?;
    } else if let Some(last) = unfinished(range) {
        write!(out, "HTTP/1.1 308 Resume Incomplete\r\nRange: bytes=0-{last}\r\nContent-Length: 0\r\n\r\n")?;
    } else {
        write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{{}}")?;
    }
    Ok(())
}

/// The last byte of `0-41/100`, unless it is the last of the media.
fn unfinished(range: &str) -> Option<u64> {
    let (place, total) = range.split_once('/')?;
    let last = place.split_once('-')?.1.parse::<u64>().ok()?;
    (total.parse() != Ok(last + 1)).then_some(last)
}
