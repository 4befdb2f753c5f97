//! The core that the authorizer and the token function share: one token against one profile, its key found on the way.

use std::sync::{Arc, Mutex, PoisonError};

use crate::application::call_time::CallTime;
use crate::application::key_ring::{KeyRing, KeyRingError};
use crate::application::profile_catalog::LoadedProfile;
use crate::domain::jose::header::KeyId;
use crate::domain::jose::jwk::VerificationKey;
use crate::domain::jose::jwt::UnverifiedJwt;
use crate::domain::validation::error::TokenError;
use crate::domain::validation::verify::{Candidate, VerifiedToken};
use crate::domain::verified_tokens::{Remembered, TokenDigest, VerifiedTokens};
use crate::ports::key_set_source::KeySetSource;

/// Why a token is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyTokenError {
    /// The token is at fault.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No keys are there to verify it with; the token may be good.
    #[error(transparent)]
    Keys(KeyRingError),
}

/// Verifies `jwt` by the rules of a profile. No key is looked up before everything else about the token is right.
///
/// # Errors
/// [`VerifyTokenError`], which tells a bad token from missing keys.
pub async fn verify_token<K: KeySetSource>(
    jwt: &UnverifiedJwt<'_>,
    loaded: &LoadedProfile,
    keys: &KeyRing<K>,
    time: CallTime,
) -> Result<Remembered, VerifyTokenError> {
    let candidate = Candidate::new(jwt, &loaded.profile, time.now.wall)?;
    let key = find_key(candidate.key_id(), loaded, keys, time).await?;
    let token = Arc::new(candidate.verify(&key)?);
    Ok(Remembered { token, key })
}

/// Tokens that this sandbox has verified, shared by its calls.
#[derive(Debug, Default)]
pub struct TokenMemory(Mutex<VerifiedTokens>);

impl TokenMemory {
    /// The token, if it was verified before under this version of the profile and with the key that its issuer still
    /// has; `None` where it has to be verified.
    ///
    /// # Errors
    /// [`VerifyTokenError`] where it has expired since, or its keys can no longer be trusted.
    pub async fn recall<K: KeySetSource>(
        &self,
        digest: TokenDigest,
        loaded: &LoadedProfile,
        keys: &KeyRing<K>,
        time: CallTime,
    ) -> Result<Option<Arc<VerifiedToken>>, VerifyTokenError> {
        let Some(remembered) = self.with(|tokens| tokens.find(digest, loaded.profile.version())) else {
            return Ok(None);
        };
        if let Err(ended) = remembered.token.check_times(time.now.wall) {
            self.with(|tokens| tokens.forget(digest));
            return Err(VerifyTokenError::Token(ended));
        }
        Ok(is_still_proven(&remembered, loaded, keys, time).await?.then_some(remembered.token))
    }

    /// Whether the token was verified before, under any profile.
    #[must_use]
    pub fn knows(&self, digest: TokenDigest) -> bool {
        self.with(|tokens| tokens.knows(digest))
    }

    /// Remembers a token that was verified just now.
    pub fn remember(&self, digest: TokenDigest, verified: &Remembered) {
        self.with(|tokens| tokens.remember(digest, verified.clone()));
    }

    fn with<T>(&self, work: impl FnOnce(&mut VerifiedTokens) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether the issuer still has the key that proved a token.
///
/// # Errors
/// [`VerifyTokenError`] where its keys can no longer be trusted.
pub async fn is_still_proven<K: KeySetSource>(
    verified: &Remembered,
    loaded: &LoadedProfile,
    keys: &KeyRing<K>,
    time: CallTime,
) -> Result<bool, VerifyTokenError> {
    let current = find_key(verified.key.key_id(), loaded, keys, time).await?;
    Ok(current.is_same_as(&verified.key))
}

async fn find_key<K: KeySetSource>(
    key_id: &KeyId,
    loaded: &LoadedProfile,
    keys: &KeyRing<K>,
    time: CallTime,
) -> Result<Arc<VerificationKey>, VerifyTokenError> {
    let found = keys.find(&loaded.profile, loaded.stored_keys.as_deref(), key_id, time).await;
    found.map_err(|error| match error {
        KeyRingError::Unknown => VerifyTokenError::Token(TokenError::UnknownKey { key_id: key_id.clone() }),
        KeyRingError::UnknownCoolingDown => {
            VerifyTokenError::Token(TokenError::UnknownKeyCoolingDown { key_id: key_id.clone() })
        }
        unavailable @ KeyRingError::Unavailable { .. } => VerifyTokenError::Keys(unavailable),
    })
}
