//! Browsers of other origins (Fetch standard, CORS protocol): none, unless the configuration names them.

use lambda_http::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue,
    ORIGIN, VARY,
};
use lambda_http::{Body, Request, Response};

use super::answer::no_content;

/// How long a browser may keep what it was told, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, dpop");
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static("dpop-nonce, retry-after, www-authenticate");

/// The origins that may use the token URL from a browser, as they write themselves in `Origin`.
#[derive(Debug, Clone, Default)]
pub struct AllowedOrigins(Vec<String>);

impl AllowedOrigins {
    /// These origins, such as `https://app.example`.
    #[must_use]
    pub const fn new(origins: Vec<String>) -> Self {
        Self(origins)
    }

    /// The answer to a browser that asks before it calls; nothing where no origin is allowed, so that `OPTIONS` is a
    /// method like any other.
    pub(super) fn preflight(&self, request: &Request, methods: &'static str) -> Option<Response<Body>> {
        if self.0.is_empty() || !request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let mut answer = no_content();
        if self.origin_of(request).is_some() {
            let headers = answer.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        }
        Some(answer)
    }

    /// Lets the caller's page read the answer, where its origin is allowed.
    pub(super) fn mark(&self, request: &Request, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        // Whatever the origin: an answer for one is not an answer for another.
        headers.append(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.origin_of(request) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }

    fn origin_of<'r>(&self, request: &'r Request) -> Option<&'r HeaderValue> {
        let origin = request.headers().get(ORIGIN)?;
        self.0.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then_some(origin)
    }
}
