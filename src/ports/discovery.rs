//! What an authorization server says about itself (RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4).

use std::time::Duration;

use url::Url;

/// Reads the discovery document at a URL that an operator configured.
pub trait DiscoverySource: Send + Sync {
    /// Reads the document, giving up after `within` or a shorter time of its own.
    fn discover(
        &self,
        discovery_url: &Url,
        within: Duration,
    ) -> impl Future<Output = Result<DiscoveryDocument, DiscoveryError>> + Send;
}

impl<S: DiscoverySource> DiscoverySource for std::sync::Arc<S> {
    async fn discover(&self, discovery_url: &Url, within: Duration) -> Result<DiscoveryDocument, DiscoveryError> {
        (**self).discover(discovery_url, within).await
    }
}

/// The members that a profile is held against (RFC 8414 section 2). Nothing is ever fetched from the URLs in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct DiscoveryDocument {
    /// The issuer identifier.
    pub issuer: String,
    /// The token endpoint.
    pub token_endpoint: String,
    /// The key set.
    pub jwks_uri: String,
}

/// Why there is no discovery document.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// No answer: refused, reset, timed out, or TLS failed.
    #[error("the discovery URL `{url}` cannot be reached")]
    Unreachable {
        /// The discovery URL.
        url: String,
        /// What the HTTP client said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Any other status than 200; redirects are not followed.
    #[error("the discovery URL `{url}` answered {status} instead of 200")]
    Status {
        /// The discovery URL.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// 200, but not a JSON object with the members above, or over 150,000 bytes.
    #[error("the discovery URL `{url}` did not answer with `issuer`, `token_endpoint` and `jwks_uri`")]
    Malformed {
        /// The discovery URL.
        url: String,
    },
}
