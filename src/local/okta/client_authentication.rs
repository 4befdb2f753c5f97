//! Who asks for a token: client authentication at the token endpoint (RFC 6749 section 2.3.1).

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

struct Credentials {
    client_id: String,
    secret: SecretString,
}

impl StandInOkta {
    /// The client that proved who it is.
    pub(super) fn authenticate(&self, headers: &HeaderMap, form: &Form) -> Result<&StandInClient, TokenRefusal> {
        let credentials = credentials(headers, form)?;
        let client = self.settings.client(&credentials.client_id).ok_or(TokenRefusal::UnknownClient)?;
        verify_slices_are_equal(
            client.secret.expose_secret().as_bytes(),
            credentials.secret.expose_secret().as_bytes(),
        )
        .map_err(|_| TokenRefusal::WrongSecret)?;
        Ok(client)
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
