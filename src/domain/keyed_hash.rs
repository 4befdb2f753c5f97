//! A keyed hash of secrets (HMAC-SHA256, RFC 2104) under a key of the process's own: what held tokens and refused clients
//! are filed under, so that no secret is kept and none can be found out from a hash.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use super::oauth::scope::ScopeSet;
use super::oauth::secret::ClientSecret;
use super::profile::{ClientId, ProfileVersion};

/// Makes the hashes of one process.
pub struct KeyedHash(hmac::Key);

/// A hash. Compared in constant time.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl KeyedHash {
    /// Hashes under a random key.
    #[must_use]
    pub fn under(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// A client's token for scopes under one version of a profile.
    #[must_use]
    pub fn of_token(
        &self,
        profile: ProfileVersion,
        client_id: &ClientId,
        secret: &ClientSecret,
        scopes: &ScopeSet,
    ) -> SecretDigest {
        let scopes = scopes.to_string();
        self.of(&[
            b"token",
            profile.as_bytes(),
            client_id.as_str().as_bytes(),
            secret.expose().as_bytes(),
            scopes.as_bytes(),
        ])
    }

    /// A client at one token endpoint, whoever speaks for it.
    #[must_use]
    pub fn of_client_id(&self, token_url: &str, client_id: &ClientId) -> SecretDigest {
        self.of(&[b"client id", token_url.as_bytes(), client_id.as_str().as_bytes()])
    }

    /// A client and a secret at one token endpoint.
    #[must_use]
    pub fn of_client(&self, token_url: &str, client_id: &ClientId, secret: &ClientSecret) -> SecretDigest {
        self.of(&[b"client", token_url.as_bytes(), client_id.as_str().as_bytes(), secret.expose().as_bytes()])
    }

    /// Whoever calls from an address for a client.
    #[must_use]
    pub fn of_caller(&self, token_url: &str, client_id: &ClientId, caller: IpAddr) -> SecretDigest {
        self.of(&[b"caller", token_url.as_bytes(), client_id.as_str().as_bytes(), caller.to_string().as_bytes()])
    }

    /// Each part goes with its length, so that no two lists of parts are the same bytes.
    fn of(&self, parts: &[&[u8]]) -> SecretDigest {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        SecretDigest(bytes)
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for SecretDigest {}

impl Hash for SecretDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl std::fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyedHash([redacted])")
    }
}

impl std::fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretDigest([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::KeyedHash;
    use crate::domain::oauth::scope::ScopeSet;
    use crate::domain::oauth::secret::ClientSecret;
    use crate::domain::profile::ClientId;
    use crate::testing::{profile, profile_document, with};

    /// Threat 73.
    #[test]
    fn every_part_and_the_key_make_another_hash() {
        let version = profile(&profile_document()).version();
        let other_version = profile(&with(profile_document(), "leewaySeconds", 1.into())).version();
        let scopes = |text: &str| ScopeSet::from_parameter(text).expect("scopes");
        let (hash, other) = (KeyedHash::under(&[1; 32]), KeyedHash::under(&[2; 32]));
        let of = |hash: &KeyedHash, version, id: &str, secret: &str, scope: &str| {
            let secret = ClientSecret::new(secret.to_owned());
            hash.of_token(version, &ClientId::new(id).expect("an id"), &secret, &scopes(scope))
        };
        let one = of(&hash, version, "ab", "cd", "a b");
        assert_eq!(one, of(&hash, version, "ab", "cd", "b a"), "scopes in any order");
        for another in [
            of(&hash, other_version, "ab", "cd", "a b"),
            of(&hash, version, "abc", "d", "a b"),
            of(&hash, version, "ab", "ce", "a b"),
            of(&hash, version, "ab", "cd", "a"),
            of(&other, version, "ab", "cd", "a b"),
        ] {
            assert_ne!(one, another);
        }
        let (id, secret) = (ClientId::new("ab").expect("an id"), ClientSecret::new("cd".to_owned()));
        assert_ne!(hash.of_client("https://a/", &id, &secret), hash.of_client("https://b/", &id, &secret));
        let callers =
            ["203.0.113.7", "203.0.113.8"].map(|ip| hash.of_caller("https://a/", &id, ip.parse().expect("an IP")));
        assert_ne!(callers[0], callers[1]);
    }
}
