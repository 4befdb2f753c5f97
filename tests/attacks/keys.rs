//! The keys that sign the corpus: an issuer's, another tenant's, and an attacker's.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use okta_security_profiles::domain::jose::algorithm::{Algorithm, KeyType};
use okta_security_profiles::domain::jose::base64url::encode;
use serde_json::{Value, json};

/// A key pair, and the `kid` and `alg` under which it is published.
pub(crate) struct Key {
    pub(crate) kid: &'static str,
    alg: Option<&'static str>,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    /// RSA 2048, published with the `alg` that Okta gives its keys.
    pub(crate) fn oktas(kid: &'static str) -> Self {
        Self { alg: Some("RS256"), ..Self::rsa(kid) }
    }

    /// RSA 2048, published without `alg`.
    pub(crate) fn rsa(kid: &'static str) -> Self {
        Self { kid, alg: None, pair: Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key")) }
    }

    /// P-256.
    pub(crate) fn p256(kid: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key");
        Self { kid, alg: None, pair: Pair::P256(pair) }
    }

    /// P-384.
    pub(crate) fn p384(kid: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a P-384 key");
        Self { kid, alg: None, pair: Pair::P384(pair) }
    }

    /// Ed25519.
    pub(crate) fn ed25519(kid: &'static str) -> Self {
        Self { kid, alg: None, pair: Pair::Ed25519(Ed25519KeyPair::generate().expect("an Ed25519 key")) }
    }

    /// Whether a signature of this algorithm may be verified with it.
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        let key_type = match self.pair {
            Pair::Rsa(_) => KeyType::Rsa,
            Pair::P256(_) => KeyType::EcP256,
            Pair::P384(_) => KeyType::EcP384,
            Pair::Ed25519(_) => KeyType::Ed25519,
        };
        algorithm.key_type() == key_type && self.alg.is_none_or(|alg| alg == algorithm.name())
    }

    /// As the issuer publishes it.
    pub(crate) fn jwk(&self) -> Value {
        let curve = |name: &str, point: &[u8]| {
            let (x, y) = point[1..].split_at(point.len() / 2);
            json!({"kty": "EC", "crv": name, "x": encode(x), "y": encode(y)})
        };
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "n": encode(public.n), "e": encode(public.e)})
            }
            Pair::P256(pair) => curve("P-256", pair.public_key().as_ref()),
            Pair::P384(pair) => curve("P-384", pair.public_key().as_ref()),
            Pair::Ed25519(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key())}),
        };
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        if let Some(alg) = self.alg {
            jwk["alg"] = json!(alg);
        }
        jwk
    }

    /// The public key's encoded bytes: for RSA the ASN.1 `RSAPublicKey`.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The signature of a message, in the key's own way where the algorithm is not for it.
    pub(crate) fn signature(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa_encoding(algorithm), &random, message, &mut signature).expect("a signature");
                signature
            }
            Pair::P256(pair) | Pair::P384(pair) => pair.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

fn rsa_encoding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs256 | Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
    }
}
