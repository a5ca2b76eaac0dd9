//! The timeout of an upload: it limits how long no media is taken and no response arrives.

use std::future::Future;

use crate::send::attempts::Attempt;
use crate::send::counted::Taken;
use crate::send::rt;
use crate::{Error, Result};

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
