//! The buckets for quotas: one for each API of a project, and one for each user of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::send::bucket::{Bucket, Limit};
use crate::send::rt::Instant;
use crate::wire::spec::ApiSpec;

/// Keeps the calls of batches, dispatchers and runs within the quotas of a project. Clones share their state. Pass
/// clones to several clients, with [`Builder::governor`](crate::Builder::governor), if they use the quotas of the same
/// project.
///
/// The servers of an API count the calls of a project, and those for each of its users. They count in units; most
/// methods cost one unit. If the quotas of the API are documented (`apis.toml` has them), calls are sent no faster than
/// that from the start, with bursts of up to the units of half a minute. If they are not documented, or if the server
/// allows less, the governor learns a rate from calls that the server refuses: each refusal lowers the rate, and it
/// grows again slowly while calls succeed. Rates that are set here replace the documented ones.
///
/// A user is identified by the client's credentials, or by the `quotaUser` of a call.
///
/// ```
/// use gapis_runtime::{ApiKey, Client, Governor, Rate};
///
/// // The quota of this project was raised to 600 units per second, 100 for each user.
/// let governor = Governor::new()
///     .with_project_rate("gmail", Rate::per_second(600.0))
///     .with_user_rate("gmail", Rate::per_second(100.0));
/// let client = Client::builder().credentials(ApiKey::new("key")).governor(governor).build()?;
/// # let _ = client;
/// # Ok::<(), gapis_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Governor {
    rates: Arc<Rates>,
    buckets: Arc<Mutex<Buckets>>,
}

#[derive(Default)]
struct Buckets {
    by_key: HashMap<Key, Shared>,
    /// The number of buckets at which idle ones are dropped.
    drop_at: usize,
}

/// A bucket shared by schedulers.
pub(crate) type Shared = Arc<Mutex<Bucket>>;

/// Rates set by the caller, by the name of the API.
#[derive(Debug, Clone, Default)]
struct Rates {
    undocumented: bool,
    project: HashMap<String, Rate>,
    user: HashMap<String, Rate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    api: &'static str,
    user: Option<User>,
}

/// A user whose quota a call uses, in addition to the project's quota.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum User {
    /// The owner of the credentials with this number.
    Credentials(u64),
    /// The `quotaUser` of the call.
    Quota(String),
}

/// A rate of units, and the number of units that may be sent at once after a pause.
///
/// ```
/// use gapis_runtime::Rate;
///
/// let rate = Rate::per_minute(6000.0);
/// assert_eq!(rate, Rate::per_second(100.0).with_burst(100.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(Limit);

impl Rate {
    /// This many units per second, and as many at once after a pause. A number that is not positive and finite stands
    /// for no limit.
    #[must_use]
    pub fn per_second(units: f64) -> Self {
        let per_second = if units > 0.0 && units.is_finite() { units } else { f64::INFINITY };
        Rate(Limit { per_second, burst: per_second })
    }

    /// This many units per minute, and the units of one second at once after a pause. A number that is not positive and
    /// finite stands for no limit.
    #[must_use]
    pub fn per_minute(units: f64) -> Self {
        Rate::per_second(units / 60.0)
    }

    /// Sets how many units may be sent at once after a pause. A number that is not positive and finite changes nothing.
    #[must_use]
    pub fn with_burst(mut self, units: f64) -> Self {
        if units > 0.0 && units.is_finite() {
            self.0.burst = units;
        }
        self
    }

    fn limit(self) -> Option<Limit> {
        self.0.per_second.is_finite().then_some(self.0)
    }
}

impl Default for Governor {
    fn default() -> Self {
        Governor::new()
    }
}

impl Governor {
    /// A governor with the documented rates of all APIs, which learns further rates.
    #[must_use]
    pub fn new() -> Self {
        Governor { rates: Arc::default(), buckets: Arc::default() }
    }

    /// Ignores all documented rates, for a project that has other quotas. Only rates that are set here, and learned
    /// ones, apply. The governor no longer shares its state with the clones made before.
    #[must_use]
    pub fn undocumented(self) -> Self {
        self.change(|rates| rates.undocumented = true)
    }

    /// Sets the rate of an API for the whole project. `api` is the API's name in its discovery document, such as
    /// `gmail`. The governor no longer shares its state with the clones made before.
    #[must_use]
    pub fn with_project_rate(self, api: &str, rate: Rate) -> Self {
        self.change(|rates| {
            rates.project.insert(api.to_owned(), rate);
        })
    }

    /// Sets the rate of an API for each user of the project. `api` is the API's name in its discovery document, such as
    /// `gmail`. The governor no longer shares its state with the clones made before.
    #[must_use]
    pub fn with_user_rate(self, api: &str, rate: Rate) -> Self {
        self.change(|rates| {
            rates.user.insert(api.to_owned(), rate);
        })
    }

    fn change(mut self, change: impl FnOnce(&mut Rates)) -> Self {
        change(Arc::make_mut(&mut self.rates));
        // Rates that were learned together with other settings do not apply.
        self.buckets = Arc::default();
        self
    }

    /// The bucket for all calls of the project to an API.
    pub(crate) fn project(&self, api: &'static ApiSpec) -> Shared {
        let documented = api.quota.project_per_minute;
        self.bucket(Key { api: api.name, user: None }, &self.rates.project, documented)
    }

    /// The bucket for the calls of a user to an API.
    pub(crate) fn user(&self, api: &'static ApiSpec, user: User) -> Shared {
        let documented = api.quota.user_per_minute;
        self.bucket(Key { api: api.name, user: Some(user) }, &self.rates.user, documented)
    }

    fn bucket(&self, key: Key, rates: &HashMap<String, Rate>, documented: u32) -> Shared {
        let documented = (documented > 0 && !self.rates.undocumented).then(|| {
            let units = f64::from(documented);
            Rate::per_minute(units).with_burst(units / 2.0)
        });
        let limit = rates.get(key.api).copied().or(documented).and_then(Rate::limit);
        let now = Instant::now();
        let mut buckets = lock(&self.buckets);
        if let Some(known) = buckets.by_key.get(&key) {
            return Arc::clone(known);
        }
        if buckets.by_key.len() >= buckets.drop_at.max(FEW) {
            // Drops buckets that no scheduler holds and that have nothing to remember.
            buckets.by_key.retain(|_, bucket| Arc::strong_count(bucket) > 1 || !lock(bucket).is_idle(now));
            buckets.drop_at = buckets.by_key.len() * 2;
        }
        let bucket = Arc::new(Mutex::new(Bucket::new(limit, now)));
        buckets.by_key.insert(key, Arc::clone(&bucket));
        bucket
    }
}

/// Below this number of buckets, idle ones are not dropped.
const FEW: usize = 1000;

/// Locks a bucket. A panic of another holder leaves it in a valid state.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A unique number by which buckets know a scheduler.
pub(crate) fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The longest wait between two probes, and so the longest time until the end of an outage is noticed.
pub(crate) const PROBES: Duration = Duration::from_secs(10);

impl std::fmt::Debug for Governor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Governor").field("rates", &self.rates).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::spec::Quota;

    static MAIL: ApiSpec = ApiSpec {
        name: "mail",
        quota: Quota { project_per_minute: 1200, user_per_minute: 600 },
        ..ApiSpec::DEFAULT
    };
    static PLAIN: ApiSpec = ApiSpec { name: "plain", ..ApiSpec::DEFAULT };

    fn user(number: u64) -> User {
        User::Credentials(number)
    }

    /// The rate of a bucket in units a second, and how many it lets through at once.
    fn rate(bucket: &Shared) -> Option<(f64, f64)> {
        use crate::send::bucket::Admission;
        use std::task::Waker;

        let (mut bucket, now) = (lock(bucket), Instant::now());
        let rate = bucket.rate(now)?;
        match bucket.admit(number(), now, Waker::noop()) {
            Admission::Open(units) => Some((rate, units)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn documented_rates_hold_where_no_others_are_given() {
        let governor = Governor::new();
        assert_eq!(rate(&governor.project(&MAIL)), Some((20.0, 600.0)), "and half a minute's units at once");
        assert_eq!(rate(&governor.user(&MAIL, user(1))), Some((10.0, 300.0)));
        assert_eq!(rate(&governor.project(&PLAIN)), None);
        assert_eq!(rate(&governor.user(&PLAIN, user(1))), None);
        let governor = governor.with_user_rate("mail", Rate::per_second(50.0).with_burst(70.0));
        assert_eq!(rate(&governor.user(&MAIL, user(1))), Some((50.0, 70.0)));
        assert_eq!(rate(&governor.project(&MAIL)), Some((20.0, 600.0)));
        let governor = governor.undocumented().with_project_rate("plain", Rate::per_minute(60.0));
        assert_eq!(rate(&governor.project(&MAIL)), None);
        assert_eq!(rate(&governor.user(&MAIL, user(1))), Some((50.0, 70.0)));
        assert_eq!(rate(&governor.project(&PLAIN)), Some((1.0, 1.0)));
        let unlimited = governor.with_user_rate("mail", Rate::per_second(f64::NAN));
        assert_eq!(
            rate(&unlimited.user(&MAIL, user(1))),
            None,
            "a rate that is none lifts the documented one"
        );
    }

    #[test]
    fn users_and_apis_have_buckets_of_their_own() {
        let governor = Governor::new();
        let first = governor.user(&MAIL, user(1));
        assert!(Arc::ptr_eq(&first, &governor.clone().user(&MAIL, user(1))), "clones share them");
        for other in [
            governor.user(&MAIL, user(2)),
            governor.user(&PLAIN, user(1)),
            governor.user(&MAIL, User::Quota("1".to_owned())),
            governor.project(&MAIL),
            Governor::new().user(&MAIL, user(1)),
        ] {
            assert!(!Arc::ptr_eq(&first, &other));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn idle_buckets_are_dropped() {
        let governor = Governor::new();
        let held = governor.user(&MAIL, user(0));
        let busy = Arc::downgrade(&governor.user(&MAIL, user(1)));
        for number in 2..1000 {
            governor.user(&MAIL, user(number));
        }
        let count = || lock(&governor.buckets).by_key.len();
        governor.user(&MAIL, user(1000));
        assert_eq!(count(), 1001, "none has been idle for long");
        tokio::time::advance(Duration::from_secs(601)).await;
        lock(&busy.upgrade().expect("kept")).sent(5.0, Instant::now());
        for number in 1001..2002 {
            governor.user(&MAIL, user(number));
        }
        // All but two of the first 1001 buckets are dropped, when there are twice as many as after the previous check.
        assert_eq!(count(), 2002 - 999);
        assert!(Arc::ptr_eq(&held, &governor.user(&MAIL, user(0))), "somebody holds it");
        assert!(busy.upgrade().is_some(), "it was used");
    }
}
