//! Small APIs in the form of generated crates, and scripted servers, for tests in several crates of this repository.
//!
//! | module | content |
//! |---|---|
//! | [`farm`] | an API with a resource and an operation, for the examples in the documentation |
//! | [`photos`] | an API with media |
//! | [`zoo`] | an API with batches and lists, with a [`peer`] |
//! | [`shop`] | an API with media, and a store that checks requests |
//! | [`longrunning`] | two APIs with operations, one for each form |
//! | [`regional`] | an API with regional and mutual TLS endpoints |
//! | [`small`] | APIs with one feature each |
//! | [`peer`] | a scripted transport without a network |
//! | [`socket`] | a scripted server on a loopback socket |
//!
//! The parsers of requests in [`peer`], [`shop`] and [`socket`] share no code with the library, so that both cannot
//! have the same fault.

#![allow(missing_docs, reason = "fixtures are read, not looked up")]

pub mod farm;
pub mod longrunning;
pub mod peer;
pub mod photos;
pub mod regional;
pub mod shop;
pub mod small;
pub mod socket;
pub mod zoo;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapis_runtime::RetryPolicy;

/// A list to which callbacks append.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn add(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A policy with that many attempts, and waits of one to eight seconds between them, on a clock that the test pauses.
pub fn policy(attempts: u32) -> RetryPolicy {
    RetryPolicy::default()
        .with_max_attempts(attempts)
        .with_backoff(Duration::from_secs(1), Duration::from_secs(8))
}

/// A policy with negligible waits, for tests on a real clock.
pub fn quick() -> RetryPolicy {
    RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(1))
}

pub fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

pub fn secs(time: u64) -> Duration {
    Duration::from_secs(time)
}
