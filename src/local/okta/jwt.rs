//! A JWT that a client signed, in compact form (RFC 7515 section 7.1): what client assertions and DPoP proofs have in common.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::{Map, Value};

/// A JWT whose signature nobody has looked at yet.
pub(super) struct Jwt<'a> {
    pub(super) algorithm: Algorithm,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    message: &'a str,
    signature: &'a str,
}

/// A public key in a JWK (RFC 7517).
pub(super) struct PublicKey {
    jwk: Jwk,
    key: DecodingKey,
}

impl<'a> Jwt<'a> {
    /// `None` for what is no signed JWT, or is signed in a way that nobody knows.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let (header, claims) = (object(header)?, object(claims)?);
        let algorithm = Algorithm::from_str(header.get("alg")?.as_str()?).ok()?;
        Some(Self { algorithm, header, claims, message, signature })
    }

    /// A member of the header.
    pub(super) fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// All claims.
    pub(super) fn claims(&self) -> Value {
        Value::Object(self.claims.clone())
    }

    /// A claim that is text.
    pub(super) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// A claim that is a time, in seconds since the Unix epoch.
    pub(super) fn seconds(&self, claim: &str) -> Option<u64> {
        self.claims.get(claim)?.as_u64()
    }

    /// Whether `aud` names this audience, alone or among others (RFC 7519 section 4.1.3).
    pub(super) fn is_for(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(|one| one == audience),
            Some(one) => one == audience,
            None => false,
        }
    }

    /// Whether this secret signed it, with one of HS256, HS384 and HS512.
    pub(super) fn is_signed_with_secret(&self, secret: &[u8]) -> bool {
        self.verifies(&DecodingKey::from_secret(secret))
    }

    /// Whether the holder of this key signed it, with one of RS256, RS384, RS512, ES256 and ES384.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        is_asymmetric(self.algorithm) && self.verifies(&key.key)
    }

    fn verifies(&self, key: &DecodingKey) -> bool {
        // A key of another kind than the algorithm's is an error, and no signature of that key.
        crypto::verify(self.signature, self.message.as_bytes(), key, self.algorithm).unwrap_or(false)
    }
}

impl PublicKey {
    /// `None` for what is no RSA or EC key, and for a private key: nobody may send one.
    pub(super) fn from_jwk(jwk: &Value) -> Option<Self> {
        if jwk.get("d").is_some() {
            return None;
        }
        let jwk: Jwk = serde_json::from_value(jwk.clone()).ok()?;
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { jwk, key })
    }

    /// The thumbprint (RFC 7638), SHA-256 in base64url.
    pub(super) fn thumbprint(&self) -> Option<String> {
        self.jwk.thumbprint(ThumbprintHash::SHA256).ok()
    }
}

/// Whether it is one of the public-key algorithms that Okta takes and the stand-in knows.
pub(super) fn is_asymmetric(algorithm: Algorithm) -> bool {
    ASYMMETRIC.contains(&algorithm)
}

/// Okta takes ES512 as well.
const ASYMMETRIC: [Algorithm; 5] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::ES256, Algorithm::ES384];

fn object(encoded: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}
