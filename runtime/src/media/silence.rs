//! The timeout of an upload: it limits how long no media is taken and no response arrives.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream;

use super::source::PIECE;
use crate::send::attempts::Attempt;
use crate::send::rt;
use crate::send::transport::RequestBody;
use crate::{Error, Result};

/// A body of up to this size is sent in one piece, so how much of it was taken is unknown. A larger body is sent in
/// pieces, except in a browser, which does not support streams.
pub(super) const ONE_PIECE: usize = 1 << 20;

/// Whether a body of that size is sent in one piece.
pub(super) fn is_one_piece(bytes: usize) -> bool {
    bytes <= ONE_PIECE || cfg!(target_family = "wasm")
}

/// The number of bytes that were taken from a body.
#[derive(Clone, Default)]
pub(super) struct Taken(Arc<AtomicU64>);

impl Taken {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// A body with these bytes. It counts the bytes taken, unless it is sent in one piece.
pub(super) fn counted(bytes: Bytes, taken: &Taken) -> RequestBody {
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

/// Awaits the exchange, unless no bytes are taken and no response arrives within the timeout of one attempt.
///
/// # Errors
/// The error of the exchange, or a timeout.
pub(super) async fn until_silent<T>(
    attempt: &Attempt<'_>,
    what: &str,
    taken: &Taken,
    exchange: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut exchange = std::pin::pin!(exchange);
    let mut before = taken.get();
    loop {
        if let Some(result) = rt::timeout(attempt.timeout(), exchange.as_mut()).await {
            return result;
        }
        let now = taken.get();
        if now == before {
            return Err(Error::timeout(what, attempt.timeout().unwrap_or_default()));
        }
        before = now;
    }
}
