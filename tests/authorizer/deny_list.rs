//! The emergency deny list in the compiled functions: in force at the next cold start at once, and in a warm one within the
//! profiles' time to live (threat 42).

use okta_security_profiles::local::okta::Endpoint;
use serde_json::json;

use crate::events::{REST_ARN, bearer, http_api, policy_allows, rest_token, status_of};
use crate::support::{CLIENT_ID, Scenario, TIMEOUT, decisions, eventually};

#[tokio::test]
async fn a_client_a_token_and_a_key_on_the_list_are_denied_and_the_reason_is_told() {
    let scenario = Scenario::new().await;
    let token = scenario.good_token();
    for (member, value) in
        [("cid", CLIENT_ID.to_owned()), ("sub", CLIENT_ID.to_owned()), ("kid", scenario.okta.current_kid())]
    {
        scenario.put("deny", &json!({member: [value]}).to_string()).await;
        for profiles in ["orders", "*"] {
            let authorizer = scenario.authorizer(&[("PROFILES", profiles)]);
            for event in [rest_token(&bearer(&token)), http_api(&bearer(&token))] {
                let answer = authorizer.invoke(&event, TIMEOUT).await;
                assert_eq!(status_of(&answer), 403, "{member}: {answer:?}");
                let answer = answer.response();
                assert_eq!(answer["context"]["reason"], "deny_listed", "{member}: {answer}");
                assert!(!policy_allows(&answer, REST_ARN));
            }
            let output = authorizer.stop();
            let detail = decisions(&output)[0]["detail"].as_str().expect("a sentence").to_owned();
            assert_eq!(detail, format!("the token's {member} is on the deny list"), "{output}");
        }
    }
}

#[tokio::test]
async fn a_warm_authorizer_learns_of_an_entry_within_the_profiles_time_to_live() {
    let scenario = Scenario::new().await;
    let authorizer = scenario.authorizer(&[("PROFILE_TTL_SECONDS", "1")]);
    let event = rest_token(&bearer(&scenario.good_token()));
    assert_eq!(status_of(&authorizer.invoke(&event, TIMEOUT).await), 200);
    scenario.put("deny", &json!({"cid": [CLIENT_ID]}).to_string()).await;
    eventually("the client is denied", async || status_of(&authorizer.invoke(&event, TIMEOUT).await) == 403).await;
    scenario.put("deny", "{}").await;
    eventually("it is let in again", async || status_of(&authorizer.invoke(&event, TIMEOUT).await) == 200).await;
}

#[tokio::test]
async fn a_list_that_cannot_be_read_lets_nobody_in_at_a_cold_start_and_changes_nothing_in_a_warm_one() {
    let scenario = Scenario::new().await;
    let warm = scenario.authorizer(&[("PROFILE_TTL_SECONDS", "1")]);
    let event = rest_token(&bearer(&scenario.good_token()));
    assert_eq!(status_of(&warm.invoke(&event, TIMEOUT).await), 200);
    scenario.put("deny", "{").await;
    let cold = scenario.authorizer(&[]);
    let message = cold.invoke(&event, TIMEOUT).await.error_message();
    assert!(message.starts_with("deny_list_broken: "), "never a Deny, which would be cached: {message}");
    cold.wait_for("deny list refused").await;
    eventually("the warm one has seen it", async || {
        assert_eq!(status_of(&warm.invoke(&event, TIMEOUT).await), 200);
        warm.logs().contains("deny list refused")
    })
    .await;
    assert_eq!(scenario.okta.requests(Endpoint::Token), 0);
}
