//! A token for the client that is stored beside a profile, with the profile's own scopes.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::obtain_error::ObtainError;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::BearerToken;
use crate::domain::oauth::token_response::{TokenEndpointRefusal, TokenResponse, TokenType};
use crate::domain::profile::SecurityProfile;
use crate::ports::token_endpoint::{EndpointRequest, TokenEndpoint};

/// How long Okta's answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks for a token with the profile's own scopes, as the token URL does.
///
/// # Errors
/// [`ObtainError`]: why Okta gave none that can be used.
pub async fn ask<O: TokenEndpoint>(
    okta: &O,
    profile: &SecurityProfile,
    client: &ClientCredentials,
) -> Result<BearerToken, ObtainError> {
    let (token_url, scopes) = (&profile.endpoints().token_url, profile.scopes());
    let request = EndpointRequest { token_url, client, scopes, dpop: None };
    let answer = okta.request_token(request, PATIENCE).await.map_err(ObtainError::Endpoint)?;
    let response = TokenResponse::from_answer(answer.status, answer.retry_after, answer.body.expose_secret());
    let refused = |refusal| ObtainError::Refused { refusal, dpop_nonce: None };
    let response = response.map_err(refused)?;
    match response.token_type {
        TokenType::Bearer => Ok(BearerToken::new(response.access_token.expose().to_owned())),
        TokenType::Dpop => {
            let problem = "a DPoP token without a proof";
            Err(refused(TokenEndpointRefusal::Malformed { status: 200, problem }))
        }
    }
}
