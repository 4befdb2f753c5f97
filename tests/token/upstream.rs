//! What Okta answers, and what the client is told (threats 68, 70 and 72).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::http::{GRANT, HttpAnswer, good_request, request, send, upstream_calls};
use crate::support::{
    CLIENT_ID, CLIENT_SECRET, OTHER_SCOPE, Relay, SCOPE, Scenario, TlsServer, basic, decisions, impostor,
    seconds_since_epoch,
};

/// The answer to a good request while Okta's token URL answers with `fault`, and the log line about it. Okta is asked
/// once.
async fn answer_to(scenario: &Scenario, fault: Fault) -> (HttpAnswer, Value) {
    scenario.okta.set_fault(Endpoint::Token, fault);
    let function = scenario.token_function(&[]);
    let before = upstream_calls(scenario);
    let answer = send(&function, &good_request()).await;
    assert_eq!(upstream_calls(scenario) - before, 1, "sent once: {answer:?}");
    let output = function.stop();
    assert!(!output.contains(CLIENT_SECRET) && !answer.text().contains(CLIENT_SECRET), "{output}");
    let mut decisions = decisions(&output);
    assert_eq!(decisions.len(), 1, "{output}");
    (answer, decisions.remove(0))
}

fn answering(status: u16, headers: &[(&str, String)], body: &str) -> Fault {
    let header = |(name, value): &(&str, String)| {
        (HeaderName::try_from(*name).expect("a name"), HeaderValue::try_from(value).expect("a value"))
    };
    let headers: HeaderMap = headers.iter().map(header).collect();
    Fault::Status(StatusCode::from_u16(status).expect("a status"), headers, body.to_owned())
}

/// Threat 68.
#[tokio::test]
async fn a_429_of_okta_is_a_429_with_the_time_to_wait() {
    let scenario = Scenario::new().await;
    let body = r#"{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit."}"#;
    for (name, value, expected) in [
        ("x-rate-limit-reset", (seconds_since_epoch() + 120).to_string(), 60..=120),
        ("retry-after", "77".to_owned(), 77..=77),
        ("x-rate-limit-reset", "1".to_owned(), 1..=1),
        ("retry-after", "soon".to_owned(), 5..=5),
        ("retry-after", "86400".to_owned(), 600..=600),
    ] {
        let (answer, decision) = answer_to(&scenario, answering(429, &[(name, value.clone())], body)).await;
        assert_eq!((answer.status, answer.error()), (429, "temporarily_unavailable"), "{answer:?}");
        let wait: u64 = answer.header("retry-after").expect("Retry-After").parse().expect("seconds");
        assert!(expected.contains(&wait), "{name}: {value}: {wait}");
        assert_eq!(decision["reason"], "token_endpoint_rate_limited");
    }
}

/// Threat 68.
#[tokio::test]
async fn an_outage_of_okta_is_a_503_with_the_time_to_wait() {
    let scenario = Scenario::new().await;
    for fault in [
        answering(500, &[], r#"{"errorCode":"E0000009"}"#),
        answering(502, &[], "<html>"),
        answering(503, &[], ""),
        answering(400, &[], r#"{"error":"temporarily_unavailable"}"#),
    ] {
        let (answer, decision) = answer_to(&scenario, fault).await;
        assert_eq!((answer.status, answer.error()), (503, "temporarily_unavailable"), "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert_eq!(decision["reason"], "token_endpoint_unavailable");
    }
}

/// Threat 68.
#[tokio::test]
async fn an_okta_that_takes_too_long_is_a_503_with_the_time_to_wait() {
    let scenario = Scenario::new().await;
    let (answer, decision) = answer_to(&scenario, Fault::Delay(Duration::from_secs(60))).await;
    assert_eq!((answer.status, answer.error()), (503, "temporarily_unavailable"), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(decision["reason"], "token_endpoint_unavailable");
}

/// Threat 68.
#[tokio::test]
async fn an_okta_that_cannot_be_reached_is_a_503_with_the_time_to_wait() {
    let mut scenario = Scenario::new().await;
    scenario.okta_goes_down();
    let function = scenario.token_function(&[]);
    let answer = send(&function, &good_request()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{answer:?}");
    assert!(!answer.text().contains("localhost"), "nothing of the inside goes out: {answer:?}");
}

/// Threat 61.
#[tokio::test]
async fn a_connection_that_was_closed_between_two_calls_costs_the_client_nothing() {
    let relay = Relay::start();
    let scenario =
        Scenario::with(|settings| settings.issuer = format!("{}/oauth2/default", relay.localhost_url())).await;
    relay.pass_on_to(scenario.okta_address());
    let mut document = scenario.profile();
    document["grantableScopes"] = json!([SCOPE, OTHER_SCOPE]);
    scenario.put("orders", &document.to_string()).await;
    let function = scenario.token_function(&[]);
    // Other scopes are another token, so that each call asks Okta.
    let forms = ["", "&scope=CustomScope+OtherScope", "&scope=OtherScope"].map(|scope| format!("{GRANT}{scope}"));
    for (calls, form) in (1..).zip(forms) {
        let answer =
            send(&function, &request(&form, Some(&format!("Basic {}", basic(CLIENT_ID, CLIENT_SECRET))))).await;
        assert_eq!((answer.status, upstream_calls(&scenario)), (200, calls), "{answer:?}\n{}", function.logs());
        relay.cut().await;
        // Time to notice: a request that was handed to a connection which is dying unnoticed is not sent twice.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Threat 64.
#[tokio::test]
async fn with_its_deadline_near_the_answer_is_a_503_before_lambda_cuts_it_off() {
    let scenario = Scenario::new().await;
    scenario.okta.set_fault(Endpoint::Token, Fault::Delay(Duration::from_secs(60)));
    let function = scenario.token_function(&[]);
    // 250 ms are kept for the answer, the request itself would give up after 5 s: what ends it is the deadline.
    let answer = function.invoke(&good_request().to_string(), Duration::from_millis(700)).await.response();
    assert_eq!(answer["statusCode"], 503, "{answer}");
    let output = function.stop();
    assert_eq!(decisions(&output)[0]["reason"], "token_endpoint_unavailable", "{output}");
}

/// Threat 68.
#[tokio::test]
async fn garbage_from_okta_is_a_502_and_the_log_says_what_came() {
    let scenario = Scenario::new().await;
    let token = scenario.good_token();
    let dpop = json!({"access_token": token, "token_type": "DPoP", "expires_in": 3600}).to_string();
    for fault in [
        Fault::Html,
        Fault::Garbage,
        Fault::Empty,
        Fault::Truncated,
        answering(200, &[], "{}"),
        answering(200, &[], &dpop),
        answering(404, &[], r#"{"errorCode":"E0000022"}"#),
        answering(400, &[], r#"{"error":"something_new"}"#),
        Fault::Huge(100_000),
    ] {
        let (answer, decision) = answer_to(&scenario, fault).await;
        assert_eq!((answer.status, answer.error()), (502, "server_error"), "{answer:?}");
        assert_eq!(decision["reason"], "token_endpoint_malformed", "{decision}");
        assert!(decision["detail"].as_str().is_some_and(|detail| detail.contains("token URL")), "{decision}");
        assert!(!answer.text().contains(&token) && !decision.to_string().contains(&token));
    }
}

/// Threat 72.
#[tokio::test]
async fn a_redirect_of_the_token_url_is_a_502_and_the_secret_is_not_sent_again() {
    let scenario = Scenario::new().await;
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    let elsewhere = TlsServer::serve(scenario.ca(), |_url| {
        Router::new().fallback(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { "{}" }
        })
    });
    let target = format!("{}/oauth2/default/v1/token", elsewhere.localhost_url());
    let back = format!("{}/v1/token", scenario.okta.issuer());
    for status in [301, 302, 303, 307, 308] {
        for target in [&target, &back] {
            let (answer, decision) = answer_to(&scenario, answering(status, &[("location", target.clone())], "")).await;
            assert_eq!((answer.status, answer.error()), (502, "server_error"), "{status}: {answer:?}");
            assert_eq!(decision["reason"], "token_endpoint_redirected", "{decision}");
        }
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
}

/// Threat 70.
#[tokio::test]
async fn no_cookie_and_no_other_header_of_okta_passes_through() {
    let scenario = Scenario::new().await;
    let token = scenario.good_token();
    let granted = json!({"access_token": token, "token_type": "Bearer", "expires_in": 7, "scope": SCOPE, "odd": 1});
    let refused = r#"{"error":"invalid_scope","error_description":"One or more scopes are not configured."}"#;
    for (status, body) in [(200, granted.to_string()), (400, refused.to_owned())] {
        let cookies = [(SET_COOKIE.as_str(), "sid=canary-cookie".to_owned()), ("x-okta-request-id", "id".to_owned())];
        let (answer, _) = answer_to(&scenario, answering(status, &cookies, &body)).await;
        assert_eq!(answer.status, u64::from(status), "{answer:?}");
        assert!(!answer.text().contains("canary-cookie") && answer.header("x-okta-request-id").is_none(), "{answer:?}");
        assert!(answer.body.get("odd").is_none(), "{answer:?}");
    }
}

#[tokio::test]
async fn oktas_own_errors_reach_the_client_as_they_are() {
    let scenario = Scenario::new().await;
    for (status, body, expected) in [
        (400, r#"{"error":"access_denied","error_description":"Policy evaluation failed."}"#, (400, "access_denied")),
        (400, r#"{"error":"invalid_scope","error_description":"no"}"#, (400, "invalid_scope")),
        (400, r#"{"error":"unauthorized_client"}"#, (400, "unauthorized_client")),
        (
            401,
            r#"{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id'."}"#,
            (401, "invalid_client"),
        ),
    ] {
        let (answer, decision) = answer_to(&scenario, answering(status, &[], body)).await;
        assert_eq!((answer.status, answer.error()), expected, "{answer:?}");
        assert_eq!(decision["reason"], expected.1, "{decision}");
    }
    let odd = r#"{"error":"invalid_client","error_description":"a \"quoted\" text\r\nand more"}"#;
    let (answer, _) = answer_to(&scenario, answering(401, &[], odd)).await;
    assert_eq!(answer.body["error_description"], "a 'quoted' text??and more");
}

#[tokio::test]
async fn a_token_that_the_profile_would_not_accept_is_a_502_and_the_log_has_the_reason() {
    let scenario = Scenario::with(|settings| settings.audience = "api://returns".to_owned()).await;
    let (answer, decision) = answer_to(&scenario, Fault::None).await;
    assert_eq!((answer.status, answer.error()), (502, "server_error"), "{answer:?}");
    assert_eq!(decision["reason"], "audience_mismatch", "{decision}");
    assert_eq!((&decision["outcome"], &decision["profile"]), (&json!("refused"), &json!("orders")), "{decision}");
    assert!(answer.body.get("access_token").is_none(), "{answer:?}");
}

#[tokio::test]
async fn a_token_with_a_foreign_signature_client_scope_or_form_is_a_502() {
    let scenario = Scenario::new().await;
    let okta = &scenario.okta;
    let granting =
        |token: String| answering(200, &[], &json!({"access_token": token, "token_type": "Bearer"}).to_string());
    let expired = {
        let mut claims = okta.claims(CLIENT_ID, &[SCOPE]);
        claims["iat"] = json!(1_000_000_000);
        claims["exp"] = json!(1_000_003_600);
        okta.sign(&claims)
    };
    for (token, reason) in [
        (impostor(okta.issuer()).issue(CLIENT_ID, &[SCOPE]), "key_unknown"),
        (okta.issue("0oa1another", &[SCOPE]), "client_mismatch"),
        (okta.issue(CLIENT_ID, &[OTHER_SCOPE]), "scope_not_granted"),
        (expired, "token_expired"),
        ("opaque-token".to_owned(), "token_malformed"),
    ] {
        let (answer, decision) = answer_to(&scenario, granting(token.clone())).await;
        assert_eq!((answer.status, answer.error()), (502, "server_error"), "{reason}: {answer:?}");
        assert_eq!(decision["reason"], reason, "{decision}");
        assert!(!decision.to_string().contains(&token) && !answer.text().contains(&token), "{reason}");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_verified_for_want_of_keys_is_a_503() {
    let scenario = Scenario::new().await;
    scenario.okta.set_fault(Endpoint::Keys, Fault::Html);
    let (answer, decision) = answer_to(&scenario, Fault::None).await;
    assert_eq!((answer.status, answer.error()), (503, "temporarily_unavailable"), "{answer:?}");
    assert_eq!(decision["reason"], "keys_unavailable", "{decision}");
    assert!(answer.body.get("access_token").is_none(), "{answer:?}");
}
