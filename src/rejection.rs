//! The one map from errors to outcomes: what a caller is told, what a log line says.

use std::time::Duration;

use crate::application::authorize_request::AuthorizeError;
use crate::application::issue_token::IssueTokenError;
use crate::application::obtain_error::ObtainError;
use crate::domain::oauth::client_credentials::TokenRequestError;
use crate::domain::oauth::error_code::{ErrorCode, description};
use crate::domain::oauth::token_response::TokenEndpointRefusal;
use crate::domain::validation::error::TokenError;
use crate::ports::token_endpoint::TokenEndpointError;

/// What a caller is told to wait where nobody said how long, in seconds.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);

/// What the authorizer answers where it neither allows nor denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// No or a bad token: 401. An HTTP API has no such answer and gets a Deny.
    Unauthorized,
    /// A token that is bad as far as is known now. On an HTTP API a Deny would be cached for a token that a new key
    /// may have signed, so there it is a failure.
    UnauthorizedForNow,
    /// Not the caller's fault: 500, which is never cached.
    Failed,
}

impl AuthorizeError {
    /// What the gateway is answered.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Token(TokenError::UnknownKeyCoolingDown { .. }) => Outcome::UnauthorizedForNow,
            Self::Automatic { error, is_callers: true } => not_obtained_for_caller(error),
            Self::Credential(_) | Self::Jwt(_) | Self::Token(_) => Outcome::Unauthorized,
            Self::Profiles(_)
            | Self::Keys(_)
            | Self::BrokenProfile(_)
            | Self::BrokenDenyList
            | Self::Automatic { is_callers: false, .. }
            | Self::StoredClient(_)
            | Self::Introspection(_)
            | Self::Deadline
            | Self::FormCannotServe { .. } => Outcome::Failed,
        }
    }

    /// The word for logs and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Credential(error) => error.reason(),
            Self::Jwt(error) => error.reason(),
            Self::Token(error) => error.reason(),
            Self::Profiles(_) => "profiles_unavailable",
            Self::Keys(_) => "keys_unavailable",
            Self::BrokenProfile(_) => "profile_broken",
            Self::BrokenDenyList => "deny_list_broken",
            Self::Automatic { error, .. } => error.reason(),
            Self::StoredClient(error) => error.reason(),
            Self::Introspection(error) => error.reason(),
            Self::Deadline => "deadline",
            Self::FormCannotServe { .. } => "form_cannot_serve",
        }
    }
}

/// A caller whose own id and secret Okta does not take has bad credentials; anything else is not its fault.
fn not_obtained_for_caller(error: &ObtainError) -> Outcome {
    match error {
        ObtainError::CoolingDown { .. } => Outcome::UnauthorizedForNow,
        ObtainError::Refused { refusal: TokenEndpointRefusal::Refused { code, .. }, .. } => match code {
            ErrorCode::InvalidClient | ErrorCode::UnauthorizedClient | ErrorCode::AccessDenied => Outcome::Unauthorized,
            ErrorCode::InvalidRequest
            | ErrorCode::InvalidGrant
            | ErrorCode::UnsupportedGrantType
            | ErrorCode::InvalidScope
            | ErrorCode::InvalidDpopProof
            | ErrorCode::UseDpopNonce
            | ErrorCode::TemporarilyUnavailable
            | ErrorCode::ServerError => Outcome::Failed,
        },
        ObtainError::Refused { .. }
        | ObtainError::Endpoint(_)
        | ObtainError::LeftAlone { .. }
        | ObtainError::NotAccepted(_)
        | ObtainError::Keys(_) => Outcome::Failed,
    }
}

/// An error answer of the token function (RFC 6749 section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRefusal {
    /// The HTTP status.
    pub status: u16,
    /// `error`.
    pub code: ErrorCode,
    /// `error_description`. Never holds a part of the request.
    pub description: String,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// Whether `WWW-Authenticate: Basic` is due (RFC 6749 section 5.2, `invalid_client`).
    pub challenge: bool,
    /// `DPoP-Nonce` (RFC 9449 section 8).
    pub dpop_nonce: Option<String>,
}

impl IssueTokenError {
    /// What the client is answered.
    #[must_use]
    pub fn refusal(&self) -> TokenRefusal {
        match self {
            Self::UnknownProfile => refuse(404, ErrorCode::InvalidRequest, "no such profile: check the token URL"),
            Self::Request { error, used_authorization } => refused_request(*error, *used_authorization),
            Self::ClientNotAllowed | Self::DenyListed(_) => {
                refuse(400, ErrorCode::UnauthorizedClient, "the client may not use this profile")
            }
            Self::ProofNotTaken => {
                refuse(400, ErrorCode::InvalidRequest, "this profile takes no DPoP: ask again without a proof")
            }
            Self::ProofNeeded => {
                refuse(400, ErrorCode::InvalidDpopProof, "this profile's tokens are bound to a key: send a DPoP proof")
            }
            Self::CertificateNeeded => {
                let text = "this profile's tokens are bound to a certificate: ask the authorization server itself";
                refuse(400, ErrorCode::UnauthorizedClient, text)
            }
            Self::ScopeNotGrantable(scope) => {
                refuse(400, ErrorCode::InvalidScope, &format!("the scope {scope} cannot be granted here"))
            }
            Self::Obtain { error, used_authorization } => not_obtained(error, *used_authorization),
            Self::Profiles(_) | Self::Deadline => unavailable(503, None),
            Self::BrokenProfile(_) | Self::BrokenDenyList => misconfigured(),
        }
    }

    /// The word for logs and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::UnknownProfile => "profile_unknown",
            Self::BrokenProfile(_) => "profile_broken",
            Self::Profiles(_) => "profiles_unavailable",
            Self::Request { error, .. } => error.code().as_str(),
            Self::ClientNotAllowed => "client_not_allowed",
            Self::ProofNotTaken => "dpop_not_taken",
            Self::ProofNeeded => "dpop_proof_missing",
            Self::CertificateNeeded => "certificate_needed",
            Self::DenyListed(_) => "deny_listed",
            Self::BrokenDenyList => "deny_list_broken",
            Self::ScopeNotGrantable(_) => "scope_not_grantable",
            Self::Obtain { error, .. } => error.reason(),
            Self::Deadline => "deadline",
        }
    }
}

fn refuse(status: u16, code: ErrorCode, text: &str) -> TokenRefusal {
    TokenRefusal { status, code, description: description(text), retry_after: None, challenge: false, dpop_nonce: None }
}

fn unavailable(status: u16, retry_after: Option<Duration>) -> TokenRefusal {
    let text = "the authorization server cannot answer now: try again later";
    let retry_after = Some(retry_after.unwrap_or(DEFAULT_RETRY_AFTER));
    TokenRefusal { retry_after, ..refuse(status, ErrorCode::TemporarilyUnavailable, text) }
}

/// `invalid_client` is a 401; a client that used `Authorization`, or nothing at all, is told the scheme.
fn refused_request(error: TokenRequestError, used_authorization: bool) -> TokenRefusal {
    let code = error.code();
    let unauthenticated = code == ErrorCode::InvalidClient;
    let challenge = unauthenticated && (used_authorization || error == TokenRequestError::CredentialsMissing);
    TokenRefusal { challenge, ..refuse(if unauthenticated { 401 } else { 400 }, code, &error.to_string()) }
}

fn not_obtained(error: &ObtainError, used_authorization: bool) -> TokenRefusal {
    match error {
        ObtainError::Endpoint(TokenEndpointError::TooLarge { .. }) => unusable_answer(),
        ObtainError::Endpoint(TokenEndpointError::Unreachable { .. }) | ObtainError::Keys(_) => unavailable(503, None),
        ObtainError::Refused { refusal, dpop_nonce } => {
            TokenRefusal { dpop_nonce: dpop_nonce.clone(), ..refused_upstream(refusal, used_authorization) }
        }
        ObtainError::LeftAlone { retry_after } | ObtainError::CoolingDown { retry_after } => {
            TokenRefusal { description: description(&error.to_string()), ..unavailable(429, Some(*retry_after)) }
        }
        ObtainError::NotAccepted(_) => misconfigured(),
    }
}

fn refused_upstream(refusal: &TokenEndpointRefusal, used_authorization: bool) -> TokenRefusal {
    match refusal {
        TokenEndpointRefusal::Refused { code: ErrorCode::InvalidClient, description, .. } => {
            TokenRefusal { challenge: used_authorization, ..refuse(401, ErrorCode::InvalidClient, description) }
        }
        TokenEndpointRefusal::Refused { code, description, .. } => refuse(400, *code, description),
        TokenEndpointRefusal::RateLimited { retry_after } => unavailable(429, *retry_after),
        TokenEndpointRefusal::Unavailable { .. } => unavailable(503, None),
        TokenEndpointRefusal::Redirected { .. } | TokenEndpointRefusal::Malformed { .. } => unusable_answer(),
    }
}

fn misconfigured() -> TokenRefusal {
    refuse(502, ErrorCode::ServerError, "the profile is misconfigured: its owner finds the reason in the log")
}

fn unusable_answer() -> TokenRefusal {
    refuse(502, ErrorCode::ServerError, "the authorization server's answer could not be used")
}
