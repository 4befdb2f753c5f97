//! What a caller shows besides its token, and whether that proves what the token is bound to.

use super::confirmation::Sha256;
use super::mode::Binding;
use super::proof::{CheckedProof, ProofDemand, ProofError, check};
use super::target::{RequestTarget, TargetUri};
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::oauth::bearer::Scheme;
use crate::domain::oauth::secret::DpopProof;
use crate::domain::time::UnixTime;
use crate::domain::validation::verify::VerifiedToken;
use crate::domain::verified_tokens::TokenDigest;

/// What a request shows besides its token.
#[derive(Debug, Default)]
pub struct Possession {
    /// The header `DPoP`.
    pub proof: ShownProof,
    /// The client certificate of the TLS connection.
    pub certificate: ShownCertificate,
    /// What was called; `None` where the event does not say.
    pub target: Option<RequestTarget>,
}

/// The header `DPoP` of a request.
#[derive(Debug, Default)]
pub enum ShownProof {
    /// There is none.
    #[default]
    Absent,
    /// There is one.
    One(DpopProof),
    /// There are several.
    Several,
}

/// The client certificate that a request came with, as its SHA-256 hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ShownCertificate {
    /// There is none.
    #[default]
    Absent,
    /// API Gateway took this one.
    Hash(Sha256),
    /// There is one that cannot be read.
    Unreadable,
}

/// How a token came to its call.
#[derive(Debug, Clone, Copy)]
pub enum Presentation<'p> {
    /// The gateway fetched it for its caller, who can prove no possession.
    Fetched,
    /// The caller presented it.
    Shown(Shown<'p>),
}

/// A token that its caller presented, and all that was shown with it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'p> {
    /// How the token was presented.
    pub scheme: Scheme,
    /// SHA-256 of the token.
    pub token: TokenDigest,
    /// What was shown with it.
    pub possession: &'p Possession,
    /// Now.
    pub now: UnixTime,
}

/// Why a token's binding is not proven. Never holds a part of the token, the proof or the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// The profile takes bound tokens only.
    #[error("the token is not bound as the profile's `binding` asks for")]
    NotBound,
    /// The token is bound, and the profile has nothing to check it with.
    #[error("the token is bound to a key or a certificate, and the profile's `binding` is `none`")]
    NotEnabled,
    /// A token that is bound to a key was presented as a bearer token (RFC 9449 section 7.2).
    #[error("the token is bound to a key and was presented as a bearer token")]
    BearerScheme,
    /// A token that is not bound to a key was presented with the scheme `DPoP`.
    #[error("the token is bound to no key and was presented with the scheme DPoP")]
    DpopScheme,
    /// The proof proves nothing.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The connection had no client certificate.
    #[error("the token is bound to a certificate, and the connection had none")]
    NoCertificate,
    /// The connection's certificate cannot be read.
    #[error("the token is bound to a certificate, and the connection's cannot be read")]
    UnreadableCertificate,
    /// The connection's certificate is another one.
    #[error("the token is bound to another certificate than the connection's")]
    OtherCertificate,
}

/// Whether everything that the token is bound to was shown. What was checked of a proof is returned: whether it was used before
/// is still to be found out.
///
/// # Errors
/// [`BindingError`] with the first check that fails.
pub fn check_binding(
    token: &VerifiedToken,
    presentation: Presentation<'_>,
    arn: &MethodArn,
) -> Result<Option<CheckedProof>, BindingError> {
    let profile = token.profile();
    let confirmation = token.claims().confirmation.as_ref();
    profile.binding().mode.admit(confirmation)?;
    let shown = match (presentation, confirmation) {
        (Presentation::Shown(shown), _) => shown,
        (Presentation::Fetched, None) => return Ok(None),
        (Presentation::Fetched, Some(_)) => return Err(BindingError::NotEnabled),
    };
    match (shown.scheme, confirmation.and_then(|bound| bound.key)) {
        (Scheme::Bearer, Some(_)) => return Err(BindingError::BearerScheme),
        (Scheme::Dpop, None) => return Err(BindingError::DpopScheme),
        (Scheme::Bearer, None) | (Scheme::Dpop, Some(_)) => {}
    }
    let Some(bound) = confirmation else { return Ok(None) };
    if let Some(certificate) = bound.certificate {
        match shown.possession.certificate {
            ShownCertificate::Absent => return Err(BindingError::NoCertificate),
            ShownCertificate::Unreadable => return Err(BindingError::UnreadableCertificate),
            // Both are public: the token names one, the connection shows the other.
            ShownCertificate::Hash(hash) if hash != certificate => return Err(BindingError::OtherCertificate),
            ShownCertificate::Hash(_) => {}
        }
    }
    let Some(key) = bound.key else { return Ok(None) };
    let proof = match &shown.possession.proof {
        ShownProof::Absent => return Err(ProofError::Missing.into()),
        ShownProof::Several => return Err(ProofError::Multiple.into()),
        ShownProof::One(proof) => proof,
    };
    let target = shown.possession.target.as_ref();
    let uris = match profile.binding().urls.as_slice() {
        [] => target.and_then(TargetUri::of_request).into_iter().collect(),
        bases => bases.iter().filter_map(|base| TargetUri::below(base, arn.path())).collect::<Vec<_>>(),
    };
    let demand = ProofDemand {
        method: target.map_or("", |target| &target.method),
        uris: &uris,
        token_hash: shown.token.bytes(),
        leeway_seconds: profile.leeway_seconds(),
        now: shown.now,
    };
    let checked = check(proof, &demand)?;
    if checked.key == key { Ok(Some(checked)) } else { Err(ProofError::OtherKey.into()) }
}

impl BindingError {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotBound => "token_not_bound",
            Self::NotEnabled => "binding_not_enabled",
            Self::BearerScheme => "bound_token_as_bearer",
            Self::DpopScheme => "dpop_token_not_bound",
            Self::Proof(error) => error.reason(),
            Self::NoCertificate => "client_certificate_missing",
            Self::UnreadableCertificate => "client_certificate_unreadable",
            Self::OtherCertificate => "client_certificate_mismatch",
        }
    }
}

/// `binding` and `dpop` of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BindingRules {
    /// What tokens must be bound to.
    pub mode: Binding,
    /// The base URLs that clients call; none: the event says it.
    pub urls: Vec<String>,
}
