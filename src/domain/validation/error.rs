//! Why a token or a call is refused: one closed enum per question, one fixed word per reason.

use crate::domain::binding::possession::BindingError;
use crate::domain::deny_list::Listed;
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::claims::ClaimError;
use crate::domain::jose::header::{HeaderError, KeyId};
use crate::domain::jose::jwt::JwtError;
use crate::domain::oauth::bearer::CredentialError;
use crate::domain::time::UnixTime;

/// The rungs of the ladder, in order. Of several profiles' refusals, the one that got furthest is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// The header and the signature's algorithm.
    Algorithm,
    /// `typ`.
    Type,
    /// `iss`.
    Issuer,
    /// `aud`.
    Audience,
    /// `exp`, `nbf`, `iat` and the lifetime.
    Time,
    /// The key by issuer and `kid`.
    Key,
    /// The signature.
    Signature,
    /// What the authorization server says of the token.
    Introspection,
    /// The deny list.
    DenyList,
    /// What the token is bound to.
    Binding,
    /// The client.
    Client,
    /// Further claims.
    Claims,
    /// The scopes that every token must hold.
    Scope,
    /// The caller's address.
    SourceIp,
    /// The route.
    Route,
}

/// Why a token is not accepted by a profile: it proves nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// `alg` is a good algorithm, but not one of the profile's.
    #[error("the token is signed with {algorithm}, which the profile does not list in `algorithms`")]
    AlgorithmNotAllowed {
        /// The header's `alg`.
        algorithm: Algorithm,
    },
    /// `typ` is not one of the profile's.
    #[error("the token's typ is not one that the profile accepts")]
    TypeNotAllowed,
    /// `iss` is no profile's issuer.
    #[error("the token's iss is not the issuer of a profile for this API")]
    IssuerMismatch,
    /// `iss` is the org authorization server of a profile's Okta domain.
    #[error(
        "the token was issued by the org authorization server, whose tokens cannot be verified locally; \
         the client must ask the custom authorization server of the profile"
    )]
    OrgAuthorizationServer,
    /// `aud` holds none of the profile's audiences.
    #[error("the token's aud holds none of the profile's audiences")]
    AudienceMismatch,
    /// `exp` has passed, leeway included.
    #[error("the token expired at {expires_at}, now is {now}")]
    Expired {
        /// `exp`.
        expires_at: UnixTime,
        /// The time of the check.
        now: UnixTime,
    },
    /// `nbf` has not come yet, leeway included.
    #[error("the token is not valid before {not_before}, now is {now}")]
    NotYetValid {
        /// `nbf`.
        not_before: UnixTime,
        /// The time of the check.
        now: UnixTime,
    },
    /// `iat` has not come yet, leeway included.
    #[error("the token was issued at {issued_at}, now is {now}")]
    IssuedInFuture {
        /// `iat`.
        issued_at: UnixTime,
        /// The time of the check.
        now: UnixTime,
    },
    /// `exp - iat` is more than the profile allows.
    #[error("the token lives {seconds} s, more than the profile's {allowed} s")]
    LifetimeTooLong {
        /// `exp - iat`, in seconds.
        seconds: u64,
        /// `maxTokenLifetimeSeconds`.
        allowed: u64,
    },
    /// The issuer's current keys do not have this `kid`.
    #[error("the issuer has no usable key `{}`", key_id.as_str().escape_default())]
    UnknownKey {
        /// The header's `kid`.
        key_id: KeyId,
    },
    /// The `kid` is not among the held keys, and the next fetch is not due yet: a new key may have signed the token.
    #[error("the issuer's held keys do not have `{}`, and they were fetched too recently to ask again", key_id.as_str().escape_default())]
    UnknownKeyCoolingDown {
        /// The header's `kid`.
        key_id: KeyId,
    },
    /// The key with this `kid` is for another algorithm.
    #[error("the key of the token's kid cannot verify {algorithm}")]
    KeyUnfit {
        /// The header's `alg`.
        algorithm: Algorithm,
    },
    /// The signature is not the key's.
    #[error("the signature is not valid")]
    SignatureInvalid,
    /// The authorization server says that it is not active: revoked, expired, or none of its tokens.
    #[error("the authorization server says that the token is not active")]
    Inactive,
    /// The authorization server's word about it lacks what the profile has to check.
    #[error("in the introspection answer, {0}")]
    Introspected(ClaimError),
    /// What the token is bound to is not proven.
    #[error(transparent)]
    Binding(#[from] BindingError),
}

impl TokenError {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::AlgorithmNotAllowed { .. } => "algorithm_not_allowed",
            Self::TypeNotAllowed => "type_not_allowed",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::OrgAuthorizationServer => "org_authorization_server_token",
            Self::AudienceMismatch => "audience_mismatch",
            Self::Expired { .. } => "token_expired",
            Self::NotYetValid { .. } => "token_not_yet_valid",
            Self::IssuedInFuture { .. } => "token_issued_in_future",
            Self::LifetimeTooLong { .. } => "token_lifetime_too_long",
            Self::UnknownKey { .. } => "key_unknown",
            Self::UnknownKeyCoolingDown { .. } => "key_cooling_down",
            Self::KeyUnfit { .. } => "key_unfit",
            Self::SignatureInvalid => "signature_invalid",
            Self::Inactive => "token_inactive",
            Self::Introspected(_) => "introspection_incomplete",
            Self::Binding(error) => error.reason(),
        }
    }

    /// How far the token got.
    #[must_use]
    pub const fn rung(&self) -> Rung {
        match self {
            Self::AlgorithmNotAllowed { .. } => Rung::Algorithm,
            Self::TypeNotAllowed => Rung::Type,
            Self::IssuerMismatch | Self::OrgAuthorizationServer => Rung::Issuer,
            Self::AudienceMismatch => Rung::Audience,
            Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::IssuedInFuture { .. }
            | Self::LifetimeTooLong { .. } => Rung::Time,
            Self::UnknownKey { .. } | Self::UnknownKeyCoolingDown { .. } | Self::KeyUnfit { .. } => Rung::Key,
            Self::SignatureInvalid => Rung::Signature,
            Self::Inactive | Self::Introspected(_) => Rung::Introspection,
            Self::Binding(_) => Rung::Binding,
        }
    }
}

/// Why a good token may not make this call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// No profile's `apis` cover the API and stage.
    #[error("no profile applies to this API and stage; assign one with its `apis`")]
    NoProfile,
    /// The token, its client, its subject or its key is on the deny list.
    #[error("the token's {} is on the deny list", listed.name())]
    DenyListed {
        /// Which of them.
        listed: Listed,
    },
    /// `cid` is not in `clients.allow`.
    #[error("the client is not in the profile's `clients.allow`")]
    ClientNotAllowed,
    /// A rule of `claims` is not satisfied.
    #[error("the claim `{claim}` does not satisfy the profile's rule")]
    ClaimMismatch {
        /// The rule's claim.
        claim: String,
    },
    /// The path has `*`, `?`, a dot segment or an encoded dot, which servers disagree about.
    #[error("the path has `*`, `?`, a segment `.` or `..`, or an encoded dot")]
    PathIrregular,
    /// No route of the profile governs the request.
    #[error("no route of the profile's `routes` governs the request")]
    RouteUnknown,
    /// The governing route asks for other scopes.
    #[error("the token lacks the scopes of the route `{route}`")]
    RouteScopeMissing {
        /// The route as it stands in the profile.
        route: String,
    },
    /// The caller's address is in none of `allowedIps`.
    #[error("the caller's address is in none of the profile's `allowedIps`")]
    IpNotAllowed,
    /// A scope is missing.
    #[error("the token lacks the scope `{scope}`")]
    ScopeMissing {
        /// The first missing scope.
        scope: String,
    },
}

impl Denial {
    /// The word for logs, metrics and the answer's context.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoProfile => "no_profile",
            Self::DenyListed { .. } => "deny_listed",
            Self::ClientNotAllowed => "client_not_allowed",
            Self::ClaimMismatch { .. } => "claim_mismatch",
            Self::PathIrregular => "path_irregular",
            Self::RouteUnknown => "route_unknown",
            Self::RouteScopeMissing { .. } => "route_scope_missing",
            Self::IpNotAllowed => "ip_not_allowed",
            Self::ScopeMissing { .. } => "scope_missing",
        }
    }

    /// How far the call got.
    #[must_use]
    pub const fn rung(&self) -> Rung {
        match self {
            Self::NoProfile => Rung::Algorithm,
            Self::DenyListed { .. } => Rung::DenyList,
            Self::ClientNotAllowed => Rung::Client,
            Self::ClaimMismatch { .. } => Rung::Claims,
            Self::IpNotAllowed => Rung::SourceIp,
            Self::PathIrregular | Self::RouteUnknown | Self::RouteScopeMissing { .. } => Rung::Route,
            Self::ScopeMissing { .. } => Rung::Scope,
        }
    }
}

impl CredentialError {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "credential_missing",
            Self::Multiple => "credential_multiple",
            Self::NotBearer => "credential_not_bearer",
            Self::Malformed => "credential_malformed",
        }
    }
}

impl JwtError {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "token_too_large",
            Self::Encrypted => "token_encrypted",
            Self::Parts { .. } | Self::Encoding { .. } | Self::Json { .. } => "token_malformed",
            Self::Header(error) => match error {
                HeaderError::Algorithm => "algorithm_not_allowed",
                HeaderError::KeyId => "key_id_missing",
                HeaderError::MediaType => "header_malformed",
                HeaderError::KeyMember { .. } | HeaderError::EncodingMember { .. } => "header_forbidden_member",
                HeaderError::Critical => "header_critical",
            },
            Self::Claim(ClaimError { claim, .. }) => match claim.as_bytes() {
                b"cid" => "client_missing",
                _ => "claims_malformed",
            },
        }
    }
}
