//! The authorization server's token endpoint (RFC 6749 section 3.2).

use std::time::Duration;

use secrecy::SecretSlice;
use url::Url;

use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::oauth::secret::DpopProof;

/// What the endpoint is asked for.
#[derive(Debug, Clone, Copy)]
pub struct EndpointRequest<'r> {
    /// Where.
    pub token_url: &'r Url,
    /// The client, presented in the way that it chose itself.
    pub client: &'r ClientCredentials,
    /// The scopes.
    pub scopes: &'r ScopeSet,
    /// The client's proof of the key that the token shall be bound to, passed on as it came (RFC 9449 section 5).
    pub dpop: Option<&'r DpopProof>,
}

/// Sends client-credentials requests (RFC 6749 section 4.4.2) to a URL that an operator configured.
pub trait TokenEndpoint: Send + Sync {
    /// Asks for a token, once: a request that may have arrived is not repeated. Gives up after `within` or a shorter time
    /// of its own.
    fn request_token(
        &self,
        request: EndpointRequest<'_>,
        within: Duration,
    ) -> impl Future<Output = Result<TokenEndpointAnswer, TokenEndpointError>> + Send;
}

impl<T: TokenEndpoint> TokenEndpoint for std::sync::Arc<T> {
    async fn request_token(
        &self,
        request: EndpointRequest<'_>,
        within: Duration,
    ) -> Result<TokenEndpointAnswer, TokenEndpointError> {
        (**self).request_token(request, within).await
    }
}

/// What the endpoint answered, not yet judged.
pub struct TokenEndpointAnswer {
    /// The HTTP status.
    pub status: u16,
    /// How long to wait, from `X-Rate-Limit-Reset` or `Retry-After`.
    pub retry_after: Option<Duration>,
    /// `DPoP-Nonce`: what the client's next proof has to hold (RFC 9449 section 8).
    pub dpop_nonce: Option<String>,
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
