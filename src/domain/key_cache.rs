//! When an issuer's keys are fresh, due, stale or cooling down: a state machine that answers with a key, or says that
//! keys should be fetched and why. It never fetches and never reads a clock.

use std::sync::Arc;
use std::time::Duration;

use super::jose::header::KeyId;
use super::jose::jwk::VerificationKey;
use super::jose::key_set::{KeySet, StoredKeySet};
use super::time::{Moment, MonotonicTime, UnixTime};

/// The least time between two fetches for one issuer, so that made-up `kid`s cannot turn into a flood of fetches.
pub const MIN_FETCH_INTERVAL: Duration = Duration::from_secs(30);
/// The least time between two fetches while no keys are held at all and each call fails.
pub const RETRY_INTERVAL_WITHOUT_KEYS: Duration = Duration::from_secs(5);
/// Keys are fresh at least this long, even where Okta says `no-cache` near a rotation.
pub const MIN_FRESHNESS: Duration = Duration::from_secs(60);
/// Keys are fresh at most this long.
pub const MAX_FRESHNESS: Duration = Duration::from_secs(60 * 60);
/// Keys that could not be refreshed serve at most this long.
pub const MAX_STALENESS: Duration = Duration::from_secs(24 * 60 * 60);

/// The keys of one issuer, and when they may be fetched again.
#[derive(Debug, Default)]
pub struct KeyCache {
    held: Option<HeldKeys>,
    next_fetch: Option<MonotonicTime>,
    /// When the youngest stored key set that was ever offered had been fetched.
    youngest_stored: Option<UnixTime>,
}

#[derive(Debug)]
struct HeldKeys {
    keys: Arc<KeySet>,
    /// How old they were when they came here: zero from Okta, more from the store.
    age_on_arrival: Duration,
    arrived_at: MonotonicTime,
    fresh_for: Duration,
}

/// What the cache says about one `kid`.
#[derive(Debug, Clone)]
pub enum KeyLookup {
    /// This key is held and serves.
    Found(Arc<VerificationKey>),
    /// Keys should be fetched now. Where they cannot be, `fallback` still serves.
    Refresh {
        /// Why.
        why: RefreshReason,
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
pub enum RefreshReason {
    /// None are held, or they are over 24 hours old.
    NothingHeld,
    /// The held ones are no longer fresh.
    Due,
    /// The `kid` is not among the held ones: the issuer may have rotated its keys.
    UnknownKeyId,
}

impl KeyCache {
    /// Looks a key up.
    #[must_use]
    pub fn look_up(&self, key_id: &KeyId, now: MonotonicTime) -> KeyLookup {
        let may_fetch = self.next_fetch.is_none_or(|next| next <= now);
        let Some(held) = self.held.as_ref().filter(|held| held.age(now) <= MAX_STALENESS) else {
            let refresh = KeyLookup::Refresh { why: RefreshReason::NothingHeld, fallback: None };
            return if may_fetch { refresh } else { KeyLookup::NoKeys };
        };
        match held.keys.find(key_id) {
            Some(key) if may_fetch && held.age(now) > held.fresh_for => {
                KeyLookup::Refresh { why: RefreshReason::Due, fallback: Some(Arc::clone(key)) }
            }
            Some(key) => KeyLookup::Found(Arc::clone(key)),
            None if may_fetch => KeyLookup::Refresh { why: RefreshReason::UnknownKeyId, fallback: None },
            None => KeyLookup::UnknownKey,
        }
    }

    /// The held key with this `kid`, however stale, but never beyond 24 hours.
    #[must_use]
    pub fn held(&self, key_id: &KeyId, now: MonotonicTime) -> Option<Arc<VerificationKey>> {
        let held = self.held.as_ref().filter(|held| held.age(now) <= MAX_STALENESS)?;
        held.keys.find(key_id).cloned()
    }

    /// Whether any keys are held that may still serve.
    #[must_use]
    pub fn has_keys(&self, now: MonotonicTime) -> bool {
        self.held.as_ref().is_some_and(|held| held.age(now) <= MAX_STALENESS)
    }

    /// How old the held keys are.
    #[must_use]
    pub fn age(&self, now: MonotonicTime) -> Option<Duration> {
        self.held.as_ref().map(|held| held.age(now))
    }

    /// Notes that a fetch begins: the next one waits, even where this one is cut off and nothing is heard of it again.
    pub fn fetch_begins(&mut self, now: MonotonicTime) {
        self.next_fetch = Some(now.plus(self.pause(now)));
    }

    /// Takes the keys that a fetch brought. `max_age` is Okta's, where it gave one.
    pub fn fetched(&mut self, keys: KeySet, max_age: Option<Duration>, now: MonotonicTime) {
        self.next_fetch = Some(now.plus(MIN_FETCH_INTERVAL));
        self.held = Some(HeldKeys {
            keys: Arc::new(keys),
            age_on_arrival: Duration::ZERO,
            arrived_at: now,
            fresh_for: max_age.unwrap_or(MAX_FRESHNESS).clamp(MIN_FRESHNESS, MAX_FRESHNESS),
        });
    }

    /// Notes that a fetch failed. `retry_after` is what a 429 asked for.
    pub fn fetch_failed(&mut self, retry_after: Option<Duration>, now: MonotonicTime) {
        self.next_fetch = Some(now.plus(retry_after.unwrap_or(Duration::ZERO).max(self.pause(now))));
    }

    /// How long after a fetch that brought nothing the next one waits.
    fn pause(&self, now: MonotonicTime) -> Duration {
        if self.has_keys(now) { MIN_FETCH_INTERVAL } else { RETRY_INTERVAL_WITHOUT_KEYS }
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
        self.held = Some(HeldKeys {
            keys: Arc::clone(&stored.keys),
            age_on_arrival: age,
            arrived_at: now.monotonic,
            fresh_for: Duration::from_secs(stored.max_age).clamp(MIN_FRESHNESS, MAX_FRESHNESS),
        });
    }
}

impl HeldKeys {
    fn age(&self, now: MonotonicTime) -> Duration {
        self.age_on_arrival.saturating_add(now.since(self.arrived_at))
    }
}

#[cfg(test)]
#[path = "key_cache_tests.rs"]
mod tests;
