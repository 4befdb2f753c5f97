//! What the corpus is made in: a moment, an issuer and another tenant with their keys, the rules, and a good token.

use okta_security_profiles::domain::jose::algorithm::Algorithm;
use okta_security_profiles::domain::jose::base64url::encode;
use serde_json::{Value, json};

use crate::keys::Key;

/// The issuer of every good token.
pub(crate) const ISSUER: &str = "https://acme.okta.com/oauth2/default";
/// Where its keys are.
pub(crate) const KEYS_URL: &str = "https://acme.okta.com/oauth2/default/v1/keys";
/// Another tenant, whose tokens another profile accepts.
pub(crate) const OTHER_ISSUER: &str = "https://other.okta.com/oauth2/default";
/// Where its keys are.
pub(crate) const OTHER_KEYS_URL: &str = "https://other.okta.com/oauth2/default/v1/keys";
/// The audience.
pub(crate) const AUDIENCE: &str = "api://orders";
/// The scope that every token must hold.
pub(crate) const SCOPE: &str = "CustomScope";
/// Clients that may call.
pub(crate) const CLIENTS: [&str; 2] = ["0oa1orders", "0oa2orders"];
/// Tolerated clock difference, in seconds: the profile's default.
pub(crate) const LEEWAY: u64 = 30;
/// A `kid` of the greatest length.
pub(crate) static LONGEST_KID: &str = match str::from_utf8(&[b'k'; 256]) {
    Ok(kid) => kid,
    Err(_) => "",
};
/// A `kid` that looks like a path, a query and a piece of SQL, and is published under this very name.
pub(crate) const ODD_KID: &str = "../keys/a?b=c' OR '1'='1";

/// What a token is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rules {
    /// A profile as most are: RS256 alone.
    Okta,
    /// The same with every algorithm that there is.
    EveryAlgorithm,
}

impl Rules {
    /// For people and for the oracles.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Okta => "okta",
            Self::EveryAlgorithm => "every-algorithm",
        }
    }

    /// The algorithms.
    pub(crate) fn algorithms(self) -> Vec<&'static str> {
        match self {
            Self::Okta => vec!["RS256"],
            Self::EveryAlgorithm => Algorithm::ALL.map(Algorithm::name).to_vec(),
        }
    }

    /// The profile for an issuer.
    pub(crate) fn profile(self, issuer: &str) -> Value {
        json!({
            "version": 1, "issuer": issuer, "audiences": [AUDIENCE], "scopes": [SCOPE], "apis": ["*"],
            "clients": {"allow": CLIENTS}, "claims": [{"claim": "tenant", "equals": "acme"}],
            "algorithms": self.algorithms(), "leewaySeconds": LEEWAY,
        })
    }
}

/// Keys and a moment.
pub(crate) struct World {
    /// When the tokens are presented, in seconds since the epoch.
    pub(crate) now: u64,
    /// The issuer's signing key, as Okta publishes it.
    pub(crate) okta: Key,
    /// Another RSA key of the issuer, without `alg`.
    pub(crate) plain: Key,
    pub(crate) p256: Key,
    pub(crate) p384: Key,
    pub(crate) ed25519: Key,
    /// The other tenant's.
    pub(crate) other: Key,
    /// Nobody publishes these.
    pub(crate) attackers: Key,
    pub(crate) attackers_p256: Key,
}

impl World {
    pub(crate) fn at(now: u64) -> Self {
        Self {
            now,
            okta: Key::oktas("okta-key"),
            plain: Key::rsa("plain-key"),
            p256: Key::p256("p256-key"),
            p384: Key::p384("p384-key"),
            ed25519: Key::ed25519("ed25519-key"),
            other: Key::oktas("other-key"),
            attackers: Key::rsa("okta-key"),
            attackers_p256: Key::p256("p256-key"),
        }
    }

    /// The issuer's keys, each with another name.
    pub(crate) fn published(&self) -> [&Key; 5] {
        [&self.okta, &self.plain, &self.p256, &self.p384, &self.ed25519]
    }

    /// What the issuer publishes: its keys, and one of them under two more names.
    pub(crate) fn key_set(&self) -> Value {
        let mut keys: Vec<Value> = self.published().iter().map(|key| key.jwk()).collect();
        keys.extend([LONGEST_KID, ODD_KID].map(|kid| with(self.plain.jwk(), "kid", json!(kid))));
        json!({"keys": keys})
    }

    /// What the other tenant publishes.
    pub(crate) fn other_key_set(&self) -> Value {
        json!({"keys": [self.other.jwk()]})
    }

    /// A key set as it is stored beside a profile, a minute old.
    pub(crate) fn stored(&self, mut key_set: Value) -> String {
        key_set["fetchedAt"] = json!(self.now - 60);
        key_set["maxAge"] = json!(3_600);
        key_set.to_string()
    }

    /// The header that Okta writes.
    pub(crate) fn header(&self) -> Value {
        json!({"kid": self.okta.kid, "alg": "RS256"})
    }

    /// The claims of a good token: an hour long, a minute old.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "ver": 1, "jti": "AT.1", "iss": ISSUER, "aud": AUDIENCE, "iat": self.now - 60, "exp": self.now + 3_540,
            "cid": CLIENTS[0], "scp": [SCOPE], "sub": "orders-client", "tenant": "acme",
        })
    }

    /// A token of exactly these two texts, signed by Okta's key.
    pub(crate) fn sign(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        sign_with(&self.okta, Algorithm::Rs256, header, claims)
    }

    /// A good token with one header member set.
    pub(crate) fn with_header(&self, name: &str, value: Value) -> String {
        self.sign(with(self.header(), name, value).to_string(), self.claims().to_string())
    }

    /// A good token with one claim set.
    pub(crate) fn with_claim(&self, name: &str, value: Value) -> String {
        self.sign(self.header().to_string(), with(self.claims(), name, value).to_string())
    }

    /// A good token in which one claim has exactly this text for a value, JSON or not.
    pub(crate) fn with_raw_claim(&self, name: &str, value: &str) -> String {
        let claims = with(self.claims(), name, json!("PLACE")).to_string().replace("\"PLACE\"", value);
        self.sign(self.header().to_string(), claims)
    }

    /// A good token under a key of the issuer's, with an algorithm.
    pub(crate) fn under(&self, key: &Key, algorithm: Algorithm, id: &str) -> String {
        let header = json!({"kid": key.kid, "alg": algorithm.name()}).to_string();
        sign_with(key, algorithm, header, with(self.claims(), "jti", json!(id)).to_string())
    }
}

/// A token of exactly these two texts.
pub(crate) fn sign_with(key: &Key, algorithm: Algorithm, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    seal(key, algorithm, &format!("{}.{}", encode(header), encode(claims)))
}

/// A signed message with its signature behind it.
pub(crate) fn seal(key: &Key, algorithm: Algorithm, message: &str) -> String {
    format!("{message}.{}", encode(key.signature(algorithm, message.as_bytes())))
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
