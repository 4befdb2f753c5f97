//! The one credential of a request: a token (RFC 6750 section 2.1, RFC 9449 section 7.1), or in automatic mode a client's own id and
//! secret. Header only, one value, nothing around it.

use super::client_credentials::ClientCredentials;
use super::secret::BearerToken;

/// What a caller presents.
#[derive(Debug)]
pub enum Credential {
    /// A token, and the scheme that it was presented with.
    Token(Scheme, BearerToken),
    /// A client's id and secret (HTTP Basic), which only automatic mode takes.
    Basic(ClientCredentials),
}

/// How a token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `Bearer`: whoever has the token may use it.
    Bearer,
    /// `DPoP`: whoever has the key that the token is bound to.
    Dpop,
}

/// Why a request has no usable token. Never holds a part of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// No `Authorization` header, or an empty one.
    #[error("the request has no Authorization header")]
    Missing,
    /// More than one `Authorization` value.
    #[error("the request has more than one Authorization value")]
    Multiple,
    /// Another scheme, such as `Basic`.
    #[error("the Authorization header's scheme is not Bearer or DPoP")]
    NotBearer,
    /// Spaces, commas, control characters or anything else that no token has.
    #[error("the Authorization header is not a scheme and one token")]
    Malformed,
}

impl Credential {
    /// Finds the credential among all `Authorization` values of a request, whatever case their names had.
    ///
    /// The scheme is compared without case (RFC 9110 section 11.1); exactly one space follows it; a token is a
    /// `b64token` (RFC 6750 section 2.1), an id and a secret are read as at a token endpoint (RFC 6749 section 2.3.1).
    ///
    /// # Errors
    /// [`CredentialError`] for none, several, another scheme, or anything around the token.
    pub fn from_authorization_values<'v>(values: impl IntoIterator<Item = &'v str>) -> Result<Self, CredentialError> {
        let mut values = values.into_iter();
        let value = values.next().ok_or(CredentialError::Missing)?;
        if values.next().is_some() {
            return Err(CredentialError::Multiple);
        }
        if value.is_empty() {
            return Err(CredentialError::Missing);
        }
        // A gateway joins repeated headers with commas; no b64token has one.
        if value.contains(',') {
            return Err(CredentialError::Multiple);
        }
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            let client = ClientCredentials::from_basic(value);
            return client.map(Self::Basic).map_err(|_| CredentialError::NotBearer);
        }
        let scheme = if scheme.eq_ignore_ascii_case("bearer") {
            Scheme::Bearer
        } else if scheme.eq_ignore_ascii_case("dpop") {
            Scheme::Dpop
        } else {
            return Err(CredentialError::NotBearer);
        };
        if !is_b64token(token) {
            return Err(CredentialError::Malformed);
        }
        Ok(Self::Token(scheme, BearerToken::new(token.to_owned())))
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::{Credential, CredentialError};

    fn parse(values: &[&str]) -> Result<String, CredentialError> {
        Credential::from_authorization_values(values.iter().copied()).map(|credential| match credential {
            Credential::Token(_, token) => token.expose().to_owned(),
            Credential::Basic(client) => format!("basic {}", client.client_id),
        })
    }

    #[test]
    fn one_bearer_token_is_found_whatever_the_schemes_case() {
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c"] {
            assert_eq!(parse(&[value]), Ok("a.b.c".to_owned()));
        }
    }

    /// Threat 1.
    #[test]
    fn missing_empty_basic_glued_and_spaced_credentials_are_refused() {
        for (values, error) in [
            (&[][..], CredentialError::Missing),
            (&[""], CredentialError::Missing),
            (&["Basic YTo="], CredentialError::NotBearer),
            (&["Basic YQ=="], CredentialError::NotBearer),
            (&["Basic  YTpi"], CredentialError::NotBearer),
            (&["Bearer-a.b.c"], CredentialError::NotBearer),
            (&["a.b.c"], CredentialError::NotBearer),
            (&[" Bearer a.b.c"], CredentialError::NotBearer),
            (&["Bearer"], CredentialError::Malformed),
            (&["Bearer "], CredentialError::Malformed),
            (&["Bearer  a.b.c"], CredentialError::Malformed),
            (&["Bearer a.b.c "], CredentialError::Malformed),
            (&["Bearer a.b.c d"], CredentialError::Malformed),
            (&["Bearer\ta.b.c"], CredentialError::NotBearer),
            (&["Bearer \"a.b.c\""], CredentialError::Malformed),
            (&["Bearer =="], CredentialError::Malformed),
        ] {
            assert_eq!(parse(values), Err(error), "{values:?}");
        }
    }

    #[test]
    fn a_clients_own_id_and_secret_are_read_for_automatic_mode() {
        assert_eq!(parse(&["Basic YTpi"]), Ok("basic a".to_owned()));
        assert_eq!(parse(&["basic YTpi"]), Ok("basic a".to_owned()));
    }

    /// Threat 2.
    #[test]
    fn two_authorization_values_are_refused_listed_or_comma_joined() {
        assert_eq!(parse(&["Bearer a.b.c", "Bearer a.b.c"]), Err(CredentialError::Multiple));
        assert_eq!(parse(&["Bearer a.b.c, Bearer d.e.f"]), Err(CredentialError::Multiple));
        assert_eq!(parse(&["Bearer a.b.c,Basic YTpi"]), Err(CredentialError::Multiple));
    }

    /// Threat 4.
    #[test]
    fn control_and_non_ascii_characters_are_refused_and_not_echoed() {
        for value in ["Bearer a.b.c\r\nX: y", "Bearer a\nb", "Bearer a\0b", "Bearer é.b.c"] {
            let error = parse(&[value]).expect_err("refused");
            assert_eq!(error, CredentialError::Malformed);
            assert!(!error.to_string().contains("a.b") && !error.to_string().contains('é'));
        }
    }
}
