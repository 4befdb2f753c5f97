//! Good tokens: what they allow, and what a profile still denies them (threats 28, 29, 31, 34, 39 and 40).

use serde_json::{Value, json};

use crate::events::{
    HTTP_ARN, REST_ARN, bearer, http_api, policy_allows, policy_allows_from, rest_request, rest_token, status_of,
};
use crate::minting::{claims, with, without};
use crate::support::{CLIENT_ID, LambdaFunction, Scenario, TIMEOUT};

async fn authorizer_with(scenario: &Scenario, field: &str, value: Value) -> LambdaFunction {
    scenario.put("orders", &with(&scenario.profile(), field, value).to_string()).await;
    scenario.authorizer(&[])
}

async fn reason(authorizer: &LambdaFunction, token: &str) -> Option<String> {
    let answer = authorizer.invoke(&rest_token(&bearer(token)), TIMEOUT).await.response();
    assert_eq!(policy_allows(&answer, REST_ARN), answer["context"].get("reason").is_none(), "{answer}");
    answer["context"]["reason"].as_str().map(str::to_owned)
}

/// Threat 28.
#[tokio::test]
async fn a_client_that_the_profile_does_not_allow_is_denied() {
    let scenario = Scenario::new().await;
    let authorizer = authorizer_with(&scenario, "clients", json!({"allow": [CLIENT_ID]})).await;
    assert_eq!(reason(&authorizer, &scenario.good_token()).await, None);
    let another = scenario.okta.issue("0oa1another", &["CustomScope"]);
    assert_eq!(reason(&authorizer, &another).await.as_deref(), Some("client_not_allowed"));
}

/// Threat 29.
#[tokio::test]
async fn scopes_match_whole_and_in_their_case() {
    let scenario = Scenario::new().await;
    let authorizer = scenario.authorizer(&[]);
    for scopes in [&[][..], &["customscope"], &["CustomScopes"], &["Custom", "Scope"]] {
        let token = scenario.okta.issue(CLIENT_ID, scopes);
        assert_eq!(reason(&authorizer, &token).await.as_deref(), Some("scope_missing"), "{scopes:?}");
    }
    let none = scenario.okta.sign(&without(&claims(&scenario.okta), "scp"));
    assert_eq!(reason(&authorizer, &none).await.as_deref(), Some("scope_missing"));
    let more = scenario.okta.issue(CLIENT_ID, &["OtherScope", "CustomScope"]);
    assert_eq!(reason(&authorizer, &more).await, None);
}

/// Threat 31.
#[tokio::test]
async fn without_a_subject_the_principal_is_the_client() {
    let scenario = Scenario::new().await;
    let authorizer = scenario.authorizer(&[]);
    let good = claims(&scenario.okta);
    for (claims, principal) in
        [(without(&good, "sub"), CLIENT_ID), (with(&good, "sub", json!("orders-service")), "orders-service")]
    {
        let token = bearer(&scenario.okta.sign(&claims));
        let answer = authorizer.invoke(&rest_token(&token), TIMEOUT).await.response();
        assert_eq!((&answer["principalId"], &answer["context"]["principalId"]), (&json!(principal), &json!(principal)));
    }
}

#[tokio::test]
async fn claims_that_the_profile_asks_for_must_be_there() {
    let scenario = Scenario::new().await;
    let authorizer = authorizer_with(&scenario, "claims", json!([{"claim": "tenant", "equals": "acme"}])).await;
    let good = claims(&scenario.okta);
    let token = scenario.okta.sign(&with(&good, "tenant", json!("acme")));
    assert_eq!(reason(&authorizer, &token).await, None);
    for claims in [good.clone(), with(&good, "tenant", json!("Acme")), with(&good, "tenant", json!(["acme"]))] {
        let token = scenario.okta.sign(&claims);
        assert_eq!(reason(&authorizer, &token).await.as_deref(), Some("claim_mismatch"), "{claims}");
    }
}

/// Threat 40.
#[tokio::test]
async fn claims_for_the_backend_arrive_as_scalars_and_the_usage_plan_key_beside_them() {
    let scenario = Scenario::new().await;
    let mut document = with(&scenario.profile(), "context", json!(["tenant", "roles", "limits", "trial", "absent"]));
    document["clients"] = json!({"usagePlanKeys": {CLIENT_ID: "orders-plan-key-0123456789"}});
    scenario.put("orders", &document.to_string()).await;
    let mut claims = claims(&scenario.okta);
    for (name, value) in [("tenant", json!("acme")), ("roles", json!(["a", "b"])), ("limits", json!({"n": 1}))] {
        claims[name] = value;
    }
    claims["trial"] = json!(true);
    let token = bearer(&scenario.okta.sign(&claims));
    let answer = scenario.authorizer(&[]).invoke(&rest_token(&token), TIMEOUT).await.response();
    let context = &answer["context"];
    assert_eq!((&context["tenant"], &context["trial"]), (&json!("acme"), &json!(true)), "{context}");
    assert_eq!((&context["roles"], &context["limits"]), (&json!(r#"["a","b"]"#), &json!(r#"{"n":1}"#)), "{context}");
    assert!(context.get("absent").is_none(), "{context}");
    assert_eq!(answer["usageIdentifierKey"], "orders-plan-key-0123456789");
}

#[tokio::test]
async fn an_address_outside_the_profiles_networks_is_denied_and_the_policy_says_so_too() {
    let scenario = Scenario::new().await;
    let authorizer = authorizer_with(&scenario, "allowedIps", json!(["203.0.113.0/24", "2001:db8::/32"])).await;
    let token = bearer(&scenario.good_token());
    let authorization: &[&str] = &[&token];
    let inside = rest_request(&[("Authorization", authorization)]);
    let answer = authorizer.invoke(&inside, TIMEOUT).await.response();
    assert!(policy_allows(&answer, REST_ARN), "{answer}");
    assert!(!policy_allows_from(&answer, REST_ARN, "198.51.100.1"), "a cached policy holds for the next caller too");

    let outside = authorizer.invoke(&inside.replace("203.0.113.7", "198.51.100.1"), TIMEOUT).await.response();
    assert_eq!(outside["context"]["reason"], "ip_not_allowed");
    assert!(!policy_allows_from(&outside, REST_ARN, "198.51.100.1"), "{outside}");
    assert!(policy_allows(&outside, REST_ARN), "cached, it does not deny the next caller: {outside}");
    let outside = authorizer.invoke(&http_api(&token).replace("203.0.113.7", "198.51.100.1"), TIMEOUT).await;
    assert_eq!(outside.response()["context"]["reason"], "ip_not_allowed");

    // A TOKEN event has no address: nothing can be said about it, and nothing is cached.
    let message = authorizer.invoke(&rest_token(&token), TIMEOUT).await.error_message();
    assert!(message.starts_with("form_cannot_serve: ") && message.contains("`allowedIps`"), "{message}");
}

/// Threats 34 and 39.
#[tokio::test]
async fn a_policy_is_for_the_stage_of_the_call_and_never_copies_its_path() {
    let scenario = Scenario::new().await;
    let authorizer = scenario.authorizer(&[]);
    let token = bearer(&scenario.good_token());
    for path in ["orders/*", "orders/?", "*", "a/../b", "%2e%2e/orders", "orders//1", ""] {
        let arn = REST_ARN.replace("orders/1", path);
        let event = rest_token(&token).replace(REST_ARN, &arn);
        let answer = authorizer.invoke(&event, TIMEOUT).await.response();
        let statements = answer["policyDocument"]["Statement"].as_array().expect("statements");
        let resources: Vec<_> = statements.iter().map(|statement| statement["Resource"].clone()).collect();
        assert_eq!(resources, [json!([REST_ARN.replace("GET/orders/1", "*")])], "{arn}");
        for foreign in [REST_ARN.replace("/prod/", "/test/"), REST_ARN.replace("abcdef1234", "zyxwvu9876")] {
            assert!(!policy_allows(&answer, &foreign), "{arn}: {answer}");
        }
    }
    for arn in [REST_ARN.replace("abcdef1234", "*"), REST_ARN.replace("/prod/", "/*/"), "orders".to_owned()] {
        let answer = authorizer.invoke(&rest_token(&token).replace(REST_ARN, &arn), TIMEOUT).await;
        assert_eq!(status_of(&answer), 500, "{arn}: {answer:?}");
    }
}

/// Threat 39.
#[tokio::test]
async fn an_api_or_stage_that_no_profile_covers_is_denied() {
    let scenario = Scenario::new().await;
    let authorizer = scenario.authorizer(&[]);
    let token = bearer(&scenario.good_token());
    for arn in [REST_ARN.replace("/prod/", "/test/"), HTTP_ARN.replace("http123456", "http654321")] {
        let answer = authorizer.invoke(&rest_token(&token).replace(REST_ARN, &arn), TIMEOUT).await.response();
        assert!(!policy_allows(&answer, &arn), "{answer}");
        assert_eq!(answer["context"], json!({"reason": "no_profile"}));
    }
}
