//! The core that the authorizer and the token function share: one token against one profile, its key found on the way.

use crate::application::key_ring::{KeyRing, KeyRingError};
use crate::application::profile_catalog::LoadedProfile;
use crate::domain::jose::jwt::UnverifiedJwt;
use crate::domain::time::Moment;
use crate::domain::validation::error::TokenError;
use crate::domain::validation::verify::{Candidate, VerifiedToken};
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
    now: Moment,
) -> Result<VerifiedToken, VerifyTokenError> {
    let candidate = Candidate::new(jwt, &loaded.profile, now.wall)?;
    let key_id = candidate.key_id();
    let key =
        keys.find(&loaded.profile, loaded.stored_keys.as_deref(), key_id, now).await.map_err(|error| match error {
            KeyRingError::Unknown => VerifyTokenError::Token(TokenError::UnknownKey { key_id: key_id.clone() }),
            KeyRingError::UnknownCoolingDown => {
                VerifyTokenError::Token(TokenError::UnknownKeyCoolingDown { key_id: key_id.clone() })
            }
            unavailable @ KeyRingError::Unavailable { .. } => VerifyTokenError::Keys(unavailable),
        })?;
    Ok(candidate.verify(&key)?)
}
