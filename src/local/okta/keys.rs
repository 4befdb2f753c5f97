//! The signing keys and their rotation: RS256 (RFC 7518 section 3.3), published as a key set (RFC 7517 section 5).

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::StandInOktaError;

/// The key that signs and the ones that are still published.
pub(super) struct KeyRing {
    current: Arc<SigningKey>,
    retiring: Vec<Arc<SigningKey>>,
}

/// A key pair and the name under which it is published.
pub(super) struct SigningKey {
    pair: RsaKeyPair,
    kid: String,
}

impl KeyRing {
    pub(super) fn generate() -> Result<Self, StandInOktaError> {
        Ok(Self { current: Arc::new(SigningKey::generate()?), retiring: Vec::new() })
    }

    pub(super) fn current(&self) -> Arc<SigningKey> {
        Arc::clone(&self.current)
    }

    pub(super) fn rotate(&mut self) -> Result<(), StandInOktaError> {
        let new = Arc::new(SigningKey::generate()?);
        let old = std::mem::replace(&mut self.current, new);
        self.retiring.insert(0, old);
        Ok(())
    }

    pub(super) fn retire_old_keys(&mut self) {
        self.retiring.clear();
    }

    pub(super) fn key_set(&self) -> Value {
        let keys: Vec<Value> = std::iter::once(&self.current).chain(&self.retiring).map(|key| key.to_jwk()).collect();
        json!({ "keys": keys })
    }
}

impl SigningKey {
    fn generate() -> Result<Self, StandInOktaError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| StandInOktaError::KeyGeneration)?;
        // 32 bytes are the 43 characters of an Okta `kid`.
        let kid = random_name::<32>();
        Ok(Self { pair, kid })
    }

    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    /// The compact form (RFC 7515 section 7.1) of exactly these bytes: neither part has to be JSON.
    #[expect(
        clippy::expect_used,
        reason = "signing a short message with a key of a known size into a buffer of that size has no error of its own"
    )]
    pub(super) fn sign(&self, header: &str, payload: &str) -> String {
        let mut jwt = format!("{}.{}", encode(header), encode(payload));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), jwt.as_bytes(), &mut signature)
            .expect("an RS256 signature");
        jwt.push('.');
        jwt.push_str(&encode(signature));
        jwt
    }

    fn to_jwk(&self) -> Value {
        let public = self.pair.public_key();
        json!({
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.kid,
            "n": encode(public.modulus().big_endian_without_leading_zero()),
            "e": encode(public.exponent().big_endian_without_leading_zero()),
        })
    }
}

/// `N` random bytes as base64url, for the names that Okta makes up: `kid`, `jti`, request ids.
#[expect(clippy::expect_used, reason = "the library's generator either works or ends the process")]
pub(super) fn random_name<const N: usize>() -> String {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    encode(bytes)
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
