//! What the token function answers over HTTP: a token, an error (RFC 6749 sections 5.1 and 5.2), or metadata.

use std::time::Duration;

use lambda_http::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE,
};
use lambda_http::http::{StatusCode, response};
use lambda_http::{Body, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::application::issue_token::Issued;
use crate::domain::oauth::error_code::ErrorCode;
use crate::domain::oauth::token_response::IssuedToken;
use crate::rejection::TokenRefusal;

/// What the client's next DPoP proof has to hold (RFC 9449 section 8).
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// How long metadata may be kept, in seconds: a profile's change is in force about as soon.
const METADATA_LIFETIME: &str = "public, max-age=300";

/// A token.
pub(super) fn granted(issued: &Issued) -> Response<Body> {
    let obtained = &issued.obtained;
    let token = IssuedToken {
        access_token: obtained.token.access_token.expose(),
        token_type: obtained.token_type.as_str(),
        expires_in: issued.expires_in.as_secs(),
        scope: obtained.token.verified.token.claims().scopes.to_string(),
    };
    let nonce = obtained.dpop_nonce.as_ref().map(|nonce| (DPOP_NONCE, nonce.clone()));
    not_stored(StatusCode::OK, &token, nonce)
}

/// An error of RFC 6749 section 5.2.
pub(super) fn refused(refusal: &TokenRefusal) -> Response<Body> {
    let challenge = refusal.challenge.then(|| "Basic realm=\"token\", charset=\"UTF-8\"".to_owned());
    let headers = [
        (RETRY_AFTER, refusal.retry_after.map(|wait| seconds(wait).to_string())),
        (WWW_AUTHENTICATE, challenge),
        (DPOP_NONCE, refusal.dpop_nonce.clone()),
    ];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let body = json!({"error": refusal.code.as_str(), "error_description": refusal.description});
    not_stored(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body, headers)
}

/// There is no such page.
pub(super) fn not_found() -> Response<Body> {
    let pages = "expected /oauth2/{profile}/v1/token or /oauth2/{profile}/.well-known/oauth-authorization-server";
    page_error(StatusCode::NOT_FOUND, &format!("no such page: {pages}"))
}

/// The page takes another method.
pub(super) fn method_not_allowed(allowed: &'static str) -> Response<Body> {
    let mut answer = page_error(StatusCode::METHOD_NOT_ALLOWED, &format!("expected {allowed}"));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// A document that anyone may read and keep.
pub(super) fn metadata(document: &Value) -> Response<Body> {
    finish(Response::builder().header(CACHE_CONTROL, METADATA_LIFETIME), document)
}

/// Nothing but headers.
pub(super) fn no_content() -> Response<Body> {
    let mut answer = Response::new(Body::Empty);
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

/// Whole seconds, rounded up: who comes back then does not come too early.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn page_error(status: StatusCode, description: &str) -> Response<Body> {
    let body = json!({"error": ErrorCode::InvalidRequest.as_str(), "error_description": description});
    not_stored(status, &body, None)
}

/// No answer of the token URL may be stored (RFC 6749 section 5.1), and none carries a cookie.
fn not_stored(
    status: StatusCode,
    body: &impl Serialize,
    headers: impl IntoIterator<Item = (HeaderName, String)>,
) -> Response<Body> {
    let mut answer = Response::builder().status(status).header(CACHE_CONTROL, "no-store").header(PRAGMA, "no-cache");
    for (name, value) in headers {
        // A nonce that is no header value is not the client's fault: it will ask again without one.
        if let Ok(value) = HeaderValue::try_from(value) {
            answer = answer.header(name, value);
        }
    }
    finish(answer, body)
}

fn finish(answer: response::Builder, body: &impl Serialize) -> Response<Body> {
    let answer = answer.header(CONTENT_TYPE, "application/json;charset=UTF-8");
    #[expect(clippy::expect_used, reason = "string members serialise, and every header was made here")]
    answer.body(Body::Text(serde_json::to_string(body).expect("JSON"))).expect("a response")
}
