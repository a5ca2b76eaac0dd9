//! Bodies of requests that count how much of them was sent, so that a timeout can tell a slow upload from silence.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream;

use crate::send::transport::RequestBody;

/// The size of the pieces in which a large body is sent.
pub(crate) const PIECE: usize = 64 * 1024;

/// A body of up to this size is sent in one piece, so how much of it was taken is unknown. A larger body is sent in
/// pieces, except in a browser, which does not support streams.
pub(crate) const ONE_PIECE: usize = 1 << 20;

/// Whether a body of that size is sent in one piece.
pub(crate) fn is_one_piece(bytes: usize) -> bool {
    bytes <= ONE_PIECE || cfg!(target_family = "wasm")
}

/// The number of bytes that were taken from a body.
#[derive(Clone, Default)]
pub(crate) struct Taken(Arc<AtomicU64>);

impl Taken {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// A body with these bytes. It counts the bytes taken, unless it is sent in one piece.
pub(crate) fn counted(bytes: Bytes, taken: &Taken) -> RequestBody {
    if is_one_piece(bytes.len()) {
        return bytes.into();
    }
    let length = Some(bytes.len() as u64);
    let stream = stream::unfold((bytes, taken.clone()), |(mut rest, taken)| async move {
        let piece = rest.split_to(rest.len().min(PIECE));
        taken.set(taken.get() + piece.len() as u64);
        (!piece.is_empty()).then_some((Ok(piece), (rest, taken)))
    });
    RequestBody::Stream { stream: Box::pin(stream), length }
}
