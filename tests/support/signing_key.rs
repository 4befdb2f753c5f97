//! A fresh key pair that signs JWTs (RFC 7515), with its public half as a JWK (RFC 7517), and what a shared secret signs.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key pair with a `kid` of its own.
pub(crate) struct SigningKey {
    kid: String,
    pair: Pair,
}

enum Pair {
    Rs256(RsaKeyPair),
    Es256(EcdsaKeyPair),
}

impl SigningKey {
    /// RSA 2048, for RS256.
    pub(crate) fn rs256() -> Self {
        Self::of(Pair::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key")))
    }

    /// P-256, for ES256.
    pub(crate) fn es256() -> Self {
        Self::of(Pair::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key")))
    }

    fn of(pair: Pair) -> Self {
        Self { kid: random_id(), pair }
    }

    /// The name of the key in [`SigningKey::public_jwk`].
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The `alg` of what it signs.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rs256(_) => "RS256",
            Pair::Es256(_) => "ES256",
        }
    }

    /// The public key, as a client registers it.
    pub(crate) fn public_jwk(&self) -> Value {
        let mut jwk = self.bare_jwk();
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm());
        jwk["use"] = json!("sig");
        jwk
    }

    /// The members that make the key what it is, and no other.
    pub(crate) fn bare_jwk(&self) -> Value {
        match &self.pair {
            Pair::Rs256(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"e": encode(public.e), "kty": "RSA", "n": encode(public.n)})
            }
            Pair::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y)})
            }
        }
    }

    /// The key's SHA-256 thumbprint (RFC 7638): the `jkt` of a token that is bound to it.
    pub(crate) fn thumbprint(&self) -> String {
        // Those members in the order of their names, without white space: as the bare JWK is written.
        encode(digest::digest(&digest::SHA256, self.bare_jwk().to_string().as_bytes()))
    }

    /// A JWT under exactly this header.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = signing_input(header, claims);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).expect("a signature");
                signature
            }
            Pair::Es256(pair) => pair.sign(&random, message.as_bytes()).expect("a signature").as_ref().to_vec(),
        };
        format!("{message}.{}", encode(signature))
    }
}

/// A JWT under exactly this header, signed with a secret and HS256.
pub(crate) fn sign_with_secret(secret: &str, header: &Value, claims: &Value) -> String {
    let message = signing_input(header, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{message}.{}", encode(hmac::sign(&key, message.as_bytes())))
}

/// A name that nobody else has: a `jti`, a `kid`.
pub(crate) fn random_id() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    encode(bytes)
}

/// The header (0) or the claims (1) of a JWT.
pub(crate) fn decoded_part(jwt: &str, index: usize) -> Value {
    let part = jwt.split('.').nth(index).expect("a part");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

/// Base64url without padding, as every part of a JWT is written.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(claims.to_string()))
}
