//! What unit tests are made of: keys, tokens, profiles and moments that are good until a test spoils one thing.

mod introspection_endpoint;
mod okta;
mod token_endpoint;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use url::Url;

use crate::application::call_time::CallTime;
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::base64url;
use crate::domain::jose::key_set::KeySet;
use crate::domain::profile::{ProfileName, SecurityProfile, Transport};
use crate::domain::time::{Moment, MonotonicTime, UnixTime};
use crate::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};
use crate::ports::profile_store::StoredProfile;

pub(crate) use okta::OktaTwin;
pub(crate) use token_endpoint::{Mood, TokenEndpointTwin};

/// The issuer of every good token.
pub(crate) const ISSUER: &str = "https://acme.okta.com/oauth2/default";
/// Where its keys are.
pub(crate) const KEYS_URL: &str = "https://acme.okta.com/oauth2/default/v1/keys";
/// The time at which every test begins.
pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

/// As long as a call may take where a test is not about that.
pub(crate) const PLENTY: Duration = Duration::from_secs(10);

/// The issuer's key, RSA 2048.
pub(crate) static OKTA_KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("okta-key"));
/// A good key of somebody else, RSA 2048.
pub(crate) static FOREIGN_KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("foreign-key"));

/// A key pair and the `kid` under which it is published.
pub(crate) struct SigningKey {
    pub(crate) key_id: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    fn rsa(key_id: &'static str) -> Self {
        Self { key_id, pair: Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key")) }
    }

    pub(crate) fn p256(key_id: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key");
        Self { key_id, pair: Pair::P256(pair) }
    }

    pub(crate) fn p384(key_id: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a P-384 key");
        Self { key_id, pair: Pair::P384(pair) }
    }

    pub(crate) fn ed25519(key_id: &'static str) -> Self {
        Self { key_id, pair: Pair::Ed25519(Ed25519KeyPair::generate().expect("an Ed25519 key")) }
    }

    /// The public key as a JWK without `alg` and `use`.
    pub(crate) fn jwk(&self) -> Value {
        let kid = self.key_id;
        let curve = |name: &str, point: &[u8]| {
            let (x, y) = point[1..].split_at(point.len() / 2);
            json!({"kty": "EC", "kid": kid, "crv": name, "x": base64url::encode(x), "y": base64url::encode(y)})
        };
        match &self.pair {
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "kid": kid, "n": base64url::encode(public.n), "e": base64url::encode(public.e)})
            }
            Pair::P256(pair) => curve("P-256", pair.public_key().as_ref()),
            Pair::P384(pair) => curve("P-384", pair.public_key().as_ref()),
            Pair::Ed25519(pair) => {
                json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": base64url::encode(pair.public_key())})
            }
        }
    }

    /// The public key's encoded bytes, as a careless verifier might take them for a shared secret.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The header that Okta writes.
    pub(crate) fn header(&self, algorithm: Algorithm) -> Value {
        json!({"kid": self.key_id, "alg": algorithm.name()})
    }

    /// A token as Okta signs it: RS256.
    pub(crate) fn access_token(&self, claims: &Value) -> String {
        self.token(&self.header(Algorithm::Rs256), Algorithm::Rs256, claims)
    }

    /// A token under any header, signed with `algorithm` whatever the header says.
    pub(crate) fn token(&self, header: &Value, algorithm: Algorithm, claims: &Value) -> String {
        let message = signing_input(header, claims);
        let signature = self.signature(algorithm, message.as_bytes());
        format!("{message}.{}", base64url::encode(signature))
    }

    /// The signature of `message`.
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
        Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => panic!("{algorithm} is not for RSA keys"),
    }
}

/// What a signature covers (RFC 7515 section 5.1).
pub(crate) fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(claims.to_string()))
}

/// The claims of a good token at [`NOW`]: an hour long, a minute old.
pub(crate) fn claims() -> Value {
    json!({
        "ver": 1, "jti": "AT.1", "iss": ISSUER, "aud": "api://orders", "iat": NOW.seconds() - 60,
        "exp": NOW.seconds() + 3_540, "cid": "0oa1", "scp": ["CustomScope"], "sub": "orders-client"
    })
}

/// A profile document that accepts [`claims`] on every API.
pub(crate) fn profile_document() -> Value {
    json!({
        "version": 1, "issuer": ISSUER, "audiences": ["api://orders"], "scopes": ["CustomScope"], "apis": ["*"]
    })
}

/// `object` with one member set.
pub(crate) fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

/// `object` without one member.
pub(crate) fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().expect("an object").remove(name).expect("a member to remove");
    object
}

/// A profile's name.
pub(crate) fn name(name: &str) -> ProfileName {
    ProfileName::new(name).expect("a profile name")
}

/// The profile `orders` of a document.
pub(crate) fn profile(document: &Value) -> Arc<SecurityProfile> {
    let profile = SecurityProfile::from_json(&name("orders"), &document.to_string(), Transport::Https);
    Arc::new(profile.expect("a valid profile"))
}

/// A profile as a store holds it, without a stored key set.
pub(crate) fn stored(profile: &str, document: &Value) -> StoredProfile {
    StoredProfile { name: name(profile), document: document.to_string(), key_set: None }
}

/// A key set document.
pub(crate) fn key_set(jwks: &[Value]) -> String {
    json!({"keys": jwks}).to_string()
}

/// A call that begins `elapsed` after the beginning, with plenty of time.
pub(crate) fn call_at(elapsed: Duration) -> CallTime {
    CallTime { now: after(elapsed), left: PLENTY }
}

/// Both clocks, `elapsed` after the beginning.
pub(crate) fn after(elapsed: Duration) -> Moment {
    Moment { wall: NOW.plus(elapsed.as_secs()), monotonic: MonotonicTime::from_start(elapsed) }
}

/// Key sets by keys URL; any other URL cannot be reached. Notes every URL that it is asked for.
#[derive(Debug, Default)]
pub(crate) struct KeysByUrl {
    documents: Mutex<HashMap<String, String>>,
    asked: Mutex<Vec<String>>,
}

impl KeysByUrl {
    /// Serves a key set with these keys at `url` from now on.
    pub(crate) fn serve(&self, url: &str, jwks: &[Value]) {
        self.documents.lock().expect("unpoisoned").insert(url.to_owned(), key_set(jwks));
    }

    /// Serves nothing from now on.
    pub(crate) fn go_down(&self) {
        self.documents.lock().expect("unpoisoned").clear();
    }

    /// The URLs that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("unpoisoned").clone()
    }
}

impl KeySetSource for KeysByUrl {
    async fn fetch(&self, keys_url: &Url, _within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        let url = keys_url.to_string();
        self.asked.lock().expect("unpoisoned").push(url.clone());
        // Let every other task run first, as a real fetch does.
        tokio::task::yield_now().await;
        let document = self.documents.lock().expect("unpoisoned").get(&url).cloned();
        let document = document.ok_or(KeySetSourceError::Status { url, status: 503 })?;
        let keys = KeySet::from_json(document.as_bytes()).expect("a key set");
        Ok(FetchedKeySet { keys, document: document.into_bytes(), max_age: None, date: None })
    }
}
