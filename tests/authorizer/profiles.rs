//! Which profiles are in force: by list, by path, after a change, after a bad change (threats 56 and 57).

use serde_json::json;

use crate::events::{bearer, rest_token, status_of};
use crate::minting::with;
use crate::support::{Scenario, SsmAnswers, SsmFront, TIMEOUT, eventually};

#[tokio::test]
async fn a_profile_serves_whether_it_is_named_or_found_below_the_root() {
    let scenario = Scenario::new().await;
    scenario.put("deny", r#"{"cid": []}"#).await;
    let event = rest_token(&bearer(&scenario.good_token()));
    for selection in ["orders", "*", ""] {
        let authorizer = scenario.authorizer(&[("PROFILES", selection)]);
        let answer = authorizer.invoke(&event, TIMEOUT).await;
        assert_eq!(status_of(&answer), 200, "PROFILES={selection}: {answer:?}\n{}", authorizer.logs());
        assert_eq!(answer.response()["context"]["profile"], "orders");
    }
}

#[tokio::test]
async fn of_several_profiles_the_first_named_one_that_the_token_satisfies_governs() {
    let scenario = Scenario::new().await;
    let strict = with(&scenario.profile(), "scopes", json!(["CustomScope", "OtherScope"]));
    scenario.put("strict", &strict.to_string()).await;
    scenario.put("alike", &scenario.profile().to_string()).await;
    let event = rest_token(&bearer(&scenario.good_token()));
    for (selection, governs) in
        [("strict,orders,alike", "orders"), ("alike,orders,strict", "alike"), ("*", "alike"), ("orders", "orders")]
    {
        let authorizer = scenario.authorizer(&[("PROFILES", selection)]);
        let answer = authorizer.invoke(&event, TIMEOUT).await.response();
        assert_eq!(answer["context"]["profile"], governs, "PROFILES={selection}");
    }
    let authorizer = scenario.authorizer(&[("PROFILES", "strict")]);
    let answer = authorizer.invoke(&event, TIMEOUT).await;
    assert_eq!(status_of(&answer), 403, "{answer:?}");
    assert_eq!(answer.response()["context"]["reason"], "scope_missing");
}

#[tokio::test]
async fn profiles_in_a_folder_serve_without_ssm() {
    let scenario = Scenario::without_profiles(|_settings| {}).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("orders.json"), scenario.profile().to_string()).expect("a file");
    let store = format!("file:{}", folder.path().display());
    let authorizer = scenario.authorizer(&[("PROFILE_STORE", &store)]);
    let answer = authorizer.invoke(&rest_token(&bearer(&scenario.good_token())), TIMEOUT).await;
    assert_eq!(status_of(&answer), 200, "{answer:?}\n{}", authorizer.logs());
}

#[tokio::test]
async fn a_changed_profile_takes_effect_without_a_restart() {
    let scenario = Scenario::new().await;
    let authorizer = scenario.authorizer(&[("PROFILE_TTL_SECONDS", "1")]);
    let event = rest_token(&bearer(&scenario.good_token()));
    let status = async || status_of(&authorizer.invoke(&event, TIMEOUT).await);
    assert_eq!(status().await, 200);
    let changed = with(&scenario.profile(), "scopes", json!(["OtherScope"]));
    scenario.put("orders", &changed.to_string()).await;
    eventually("a call is denied by the new scopes", async || status().await == 403).await;
}

/// Threat 57.
#[tokio::test]
async fn a_profile_that_is_broken_or_deleted_later_leaves_the_good_one_in_force() {
    let scenario = Scenario::new().await;
    let authorizer = scenario.authorizer(&[("PROFILE_TTL_SECONDS", "1"), ("PROFILES", "orders")]);
    let event = rest_token(&bearer(&scenario.good_token()));
    let allowed_until = async |text: &str| {
        eventually(text, async || {
            assert_eq!(status_of(&authorizer.invoke(&event, TIMEOUT).await), 200, "{}", authorizer.logs());
            authorizer.logs().contains(text)
        })
        .await;
    };
    allowed_until(r#""message":"decision""#).await;
    scenario.put("orders", "{\"version\": 1").await;
    allowed_until("profile refused").await;
    scenario.moto.delete_parameter(&format!("{}/orders", scenario.root)).await;
    allowed_until("profile vanished").await;
    allowed_until("profile vanished").await;
}

/// Threat 56.
#[tokio::test]
async fn a_throttled_ssm_leaves_the_loaded_profiles_in_force() {
    let scenario = Scenario::new().await;
    let front = SsmFront::of(scenario.moto);
    let variables = [("PROFILE_TTL_SECONDS", "1"), ("AWS_ENDPOINT_URL_SSM", front.endpoint())];
    let authorizer = scenario.authorizer(&variables);
    let event = rest_token(&bearer(&scenario.good_token()));
    assert_eq!(status_of(&authorizer.invoke(&event, TIMEOUT).await), 200);

    front.answer_with(SsmAnswers::Error(400, "ThrottlingException"));
    eventually("a refresh fails", async || {
        assert_eq!(status_of(&authorizer.invoke(&event, TIMEOUT).await), 200, "{}", authorizer.logs());
        authorizer.logs().contains("profiles not refreshed")
    })
    .await;
}
