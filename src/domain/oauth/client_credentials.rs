//! The client-credentials request (RFC 6749 section 4.4.2) as a client sends it to the token URL.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use secrecy::zeroize::Zeroizing;
use url::form_urlencoded;

use super::client_assertion::{ASSERTION_TYPE, UnverifiedAssertion};
use super::error_code::ErrorCode;
use super::scope::ScopeSet;
use super::secret::{ClientAssertion, ClientSecret, DpopProof};
use crate::domain::profile::ClientId;

/// The largest request body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 8 * 1024;

/// Parameters that mean something here; any other is ignored (RFC 6749 section 3.2), but none may be repeated.
const PARAMETERS: [&str; 6] =
    ["grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// How a client proves who it is (RFC 6749 section 2.3), and so how it is presented to Okta.
#[derive(Debug, Clone)]
pub enum ClientAuthentication {
    /// `client_secret_basic`: HTTP Basic.
    Basic(ClientSecret),
    /// `client_secret_post`: in the body.
    Body(ClientSecret),
    /// `client_secret_jwt` or `private_key_jwt`: good for one request.
    Assertion(ClientAssertion),
}

/// A client's id and its proof.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// The id.
    pub client_id: ClientId,
    /// The proof, as the client presents it.
    pub authentication: ClientAuthentication,
}

impl ClientCredentials {
    /// The secret, where the client has shown one.
    #[must_use]
    pub const fn secret(&self) -> Option<&ClientSecret> {
        match &self.authentication {
            ClientAuthentication::Basic(secret) | ClientAuthentication::Body(secret) => Some(secret),
            ClientAuthentication::Assertion(_) => None,
        }
    }

    /// Reads the value of an `Authorization` header: HTTP Basic whose two halves are form-encoded (RFC 6749 section
    /// 2.3.1, RFC 7617).
    ///
    /// # Errors
    /// [`TokenRequestError`] where it is not that, or a half is empty or not printable ASCII.
    pub fn from_basic(value: &str) -> Result<Self, TokenRequestError> {
        let (id, secret) = basic_credentials(value).ok_or(TokenRequestError::BasicMalformed)?;
        credentials(&id, secret, ClientAuthentication::Basic)
    }
}

/// A well-formed request. Whether the client is who it says is for Okta to decide.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Who asks.
    pub client: ClientCredentials,
    /// What for; `None` where the request does not say.
    pub scopes: Option<ScopeSet>,
    /// A proof of the key that the token shall be bound to.
    pub dpop: Option<DpopProof>,
}

/// A request as it came over HTTP.
#[derive(Debug, Clone, Copy, Default)]
pub struct IncomingForm<'r> {
    /// `Content-Type`.
    pub content_type: Option<&'r str>,
    /// Every `Authorization` value.
    pub authorization: &'r [&'r str],
    /// Every `DPoP` value.
    pub dpop: &'r [&'r str],
    /// The body.
    pub body: &'r [u8],
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
    #[error(
        "the client's credentials are missing: send HTTP Basic, client_id and client_secret in the body, or a client assertion"
    )]
    CredentialsMissing,
    /// An `Authorization` header that is not one well-formed `Basic` value.
    #[error("the Authorization header is not Basic with a client id and a secret")]
    BasicMalformed,
    /// A client id or secret with characters that none has (RFC 6749 appendix A.1, A.2).
    #[error("the client id or secret has characters other than printable ASCII")]
    CredentialCharacters,
    /// An assertion that is no JWT of the client, of another type, or of another client than `client_id`.
    #[error(
        "the client assertion is not a JWT with the client's id as iss and sub, or its type is not {ASSERTION_TYPE}"
    )]
    AssertionMalformed,
    /// More than one `DPoP` header, or one that is no JWT (RFC 9449 section 4.3, check 1).
    #[error("the DPoP header is not one JWT")]
    DpopMalformed,
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
            Self::CredentialsMissing | Self::BasicMalformed | Self::AssertionMalformed => ErrorCode::InvalidClient,
            Self::DpopMalformed => ErrorCode::InvalidDpopProof,
            Self::Scope => ErrorCode::InvalidScope,
        }
    }
}

impl TokenRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// [`TokenRequestError`] with the first thing that is wrong.
    pub fn parse(incoming: IncomingForm<'_>) -> Result<Self, TokenRequestError> {
        let IncomingForm { content_type, authorization, dpop, body } = incoming;
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
        let dpop = dpop_proof(dpop)?;
        // A parameter without a value counts as omitted (RFC 6749 section 3.2).
        let scopes =
            form.value("scope").map(ScopeSet::from_parameter).transpose().map_err(|_| TokenRequestError::Scope)?;
        Ok(Self { client, scopes, dpop })
    }
}

/// The parameters that mean something, each at most once.
struct Form(Vec<(&'static str, Zeroizing<String>)>);

impl Form {
    fn parse(body: &[u8]) -> Result<Self, TokenRequestError> {
        let mut values: Vec<(&'static str, Zeroizing<String>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            let Some(parameter) = PARAMETERS.into_iter().find(|parameter| *parameter == name) else { continue };
            if values.iter().any(|(seen, _)| *seen == parameter) {
                return Err(TokenRequestError::Repeated { parameter });
            }
            values.push((parameter, Zeroizing::new(value.into_owned())));
        }
        Ok(Self(values))
    }

    fn value(&self, parameter: &str) -> Option<&str> {
        self.0.iter().find(|(name, value)| *name == parameter && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

fn client(authorization: &[&str], form: &Form) -> Result<ClientCredentials, TokenRequestError> {
    let (id, secret) = (form.value("client_id"), form.value("client_secret"));
    let assertion = (form.value("client_assertion"), form.value("client_assertion_type"));
    match (authorization, secret, assertion) {
        ([], None, (None, None)) => Err(TokenRequestError::CredentialsMissing),
        ([], None, (Some(assertion), Some(ASSERTION_TYPE))) => assertion_of(id, assertion),
        ([], None, (_, _)) => Err(TokenRequestError::AssertionMalformed),
        ([], Some(secret), (None, None)) => {
            let id = id.ok_or(TokenRequestError::CredentialsMissing)?;
            credentials(id, secret.to_owned(), ClientAuthentication::Body)
        }
        // A gateway joins repeated headers with commas; no base64 has one.
        ([basic], ..) if basic.contains(',') => Err(TokenRequestError::SeveralAuthentications),
        ([basic], None, (None, None)) => {
            let client = ClientCredentials::from_basic(basic)?;
            // Okta refuses the id once more beside Basic; it is no second proof, so it is not passed on.
            let is_other = |id: &str| id != client.client_id.as_str();
            if id.is_some_and(is_other) { Err(TokenRequestError::SeveralAuthentications) } else { Ok(client) }
        }
        ([] | [_] | [_, _, ..], _, _) => Err(TokenRequestError::SeveralAuthentications),
    }
}

fn assertion_of(id: Option<&str>, assertion: &str) -> Result<ClientCredentials, TokenRequestError> {
    let is_the_clients = |parsed: &UnverifiedAssertion| id.is_none_or(|id| id == parsed.client_id.as_str());
    let parsed = UnverifiedAssertion::parse(assertion.to_owned()).filter(is_the_clients);
    let UnverifiedAssertion { assertion, client_id } = parsed.ok_or(TokenRequestError::AssertionMalformed)?;
    Ok(ClientCredentials { client_id, authentication: ClientAuthentication::Assertion(assertion) })
}

/// One value in the alphabet of a JWT; Okta judges it.
fn dpop_proof(values: &[&str]) -> Result<Option<DpopProof>, TokenRequestError> {
    let is_jwt = |value: &str| {
        let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        value.len() <= MAX_BODY_BYTES && value.split('.').count() == 3 && value.bytes().all(in_alphabet)
    };
    match values {
        [] => Ok(None),
        [proof] if is_jwt(proof) => Ok(Some(DpopProof::new((*proof).to_owned()))),
        [_] | [_, _, ..] => Err(TokenRequestError::DpopMalformed),
    }
}

/// HTTP Basic whose two halves are form-encoded (RFC 6749 section 2.3.1, RFC 7617).
fn basic_credentials(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?);
    let (id, secret) = decoded.split_once(':')?;
    let form_decoded = |text: &str| {
        let text = Zeroizing::new(text.replace('+', " "));
        percent_decode_str(&text).decode_utf8().ok().map(|text| text.into_owned())
    };
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn credentials(
    id: &str,
    secret: String,
    method: impl FnOnce(ClientSecret) -> ClientAuthentication,
) -> Result<ClientCredentials, TokenRequestError> {
    if id.is_empty() || secret.is_empty() {
        return Err(TokenRequestError::CredentialsMissing);
    }
    let printable = secret.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    let client_id = ClientId::new(id).filter(|_| printable).ok_or(TokenRequestError::CredentialCharacters)?;
    Ok(ClientCredentials { client_id, authentication: method(ClientSecret::new(secret)) })
}

#[cfg(test)]
#[path = "client_credentials_tests.rs"]
mod tests;
