//! The faults that a table holds, with their counters.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::call::MockCall;
use super::fault::{Effect, Fault};

/// The seed's number between 0 and 1 for that occasion.
pub(super) fn unit(seed: u64, occasion: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let number = (scramble(seed ^ scramble(occasion as u64)) >> 32) as f64;
    number / f64::from(u32::MAX)
}

/// The finisher of SplitMix64: near numbers in, unrelated numbers out.
pub(super) fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A fault in the table, with its counters.
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

/// The faults of a table, in the order in which they were given.
#[derive(Default)]
pub(super) struct Faults(Mutex<Arc<Vec<Arc<Armed>>>>);

impl Faults {
    pub(super) fn add(&self, fault: Fault) {
        let armed = Armed { fault, seen: AtomicUsize::new(0), struck: AtomicUsize::new(0) };
        Arc::make_mut(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)).push(Arc::new(armed));
    }

    pub(super) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    /// The faults as they are now. Predicates run on this copy, so they may use the table.
    pub(super) fn now(&self) -> Script {
        Script(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// The faults that a request may meet.
pub(super) struct Script(Arc<Vec<Arc<Armed>>>);

impl Script {
    /// What strikes that call.
    pub(super) fn of_call(&self, call: &MockCall, batch: bool) -> Vec<Effect> {
        self.strikes(call, batch, true)
    }

    /// What strikes the response to that HTTP request.
    pub(super) fn of_response(&self, request: &MockCall, batch: bool) -> Vec<Effect> {
        self.strikes(request, batch, false)
    }

    fn strikes(&self, call: &MockCall, batch: bool, of_call: bool) -> Vec<Effect> {
        let here =
            |armed: &&Arc<Armed>| armed.fault.effect.is_of_call() == of_call && armed.strikes(call, batch);
        self.0.iter().filter(here).map(|armed| armed.fault.effect.clone()).collect()
    }
}
