//! Every file in `events/token`, replayed with nothing in SSM but the profile.

use serde_json::Value;

use crate::http::{HttpAnswer, event_of, send, upstream_calls};
use crate::support::{
    CLIENT_ID, CLIENT_SECRET, Canaries, EventFile, LambdaFunction, SCOPE, Scenario, TIMEOUT, basic, client_placeholders,
};

#[tokio::test]
async fn every_event_is_answered_as_its_file_says() {
    let scenario = Scenario::new().await;
    let authorizer = scenario.authorizer(&[]);
    let mut canaries = Canaries::default();
    canaries.secret("the client's secret", CLIENT_SECRET);
    canaries.secret("the wrong secret", "another secret");
    canaries.secret("the client's credentials", &basic(CLIENT_ID, CLIENT_SECRET));
    let mut tokens = Canaries::default();
    let mut outputs = String::new();
    for file in EventFile::read_all("token") {
        // Each of its own, so that no token is held.
        let function = scenario.token_function(&[]);
        let before = upstream_calls(&scenario);
        let answer = send(&function, &event_of(&file, &scenario)).await;
        canaries.assert_absent_from(&format!("the answer to {}", file.name), &answer.text());

        let expect = file.filled("expect", &client_placeholders(scenario.okta.issuer()));
        check(&file.name, &expect, &answer);
        assert_eq!(upstream_calls(&scenario) - before, expect["upstreamCalls"], "{}: requests to Okta", file.name);
        if let Some(token) = answer.body["access_token"].as_str() {
            tokens.token(&format!("the token of {}", file.name), token);
            assert_authorizer_allows(&authorizer, &file.name, token).await;
        }
        outputs.push_str(&function.stop());
    }
    canaries.assert_absent_from("the log", &outputs);
    tokens.assert_unmentioned_in("the log", &outputs);
    assert!(!outputs.contains("panicked"), "{outputs}");
}

fn check(file: &str, expect: &Value, answer: &HttpAnswer) {
    assert_eq!(answer.status, expect["status"], "{file}: {answer:?}");
    if let Some(error) = expect["error"].as_str() {
        assert_eq!(answer.error(), error, "{file}: {answer:?}");
    }
    for (name, value) in members(&expect["headers"]) {
        let (found, value) = (answer.header(name).unwrap_or_default(), value.as_str().expect("a header's value"));
        let alone_or_with_parameters =
            found.strip_prefix(value).is_some_and(|rest| matches!(rest.chars().next(), None | Some(';' | ' ')));
        assert!(alone_or_with_parameters, "{file}: {name} is `{found}`, not `{value}`");
    }
    for (name, value) in members(&expect["body"]) {
        assert_eq!(answer.body[name], *value, "{file}: {name} in {answer:?}");
    }
    for name in expect["bodyMembers"].as_array().into_iter().flatten() {
        let name = name.as_str().expect("a member's name");
        assert!(answer.body.get(name).is_some(), "{file}: no {name} in {answer:?}");
    }
    if answer.status == 200 {
        let left = answer.body["expires_in"].as_u64().expect("seconds");
        // The stand-in's tokens live an hour; how much of it is left depends on the machine.
        assert!((1..=3_600).contains(&left), "{file}: {answer:?}");
        assert_eq!(answer.body["scope"], SCOPE, "{file}");
    }
}

/// A token that was handed out opens the API.
async fn assert_authorizer_allows(authorizer: &LambdaFunction, file: &str, token: &str) {
    let event = serde_json::json!({
        "type": "TOKEN", "authorizationToken": format!("Bearer {token}"),
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders/1",
    });
    let answer = authorizer.invoke(&event.to_string(), TIMEOUT).await.response();
    assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], "Allow", "{file}: {answer}");
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
