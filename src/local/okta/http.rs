//! The HTTP side of the stand-in: which path is which endpoint, Okta's headers, and the faults.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::faults::{Endpoint, Fault, RecordedTokenRequest};
use super::keys::random_name;
use super::refusal::{TokenRefusal, okta_error};
use super::{StandInOkta, discovery};

/// No honest token request is longer.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What Okta says of a method that an endpoint does not take; here of an unknown path as well.
const UNSUPPORTED: (&str, &str) = ("E0000022", "The endpoint does not support the provided HTTP method");

/// A true answer, before a fault changes it.
struct Answer {
    status: StatusCode,
    cache_control: String,
    /// Headers of this answer alone.
    headers: HeaderMap,
    body: Vec<u8>,
}

impl StandInOkta {
    /// The endpoints, below the issuer's path; anything else is a 404 with Okta's own error body.
    pub fn router(self: Arc<Self>) -> Router {
        // One fallback instead of routes: an issuer's path may hold characters that a route template reads as its own.
        Router::new().fallback(move |request: Request| {
            let okta = Arc::clone(&self);
            async move { okta.respond(request).await }
        })
    }

    async fn respond(&self, request: Request) -> Response {
        let mut response = match self.endpoint(request.uri().path()) {
            Some(endpoint) => self.rehearse(endpoint, request).await,
            None => {
                Answer::not_stored(StatusCode::NOT_FOUND, &okta_error(UNSUPPORTED.0, UNSUPPORTED.1)).into_response()
            }
        };
        if let Some(date) = self.date() {
            response.headers_mut().insert(DATE, date);
        }
        if let Ok(id) = HeaderValue::try_from(random_name::<20>()) {
            let name = HeaderName::from_static("x-okta-request-id");
            response.headers_mut().insert(name, id);
        }
        response
    }

    /// By the server's own clock, which a test may set (RFC 9110 section 6.6.1).
    fn date(&self) -> Option<HeaderValue> {
        let seconds = i64::try_from((self.clock)()).ok()?;
        let date = OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(&Rfc2822).ok()?;
        HeaderValue::try_from(date.replace("+0000", "GMT")).ok()
    }

    fn endpoint(&self, path: &str) -> Option<Endpoint> {
        match path.strip_prefix(&self.path)? {
            "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server" => {
                Some(Endpoint::Discovery)
            }
            "/v1/keys" => Some(Endpoint::Keys),
            "/v1/token" => Some(Endpoint::Token),
            "/v1/introspect" => Some(Endpoint::Introspection),
            "/v1/revoke" => Some(Endpoint::Revocation),
            _ => None,
        }
    }

    /// Records the request, then gives the true answer or what the endpoint's fault makes of it.
    async fn rehearse(&self, endpoint: Endpoint, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let fault = {
            let mut rehearsal = self.rehearsal();
            if endpoint == Endpoint::Token {
                rehearsal.last_token_request = Some(RecordedTokenRequest {
                    headers: parts.headers.clone(),
                    body: String::from_utf8_lossy(&body).into_owned(),
                });
            }
            rehearsal.count(endpoint)
        };
        let truth = || self.answer(endpoint, &parts.method, &parts.headers, &body);
        match fault {
            Fault::None => truth().into_response(),
            Fault::Status(status, headers, body) => {
                let json = [(CONTENT_TYPE, "application/json")];
                (status, json, headers, body).into_response()
            }
            Fault::Redirect(target) => (StatusCode::FOUND, [(LOCATION, target)]).into_response(),
            Fault::Html => (
                [(CONTENT_TYPE, "text/html;charset=utf-8")],
                "<!DOCTYPE html><html><title>Okta</title><body>We will be back soon.</body></html>",
            )
                .into_response(),
            Fault::Garbage => ([(CONTENT_TYPE, "application/json")], "{\"keys\": [}, token").into_response(),
            Fault::Huge(bytes) => {
                let mut answer = truth();
                answer.body.resize(bytes.max(answer.body.len()), b' ');
                answer.into_response()
            }
            Fault::Truncated => {
                let mut answer = truth();
                answer.body.truncate(answer.body.len() / 2);
                answer.into_response()
            }
            Fault::Delay(delay) => {
                tokio::time::sleep(delay).await;
                truth().into_response()
            }
            Fault::Empty => [(CONTENT_TYPE, "application/json")].into_response(),
        }
    }

    /// The answer of a healthy server.
    fn answer(&self, endpoint: Endpoint, method: &Method, headers: &HeaderMap, body: &[u8]) -> Answer {
        let expected = match endpoint {
            Endpoint::Discovery | Endpoint::Keys => Method::GET,
            Endpoint::Token | Endpoint::Introspection | Endpoint::Revocation => Method::POST,
        };
        if *method != expected {
            let body = okta_error(UNSUPPORTED.0, UNSUPPORTED.1);
            return Answer::not_stored(StatusCode::METHOD_NOT_ALLOWED, &body);
        }
        match endpoint {
            Endpoint::Discovery => {
                Answer::stored("max-age=86400, must-revalidate", &discovery::document(&self.settings.issuer))
            }
            Endpoint::Keys => Answer::stored(&self.settings.keys_cache_control, &self.key_set()),
            Endpoint::Token => Answer::of(self.grant_token(headers, body)),
            Endpoint::Introspection => Answer::of(self.introspect(headers, body)),
            Endpoint::Revocation => match self.revoke_as_asked(headers, body) {
                Ok(()) => Answer { body: Vec::new(), ..Answer::not_stored(StatusCode::OK, &Value::Null) },
                refused @ Err(_) => Answer::of(refused.map(|()| Value::Null)),
            },
        }
    }
}

impl Answer {
    fn of(outcome: Result<Value, TokenRefusal>) -> Self {
        match outcome {
            Ok(body) => Self::not_stored(StatusCode::OK, &body),
            Err(refusal) => Self { headers: refusal.headers(), ..Self::not_stored(refusal.status(), &refusal.body()) },
        }
    }

    fn stored(cache_control: &str, body: &Value) -> Self {
        Self {
            status: StatusCode::OK,
            cache_control: cache_control.to_owned(),
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
        }
    }

    fn not_stored(status: StatusCode, body: &Value) -> Self {
        Self { status, ..Self::stored("no-cache, no-store", body) }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let headers = [(CONTENT_TYPE, "application/json".to_owned()), (CACHE_CONTROL, self.cache_control)];
        (self.status, headers, self.headers, self.body).into_response()
    }
}
