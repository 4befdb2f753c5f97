//! DPoP proofs (RFC 9449 section 4.2): good for one request until a test changes a claim.

use aws_lc_rs::digest;
use serde_json::{Value, json};

use super::signing_key::{SigningKey, encode};
use super::{random_id, seconds_since_epoch};

/// A proof that nobody has signed yet.
#[derive(Clone)]
pub(crate) struct DpopProof {
    claims: Value,
}

impl DpopProof {
    /// For a request with this method to this URL, made now, with a `jti` of its own.
    pub(crate) fn new(htm: &str, htu: &str) -> Self {
        Self { claims: json!({"htm": htm, "htu": htu, "iat": seconds_since_epoch(), "jti": random_id()}) }
    }

    /// With the nonce of the header `dpop-nonce`.
    pub(crate) fn with_nonce(self, nonce: &str) -> Self {
        self.with("nonce", nonce)
    }

    /// With `ath`, the hash of the access token that the request presents.
    pub(crate) fn with_token(self, access_token: &str) -> Self {
        let hash = encode(digest::digest(&digest::SHA256, access_token.as_bytes()));
        self.with("ath", hash)
    }

    /// With another value of a claim, or a further claim.
    pub(crate) fn with(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.claims[claim] = value.into();
        self
    }

    /// Without a claim.
    pub(crate) fn without(mut self, claim: &str) -> Self {
        self.claims.as_object_mut().expect("claims").remove(claim).expect("a claim to remove");
        self
    }

    /// The value of the header `DPoP`.
    pub(crate) fn signed_by(&self, key: &SigningKey) -> String {
        let header = json!({"typ": "dpop+jwt", "alg": key.algorithm(), "jwk": key.bare_jwk()});
        key.sign(&header, &self.claims)
    }
}
