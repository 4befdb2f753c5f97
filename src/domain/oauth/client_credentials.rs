//! The client-credentials request (RFC 6749 section 4.4.2) as a client sends it to the token URL.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use super::error_code::ErrorCode;
use super::scope::ScopeSet;
use super::secret::ClientSecret;
use crate::domain::profile::ClientId;

/// The largest request body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 8 * 1024;

/// Parameters that mean something here; any other is ignored (RFC 6749 section 3.2), but none may be repeated.
const PARAMETERS: [&str; 6] =
    ["grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// How a client presents its secret (RFC 6749 section 2.3.1), and so how it is presented to Okta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`: HTTP Basic.
    Basic,
    /// `client_secret_post`: in the body.
    Body,
}

/// A client's id and secret.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// The id.
    pub client_id: ClientId,
    /// The secret.
    pub client_secret: ClientSecret,
    /// The way in which the client presents them.
    pub method: ClientAuthentication,
}

/// A well-formed request. Whether the client is who it says is for Okta to decide.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Who asks.
    pub client: ClientCredentials,
    /// What for; `None` where the request does not say.
    pub scopes: Option<ScopeSet>,
}

/// Why a request is refused before anyone is asked. Never holds a part of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRequestError {
    /// Not a form.
    #[error("the content type must be application/x-www-form-urlencoded")]
    ContentType,
    /// Over 8 KiB.
    #[error("the body has more than {MAX_BODY_BYTES} bytes")]
    TooLarge,
    /// A parameter twice (RFC 6749 section 3.2).
    #[error("a parameter is repeated: {parameter}")]
    Repeated {
        /// Its name.
        parameter: &'static str,
    },
    /// No `grant_type`.
    #[error("grant_type is missing, expected client_credentials")]
    GrantTypeMissing,
    /// Another grant.
    #[error("the grant type is not supported, expected client_credentials")]
    GrantTypeUnsupported,
    /// Credentials in more than one way (RFC 6749 section 2.3).
    #[error("the client authenticates in more than one way: use the Authorization header or the body, not both")]
    SeveralAuthentications,
    /// No credentials.
    #[error("the client's credentials are missing: send HTTP Basic, or client_id and client_secret in the body")]
    CredentialsMissing,
    /// An `Authorization` header that is not one well-formed `Basic` value.
    #[error("the Authorization header is not Basic with a client id and a secret")]
    BasicMalformed,
    /// A client id or secret with characters that none has (RFC 6749 appendix A.1, A.2).
    #[error("the client id or secret has characters other than printable ASCII")]
    CredentialCharacters,
    /// A client assertion, which is not supported yet.
    #[error("client assertions are not supported yet: use a client secret")]
    AssertionUnsupported,
    /// `scope` is malformed.
    #[error("scope is malformed, expected scopes separated by single spaces")]
    Scope,
}

impl TokenRequestError {
    /// The code that the client is told.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::ContentType
            | Self::TooLarge
            | Self::Repeated { .. }
            | Self::GrantTypeMissing
            | Self::SeveralAuthentications
            | Self::CredentialCharacters => ErrorCode::InvalidRequest,
            Self::GrantTypeUnsupported => ErrorCode::UnsupportedGrantType,
            Self::CredentialsMissing | Self::BasicMalformed | Self::AssertionUnsupported => ErrorCode::InvalidClient,
            Self::Scope => ErrorCode::InvalidScope,
        }
    }
}

impl TokenRequest {
    /// Reads a request from its content type, every `Authorization` value, and its body.
    ///
    /// # Errors
    /// [`TokenRequestError`] with the first thing that is wrong.
    pub fn parse(content_type: Option<&str>, authorization: &[&str], body: &[u8]) -> Result<Self, TokenRequestError> {
        let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
        if !media_type.is_some_and(|media_type| media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return Err(TokenRequestError::ContentType);
        }
        if body.len() > MAX_BODY_BYTES {
            return Err(TokenRequestError::TooLarge);
        }
        let form = Form::parse(body)?;
        match form.value("grant_type") {
            None => return Err(TokenRequestError::GrantTypeMissing),
            Some("client_credentials") => {}
            Some(_) => return Err(TokenRequestError::GrantTypeUnsupported),
        }
        let client = client(authorization, &form)?;
        // A parameter without a value counts as omitted (RFC 6749 section 3.2).
        let scopes =
            form.value("scope").map(ScopeSet::from_parameter).transpose().map_err(|_| TokenRequestError::Scope)?;
        Ok(Self { client, scopes })
    }
}

/// The parameters that mean something, each at most once.
struct Form(Vec<(&'static str, String)>);

impl Form {
    fn parse(body: &[u8]) -> Result<Self, TokenRequestError> {
        let mut values: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            let Some(parameter) = PARAMETERS.into_iter().find(|parameter| *parameter == name) else { continue };
            if values.iter().any(|(seen, _)| *seen == parameter) {
                return Err(TokenRequestError::Repeated { parameter });
            }
            values.push((parameter, value.into_owned()));
        }
        Ok(Self(values))
    }

    fn value(&self, parameter: &str) -> Option<&str> {
        self.0.iter().find(|(name, value)| *name == parameter && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

fn client(authorization: &[&str], form: &Form) -> Result<ClientCredentials, TokenRequestError> {
    let has_assertion = form.value("client_assertion").is_some() || form.value("client_assertion_type").is_some();
    match (authorization, form.value("client_id"), form.value("client_secret")) {
        ([], None, None) if has_assertion => Err(TokenRequestError::AssertionUnsupported),
        ([], Some(_), None) if has_assertion => Err(TokenRequestError::AssertionUnsupported),
        ([], Some(id), Some(secret)) if !has_assertion => credentials(id, secret, ClientAuthentication::Body),
        ([], None | Some(_), None) | ([], None, Some(_)) => Err(TokenRequestError::CredentialsMissing),
        ([basic], repeated_id, None) if !has_assertion => {
            let (id, secret) = basic_credentials(basic).ok_or(TokenRequestError::BasicMalformed)?;
            if repeated_id.is_some_and(|repeated| repeated != id) {
                return Err(TokenRequestError::SeveralAuthentications);
            }
            credentials(&id, &secret, ClientAuthentication::Basic)
        }
        ([] | [_] | [_, _, ..], _, _) => Err(TokenRequestError::SeveralAuthentications),
    }
}

/// HTTP Basic whose two halves are form-encoded (RFC 6749 section 2.3.1, RFC 7617).
fn basic_credentials(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let form_decoded =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(|text| text.into_owned());
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn credentials(id: &str, secret: &str, method: ClientAuthentication) -> Result<ClientCredentials, TokenRequestError> {
    if id.is_empty() || secret.is_empty() {
        return Err(TokenRequestError::CredentialsMissing);
    }
    let printable = secret.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    let client_id = ClientId::new(id).filter(|_| printable).ok_or(TokenRequestError::CredentialCharacters)?;
    Ok(ClientCredentials { client_id, client_secret: ClientSecret::new(secret.to_owned()), method })
}

#[cfg(test)]
#[path = "client_credentials_tests.rs"]
mod tests;
