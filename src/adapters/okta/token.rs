//! Asking Okta for a token (RFC 6749 section 4.4.2). Sent once: a request that may have arrived is not repeated.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use url::{Url, form_urlencoded};

use super::client::{OktaClient, retry_after};
use crate::domain::oauth::client_credentials::{ClientAuthentication, ClientCredentials};
use crate::domain::oauth::scope::ScopeSet;
use crate::ports::token_endpoint::{TokenEndpoint, TokenEndpointAnswer, TokenEndpointError};

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 64 * 1024;

impl TokenEndpoint for OktaClient {
    async fn request_token(
        &self,
        token_url: &Url,
        client: &ClientCredentials,
        scopes: &ScopeSet,
    ) -> Result<TokenEndpointAnswer, TokenEndpointError> {
        let request = self
            .http()
            .post(token_url.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form(client, scopes))
            .timeout(TIMEOUT);
        let request = match client.method {
            ClientAuthentication::Basic => request.header(AUTHORIZATION, basic(client)),
            ClientAuthentication::Body => request,
        };
        let url = || token_url.to_string();
        let answer = self.exchange("token", request, MAX_ANSWER_BYTES).await.map_err(|error| {
            error.into_source(
                |source| TokenEndpointError::Unreachable { url: url(), source },
                || TokenEndpointError::TooLarge { url: url(), limit: MAX_ANSWER_BYTES },
            )
        })?;
        Ok(TokenEndpointAnswer { status: answer.status, retry_after: retry_after(&answer.headers), body: answer.body })
    }
}

fn form(client: &ClientCredentials, scopes: &ScopeSet) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials").append_pair("scope", &scopes.to_string());
    match client.method {
        ClientAuthentication::Basic => {}
        ClientAuthentication::Body => {
            form.append_pair("client_id", client.client_id.as_str());
            form.append_pair("client_secret", client.client_secret.expose());
        }
    }
    form.finish()
}

/// HTTP Basic with both halves form-encoded (RFC 6749 section 2.3.1).
fn basic(client: &ClientCredentials) -> HeaderValue {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(client.client_id.as_str()), encode(client.client_secret.expose()));
    #[expect(clippy::expect_used, reason = "base64 text is always a legal header value")]
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).expect("a header value");
    value.set_sensitive(true);
    value
}
