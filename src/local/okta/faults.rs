//! What a test makes the stand-in do wrong, and what the stand-in saw: faults, counters, the last token request.

use std::fmt;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use url::form_urlencoded;

/// What the stand-in serves, as far as it can be counted and made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `.well-known/openid-configuration` and `.well-known/oauth-authorization-server`.
    Discovery,
    /// `v1/keys`.
    Keys,
    /// `v1/token`.
    Token,
    /// `v1/introspect`.
    Introspection,
    /// `v1/revoke`.
    Revocation,
}

/// How an endpoint misbehaves.
#[derive(Clone, Debug, Default)]
pub enum Fault {
    /// Not at all.
    #[default]
    None,
    /// This answer instead of the true one; its `Content-Type` is JSON unless the headers say otherwise.
    Status(StatusCode, HeaderMap, String),
    /// 302 to this address.
    Redirect(String),
    /// 200 and a page for people.
    Html,
    /// 200 and something that claims to be JSON.
    Garbage,
    /// The true answer, padded with white space to at least this many bytes: valid, but too long.
    Huge(usize),
    /// The first half of the true answer, as a complete HTTP message.
    Truncated,
    /// The true answer, this much later.
    Delay(Duration),
    /// 200 and no body at all.
    Empty,
}

/// A request at the token endpoint, as it came over the wire, credentials included. `Debug` names its parts without their values.
#[derive(Clone)]
pub struct RecordedTokenRequest {
    /// Every header.
    pub headers: HeaderMap,
    /// The body; bytes that are not UTF-8 are replaced.
    pub body: String,
}

impl fmt::Debug for RecordedTokenRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(|name| name.as_str()).collect();
        formatter
            .debug_struct("RecordedTokenRequest")
            .field("headers", &headers)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl RecordedTokenRequest {
    /// The value of a body parameter, form-decoded; the first one if it is there twice.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.body.as_bytes())
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// The faults that are set and the requests that came.
#[derive(Default)]
pub(super) struct Rehearsal {
    discovery: Track,
    keys: Track,
    token: Track,
    introspection: Track,
    revocation: Track,
    pub(super) last_token_request: Option<RecordedTokenRequest>,
}

#[derive(Default)]
struct Track {
    fault: Fault,
    requests: usize,
}

impl Rehearsal {
    pub(super) fn set_fault(&mut self, endpoint: Endpoint, fault: Fault) {
        self.track(endpoint).fault = fault;
    }

    pub(super) fn requests(&mut self, endpoint: Endpoint) -> usize {
        self.track(endpoint).requests
    }

    /// Counts one request and says how it is to be answered.
    pub(super) fn count(&mut self, endpoint: Endpoint) -> Fault {
        let track = self.track(endpoint);
        track.requests += 1;
        track.fault.clone()
    }

    fn track(&mut self, endpoint: Endpoint) -> &mut Track {
        match endpoint {
            Endpoint::Discovery => &mut self.discovery,
            Endpoint::Keys => &mut self.keys,
            Endpoint::Token => &mut self.token,
            Endpoint::Introspection => &mut self.introspection,
            Endpoint::Revocation => &mut self.revocation,
        }
    }
}
