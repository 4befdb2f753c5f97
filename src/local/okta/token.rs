//! The token endpoint: client credentials in, an access token or one of Okta's errors out (RFC 6749 sections 2.3.1, 4.4, 5).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::StandInOkta;
use super::keys::random_name;
use super::settings::StandInClient;

/// Why there is no token. The texts that go out are Okta's own wherever a public source shows them.
#[derive(Debug)]
pub(super) enum TokenRefusal {
    NotForm,
    RepeatedParameter,
    NoGrantType,
    UnsupportedGrantType,
    SeveralCredentials,
    NoClient,
    UnknownClient,
    WrongSecret,
    NotAuthenticated,
    NoDefaultScopes,
    UnknownScope,
    NotAllowedByPolicy,
}

/// The parameters of a form body, each of them once.
struct Form(Vec<(String, String)>);

struct Credentials {
    client_id: String,
    secret: SecretString,
}

impl StandInOkta {
    /// The answer of RFC 6749 section 5.1, or why there is none.
    pub(super) fn grant_token(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, TokenRefusal> {
        let form = Form::parse(headers, body)?;
        match form.parameter("grant_type") {
            None => return Err(TokenRefusal::NoGrantType),
            Some("client_credentials") => {}
            Some(_) => return Err(TokenRefusal::UnsupportedGrantType),
        }
        let client = self.authenticate(&credentials(headers, &form)?)?;
        let scopes = self.granted_scopes(client, form.parameter("scope"))?;
        Ok(json!({
            "token_type": "Bearer",
            "expires_in": self.settings.token_lifetime_seconds,
            "access_token": self.issue(&client.client_id, &scopes),
            "scope": scopes.join(" "),
        }))
    }

    fn authenticate(&self, credentials: &Credentials) -> Result<&StandInClient, TokenRefusal> {
        let client = self.settings.client(&credentials.client_id).ok_or(TokenRefusal::UnknownClient)?;
        verify_slices_are_equal(
            client.secret.expose_secret().as_bytes(),
            credentials.secret.expose_secret().as_bytes(),
        )
        .map_err(|_| TokenRefusal::WrongSecret)?;
        Ok(client)
    }

    /// Okta grants what was asked or nothing: it never narrows a request.
    fn granted_scopes<'a>(
        &'a self,
        client: &StandInClient,
        requested: Option<&'a str>,
    ) -> Result<Vec<&'a str>, TokenRefusal> {
        let mut scopes: Vec<&str> = Vec::new();
        for scope in requested.unwrap_or_default().split_ascii_whitespace() {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        if scopes.is_empty() {
            scopes.extend(self.settings.default_scopes.iter().map(String::as_str));
        }
        if scopes.is_empty() {
            return Err(TokenRefusal::NoDefaultScopes);
        }
        let all_in = |known: &[String]| scopes.iter().all(|scope| known.iter().any(|name| name == scope));
        if !all_in(&self.settings.scopes) {
            return Err(TokenRefusal::UnknownScope);
        }
        if !all_in(&client.scopes) {
            return Err(TokenRefusal::NotAllowedByPolicy);
        }
        Ok(scopes)
    }
}

/// Exactly one set of credentials, from the header or the body (RFC 6749 section 2.3: never more than one method).
fn credentials(headers: &HeaderMap, form: &Form) -> Result<Credentials, TokenRefusal> {
    let client_id = form.parameter("client_id");
    let secret = form.parameter("client_secret");
    let mut authorization = headers.get_all(AUTHORIZATION).iter();
    let header = authorization.next();
    let in_body = client_id.is_some() || secret.is_some();
    let assertion = form.parameter("client_assertion").is_some();
    let methods = [header.is_some(), in_body, assertion];
    if authorization.next().is_some() || methods.iter().filter(|&&used| used).count() > 1 {
        return Err(TokenRefusal::SeveralCredentials);
    }
    if let Some(header) = header {
        let text = header.to_str().ok();
        return text.and_then(basic).ok_or(TokenRefusal::NotAuthenticated);
    }
    match (client_id, secret) {
        (Some(client_id), Some(secret)) => {
            Ok(Credentials { client_id: client_id.to_owned(), secret: SecretString::from(secret) })
        }
        (Some(_), None) => Err(TokenRefusal::NotAuthenticated),
        // An assertion ends here too: the stand-in does not take any.
        (None, Some(_) | None) => Err(TokenRefusal::NoClient),
    }
}

/// `Basic` with both halves form-encoded, as RFC 6749 section 2.3.1 wants it.
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    Some(Credentials { client_id: form_decoded(client_id), secret: SecretString::from(form_decoded(secret)) })
}

/// Decodes one form-encoded value. `&` and `=` never stand in one, so a text with either was not encoded at all.
fn form_decoded(text: &str) -> String {
    if text.contains(['&', '=']) {
        return text.to_owned();
    }
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

impl Form {
    /// A parameter that is there twice is refused (RFC 6749 section 3.2), an empty one counts as missing.
    fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenRefusal> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.and_then(|value| value.split(';').next());
        if !media_type
            .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
        {
            return Err(TokenRefusal::NotForm);
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(TokenRefusal::RepeatedParameter);
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

impl TokenRefusal {
    pub(super) fn status(&self) -> StatusCode {
        self.answer().0
    }

    pub(super) fn body(&self) -> Value {
        let (_, code, text) = self.answer();
        match self {
            // Here Okta answers in the shape of its management API, not in OAuth's.
            Self::NotForm | Self::UnknownClient => okta_error(code, text),
            Self::RepeatedParameter
            | Self::NoGrantType
            | Self::UnsupportedGrantType
            | Self::SeveralCredentials
            | Self::NoClient
            | Self::WrongSecret
            | Self::NotAuthenticated
            | Self::NoDefaultScopes
            | Self::UnknownScope
            | Self::NotAllowedByPolicy => json!({ "error": code, "error_description": text }),
        }
    }

    #[rustfmt::skip] // a table: one refusal, one block
    fn answer(&self) -> (StatusCode, &'static str, &'static str) {
        const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;
        const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
        match self {
            Self::NotForm => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "E0000021",
                "Bad request.  Accept and/or Content-Type headers likely do not match supported values."),
            Self::RepeatedParameter => (BAD_REQUEST, "invalid_request",
                "A parameter must not be repeated."),
            Self::NoGrantType => (BAD_REQUEST, "invalid_request",
                "The parameter 'grant_type' must be provided."),
            Self::UnsupportedGrantType => (BAD_REQUEST, "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server."),
            Self::SeveralCredentials => (UNAUTHORIZED, "invalid_request",
                "Cannot supply multiple client credentials. Use one of the following: credentials in the \
                 Authorization header, credentials in the post body, or a client_assertion in the post body."),
            Self::NoClient => (BAD_REQUEST, "invalid_client",
                "A client_id must be provided in the request."),
            Self::UnknownClient => (UNAUTHORIZED, "invalid_client",
                "Invalid value for 'client_id' parameter."),
            Self::WrongSecret => (UNAUTHORIZED, "invalid_client",
                "The client secret supplied for a confidential client is invalid."),
            Self::NotAuthenticated => (UNAUTHORIZED, "invalid_client",
                "Client authentication failed. Either the client or the client credentials are invalid."),
            Self::NoDefaultScopes => (BAD_REQUEST, "invalid_scope",
                "The authorization server resource does not have any configured default scopes, 'scope' must be provided."),
            Self::UnknownScope => (BAD_REQUEST, "invalid_scope",
                "One or more scopes are not configured for the authorization server resource."),
            Self::NotAllowedByPolicy => (BAD_REQUEST, "access_denied",
                "Policy evaluation failed for this request, please check the policy configurations."),
        }
    }
}

/// The error body of Okta's management API.
pub(super) fn okta_error(code: &str, summary: &str) -> Value {
    json!({
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": format!("oae{}", random_name::<16>()),
        "errorCauses": [],
    })
}
