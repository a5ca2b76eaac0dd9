//! Calls that wait: for room in a request, for their next attempt, or for another call with the same key.
//!
//! The calls of one user form a lane. Lanes take turns, so that no user waits until all calls of another user are sent.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::{Arc, MutexGuard};
use std::task::Waker;

use super::queue::{Entry, LaneId};
use crate::send::bucket::{Admission, Bucket};
use crate::send::governor::{Governor, Shared, User, lock};
use crate::send::rt::Instant;
use crate::wire::spec::ApiSpec;

/// Up to this number of lanes, lanes without calls are kept.
const KEPT_LANES: usize = 64;

pub(super) struct Waiting<'cb> {
    lanes: Vec<Lane<'cb>>,
    by_user: HashMap<User, LaneId>,
    free: Vec<LaneId>,
    /// The user number and the lane of the last call. The next call is often for the same user.
    last: Option<(u64, LaneId)>,
    /// Lanes with calls that may be sent, in the order of their turns.
    rotation: VecDeque<LaneId>,
    /// Lanes whose bucket has no units for them until then.
    asleep: BinaryHeap<Due<LaneId>>,
    /// Lanes whose bucket was found to be closed, because the server refuses their calls.
    closed: Vec<LaneId>,
    /// Calls that wait for their next attempt.
    later: BinaryHeap<Due<Box<Entry<'cb>>>>,
    /// By key, the calls that wait for an earlier call with the same key.
    keys: HashMap<Arc<str>, VecDeque<Entry<'cb>>>,
    /// Groups of calls that are sent without other calls, because a larger request with them was too large.
    pub(super) groups: VecDeque<VecDeque<Entry<'cb>>>,
    /// The number of calls in lanes of the rotation.
    pub(super) ready: usize,
    /// The number of calls in all lanes that were never sent.
    pub(super) fresh: usize,
    /// The number of all calls that wait.
    pub(super) calls: usize,
    serial: u64,
}

struct Lane<'cb> {
    bucket: Option<Shared>,
    user: Option<User>,
    queue: VecDeque<Entry<'cb>>,
    place: Place,
    /// The number of calls of this lane that have no reply yet.
    open: usize,
    /// The number of recent replies, and how many of them were refusals.
    replies: usize,
    refused: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Empty,
    InRotation,
    Asleep,
}

/// An item that is due at some time. In a heap, the earliest is the greatest.
struct Due<T> {
    at: Instant,
    serial: u64,
    item: T,
}

impl<T> PartialEq for Due<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Due<T> {}

impl<T> PartialOrd for Due<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Due<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.serial).cmp(&(self.at, self.serial))
    }
}

impl<'cb> Waiting<'cb> {
    pub(super) fn new() -> Self {
        Waiting {
            lanes: Vec::new(),
            by_user: HashMap::new(),
            free: Vec::new(),
            last: None,
            rotation: VecDeque::new(),
            asleep: BinaryHeap::new(),
            closed: Vec::new(),
            later: BinaryHeap::new(),
            keys: HashMap::new(),
            groups: VecDeque::new(),
            ready: 0,
            fresh: 0,
            calls: 0,
            serial: 0,
        }
    }

    /// Adds a call from the source, behind the calls of its user or behind an earlier call with the same key.
    pub(super) fn push(&mut self, mut entry: Entry<'cb>, governor: &Governor, api: &'static ApiSpec) {
        entry.lane = self.lane_of(&entry, governor, api);
        if let Some(lane) = self.lanes.get_mut(entry.lane) {
            lane.open += 1;
        }
        self.calls += 1;
        if let Some(key) = &entry.request.options().key {
            match self.keys.get_mut(&**key) {
                Some(behind) => {
                    behind.push_back(entry);
                    return;
                }
                None => drop(self.keys.insert(Arc::clone(key), VecDeque::new())),
            }
        }
        self.enqueue(entry, false);
    }

    /// Adds a call that is sent again when its lane has its turn, before calls that were never sent.
    pub(super) fn push_front(&mut self, entry: Entry<'cb>) {
        self.calls += 1;
        self.enqueue(entry, true);
    }

    /// Takes units of a lane's quota for calls that were not taken from the lane.
    pub(super) fn take_units(&self, lane: LaneId, units: f64, now: Instant) {
        if let Some(mut bucket) = self.bucket(lane) {
            bucket.sent(units, now);
        }
    }

    /// Adds a call that is sent again at this time.
    pub(super) fn push_at(&mut self, entry: Entry<'cb>, at: Instant) {
        self.calls += 1;
        self.serial += 1;
        self.later.push(Due { at, serial: self.serial, item: Box::new(entry) });
    }

    /// Adds a group of calls that are sent without other calls.
    pub(super) fn group(&mut self, entries: VecDeque<Entry<'cb>>) {
        self.calls += entries.len();
        self.groups.push_back(entries);
    }

    /// Takes the first `most` calls of the next group.
    pub(super) fn next_group(&mut self, most: usize) -> Option<VecDeque<Entry<'cb>>> {
        let mut group = self.groups.pop_front()?;
        if most < group.len() {
            self.groups.push_front(group.split_off(most));
        }
        self.calls -= group.len();
        Some(group)
    }

    /// Records that a call of the lane has a reply, so that the next call with its key may be sent.
    pub(super) fn answered(&mut self, lane: LaneId, key: Option<&str>) {
        if let Some(key) = key
            && let Some(behind) = self.keys.get_mut(key)
        {
            match behind.pop_front() {
                Some(next) => self.enqueue(next, false),
                None => drop(self.keys.remove(key)),
            }
        }
        let Some(known) = self.lanes.get_mut(lane) else { return };
        known.open = known.open.saturating_sub(1);
        if known.open == 0 && self.by_user.len() > KEPT_LANES && known.place == Place::Empty {
            if let Some(user) = known.user.take() {
                self.by_user.remove(&user);
            }
            known.bucket = None;
            (known.replies, known.refused) = (0, 0);
            self.last = None;
            self.free.push(lane);
        }
    }

    fn enqueue(&mut self, entry: Entry<'cb>, in_front: bool) {
        let id = entry.lane;
        let Some(lane) = self.lanes.get_mut(id) else { return };
        self.fresh += usize::from(entry.sent == 0);
        match in_front {
            true => lane.queue.push_front(entry),
            false => lane.queue.push_back(entry),
        }
        if lane.place == Place::Empty {
            lane.place = Place::InRotation;
            self.rotation.push_back(id);
        }
        if lane.place == Place::InRotation {
            self.ready += 1;
        }
    }

    fn lane_of(&mut self, entry: &Entry<'_>, governor: &Governor, api: &'static ApiSpec) -> LaneId {
        let quota = entry.request.parameters().get("quotaUser");
        let has_no_quota_user = quota.is_none();
        let number = entry.request.client().user();
        if let Some((user, lane)) = self.last
            && user == number
            && has_no_quota_user
        {
            return lane;
        }
        let user = quota.map_or(User::Credentials(number), User::Quota);
        let lane = match self.by_user.get(&user) {
            Some(lane) => *lane,
            None => self.new_lane(user, governor, api),
        };
        if has_no_quota_user {
            self.last = Some((number, lane));
        }
        lane
    }

    fn new_lane(&mut self, user: User, governor: &Governor, api: &'static ApiSpec) -> LaneId {
        let lane = Lane {
            bucket: Some(governor.user(api, user.clone())),
            user: Some(user.clone()),
            queue: VecDeque::new(),
            place: Place::Empty,
            open: 0,
            replies: 0,
            refused: 0,
        };
        let id = self.free.pop().unwrap_or(self.lanes.len());
        match self.lanes.get_mut(id) {
            Some(free) => *free = lane,
            None => self.lanes.push(lane),
        }
        self.by_user.insert(user, id);
        id
    }

    pub(super) fn bucket(&self, lane: LaneId) -> Option<MutexGuard<'_, Bucket>> {
        self.lanes.get(lane).and_then(|lane| lane.bucket.as_ref()).map(|bucket| lock(bucket))
    }

    /// Makes ready what is due: calls for their next attempt, and lanes whose bucket may have units again.
    pub(super) fn wake(&mut self, now: Instant) {
        while self.asleep.peek().is_some_and(|due| due.at <= now) {
            if let Some(due) = self.asleep.pop() {
                self.wake_lane(due.item);
            }
        }
        let mut due = Vec::new();
        while self.later.peek().is_some_and(|due| due.at <= now) {
            due.extend(self.later.pop().map(|due| due.item));
        }
        // The call that was due first is sent first.
        due.into_iter().rev().for_each(|entry| self.enqueue(*entry, true));
    }

    /// Makes a lane ready whose bucket has opened.
    pub(super) fn wake_lane(&mut self, id: LaneId) {
        if let Some(lane) = self.lanes.get_mut(id)
            && lane.place == Place::Asleep
        {
            lane.place = Place::InRotation;
            self.ready += lane.queue.len();
            self.rotation.push_back(id);
        }
    }

    /// When the next call or lane is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let lane = self.asleep.peek().map(|due| due.at);
        let call = self.later.peek().map(|due| due.at);
        lane.into_iter().chain(call).min()
    }

    /// Takes at most `most` calls with at most `units` units. Lanes that have calls take turns.
    pub(super) fn take(
        &mut self,
        most: usize,
        units: f64,
        scheduler: u64,
        now: Instant,
        waker: &Waker,
    ) -> VecDeque<Entry<'cb>> {
        let mut taken = VecDeque::with_capacity(most.min(self.ready));
        let mut left = units;
        let lanes = self.rotation.len();
        loop {
            let before = taken.len();
            self.take_turns(&mut taken, most, &mut left, |bucket| bucket.admit(scheduler, now, waker), now);
            let full = taken.len() >= most || left <= 0.0;
            if full || taken.len() == before {
                break;
            }
        }
        self.calls -= taken.len();
        if lanes > 1 {
            taken.make_contiguous().sort_by_key(|entry| entry.index);
        }
        taken
    }

    /// Lets each lane of the rotation take its share once.
    fn take_turns(
        &mut self,
        taken: &mut VecDeque<Entry<'cb>>,
        most: usize,
        left: &mut f64,
        mut admit: impl FnMut(&mut Bucket) -> Admission,
        now: Instant,
    ) {
        for turns in (1..=self.rotation.len()).rev() {
            if taken.len() >= most || (*left <= 0.0 && !taken.is_empty()) {
                return;
            }
            let Some(id) = self.rotation.pop_front() else { return };
            let Some(lane) = self.lanes.get_mut(id) else { continue };
            let mut bucket = lane.bucket.as_ref().map(|bucket| lock(bucket));
            let admission = bucket.as_mut().map_or(Admission::Open(f64::INFINITY), |bucket| admit(bucket));
            let (calls, lane_units) = match admission {
                Admission::Open(units) => ((most - taken.len()).div_ceil(turns), units),
                Admission::Probe => (1, f64::INFINITY),
                Admission::Later(at) => {
                    lane.place = Place::Asleep;
                    self.ready -= lane.queue.len();
                    self.serial += 1;
                    self.asleep.push(Due { at, serial: self.serial, item: id });
                    let is_closed = bucket.is_some_and(|bucket| bucket.closed_since().is_some());
                    if is_closed && !self.closed.contains(&id) {
                        self.closed.push(id);
                    }
                    continue;
                }
            };
            let (mut of_lane, mut cost) = (0, 0.0);
            while of_lane < calls && cost < lane_units && (*left > 0.0 || taken.is_empty()) {
                let Some(entry) = lane.queue.pop_front() else { break };
                self.fresh -= usize::from(entry.sent == 0);
                let units = entry.cost();
                cost += units;
                *left -= units;
                of_lane += 1;
                taken.push_back(entry);
            }
            if of_lane > 0
                && let Some(bucket) = &mut bucket
            {
                bucket.sent(cost, now);
            }
            self.ready -= of_lane;
            lane.place = if lane.queue.is_empty() { Place::Empty } else { Place::InRotation };
            if lane.place == Place::InRotation {
                self.rotation.push_back(id);
            }
        }
    }

    /// Whether there are lanes whose bucket was found to be closed.
    pub(super) fn has_closed(&self) -> bool {
        !self.closed.is_empty()
    }

    /// Takes calls from closed lanes, or from all lanes if the bucket of the project is closed. `which` decides for a
    /// call, by the time since when its bucket is closed.
    pub(super) fn take_closed(
        &mut self,
        project: Option<Instant>,
        which: impl Fn(&Entry<'_>, Instant) -> bool,
    ) -> Vec<Entry<'cb>> {
        let mut taken = Vec::new();
        let lanes = match project {
            Some(_) => (0..self.lanes.len()).collect(),
            None => std::mem::take(&mut self.closed),
        };
        for id in lanes {
            let Some(lane) = self.lanes.get_mut(id) else { continue };
            let lane_since = lane.bucket.as_ref().and_then(|bucket| lock(bucket).closed_since());
            if project.is_none() && lane_since.is_some() {
                self.closed.push(id);
            }
            let Some(since) = lane_since.into_iter().chain(project).min() else { continue };
            if !lane.queue.iter().any(|entry| which(entry, since)) {
                continue;
            }
            let before = lane.queue.len();
            let (goes, stays): (Vec<_>, Vec<_>) = lane.queue.drain(..).partition(|entry| which(entry, since));
            lane.queue = stays.into();
            if lane.place == Place::InRotation {
                self.ready -= before - lane.queue.len();
            }
            taken.extend(goes);
        }
        self.count_taken(&taken);
        taken
    }

    fn take_queues(&mut self) -> Vec<Entry<'cb>> {
        let mut taken = Vec::new();
        for lane in &mut self.lanes {
            if lane.place == Place::InRotation {
                self.ready -= lane.queue.len();
            }
            taken.extend(lane.queue.drain(..));
        }
        self.count_taken(&taken);
        taken
    }

    fn count_taken(&mut self, taken: &[Entry<'_>]) {
        self.fresh -= taken.iter().filter(|entry| entry.sent == 0).count();
        self.calls -= taken.len();
    }

    /// Takes all calls.
    pub(super) fn take_all(&mut self) -> Vec<Entry<'cb>> {
        let mut taken = self.take_queues();
        taken.extend(self.later.drain().map(|due| *due.item));
        taken.extend(self.groups.drain(..).flatten());
        taken.extend(self.keys.drain().flat_map(|(_, behind)| behind));
        self.calls = 0;
        taken
    }

    /// Counts recent replies to calls of a lane. Returns whether the server limits its user, and not only calls to a
    /// few resources: whether more than one recent call was refused, and at least one in eight.
    pub(super) fn count_replies(&mut self, lane: LaneId, replies: usize, refused: usize) -> bool {
        let Some(lane) = self.lanes.get_mut(lane) else { return false };
        lane.replies += replies;
        lane.refused += refused;
        let slow = lane.refused * 8 >= lane.replies + 8;
        if lane.replies > 100 {
            lane.replies /= 2;
            lane.refused /= 2;
        }
        slow && refused > 0
    }

    /// Resets the counts of recent replies.
    pub(super) fn reset_counts(&mut self, lane: LaneId) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            (lane.replies, lane.refused) = (0, 0);
        }
    }
}
