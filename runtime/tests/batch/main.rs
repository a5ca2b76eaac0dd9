//! The batch engine against a scripted peer, byte for byte: what is sent, who is answered with what, and when.
//!
//! Each module is one behavior. Time is paused wherever a test waits, so that waits are exact and cost nothing.
#![allow(missing_docs, unreachable_pub, clippy::type_complexity)]

mod barriers;
mod blocking;
mod credentials;
mod cutting;
mod dispatcher;
mod exactly_once;
mod headers;
mod memory;
mod outcomes;
mod pacing;
mod peers;
mod reading;
mod refused;
mod request_ids;
mod retry;
mod secrets;
mod single;
mod socket;
mod splitting;
mod ways;
mod writing;
