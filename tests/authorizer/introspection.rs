//! Tokens that Okta is asked about (RFC 7662), at the compiled authorizer: revoked ones, opaque ones, and what is done while it
//! cannot be asked.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::events::{REST_ARN, bearer, http_api, policy_allows, rest_token, status_of};
use crate::support::{
    CLIENT_ID, CLIENT_SECRET, Canaries, LambdaFunction, ParameterType, SCOPE, Scenario, TIMEOUT, decisions, eventually,
};

/// A profile with this `introspection`, and the client that Okta is asked as.
async fn scenario(introspection: Value) -> Scenario {
    let scenario = Scenario::new().await;
    let mut profile = scenario.profile();
    profile["introspection"] = introspection;
    scenario.put("orders", &profile.to_string()).await;
    store_client(&scenario, CLIENT_SECRET).await;
    scenario
}

async fn store_client(scenario: &Scenario, secret: &str) {
    let client = json!({"clientId": CLIENT_ID, "clientSecret": secret}).to_string();
    let name = format!("{}/orders/client", scenario.root);
    scenario.moto.put_parameter(&name, &client, ParameterType::SecureString).await;
}

fn start(scenario: &Scenario) -> LambdaFunction {
    scenario.authorizer(&[("PROFILES", "orders")])
}

async fn status(authorizer: &LambdaFunction, token: &str) -> u16 {
    status_of(&authorizer.invoke(&rest_token(&bearer(token)), TIMEOUT).await)
}

fn reasons(output: &str) -> Vec<String> {
    decisions(output).iter().map(|line| line["reason"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Threat 42.
#[tokio::test]
async fn a_token_that_was_revoked_is_refused_as_soon_as_the_answer_held_has_ended() {
    let scenario = scenario(json!({"cacheSeconds": 1})).await;
    let (authorizer, token) = (start(&scenario), scenario.good_token());
    assert_eq!(status(&authorizer, &token).await, 200);
    scenario.okta.revoke(&token);
    eventually("the token is refused", async || status(&authorizer, &token).await == 401).await;
    assert!(reasons(&authorizer.stop()).contains(&"token_inactive".to_owned()));
}

#[tokio::test]
async fn an_answer_serves_for_its_time_and_one_call_is_enough() {
    let scenario = scenario(json!({"cacheSeconds": 300})).await;
    let (authorizer, token) = (start(&scenario), scenario.good_token());
    for _ in 0..5 {
        assert_eq!(status(&authorizer, &token).await, 200);
    }
    scenario.okta.set_fault(Endpoint::Introspection, Fault::Garbage);
    assert_eq!(status(&authorizer, &token).await, 200);
    assert_eq!(scenario.okta.requests(Endpoint::Introspection), 1);
}

#[tokio::test]
async fn an_opaque_token_is_allowed_where_the_profile_says_so_and_its_policy_opens_the_called_path_alone() {
    let scenario = scenario(json!({"opaque": true})).await;
    let authorizer = start(&scenario);
    let (token, other) =
        (scenario.okta.issue_opaque(CLIENT_ID, &[SCOPE]), scenario.okta.issue_opaque(CLIENT_ID, &["x"]));
    let answer = authorizer.invoke(&rest_token(&bearer(&token)), TIMEOUT).await.response();
    assert!(policy_allows(&answer, REST_ARN) && answer["context"]["cid"] == CLIENT_ID, "{answer}");
    assert!(!policy_allows(&answer, &REST_ARN.replace("orders/1", "orders/2")));
    assert_eq!(status(&authorizer, &other).await, 403);
    assert_eq!(status(&authorizer, "made.up").await, 401);
    assert_eq!(status(&authorizer, &scenario.good_token()).await, 200, "a JWT is verified as well");
    let mut canaries = Canaries::default();
    canaries.token("an opaque token", &token);
    let output = authorizer.stop();
    canaries.assert_unmentioned_in("the log", &output);
    assert_eq!(reasons(&output), ["", "scope_missing", "token_inactive", ""]);
    assert_eq!(scenario.okta.requests(Endpoint::Introspection), 4);
}

#[tokio::test]
async fn while_okta_cannot_be_asked_it_is_an_error_and_never_a_deny() {
    let limited = Fault::Status(StatusCode::TOO_MANY_REQUESTS, HeaderMap::new(), "{}".to_owned());
    let refused = Fault::Status(StatusCode::UNAUTHORIZED, HeaderMap::new(), "{}".to_owned());
    for (fault, reason) in [
        (Fault::Status(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), String::new()), "introspection_unavailable"),
        (Fault::Delay(Duration::from_secs(10)), "introspection_unavailable"),
        (limited, "introspection_rate_limited"),
        (refused, "introspection_client_refused"),
        (Fault::Html, "introspection_malformed"),
        (Fault::Garbage, "introspection_malformed"),
        (Fault::Truncated, "introspection_malformed"),
        (Fault::Huge(100_000), "introspection_malformed"),
        (Fault::Empty, "introspection_malformed"),
        (Fault::Redirect("https://evil.example/".to_owned()), "introspection_malformed"),
    ] {
        let scenario = scenario(json!({})).await;
        scenario.okta.set_fault(Endpoint::Introspection, fault.clone());
        let authorizer = start(&scenario);
        let token = scenario.good_token();
        for event in [rest_token(&bearer(&token)), http_api(&bearer(&token))] {
            let answer = authorizer.invoke(&event, TIMEOUT).await;
            assert_eq!(status_of(&answer), 500, "{fault:?}: {answer:?}");
        }
        // The second call does not wait for it again.
        assert_eq!(scenario.okta.requests(Endpoint::Introspection), 1, "{fault:?}");
        assert_eq!(reasons(&authorizer.stop()), [reason, "introspection_unavailable"], "{fault:?}");
    }
}

#[tokio::test]
async fn without_a_stored_client_or_with_a_wrong_secret_it_is_an_error_that_says_so() {
    let scenario = Scenario::new().await;
    let mut profile = scenario.profile();
    profile["introspection"] = json!({});
    scenario.put("orders", &profile.to_string()).await;
    let authorizer = start(&scenario);
    let token = scenario.good_token();
    assert_eq!(status(&authorizer, &token).await, 500);
    store_client(&scenario, "wrong-canary-secret").await;
    assert_eq!(status(&authorizer, &token).await, 500);
    let output = authorizer.stop();
    assert_eq!(reasons(&output), ["stored_client_missing", "introspection_client_refused"], "{output}");
    assert!(!output.contains("wrong-canary-secret"));
}
