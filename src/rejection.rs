//! The one map from errors to outcomes: what a caller is told, what a log line says.

use std::time::Duration;

use crate::application::authorize_request::AuthorizeError;
use crate::application::issue_token::IssueTokenError;
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
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Token(TokenError::UnknownKeyCoolingDown { .. }) => Outcome::UnauthorizedForNow,
            Self::Credential(_) | Self::Jwt(_) | Self::Token(_) => Outcome::Unauthorized,
            Self::Profiles(_)
            | Self::Keys(_)
            | Self::BrokenProfile(_)
            | Self::Deadline
            | Self::FormCannotServe { .. } => Outcome::Failed,
        }
    }

    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Credential(error) => error.reason(),
            Self::Jwt(error) => error.reason(),
            Self::Token(error) => error.reason(),
            Self::Profiles(_) => "profiles_unavailable",
            Self::Keys(_) => "keys_unavailable",
            Self::BrokenProfile(_) => "profile_broken",
            Self::Deadline => "deadline",
            Self::FormCannotServe { .. } => "form_cannot_serve",
        }
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
}

impl IssueTokenError {
    /// What the client is answered.
    #[must_use]
    pub fn refusal(&self) -> TokenRefusal {
        match self {
            Self::UnknownProfile => refuse(404, ErrorCode::InvalidRequest, "no such profile: check the token URL"),
            Self::Request { error, used_authorization } => refused_request(*error, *used_authorization),
            Self::ClientNotAllowed => refuse(400, ErrorCode::UnauthorizedClient, "the client may not use this profile"),
            Self::ScopeNotGrantable(scope) => {
                refuse(400, ErrorCode::InvalidScope, &format!("the scope {scope} cannot be granted here"))
            }
            Self::Refused { refusal, used_authorization } => refused_upstream(refusal, *used_authorization),
            Self::Endpoint(TokenEndpointError::TooLarge { .. }) => unusable_answer(),
            Self::Endpoint(TokenEndpointError::Unreachable { .. })
            | Self::Keys(_)
            | Self::Profiles(_)
            | Self::Deadline => unavailable(503, None),
            Self::BrokenProfile(_)
            | Self::NotAJwt(_)
            | Self::NotAccepted(_)
            | Self::OtherClient
            | Self::NotAllowed(_)
            | Self::ScopeNotGranted(_) => refuse(
                502,
                ErrorCode::ServerError,
                "the profile is misconfigured: its owner finds the reason in the log",
            ),
        }
    }

    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownProfile => "profile_unknown",
            Self::BrokenProfile(_) => "profile_broken",
            Self::Profiles(_) => "profiles_unavailable",
            Self::Request { error, .. } => error.code().as_str(),
            Self::ClientNotAllowed => "client_not_allowed",
            Self::ScopeNotGrantable(_) => "scope_not_grantable",
            Self::Endpoint(TokenEndpointError::Unreachable { .. }) => "token_endpoint_unavailable",
            Self::Endpoint(TokenEndpointError::TooLarge { .. }) => "token_endpoint_malformed",
            Self::Refused { refusal, .. } => match refusal {
                TokenEndpointRefusal::Refused { code, .. } => code.as_str(),
                TokenEndpointRefusal::RateLimited { .. } => "token_endpoint_rate_limited",
                TokenEndpointRefusal::Unavailable { .. } => "token_endpoint_unavailable",
                TokenEndpointRefusal::Redirected { .. } => "token_endpoint_redirected",
                TokenEndpointRefusal::Malformed { .. } => "token_endpoint_malformed",
            },
            Self::NotAJwt(error) => error.reason(),
            Self::NotAccepted(error) => error.reason(),
            Self::OtherClient => "client_mismatch",
            Self::NotAllowed(denial) => denial.reason(),
            Self::ScopeNotGranted(_) => "scope_not_granted",
            Self::Deadline => "deadline",
            Self::Keys(_) => "keys_unavailable",
        }
    }
}

fn refuse(status: u16, code: ErrorCode, text: &str) -> TokenRefusal {
    TokenRefusal { status, code, description: description(text), retry_after: None, challenge: false }
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

fn unusable_answer() -> TokenRefusal {
    refuse(502, ErrorCode::ServerError, "the authorization server's answer could not be used")
}
