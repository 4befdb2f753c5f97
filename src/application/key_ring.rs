//! The keys of every issuer in use: looked up in the key cache, fetched once where the cache says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use url::Url;

use crate::domain::jose::header::KeyId;
use crate::domain::jose::jwk::VerificationKey;
use crate::domain::jose::key_set::StoredKeySet;
use crate::domain::key_cache::{KeyCache, KeyLookup, RefreshReason};
use crate::domain::profile::{Issuer, SecurityProfile};
use crate::domain::time::{Moment, MonotonicTime};
use crate::ports::key_set_source::{KeySetSource, KeySetSourceError};

/// Key caches by issuer and keys URL. Keys of one issuer never serve another.
#[derive(Debug)]
pub struct KeyRing<K> {
    source: K,
    issuers: Mutex<HashMap<(Issuer, Url), Arc<IssuerKeys>>>,
}

#[derive(Debug, Default)]
struct IssuerKeys {
    cache: Mutex<KeyCache>,
    /// Held while a fetch is under way, so that there is one at a time.
    fetching: tokio::sync::Mutex<()>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The issuer's keys, fetched just now, do not have the `kid`.
    #[error("the issuer does not have this key")]
    Unknown,
    /// Held keys do not have the `kid`, and they were fetched too recently to be fetched again.
    #[error("the held keys do not have this key, and it is too early to fetch them again")]
    UnknownCoolingDown,
    /// The keys could not be fetched, and none that could serve are held.
    #[error("no keys of `{issuer}` are held and none could be fetched")]
    Unavailable {
        /// The issuer.
        issuer: String,
        /// Why not; `None` where the last failure was too recent to try again.
        #[source]
        source: Option<KeySetSourceError>,
    },
}

impl<K: KeySetSource> KeyRing<K> {
    /// An empty ring that fetches from `source`.
    pub fn new(source: K) -> Self {
        Self { source, issuers: Mutex::default() }
    }

    /// Finds the key with this `kid` among the keys of the profile's issuer, fetching them where they are missing,
    /// due, or do not have it. `stored` is the profile's stored key set, used where it is younger than what is held.
    ///
    /// # Errors
    /// [`KeyRingError`]; a stale key that is held serves on when a fetch fails.
    pub async fn find(
        &self,
        profile: &SecurityProfile,
        stored: Option<&StoredKeySet>,
        key_id: &KeyId,
        now: Moment,
    ) -> Result<Arc<VerificationKey>, KeyRingError> {
        let keys = self.issuer_keys(profile);
        if let Some(stored) = stored {
            lock(&keys.cache).restore(stored, now);
        }
        let looked_up = lock(&keys.cache).look_up(key_id, now.monotonic);
        match looked_up {
            KeyLookup::Found(key) => Ok(key),
            // Where a fetch is under way, its result is waited for: it may bring the key.
            KeyLookup::UnknownKey | KeyLookup::NoKeys | KeyLookup::Refresh { .. } => {
                self.fetch_once(profile, &keys, key_id, now).await
            }
        }
    }

    /// How old the held keys of the profile's issuer are; `None` where none are held.
    #[must_use]
    pub fn age(&self, profile: &SecurityProfile, now: MonotonicTime) -> Option<Duration> {
        lock(&self.issuer_keys(profile).cache).age(now)
    }

    /// Fetches unless another call did while this one waited for its turn.
    async fn fetch_once(
        &self,
        profile: &SecurityProfile,
        keys: &IssuerKeys,
        key_id: &KeyId,
        now: Moment,
    ) -> Result<Arc<VerificationKey>, KeyRingError> {
        let _turn = keys.fetching.lock().await;
        let (why, fallback) = match lock(&keys.cache).look_up(key_id, now.monotonic) {
            KeyLookup::Found(key) => return Ok(key),
            KeyLookup::UnknownKey => return Err(KeyRingError::UnknownCoolingDown),
            KeyLookup::NoKeys => return Err(unavailable(profile, None)),
            KeyLookup::Refresh { why, fallback } => (why, fallback),
        };
        lock(&keys.cache).fetch_begins(now.monotonic);
        let url = &profile.endpoints().keys_url;
        match self.source.fetch(url).await {
            Ok(fetched) => {
                for skipped in fetched.keys.skipped() {
                    tracing::warn!(issuer = %profile.issuer(), index = skipped.index, reason = %skipped.reason, "key skipped");
                }
                let mut cache = lock(&keys.cache);
                cache.fetched(fetched.keys, fetched.max_age, now.monotonic);
                cache.held(key_id, now.monotonic).ok_or(KeyRingError::Unknown)
            }
            Err(error) => {
                lock(&keys.cache).fetch_failed(error.retry_after(), now.monotonic);
                tracing::warn!(issuer = %profile.issuer(), ?why, error = %chain(&error), "keys not refreshed");
                match (why, fallback) {
                    (RefreshReason::Due | RefreshReason::NothingHeld | RefreshReason::UnknownKeyId, Some(key)) => {
                        Ok(key)
                    }
                    (RefreshReason::Due | RefreshReason::NothingHeld | RefreshReason::UnknownKeyId, None) => {
                        Err(unavailable(profile, Some(error)))
                    }
                }
            }
        }
    }

    fn issuer_keys(&self, profile: &SecurityProfile) -> Arc<IssuerKeys> {
        let endpoints = profile.endpoints();
        let place = (endpoints.issuer.clone(), endpoints.keys_url.clone());
        Arc::clone(lock(&self.issuers).entry(place).or_default())
    }
}

fn unavailable(profile: &SecurityProfile, source: Option<KeySetSourceError>) -> KeyRingError {
    KeyRingError::Unavailable { issuer: profile.issuer().to_string(), source }
}

/// An error with its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// A panic elsewhere leaves these maps as they were between two statements, so the poison mark carries no news.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "key_ring_tests.rs"]
mod tests;
