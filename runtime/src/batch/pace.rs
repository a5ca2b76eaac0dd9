//! How many calls a request carries and how many requests fly at once, by what the server says of its limits.
//!
//! A large batch can rate-limit itself, because the server executes its calls at the same time; a quota that is used up
//! refuses whatever comes. So after a round in which the server asked to slow down, one small request goes alone, to see
//! whether it still does, and what passes lets the next ones grow.

/// The share of the calls of a round from which on a limit is the server's, and not that of a few users or resources: one
/// in so many.
const FEW: usize = 8;

/// What one round was told.
#[derive(Default)]
pub(super) struct Told {
    /// How many calls were told anything.
    pub(super) calls: usize,
    /// How many of them to slow down.
    pub(super) slowed: usize,
    /// How many requests passed without that.
    pub(super) passed: usize,
    /// How many calls the largest request had of which some passed and others did not.
    pub(super) partly: usize,
}

impl Told {
    /// Whether the server as a whole asks to slow down.
    pub(super) fn is_slow(&self) -> bool {
        self.slowed > 0 && self.slowed * FEW >= self.calls
    }

    /// A request ended of which so many calls were told to slow down.
    pub(super) fn request_ended(&mut self, calls: usize, slowed: usize) {
        if slowed > 0 && slowed < calls {
            self.partly = self.partly.max(calls);
        }
    }
}

/// The sizes of requests.
pub(super) struct Pace {
    /// How many calls one request may carry.
    limit: usize,
    /// How many it may carry without being limited for its size, as far as is known.
    steady: usize,
    /// How many the next one carries.
    size: usize,
    /// One request goes alone.
    probing: bool,
}

impl Pace {
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        Pace { limit, steady: limit, size: limit, probing: false }
    }

    /// How many calls the next request carries at most.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// How many calls the next requests carry, one after the other, as long as they pass.
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> + use<> {
        let steady = self.steady;
        std::iter::successors(Some(self.size), move |size| Some(size.saturating_mul(2).min(steady)))
    }

    /// How many requests fly at once.
    pub(super) fn lanes(&self, most: usize) -> usize {
        if self.probing { 1 } else { most }
    }

    /// The server takes no more than that.
    pub(super) fn lower(&mut self, limit: usize) {
        self.limit = self.limit.min(limit.max(1));
        self.steady = self.steady.min(self.limit);
        self.size = self.size.min(self.steady);
    }

    /// A request passed without being told to slow down.
    pub(super) fn passed(&mut self) {
        self.probing = false;
        self.size = self.size.saturating_mul(2).min(self.steady);
    }

    pub(super) fn round_ended(&mut self, told: &Told) {
        self.probing = told.is_slow();
        if !told.is_slow() {
            self.steady = self.steady.saturating_mul(2).min(self.limit);
            self.size = self.steady;
            return;
        }
        if told.passed == 0 && told.partly > 1 {
            self.steady = self.steady.min(told.partly / 2);
        } else {
            // What was refused as a whole, or behind requests that passed, was not refused for its size. But the larger
            // requests are, the more calls are on their way in vain when the quota is used up again.
            self.steady = self.steady.min((self.steady / 2).max(self.limit / 4).max(1));
        }
        self.size = (self.size / 2).clamp(1, self.steady);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(calls: usize, slowed: usize, passed: usize) -> Told {
        let mut told = Told { calls, slowed, passed, ..Told::default() };
        told.request_ended(calls, slowed);
        told
    }

    #[test]
    fn a_batch_that_limits_itself_is_halved_for_good() {
        let mut pace = Pace::new(100);
        pace.round_ended(&told(100, 20, 0));
        assert_eq!((pace.size(), pace.lanes(4)), (50, 1));
        pace.passed();
        assert_eq!((pace.size(), pace.lanes(4)), (50, 4));
    }

    #[test]
    fn a_quota_that_is_used_up_keeps_requests_small_until_it_is_not() {
        let mut pace = Pace::new(100);
        (0..4).for_each(|_| pace.round_ended(&told(100, 100, 0)));
        assert_eq!((pace.size(), pace.lanes(4)), (6, 1));
        let expected: Vec<usize> = pace.sizes().take(4).collect();
        assert_eq!(expected, [6, 12, 24, 25]);
        let sizes: Vec<usize> = (0..3).map(|_| (pace.passed(), pace.size()).1).collect();
        assert_eq!(sizes, expected[1..]);
        pace.round_ended(&told(100, 0, 4));
        pace.round_ended(&told(100, 0, 2));
        assert_eq!((pace.size(), pace.lanes(4)), (100, 4));
    }

    #[test]
    fn the_limits_of_a_few_change_nothing() {
        let mut pace = Pace::new(100);
        pace.round_ended(&told(100, 12, 0));
        assert_eq!((pace.size(), pace.lanes(4)), (100, 4));
    }

    #[test]
    fn a_size_is_never_nothing_and_never_above_the_limit() {
        let mut pace = Pace::new(0);
        pace.round_ended(&told(1, 1, 0));
        assert_eq!(pace.size(), 1);
        let mut pace = Pace::new(100);
        pace.lower(0);
        assert_eq!(pace.size(), 1);
        pace.round_ended(&Told::default());
        assert_eq!(pace.size(), 1);
    }
}
