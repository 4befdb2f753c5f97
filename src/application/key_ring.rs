//! The keys of every issuer in use: looked up in the key cache, fetched once where the cache says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use url::Url;

use super::call_time::CallTime;
use crate::domain::jose::header::KeyId;
use crate::domain::jose::jwk::VerificationKey;
use crate::domain::jose::stored_key_set::StoredKeySet;
use crate::domain::key_cache::{FetchReason, KeyCache, KeyLookup};
use crate::domain::profile::{Issuer, SecurityProfile};
use crate::domain::refresh::Jitter;
use crate::domain::time::MonotonicTime;
use crate::ports::key_set_source::{KeySetSource, KeySetSourceError};

/// Key caches by issuer and keys URL. Keys of one issuer never serve another.
#[derive(Debug)]
pub struct KeyRing<K> {
    source: K,
    jitter: Jitter,
    issuers: Mutex<HashMap<(Issuer, Url), Arc<IssuerKeys>>>,
    /// Whose keys are to be fetched once the call is answered.
    due: Mutex<Vec<Arc<IssuerKeys>>>,
}

#[derive(Debug)]
struct IssuerKeys {
    issuer: Issuer,
    keys_url: Url,
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
    pub fn new(source: K, jitter: Jitter) -> Self {
        Self { source, jitter, issuers: Mutex::default(), due: Mutex::default() }
    }

    /// Finds the key with this `kid` among the keys of the profile's issuer, fetching them where they are missing,
    /// stale, or do not have it. `stored` is the profile's stored key set, used where it is younger than what is held.
    ///
    /// # Errors
    /// [`KeyRingError`]; a stale key that is held serves on when a fetch fails.
    pub async fn find(
        &self,
        profile: &SecurityProfile,
        stored: Option<&StoredKeySet>,
        key_id: &KeyId,
        time: CallTime,
    ) -> Result<Arc<VerificationKey>, KeyRingError> {
        let keys = self.issuer_keys(profile);
        if let Some(stored) = stored {
            lock(&keys.cache).restore(stored, time.now);
        }
        let looked_up = lock(&keys.cache).look_up(key_id, time.now.monotonic);
        match looked_up {
            KeyLookup::Found(key) => Ok(key),
            KeyLookup::Due(key) => {
                self.note_due(keys);
                Ok(key)
            }
            // Where a fetch is under way, its result is waited for: it may bring the key.
            KeyLookup::UnknownKey | KeyLookup::NoKeys | KeyLookup::Fetch { .. } => {
                self.fetch_once(&keys, key_id, time).await
            }
        }
    }

    /// Fetches the keys that were due when a call looked them up. To be called once that call is answered.
    pub async fn refresh_due(&self, time: CallTime) {
        let due = std::mem::take(&mut *lock(&self.due));
        for keys in due {
            let Ok(_turn) = keys.fetching.try_lock() else { continue };
            if lock(&keys.cache).is_due(time.now.monotonic) {
                // Why it failed is in the log; what is held serves on.
                let _serves_on = self.fetch(&keys, FetchReason::Due, time, time.left).await;
            }
        }
    }

    /// How old the held keys of the profile's issuer are; `None` where none are held.
    #[must_use]
    pub fn age(&self, profile: &SecurityProfile, now: MonotonicTime) -> Option<Duration> {
        lock(&self.issuer_keys(profile).cache).age(now)
    }

    fn note_due(&self, keys: Arc<IssuerKeys>) {
        let mut due = lock(&self.due);
        if !due.iter().any(|noted| Arc::ptr_eq(noted, &keys)) {
            due.push(keys);
        }
    }

    /// Fetches unless another call did while this one waited for its turn.
    async fn fetch_once(
        &self,
        keys: &IssuerKeys,
        key_id: &KeyId,
        time: CallTime,
    ) -> Result<Arc<VerificationKey>, KeyRingError> {
        let now = time.now.monotonic;
        let _turn = keys.fetching.lock().await;
        let (why, fallback) = match lock(&keys.cache).look_up(key_id, now) {
            KeyLookup::Found(key) | KeyLookup::Due(key) => return Ok(key),
            KeyLookup::UnknownKey => return Err(KeyRingError::UnknownCoolingDown),
            KeyLookup::NoKeys => return Err(keys.unavailable(None)),
            KeyLookup::Fetch { why, fallback } => (why, fallback),
        };
        let within = if fallback.is_some() { time.spare() } else { time.left };
        match (self.fetch(keys, why, time, within).await, fallback) {
            (Ok(()), _) => lock(&keys.cache).held(key_id, now).ok_or(KeyRingError::Unknown),
            (Err(_), Some(key)) => Ok(key),
            (Err(error), None) => Err(keys.unavailable(Some(error))),
        }
    }

    /// Fetches, and notes what came of it.
    async fn fetch(
        &self,
        keys: &IssuerKeys,
        why: FetchReason,
        time: CallTime,
        within: Duration,
    ) -> Result<(), KeySetSourceError> {
        let (now, issuer) = (time.now.monotonic, &keys.issuer);
        lock(&keys.cache).fetch_begins(now);
        match self.source.fetch(&keys.keys_url, within).await {
            Ok(fetched) => {
                for skipped in fetched.keys.skipped() {
                    tracing::warn!(%issuer, index = skipped.index, reason = %skipped.reason, "key skipped");
                }
                if lock(&keys.cache).fetched(fetched.keys, fetched.max_age, now) {
                    tracing::info!(%issuer, "keys refreshed again");
                }
                Ok(())
            }
            Err(error) => {
                if lock(&keys.cache).fetch_failed(error.retry_after(), now) {
                    tracing::warn!(%issuer, ?why, error = %chain(&error), "keys not refreshed");
                }
                Err(error)
            }
        }
    }

    fn issuer_keys(&self, profile: &SecurityProfile) -> Arc<IssuerKeys> {
        let endpoints = profile.endpoints();
        let place = (endpoints.issuer.clone(), endpoints.keys_url.clone());
        let new = |(issuer, keys_url): &(Issuer, Url)| IssuerKeys {
            issuer: issuer.clone(),
            keys_url: keys_url.clone(),
            cache: Mutex::new(KeyCache::new(self.jitter)),
            fetching: tokio::sync::Mutex::default(),
        };
        Arc::clone(lock(&self.issuers).entry(place).or_insert_with_key(|place| Arc::new(new(place))))
    }
}

impl IssuerKeys {
    fn unavailable(&self, source: Option<KeySetSourceError>) -> KeyRingError {
        KeyRingError::Unavailable { issuer: self.issuer.to_string(), source }
    }
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
