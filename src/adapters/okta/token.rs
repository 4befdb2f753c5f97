//! Asking Okta for a token (RFC 6749 section 4.4.2). Sent once: a request that may have arrived is not repeated.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::zeroize::Zeroizing;
use url::form_urlencoded;

use super::client::{OktaClient, retry_after};
use crate::domain::oauth::client_assertion::ASSERTION_TYPE;
use crate::domain::oauth::client_credentials::{ClientAuthentication, ClientCredentials};
use crate::domain::oauth::secret::ClientSecret;
use crate::ports::token_endpoint::{EndpointRequest, TokenEndpoint, TokenEndpointAnswer, TokenEndpointError};

const TIMEOUT: Duration = Duration::from_secs(5);
const DPOP: &str = "dpop";
const DPOP_NONCE: &str = "dpop-nonce";
const MAX_ANSWER_BYTES: usize = 64 * 1024;

impl TokenEndpoint for OktaClient {
    async fn request_token(
        &self,
        request: EndpointRequest<'_>,
        within: Duration,
    ) -> Result<TokenEndpointAnswer, TokenEndpointError> {
        let EndpointRequest { token_url, client, scopes, dpop } = request;
        let request = self
            .http()
            .post(token_url.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .timeout(within.min(TIMEOUT));
        let fields = [("grant_type", "client_credentials"), ("scope", &scopes.to_string())];
        let mut request = as_client(request, client, &fields);
        if let Some(proof) = dpop {
            request = request.header(DPOP, sensitive(proof.expose().to_owned()));
        }
        let url = || token_url.to_string();
        let answer = self.exchange("token", request, MAX_ANSWER_BYTES).await.map_err(|error| {
            error.into_source(
                |source| TokenEndpointError::Unreachable { url: url(), source },
                || TokenEndpointError::TooLarge { url: url(), limit: MAX_ANSWER_BYTES },
            )
        })?;
        let nonce = answer.headers.get(DPOP_NONCE).and_then(|nonce| nonce.to_str().ok()).map(str::to_owned);
        Ok(TokenEndpointAnswer {
            status: answer.status,
            retry_after: retry_after(&answer.headers),
            dpop_nonce: nonce,
            body: answer.body,
        })
    }
}

/// The request with these fields, and with the client's credentials in its header or among the fields (RFC 6749 section 2.3.1,
/// RFC 7523 section 2.2).
pub(super) fn as_client(
    mut request: RequestBuilder,
    client: &ClientCredentials,
    fields: &[(&str, &str)],
) -> RequestBuilder {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    match &client.authentication {
        ClientAuthentication::Basic(secret) => {
            request = request.header(AUTHORIZATION, basic(client.client_id.as_str(), secret));
        }
        ClientAuthentication::Body(secret) => {
            form.append_pair("client_id", client.client_id.as_str());
            form.append_pair("client_secret", secret.expose());
        }
        ClientAuthentication::Assertion(assertion) => {
            form.append_pair("client_assertion_type", ASSERTION_TYPE);
            form.append_pair("client_assertion", assertion.expose());
        }
    }
    request.body(form.finish())
}

/// HTTP Basic with both halves form-encoded (RFC 6749 section 2.3.1).
fn basic(client_id: &str, secret: &ClientSecret) -> HeaderValue {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encode(client_id), *Zeroizing::new(encode(secret.expose()))));
    sensitive(format!("Basic {}", STANDARD.encode(pair)))
}

fn sensitive(value: String) -> HeaderValue {
    #[expect(clippy::expect_used, reason = "base64 and JWTs are always legal header values")]
    let mut value = HeaderValue::try_from(value).expect("a header value");
    value.set_sensitive(true);
    value
}
