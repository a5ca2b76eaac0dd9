//! What a server knows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The state of a server, which its calls change. A clone is the same state.
#[derive(Debug, Default)]
pub struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    /// A state of its own.
    pub fn new(state: T) -> Self {
        Shared(Arc::new(Mutex::new(state)))
    }

    /// The same state, for a handler that takes it apart itself.
    #[must_use]
    pub fn handle(&self) -> Arc<Mutex<T>> {
        Arc::clone(&self.0)
    }

    /// The state. No handler changes it while the guard lives.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}
