//! A key set as it is kept beside its profile: what a cold start reads, and what the `keys` function writes.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::key_set::{KeySet, KeySetError, parse_document};
use crate::domain::time::UnixTime;

/// The largest stored key set, in bytes: what a standard parameter holds (Systems Manager, "Managing parameter tiers").
pub const MAX_STORED_BYTES: usize = 4_096;
/// How long a key that the issuer no longer publishes is kept: tokens that it signed live up to a day, and an issuer that
/// leaves one out by mistake has a day to notice.
pub const ROTATION_GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// How old a stored key set may be before it is written again although no key changed: its age tells a cold start how
/// far it can be trusted.
pub const RENEWED_AFTER: Duration = Duration::from_secs(30 * 60);

/// What is kept of a key (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2): what verifies, nothing else, so
/// that several keys fit.
const KEPT_MEMBERS: [&str; 10] = ["kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y"];

/// A stored key set as a cold start uses it.
#[derive(Debug, Clone)]
pub struct StoredKeySet {
    /// The keys.
    pub keys: Arc<KeySet>,
    /// When they were fetched from Okta.
    pub fetched_at: UnixTime,
    /// `max-age` of Okta's answer, in seconds.
    pub max_age: u64,
}

impl StoredKeySet {
    /// Reads `{"fetchedAt": unix, "maxAge": seconds, "keys": [JWK...]}`.
    ///
    /// # Errors
    /// [`KeySetError`] where the age or every usable key is missing.
    pub fn from_json(bytes: &[u8]) -> Result<Self, KeySetError> {
        let document = parse_document(bytes)?;
        let number = |name: &str| document.get(name).and_then(Value::as_u64).ok_or(KeySetError::NoAge);
        Ok(Self {
            fetched_at: UnixTime::from_seconds(number("fetchedAt")?),
            max_age: number("maxAge")?,
            keys: Arc::new(KeySet::from_document(&document)?),
        })
    }
}

/// A stored key set as it is written: every key is usable, and there is at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySetRecord {
    fetched_at: UnixTime,
    max_age: u64,
    keys: Vec<Map<String, Value>>,
    /// Keys that the issuer no longer publishes, by `kid`: when it was first seen without them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    gone_since: Map<String, Value>,
}

/// Whether a key set is to be written in place of the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// No: what is stored is as good.
    Unchanged,
    /// To say that the same keys are still current: the stored set is older than half an hour.
    Aged,
    /// Other keys than the stored ones.
    Changed,
}

/// A key set that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {keys} current keys take {bytes} bytes, more than the {MAX_STORED_BYTES} of a stored key set")]
pub struct RecordTooLarge {
    /// How many keys.
    pub keys: usize,
    /// How many bytes.
    pub bytes: usize,
}

impl KeySetRecord {
    /// The usable keys of a key set that was fetched at `now`.
    ///
    /// # Errors
    /// [`KeySetError`] where not one key is usable.
    pub fn fetched(document: &[u8], max_age: Option<Duration>, now: UnixTime) -> Result<Self, KeySetError> {
        let document = parse_document(document)?;
        let usable = KeySet::from_document(&document)?;
        let published = document.get("keys").and_then(Value::as_array).into_iter().flatten().enumerate();
        // By place and not by `kid`: a key that was left out may have the `kid` of a usable one.
        let is_usable = |index: usize| usable.skipped().iter().all(|skipped| skipped.index != index);
        let keys = published.filter(|(index, _)| is_usable(*index)).filter_map(|(_, jwk)| jwk.as_object());
        let keys = keys.map(kept_members).collect();
        let max_age = max_age.map_or(MAX_AGE_WHERE_NONE_IS_GIVEN, |age| age.as_secs());
        Ok(Self { fetched_at: now, max_age, keys, gone_since: Map::new() })
    }

    /// Reads what an earlier run wrote; nothing where it is no usable key set. What is not usable in it is left out.
    #[must_use]
    pub fn stored(json: &str) -> Option<Self> {
        let mut record: Self = serde_json::from_str(json).ok()?;
        let usable = StoredKeySet::from_json(json.as_bytes()).ok()?.keys;
        let mut index = 0;
        record.keys.retain(|_| {
            index += 1;
            usable.skipped().iter().all(|skipped| skipped.index != index - 1)
        });
        Some(record)
    }

    /// What is to stand in place of `stored`: these keys, and for a day those that were stored and are no longer published.
    ///
    /// # Errors
    /// [`RecordTooLarge`] where the current keys alone do not fit. Keys that are gone give way, the oldest first.
    pub fn renew(mut self, stored: Option<&Self>) -> Result<(Self, Renewal), RecordTooLarge> {
        if let Some(stored) = stored {
            self.keep_gone_keys(stored);
        }
        self.fit()?;
        let same_keys = |stored: &Self| stored.keys == self.keys && stored.gone_since == self.gone_since;
        let renewal = match stored.filter(|stored| same_keys(stored)) {
            None => Renewal::Changed,
            Some(stored) if self.fetched_at.since(stored.fetched_at) >= RENEWED_AFTER => Renewal::Aged,
            Some(_) => Renewal::Unchanged,
        };
        Ok((self, renewal))
    }

    /// As it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// When the keys were fetched.
    #[must_use]
    pub const fn fetched_at(&self) -> UnixTime {
        self.fetched_at
    }

    /// The `kid`s of the keys that the issuer publishes.
    pub fn current(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(key_id).filter(|key_id| !self.gone_since.contains_key(*key_id))
    }

    /// The `kid`s of the keys that it no longer publishes, and which are kept for a while.
    pub fn gone(&self) -> impl Iterator<Item = &str> {
        self.gone_since.keys().map(String::as_str)
    }

    fn keep_gone_keys(&mut self, stored: &Self) {
        for jwk in &stored.keys {
            let id = key_id(jwk);
            if self.keys.iter().any(|current| key_id(current) == id) {
                continue;
            }
            // One that is missed for the first time was last published when the stored set was fetched.
            let since = stored.gone_since(id).unwrap_or(stored.fetched_at);
            if self.fetched_at.since(since) < ROTATION_GRACE {
                self.keys.push(jwk.clone());
                self.gone_since.insert(id.to_owned(), since.seconds().into());
            }
        }
    }

    fn gone_since(&self, id: &str) -> Option<UnixTime> {
        self.gone_since.get(id).and_then(Value::as_u64).map(UnixTime::from_seconds)
    }

    fn fit(&mut self) -> Result<(), RecordTooLarge> {
        loop {
            let bytes = self.to_json().len();
            if bytes <= MAX_STORED_BYTES {
                return Ok(());
            }
            let oldest = self.gone_since.iter().min_by_key(|(_, since)| since.as_u64()).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { return Err(RecordTooLarge { keys: self.keys.len(), bytes }) };
            self.gone_since.remove(&oldest);
            self.keys.retain(|jwk| key_id(jwk) != oldest);
        }
    }
}

/// Okta always says; where an issuer does not, an hour is what a reader would assume.
const MAX_AGE_WHERE_NONE_IS_GIVEN: u64 = 3_600;

fn key_id(jwk: &Map<String, Value>) -> &str {
    jwk.get("kid").and_then(Value::as_str).unwrap_or_default()
}

fn kept_members(jwk: &Map<String, Value>) -> Map<String, Value> {
    let kept = KEPT_MEMBERS.iter().filter_map(|name| Some(((*name).to_owned(), jwk.get(*name)?.clone())));
    kept.collect()
}

#[cfg(test)]
#[path = "stored_key_set_tests.rs"]
mod tests;
