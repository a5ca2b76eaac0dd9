//! Sends an HTTP request, again if necessary: the transport, credentials, retries, and the client that holds them.

pub(crate) mod attempts;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub(crate) mod blocking;
pub(crate) mod bucket;
pub(crate) mod builder;
pub(crate) mod client;
pub(crate) mod counted;
pub(crate) mod credentials;
mod endpoint;
pub(crate) mod governor;
pub(crate) mod gzip;
pub mod observe;
pub(crate) mod retry;
pub(crate) mod rt;
pub(crate) mod token;
pub(crate) mod trace;
pub mod transport;
pub(crate) mod watch;
