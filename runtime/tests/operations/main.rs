//! Waits for long-running operations, with a scripted peer: the requests, their times, and the results.
//!
//! Time is paused in tests that wait, so that waits are exact and take no real time.
#![allow(missing_docs, unreachable_pub)]

mod failing;
mod locating;
mod polling;
mod socket;
