//! The token endpoint's answer (RFC 6749 section 5), judged: a token, a refusal for the client, or a fault.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::error_code::{ErrorCode, description};
use super::secret::AccessToken;

/// How a token is to be used (RFC 6749 section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// RFC 6750.
    Bearer,
    /// With a proof of the key that it is bound to (RFC 9449 section 5).
    Dpop,
}

impl TokenType {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name))
    }
}

/// A successful answer (RFC 6749 section 5.1).
#[derive(Debug)]
pub struct TokenResponse {
    /// The token; nothing in it is verified yet.
    pub access_token: AccessToken,
    /// How it is to be used.
    pub token_type: TokenType,
    /// `expires_in`, in seconds, where Okta gave it.
    pub expires_in: Option<u64>,
    /// `scope`, where Okta gave it.
    pub scope: Option<String>,
}

/// Why an answer holds no token that could be handed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenEndpointRefusal {
    /// An OAuth error that concerns the client (RFC 6749 section 5.2).
    #[error("the authorization server answered {status} {code}: {description}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// `error`.
        code: ErrorCode,
        /// `error_description`, fit to be handed on.
        description: String,
    },
    /// 429.
    #[error("the authorization server answered 429, too many requests")]
    RateLimited {
        /// How long to wait, where the server said.
        retry_after: Option<Duration>,
    },
    /// 5xx, or the OAuth error `temporarily_unavailable`.
    #[error("the authorization server answered {status}, it is not available")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// 3xx: never followed, since the secret would be sent again.
    #[error("the token URL answered {status}, a redirect, which is never followed; correct `tokenUrl`")]
    Redirected {
        /// The HTTP status.
        status: u16,
    },
    /// Anything that is neither a token nor an OAuth error.
    #[error("the token URL answered {status} with {problem}; correct `tokenUrl`")]
    Malformed {
        /// The HTTP status.
        status: u16,
        /// What was found.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
struct Success {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
    scope: Option<String>,
}

/// An error in OAuth's shape, or in the shape of Okta's other APIs, which an unknown client id is answered with.
#[derive(Deserialize)]
struct Failure {
    #[serde(alias = "errorCode")]
    error: String,
    #[serde(alias = "errorSummary")]
    error_description: Option<String>,
}

impl TokenEndpointRefusal {
    /// Whether the client is unknown, or not who it says (RFC 6749 section 5.2, `invalid_client`).
    #[must_use]
    pub const fn is_invalid_client(&self) -> bool {
        match self {
            Self::Refused { code, .. } => matches!(code, ErrorCode::InvalidClient),
            Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Redirected { .. } | Self::Malformed { .. } => {
                false
            }
        }
    }
}

impl TokenResponse {
    /// Judges an answer.
    ///
    /// # Errors
    /// [`TokenEndpointRefusal`] for everything but 200 with a token.
    pub fn from_answer(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Result<Self, TokenEndpointRefusal> {
        match status {
            200 => success(body),
            429 => Err(TokenEndpointRefusal::RateLimited { retry_after }),
            300..=399 => Err(TokenEndpointRefusal::Redirected { status }),
            500..=599 => Err(TokenEndpointRefusal::Unavailable { status }),
            _ => Err(failure(status, body)),
        }
    }
}

fn success(body: &[u8]) -> Result<TokenResponse, TokenEndpointRefusal> {
    let malformed = |problem| TokenEndpointRefusal::Malformed { status: 200, problem };
    let Ok(answer) = serde_json::from_slice::<Success>(body) else {
        return Err(malformed("something other than a token"));
    };
    let Some(token_type) = TokenType::from_name(&answer.token_type) else {
        return Err(malformed("a token_type other than Bearer and DPoP"));
    };
    Ok(TokenResponse {
        access_token: AccessToken::new(answer.access_token),
        token_type,
        expires_in: answer.expires_in,
        scope: answer.scope,
    })
}

fn failure(status: u16, body: &[u8]) -> TokenEndpointRefusal {
    let answer = serde_json::from_slice::<Failure>(body).ok();
    let Some((code, text)) =
        answer.and_then(|answer| Some((ErrorCode::from_name(&answer.error)?, answer.error_description)))
    else {
        return TokenEndpointRefusal::Malformed { status, problem: "something other than an OAuth error" };
    };
    match code {
        ErrorCode::TemporarilyUnavailable | ErrorCode::ServerError => TokenEndpointRefusal::Unavailable { status },
        ErrorCode::InvalidRequest
        | ErrorCode::InvalidClient
        | ErrorCode::InvalidGrant
        | ErrorCode::UnauthorizedClient
        | ErrorCode::UnsupportedGrantType
        | ErrorCode::InvalidScope
        | ErrorCode::AccessDenied
        | ErrorCode::InvalidDpopProof
        | ErrorCode::UseDpopNonce => {
            TokenEndpointRefusal::Refused { status, code, description: description(&text.unwrap_or_default()) }
        }
    }
}

/// What the client is sent (RFC 6749 section 5.1). May only be written to the client.
#[derive(serde::Serialize)]
pub struct IssuedToken<'t> {
    /// The token.
    pub access_token: &'t str,
    /// `Bearer` or `DPoP`.
    pub token_type: &'static str,
    /// Seconds until `exp`.
    pub expires_in: u64,
    /// The granted scopes.
    pub scope: String,
}

impl fmt::Debug for IssuedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ErrorCode, TokenEndpointRefusal, TokenResponse};

    fn refusal(status: u16, body: &str) -> TokenEndpointRefusal {
        TokenResponse::from_answer(status, None, body.as_bytes()).expect_err("refused")
    }

    #[test]
    fn a_bearer_token_is_taken_whatever_the_case_of_its_type() {
        for token_type in ["Bearer", "bearer"] {
            let body = format!(
                r#"{{"access_token":"a.b.c","token_type":"{token_type}","expires_in":3600,"scope":"CustomScope"}}"#
            );
            let answer = TokenResponse::from_answer(200, None, body.as_bytes()).expect("a token");
            assert_eq!((answer.access_token.expose(), answer.expires_in), ("a.b.c", Some(3600)));
        }
    }

    /// Threat 68.
    #[test]
    fn limits_outages_redirects_and_garbage_are_told_apart() {
        let wait = Some(Duration::from_secs(7));
        let limited = TokenResponse::from_answer(429, wait, br#"{"errorCode":"E0000047"}"#).expect_err("refused");
        assert_eq!(limited, TokenEndpointRefusal::RateLimited { retry_after: wait });
        assert_eq!(refusal(500, "{}"), TokenEndpointRefusal::Unavailable { status: 500 });
        assert_eq!(refusal(503, "<html>"), TokenEndpointRefusal::Unavailable { status: 503 });
        assert_eq!(
            refusal(400, r#"{"error":"temporarily_unavailable"}"#),
            TokenEndpointRefusal::Unavailable { status: 400 }
        );
        assert_eq!(refusal(302, ""), TokenEndpointRefusal::Redirected { status: 302 });
        for (status, body) in [
            (200, "<html>"),
            (200, "{}"),
            (200, ""),
            (400, "<html>"),
            (404, r#"{"errorCode":"E0000022"}"#),
            (400, r#"{"error":"odd"}"#),
            (204, ""),
        ] {
            assert!(matches!(refusal(status, body), TokenEndpointRefusal::Malformed { .. }), "{status} {body}");
        }
        let mac = r#"{"access_token":"a.b.c","token_type":"MAC"}"#;
        assert_eq!(
            refusal(200, mac),
            TokenEndpointRefusal::Malformed { status: 200, problem: "a token_type other than Bearer and DPoP" }
        );
    }

    #[test]
    fn an_oauth_error_keeps_its_code_and_a_printable_description() {
        let body = r#"{"error":"invalid_client","error_description":"The client \"secret\" is wrong.\n"}"#;
        let expected = TokenEndpointRefusal::Refused {
            status: 401,
            code: ErrorCode::InvalidClient,
            description: "The client 'secret' is wrong.?".to_owned(),
        };
        assert_eq!(refusal(401, body), expected);
        let in_oktas_shape =
            r#"{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter."}"#;
        assert!(matches!(
            refusal(401, in_oktas_shape),
            TokenEndpointRefusal::Refused { code: ErrorCode::InvalidClient, .. }
        ));
    }
}
