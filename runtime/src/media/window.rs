//! The part of a source that a resumable upload sends next. Only this part is held in memory.

use std::future::poll_fn;

use bytes::{Bytes, BytesMut};

use super::source::{Content, Source};
use crate::send::counted::PIECE;
use crate::{Error, Result};

/// How much is allocated before it is known that the source has so much. A buffer of the default chunk size is
/// allocated at once.
const AT_ONCE: usize = 8 << 20;

pub(super) struct Window {
    content: Content,
    /// The total number of bytes, once known.
    total: Option<u64>,
    /// The offset of the buffer's first byte.
    start: u64,
    buffer: Bytes,
    /// The offset up to which the source was read.
    read: u64,
    ended: bool,
}

impl Window {
    pub(super) fn new(source: Source) -> Self {
        Window {
            content: source.content,
            total: source.length,
            start: 0,
            buffer: Bytes::new(),
            read: 0,
            ended: false,
        }
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The offset after the buffer's last byte.
    pub(super) fn end(&self) -> u64 {
        self.start + self.buffer.len() as u64
    }

    pub(super) fn chunk(&self) -> Bytes {
        self.buffer.clone()
    }

    /// The value of `Content-Range` for the buffer.
    pub(super) fn content_range(&self) -> String {
        let total = self.total.map_or_else(|| "*".to_owned(), |total| total.to_string());
        match self.end().checked_sub(1).filter(|_| !self.buffer.is_empty()) {
            Some(last) => format!("bytes {}-{last}/{total}", self.start),
            None => format!("bytes */{total}"),
        }
    }

    /// Reads until the buffer has `size` bytes or the source ends.
    ///
    /// # Errors
    /// If the source fails, or its length differs from the declared one.
    pub(super) async fn fill(&mut self, size: usize) -> Result<()> {
        if let Content::Bytes(all) = &self.content {
            let from = usize::try_from(self.start).unwrap_or(usize::MAX).min(all.len());
            self.buffer = all.slice(from..from.saturating_add(size).min(all.len()));
            return Ok(());
        }
        let size = self.room(size);
        if !self.ended && self.buffer.len() < size {
            let mut buffer = BytesMut::with_capacity(size.min(AT_ONCE) + 1);
            buffer.extend_from_slice(&std::mem::take(&mut self.buffer));
            while buffer.len() < size && self.read_some(&mut buffer, size).await? > 0 {}
            self.buffer = buffer.freeze();
        }
        // A source of known length is asked for one byte more, to find out whether it is longer.
        if !self.ended && self.total == Some(self.read) && self.read_some(&mut BytesMut::new(), 1).await? > 0
        {
            return Err(self.wrong_length());
        }
        Ok(())
    }

    /// The maximum size of a chunk.
    fn room(&self, size: usize) -> usize {
        let left = self.total.map_or(u64::MAX, |total| total.saturating_sub(self.start));
        usize::try_from(left).unwrap_or(usize::MAX).min(size)
    }

    async fn read_some(&mut self, into: &mut BytesMut, size: usize) -> Result<usize> {
        let Content::Input(input) = &mut self.content else { return Ok(0) };
        let max = size.saturating_sub(into.len()).min(PIECE);
        let count = poll_fn(|cx| input.poll_read(cx, into, max))
            .await
            .map_err(|error| Error::io("the source of the upload cannot be read", error))?;
        self.read += count as u64;
        if count == 0 {
            self.ended = true;
            if *self.total.get_or_insert(self.read) != self.read {
                return Err(self.wrong_length());
            }
        }
        Ok(count)
    }

    fn wrong_length(&self) -> Error {
        wrong_length(self.total.unwrap_or_default(), self.read)
    }

    /// Continues at that offset: within the buffer, or anywhere if the source can seek.
    ///
    /// # Errors
    /// If the offset cannot be reached.
    pub(super) async fn move_to(&mut self, to: u64) -> Result<()> {
        if let Content::Bytes(all) = &self.content {
            if to > all.len() as u64 {
                return Err(wrong_length(all.len() as u64, to));
            }
            self.start = to;
            self.buffer = Bytes::new();
            return Ok(());
        }
        if to >= self.start && to <= self.end() {
            let kept = usize::try_from(to - self.start).unwrap_or(usize::MAX);
            drop(self.buffer.split_to(kept.min(self.buffer.len())));
            self.start = to;
            return Ok(());
        }
        if self.total.is_some_and(|total| to > total) {
            return Err(wrong_length(self.total.unwrap_or_default(), to));
        }
        match &mut self.content {
            Content::Input(input) if input.seeks() => {
                poll_fn(|cx| input.poll_seek(cx, to))
                    .await
                    .map_err(|error| Error::io("the source of the upload cannot be positioned", error))?;
            }
            _ => {
                return Err(Error::bad_source(format!(
                    "the upload must continue at byte {to}, but its source, read up to byte {}, cannot seek: \
                     only bytes, files and `Source::seekable` can",
                    self.read
                )));
            }
        }
        (self.start, self.read, self.buffer, self.ended) = (to, to, Bytes::new(), false);
        Ok(())
    }

    /// Moves a source to its beginning, whatever its current position.
    pub(super) async fn rewind(&mut self) -> Result<()> {
        rewind(&mut self.content).await
    }
}

/// Moves content to its beginning, if it can seek.
pub(super) async fn rewind(content: &mut Content) -> Result<()> {
    match content {
        Content::Input(input) if input.seeks() => poll_fn(|cx| input.poll_seek(cx, 0))
            .await
            .map_err(|error| Error::io("the source of the upload cannot be positioned", error)),
        _ => Ok(()),
    }
}

pub(super) fn wrong_length(said: u64, read: u64) -> Error {
    let more = if read > said { "at least " } else { "only " };
    Error::bad_source(format!(
        "the source of the upload has a declared length of {said} bytes, but has {more}{read}"
    ))
}

/// The message for media that is larger than the method accepts.
pub(super) fn too_large(id: &str, max: u64) -> String {
    format!("{id}: the media is larger than the {max} bytes that the method accepts")
}
