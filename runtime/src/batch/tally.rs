//! Counts, for each lane, of the replies to the calls of one request.

use super::queue::{Entry, LaneId};

/// The counts for all lanes of a request.
pub(super) struct Tallies(Vec<LaneTally>);

/// Counts the replies to the calls of one lane in a request.
pub(super) struct LaneTally {
    pub(super) lane: LaneId,
    /// The units of all calls of the lane.
    units: f64,
    /// The number of calls that have a reply.
    pub(super) replies: usize,
    /// The number of calls that the server refused because there were too many, or because it was unavailable.
    pub(super) refused: usize,
    /// The units of the calls that succeeded.
    pub(super) passed: f64,
}

impl Tallies {
    /// Counts the calls of a request, and tells each of them which count is its lane's.
    pub(super) fn new<'e, 'cb: 'e>(entries: impl Iterator<Item = &'e mut Entry<'cb>>) -> Self {
        let mut tallies: Vec<LaneTally> = Vec::new();
        for entry in entries {
            // Calls of the same lane are mostly next to each other.
            let known = tallies.iter().rposition(|tally| tally.lane == entry.lane);
            let tally = known.unwrap_or_else(|| {
                tallies.push(LaneTally { lane: entry.lane, units: 0.0, replies: 0, refused: 0, passed: 0.0 });
                tallies.len() - 1
            });
            entry.tally = u16::try_from(tally).unwrap_or(u16::MAX);
            if let Some(tally) = tallies.get_mut(tally) {
                tally.units += entry.cost();
            }
        }
        Tallies(tallies)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &LaneTally> {
        self.0.iter()
    }

    /// The number of lanes.
    pub(super) fn lanes(&self) -> usize {
        self.0.len()
    }

    /// Forgets the replies, because they say nothing about single lanes.
    pub(super) fn forget_replies(&mut self) {
        self.0.iter_mut().for_each(|tally| (tally.replies, tally.refused) = (0, 0));
    }

    /// The counts of the lane of a call.
    fn of(&mut self, entry: &Entry<'_>) -> Option<&mut LaneTally> {
        self.0.get_mut(usize::from(entry.tally))
    }

    /// Counts a successful call. Returns whether it is the first one of its lane.
    pub(super) fn count_passed(&mut self, entry: &Entry<'_>) -> bool {
        self.of(entry).is_some_and(|tally| {
            let first = tally.passed == 0.0;
            tally.replies += 1;
            tally.passed += entry.cost();
            first
        })
    }

    /// Counts a call that failed for a reason that has nothing to do with limits.
    pub(super) fn count_failed(&mut self, entry: &Entry<'_>) {
        if let Some(tally) = self.of(entry) {
            tally.replies += 1;
        }
    }

    /// Counts a call that the server refused because of a limit or because it was unavailable.
    pub(super) fn count_refused(&mut self, entry: &Entry<'_>) {
        if let Some(tally) = self.of(entry) {
            tally.replies += 1;
            tally.refused += 1;
        }
    }

    /// The units of a lane's calls.
    pub(super) fn units_of(&self, lane: LaneId) -> f64 {
        self.0.iter().find(|tally| tally.lane == lane).map_or(0.0, |tally| tally.units)
    }

    /// The units of all calls that succeeded.
    pub(super) fn units_passed(&self) -> f64 {
        self.0.iter().map(|tally| tally.passed).sum()
    }
}
