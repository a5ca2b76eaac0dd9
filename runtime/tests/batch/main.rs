//! The batch engine with a scripted peer, byte for byte: what is sent, which call gets which reply, and when.
//!
//! Each module covers one behavior. Time is paused in tests that wait, so that waits are exact and take no real time.
#![allow(missing_docs, unreachable_pub, clippy::type_complexity)]

mod again;
mod barriers;
mod blocking;
mod credentials;
mod cutting;
mod dispatcher;
mod exactly_once;
mod headers;
mod journal;
mod memory;
mod outcomes;
mod pacing;
mod peers;
mod quota;
mod reading;
mod refused;
mod request_ids;
mod retry;
mod run;
mod secrets;
mod simulation;
mod single;
mod socket;
mod splitting;
mod uploading;
mod ways;
mod writing;
