//! Who asks for a token: client authentication at the token endpoint (RFC 6749 section 2.3, RFC 7523 section 2.2).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;

use super::StandInOkta;
use super::form::Form;
use super::refusal::TokenRefusal;
use super::settings::StandInClient;

/// How a client says who it is.
enum Credentials<'a> {
    Secret { client_id: String, secret: SecretString },
    Assertion { client_id: Option<&'a str>, assertion_type: Option<&'a str>, assertion: Option<&'a str> },
}

impl StandInOkta {
    /// The client that proved who it is.
    pub(super) fn authenticate(&self, headers: &HeaderMap, form: &Form) -> Result<&StandInClient, TokenRefusal> {
        match credentials(headers, form)? {
            Credentials::Secret { client_id, secret } => self.authenticate_by_secret(&client_id, &secret),
            Credentials::Assertion { client_id, assertion_type, assertion } => {
                self.authenticate_by_assertion(client_id, assertion_type, assertion)
            }
        }
    }

    fn authenticate_by_secret(&self, client_id: &str, secret: &SecretString) -> Result<&StandInClient, TokenRefusal> {
        let client = self.settings.client(client_id).ok_or(TokenRefusal::UnknownClient)?;
        verify_slices_are_equal(client.secret.expose_secret().as_bytes(), secret.expose_secret().as_bytes())
            .map_err(|_| TokenRefusal::WrongSecret)?;
        Ok(client)
    }
}

/// Exactly one set of credentials, from the header or the body (RFC 6749 section 2.3: never more than one method).
fn credentials<'a>(headers: &HeaderMap, form: &'a Form) -> Result<Credentials<'a>, TokenRefusal> {
    let client_id = form.parameter("client_id");
    let secret = form.parameter("client_secret");
    let assertion = form.parameter("client_assertion");
    let assertion_type = form.parameter("client_assertion_type");
    let mut authorization = headers.get_all(AUTHORIZATION).iter();
    let header = authorization.next();
    let is_assertion = assertion.is_some() || assertion_type.is_some();
    // With an assertion, the client may say its id as well (RFC 7521 section 4.2).
    let in_body = secret.is_some() || (client_id.is_some() && !is_assertion);
    let methods = [header.is_some(), in_body, is_assertion];
    if authorization.next().is_some() || methods.iter().filter(|&&used| used).count() > 1 {
        return Err(TokenRefusal::SeveralCredentials);
    }
    if let Some(header) = header {
        let text = header.to_str().ok();
        return text.and_then(basic).ok_or(TokenRefusal::NotAuthenticated);
    }
    if is_assertion {
        return Ok(Credentials::Assertion { client_id, assertion_type, assertion });
    }
    match (client_id, secret) {
        (Some(client_id), Some(secret)) => {
            Ok(Credentials::Secret { client_id: client_id.to_owned(), secret: SecretString::from(secret) })
        }
        (Some(_), None) => Err(TokenRefusal::NotAuthenticated),
        (None, Some(_) | None) => Err(TokenRefusal::NoClient),
    }
}

/// `Basic` with both halves form-encoded, as RFC 6749 section 2.3.1 wants it.
fn basic(header: &str) -> Option<Credentials<'static>> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    Some(Credentials::Secret { client_id: form_decoded(client_id), secret: SecretString::from(form_decoded(secret)) })
}

/// Decodes one form-encoded value. `&` and `=` never stand in one, so a text with either was not encoded at all.
fn form_decoded(text: &str) -> String {
    if text.contains(['&', '=']) {
        return text.to_owned();
    }
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
