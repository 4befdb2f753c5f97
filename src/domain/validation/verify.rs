//! From a well-formed token to a verified one: what the profile says of it, then the signature (RFC 7519 section 7.2,
//! RFC 9068 section 4).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::TokenError;
use crate::domain::jose::claims::Claims;
use crate::domain::jose::header::KeyId;
use crate::domain::jose::jwk::VerificationKey;
use crate::domain::jose::jwt::UnverifiedJwt;
use crate::domain::jose::signature::SignatureError;
use crate::domain::oauth::introspection;
use crate::domain::profile::SecurityProfile;
use crate::domain::time::UnixTime;

/// A token that a profile would accept if its signature is good. Only its key is missing.
#[derive(Debug)]
pub struct Candidate<'j, 't> {
    jwt: &'j UnverifiedJwt<'t>,
    profile: &'j Arc<SecurityProfile>,
}

/// A token whose issuer, audience and times were checked against a profile, and which somebody vouches for: the issuer's
/// signature, or its word.
///
/// INVARIANT: made by [`Candidate::verify`] and [`VerifiedToken::introspected`] alone, so that having one proves that every check
/// ran.
#[derive(Debug, Clone)]
pub struct VerifiedToken {
    claims: Claims,
    /// The key that proved the claims; none where the issuer's word did.
    key_id: Option<KeyId>,
    profile: Arc<SecurityProfile>,
}

impl<'j, 't> Candidate<'j, 't> {
    /// Checks all that needs no key, cheapest first: `alg`, `typ`, `iss`, `aud`, `exp`, `nbf`, `iat`, lifetime.
    ///
    /// # Errors
    /// [`TokenError`] with the first check that fails.
    pub fn new(
        jwt: &'j UnverifiedJwt<'t>,
        profile: &'j Arc<SecurityProfile>,
        now: UnixTime,
    ) -> Result<Self, TokenError> {
        let algorithm = jwt.header.algorithm;
        if !profile.accepts_algorithm(algorithm) {
            return Err(TokenError::AlgorithmNotAllowed { algorithm });
        }
        if !profile.token_types().accept(jwt.header.media_type.as_deref()) {
            return Err(TokenError::TypeNotAllowed);
        }
        check_issuer(&jwt.claims, profile)?;
        check_audience(&jwt.claims, profile)?;
        check_times(&jwt.claims, profile, now)?;
        Ok(Self { jwt, profile })
    }

    /// The `kid` of the key that is needed, to be looked up among the keys of the profile's issuer.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.jwt.header.key_id
    }

    /// Verifies the signature.
    ///
    /// # Errors
    /// [`TokenError::KeyUnfit`] or [`TokenError::SignatureInvalid`].
    pub fn verify(self, key: &VerificationKey) -> Result<VerifiedToken, TokenError> {
        self.jwt.check_signature(key).map_err(|error| match error {
            SignatureError::KeyUnfit { algorithm } => TokenError::KeyUnfit { algorithm },
            SignatureError::Invalid => TokenError::SignatureInvalid,
        })?;
        Ok(VerifiedToken {
            claims: self.jwt.claims.clone(),
            key_id: Some(self.jwt.header.key_id.clone()),
            profile: Arc::clone(self.profile),
        })
    }
}

impl VerifiedToken {
    /// A token that its authorization server calls active, with the claims that the server says it has: they are held against
    /// the profile like a signed token's.
    ///
    /// # Errors
    /// [`TokenError`] with the first check that fails.
    pub fn introspected(
        answer: &Map<String, Value>,
        profile: &Arc<SecurityProfile>,
        now: UnixTime,
    ) -> Result<Self, TokenError> {
        let claims = introspection::claims(answer).map_err(TokenError::Introspected)?;
        check_issuer(&claims, profile)?;
        check_audience(&claims, profile)?;
        check_times(&claims, profile, now)?;
        Ok(Self { claims, key_id: None, profile: Arc::clone(profile) })
    }

    /// The claims, proven by the issuer's signature or its word.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The `kid` of the key that proved them; none where the issuer's word did.
    #[must_use]
    pub const fn key_id(&self) -> Option<&KeyId> {
        self.key_id.as_ref()
    }

    /// The profile whose rules the token satisfied.
    #[must_use]
    pub fn profile(&self) -> &Arc<SecurityProfile> {
        &self.profile
    }

    /// Whether `exp`, `nbf` and `iat` still hold, for a token that was verified before.
    ///
    /// # Errors
    /// [`TokenError`] with the first that does not.
    pub fn check_times(&self, now: UnixTime) -> Result<(), TokenError> {
        check_times(&self.claims, &self.profile, now)
    }

    /// Who calls: `sub`, or `cid` where there is none. Never empty.
    #[must_use]
    pub fn principal(&self) -> &str {
        self.claims.subject.as_deref().unwrap_or(&self.claims.client_id)
    }
}

fn check_issuer(claims: &Claims, profile: &SecurityProfile) -> Result<(), TokenError> {
    let expected = profile.issuer().as_str();
    if claims.issuer == expected {
        return Ok(());
    }
    let is_org_server = expected
        .strip_prefix(&claims.issuer)
        .is_some_and(|path| path.starts_with("/oauth2/") && claims.issuer.matches('/').count() == 2);
    Err(if is_org_server { TokenError::OrgAuthorizationServer } else { TokenError::IssuerMismatch })
}

fn check_audience(claims: &Claims, profile: &SecurityProfile) -> Result<(), TokenError> {
    let is_ours = |given: &String| profile.audiences().iter().any(|audience| given == audience.as_str());
    if claims.audiences.iter().any(is_ours) { Ok(()) } else { Err(TokenError::AudienceMismatch) }
}

fn check_times(claims: &Claims, profile: &SecurityProfile, now: UnixTime) -> Result<(), TokenError> {
    let leeway = profile.leeway_seconds();
    let Claims { expires_at, not_before, issued_at, .. } = *claims;
    if expires_at.plus(leeway) <= now {
        return Err(TokenError::Expired { expires_at, now });
    }
    if let Some(not_before) = not_before.filter(|not_before| *not_before > now.plus(leeway)) {
        return Err(TokenError::NotYetValid { not_before, now });
    }
    if issued_at > now.plus(leeway) {
        return Err(TokenError::IssuedInFuture { issued_at, now });
    }
    let seconds = expires_at.since(issued_at).as_secs();
    let allowed = profile.max_token_lifetime_seconds();
    if seconds > allowed {
        return Err(TokenError::LifetimeTooLong { seconds, allowed });
    }
    Ok(())
}
