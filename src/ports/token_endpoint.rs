//! The authorization server's token endpoint (RFC 6749 section 3.2).

use std::time::Duration;

use secrecy::SecretSlice;
use url::Url;

use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::scope::ScopeSet;

/// Sends client-credentials requests (RFC 6749 section 4.4.2) to a URL that an operator configured.
pub trait TokenEndpoint: Send + Sync {
    /// Asks `token_url` for a token for `client` with `scopes`; the client is presented in the way that it chose itself.
    fn request_token(
        &self,
        token_url: &Url,
        client: &ClientCredentials,
        scopes: &ScopeSet,
    ) -> impl Future<Output = Result<TokenEndpointAnswer, TokenEndpointError>> + Send;
}

impl<T: TokenEndpoint> TokenEndpoint for std::sync::Arc<T> {
    async fn request_token(
        &self,
        token_url: &Url,
        client: &ClientCredentials,
        scopes: &ScopeSet,
    ) -> Result<TokenEndpointAnswer, TokenEndpointError> {
        (**self).request_token(token_url, client, scopes).await
    }
}

/// What the endpoint answered, not yet judged.
pub struct TokenEndpointAnswer {
    /// The HTTP status.
    pub status: u16,
    /// How long to wait, from `X-Rate-Limit-Reset` or `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The body, at most 64 KiB. May hold a token.
    pub body: SecretSlice<u8>,
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum TokenEndpointError {
    /// Refused, reset, timed out, or TLS failed.
    #[error("the token URL `{url}` cannot be reached")]
    Unreachable {
        /// The token URL.
        url: String,
        /// What the HTTP client said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// More than 64 KiB.
    #[error("the token URL `{url}` answered with more than {limit} bytes")]
    TooLarge {
        /// The token URL.
        url: String,
        /// The limit, in bytes.
        limit: usize,
    },
}
