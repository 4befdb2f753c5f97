//! The token function's pages from HTTP request to HTTP answer, with their log lines. The Lambda and the local gateway run
//! this same code.

use std::net::IpAddr;
use std::time::Duration;

use lambda_http::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Request, Response};

use super::answer;
use super::cors::AllowedOrigins;
use super::metadata;
use crate::adapters::deadline::within;
use crate::adapters::system_clock::SystemClock;
use crate::application::issue_token::{IncomingTokenRequest, IssueToken, IssueTokenError, Issued};
use crate::application::key_ring::chain;
use crate::domain::jose::header::KeyId;
use crate::domain::oauth::client_credentials::IncomingForm;
use crate::ports::clock::Clock;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::ProfileStore;
use crate::ports::token_endpoint::TokenEndpoint;
use crate::telemetry::DecisionRecord;

const TOKEN_PAGE: &str = "/v1/token";
const METADATA_PAGE: &str = "/.well-known/oauth-authorization-server";
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Answers token requests.
#[derive(Debug)]
pub struct TokenHandler<S, K, T, C> {
    /// The job.
    pub application: IssueToken<S, K, T, C>,
    /// Whose pages may use the token URL from a browser.
    pub origins: AllowedOrigins,
}

/// One request, and what the gateway knows of it.
#[derive(Debug, Clone, Copy)]
pub struct TokenCall<'r> {
    /// The request.
    pub request: &'r Request,
    /// Its path as the gateway received it: what a parser makes of it may be another.
    pub path: &'r str,
    /// Its id in the gateway's logs.
    pub request_id: &'r str,
    /// Where it comes from.
    pub caller: Option<IpAddr>,
    /// Scheme and host under which the gateway was called, such as `https://abc.execute-api.eu-west-1.amazonaws.com`.
    pub origin: &'r str,
    /// What is left of the invocation.
    pub remaining: Option<Duration>,
}

impl<S: ProfileStore, K: KeySetSource, T: TokenEndpoint, C: Clock> TokenHandler<S, K, T, C> {
    /// Answers one request; an answer comes 200 ms before the invocation's end.
    pub async fn handle(&self, call: TokenCall<'_>) -> Response<Body> {
        let pages = (profile_of_path(call.path, TOKEN_PAGE), profile_of_path(call.path, METADATA_PAGE));
        let (page, methods) = match pages {
            (Some(profile), _) => (Page::Token(profile), "POST"),
            (None, Some(profile)) => (Page::Metadata(profile), "GET"),
            (None, None) => return answer::not_found(),
        };
        let mut answer = match (page, call.request.method()) {
            (_, &Method::OPTIONS) => match self.origins.preflight(call.request, methods) {
                Some(preflight) => preflight,
                None => answer::method_not_allowed(methods),
            },
            (Page::Token(profile), &Method::POST) => self.token(call, profile).await,
            (Page::Metadata(profile), &Method::GET) => self.metadata(call, profile).await,
            (Page::Token(_) | Page::Metadata(_), _) => answer::method_not_allowed(methods),
        };
        self.origins.mark(call.request, answer.headers_mut());
        answer
    }

    /// Refreshes what is due, once a request is answered. `remaining` is what is left of the invocation.
    pub async fn refresh_due(&self, remaining: Option<Duration>) {
        // What the end of the invocation cuts off is tried again later.
        let _cut_off = within(remaining, |left| self.application.refresh_due(left)).await;
    }

    async fn token(&self, call: TokenCall<'_>, profile: &str) -> Response<Body> {
        let began = SystemClock.elapsed();
        let issued = self.issue(call, profile).await;
        let record = DecisionRecord {
            request_id: call.request_id,
            form: "token",
            ms: (SystemClock.elapsed() - began).as_secs_f64() * 1_000.0,
            ..DecisionRecord::default()
        };
        match issued {
            Ok(issued) => {
                let verified = &issued.obtained.token.verified.token;
                let (kid, cid) = (verified.key_id().map_or("", KeyId::as_str), verified.claims().client_id.as_str());
                let reused = Some(issued.obtained.reused);
                DecisionRecord { outcome: "issued", profile, kid, cid, reused, ..record }.log();
                answer::granted(&issued)
            }
            Err(error) => {
                // The name in the path is the caller's own text where no profile has it.
                let profile = if matches!(error, IssueTokenError::UnknownProfile) { "" } else { profile };
                let detail = chain(&error);
                DecisionRecord { outcome: "refused", profile, reason: error.reason(), detail: &detail, ..record }.log();
                answer::refused(&error.refusal())
            }
        }
    }

    async fn issue(&self, call: TokenCall<'_>, profile: &str) -> Result<Issued, IssueTokenError> {
        let headers = call.request.headers();
        let (authorization, dpop) = (values(headers, &AUTHORIZATION), values(headers, &DPOP));
        let form = IncomingForm {
            content_type: headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()),
            authorization: &authorization,
            dpop: &dpop,
            body: call.request.body().as_ref(),
        };
        let incoming = IncomingTokenRequest { profile, form, caller: call.caller };
        let issued = within(call.remaining, |left| self.application.issue(incoming, left)).await;
        issued.unwrap_or(Err(IssueTokenError::Deadline))
    }

    async fn metadata(&self, call: TokenCall<'_>, profile: &str) -> Response<Body> {
        let found = within(call.remaining, |left| self.application.profile(profile, left)).await;
        match found.unwrap_or(Err(IssueTokenError::Deadline)) {
            Ok(found) => {
                let base = call.path.strip_suffix(METADATA_PAGE).unwrap_or_default();
                answer::metadata(&metadata::document(&found, &format!("{}{base}{TOKEN_PAGE}", call.origin)))
            }
            Err(error) => answer::refused(&error.refusal()),
        }
    }
}

enum Page<'p> {
    Token(&'p str),
    Metadata(&'p str),
}

/// Every value of a header. One that is not text is kept as one that nothing matches, so that it is refused and not
/// overlooked.
fn values<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<&'h str> {
    headers.get_all(name).iter().map(HeaderValue::to_str).map(Result::unwrap_or_default).collect()
}

/// The profile in `/oauth2/{profile}` and then `page`; a stage or a custom domain's base path may come first.
fn profile_of_path<'p>(path: &'p str, page: &str) -> Option<&'p str> {
    let (before, profile) = path.strip_suffix(page)?.rsplit_once('/')?;
    before.ends_with("/oauth2").then_some(profile)
}

#[cfg(test)]
mod tests {
    use super::{METADATA_PAGE, TOKEN_PAGE, profile_of_path};

    #[test]
    fn the_profile_is_found_below_any_base_path() {
        for page in [TOKEN_PAGE, METADATA_PAGE] {
            for base in ["/oauth2/orders", "/prod/oauth2/orders", "/a/b/oauth2/orders"] {
                assert_eq!(profile_of_path(&format!("{base}{page}"), page), Some("orders"), "{base}{page}");
            }
            for base in ["", "/oauth2", "/xoauth2x/orders", "/oauth2/a/b"] {
                assert_eq!(profile_of_path(&format!("{base}{page}"), page), None, "{base}{page}");
            }
        }
        for path in ["/", "/oauth2/orders/v1/token/", "/oauth2/orders/token"] {
            assert_eq!(profile_of_path(path, TOKEN_PAGE), None, "{path}");
        }
    }
}
