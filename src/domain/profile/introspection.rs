//! `introspection` of a profile: when the authorization server is asked about a token (RFC 7662).

use std::time::Duration;

use url::Url;

use super::document::IntrospectionDocument;
use super::finding::Finding;

/// How long an answer is held where the profile says nothing, in seconds.
const DEFAULT_CACHE_SECONDS: u64 = 60;
/// The longest that an answer may be held, in seconds.
const MAX_CACHE_SECONDS: u64 = 300;

/// When the authorization server is asked about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introspection {
    /// Where.
    pub url: Url,
    /// How long an answer is held; zero: each call asks.
    pub cache: Duration,
    /// Whether its word alone is enough for a token that cannot be verified here. Otherwise it is asked about tokens whose
    /// signature is good: whether they were revoked.
    pub opaque: bool,
}

impl Introspection {
    /// Reads the field. What is wrong goes to `findings`.
    pub(super) fn from_document(
        document: Option<IntrospectionDocument>,
        url: Option<Url>,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let document = document?;
        let seconds = document.cache_seconds.unwrap_or(DEFAULT_CACHE_SECONDS);
        if seconds > MAX_CACHE_SECONDS {
            let problem = format!("`{seconds}` is out of range; expected 0 to {MAX_CACHE_SECONDS}");
            findings.push(Finding::new("introspection.cacheSeconds", problem));
        }
        Some(Self { url: url?, cache: Duration::from_secs(seconds), opaque: document.opaque })
    }

    /// What the operator should know.
    pub(super) fn warnings(introspection: Option<&Self>) -> Vec<Finding> {
        if introspection.is_none() {
            return Vec::new();
        }
        let text = "set the authorizer's result TTL to 0, since API Gateway would answer the calls that follow from its cache \
                    without asking; store a client beside the profile, and deploy with `AuthorizerReadsClients=true`";
        vec![Finding::new("introspection", text)]
    }
}
