//! Why no token was obtained for a client: whose fault it is, and what to do.

use std::time::Duration;

use super::key_ring::KeyRingError;
use crate::domain::jose::jwt::JwtError;
use crate::domain::oauth::scope::ScopeToken;
use crate::domain::oauth::token_response::TokenEndpointRefusal;
use crate::domain::validation::error::{Denial, TokenError};
use crate::ports::token_endpoint::TokenEndpointError;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum ObtainError {
    /// Okta did not answer.
    #[error(transparent)]
    Endpoint(TokenEndpointError),
    /// Okta answered, but not with a token.
    #[error("{refusal}")]
    Refused {
        /// What it answered.
        refusal: TokenEndpointRefusal,
        /// What the client's next DPoP proof has to hold.
        dpop_nonce: Option<String>,
    },
    /// Okta asked that this client be kept from it for a while.
    #[error("the client has used up its rate limit at the authorization server")]
    LeftAlone {
        /// For how long.
        retry_after: Duration,
    },
    /// This client was refused with this secret, or this address with one secret after another.
    #[error("the client was refused too often; it has to wait before the authorization server is asked again")]
    CoolingDown {
        /// For how long.
        retry_after: Duration,
    },
    /// Okta's token does not satisfy the profile.
    #[error("the authorization server issued a token that the profile does not accept")]
    NotAccepted(#[from] WhyNotAccepted),
    /// The keys to verify Okta's token with are missing.
    #[error(transparent)]
    Keys(KeyRingError),
}

/// What is wrong with a token that Okta issued: the profile's owner has a field to mend.
#[derive(Debug, thiserror::Error)]
pub enum WhyNotAccepted {
    /// It is no JWT that could be verified.
    #[error("no API would accept it: {0}")]
    NotAJwt(JwtError),
    /// It fails a rule of the ladder.
    #[error("{0}")]
    Token(TokenError),
    /// It belongs to another client than the one that asked.
    #[error("it is another client's")]
    OtherClient,
    /// It fails a rule of the profile's `clients` or `claims`.
    #[error("{0}")]
    NotAllowed(Denial),
    /// It lacks a scope that was asked for.
    #[error("it lacks the scope `{0}`")]
    ScopeNotGranted(ScopeToken),
}

impl ObtainError {
    /// Whether Okta cannot answer now, whoever asks.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        match self {
            Self::Endpoint(TokenEndpointError::Unreachable { .. }) | Self::LeftAlone { .. } => true,
            Self::Refused { refusal, .. } => match refusal {
                TokenEndpointRefusal::Unavailable { .. } | TokenEndpointRefusal::RateLimited { .. } => true,
                TokenEndpointRefusal::Refused { .. }
                | TokenEndpointRefusal::Redirected { .. }
                | TokenEndpointRefusal::Malformed { .. } => false,
            },
            Self::Endpoint(TokenEndpointError::TooLarge { .. })
            | Self::CoolingDown { .. }
            | Self::NotAccepted(_)
            | Self::Keys(_) => false,
        }
    }

    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Endpoint(TokenEndpointError::Unreachable { .. }) => "token_endpoint_unavailable",
            Self::Endpoint(TokenEndpointError::TooLarge { .. }) => "token_endpoint_malformed",
            Self::Refused { refusal, .. } => match refusal {
                TokenEndpointRefusal::Refused { code, .. } => code.as_str(),
                TokenEndpointRefusal::RateLimited { .. } => "token_endpoint_rate_limited",
                TokenEndpointRefusal::Unavailable { .. } => "token_endpoint_unavailable",
                TokenEndpointRefusal::Redirected { .. } => "token_endpoint_redirected",
                TokenEndpointRefusal::Malformed { .. } => "token_endpoint_malformed",
            },
            Self::LeftAlone { .. } => "token_endpoint_rate_limited",
            Self::CoolingDown { .. } => "client_cooling_down",
            Self::NotAccepted(why) => match why {
                WhyNotAccepted::NotAJwt(error) => error.reason(),
                WhyNotAccepted::Token(error) => error.reason(),
                WhyNotAccepted::OtherClient => "client_mismatch",
                WhyNotAccepted::NotAllowed(denial) => denial.reason(),
                WhyNotAccepted::ScopeNotGranted(_) => "scope_not_granted",
            },
            Self::Keys(_) => "keys_unavailable",
        }
    }
}
