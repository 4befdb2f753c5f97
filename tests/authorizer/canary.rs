//! Threat 60: over all that a run writes, at every level of logging, no token, no secret and no claim set.

use serde_json::{Value, json};

use crate::events::{bearer, http_api, rest_request, rest_token};
use crate::minting::{claims, encode, mint, with};
use crate::support::{Answer, CLIENT_SECRET, Canaries, LambdaFunction, ParameterType, Scenario, TIMEOUT, decisions};

const WORDS: [&str; 12] = [
    "good",
    "expired",
    "not_yet_valid",
    "wrong_audience",
    "wrong_issuer",
    "lacks_scope",
    "unknown_key",
    "tampered",
    "alg_none",
    "hs256",
    "five_parts",
    "garbage",
];

/// Threat 60.
#[tokio::test]
async fn no_token_secret_or_claim_set_is_ever_logged_at_the_usual_level() {
    run("info").await;
}

/// Threat 60: an operator may turn everything on.
#[tokio::test]
async fn no_token_secret_or_claim_set_is_ever_logged_at_the_most_talkative_level() {
    run("trace").await;
}

async fn run(level: &str) {
    let scenario = Scenario::new().await;
    let stored = json!({"clientId": "0oa1", "clientSecret": CLIENT_SECRET}).to_string();
    let parameter = format!("{}/orders/client", scenario.root);
    scenario.moto.put_parameter(&parameter, &stored, ParameterType::SecureString).await;
    let authorizer = scenario.authorizer(&[("RUST_LOG", level)]);
    let mut canaries = Canaries::default();
    canaries.secret("the stored client's secret", CLIENT_SECRET);

    let mut calls = 0;
    for word in WORDS {
        let token = mint(&scenario.okta, word).expect("a token");
        canaries.token(&format!("the token `{word}`"), &token);
        for event in events_with(&token) {
            send(&authorizer, &canaries, word, &event).await;
            calls += 1;
        }
    }
    for (what, token) in odd_tokens(&scenario) {
        canaries.token(what, &token);
        for event in events_with(&token) {
            send(&authorizer, &canaries, what, &event).await;
            calls += 1;
        }
    }
    let output = authorizer.stop();
    assert_eq!(decisions(&output).len(), calls, "every call is logged");
    assert!(!output.contains("panicked"), "{output}");
    canaries.assert_unmentioned_in("the log", &output);
}

/// No answer that refuses says anything of the token either.
async fn send(authorizer: &LambdaFunction, canaries: &Canaries, what: &str, event: &str) {
    match authorizer.invoke(event, TIMEOUT).await {
        Answer::Response(response) if response["context"].get("cid").is_some() => {
            assert!(["good", "a secret in a claim"].contains(&what), "{what} was allowed: {response}");
        }
        refused @ (Answer::Response(_) | Answer::Error { .. }) => {
            canaries.assert_unmentioned_in("an answer", &format!("{refused:?}"));
        }
    }
}

/// Tokens in which a careless error message would quote something.
fn odd_tokens(scenario: &Scenario) -> Vec<(&'static str, String)> {
    let okta = &scenario.okta;
    let good = claims(okta);
    let secret = |claim: &str| okta.sign(&with(&good, claim, json!({"canary-claim-5b0e7a": "canary-value-9c1d"})));
    vec![
        ("a secret in a claim", secret("address")),
        ("an object as aud", secret("aud")),
        ("an object as exp", secret("exp")),
        ("an object as scp", secret("scp")),
        ("an object as sub", secret("sub")),
        ("a broken payload", okta.sign_raw(r#"{"kid":"k","alg":"RS256"}"#, r#"{"jti":"AT.canary-7f3b2a","exp":"#)),
        ("a broken header", format!("{}.{}.AAAAAAAAAAAA", encode("{canary-header-3e8d"), encode(good.to_string()))),
        ("an unknown alg", okta.sign_raw(r#"{"kid":"k","alg":"canary-alg-4c2f"}"#, &good.to_string())),
    ]
}

/// Every form, and what is no form at all: with the token where it belongs and where it does not.
fn events_with(token: &str) -> Vec<String> {
    let authorization = bearer(token);
    let mut elsewhere: Value = serde_json::from_str(&rest_request(&[("Cookie", &[token])])).expect("an event");
    elsewhere["queryStringParameters"] = json!({"access_token": token});
    let mut payload_1: Value = serde_json::from_str(&http_api(&authorization)).expect("an event");
    payload_1["version"] = json!("1.0");
    let mut odd_headers: Value = serde_json::from_str(&http_api(&authorization)).expect("an event");
    odd_headers["headers"] = json!({"authorization": {"Bearer": token}});
    vec![
        rest_token(&authorization),
        rest_token(token),
        rest_token(&format!("{authorization}\n{token}")),
        rest_request(&[("Authorization", &[&authorization])]),
        rest_request(&[("Authorization", &[&authorization, &authorization])]),
        http_api(&authorization),
        http_api(&format!("Basic {token}")),
        elsewhere.to_string(),
        payload_1.to_string(),
        odd_headers.to_string(),
        // The ARN is not one, and holds the token.
        json!({"type": "TOKEN", "methodArn": token, "authorizationToken": authorization}).to_string(),
        json!({"type": "TOKEN", "authorizationToken": authorization}).to_string(),
        json!({"type": ["TOKEN"], "authorizationToken": authorization}).to_string(),
        json!({"Records": [{"body": {"Authorization": authorization}}]}).to_string(),
        json!({"detail": {"type": token}, "type": token, "version": token}).to_string(),
        // JSON by its grammar, and yet nothing that a reader could take.
        format!(r#"{{"type": "TOKEN", "type": "TOKEN", "authorizationToken": "{authorization}"}}"#),
        format!(r#"{{"type": "TOKEN", "methodArn": "\ud800", "authorizationToken": "{authorization}\ud800"}}"#),
        format!(r#"{}"{authorization}"{}"#, "[".repeat(200), "]".repeat(200)),
        json!([authorization]).to_string(),
        json!(authorization).to_string(),
    ]
}
