//! Tokens that were fetched for clients, held for their next request: found by a keyed hash, reused until shortly before
//! they expire, a bounded number of them. It never fetches and never reads a clock.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::keyed_hash::SecretDigest;
use super::oauth::secret::AccessToken;
use super::time::UnixTime;
use super::verified_tokens::Remembered;

/// How many tokens are held, at most.
pub const CAPACITY: usize = 1_024;
/// A token is not handed out in the last part of its life: a tenth of it, and at least a minute.
const MIN_MARGIN: Duration = Duration::from_secs(60);
/// A token that cannot be replaced now is handed out as long as it has this much left.
const LEAST_USE: Duration = Duration::from_secs(5);

/// A token that was fetched and verified.
#[derive(Debug)]
pub struct HeldToken {
    /// The token.
    pub access_token: AccessToken,
    /// What was verified, and the key that proved it.
    pub verified: Remembered,
}

/// What the cache says.
#[derive(Debug, Clone)]
pub enum TokenLookup {
    /// This token is handed out.
    Reuse(Arc<HeldToken>),
    /// This token should be replaced; where none can be fetched it is handed out once more.
    Replace(Arc<HeldToken>),
    /// None is held.
    Nothing,
}

impl TokenLookup {
    /// The token, if one is held.
    #[must_use]
    pub const fn token(&self) -> Option<&Arc<HeldToken>> {
        match self {
            Self::Reuse(token) | Self::Replace(token) => Some(token),
            Self::Nothing => None,
        }
    }
}

/// The held tokens.
#[derive(Debug, Default)]
pub struct TokenCache {
    tokens: HashMap<SecretDigest, Arc<HeldToken>>,
    /// In the order of their arrival.
    order: VecDeque<SecretDigest>,
}

impl TokenCache {
    /// Looks for a token.
    #[must_use]
    pub fn look_up(&self, digest: &SecretDigest, now: UnixTime) -> TokenLookup {
        let Some(token) = self.tokens.get(digest) else { return TokenLookup::Nothing };
        let left = token.expires_at().since(now);
        if left > token.margin() {
            TokenLookup::Reuse(Arc::clone(token))
        } else if left > LEAST_USE {
            TokenLookup::Replace(Arc::clone(token))
        } else {
            TokenLookup::Nothing
        }
    }

    /// Holds a token; the oldest one gives way where there are too many.
    pub fn hold(&mut self, digest: SecretDigest, token: Arc<HeldToken>) {
        if self.tokens.insert(digest, token).is_some() {
            self.order.retain(|held| *held != digest);
        }
        self.order.push_back(digest);
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.tokens.remove(&oldest);
        }
    }

    /// Forgets a token.
    pub fn forget(&mut self, digest: &SecretDigest) {
        if self.tokens.remove(digest).is_some() {
            self.order.retain(|held| held != digest);
        }
    }

    /// How many tokens are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }
}

impl HeldToken {
    /// `exp`.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.verified.token.claims().expires_at
    }

    fn margin(&self) -> Duration {
        let claims = self.verified.token.claims();
        (claims.expires_at.since(claims.issued_at) / 10).max(MIN_MARGIN)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{CAPACITY, HeldToken, TokenCache, TokenLookup};
    use crate::domain::jose::jwk::VerificationKey;
    use crate::domain::jose::jwt::UnverifiedJwt;
    use crate::domain::keyed_hash::{KeyedHash, SecretDigest};
    use crate::domain::oauth::secret::{AccessToken, ClientSecret};
    use crate::domain::profile::ClientId;
    use crate::domain::validation::verify::Candidate;
    use crate::domain::verified_tokens::Remembered;
    use crate::testing::{NOW, OKTA_KEY, claims, profile, profile_document, with};

    fn digest(text: &str) -> SecretDigest {
        let id = ClientId::new("0oa1").expect("an id");
        KeyedHash::under(&[7; 32]).of_client("https://a/", &id, &ClientSecret::new(text.to_owned()))
    }

    /// A token that lives so many seconds from now.
    fn token(lifetime: u64) -> Arc<HeldToken> {
        let claims = with(with(claims(), "iat", NOW.seconds().into()), "exp", (NOW.seconds() + lifetime).into());
        let text = OKTA_KEY.access_token(&claims);
        let jwt = UnverifiedJwt::parse(&text).expect("a token");
        let key = Arc::new(VerificationKey::from_jwk(&OKTA_KEY.jwk()).expect("a key"));
        let profile = profile(&profile_document());
        let candidate = Candidate::new(&jwt, &profile, NOW).expect("a candidate");
        let token = Arc::new(candidate.verify(&key).expect("verified"));
        Arc::new(HeldToken { access_token: AccessToken::new(text.clone()), verified: Remembered { token, key } })
    }

    fn state(cache: &TokenCache, after: u64) -> &'static str {
        match cache.look_up(&digest("a"), NOW.plus(after)) {
            TokenLookup::Reuse(_) => "reuse",
            TokenLookup::Replace(_) => "replace",
            TokenLookup::Nothing => "nothing",
        }
    }

    #[test]
    fn a_token_is_reused_until_a_tenth_of_its_life_is_left_and_at_least_a_minute() {
        for (lifetime, until) in [(3_600, 3_240), (300, 240), (86_400, 77_760)] {
            let mut cache = TokenCache::default();
            cache.hold(digest("a"), token(lifetime));
            assert_eq!([0, until - 1].map(|after| state(&cache, after)), ["reuse"; 2], "{lifetime}");
            assert_eq!([until, lifetime - 6].map(|after| state(&cache, after)), ["replace"; 2], "{lifetime}");
            assert_eq!([lifetime - 5, lifetime, lifetime + 9].map(|after| state(&cache, after)), ["nothing"; 3]);
        }
    }

    /// Threat 73.
    #[test]
    fn a_token_is_found_under_its_own_hash_only_and_forgotten_whole() {
        let mut cache = TokenCache::default();
        cache.hold(digest("a"), token(3_600));
        assert!(matches!(cache.look_up(&digest("b"), NOW), TokenLookup::Nothing));
        cache.forget(&digest("a"));
        assert!(cache.is_empty() && cache.order.is_empty());
        assert_eq!(state(&cache, 0), "nothing");
    }

    #[test]
    fn the_number_of_tokens_is_bounded_and_the_oldest_goes_first() {
        let (mut cache, token) = (TokenCache::default(), token(3_600));
        for number in 0..CAPACITY + 10 {
            cache.hold(digest(&number.to_string()), Arc::clone(&token));
        }
        assert_eq!((cache.len(), cache.order.len()), (CAPACITY, CAPACITY));
        assert!(matches!(cache.look_up(&digest("9"), NOW), TokenLookup::Nothing));
        assert!(matches!(cache.look_up(&digest("10"), NOW), TokenLookup::Reuse(_)));
        cache.hold(digest("10"), Arc::clone(&token));
        cache.hold(digest("new"), token);
        assert!(matches!(cache.look_up(&digest("10"), NOW), TokenLookup::Reuse(_)), "it was held again");
        assert!(matches!(cache.look_up(&digest("11"), NOW), TokenLookup::Nothing));
    }
}
