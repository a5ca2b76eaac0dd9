//! Decompresses gzip incrementally and within limits.
//!
//! The transport returns bodies as they were sent, because media is stored compressed, and its ranges and checksums
//! refer to the stored bytes. Responses to calls and batches are decompressed here.

use std::collections::VecDeque;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use futures_core::Stream;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::send::transport::{BodyStream, HttpResponse};
use crate::{Error, Result};

/// How many compressed bytes are decompressed at a time. Gzip expands one byte to about a thousand at most.
const PIECE: usize = 1 << 10;

/// A body that decompresses to more than this must not be larger than [`RATIO`] times its compressed size. JSON of API
/// servers compresses to between a fifth and a fiftieth of its size.
const UNSUSPICIOUS: u64 = 32 << 20;
const RATIO: u64 = 200;

/// Accepts gzip, unless the caller has set the header. A browser sets it itself.
pub(crate) fn accept(headers: &mut HeaderMap) {
    if cfg!(not(target_family = "wasm")) {
        headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    }
}

/// Whether a body with these headers is compressed. A browser has already decompressed it.
pub(crate) fn is_compressed(headers: &HeaderMap) -> bool {
    let coding = headers.get(CONTENT_ENCODING).map_or(&b""[..], |coding| coding.as_bytes().trim_ascii());
    let gzip = coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip");
    gzip && cfg!(not(target_family = "wasm"))
}

/// Decompresses the body of the response, if it is compressed.
pub(crate) fn decompress(mut response: HttpResponse) -> HttpResponse {
    let no_body = matches!(response.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !is_compressed(&response.headers) || no_body {
        return response;
    }
    response.headers.remove(CONTENT_ENCODING);
    response.headers.remove(CONTENT_LENGTH);
    HttpResponse { body: decompressed(response.body), ..response }
}

/// Decompresses a body.
pub(crate) fn decompressed(body: BodyStream) -> BodyStream {
    let decoder = MultiGzDecoder::new(Vec::new());
    Box::pin(Decompressed {
        body,
        decoder,
        came: 0,
        made: 0,
        rest: Bytes::new(),
        ready: VecDeque::new(),
        state: State::Reading,
    })
}

struct Decompressed {
    body: BodyStream,
    decoder: MultiGzDecoder<Vec<u8>>,
    /// The number of bytes received and the number of bytes they were decompressed to.
    came: u64,
    made: u64,
    /// The received bytes that are not decompressed yet.
    rest: Bytes,
    ready: VecDeque<Bytes>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Reading,
    Ending,
    Ended,
}

impl Decompressed {
    /// Decompresses some of the received bytes.
    fn decode(&mut self) -> Result<()> {
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        self.came += piece.len() as u64;
        self.decoder.write_all(&piece).map_err(damaged)?;
        self.take()
    }

    fn take(&mut self) -> Result<()> {
        let made = std::mem::take(self.decoder.get_mut());
        self.made += made.len() as u64;
        if self.made > UNSUSPICIOUS && self.made / RATIO > self.came {
            return Err(Error::protocol(format!(
                "{} bytes of the response decompress to more than {} bytes",
                self.came, self.made
            )));
        }
        if !made.is_empty() {
            self.ready.push_back(made.into());
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        // An empty body is not gzip, whatever its headers say.
        if self.came > 0 {
            self.decoder.try_finish().map_err(damaged)?;
        }
        self.take()
    }
}

fn damaged(error: std::io::Error) -> Error {
    Error::transport("the response is not a valid gzip stream, although its headers say so", error)
}

impl Stream for Decompressed {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(made) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(made)));
            }
            let result = match this.state {
                State::Ended => return Poll::Ready(None),
                State::Ending => {
                    this.state = State::Ended;
                    this.end()
                }
                State::Reading if !this.rest.is_empty() => this.decode(),
                State::Reading => match ready!(this.body.as_mut().poll_next(cx)) {
                    Some(chunk) => chunk.map(|chunk| this.rest = chunk),
                    None => {
                        this.state = State::Ending;
                        Ok(())
                    }
                },
            };
            if let Err(error) = result {
                this.state = State::Ended;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures_util::{StreamExt as _, stream};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn read(bytes: &[u8], chunk: usize) -> Result<Vec<u8>> {
        let chunks: Vec<_> = bytes.chunks(chunk).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        let mut body = decompressed(Box::pin(stream::iter(chunks)));
        let mut all = Vec::new();
        while let Some(piece) = body.next().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn bytes_come_back_whatever_their_chunks() {
        let bytes: Vec<u8> = (0..50_000u32).flat_map(|n| (n / 7).to_be_bytes()).collect();
        for chunk in [1, 7, 1000, 1 << 20] {
            assert_eq!(read(&gzip(&bytes), chunk).await.unwrap(), bytes);
        }
        let twice = [gzip(b"a"), gzip(b"b")].concat();
        assert_eq!(read(&twice, 3).await.unwrap(), b"ab", "members follow each other");
        assert_eq!(read(b"", 1).await.unwrap(), b"");
    }

    #[tokio::test]
    async fn what_is_cut_or_damaged_is_an_error() {
        let whole = gzip(&[7; 5000]);
        for cut in 1..whole.len() {
            let error = read(&whole[..cut], 10).await.unwrap_err();
            assert!(error.is_connection(), "{cut}: {error}");
        }
        let mut damaged = whole;
        damaged[15] ^= 0xff;
        assert!(read(&damaged, 100).await.is_err());
        assert!(read(b"{}", 100).await.is_err());
    }

    #[tokio::test]
    async fn a_bomb_is_refused() {
        let bomb = gzip(&vec![0; 100 << 20]);
        let error = read(&bomb, 1 << 16).await.unwrap_err();
        assert!(error.is_protocol() && error.to_string().contains("decompress to more than"), "{error}");
    }
}
