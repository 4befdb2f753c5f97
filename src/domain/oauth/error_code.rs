//! Error codes of the token endpoint (RFC 6749 section 5.2), and the two of section 4.1.2.1 that Okta and we use there too.

use std::fmt;

/// The `error` member of an error answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// A parameter is missing, repeated, malformed, or the client used several ways to authenticate.
    InvalidRequest,
    /// The client is unknown, or its credentials are wrong or missing.
    InvalidClient,
    /// The grant is not valid; Okta uses it for assertions.
    InvalidGrant,
    /// The client may not use this grant, or not with this profile.
    UnauthorizedClient,
    /// Anything but `client_credentials`.
    UnsupportedGrantType,
    /// A scope is malformed, unknown, or not grantable here.
    InvalidScope,
    /// A policy of the authorization server refuses the request.
    AccessDenied,
    /// The DPoP proof is malformed, or there is more than one (RFC 9449 section 5).
    InvalidDpopProof,
    /// The DPoP proof needs a nonce of the authorization server (RFC 9449 section 8).
    UseDpopNonce,
    /// The authorization server cannot answer now.
    TemporarilyUnavailable,
    /// The authorization server's answer could not be used.
    ServerError,
}

impl ErrorCode {
    const ALL: [Self; 11] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::AccessDenied,
        Self::InvalidDpopProof,
        Self::UseDpopNonce,
        Self::TemporarilyUnavailable,
        Self::ServerError,
    ];

    /// The code as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
        }
    }

    /// The code that is written like this.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes a text fit for `error_description`: `%x20-21 / %x23-5B / %x5D-7E` (RFC 6749 section 5.2), at most 300 characters.
#[must_use]
pub fn description(text: &str) -> String {
    text.chars()
        .take(300)
        .map(|character| match character {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => character,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ErrorCode, description};

    #[test]
    fn every_code_is_found_by_its_own_name() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_name(code.as_str()), Some(code));
        }
        assert_eq!(ErrorCode::from_name("E0000047"), None);
    }

    #[test]
    fn a_description_keeps_to_the_grammar() {
        assert_eq!(description("a \"b\" \\ c\r\né`"), "a 'b' / c???`");
        assert_eq!(description(&"a".repeat(400)).len(), 300);
    }
}
