//! When an issuer's keys are fresh, due, stale, expired or cooling down: a state machine that answers with a key, or
//! says that keys should be fetched and why. It never fetches and never reads a clock.

use std::sync::Arc;
use std::time::Duration;

use super::jose::header::KeyId;
use super::jose::jwk::VerificationKey;
use super::jose::key_set::KeySet;
use super::jose::stored_key_set::StoredKeySet;
use super::refresh::{Attempts, Freshness, Jitter, Refresh};
use super::time::{Moment, MonotonicTime, UnixTime};

/// The least time between two fetches for one issuer, so that made-up `kid`s cannot turn into a flood of fetches.
pub const MIN_FETCH_INTERVAL: Duration = Duration::from_secs(30);
/// The least time between two fetches while no keys are held at all and each call fails.
pub const RETRY_INTERVAL_WITHOUT_KEYS: Duration = Duration::from_secs(5);
/// Keys are fresh at least this long, even where Okta says `no-cache` near a rotation.
pub const MIN_FRESHNESS: Duration = Duration::from_secs(60);
/// Keys from Okta are fresh at most this long.
pub const MAX_FRESHNESS: Duration = Duration::from_secs(60 * 60);
/// Stored keys are fresh this long, unless Okta called them fresh for less than [`MAX_FRESHNESS`]: the `keys` function
/// renews them every hour, so that while it runs nobody else asks Okta, and one missed run is no reason to.
pub const STORED_FRESHNESS: Duration = Duration::from_secs(4 * 60 * 60);
/// Keys that could not be refreshed serve at most this long.
pub const MAX_STALENESS: Duration = Duration::from_secs(24 * 60 * 60);

/// The part of their freshness after which keys may be refreshed ahead.
const AHEAD: f64 = 0.75;

/// The keys of one issuer, and when they may be fetched again.
#[derive(Debug)]
pub struct KeyCache {
    jitter: Jitter,
    held: Option<HeldKeys>,
    /// For keys that are due or stale.
    refreshes: Attempts,
    last_fetch: Option<MonotonicTime>,
    /// Until when the issuer asked to be left alone.
    asked_pause_ends: Option<MonotonicTime>,
    /// When the youngest stored key set that was ever offered had been fetched.
    youngest_stored: Option<UnixTime>,
}

#[derive(Debug)]
struct HeldKeys {
    keys: Arc<KeySet>,
    /// How old they were when they came here: zero from Okta, more from the store.
    age_on_arrival: Duration,
    arrived_at: MonotonicTime,
    due_after: Duration,
    fresh_for: Duration,
}

/// What the cache says about one `kid`.
#[derive(Debug, Clone)]
pub enum KeyLookup {
    /// This key is held and serves.
    Found(Arc<VerificationKey>),
    /// This key is held and serves; keys should be fetched once the call is answered.
    Due(Arc<VerificationKey>),
    /// Keys should be fetched now. Where they cannot be, `fallback` still serves.
    Fetch {
        /// Why.
        why: FetchReason,
        /// The held key, stale.
        fallback: Option<Arc<VerificationKey>>,
    },
    /// Keys are held, this one is not among them, and the next fetch is not due yet.
    UnknownKey,
    /// No keys are held, and the next fetch is not due yet.
    NoKeys,
}

/// Why keys should be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchReason {
    /// None are held, or they are over 24 hours old.
    NothingHeld,
    /// The held ones are about to be no longer fresh.
    Due,
    /// The held ones are no longer fresh.
    Stale,
    /// The `kid` is not among the held ones: the issuer may have rotated its keys.
    UnknownKeyId,
}

impl KeyCache {
    /// Holds nothing yet.
    #[must_use]
    pub fn new(jitter: Jitter) -> Self {
        Self {
            jitter,
            held: None,
            refreshes: Attempts::default(),
            last_fetch: None,
            asked_pause_ends: None,
            youngest_stored: None,
        }
    }

    /// Looks a key up.
    #[must_use]
    pub fn look_up(&self, key_id: &KeyId, now: MonotonicTime) -> KeyLookup {
        let may_fetch = self.may_fetch(now);
        let Some(held) = self.not_expired(now) else {
            let fetch = KeyLookup::Fetch { why: FetchReason::NothingHeld, fallback: None };
            return if may_fetch { fetch } else { KeyLookup::NoKeys };
        };
        match (held.keys.find(key_id), self.refresh(held, now)) {
            (Some(key), Refresh::NotNow) => KeyLookup::Found(Arc::clone(key)),
            (Some(key), Refresh::AfterAnswer) => KeyLookup::Due(Arc::clone(key)),
            (Some(key), Refresh::BeforeAnswer) => {
                KeyLookup::Fetch { why: FetchReason::Stale, fallback: Some(Arc::clone(key)) }
            }
            (None, _) if may_fetch => KeyLookup::Fetch { why: FetchReason::UnknownKeyId, fallback: None },
            (None, _) => KeyLookup::UnknownKey,
        }
    }

    /// Whether held keys should be fetched again now, whoever asks for which of them.
    #[must_use]
    pub fn is_due(&self, now: MonotonicTime) -> bool {
        self.not_expired(now).is_some_and(|held| self.refresh(held, now) != Refresh::NotNow)
    }

    /// The held key with this `kid`, however stale, but never beyond 24 hours.
    #[must_use]
    pub fn held(&self, key_id: &KeyId, now: MonotonicTime) -> Option<Arc<VerificationKey>> {
        self.not_expired(now)?.keys.find(key_id).cloned()
    }

    /// How old the held keys are.
    #[must_use]
    pub fn age(&self, now: MonotonicTime) -> Option<Duration> {
        self.held.as_ref().map(|held| held.age(now))
    }

    /// Notes that a fetch begins: the next one waits, even where this one is cut off and nothing is heard of it again.
    pub fn fetch_begins(&mut self, now: MonotonicTime) {
        self.last_fetch = Some(now);
        self.refreshes.begin(now);
    }

    /// Takes the keys that a fetch brought. `max_age` is Okta's, where it gave one. Returns whether the fetch before
    /// had failed.
    pub fn fetched(&mut self, keys: KeySet, max_age: Option<Duration>, now: MonotonicTime) -> bool {
        let fresh_for = max_age.unwrap_or(MAX_FRESHNESS).clamp(MIN_FRESHNESS, MAX_FRESHNESS);
        self.hold(Arc::new(keys), Duration::ZERO, fresh_for, now);
        self.refreshes.succeed()
    }

    /// Notes that a fetch failed. `retry_after` is what a 429 asked for. Returns whether it is the first failure in a
    /// row.
    pub fn fetch_failed(&mut self, retry_after: Option<Duration>, now: MonotonicTime) -> bool {
        self.asked_pause_ends = retry_after.map(|pause| now.plus(pause));
        self.refreshes.fail(retry_after, now)
    }

    /// Takes a stored key set, unless younger keys are held. Offered again it is not looked at: its age is told from
    /// the wall clock once, so that a clock which jumps back does not make it young again.
    pub fn restore(&mut self, stored: &StoredKeySet, now: Moment) {
        if self.youngest_stored.is_some_and(|youngest| youngest >= stored.fetched_at) {
            return;
        }
        self.youngest_stored = Some(stored.fetched_at);
        let age = now.wall.since(stored.fetched_at);
        if self.held.as_ref().is_some_and(|held| held.age(now.monotonic) <= age) {
            return;
        }
        let max_age = Duration::from_secs(stored.max_age);
        let fresh_for = if max_age < MAX_FRESHNESS { max_age.max(MIN_FRESHNESS) } else { STORED_FRESHNESS };
        self.hold(Arc::clone(&stored.keys), age, fresh_for, now.monotonic);
    }

    fn hold(&mut self, keys: Arc<KeySet>, age_on_arrival: Duration, fresh_for: Duration, now: MonotonicTime) {
        let due_after = self.jitter.after(AHEAD, fresh_for).max(MIN_FRESHNESS);
        self.held = Some(HeldKeys { keys, age_on_arrival, arrived_at: now, due_after, fresh_for });
    }

    fn not_expired(&self, now: MonotonicTime) -> Option<&HeldKeys> {
        self.held.as_ref().filter(|held| held.age(now) <= MAX_STALENESS)
    }

    fn refresh(&self, held: &HeldKeys, now: MonotonicTime) -> Refresh {
        if self.may_fetch(now) { self.refreshes.refresh(held.freshness(now), now) } else { Refresh::NotNow }
    }

    fn may_fetch(&self, now: MonotonicTime) -> bool {
        let least = if self.not_expired(now).is_some() { MIN_FETCH_INTERVAL } else { RETRY_INTERVAL_WITHOUT_KEYS };
        self.last_fetch.is_none_or(|last| now.since(last) >= least)
            && self.asked_pause_ends.is_none_or(|end| end <= now)
    }
}

impl HeldKeys {
    fn age(&self, now: MonotonicTime) -> Duration {
        self.age_on_arrival.saturating_add(now.since(self.arrived_at))
    }

    fn freshness(&self, now: MonotonicTime) -> Freshness {
        Freshness::of(self.age(now), self.due_after, self.fresh_for)
    }
}

#[cfg(test)]
#[path = "key_cache_property_tests.rs"]
mod property_tests;
#[cfg(test)]
#[path = "key_cache_tests.rs"]
mod tests;
