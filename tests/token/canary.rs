//! Threat 60: over all that a run writes, at every level of logging, no client secret and no issued token.

use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::http::{GRANT, event_of, good_request, request, send};
use crate::support::{CLIENT_ID, CLIENT_SECRET, Canaries, EventFile, Scenario, TIMEOUT, basic, form_encoded};

/// Threat 60.
#[tokio::test]
async fn no_client_secret_or_issued_token_is_ever_logged_at_the_usual_level() {
    run("info").await;
}

/// Threat 60: an operator may turn everything on.
#[tokio::test]
async fn no_client_secret_or_issued_token_is_ever_logged_at_the_most_talkative_level() {
    run("trace").await;
}

async fn run(level: &str) {
    let scenario = Scenario::new().await;
    let function = scenario.token_function(&[("RUST_LOG", level)]);
    let mut canaries = Canaries::default();
    for (what, secret) in [("the client's secret", CLIENT_SECRET), ("the wrong secret", "another secret")] {
        canaries.secret(what, secret);
        canaries.secret(&format!("{what} in a form"), &form_encoded(secret));
        canaries.secret(&format!("{what} in Basic"), &basic(CLIENT_ID, secret));
    }
    // A token may come again, in an answer to the client that it was issued to, and nowhere else.
    let mut tokens = Canaries::default();
    let (mut issued, mut refused) = (0, Vec::new());
    for event in events(&scenario) {
        let answer = send(&function, &event).await;
        canaries.assert_absent_from("an answer", &answer.text());
        match answer.body["access_token"].as_str() {
            Some(token) => {
                tokens.token("an issued token", token);
                issued += 1;
            }
            None => refused.push(answer.text()),
        }
    }
    assert!(issued > 0, "a run without a token shows nothing");
    refused.iter().for_each(|answer| tokens.assert_unmentioned_in("a refusal", answer));
    // What Okta says of a client is its own text; what it issues by mistake is a token all the same.
    let token = scenario.good_token();
    canaries.token("a token in an odd answer", &token);
    for fault in [Fault::Html, Fault::Truncated, Fault::Garbage, odd_answer(&token), Fault::Redirect(token.clone())] {
        scenario.okta.set_fault(Endpoint::Token, fault);
        let answer = send(&function, &another_client()).await;
        assert_ne!(answer.status, 200, "nothing is held for this client: {answer:?}");
        canaries.assert_absent_from("an answer", &answer.text());
    }
    for event in no_http_requests() {
        canaries.assert_absent_from("an answer", &format!("{:?}", function.invoke(&event, TIMEOUT).await));
    }
    let output = function.stop();
    assert!(!output.contains("panicked"), "{output}");
    canaries.assert_unmentioned_in("the log", &output);
    tokens.assert_unmentioned_in("the log", &output);
}

fn another_client() -> Value {
    request(GRANT, Some(&format!("Basic {}", basic("0oa2", CLIENT_SECRET))))
}

fn events(scenario: &Scenario) -> Vec<Value> {
    let mut events: Vec<Value> = EventFile::read_all("token").iter().map(|file| event_of(file, scenario)).collect();
    let secret = form_encoded(CLIENT_SECRET);
    let plain_basic = format!("Basic {CLIENT_ID}:{CLIENT_SECRET}");
    events.extend([
        request(&format!("{GRANT}&client_id={secret}&client_secret={CLIENT_ID}"), None),
        request(&format!("{GRANT}&scope={secret}"), Some(&format!("Basic {}", basic(CLIENT_ID, CLIENT_SECRET)))),
        request(&format!("grant_type={secret}"), None),
        request(&format!("{secret}={secret}&{secret}={secret}"), None),
        request(GRANT, Some(&plain_basic)),
        request(GRANT, Some(CLIENT_SECRET)),
    ]);
    let mut in_the_path = good_request();
    in_the_path["rawPath"] = json!(format!("/oauth2/{secret}/v1/token"));
    in_the_path["rawQueryString"] = json!(format!("client_secret={secret}"));
    events.push(in_the_path);
    events
}

/// A token where none belongs.
fn odd_answer(token: &str) -> Fault {
    let body = json!({"error": "invalid_client", "error_description": 7, "access_token": token}).to_string();
    Fault::Status(axum::http::StatusCode::BAD_REQUEST, axum::http::HeaderMap::new(), body)
}

/// JSON that no HTTP API sends, with a secret in it.
fn no_http_requests() -> Vec<String> {
    let authorization = format!("Basic {}", basic(CLIENT_ID, CLIENT_SECRET));
    vec![
        json!({"Records": [{"body": authorization}]}).to_string(),
        json!({"headers": {"authorization": [authorization]}, "body": CLIENT_SECRET}).to_string(),
        json!([CLIENT_SECRET]).to_string(),
        json!({}).to_string(),
    ]
}
