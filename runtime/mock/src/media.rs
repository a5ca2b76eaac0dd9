//! Media for handlers, and its delivery with ranges, `If-Match` and checksums.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::call::MockCall;
use crate::reply::{MockError, MockResponse};

/// Media that was uploaded, or that is to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MockMedia {
    content_type: String,
    bytes: Bytes,
}

impl MockMedia {
    /// Media of that type.
    #[must_use]
    pub fn new(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        MockMedia { content_type: content_type.to_owned(), bytes: bytes.into() }
    }

    /// The media type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// The response with the media, or with the requested range of it.
pub(crate) fn serve(call: &MockCall, media: &MockMedia) -> MockResponse {
    let (bytes, size) = (&media.bytes, media.bytes.len());
    let sum = STANDARD.encode(crc32c::crc32c(bytes).to_be_bytes());
    let etag = format!("\"{sum}-{size}\"");
    if call.header("if-match").is_some_and(|own| own != etag && own != "*") {
        return MockError::new(412, "conditionNotMet", "Precondition Failed").into();
    }
    let answer = |status: u16| {
        let answer = MockResponse::new(status).with_header("content-type", &media.content_type);
        answer.with_header("etag", &etag).with_header("x-goog-hash", &format!("crc32c={sum}"))
    };
    let Some(range) = call.header("range").and_then(|range| asked(range, size)) else {
        return answer(200).with_body(bytes.clone());
    };
    if range.is_empty() {
        return answer(416).with_header("content-range", &format!("bytes */{size}"));
    }
    let place = format!("bytes {}-{}/{size}", range.start, range.end - 1);
    answer(206).with_header("content-range", &place).with_body(bytes.slice(range))
}

/// The bytes that a `Range` header requests, up to the end of the media. A header that is not a single range is
/// ignored, as the standard requires (RFC 9110, section 14.2).
fn asked(range: &str, size: usize) -> Option<std::ops::Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let end = if last.is_empty() { size } else { last.parse::<usize>().ok()?.checked_add(1)?.min(size) };
    Some(first.min(size)..end.max(first.min(size)))
}
