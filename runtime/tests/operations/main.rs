//! Waiting for long-running operations, against a scripted peer: what is asked for, when, and what comes of it.
//!
//! Time is paused wherever a test waits, so that waits are exact and cost nothing.
#![allow(missing_docs, unreachable_pub)]

mod failing;
mod locating;
mod polling;
mod socket;
