//! What the server remembers. What may be used once: the `jti` of a client assertion (RFC 7523 section 3) and of a DPoP proof (RFC 9449 section 11.1).

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::keys::random_name;

/// What the token endpoint remembers of one request until the next.
pub(super) struct Memory {
    /// By client and `jti`.
    pub(super) assertions: UsedOnce<(String, String)>,
    /// By `jti`.
    pub(super) proofs: UsedOnce<String>,
    /// The nonce that a DPoP proof must have (RFC 9449 section 8).
    pub(super) dpop_nonce: String,
    /// Tokens that are active no more, before their time.
    pub(super) revoked: HashSet<String>,
    /// The claims of opaque tokens.
    pub(super) opaque: HashMap<String, Value>,
}

/// Names that were used and could be used again.
pub(super) struct UsedOnce<K>(HashMap<K, u64>);

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            assertions: UsedOnce(HashMap::new()),
            proofs: UsedOnce(HashMap::new()),
            dpop_nonce: random_name::<24>(),
            revoked: HashSet::new(),
            opaque: HashMap::new(),
        }
    }

    pub(super) fn change_dpop_nonce(&mut self) {
        self.dpop_nonce = random_name::<24>();
    }
}

impl<K: Eq + std::hash::Hash> UsedOnce<K> {
    /// Whether this is the first use. The name need not be remembered after `expires`, in seconds since the Unix epoch.
    pub(super) fn take(&mut self, name: K, now: u64, expires: u64) -> bool {
        self.0.retain(|_, known_until| *known_until >= now);
        self.0.insert(name, expires).is_none()
    }
}
