//! The compact JWS that an access token is (RFC 7515 section 7.1, RFC 7519 section 7.2), taken apart but not yet believed.

use super::base64url;
use super::claims::{ClaimError, Claims};
use super::header::{Header, HeaderError};
use super::strict_json::{StrictJsonError, parse_object};

/// The largest token that is looked at, in bytes: API Gateway itself passes at most 10,240 bytes of headers.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A token that has the shape of an Okta access token. Nothing in it has been proven.
#[derive(Clone, PartialEq)]
pub struct UnverifiedJwt<'t> {
    /// The header, every member checked.
    pub header: Header,
    /// The claims, every type checked.
    pub claims: Claims,
    /// What the signature covers: header, dot, payload, as received.
    pub(super) signing_input: &'t str,
    /// The signature as received, known to be strict base64url.
    pub(super) signature: &'t str,
}

/// Why a token is not even a candidate. Never holds a part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Over 8 KiB.
    #[error("the token has {bytes} bytes, more than {MAX_TOKEN_BYTES}")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
    /// Five parts: an encrypted token (JWE), which only the API's own key could read.
    #[error("the token is encrypted (JWE); access token encryption must be off for this authorization server")]
    Encrypted,
    /// Not header, payload and signature.
    #[error("the token has {dots} dots instead of two")]
    Parts {
        /// How many dots it has.
        dots: usize,
    },
    /// A part is not unpadded base64url.
    #[error("the token's {part} is not unpadded base64url")]
    Encoding {
        /// `header`, `payload` or `signature`.
        part: &'static str,
    },
    /// A part is not an unambiguous JSON object.
    #[error("the token's {part} is {problem}")]
    Json {
        /// `header` or `payload`.
        part: &'static str,
        /// What is wrong with it.
        problem: StrictJsonError,
    },
    /// The header has or lacks a member.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A claim is missing or of another type.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}

impl<'t> UnverifiedJwt<'t> {
    /// Takes a compact token apart. Size and shape are checked before anything is decoded.
    ///
    /// # Errors
    /// [`JwtError`], cheapest check first.
    pub fn parse(token: &'t str) -> Result<Self, JwtError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwtError::TooLarge { bytes: token.len() });
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong_number_of_parts(token));
        };
        let header = decode_object("header", header)?;
        let header = Header::try_from(&header)?;
        let signing_input = &token[..token.len() - signature.len() - 1];
        let claims = Claims::try_from(decode_object("payload", payload)?)?;
        base64url::decode(signature).map_err(|_| JwtError::Encoding { part: "signature" })?;
        Ok(Self { header, claims, signing_input, signature })
    }
}

impl JwtError {
    /// Whether the text may be a token all the same, one that only its authorization server can read: it does not even have a
    /// JWT's shape.
    #[must_use]
    pub const fn may_be_opaque(self) -> bool {
        match self {
            Self::Parts { .. } => true,
            Self::TooLarge { .. }
            | Self::Encrypted
            | Self::Encoding { .. }
            | Self::Json { .. }
            | Self::Header(_)
            | Self::Claim(_) => false,
        }
    }
}

/// Shows the header only: the rest of it would be the token.
impl std::fmt::Debug for UnverifiedJwt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnverifiedJwt").field("header", &self.header).finish_non_exhaustive()
    }
}

fn wrong_number_of_parts(token: &str) -> JwtError {
    match token.matches('.').count() {
        4 => JwtError::Encrypted,
        dots => JwtError::Parts { dots },
    }
}

fn decode_object(part: &'static str, text: &str) -> Result<serde_json::Map<String, serde_json::Value>, JwtError> {
    let bytes = base64url::decode(text).map_err(|_| JwtError::Encoding { part })?;
    parse_object(&bytes).map_err(|problem| JwtError::Json { part, problem })
}

#[cfg(test)]
mod tests {
    use super::{JwtError, MAX_TOKEN_BYTES, UnverifiedJwt, base64url};
    use crate::domain::jose::header::HeaderError;
    use crate::domain::jose::strict_json::StrictJsonError;

    const HEADER: &str = r#"{"kid":"k1","alg":"RS256"}"#;
    const CLAIMS: &str =
        r#"{"iss":"https://acme.okta.com/oauth2/default","aud":"api://orders","iat":1,"exp":2,"cid":"0oa1"}"#;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.c2ln", base64url::encode(header), base64url::encode(claims))
    }

    fn error(token: &str) -> JwtError {
        UnverifiedJwt::parse(token).expect_err("refused")
    }

    #[test]
    fn a_compact_token_is_taken_apart() {
        let token = token(HEADER, CLAIMS);
        let jwt = UnverifiedJwt::parse(&token).expect("valid");
        assert_eq!(jwt.header.key_id.as_str(), "k1");
        assert_eq!(format!("{}.{}", jwt.signing_input, jwt.signature), token);
    }

    /// Threat 5.
    #[test]
    fn size_and_dots_are_checked_before_anything_is_decoded() {
        assert_eq!(error(&"!".repeat(MAX_TOKEN_BYTES + 1)), JwtError::TooLarge { bytes: MAX_TOKEN_BYTES + 1 });
        assert_eq!(error(""), JwtError::Parts { dots: 0 });
        assert_eq!(error("!.!"), JwtError::Parts { dots: 1 });
        assert_eq!(error("!.!.!.!"), JwtError::Parts { dots: 3 });
        assert_eq!(error(&".".repeat(MAX_TOKEN_BYTES)), JwtError::Parts { dots: MAX_TOKEN_BYTES });
    }

    /// Threat 11.
    #[test]
    fn an_encrypted_token_is_named_as_such() {
        assert_eq!(error("a.b.c.d.e"), JwtError::Encrypted);
    }

    /// Threat 12.
    #[test]
    fn a_json_serialised_token_is_refused() {
        let flattened = r#"{"payload":"e30","protected":"e30","signature":"c2ln"}"#;
        assert_eq!(error(flattened), JwtError::Parts { dots: 0 });
        assert_eq!(error(r#"{"payload":"..","signatures":[]}"#), JwtError::Encoding { part: "header" });
    }

    /// Threat 13.
    #[test]
    fn duplicate_members_are_refused_in_header_and_claims() {
        let twice = r#"{"kid":"k1","alg":"RS256","\u0061lg":"none"}"#;
        let problem = StrictJsonError::DuplicateMember;
        assert_eq!(error(&token(twice, CLAIMS)), JwtError::Json { part: "header", problem });
        assert_eq!(error(&token(HEADER, r#"{"iss":"a","iss":"b"}"#)), JwtError::Json { part: "payload", problem });
    }

    /// Threat 14.
    #[test]
    fn padding_and_white_space_are_refused_in_every_part() {
        let token = token(HEADER, CLAIMS);
        let parts: Vec<&str> = token.split('.').collect();
        for (index, part) in ["header", "payload", "signature"].into_iter().enumerate() {
            for suffix in ["=", " ", "\n", "+"] {
                let mut changed: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
                changed[index].push_str(suffix);
                assert_eq!(error(&changed.join(".")), JwtError::Encoding { part }, "{part} {suffix:?}");
            }
        }
    }

    /// Threat 18.
    #[test]
    fn a_payload_that_is_no_object_is_refused() {
        for payload in ["[1]", "\"text\"", "1", "null"] {
            let expected = JwtError::Json { part: "payload", problem: StrictJsonError::NotAnObject };
            assert_eq!(error(&token(HEADER, payload)), expected);
        }
    }

    #[test]
    fn header_errors_come_before_claim_errors() {
        assert_eq!(error(&token(r#"{"kid":"k1","alg":"none"}"#, "{}")), JwtError::Header(HeaderError::Algorithm));
    }

    /// Threat 60.
    #[test]
    fn debug_shows_no_claim_and_no_signature() {
        let token = token(HEADER, CLAIMS);
        let shown = format!("{:?}", UnverifiedJwt::parse(&token).expect("valid"));
        assert!(!shown.contains("c2ln") && !shown.contains("orders"), "{shown}");
    }
}
