//! A DPoP proof, checked point by point (RFC 9449 section 4.3). The numbers are those of the RFC's list.

use serde_json::{Map, Value};

use super::confirmation::{Sha256, sha256};
use super::target::TargetUri;
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::base64url;
use crate::domain::jose::jwk::VerificationKey;
use crate::domain::jose::signature::verify;
use crate::domain::jose::strict_json::parse_object;
use crate::domain::oauth::secret::DpopProof;
use crate::domain::time::UnixTime;

/// The largest proof that is looked at, in bytes. One with an RSA key of 4,096 bits has some 2,300.
const MAX_PROOF_BYTES: usize = 4 * 1024;
/// How old a proof may be, in seconds: as at Okta's own token endpoint (Okta developer guide, "Configure OAuth 2.0
/// Demonstrating Proof-of-Possession").
pub const MAX_PROOF_AGE_SECONDS: u64 = 300;
/// The longest `jti`, in bytes.
const MAX_ID_BYTES: usize = 256;
/// The `typ` of a proof.
const MEDIA_TYPE: &str = "dpop+jwt";
/// What a proof may be signed with: what Okta lists, as far as it can be verified here (all but ES512).
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512, Algorithm::Es256, Algorithm::Es384];
/// Members of a header that bring or point to another key, or change what is signed.
const FOREIGN_MEMBERS: [&str; 8] = ["jku", "x5u", "x5c", "crit", "b64", "zip", "enc", "cty"];

/// What a proof has to be about.
#[derive(Debug, Clone, Copy)]
pub struct ProofDemand<'d> {
    /// The request's method.
    pub method: &'d str,
    /// The request's URI: any of these.
    pub uris: &'d [TargetUri],
    /// SHA-256 of the access token that it comes with.
    pub token_hash: Sha256,
    /// The clock difference that is tolerated, in seconds.
    pub leeway_seconds: u64,
    /// Now.
    pub now: UnixTime,
}

/// A proof that passed every check but two: that its key is the token's, and that it was not used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedProof {
    /// The thumbprint of its key (RFC 7638).
    pub key: Sha256,
    /// `jti`.
    pub id: String,
    /// `iat`.
    pub issued_at: UnixTime,
}

/// Why a proof proves nothing. Never holds a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// 1: there is none.
    #[error("the request has no DPoP header")]
    Missing,
    /// 1: there are several.
    #[error("the request has more than one DPoP header")]
    Multiple,
    /// 2: no compact JWS of two JSON objects and a signature, over 4 KiB, or with a member in the header that no proof has.
    #[error("the DPoP proof is no JWT of at most {MAX_PROOF_BYTES} bytes")]
    Malformed,
    /// 3: a claim is missing or of another type.
    #[error("the DPoP proof's {claim} is missing or malformed")]
    Claim {
        /// `htm`, `htu`, `iat`, `jti` or `ath`.
        claim: &'static str,
    },
    /// 4: `typ` is not `dpop+jwt`.
    #[error("the DPoP proof's typ is not {MEDIA_TYPE}")]
    Type,
    /// 5: `alg` is none that Okta lists and that can be verified here.
    #[error("the DPoP proof's alg is not RS256, RS384, RS512, ES256 or ES384")]
    Algorithm,
    /// 7: `jwk` is missing, weak, private, or does not fit `alg`.
    #[error("the DPoP proof's jwk is missing, or no public key that fits its alg")]
    Key,
    /// 6: the signature is not the key's.
    #[error("the DPoP proof's signature is not valid")]
    Signature,
    /// 8: `htm` is another method.
    #[error("the DPoP proof's htm is not the request's method")]
    Method,
    /// 9: `htu` is another URI.
    #[error("the DPoP proof's htu is not the request's URL")]
    Url,
    /// 11: `iat` is too long ago.
    #[error("the DPoP proof is older than {MAX_PROOF_AGE_SECONDS} s")]
    TooOld,
    /// 11: `iat` is in the future.
    #[error("the DPoP proof was made in the future; the client's clock is ahead")]
    InFuture,
    /// 12: `ath` is another token's hash.
    #[error("the DPoP proof's ath is not the hash of the access token")]
    TokenHash,
    /// 12: the token is bound to another key.
    #[error("the DPoP proof's key is not the one that the token is bound to")]
    OtherKey,
    /// 11: `jti` was seen before.
    #[error("the DPoP proof was used before")]
    Replayed,
}

/// Checks a proof, cheapest first; the signature comes last but for what only it makes worth saying.
///
/// # Errors
/// [`ProofError`] with the first check that fails.
pub fn check(proof: &DpopProof, demand: &ProofDemand<'_>) -> Result<CheckedProof, ProofError> {
    let text = proof.expose();
    let mut parts = text.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(ProofError::Malformed);
    };
    if text.len() > MAX_PROOF_BYTES {
        return Err(ProofError::Malformed);
    }
    let header = object(header)?;
    if header.get("typ").and_then(Value::as_str) != Some(MEDIA_TYPE) {
        return Err(ProofError::Type);
    }
    if FOREIGN_MEMBERS.into_iter().any(|member| header.contains_key(member)) {
        return Err(ProofError::Malformed);
    }
    let algorithm = header.get("alg").and_then(Value::as_str).and_then(Algorithm::from_name);
    let algorithm = algorithm.filter(|given| ALGORITHMS.contains(given)).ok_or(ProofError::Algorithm)?;
    let claims = object(payload)?;
    let checked_claims = check_claims(&claims, demand)?;
    let key = header.get("jwk").and_then(|jwk| VerificationKey::of_proof(jwk).ok());
    let key = key.filter(|key| key.fits(algorithm)).ok_or(ProofError::Key)?;
    // Its encoding as well: a proof has one spelling.
    base64url::decode(signature).map_err(|_| ProofError::Malformed)?;
    let signed = &text[..text.len() - signature.len() - 1];
    verify(algorithm, &key, signed, signature).map_err(|_| ProofError::Signature)?;
    let (id, issued_at) = checked_claims;
    Ok(CheckedProof { key: key.thumbprint(), id: id.to_owned(), issued_at })
}

fn object(part: &str) -> Result<Map<String, Value>, ProofError> {
    let bytes = base64url::decode(part).map_err(|_| ProofError::Malformed)?;
    parse_object(&bytes).map_err(|_| ProofError::Malformed)
}

fn check_claims<'c>(
    claims: &'c Map<String, Value>,
    demand: &ProofDemand<'_>,
) -> Result<(&'c str, UnixTime), ProofError> {
    let text = |claim: &'static str| {
        claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or(ProofError::Claim { claim })
    };
    let id = text("jti")
        .and_then(|id| if id.len() <= MAX_ID_BYTES { Ok(id) } else { Err(ProofError::Claim { claim: "jti" }) })?;
    if text("htm")? != demand.method {
        return Err(ProofError::Method);
    }
    let uri = TargetUri::parse(text("htu")?).ok_or(ProofError::Claim { claim: "htu" })?;
    if !demand.uris.contains(&uri) {
        return Err(ProofError::Url);
    }
    // A NumericDate may have a fraction (RFC 7519 section 2).
    let seconds = claims.get("iat").and_then(Value::as_f64).filter(|seconds| (0.0..9e15).contains(seconds));
    let issued_at = UnixTime::from_seconds(seconds.ok_or(ProofError::Claim { claim: "iat" })?.floor() as u64);
    if issued_at.plus(MAX_PROOF_AGE_SECONDS) < demand.now {
        return Err(ProofError::TooOld);
    }
    if issued_at > demand.now.plus(demand.leeway_seconds) {
        return Err(ProofError::InFuture);
    }
    let hash = sha256(text("ath")?).ok_or(ProofError::Claim { claim: "ath" })?;
    if hash != demand.token_hash {
        return Err(ProofError::TokenHash);
    }
    Ok((id, issued_at))
}

impl ProofError {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "dpop_proof_missing",
            Self::Multiple => "dpop_proof_multiple",
            Self::Malformed | Self::Claim { .. } => "dpop_proof_malformed",
            Self::Type => "dpop_type_not_allowed",
            Self::Algorithm => "dpop_algorithm_not_allowed",
            Self::Key => "dpop_key_unusable",
            Self::Signature => "dpop_signature_invalid",
            Self::Method => "dpop_method_mismatch",
            Self::Url => "dpop_url_mismatch",
            Self::TooOld => "dpop_proof_too_old",
            Self::InFuture => "dpop_proof_in_future",
            Self::TokenHash => "dpop_token_hash_mismatch",
            Self::OtherKey => "dpop_key_mismatch",
            Self::Replayed => "dpop_proof_replayed",
        }
    }
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
