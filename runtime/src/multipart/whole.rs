//! Codes a whole batch at once, for the benchmarks.

use bytes::Bytes;

use super::{BatchWriter, PartRequest, ReadLimits, Reader};

/// Reads a whole response. Returns the sum of indices, statuses and body lengths, so that each part is looked at.
#[must_use]
pub fn read_batch(content_type: &[u8], chunks: impl IntoIterator<Item = Bytes>, token: &str) -> usize {
    let Ok(mut reader) = Reader::new(content_type, ReadLimits::default()) else { return 0 };
    let mut sum = 0;
    for chunk in chunks {
        reader.feed(chunk);
        while let Ok(Some(part)) = reader.next_part() {
            let index = part.index(token).unwrap_or_default();
            let seen = part.content.map(|inner| usize::from(inner.status.as_u16()) + inner.body.len());
            sum += index + seen.unwrap_or_default();
        }
    }
    sum
}

/// Writes a batch that repeats one call.
#[must_use]
pub fn write_batch(
    token: &str,
    count: usize,
    verb: &str,
    target: &str,
    body: Option<&[u8]>,
) -> (String, Bytes) {
    let headers: &[(&str, &str)] = &[];
    let part = |index| PartRequest {
        token,
        index,
        verb,
        target,
        headers: headers.iter().copied(),
        body,
        content_type: "application/json",
    };
    let len: usize = (0..count).map(|index| part(index).encoded_len()).sum();
    let mut writer = BatchWriter::new(fastrand::Rng::with_seed(1));
    writer.reserve(len + BatchWriter::CLOSING_LEN);
    for index in 0..count {
        let _ = writer.push(&part(index));
    }
    writer.finish()
}
