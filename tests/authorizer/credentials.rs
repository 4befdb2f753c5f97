//! Threats 1 to 5 over the wire: what is no one bearer token in the `Authorization` header.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::events::{bearer, http_api, rest_request, rest_token};
use crate::minting::{claims, with};
use crate::refusals::Refusals;

/// Threat 1.
#[tokio::test]
async fn a_missing_empty_basic_or_glued_credential_is_unauthorized() {
    let mut refusals = Refusals::begin().await;
    let token = refusals.scenario.good_token();
    for (authorization, reason) in [
        (String::new(), "credential_missing"),
        ("Basic MG9hMTpzZWNyZXQ=".to_owned(), "credential_not_bearer"),
        (format!("Bearer-{token}"), "credential_not_bearer"),
        (format!("Bearer\u{a0}{token}"), "credential_not_bearer"),
        (token.clone(), "credential_not_bearer"),
        ("Bearer ".to_owned(), "credential_malformed"),
        (format!("Bearer  {token}"), "credential_malformed"),
        (format!("Bearer {token} "), "credential_malformed"),
        (format!(" Bearer {token}"), "credential_not_bearer"),
    ] {
        refusals.refuses(&authorization, reason).await;
    }
    refusals.answers_unauthorized(&rest_request(&[]), "credential_missing").await;
    refusals.end().await;
}

/// Threat 2.
#[tokio::test]
async fn two_authorization_values_are_unauthorized_however_they_arrive() {
    let mut refusals = Refusals::begin().await;
    let good = bearer(&refusals.scenario.good_token());
    let twice = rest_request(&[("Authorization", &[&good, &good])]);
    let in_two_cases = rest_request(&[("Authorization", &[&good]), ("authorization", &[&good])]);
    let mut only_in_headers: Value = serde_json::from_str(&in_two_cases).expect("an event");
    only_in_headers["multiValueHeaders"] = json!(null);
    for event in [twice, in_two_cases, only_in_headers.to_string(), rest_token(&format!("{good},{good}"))] {
        refusals.answers_unauthorized(&event, "credential_multiple").await;
    }
    refusals.denies(&http_api(&format!("{good},{good}")), "credential_multiple").await;
    refusals.denies(&http_api(&format!("{good}, Basic MG9hMTpzZWNyZXQ=")), "credential_multiple").await;
    refusals.end().await;
}

/// Threat 3.
#[tokio::test]
async fn a_token_in_query_cookie_or_body_is_ignored() {
    let mut refusals = Refusals::begin().await;
    let token = refusals.scenario.good_token();
    let mut event: Value = serde_json::from_str(&rest_request(&[("Cookie", &[&*token])])).expect("an event");
    event["queryStringParameters"] = json!({"access_token": token, "Authorization": bearer(&token)});
    event["multiValueQueryStringParameters"] = json!({"access_token": [token]});
    event["body"] = json!(format!("access_token={token}"));
    refusals.answers_unauthorized(&event.to_string(), "credential_missing").await;

    let mut event: Value = serde_json::from_str(&http_api("")).expect("an event");
    event["headers"] = json!({"x-access-token": token});
    event["cookies"] = json!([format!("access_token={token}")]);
    event["rawQueryString"] = json!(format!("access_token={token}"));
    event["identitySource"] = json!([bearer(&token)]);
    refusals.denies(&event.to_string(), "credential_missing").await;
    refusals.end().await;
}

/// Threat 4.
#[tokio::test]
async fn control_and_non_ascii_characters_are_unauthorized_and_never_echoed() {
    let mut refusals = Refusals::begin().await;
    let token = refusals.scenario.good_token();
    for (marker, character) in [("carriage", '\r'), ("newline", '\n'), ("nul", '\0'), ("accent", 'é'), ("tab", '\t')] {
        let echo = format!("canary-{marker}-7d1f");
        refusals.canaries.secret(marker, &echo);
        refusals.refuses(&format!("Bearer {token}{character}{echo}"), "credential_malformed").await;
    }
    refusals.end().await;
}

/// Threat 5.
#[tokio::test]
async fn a_token_over_8_kib_or_without_exactly_two_dots_is_unauthorized() {
    let mut refusals = Refusals::begin().await;
    let okta = Arc::clone(&refusals.scenario.okta);
    let padded = with(&claims(&okta), "padding", json!("x".repeat(8 * 1024)));
    refusals.refuses(&bearer(&okta.sign(&padded)), "token_too_large").await;
    refusals.refuses(&bearer(&"a".repeat(9_000)), "token_too_large").await;
    refusals.refuses(&bearer(&".".repeat(8_000)), "token_malformed").await;
    let token = okta.sign(&claims(&okta));
    refusals.refuses(&bearer(&format!("{token}.{token}")), "token_malformed").await;
    refusals.refuses(&bearer(&token.replacen('.', "", 1)), "token_malformed").await;
    refusals.end().await;
}
