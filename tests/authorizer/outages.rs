//! Okta or SSM away, slow, or with new keys (threats 43, 45 to 48, 55, 56 and 64).

use std::net::TcpListener;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::json;

use crate::events::{bearer, http_api, rest_token, status_of};
use crate::minting::{claims, mint};
use crate::support::{
    Answer, CLIENT_ID, LambdaFunction, Relay, Scenario, SsmAnswers, SsmFront, TIMEOUT, TlsServer, decisions, eventually,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

async fn call(authorizer: &LambdaFunction, token: &str) -> Answer {
    authorizer.invoke(&rest_token(&bearer(token)), TIMEOUT).await
}

/// Threat 47.
#[tokio::test]
async fn a_cold_start_with_a_stored_key_set_asks_okta_nothing_and_allows_while_okta_is_down() {
    let mut scenario = Scenario::new().await;
    scenario.store_keys(MINUTE).await;
    let authorizer = scenario.authorizer(&[("PROFILES", "orders")]);
    assert_eq!(status_of(&call(&authorizer, &scenario.good_token()).await), 200);
    let requests = [Endpoint::Keys, Endpoint::Token, Endpoint::Discovery].map(|of| scenario.okta.requests(of));
    assert_eq!(requests, [0, 0, 0]);

    scenario.okta_goes_down();
    let cold = scenario.authorizer(&[("PROFILES", "orders")]);
    assert_eq!(status_of(&call(&cold, &scenario.good_token()).await), 200, "{}", cold.logs());
}

/// Threat 47.
#[tokio::test]
async fn a_cold_start_without_stored_keys_is_an_error_while_okta_is_down() {
    let mut scenario = Scenario::new().await;
    let token = scenario.good_token();
    scenario.okta_goes_down();
    let authorizer = scenario.authorizer(&[]);
    for event in [rest_token(&bearer(&token)), http_api(&bearer(&token))] {
        let message = authorizer.invoke(&event, TIMEOUT).await.error_message();
        assert!(message.starts_with("keys_unavailable: "), "{message}");
        assert!(message.contains(scenario.okta.issuer()), "{message}");
    }
}

/// Threats 45 and 55.
#[tokio::test]
async fn keys_that_are_due_serve_on_while_okta_is_down_or_asks_to_be_left_alone() {
    for fault in [
        None,
        Some(Fault::Html),
        Some(Fault::Huge(200_000)),
        Some(Fault::Truncated),
        Some(Fault::Status(StatusCode::TOO_MANY_REQUESTS, HeaderMap::new(), r#"{"errorCode":"E0000047"}"#.to_owned())),
    ] {
        let mut scenario = Scenario::new().await;
        scenario.store_keys(4 * HOUR).await;
        match fault {
            Some(fault) => scenario.okta.set_fault(Endpoint::Keys, fault),
            None => scenario.okta_goes_down(),
        }
        let authorizer = scenario.authorizer(&[]);
        for _ in 0..3 {
            assert_eq!(status_of(&call(&authorizer, &scenario.good_token()).await), 200, "{}", authorizer.logs());
        }
        let output = authorizer.stop();
        assert_eq!(output.matches("keys not refreshed").count(), 1, "one attempt for several calls:\n{output}");
    }
}

/// Threat 45.
#[tokio::test]
async fn keys_that_are_due_are_fetched_once() {
    let scenario = Scenario::new().await;
    scenario.store_keys(4 * HOUR).await;
    let authorizer = scenario.authorizer(&[]);
    for _ in 0..3 {
        assert_eq!(status_of(&call(&authorizer, &scenario.good_token()).await), 200);
    }
    assert_eq!(scenario.okta.requests(Endpoint::Keys), 1);
}

/// Threat 48.
#[tokio::test]
async fn keys_older_than_a_day_serve_nobody_while_okta_is_down() {
    let mut scenario = Scenario::new().await;
    scenario.store_keys(25 * HOUR).await;
    let token = scenario.good_token();
    scenario.okta_goes_down();
    let message = call(&scenario.authorizer(&[]), &token).await.error_message();
    assert!(message.starts_with("keys_unavailable: "), "{message}");
}

/// Threats 43 and 46.
#[tokio::test]
async fn after_a_rotation_one_fetch_finds_the_new_key_and_made_up_ones_cause_no_other() {
    let scenario = Scenario::new().await;
    scenario.store_keys(MINUTE).await;
    let authorizer = scenario.authorizer(&[]);
    let old = scenario.good_token();
    assert_eq!(status_of(&call(&authorizer, &old).await), 200);
    assert_eq!(scenario.okta.requests(Endpoint::Keys), 0, "the stored keys serve");

    scenario.okta.rotate().expect("a new key");
    assert_eq!(status_of(&call(&authorizer, &scenario.good_token()).await), 200, "{}", authorizer.logs());
    assert_eq!(scenario.okta.requests(Endpoint::Keys), 1);
    assert_eq!(status_of(&call(&authorizer, &old).await), 200, "both keys are published");

    for _ in 0..5 {
        let made_up = mint(&scenario.okta, "unknown_key").expect("a token");
        assert_eq!(status_of(&call(&authorizer, &made_up).await), 401);
        let http = authorizer.invoke(&http_api(&bearer(&made_up)), TIMEOUT).await.error_message();
        assert!(http.starts_with("key_cooling_down: "), "no Deny that would be cached: {http}");
    }
    assert_eq!(scenario.okta.requests(Endpoint::Keys), 1);
}

/// Threat 46.
#[tokio::test]
async fn an_unknown_key_is_unauthorized_where_a_fetch_worked_and_an_error_where_it_failed() {
    let mut scenario = Scenario::new().await;
    scenario.store_keys(MINUTE).await;
    let made_up = mint(&scenario.okta, "unknown_key").expect("a token");

    let reachable = scenario.authorizer(&[]);
    assert_eq!(status_of(&call(&reachable, &made_up).await), 401);
    let output = reachable.stop();
    assert_eq!(decisions(&output)[0]["reason"], "key_unknown", "{output}");

    scenario.okta_goes_down();
    let message = call(&scenario.authorizer(&[]), &made_up).await.error_message();
    assert!(message.starts_with("keys_unavailable: "), "{message}");
}

/// Threat 61.
#[tokio::test]
async fn a_connection_that_was_closed_between_two_fetches_costs_nobody_anything() {
    let relay = Relay::start();
    let scenario =
        Scenario::with(|settings| settings.issuer = format!("{}/oauth2/default", relay.localhost_url())).await;
    relay.pass_on_to(scenario.okta_address());
    // The same server under another URL is another key set, due at once, over the same connection.
    let mut other = scenario.profile();
    other["apis"] = json!(["other12345/prod"]);
    other["keysUrl"] = json!(format!("{}/v1/keys?other", scenario.okta.issuer()));
    scenario.put("other", &other.to_string()).await;

    let authorizer = scenario.authorizer(&[]);
    let event = rest_token(&bearer(&scenario.good_token()));
    for (event, fetches) in [(event.clone(), 1), (event.replace("abcdef1234", "other12345"), 2)] {
        let answer = authorizer.invoke(&event, TIMEOUT).await.response();
        assert_eq!(answer["context"]["cid"], CLIENT_ID, "{answer}\n{}", authorizer.logs());
        assert_eq!(scenario.okta.requests(Endpoint::Keys), fetches);
        relay.cut().await;
    }
}

/// Threat 64.
#[tokio::test]
async fn with_its_deadline_near_a_call_is_an_error_before_lambda_cuts_it_off() {
    let scenario = Scenario::new().await;
    scenario.okta.set_fault(Endpoint::Keys, Fault::Delay(Duration::from_secs(60)));
    let authorizer = scenario.authorizer(&[]);
    let event = rest_token(&bearer(&scenario.good_token()));
    // 200 ms are kept for the answer, the fetch itself would give up after 1.5 s: what ends it is the deadline.
    let message = authorizer.invoke(&event, Duration::from_millis(500)).await.error_message();
    assert!(message.starts_with("keys_unavailable: ") && message.contains("no answer within 2"), "{message}");

    scenario.okta.set_fault(Endpoint::Keys, Fault::None);
    eventually("a fetch that was cut off is made up for", async || {
        status_of(&call(&authorizer, &scenario.good_token()).await) == 200
    })
    .await;
    let output = authorizer.stop();
    assert_eq!(decisions(&output)[0]["reason"], "keys_unavailable", "{output}");
    assert!(!output.contains("panicked"), "{output}");
}

/// Threat 56.
#[tokio::test]
async fn a_cold_start_without_ssm_is_an_error_and_works_once_ssm_is_back() {
    // The first two are tried again for some seconds before they fail, so the three go side by side.
    tokio::join!(
        ssm_fails_and_recovers(400, "ThrottlingException"),
        ssm_fails_and_recovers(500, "InternalServerError"),
        ssm_fails_and_recovers(400, "AccessDeniedException"),
    );
}

async fn ssm_fails_and_recovers(status: u16, code: &'static str) {
    let scenario = Scenario::new().await;
    let front = SsmFront::of(scenario.moto);
    front.answer_with(SsmAnswers::Error(status, code));
    let authorizer = scenario.authorizer(&[("AWS_ENDPOINT_URL_SSM", front.endpoint())]);
    let token = scenario.good_token();
    for event in [rest_token(&bearer(&token)), http_api(&bearer(&token))] {
        let message = authorizer.invoke(&event, TIMEOUT).await.error_message();
        assert!(message.starts_with("profiles_unavailable: "), "{message}");
    }
    authorizer.wait_for(code).await;

    front.answer_with(SsmAnswers::True);
    eventually("a call is allowed again", async || status_of(&call(&authorizer, &token).await) == 200).await;
}

/// Threat 56.
#[tokio::test]
async fn an_ssm_that_takes_calls_and_never_answers_is_an_error_before_the_deadline_and_no_hang() {
    let scenario = Scenario::new().await;
    // The system takes connections for a listener that nobody looks at.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
    let authorizer = scenario.authorizer(&[("AWS_ENDPOINT_URL_SSM", &endpoint)]);
    let event = rest_token(&bearer(&scenario.good_token()));
    let message = authorizer.invoke(&event, Duration::from_secs(1)).await.error_message();
    assert!(message.starts_with("profiles_unavailable: ") && message.contains("no answer within 7"), "{message}");
    assert!(authorizer.logs().contains("profiles not loaded"), "the start gave up, too:\n{}", authorizer.logs());
}

/// Threat 59.
#[tokio::test]
async fn a_page_token_that_never_ends_is_an_error_that_names_the_remedy() {
    let scenario = Scenario::new().await;
    let front = SsmFront::of(scenario.moto);
    front.answer_with(SsmAnswers::EndlessPages);
    let authorizer = scenario.authorizer(&[("AWS_ENDPOINT_URL_SSM", front.endpoint())]);
    let message = call(&authorizer, &scenario.good_token()).await.error_message();
    assert!(message.starts_with("profiles_unavailable: "), "{message}");
    authorizer.wait_for("more than 20 pages").await;
    authorizer.wait_for("name the profiles in `PROFILES`").await;
}

#[tokio::test]
async fn ssm_over_tls_with_a_private_authority_serves_the_profiles() {
    let scenario = Scenario::new().await;
    let front = TlsServer::front(scenario.ca(), scenario.moto.address());
    for base in [front.url(), front.localhost_url()] {
        let authorizer = scenario.authorizer(&[("AWS_ENDPOINT_URL_SSM", &base)]);
        let answer = call(&authorizer, &scenario.okta.sign(&claims(&scenario.okta))).await;
        assert_eq!(status_of(&answer), 200, "{base}: {answer:?}\n{}", authorizer.logs());
    }
}

#[tokio::test]
async fn a_named_profile_and_its_keys_cost_one_call_to_ssm() {
    let scenario = Scenario::new().await;
    scenario.store_keys(MINUTE).await;
    let front = SsmFront::of(scenario.moto);
    let authorizer = scenario.authorizer(&[("AWS_ENDPOINT_URL_SSM", front.endpoint()), ("PROFILES", "orders")]);
    for _ in 0..3 {
        assert_eq!(status_of(&call(&authorizer, &scenario.good_token()).await), 200);
    }
    let calls: Vec<_> = front.calls().into_iter().map(|call| (call.operation, call.input)).collect();
    let names = json!(["orders", "deny", "orders/keys"].map(|name| format!("{}/{name}", scenario.root)));
    assert_eq!(calls, [("GetParameters".to_owned(), json!({"Names": names, "WithDecryption": false}))]);
}
