//! Tokens that are bound to a key (RFC 9449) or to a certificate (RFC 8705), at the compiled authorizer.

use serde_json::{Value, json};

use crate::events::{REST_ARN, bearer, policy_allows, rest_request, rest_token, status_of};
use crate::minting::{CERTIFICATE, CLIENT_KEY, claims, with};
use crate::support::{Answer, Canaries, DpopProof, LambdaFunction, Scenario, SigningKey, TIMEOUT, decisions};

/// The URL of the events of [`rest_request`] below.
const URL: &str = "https://api.example.com/orders/1";

/// An authorizer whose one profile has this `binding`, and whatever else is changed.
async fn authorizer(binding: &str, change: impl FnOnce(&mut Value)) -> (Scenario, LambdaFunction) {
    let scenario = Scenario::new().await;
    let mut profile = scenario.profile();
    profile["binding"] = json!(binding);
    change(&mut profile);
    scenario.put("orders", &profile.to_string()).await;
    let authorizer = scenario.authorizer(&[("PROFILES", "orders")]);
    (scenario, authorizer)
}

fn token(scenario: &Scenario, confirmation: Value) -> String {
    scenario.okta.sign(&with(&claims(&scenario.okta), "cnf", confirmation))
}

fn bound_to_key(scenario: &Scenario) -> String {
    token(scenario, json!({"jkt": CLIENT_KEY.thumbprint()}))
}

fn dpop(token: &str) -> String {
    format!("DPoP {token}")
}

fn proof(token: &str) -> DpopProof {
    DpopProof::new("GET", URL).with_token(token)
}

fn event(authorization: &str, proofs: &[&str]) -> String {
    let mut headers = vec![("Host", &["api.example.com"][..]), ("Authorization", std::slice::from_ref(&authorization))];
    if !proofs.is_empty() {
        headers.push(("DPoP", proofs));
    }
    rest_request(&headers)
}

fn with_certificate(event: &str, pem: &str) -> String {
    let mut event: Value = serde_json::from_str(event).expect("an event");
    event["requestContext"]["identity"]["clientCert"] = json!({"clientCertPem": pem});
    event.to_string()
}

/// The certificate whose hash is [`CERTIFICATE`].
fn certificate() -> String {
    let event = crate::support::EventFile::read("authorizer", "rest-request-mtls-allow.json");
    let pem = &event.member("event")["requestContext"]["identity"]["clientCert"]["clientCertPem"];
    pem.as_str().expect("a PEM").to_owned()
}

/// The status and the reason of each answer.
async fn answers(authorizer: LambdaFunction, events: &[String]) -> Vec<(u16, String)> {
    let mut statuses = Vec::new();
    for event in events {
        statuses.push(status_of(&authorizer.invoke(event, TIMEOUT).await));
    }
    let output = authorizer.stop();
    let reasons = decisions(&output).into_iter().map(|line| line["reason"].as_str().unwrap_or_default().to_owned());
    statuses.into_iter().zip(reasons).collect()
}

#[tokio::test]
async fn each_mode_takes_the_tokens_that_it_names_and_a_bound_one_is_a_bearer_token_in_none() {
    let ok = (200, "");
    let refused = |reason: &'static str| (401, reason);
    for (mode, plain, key, shown_certificate, both) in [
        ("none", ok, refused("binding_not_enabled"), refused("binding_not_enabled"), refused("binding_not_enabled")),
        ("dpop", refused("token_not_bound"), ok, refused("token_not_bound"), ok),
        ("mtls", refused("token_not_bound"), refused("token_not_bound"), ok, ok),
        ("any-bound", refused("token_not_bound"), ok, ok, ok),
    ] {
        let (scenario, authorizer) = authorizer(mode, |_| {}).await;
        let pem = certificate();
        let good = scenario.good_token();
        let by_key = bound_to_key(&scenario);
        let by_certificate = token(&scenario, json!({"x5t#S256": CERTIFICATE}));
        let by_both = token(&scenario, json!({"jkt": CLIENT_KEY.thumbprint(), "x5t#S256": CERTIFICATE}));
        let proven = |token: &str| event(&dpop(token), &[&proof(token).signed_by(&CLIENT_KEY)]);
        let events = [
            event(&bearer(&good), &[]),
            proven(&by_key),
            with_certificate(&event(&bearer(&by_certificate), &[]), &pem),
            with_certificate(&proven(&by_both), &pem),
            // The same tokens without what they are bound to.
            event(&bearer(&by_key), &[]),
            event(&bearer(&by_certificate), &[]),
            event(&bearer(&by_both), &[]),
        ];
        let answers = answers(authorizer, &events).await;
        let answers: Vec<(u16, &str)> = answers.iter().map(|(status, reason)| (*status, reason.as_str())).collect();
        assert_eq!(answers[..4], [plain, key, shown_certificate, both], "{mode}");
        assert!(answers[4..].iter().all(|(status, _)| *status == 401), "{mode}: {answers:?}");
    }
}

#[tokio::test]
async fn each_check_of_a_proof_refuses_by_its_own_reason() {
    let (scenario, authorizer) = authorizer("dpop", |_| {}).await;
    let token = bound_to_key(&scenario);
    let other_key = SigningKey::es256();
    let good = || proof(&token);
    let signed = |proof: DpopProof| proof.signed_by(&CLIENT_KEY);
    let (one, two) = (signed(good()), signed(good()));
    let authorization = dpop(&token);
    let mut cases = vec![
        (event(&authorization, &[]), "dpop_proof_missing"),
        (event(&authorization, &[&one, &two]), "dpop_proof_multiple"),
        (event(&authorization, &[&format!("{one},{two}")]), "dpop_proof_multiple"),
        (event(&authorization, &["a.b.c"]), "dpop_proof_malformed"),
        (event(&authorization, &[&signed(good().without("jti"))]), "dpop_proof_malformed"),
        (event(&authorization, &[&signed(good().with("htm", "POST"))]), "dpop_method_mismatch"),
        (event(&authorization, &[&signed(good().with("htu", "https://evil.example/orders/1"))]), "dpop_url_mismatch"),
        (event(&authorization, &[&signed(good().with("iat", 1))]), "dpop_proof_too_old"),
        (event(&authorization, &[&signed(good().with("iat", 4_000_000_000_u64))]), "dpop_proof_in_future"),
        (event(&authorization, &[&signed(proof("another token"))]), "dpop_token_hash_mismatch"),
        (event(&authorization, &[&good().signed_by(&other_key)]), "dpop_key_mismatch"),
        (event(&bearer(&token), &[&one]), "bound_token_as_bearer"),
    ];
    let unbound = scenario.good_token();
    cases.push((event(&dpop(&unbound), &[&signed(proof(&unbound))]), "token_not_bound"));
    let (events, reasons): (Vec<String>, Vec<&str>) = cases.into_iter().unzip();
    let answers = answers(authorizer, &events).await;
    assert!(answers.iter().all(|(status, _)| *status == 401), "{answers:?}");
    assert_eq!(answers.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>(), reasons);
}

#[tokio::test]
async fn a_proof_is_good_for_one_call_and_a_remembered_token_needs_one_each_time() {
    let (scenario, authorizer) = authorizer("dpop", |_| {}).await;
    let token = bound_to_key(&scenario);
    let call = || event(&dpop(&token), &[&proof(&token).signed_by(&CLIENT_KEY)]);
    let first = call();
    let bad = event(&dpop(&token), &[&proof(&token).with("htm", "PUT").signed_by(&CLIENT_KEY)]);
    let answers = answers(authorizer, &[first.clone(), first.clone(), call(), bad, call(), first]).await;
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 401, 200, 401, 200, 401]);
    assert_eq!((&*answers[1].1, &*answers[5].1), ("dpop_proof_replayed", "dpop_proof_replayed"));
}

#[tokio::test]
async fn the_policy_opens_the_called_path_and_no_other() {
    let routes = json!([{"route": "GET /orders/{id}"}, {"route": "GET /invoices"}]);
    for routes in [Value::Null, routes] {
        let (scenario, authorizer) = authorizer("dpop", |profile| {
            if !routes.is_null() {
                profile["routes"] = routes.clone();
            }
        })
        .await;
        let token = bound_to_key(&scenario);
        let answer = authorizer.invoke(&event(&dpop(&token), &[&proof(&token).signed_by(&CLIENT_KEY)]), TIMEOUT).await;
        let answer = answer.response();
        assert!(policy_allows(&answer, REST_ARN), "{answer}");
        for other in ["GET/orders/2", "GET/orders/1/lines", "DELETE/orders/1", "GET/invoices"] {
            assert!(!policy_allows(&answer, &REST_ARN.replace("GET/orders/1", other)), "{other}: {answer}");
        }
    }
}

#[tokio::test]
async fn the_urls_of_the_profile_stand_in_for_those_of_the_events() {
    let urls = json!({"urls": ["https://cdn.example.com/shop", "https://eu.example.com"]});
    let (scenario, authorizer) = authorizer("dpop", |profile| profile["dpop"] = urls).await;
    let token = bound_to_key(&scenario);
    let called = |url: &str| {
        let proof = DpopProof::new("GET", url).with_token(&token).signed_by(&CLIENT_KEY);
        event(&dpop(&token), &[&proof])
    };
    let events = ["https://cdn.example.com/shop/orders/1", "https://eu.example.com/orders/1?x=1", URL].map(called);
    let statuses: Vec<u16> = answers(authorizer, &events).await.into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, [200, 200, 401]);
}

#[tokio::test]
async fn another_certificate_or_one_that_cannot_be_read_is_refused() {
    let (scenario, authorizer) = authorizer("mtls", |_| {}).await;
    let token = token(&scenario, json!({"x5t#S256": CERTIFICATE}));
    let other = std::fs::read_to_string(scenario.ca().file()).expect("a certificate");
    let call = event(&bearer(&token), &[]);
    let events = [with_certificate(&call, &other), with_certificate(&call, "no certificate"), call];
    let reasons: Vec<String> = answers(authorizer, &events).await.into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["client_certificate_mismatch", "client_certificate_unreadable", "client_certificate_missing"]);
}

#[tokio::test]
async fn a_token_event_cannot_serve_bound_tokens_and_says_so() {
    let (scenario, authorizer) = authorizer("dpop", |_| {}).await;
    let answer = authorizer.invoke(&rest_token(&dpop(&bound_to_key(&scenario))), TIMEOUT).await;
    assert_eq!(status_of(&answer), 500, "{answer:?}");
    authorizer.wait_for("which a rest-token event cannot serve").await;
}

/// Threat 60.
#[tokio::test]
async fn no_proof_is_ever_written() {
    let (scenario, _) = authorizer("dpop", |_| {}).await;
    let authorizer = scenario.authorizer(&[("PROFILES", "orders"), ("RUST_LOG", "trace")]);
    let token = bound_to_key(&scenario);
    let mut canaries = Canaries::default();
    canaries.token("the token", &token);
    for proof in [proof(&token), proof(&token).with("htm", "PUT"), proof(&token).with("jti", "")] {
        let proof = proof.signed_by(&CLIENT_KEY);
        canaries.token("the proof", &proof);
        let answer = authorizer.invoke(&event(&dpop(&token), &[&proof]), TIMEOUT).await;
        assert!(matches!(answer, Answer::Response(_) | Answer::Error { .. }));
        canaries.assert_absent_from("the answer", &format!("{answer:?}"));
    }
    canaries.assert_unmentioned_in("the log", &authorizer.stop());
}
