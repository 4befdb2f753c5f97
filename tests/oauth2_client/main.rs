//! The compiled `token` function behind an HTTP API, as a standard OAuth client library meets it: the crate `oauth2`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use oauth2::basic::{BasicClient, BasicErrorResponse, BasicErrorResponseType, BasicTokenResponse, BasicTokenType};
use oauth2::{
    AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, RequestTokenError, Scope,
    TokenResponse as _, TokenUrl,
};
use okta_security_profiles::local::okta::AuthorizationServer;

use support::{
    CLIENT_ASSERTION_TYPE, CLIENT_ID, CLIENT_SECRET, ClientAssertion, HttpApi, OTHER_SCOPE, SCOPE, Scenario,
    SigningKey, decoded_part, plain_client,
};

type Client = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;
type TokenError = RequestTokenError<reqwest::Error, BasicErrorResponse>;

/// A deployment with an HTTP API in front of the token function.
struct Deployment {
    scenario: Scenario,
    api: HttpApi,
}

impl Deployment {
    async fn new() -> Self {
        Self::with(|_settings| {}).await
    }

    async fn with(change: impl FnOnce(&mut AuthorizationServer)) -> Self {
        let scenario = Scenario::with(change).await;
        let api = HttpApi::in_front_of(scenario.token_function(&[]));
        Self { scenario, api }
    }

    /// The library's client for the token URL of the profile `orders`, without a secret.
    fn client(&self) -> Client {
        let token_url = TokenUrl::new(self.api.url("/oauth2/orders/v1/token")).expect("a URL");
        BasicClient::new(ClientId::new(CLIENT_ID.to_owned())).set_token_uri(token_url)
    }

    fn assertion(&self) -> ClientAssertion {
        ClientAssertion::new(CLIENT_ID, &self.scenario.okta.token_url())
    }
}

fn secret(secret: &str) -> ClientSecret {
    ClientSecret::new(secret.to_owned())
}

/// What the library says of the answer.
async fn ask(client: &Client, scopes: &[&str]) -> Result<BasicTokenResponse, TokenError> {
    let request = client.exchange_client_credentials();
    request.add_scopes(scopes.iter().map(|&scope| Scope::new(scope.to_owned()))).request_async(&over_http).await
}

/// The same of a client that authenticates with an assertion, for which the library has no word of its own.
async fn ask_with_assertion(client: &Client, assertion: &str) -> Result<BasicTokenResponse, TokenError> {
    let request = client.exchange_client_credentials();
    let request = request.add_extra_param("client_assertion_type", CLIENT_ASSERTION_TYPE);
    request.add_extra_param("client_assertion", assertion).request_async(&over_http).await
}

async fn over_http(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = plain_client().execute(request.try_into()?).await?;
    let mut answer = HttpResponse::default();
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

/// A bearer token of an hour for this client and this scope, and the library reads as much from the answer.
fn assert_granted(answer: Result<BasicTokenResponse, TokenError>, scope: &str) {
    let granted = answer.unwrap_or_else(|error| panic!("no token: {error:?}"));
    assert_eq!(granted.token_type(), &BasicTokenType::Bearer);
    let lifetime = granted.expires_in().expect("expires_in");
    assert!(lifetime <= Duration::from_secs(3600) && lifetime > Duration::from_secs(3500), "{lifetime:?}");
    assert_eq!(granted.scopes(), Some(&vec![Scope::new(scope.to_owned())]));
    assert!(granted.refresh_token().is_none());
    let claims = decoded_part(granted.access_token().secret(), 1);
    assert_eq!((&claims["cid"], &claims["scp"]), (&CLIENT_ID.into(), &[scope].as_slice().into()), "{claims}");
}

/// The error that the library makes of a refusal.
fn refusal(answer: Result<BasicTokenResponse, TokenError>) -> BasicErrorResponseType {
    match answer {
        Err(RequestTokenError::ServerResponse(refused)) => {
            assert!(refused.error_description().is_some_and(|text| !text.is_empty()), "{refused:?}");
            refused.error().clone()
        }
        Err(other) => panic!("no error of RFC 6749: {other:?}"),
        Ok(granted) => panic!("a token was granted for {:?}", granted.scopes()),
    }
}

#[tokio::test]
async fn a_client_with_basic_credentials_gets_a_token() {
    let deployment = Deployment::new().await;
    let client = deployment.client().set_client_secret(secret(CLIENT_SECRET));
    assert_granted(ask(&client, &[]).await, SCOPE);
    assert_granted(ask(&client, &[SCOPE]).await, SCOPE);
    let sent = deployment.scenario.okta.last_token_request().expect("a request");
    assert!(sent.headers.contains_key("authorization") && sent.parameter("client_secret").is_none(), "{sent:?}");
}

#[tokio::test]
async fn a_client_with_credentials_in_the_body_gets_a_token() {
    let deployment = Deployment::new().await;
    let client = deployment.client().set_client_secret(secret(CLIENT_SECRET)).set_auth_type(AuthType::RequestBody);
    assert_granted(ask(&client, &[]).await, SCOPE);
    let sent = deployment.scenario.okta.last_token_request().expect("a request");
    assert_eq!(sent.parameter("client_secret").as_deref(), Some(CLIENT_SECRET));
}

#[tokio::test]
async fn a_client_that_signs_with_its_secret_gets_a_token() {
    let deployment = Deployment::new().await;
    let assertion = deployment.assertion().signed_with(CLIENT_SECRET);
    assert_granted(ask_with_assertion(&deployment.client(), &assertion).await, SCOPE);
    let sent = deployment.scenario.okta.last_token_request().expect("a request");
    assert_eq!(sent.parameter("client_assertion"), Some(assertion));
}

#[tokio::test]
async fn a_client_that_signs_with_a_private_key_gets_a_token() {
    for key in [SigningKey::rs256(), SigningKey::es256()] {
        let jwk = key.public_jwk();
        let deployment = Deployment::with(|settings| settings.clients[0].public_keys = vec![jwk]).await;
        let assertion = deployment.assertion().signed_by(&key);
        assert_granted(ask_with_assertion(&deployment.client(), &assertion).await, SCOPE);
    }
}

#[tokio::test]
async fn a_scope_that_the_profile_does_not_grant_is_an_invalid_scope() {
    let deployment = Deployment::new().await;
    let client = deployment.client().set_client_secret(secret(CLIENT_SECRET));
    for scopes in [&["Nonesuch"][..], &[SCOPE, "Nonesuch"], &[OTHER_SCOPE]] {
        assert_eq!(refusal(ask(&client, scopes).await), BasicErrorResponseType::InvalidScope, "{scopes:?}");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_an_invalid_client_wherever_it_stands() {
    let deployment = Deployment::new().await;
    for auth_type in [AuthType::BasicAuth, AuthType::RequestBody] {
        let client = deployment.client().set_client_secret(secret("another secret")).set_auth_type(auth_type);
        assert_eq!(refusal(ask(&client, &[]).await), BasicErrorResponseType::InvalidClient);
    }
}

#[tokio::test]
async fn an_assertion_that_the_client_did_not_sign_is_an_invalid_client() {
    let deployment = Deployment::new().await;
    for assertion in
        [deployment.assertion().signed_with("another secret"), deployment.assertion().signed_by(&SigningKey::es256())]
    {
        let refused = refusal(ask_with_assertion(&deployment.client(), &assertion).await);
        assert_eq!(refused, BasicErrorResponseType::InvalidClient);
        let sent = deployment.scenario.okta.last_token_request().expect("a request: who signed it is for Okta to say");
        assert_eq!(sent.parameter("client_assertion"), Some(assertion));
    }
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_an_error_that_the_library_can_read() {
    let deployment = Deployment::new().await;
    let token_url = TokenUrl::new(deployment.api.url("/oauth2/nonesuch/v1/token")).expect("a URL");
    let client = deployment.client().set_client_secret(secret(CLIENT_SECRET)).set_token_uri(token_url);
    refusal(ask(&client, &[]).await);
}
