//! The authorization server's introspection endpoint (RFC 7662).

use std::time::Duration;

use secrecy::SecretSlice;
use url::Url;

use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::BearerToken;

/// Asks what an authorization server says of a token, at a URL that an operator configured.
pub trait IntrospectionEndpoint: Send + Sync {
    /// Asks about `token` as `client`. Gives up after `within` or a shorter time of its own.
    fn introspect(
        &self,
        url: &Url,
        client: &ClientCredentials,
        token: &BearerToken,
        within: Duration,
    ) -> impl Future<Output = Result<IntrospectionAnswer, IntrospectionEndpointError>> + Send;
}

impl<T: IntrospectionEndpoint> IntrospectionEndpoint for std::sync::Arc<T> {
    async fn introspect(
        &self,
        url: &Url,
        client: &ClientCredentials,
        token: &BearerToken,
        within: Duration,
    ) -> Result<IntrospectionAnswer, IntrospectionEndpointError> {
        (**self).introspect(url, client, token, within).await
    }
}

/// What the endpoint answered, not yet judged.
pub struct IntrospectionAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Whether its `Content-Type` is `application/json`.
    pub is_json: bool,
    /// How long to wait, from `X-Rate-Limit-Reset` or `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The body, at most 64 KiB.
    pub body: SecretSlice<u8>,
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum IntrospectionEndpointError {
    /// Refused, reset, timed out, or TLS failed.
    #[error("the introspection URL `{url}` cannot be reached")]
    Unreachable {
        /// The URL.
        url: String,
        /// What the HTTP client said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// More than 64 KiB.
    #[error("the introspection URL `{url}` answered with more than {limit} bytes")]
    TooLarge {
        /// The URL.
        url: String,
        /// The limit, in bytes.
        limit: usize,
    },
}
