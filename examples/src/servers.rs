//! The servers that the programs run against by default: typed handlers over a state that calls change.

pub mod calendar;
pub mod classroom;
pub mod displayvideo;
pub mod docs;
pub mod farm;
pub mod sheets;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a server knows. A clone is the same state.
#[derive(Debug, Default)]
pub struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    fn new(state: T) -> Self {
        Shared(Arc::new(Mutex::new(state)))
    }

    /// The same state for a handler that keeps it.
    fn handle(&self) -> Arc<Mutex<T>> {
        Arc::clone(&self.0)
    }

    /// The state, which no handler changes meanwhile.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}
