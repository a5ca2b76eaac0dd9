//! The timeout of an upload is for silence: neither media taken nor an answer.

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

/// Bytes up to this go out as one piece, of which nobody can tell how much was taken. What is larger goes piece by piece,
/// but in a browser, which sends no streams.
pub(super) const ONE_PIECE: usize = 1 << 20;

/// Whether so many bytes go out as one piece.
pub(super) fn is_one_piece(bytes: usize) -> bool {
    bytes <= ONE_PIECE || cfg!(target_family = "wasm")
}

/// How much of a body was taken.
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

/// A body of these bytes that counts what is taken of it, if that can be told.
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

/// The exchange's output, unless nothing is taken and nothing comes for as long as one attempt may take.
///
/// # Errors
/// The exchange's own, or a timeout.
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
