//! Tokens that were verified before: a bounded memory that spares the signature and the claims that cannot change.
//!
//! An entry answers for one whole token under one version of one profile, and for one key; it ends at `exp`. What can
//! change from call to call (`exp`, address, route) is never remembered.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};

use super::jose::jwk::VerificationKey;
use super::oauth::secret::BearerToken;
use super::profile::ProfileVersion;
use super::validation::verify::VerifiedToken;

/// How many tokens are remembered, at most.
const CAPACITY: usize = 512;

/// SHA-256 of a whole token, signature included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The hash: `ath` of a DPoP proof (RFC 9449 section 4.2) is its base64url.
    #[must_use]
    pub const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl From<&BearerToken> for TokenDigest {
    fn from(token: &BearerToken) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token.expose().as_bytes()).as_ref());
        Self(bytes)
    }
}

/// A token, and the key that proved it.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// The token.
    pub token: Arc<VerifiedToken>,
    /// The key. Where the issuer's current key is another one, the token has to be proven anew.
    pub key: Arc<VerificationKey>,
}

/// Two generations: what is used moves to the young one; when that is full it becomes the old one, which is forgotten.
/// A token that several profiles accept has an entry for each.
#[derive(Debug, Default)]
pub struct VerifiedTokens {
    young: HashMap<TokenDigest, Vec<Remembered>>,
    old: HashMap<TokenDigest, Vec<Remembered>>,
}

impl VerifiedTokens {
    /// Whether the token is remembered for any profile.
    #[must_use]
    pub fn knows(&self, token: TokenDigest) -> bool {
        self.young.contains_key(&token) || self.old.contains_key(&token)
    }

    /// The token, if it is remembered for this version of a profile.
    pub fn find(&mut self, token: TokenDigest, profile: ProfileVersion) -> Option<Remembered> {
        if let Some(entries) = self.old.remove(&token) {
            self.make_room();
            self.young.insert(token, entries);
        }
        let entries = self.young.get(&token)?;
        entries.iter().find(|entry| entry.token.profile().version() == profile).cloned()
    }

    /// Remembers a token, in place of what was known of it under this profile's name.
    pub fn remember(&mut self, token: TokenDigest, remembered: Remembered) {
        self.make_room();
        let entries = self.young.entry(token).or_default();
        entries.retain(|entry| entry.token.profile().name() != remembered.token.profile().name());
        entries.push(remembered);
    }

    /// Forgets a token.
    pub fn forget(&mut self, token: TokenDigest) {
        self.young.remove(&token);
        self.old.remove(&token);
    }

    /// How many tokens are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn make_room(&mut self) {
        if self.young.len() >= CAPACITY / 2 {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{CAPACITY, Remembered, TokenDigest, VerifiedTokens};
    use crate::domain::jose::jwk::VerificationKey;
    use crate::domain::jose::jwt::UnverifiedJwt;
    use crate::domain::oauth::secret::BearerToken;
    use crate::domain::profile::SecurityProfile;
    use crate::domain::validation::verify::Candidate;
    use crate::testing::{NOW, OKTA_KEY, claims, profile, profile_document, with};

    fn digest(text: &str) -> TokenDigest {
        TokenDigest::from(&BearerToken::new(text.to_owned()))
    }

    fn verified(profile: &Arc<SecurityProfile>) -> Remembered {
        let token = OKTA_KEY.access_token(&claims());
        let jwt = UnverifiedJwt::parse(&token).expect("a token");
        let key = Arc::new(VerificationKey::from_jwk(&OKTA_KEY.jwk()).expect("a key"));
        let token = Candidate::new(&jwt, profile, NOW).expect("a candidate").verify(&key).expect("verified");
        Remembered { token: Arc::new(token), key }
    }

    /// Threat 41.
    #[test]
    fn a_token_is_found_by_its_whole_text_and_its_profiles_version() {
        let one = profile(&profile_document());
        let other = profile(&with(profile_document(), "leewaySeconds", serde_json::json!(1)));
        let mut tokens = VerifiedTokens::default();
        tokens.remember(digest("a.b.c"), verified(&one));
        assert!(tokens.find(digest("a.b.c"), one.version()).is_some());
        assert!(tokens.find(digest("a.b.d"), one.version()).is_none(), "another signature is another token");
        assert!(tokens.find(digest("a.b.c"), other.version()).is_none(), "a changed profile decides anew");
        tokens.forget(digest("a.b.c"));
        assert!(!tokens.knows(digest("a.b.c")) && tokens.is_empty());
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let profile = profile(&profile_document());
        let remembered = verified(&profile);
        let mut tokens = VerifiedTokens::default();
        tokens.remember(digest("kept"), remembered.clone());
        for index in 0..10 * CAPACITY {
            tokens.remember(digest(&index.to_string()), remembered.clone());
            assert!(tokens.find(digest("kept"), profile.version()).is_some());
            assert!(tokens.len() <= CAPACITY + 1);
        }
        assert!(!tokens.knows(digest("0")));
    }
}
