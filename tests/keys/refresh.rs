//! What the `keys` function stores, what it leaves alone, and what it says of it.

use axum::http::{HeaderMap, StatusCode};
use okta_security_profiles::domain::jose::stored_key_set::StoredKeySet;
use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::support::{LambdaFunction, Scenario, SsmAnswers, SsmFront, TIMEOUT, seconds_since_epoch};

async fn run(keys: &LambdaFunction) -> Value {
    keys.invoke("{}", TIMEOUT).await.response()
}

fn of(summary: &Value, profile: &str) -> Value {
    let profiles = summary["profiles"].as_array().expect("profiles");
    profiles.iter().find(|found| found["profile"] == profile).expect("the profile").clone()
}

async fn stored(scenario: &Scenario, profile: &str) -> StoredKeySet {
    let value = scenario.parameter(&format!("{profile}/keys")).await.expect("a stored key set");
    StoredKeySet::from_json(value.as_bytes()).expect("what was written can be read")
}

#[tokio::test]
async fn the_keys_are_stored_and_then_left_alone_until_they_change() {
    let scenario = Scenario::new().await;
    let keys = scenario.keys_function(&[]);
    let first = of(&run(&keys).await, "orders");
    assert_eq!(first["outcome"], "changed", "{first}");
    let old = scenario.okta.current_kid();
    assert!(stored(&scenario, "orders").await.keys.has(&old));
    assert_eq!(of(&run(&keys).await, "orders")["outcome"], "unchanged");

    scenario.okta.rotate().expect("a new key");
    scenario.okta.retire_old_keys();
    let rotated = of(&run(&keys).await, "orders");
    assert_eq!((&rotated["outcome"], &rotated["kept"]), (&json!("changed"), &json!([old])), "{rotated}");
    let stored = stored(&scenario, "orders").await;
    assert!(stored.keys.has(&old) && stored.keys.has(&scenario.okta.current_kid()));
    assert!(seconds_since_epoch() - stored.fetched_at.seconds() < 60);
    assert_eq!(scenario.okta.requests(Endpoint::Keys), 3, "one fetch a run");
}

/// Threats 49, 53 and 55.
#[tokio::test]
async fn an_answer_that_is_no_key_set_leaves_what_is_stored_and_says_why() {
    let scenario = Scenario::new().await;
    let keys = scenario.keys_function(&[]);
    run(&keys).await;
    let before = scenario.parameter("orders/keys").await;
    let answering = |status, body: &str| Fault::Status(status, HeaderMap::new(), body.to_owned());
    for (fault, problem) in [
        (Fault::Html, "did not answer with a key set"),
        (Fault::Empty, "did not answer with a key set"),
        (Fault::Truncated, "did not answer with a key set"),
        (Fault::Huge(200_000), "did not answer with a key set"),
        (answering(StatusCode::OK, r#"{"keys":[]}"#), "none of them is usable"),
        (answering(StatusCode::TOO_MANY_REQUESTS, "{}"), "answered 429"),
        (Fault::Redirect("https://localhost:1/keys".to_owned()), "answered 302 instead of 200"),
    ] {
        scenario.okta.set_fault(Endpoint::Keys, fault);
        let summary = run(&keys).await;
        let orders = of(&summary, "orders");
        assert_eq!((&summary["failed"], &orders["outcome"]), (&json!(1), &json!("failed")), "{problem}");
        assert!(orders["error"].as_str().is_some_and(|error| error.contains(problem)), "{problem}: {orders}");
        assert_eq!(scenario.parameter("orders/keys").await, before, "{problem}");
    }
}

#[tokio::test]
async fn one_profiles_failure_does_not_stop_another() {
    let scenario = Scenario::new().await;
    scenario.put("broken", "{").await;
    let mut elsewhere = scenario.profile();
    elsewhere["issuer"] = json!("https://localhost:1/oauth2/default");
    scenario.put("elsewhere", &elsewhere.to_string()).await;
    let keys = scenario.keys_function(&[("PROFILES", "elsewhere,absent,broken,orders")]);
    let summary = run(&keys).await;
    assert_eq!(summary["failed"], 3, "{summary}");
    assert_eq!(of(&summary, "orders")["outcome"], "changed");
    for (profile, problem) in
        [("absent", "does not exist"), ("broken", "profile `broken`"), ("elsewhere", "cannot be reached")]
    {
        let found = of(&summary, profile);
        assert!(found["error"].as_str().is_some_and(|error| error.contains(problem)), "{problem}: {found}");
    }
}

#[tokio::test]
async fn a_discovery_document_that_disagrees_is_told_in_the_summary_the_log_and_a_metric() {
    let scenario = Scenario::new().await;
    let issuer = scenario.okta.issuer();
    let document = json!({"issuer": issuer, "token_endpoint": "https://x", "jwks_uri": format!("{issuer}/v1/keys")});
    let said = |document: &Value| Fault::Status(StatusCode::OK, HeaderMap::new(), document.to_string());
    scenario.okta.set_fault(Endpoint::Discovery, said(&document));
    let keys = scenario.keys_function(&[]);
    let orders = of(&run(&keys).await, "orders");
    assert_eq!((&orders["outcome"], &orders["drift"]), (&json!("changed"), &json!(["tokenUrl"])), "{orders}");

    scenario.okta.set_fault(
        Endpoint::Discovery,
        said(&json!({"issuer": "https://x", "token_endpoint": "https://x", "jwks_uri": "https://x"})),
    );
    let orders = of(&run(&keys).await, "orders");
    assert!(orders["error"].as_str().is_some_and(|error| error.contains("that of `https://x`")), "{orders}");

    scenario.okta.set_fault(Endpoint::Discovery, Fault::Html);
    assert_eq!(of(&run(&keys).await, "orders")["drift"], json!(["noDiscovery"]));

    let output = keys.stop();
    assert_eq!(output.matches("disagrees with the profile").count(), 3, "{output}");
    let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines: Vec<Value> = lines.filter(|line| line["message"] == "key set").collect();
    let told: Vec<_> =
        lines.iter().map(|line| (line["outcome"].as_str().unwrap_or_default(), &line["KeyDrift"])).collect();
    assert_eq!(told, [("changed", &json!(1)), ("failed", &json!(3)), ("unchanged", &json!(1))], "{output}");
    assert!(lines.iter().all(|line| line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "OktaSecurityProfiles"));
    assert!(lines.iter().all(|line| line["StoredKeyAge"].is_u64()), "{output}");
}

/// Threat 56.
#[tokio::test]
async fn a_store_that_cannot_be_read_is_an_error_and_one_that_cannot_be_written_the_profiles_failure() {
    let scenario = Scenario::new().await;
    let front = SsmFront::of(scenario.moto);
    let keys = scenario.keys_function(&[("AWS_ENDPOINT_URL_SSM", front.endpoint()), ("PROFILES", "orders")]);
    front.answer_with(SsmAnswers::Error(400, "AccessDeniedException"));
    let message = keys.invoke("{}", TIMEOUT).await.error_message();
    assert!(message.contains("ssm:GetParameters") && message.contains("AccessDeniedException"), "{message}");

    front.answer_with(SsmAnswers::RefuseWrites);
    let orders = of(&run(&keys).await, "orders");
    assert!(orders["error"].as_str().is_some_and(|error| error.contains("ssm:PutParameter on")), "{orders}");
}

#[tokio::test]
async fn nothing_is_read_or_fetched_before_the_first_event_and_no_client_ever() {
    let scenario = Scenario::new().await;
    let front = SsmFront::of(scenario.moto);
    let keys = scenario.keys_function(&[("AWS_ENDPOINT_URL_SSM", front.endpoint()), ("PROFILES", "orders")]);
    run(&keys).await;
    let operations: Vec<String> = front.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["GetParameters", "PutParameter"]);
    assert!(front.calls().iter().all(|call| !call.input.to_string().contains("/client")));
    assert_eq!(front.calls()[0].input["WithDecryption"], false);
}
