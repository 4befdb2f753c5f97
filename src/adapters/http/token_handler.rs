//! `POST /oauth2/{profile}/v1/token` from HTTP request to HTTP answer, with its log line. The Lambda and the local
//! gateway run this same code.

use std::time::Duration;

use lambda_http::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE,
};
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Body, Request, Response};

use crate::adapters::deadline::within;
use crate::adapters::system_clock::SystemClock;
use crate::application::issue_token::{IncomingTokenRequest, IssueToken, IssueTokenError, Issued};
use crate::application::key_ring::chain;
use crate::domain::oauth::error_code::ErrorCode;
use crate::domain::oauth::token_response::IssuedToken;
use crate::ports::clock::Clock;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::ProfileStore;
use crate::ports::token_endpoint::TokenEndpoint;
use crate::rejection::TokenRefusal;
use crate::telemetry::DecisionRecord;

/// Answers token requests.
#[derive(Debug)]
pub struct TokenHandler<S, K, T, C> {
    /// The job.
    pub application: IssueToken<S, K, T, C>,
}

impl<S: ProfileStore, K: KeySetSource, T: TokenEndpoint, C: Clock> TokenHandler<S, K, T, C> {
    /// Answers one request. `remaining` is what is left of the invocation; an answer comes 200 ms before its end.
    pub async fn handle(&self, request: &Request, request_id: &str, remaining: Option<Duration>) -> Response<Body> {
        let began = SystemClock.elapsed();
        let Some(profile) = profile_of_path(request.uri().path()) else {
            return refused(&refusal(StatusCode::NOT_FOUND, "no such page: expected /oauth2/{profile}/v1/token"));
        };
        if request.method() != Method::POST {
            let mut answer = refused(&refusal(StatusCode::METHOD_NOT_ALLOWED, "expected POST"));
            answer.headers_mut().insert(ALLOW, lambda_http::http::HeaderValue::from_static("POST"));
            return answer;
        }
        let issued = self.issue(request, profile, remaining).await;
        let record = DecisionRecord {
            request_id,
            form: "token",
            ms: (SystemClock.elapsed() - began).as_secs_f64() * 1_000.0,
            ..DecisionRecord::default()
        };
        match issued {
            Ok(issued) => {
                DecisionRecord { outcome: "issued", profile, ..record }.log();
                granted(&issued)
            }
            Err(error) => {
                // The name in the path is the caller's own text where no profile has it.
                let profile = if matches!(error, IssueTokenError::UnknownProfile) { "" } else { profile };
                DecisionRecord {
                    outcome: "refused",
                    profile,
                    reason: error.reason(),
                    detail: &chain(&error),
                    ..record
                }
                .log();
                refused(&error.refusal())
            }
        }
    }

    /// Refreshes what is due, once a request is answered. `remaining` is what is left of the invocation.
    pub async fn refresh_due(&self, remaining: Option<Duration>) {
        // What the end of the invocation cuts off is tried again later.
        let _cut_off = within(remaining, |left| self.application.refresh_due(left)).await;
    }

    async fn issue(
        &self,
        request: &Request,
        profile: &str,
        remaining: Option<Duration>,
    ) -> Result<Issued, IssueTokenError> {
        let headers = request.headers();
        // A value that is not text is kept as one that no scheme matches, so that it is refused and not overlooked.
        let text = |value: &'_ lambda_http::http::HeaderValue| value.to_str().map(str::to_owned).unwrap_or_default();
        let authorization: Vec<String> = headers.get_all(AUTHORIZATION).iter().map(text).collect();
        let authorization: Vec<&str> = authorization.iter().map(String::as_str).collect();
        let incoming = IncomingTokenRequest {
            profile,
            content_type: headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()),
            authorization: &authorization,
            body: request.body().as_ref(),
        };
        within(remaining, |left| self.application.issue(incoming, left)).await.unwrap_or(Err(IssueTokenError::Deadline))
    }
}

/// The profile in `/oauth2/{profile}/v1/token`; a stage or a custom domain's base path may come first.
fn profile_of_path(path: &str) -> Option<&str> {
    let path = path.strip_suffix("/v1/token")?;
    let (before, profile) = path.rsplit_once('/')?;
    before.ends_with("/oauth2").then_some(profile)
}

fn granted(issued: &Issued) -> Response<Body> {
    let token = IssuedToken {
        access_token: issued.access_token.expose(),
        token_type: "Bearer",
        expires_in: issued.expires_in,
        scope: issued.scopes.to_string(),
    };
    json_answer(StatusCode::OK, &token, &[])
}

fn refused(refusal: &TokenRefusal) -> Response<Body> {
    let mut headers = Vec::new();
    if let Some(wait) = refusal.retry_after {
        headers.push((RETRY_AFTER, wait.as_secs().to_string()));
    }
    if refusal.challenge {
        headers.push((WWW_AUTHENTICATE, "Basic realm=\"token\", charset=\"UTF-8\"".to_owned()));
    }
    let body = serde_json::json!({"error": refusal.code.as_str(), "error_description": refusal.description});
    json_answer(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body, &headers)
}

fn refusal(status: StatusCode, description: &str) -> TokenRefusal {
    TokenRefusal {
        status: status.as_u16(),
        code: ErrorCode::InvalidRequest,
        description: description.to_owned(),
        retry_after: None,
        challenge: false,
    }
}

/// No answer of the token URL may be stored (RFC 6749 section 5.1), and none carries a cookie.
fn json_answer(status: StatusCode, body: &impl serde::Serialize, headers: &[(HeaderName, String)]) -> Response<Body> {
    let mut answer = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json;charset=UTF-8")
        .header(CACHE_CONTROL, "no-store")
        .header(PRAGMA, "no-cache");
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    #[expect(
        clippy::expect_used,
        reason = "string members serialise, and every header is printable ASCII written here"
    )]
    answer.body(Body::Text(serde_json::to_string(body).expect("JSON"))).expect("a response")
}

#[cfg(test)]
mod tests {
    use super::profile_of_path;

    #[test]
    fn the_profile_is_found_below_any_base_path() {
        for path in ["/oauth2/orders/v1/token", "/prod/oauth2/orders/v1/token", "/a/b/oauth2/orders/v1/token"] {
            assert_eq!(profile_of_path(path), Some("orders"), "{path}");
        }
        for path in [
            "/",
            "/oauth2/v1/token",
            "/oauth2/orders/v1/token/",
            "/oauth2/orders/token",
            "/xoauth2x/orders/v1/token",
            "/oauth2/a/b/v1/token",
        ] {
            assert_eq!(profile_of_path(path), None, "{path}");
        }
    }
}
