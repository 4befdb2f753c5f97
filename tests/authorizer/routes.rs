//! Routes with scopes of their own, over the wire: what one answer says of every route (threats 33 to 38).

use serde_json::{Value, json};

use crate::events::{HTTP_ARN, REST_ARN, bearer, http_api, policy_allows, rest_request, rest_token};
use crate::minting::with;
use crate::support::{CLIENT_ID, LambdaFunction, OTHER_SCOPE, SCOPE, Scenario, TIMEOUT, decisions};

/// `GET /orders/{id}` is for everyone, `GET /orders/export` and `DELETE /orders/{id}` ask for another scope.
async fn authorizer(scenario: &Scenario) -> LambdaFunction {
    let routes = json!([
        {"route": "GET /orders/{id}"},
        {"route": "GET /orders/export", "scopes": {"all": [OTHER_SCOPE]}},
        {"route": "DELETE /orders/{id}", "scopes": {"any": ["orders.delete", OTHER_SCOPE]}},
        {"route": "ANY /files/{proxy+}"},
    ]);
    scenario.put("orders", &with(&scenario.profile(), "routes", routes).to_string()).await;
    scenario.authorizer(&[])
}

fn arn(path: &str) -> String {
    REST_ARN.replace("GET/orders/1", path)
}

async fn ask(authorizer: &LambdaFunction, token: &str, path: &str) -> Value {
    let event = rest_token(&bearer(token)).replace(REST_ARN, &arn(path));
    authorizer.invoke(&event, TIMEOUT).await.response()
}

/// Threats 33, 35, 36, 37 and 38.
#[tokio::test]
async fn whichever_call_was_first_its_policy_says_the_same_of_every_route() {
    let scenario = Scenario::new().await;
    let authorizer = authorizer(&scenario).await;
    let some = scenario.okta.issue(CLIENT_ID, &[SCOPE]);
    let all = scenario.okta.issue(CLIENT_ID, &[SCOPE, OTHER_SCOPE]);
    let calls = [
        ("GET/orders/1", true, true),
        ("GET/orders/2", true, true),
        ("GET/orders/export", false, true),
        ("DELETE/orders/1", false, true),
        ("PATCH/files/a/b", true, true),
        ("GET/files", false, false),
        ("GET/files/", false, false),
        ("GET/orders/1/", false, false),
        ("GET/orders/1/items", false, false),
        ("GET/orders//1", false, false),
        ("GET/orders/..", false, false),
        ("GET/orders/%2e%2e", false, false),
        ("GET/files/a/../b", false, false),
        ("GET/Orders/1", false, false),
        ("HEAD/orders/1", false, false),
        ("OPTIONS/orders/1", false, false),
        ("POST/orders/1", false, false),
        ("GET/admin", false, false),
        ("GET/", false, false),
    ];
    for (first, ..) in calls {
        for (token, allowed) in [(&some, 1), (&all, 2)] {
            let answer = ask(&authorizer, token, first).await;
            for (next, with_some, with_all) in calls {
                let expected = if allowed == 1 { with_some } else { with_all };
                assert_eq!(policy_allows(&answer, &arn(next)), expected, "{first}, then {next}: {answer}");
            }
        }
    }
}

/// Threat 34.
#[tokio::test]
async fn a_path_with_a_wildcard_is_denied_and_never_copied() {
    let scenario = Scenario::new().await;
    let authorizer = authorizer(&scenario).await;
    let token = scenario.good_token();
    for path in ["GET/orders/*", "GET/orders/?", "GET/*", "GET/files/*"] {
        let answer = ask(&authorizer, &token, path).await;
        assert!(!policy_allows(&answer, &arn(path)), "{path}: {answer}");
        assert!(!policy_allows(&answer, &arn("GET/orders/1")), "{path}: {answer}");
        assert_eq!(answer["context"]["reason"], "path_irregular", "{path}");
    }
}

#[tokio::test]
async fn a_denied_route_has_its_reason_in_the_context_and_in_the_log() {
    let scenario = Scenario::new().await;
    let authorizer = authorizer(&scenario).await;
    let token = scenario.good_token();
    let reasons = [
        ("GET/orders/export", "route_scope_missing"),
        ("GET/admin", "route_unknown"),
        ("GET/orders/.", "path_irregular"),
    ];
    for (path, reason) in reasons {
        let answer = ask(&authorizer, &token, path).await;
        assert_eq!(
            (&answer["context"]["reason"], &answer["principalId"]),
            (&json!(reason), &json!(CLIENT_ID)),
            "{path}"
        );
    }
    let output = authorizer.stop();
    for (decision, (path, reason)) in decisions(&output).iter().zip(reasons) {
        assert_eq!((&decision["outcome"], &decision["reason"]), (&json!("deny"), &json!(reason)), "{path}: {decision}");
        assert_eq!((&decision["profile"], &decision["cid"]), (&json!("orders"), &json!(CLIENT_ID)), "{decision}");
        assert_eq!(decision["Decisions"], 1, "the line is its own metric: {decision}");
        assert_eq!(decision["_aws"]["CloudWatchMetrics"][0]["Namespace"], "OktaSecurityProfiles", "{decision}");
    }
}

#[tokio::test]
async fn a_rest_api_resolves_the_resource_before_the_method_and_an_http_api_the_route() {
    let scenario = Scenario::new().await;
    let routes = json!([{"route": "GET /orders/{id}"}, {"route": "POST /orders/export"}]);
    scenario.put("orders", &with(&scenario.profile(), "routes", routes).to_string()).await;
    let authorizer = scenario.authorizer(&[]);
    let token = bearer(&scenario.good_token());
    let export = |arn: &str| arn.replace("orders/1", "orders/export");
    let rest = rest_request(&[("Authorization", &[&token])]).replace(REST_ARN, &export(REST_ARN));
    assert!(!policy_allows(&authorizer.invoke(&rest, TIMEOUT).await.response(), &export(REST_ARN)));
    let http = http_api(&token).replace(HTTP_ARN, &export(HTTP_ARN));
    assert!(policy_allows(&authorizer.invoke(&http, TIMEOUT).await.response(), &export(HTTP_ARN)));
}

#[tokio::test]
async fn the_claims_of_the_context_leave_the_answer_under_8_kb_or_it_fails() {
    let scenario = Scenario::new().await;
    let mut document = with(&scenario.profile(), "context", json!(["note"]));
    document["routes"] =
        json!((0..60).map(|n| json!({"route": format!("ANY /a-rather-long-name-{n}/{{id}}")})).collect::<Vec<_>>());
    scenario.put("orders", &document.to_string()).await;
    let authorizer = scenario.authorizer(&[]);
    let mut claims = scenario.okta.claims(CLIENT_ID, &[SCOPE]);
    for length in [0, 1_000, 4_000] {
        claims["note"] = json!("n".repeat(length));
        let token = scenario.okta.sign(&claims);
        let path = "GET/a-rather-long-name-59/1";
        let answer = ask(&authorizer, &token, path).await;
        assert!(answer.to_string().len() <= 8_192, "{length}: {} bytes", answer.to_string().len());
        assert!(policy_allows(&answer, &arn(path)), "the route that is called fits first: {length}");
    }
}
