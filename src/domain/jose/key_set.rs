//! A JSON Web Key Set (RFC 7517 section 5), from Okta or from the store, read key by key.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::header::KeyId;
use super::jwk::{JwkError, VerificationKey};

/// The largest key set that is read, in bytes.
pub const MAX_KEY_SET_BYTES: usize = 150_000;

/// The usable keys of one issuer. Never empty.
#[derive(Debug, Clone)]
pub struct KeySet {
    keys: HashMap<KeyId, Arc<VerificationKey>>,
    skipped: Vec<SkippedKey>,
}

/// A key that was left out, for the log and for `profiles test`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in `keys`, from 0.
    pub index: usize,
    /// Why.
    pub reason: SkipReason,
}

/// Why a key was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// It is not fit for verifying.
    #[error(transparent)]
    Unfit(#[from] JwkError),
    /// Another key has the same `kid`: which one a token means cannot be known, so neither is used.
    #[error("another key has the same kid")]
    DuplicateKeyId,
}

/// Why a document is no usable key set. Never holds a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Over 150,000 bytes.
    #[error("the key set has {bytes} bytes, more than {MAX_KEY_SET_BYTES}")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
    /// No JSON object, such as an error page.
    #[error("the key set is not a JSON object")]
    NotJson,
    /// No array `keys`.
    #[error("the key set has no array `keys`")]
    NoKeys,
    /// Every key was left out, or there was none.
    #[error("the key set has {total} keys and none of them is usable")]
    NoUsableKey {
        /// How many keys it had.
        total: usize,
    },
    /// A stored key set without `fetchedAt` or `maxAge`.
    #[error("the stored key set has no number `fetchedAt` or `maxAge`")]
    NoAge,
}

impl KeySet {
    /// Reads a key set as Okta serves it. One bad key does not spoil the others.
    ///
    /// # Errors
    /// [`KeySetError`] where not one usable key comes out.
    pub fn from_json(bytes: &[u8]) -> Result<Self, KeySetError> {
        Self::from_document(&parse_document(bytes)?)
    }

    /// The key with this `kid`.
    #[must_use]
    pub fn find(&self, key_id: &KeyId) -> Option<&Arc<VerificationKey>> {
        self.keys.get(key_id)
    }

    /// Whether a key with this `kid` is there.
    #[must_use]
    pub fn has(&self, key_id: &str) -> bool {
        KeyId::new(key_id).is_some_and(|key_id| self.keys.contains_key(&key_id))
    }

    /// The usable keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &VerificationKey> {
        self.keys.values().map(Arc::as_ref)
    }

    /// The keys that were left out.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    pub(super) fn from_document(document: &Value) -> Result<Self, KeySetError> {
        let jwks = document.get("keys").and_then(Value::as_array).ok_or(KeySetError::NoKeys)?;
        let mut skipped = Vec::new();
        let mut by_id: HashMap<KeyId, Vec<(usize, Arc<VerificationKey>)>> = HashMap::new();
        for (index, jwk) in jwks.iter().enumerate() {
            match VerificationKey::from_jwk(jwk) {
                Ok(key) => by_id.entry(key.key_id().clone()).or_default().push((index, Arc::new(key))),
                Err(error) => skipped.push(SkippedKey { index, reason: SkipReason::Unfit(error) }),
            }
        }
        let mut keys = HashMap::with_capacity(by_id.len());
        for (key_id, same) in by_id {
            match same.as_slice() {
                [(_, key)] => {
                    keys.insert(key_id, Arc::clone(key));
                }
                duplicates => skipped.extend(
                    duplicates
                        .iter()
                        .map(|(index, _)| SkippedKey { index: *index, reason: SkipReason::DuplicateKeyId }),
                ),
            }
        }
        if keys.is_empty() {
            return Err(KeySetError::NoUsableKey { total: jwks.len() });
        }
        Ok(Self { keys, skipped })
    }
}

pub(super) fn parse_document(bytes: &[u8]) -> Result<Value, KeySetError> {
    if bytes.len() > MAX_KEY_SET_BYTES {
        return Err(KeySetError::TooLarge { bytes: bytes.len() });
    }
    match serde_json::from_slice(bytes) {
        Ok(document @ Value::Object(_)) => Ok(document),
        Ok(_) | Err(_) => Err(KeySetError::NotJson),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{KeyId, KeySet, KeySetError, MAX_KEY_SET_BYTES, SkipReason, SkippedKey};
    use crate::domain::jose::base64url;
    use crate::domain::jose::jwk::JwkError;

    fn jwk(kid: &str) -> Value {
        json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": base64url::encode([9; 32])})
    }

    fn parse(keys: &[Value]) -> Result<KeySet, KeySetError> {
        KeySet::from_json(json!({"keys": keys}).to_string().as_bytes())
    }

    fn holds(set: &KeySet, kid: &str) -> bool {
        set.find(&KeyId::new(kid).expect("a key id")).is_some()
    }

    /// Threat 50.
    #[test]
    fn a_duplicate_kid_drops_both_keys() {
        let set = parse(&[jwk("a"), jwk("b"), jwk("a")]).expect("one usable key");
        assert!(!holds(&set, "a") && holds(&set, "b"));
        let duplicate = |index| SkippedKey { index, reason: SkipReason::DuplicateKeyId };
        assert_eq!(set.skipped(), [duplicate(0), duplicate(2)]);
    }

    /// Threat 51.
    #[test]
    fn one_malformed_key_is_skipped_and_the_others_serve() {
        let set = parse(&[json!(7), jwk("b")]).expect("one usable key");
        assert!(holds(&set, "b"));
        assert_eq!(set.skipped(), [SkippedKey { index: 0, reason: SkipReason::Unfit(JwkError::NotAnObject) }]);
    }

    /// Threat 52.
    #[test]
    fn a_symmetric_key_in_the_set_is_dropped() {
        let set = parse(&[json!({"kty": "oct", "kid": "a", "k": "c2VjcmV0"}), jwk("b")]).expect("one usable key");
        assert!(!holds(&set, "a"));
    }

    /// Threat 20.
    #[test]
    fn a_kid_that_looks_like_a_path_or_a_query_is_only_looked_up() {
        let set = parse(&[jwk("b")]).expect("one usable key");
        for kid in ["../../b", "b' OR '1'='1", "https://evil.example/b", "b\0"] {
            assert!(!holds(&set, kid));
        }
    }

    /// Threat 49.
    #[test]
    fn what_is_no_key_set_is_refused() {
        let error = |bytes: &[u8]| KeySet::from_json(bytes).expect_err("refused");
        assert_eq!(error(b"<html></html>"), KeySetError::NotJson);
        assert_eq!(error(b""), KeySetError::NotJson);
        assert_eq!(error(b"[]"), KeySetError::NotJson);
        assert_eq!(error(b"{\"keys\":[{\"kty\""), KeySetError::NotJson);
        assert_eq!(error(b"{}"), KeySetError::NoKeys);
        assert_eq!(error(b"{\"keys\":[]}"), KeySetError::NoUsableKey { total: 0 });
        assert_eq!(error(&vec![b' '; MAX_KEY_SET_BYTES + 1]), KeySetError::TooLarge { bytes: MAX_KEY_SET_BYTES + 1 });
        assert_eq!(parse(&[json!({"kty": "oct"})]).expect_err("refused"), KeySetError::NoUsableKey { total: 1 });
    }
}
