//! Asking Okta whether a token is active (RFC 7662 section 2.1).

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use url::Url;

use super::client::{OktaClient, retry_after};
use super::token::as_client;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::BearerToken;
use crate::ports::introspection_endpoint::{IntrospectionAnswer, IntrospectionEndpoint, IntrospectionEndpointError};

/// A call waits for it: as long as for keys.
const TIMEOUT: Duration = Duration::from_millis(1_500);
const MAX_ANSWER_BYTES: usize = 64 * 1024;

impl IntrospectionEndpoint for OktaClient {
    async fn introspect(
        &self,
        url: &Url,
        client: &ClientCredentials,
        token: &BearerToken,
        within: Duration,
    ) -> Result<IntrospectionAnswer, IntrospectionEndpointError> {
        let request = self
            .http()
            .post(url.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .timeout(within.min(TIMEOUT));
        let request = as_client(request, client, &[("token", token.expose()), ("token_type_hint", "access_token")]);
        let answer = self.exchange("introspection", request, MAX_ANSWER_BYTES).await.map_err(|error| {
            error.into_source(
                |source| IntrospectionEndpointError::Unreachable { url: url.to_string(), source },
                || IntrospectionEndpointError::TooLarge { url: url.to_string(), limit: MAX_ANSWER_BYTES },
            )
        })?;
        let media_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        Ok(IntrospectionAnswer {
            status: answer.status,
            is_json: media_type.eq_ignore_ascii_case("application/json"),
            retry_after: retry_after(&answer.headers),
            body: answer.body,
        })
    }
}
