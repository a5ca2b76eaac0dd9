//! The state of a server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The state of a server, which its calls change. Clones share it.
#[derive(Debug, Default)]
pub struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    /// A state of its own.
    pub fn new(state: T) -> Self {
        Shared(Arc::new(Mutex::new(state)))
    }

    /// A clone, for a handler that uses the state itself.
    #[must_use]
    pub fn handle(&self) -> Arc<Mutex<T>> {
        Arc::clone(&self.0)
    }

    /// Locks the state. No handler can change it until the guard is dropped.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}
