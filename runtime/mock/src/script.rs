//! The faults of a table, with their counters.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::call::MockCall;
use crate::effect::{CallEffects, Effect, ResponseEffects};
use crate::fault::Fault;

/// A fault with its counters.
struct Armed {
    fault: Fault,
    seen: AtomicUsize,
    struck: AtomicUsize,
}

impl Armed {
    fn strikes(&self, call: &MockCall, batch: bool) -> bool {
        if !self.fault.fits(call, batch) {
            return false;
        }
        let occasion = self.seen.fetch_add(1, Ordering::Relaxed);
        if !self.fault.chosen(occasion) {
            return false;
        }
        let Some(times) = self.fault.times else { return true };
        let more = |struck: usize| (struck < times).then_some(struck + 1);
        self.struck.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

/// The faults of a table, in the order in which they were added.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Arc<Vec<Arc<Armed>>>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        let armed = Armed { fault, seen: AtomicUsize::new(0), struck: AtomicUsize::new(0) };
        Arc::make_mut(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)).push(Arc::new(armed));
    }

    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    /// A snapshot of the faults. Predicates run on it, so they may use the table.
    pub(crate) fn now(&self) -> Script {
        Script(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// The faults that may affect a request.
pub(crate) struct Script(Arc<Vec<Arc<Armed>>>);

impl Script {
    /// The combined effects of the faults that occur for that call.
    pub(crate) fn of_call(&self, call: &MockCall, batch: bool) -> CallEffects {
        let mut effects = CallEffects::default();
        for armed in self.0.iter() {
            if let Effect::Call(add) = &armed.fault.effect
                && armed.strikes(call, batch)
            {
                add(&mut effects);
            }
        }
        effects
    }

    /// The combined effects of the faults that occur for the response to that HTTP request.
    pub(crate) fn of_response(&self, request: &MockCall, batch: bool) -> ResponseEffects {
        let mut effects = ResponseEffects::default();
        for armed in self.0.iter() {
            if let Effect::Response(add) = &armed.fault.effect
                && armed.strikes(request, batch)
            {
                add(&mut effects);
            }
        }
        effects
    }
}
