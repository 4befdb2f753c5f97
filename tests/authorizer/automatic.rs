//! Automatic mode in the compiled authorizer: a client's own id and secret at the API, and callers without any.

use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::events::{REST_ARN, bearer, http_api, policy_allows, rest_request, rest_token, status_of};
use crate::support::{
    Answer, CLIENT_ID, CLIENT_SECRET, Canaries, LambdaFunction, ParameterType, Scenario, TIMEOUT, basic, decisions,
};

/// The profile `orders` in automatic mode, and the client that it keeps.
async fn scenario(automatic: Value) -> Scenario {
    let scenario = Scenario::new().await;
    let mut document = scenario.profile();
    document["automatic"] = automatic;
    document["allowedIps"] = json!(["203.0.113.0/24"]);
    scenario.put("orders", &document.to_string()).await;
    let client = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}).to_string();
    let name = format!("{}/orders/client", scenario.root);
    scenario.moto.put_parameter(&name, &client, ParameterType::SecureString).await;
    scenario
}

fn with_basic(secret: &str) -> String {
    rest_request(&[("Authorization", &[&format!("Basic {}", basic(CLIENT_ID, secret))])])
}

fn without_credentials() -> String {
    rest_request(&[])
}

async fn call(authorizer: &LambdaFunction, event: &str) -> Answer {
    authorizer.invoke(event, TIMEOUT).await
}

fn token_requests(scenario: &Scenario) -> usize {
    scenario.okta.requests(Endpoint::Token)
}

#[tokio::test]
async fn a_client_with_its_secret_and_a_caller_without_credentials_are_allowed_and_okta_is_asked_once_for_each_client()
{
    let scenario = scenario(json!({"basic": true, "anonymous": true})).await;
    let authorizer = scenario.authorizer(&[]);
    for event in [with_basic(CLIENT_SECRET), without_credentials(), with_basic(CLIENT_SECRET), without_credentials()] {
        let answer = call(&authorizer, &event).await.response();
        assert!(policy_allows(&answer, REST_ARN), "{answer}");
        assert_eq!((&answer["principalId"], &answer["context"]["cid"]), (&json!(CLIENT_ID), &json!(CLIENT_ID)));
        assert!(answer["context"].get("accessToken").is_none(), "{answer}");
        let condition = &answer["policyDocument"]["Statement"][0]["Condition"];
        assert!(condition.to_string().contains("203.0.113.0/24"), "the policy keeps to the networks: {answer}");
    }
    assert_eq!(token_requests(&scenario), 1, "the caller's client is the stored one: one token serves both");
}

#[tokio::test]
async fn the_backend_is_handed_a_token_that_opens_the_api_where_the_profile_says_so() {
    let scenario = scenario(json!({"anonymous": true, "forwardToken": true})).await;
    let authorizer = scenario.authorizer(&[]);
    let answer = call(&authorizer, &without_credentials()).await.response();
    let token = answer["context"]["accessToken"].as_str().expect("a token").to_owned();
    let own = call(&authorizer, &rest_request(&[("Authorization", &[&bearer(&token)])])).await.response();
    assert!(policy_allows(&own, REST_ARN) && own["context"].get("accessToken").is_none(), "{own}");
    let mut canaries = Canaries::default();
    canaries.token("the forwarded token", &token);
    canaries.assert_unmentioned_in("the log", &authorizer.stop());
}

#[tokio::test]
async fn wrong_credentials_are_unauthorized_and_an_okta_that_is_down_is_an_error_unless_a_token_is_held() {
    let mut scenario = scenario(json!({"basic": true, "anonymous": true})).await;
    let authorizer = scenario.authorizer(&[]);
    for _ in 0..3 {
        assert_eq!(status_of(&call(&authorizer, &with_basic("another secret")).await), 401);
    }
    let http = http_api(&format!("Basic {}", basic(CLIENT_ID, "a third secret")));
    assert_eq!(call(&authorizer, &http).await.response()["context"]["reason"], "invalid_client");
    assert_eq!(status_of(&call(&authorizer, &with_basic("another secret")).await), 401);
    assert_eq!(token_requests(&scenario), 4, "the same wrong secret is kept from Okta after three tries");

    assert_eq!(status_of(&call(&authorizer, &without_credentials()).await), 200);
    scenario.okta_goes_down();
    assert_eq!(status_of(&call(&authorizer, &without_credentials()).await), 200, "{}", authorizer.logs());
    let message = call(&authorizer, &with_basic("a fourth secret")).await.error_message();
    assert!(message.starts_with("token_endpoint_unavailable: "), "{message}");
    let cold = scenario.authorizer(&[]);
    let message = call(&cold, &without_credentials()).await.error_message();
    assert!(message.starts_with("token_endpoint_unavailable: "), "{message}");

    let output = format!("{}{}", authorizer.stop(), cold.stop());
    let mut canaries = Canaries::default();
    for secret in [CLIENT_SECRET, "another secret", "a third secret", "a fourth secret"] {
        canaries.secret("a secret", secret);
        canaries.secret("credentials", &basic(CLIENT_ID, secret));
    }
    canaries.assert_absent_from("the log", &output);
    let reasons: Vec<_> =
        decisions(&output).iter().map(|line| line["reason"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(reasons[4], "client_cooling_down", "{output}");
}

#[tokio::test]
async fn without_automatic_mode_nothing_is_fetched_and_no_client_is_read() {
    let scenario = Scenario::new().await;
    let authorizer = scenario.authorizer(&[]);
    for (event, reason) in
        [(with_basic(CLIENT_SECRET), "credential_not_bearer"), (without_credentials(), "credential_missing")]
    {
        assert_eq!(status_of(&call(&authorizer, &event).await), 401);
        authorizer.wait_for(reason).await;
    }
    assert_eq!(token_requests(&scenario), 0);
}

#[tokio::test]
async fn a_token_event_a_missing_client_and_a_misconfigured_okta_are_errors_that_say_so() {
    let automatic = json!({"basic": true, "anonymous": true});
    let scenario = scenario(automatic).await;
    let authorizer = scenario.authorizer(&[]);
    let message =
        call(&authorizer, &rest_token(&format!("Basic {}", basic(CLIENT_ID, CLIENT_SECRET)))).await.error_message();
    assert!(message.starts_with("form_cannot_serve: ") && message.contains("REQUEST"), "{message}");

    scenario.okta.set_fault(Endpoint::Token, Fault::Html);
    let message = call(&authorizer, &with_basic(CLIENT_SECRET)).await.error_message();
    assert!(message.starts_with("token_endpoint_malformed: "), "{message}");

    scenario.moto.delete_parameter(&format!("{}/orders/client", scenario.root)).await;
    let message = call(&authorizer, &without_credentials()).await.error_message();
    assert!(message.starts_with("stored_client_missing: ") && message.contains("store its id and secret"), "{message}");
}
