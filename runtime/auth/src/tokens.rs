//! The token cache: a token for each subject and set of scopes, renewed shortly before it expires, with only one
//! concurrent request for it. Its size is limited, so that a program can act for all users of a large domain.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use gapis_runtime::{AuthHeaders, BoxFuture, Error, Json, Result};
use tokio::time::Instant;

use crate::settings::Settings;

/// The maximum time before its expiry at which a token is renewed. It is less than the five minutes in which metadata
/// servers return new tokens.
const EARLY: Duration = Duration::from_secs(225);

/// The minimum time between a renewal that returned the same rejected token and the next renewal, and between a failed
/// early renewal and the next one.
const PATIENCE: Duration = Duration::from_secs(10);

/// The minimum time for which a token is used, whatever its server says.
const SHORTEST: Duration = Duration::from_secs(1);

/// The time for which a token is used if its server does not state a lifetime.
const USUAL: Duration = Duration::from_secs(3600);

/// The maximum size of the cache in bytes.
const BYTES: usize = 48 << 20;

/// The size of an entry in addition to its token: the slot, two copies of the key, and the entries in the maps.
const OVERHEAD: usize = 700;

/// The subject and scopes of a token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) subject: Option<Arc<str>>,
    /// Separated by spaces.
    pub(crate) scopes: Arc<str>,
}

impl Key {
    pub(crate) fn new(subject: Option<&Arc<str>>, scopes: &[&str]) -> Self {
        Key { subject: subject.cloned(), scopes: scopes.join(" ").into() }
    }

    /// The size of an entry for this key, without the token.
    fn bytes(&self) -> usize {
        OVERHEAD + self.scopes.len() + self.subject.as_ref().map_or(0, |subject| subject.len())
    }
}

/// A token as headers, and its lifetime.
pub(crate) struct Fetched {
    pub(crate) headers: AuthHeaders,
    pub(crate) lifetime: Duration,
}

impl Fetched {
    /// Reads the token from a token server's response.
    pub(crate) fn of(answer: &Json, settings: &Settings) -> Result<Self> {
        let token = answer["access_token"].as_str().filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| Error::credentials("the token server sent no access token"))?;
        if let Some(kind) = answer["token_type"].as_str()
            && !kind.eq_ignore_ascii_case("bearer")
        {
            return Err(Error::credentials("the token server sent a token that is not a bearer token"));
        }
        let seconds = &answer["expires_in"];
        let seconds = seconds.as_u64().or_else(|| seconds.as_str()?.parse().ok());
        let lifetime = seconds.map_or(USUAL, Duration::from_secs);
        Ok(Fetched { headers: settings.headers(token)?, lifetime })
    }
}

type Asking = BoxFuture<'static, Result<AuthHeaders>>;

#[derive(Default)]
struct Slot(Mutex<State>);

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// The current request. It ends when no call waits for it any more, so that it does not keep anything of an async
    /// runtime that has ended.
    flight: Option<WeakShared<Asking>>,
}

struct Token {
    headers: AuthHeaders,
    since: Instant,
    /// When the token is renewed, and when it expires.
    renew: Instant,
    end: Instant,
    /// The rejected headers that it replaced.
    instead_of: Option<AuthHeaders>,
}

/// What a caller has to do.
enum Turn {
    Have(AuthHeaders),
    Wait { flight: Shared<Asking>, meanwhile: Option<AuthHeaders> },
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_busy(&self) -> bool {
        self.lock().flight.as_ref().is_some_and(|flight| flight.upgrade().is_some_and(|f| f.peek().is_none()))
    }

    fn turn<F>(self: &Arc<Self>, rejected: Option<&AuthHeaders>, fetch: impl FnOnce() -> F) -> Turn
    where
        F: Future<Output = Result<Fetched>> + Send + 'static,
    {
        let mut state = self.lock();
        let now = Instant::now();
        let mut meanwhile = None;
        let mut instead_of = None;
        if let Some(token) = &state.token {
            let is_rejected = rejected == Some(&token.headers);
            let repeated = is_rejected
                && token.instead_of.as_ref() == rejected
                && now.duration_since(token.since) < PATIENCE;
            if now < token.renew && (!is_rejected || repeated) {
                return Turn::Have(token.headers.clone());
            }
            meanwhile = (now < token.end && !is_rejected).then(|| token.headers.clone());
            instead_of = rejected.filter(|_| is_rejected).cloned();
        }
        let flying = state.flight.as_ref().and_then(WeakShared::upgrade).filter(|f| f.peek().is_none());
        let flight = flying.unwrap_or_else(|| {
            let (slot, fetched) = (Arc::clone(self), fetch());
            let asking: Asking = Box::pin(async move {
                let fetched = fetched.await;
                slot.settle(fetched, instead_of)
            });
            let flight = asking.shared();
            state.flight = flight.downgrade();
            flight
        });
        Turn::Wait { flight, meanwhile }
    }

    /// Stores the result of a request. A failure is not stored; it only delays the next early renewal.
    fn settle(&self, fetched: Result<Fetched>, instead_of: Option<AuthHeaders>) -> Result<AuthHeaders> {
        let now = Instant::now();
        let mut state = self.lock();
        match fetched {
            Ok(Fetched { headers, lifetime }) => {
                let lifetime = lifetime.max(SHORTEST);
                let early = EARLY.min(lifetime / 4);
                // A lifetime that the clock cannot represent is shortened.
                let end = now.checked_add(lifetime).unwrap_or(now + USUAL);
                let renew = end.checked_sub(early).unwrap_or(now);
                let token = Token { headers: headers.clone(), since: now, renew, end, instead_of };
                state.token = Some(token);
                Ok(headers)
            }
            Err(error) => {
                if let Some(token) = &mut state.token {
                    token.renew = token.renew.max((now + PATIENCE).min(token.end));
                }
                Err(error)
            }
        }
    }
}

/// All tokens of an account. The least recently used ones are dropped first.
pub(crate) struct Tokens {
    kept: Mutex<Kept>,
    bytes: usize,
}

#[derive(Default)]
struct Kept {
    slots: HashMap<Key, Place>,
    order: BTreeMap<u64, Key>,
    clock: u64,
    bytes: usize,
}

struct Place {
    slot: Arc<Slot>,
    used: u64,
    bytes: usize,
}

impl Default for Tokens {
    fn default() -> Self {
        Tokens { kept: Mutex::default(), bytes: BYTES }
    }
}

impl Tokens {
    /// The headers for a key: the cached ones, or the result of `fetch`.
    ///
    /// # Errors
    /// The errors of `fetch`, and an error outside of an async runtime.
    pub(crate) async fn headers<F>(
        &self,
        key: &Key,
        rejected: Option<&AuthHeaders>,
        fetch: impl FnOnce() -> F,
    ) -> Result<AuthHeaders>
    where
        F: Future<Output = Result<Fetched>> + Send + 'static,
    {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::credentials("credentials that request tokens need a Tokio runtime"));
        }
        let slot = self.slot(key);
        match slot.turn(rejected, fetch) {
            Turn::Have(headers) => Ok(headers),
            Turn::Wait { flight, meanwhile } => match (flight.await, meanwhile) {
                (Ok(headers), _) => {
                    let size = headers.iter().map(|(_, value)| value.len()).sum();
                    self.weigh(key, size);
                    Ok(headers)
                }
                (Err(_), Some(headers)) => Ok(headers),
                (Err(error), None) => Err(error),
            },
        }
    }

    /// The slot of a key, which becomes the most recently used one.
    fn slot(&self, key: &Key) -> Arc<Slot> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut *kept;
        kept.clock += 1;
        let used = kept.clock;
        kept.order.insert(used, key.clone());
        if let Some(place) = kept.slots.get_mut(key) {
            kept.order.remove(&std::mem::replace(&mut place.used, used));
            return Arc::clone(&place.slot);
        }
        let slot = Arc::new(Slot::default());
        let bytes = key.bytes();
        kept.slots.insert(key.clone(), Place { slot: Arc::clone(&slot), used, bytes });
        kept.bytes += bytes;
        kept.shrink(self.bytes);
        slot
    }

    /// Records the size of the token for a key.
    fn weigh(&self, key: &Key, size: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut *kept;
        if let Some(place) = kept.slots.get_mut(key) {
            let bytes = key.bytes() + size;
            kept.bytes = kept.bytes + bytes - std::mem::replace(&mut place.bytes, bytes);
        }
        kept.shrink(self.bytes);
    }
}

impl Kept {
    /// Drops the least recently used tokens. Tokens that are being requested stay, so that they are not requested
    /// twice.
    fn shrink(&mut self, most: usize) {
        let mut looked_at = 0;
        while self.bytes > most && looked_at < self.slots.len() {
            let Some((used, key)) = self.order.pop_first() else { break };
            if self.slots.get(&key).is_some_and(|place| place.slot.is_busy()) {
                looked_at += 1;
                self.clock += 1;
                if let Some(place) = self.slots.get_mut(&key) {
                    place.used = self.clock;
                }
                self.order.insert(self.clock, key);
            } else if let Some(place) = self.slots.remove(&key) {
                debug_assert_eq!(place.used, used);
                self.bytes -= place.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Server {
        asked: AtomicUsize,
    }

    impl Server {
        fn token(self: &Arc<Self>, lifetime: u64) -> impl Future<Output = Result<Fetched>> + Send + use<> {
            let server = self.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let number = server.asked.fetch_add(1, Ordering::SeqCst) + 1;
                let headers = AuthHeaders::bearer(&format!("t{number}"))?;
                Ok(Fetched { headers, lifetime: Duration::from_secs(lifetime) })
            }
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    fn key(subject: &str) -> Key {
        Key::new(Some(&subject.into()), &["scope"])
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_shortly_before_its_end() {
        let (tokens, server, key) = (Tokens::default(), Arc::new(Server::default()), key("a"));
        let get = || tokens.headers(&key, None, || server.token(3600));
        let first = get().await.unwrap();
        tokio::time::advance(Duration::from_secs(3600 - 230)).await;
        assert_eq!(get().await.unwrap(), first);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_ne!(get().await.unwrap(), first);
        assert_eq!(server.asked(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_early_renewal_leaves_the_token_in_use() {
        let (tokens, server, key) = (Tokens::default(), Arc::new(Server::default()), key("a"));
        let first = tokens.headers(&key, None, || server.token(3600)).await.unwrap();
        tokio::time::advance(Duration::from_secs(3400)).await;
        let down = AtomicUsize::new(0);
        let fail = || {
            down.fetch_add(1, Ordering::SeqCst);
            async { Err(Error::credentials("down")) }
        };
        for _ in 0..100 {
            assert_eq!(tokens.headers(&key, None, fail).await.unwrap(), first);
        }
        assert_eq!(down.load(Ordering::SeqCst), 1, "and not at each call");
        tokio::time::advance(Duration::from_secs(201)).await;
        assert!(tokens.headers(&key, None, fail).await.is_err(), "it has ended");
        assert!(tokens.headers(&key, None, || server.token(3600)).await.is_ok(), "a failure is not kept");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_of_short_tokens_is_not_asked_all_the_time() {
        for (lifetime, most) in [(3, 5), (1, 14), (0, 14)] {
            let (tokens, server, key) = (Tokens::default(), Arc::new(Server::default()), key("a"));
            for _ in 0..100 {
                tokens.headers(&key, None, || server.token(lifetime)).await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert!(server.asked() <= most, "{} times in 10 s for {lifetime} s", server.asked());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_goes_away_takes_no_other_along() {
        let (tokens, server, key) = (Tokens::default(), Arc::new(Server::default()), key("a"));
        let first =
            tokio::time::timeout(Duration::from_millis(50), tokens.headers(&key, None, || server.token(9)));
        let second = tokens.headers(&key, None, || server.token(9));
        let (first, second) = tokio::join!(first, second);
        assert!(first.is_err() && second.is_ok());
        assert_eq!(server.asked(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_is_bounded_and_the_least_used_goes() {
        let tokens = Tokens { bytes: 10 * (OVERHEAD + 20), ..Tokens::default() };
        let server = Arc::new(Server::default());
        for number in 0..100 {
            let user = key(&format!("{number}"));
            tokens.headers(&user, None, || server.token(9000)).await.unwrap();
            tokens.headers(&key("0"), None, || server.token(9000)).await.unwrap();
        }
        assert_eq!(server.asked(), 100, "one that is used all the time stays");
        let kept = tokens.kept.lock().unwrap();
        assert!(kept.slots.len() <= 10 && kept.bytes <= tokens.bytes && kept.order.len() == kept.slots.len());
    }
}
