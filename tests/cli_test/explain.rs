//! `profiles explain`: what is in a token, what each profile says of it, and what a call would be answered.

use std::path::PathBuf;

use okta_security_profiles::local::okta::Endpoint;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::snapshot::assert_snapshot;
use crate::support::{CLIENT_ID, DpopProof, SCOPE, SigningKey, impostor};
use crate::world::World;

/// An event of this form for `GET /orders` of an API, from an address; it has a credential of its own.
fn event(folder: &TempDir, form: &str, api: &str) -> PathBuf {
    let arn = format!("arn:aws:execute-api:eu-west-1:123456789012:{api}/GET/orders");
    let headers = json!({"authorization": "Bearer other.token.here", "Host": "api.example.com"});
    let event = match form {
        "token" => json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": "Bearer other.token.here"}),
        "request" => json!({"type": "REQUEST", "methodArn": arn, "headers": headers,
                            "httpMethod": "GET", "path": "/orders",
                            "requestContext": {"identity": {"sourceIp": "203.0.113.7"}}}),
        _ => json!({"version": "2.0", "type": "REQUEST", "routeArn": arn, "headers": headers,
                    "requestContext": {"http": {"sourceIp": "203.0.113.7"}}}),
    };
    let path = folder.path().join(format!("{form}.json"));
    std::fs::write(&path, event.to_string()).expect("a file");
    path
}

/// `profile outcome reason`, a line each.
fn verdicts(document: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let profiles = document["profiles"].as_array().expect("profiles").iter();
    profiles.map(|line| [text(&line["profile"]), text(&line["outcome"]), text(&line["reason"])].join(" ")).collect()
}

#[tokio::test]
async fn a_token_is_explained_by_every_profile_in_a_folder() {
    explains(&World::folder().await, "explain").await;
}

#[tokio::test]
async fn a_token_is_explained_by_every_profile_in_ssm() {
    explains(&World::ssm().await, "explain").await;
}

async fn explains(world: &World, snapshot: &str) {
    let mut other = world.document();
    other["audiences"] = json!(["api://returns"]);
    world.put_profile("returns", &other).await;
    world.put_profile("odd", &json!({"version": 2})).await;
    let token = world.okta.issue(CLIENT_ID, &[SCOPE]);
    let ran = world.run(&["explain", "-"], &token).await;
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
    assert_snapshot(snapshot, &world.normalised(&ran.stdout));
    let (status, document) = world.run_json(&["explain", "-"], &token).await;
    let expected = ["odd broken profile_broken", "orders accepted -", "returns refused audience_mismatch"];
    assert_eq!((status, verdicts(&document)), (Some(0), expected.map(str::to_owned).to_vec()));
    assert_eq!((&document["claims"]["cid"], &document["header"]["alg"]), (&json!(CLIENT_ID), &json!("RS256")));
    assert_eq!(world.okta.requests(Endpoint::Keys), 0, "the stored keys have the token's");
    let (_, document) = world.run_json(&["explain", "-", "--profile", "returns"], &token).await;
    assert_eq!(verdicts(&document), ["returns refused audience_mismatch"]);
}

#[tokio::test]
async fn okta_is_asked_for_a_key_that_is_not_stored_and_offline_it_is_not() {
    let world = World::folder().await;
    world.okta.rotate().expect("a new key");
    let token = world.okta.issue(CLIENT_ID, &[SCOPE]);
    let (_, document) = world.run_json(&["explain", "-", "--offline"], &token).await;
    assert_eq!(verdicts(&document), ["orders refused keys_unavailable"]);
    assert_eq!(world.okta.requests(Endpoint::Keys), 0);
    let (_, document) = world.run_json(&["explain", "-"], &token).await;
    assert_eq!(verdicts(&document), ["orders accepted -"]);
    let foreign = impostor(world.okta.issuer()).issue(CLIENT_ID, &[SCOPE]);
    let (_, document) = world.run_json(&["explain", "-"], &foreign).await;
    assert_eq!(verdicts(&document), ["orders refused key_unknown"]);
}

#[tokio::test]
async fn a_malformed_token_is_explained_up_to_where_it_fails() {
    let world = World::folder().await;
    let good = world.okta.issue(CLIENT_ID, &[SCOPE]);
    let claims = world.okta.claims(CLIENT_ID, &[SCOPE]).to_string();
    let (header, _) = good.split_once('.').expect("a token");
    for (token, reason, has_header, has_claims) in [
        ("nonsense".to_owned(), "token_malformed", false, false),
        (format!("{header}.e30x.c2ln"), "token_malformed", true, false),
        (format!("{header}.!.c2ln"), "credential_malformed", true, false),
        (world.okta.sign_raw(r#"{"kid":"k1","alg":"none"}"#, &claims), "algorithm_not_allowed", true, true),
        (
            world.okta.sign_raw(r#"{"kid":"k1","alg":"RS256"}"#, r#"{"iss":"x","sub":"1"}"#),
            "claims_malformed",
            true,
            true,
        ),
        (format!("{good} {good}"), "credential_malformed", true, true),
        (format!("{}.AAAA", good.rsplit_once('.').expect("a token").0), "signature_invalid", true, true),
    ] {
        let (status, document) = world.run_json(&["explain", "-"], &token).await;
        assert_eq!((status, verdicts(&document)), (Some(0), vec![format!("orders refused {reason}")]));
        assert_eq!(
            (document["header"].is_object(), document["claims"].is_object()),
            (has_header, has_claims),
            "{reason}"
        );
    }
    let ran = world.run(&["explain", "-"], &format!("{header}.e30x.c2ln")).await;
    assert_snapshot("explain_malformed", &world.normalised(&ran.stdout));
}

#[tokio::test]
async fn with_an_event_the_call_is_judged_and_answered_as_the_authorizer_would() {
    let (world, folder) = (World::folder().await, tempfile::tempdir().expect("a temporary folder"));
    let mut document = world.document();
    document["routes"] = json!([{"route": "GET /orders"}, {"route": "GET /admin", "scopes": {"all": ["admin"]}}]);
    document["allowedIps"] = json!(["203.0.113.0/24"]);
    world.put_profile("orders", &document).await;
    let (good, foreign) =
        (world.okta.issue(CLIENT_ID, &[SCOPE]), impostor(world.okta.issuer()).issue(CLIENT_ID, &[SCOPE]));
    for (form, api, token, verdict, outcome, reason) in [
        ("request", "abcdef1234/prod", &good, "accepted -", "allow", None),
        ("http2", "http123456/$default", &good, "accepted -", "allow", None),
        ("request", "other12345/prod", &good, "not-asked no_profile", "deny", Some("no_profile")),
        ("token", "abcdef1234/prod", &good, "refused form_cannot_serve", "error", Some("form_cannot_serve")),
        ("request", "abcdef1234/prod", &foreign, "refused key_unknown", "unauthorized", Some("key_unknown")),
        ("http2", "http123456/prod", &foreign, "refused key_unknown", "deny", Some("key_unknown")),
    ] {
        let file = event(&folder, form, api);
        let file = file.to_str().expect("a path that is text");
        let (status, document) = world.run_json(&["explain", "-", "--event", file], token).await;
        assert_eq!((status, verdicts(&document)), (Some(0), vec![format!("orders {verdict}")]), "{form} {api}");
        let answer = (&document["answer"]["outcome"], &document["answer"]["reason"]);
        assert_eq!(answer, (&json!(outcome), &reason.map_or(Value::Null, Value::from)), "{form} {api}");
        assert_eq!(document["call"]["route"], "GET /orders");
    }
    let file = event(&folder, "request", "abcdef1234/prod");
    document["allowedIps"] = json!(["198.51.100.0/24"]);
    world.put_profile("orders", &document).await;
    let ran = world.run(&["explain", "-", "--event", file.to_str().expect("text")], &good).await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_snapshot("explain_call", &world.normalised(&ran.stdout));
}

#[tokio::test]
async fn the_check_that_a_dpop_proof_fails_is_named() {
    let (world, folder) = (World::folder().await, tempfile::tempdir().expect("a temporary folder"));
    let mut document = world.document();
    document["binding"] = json!("dpop");
    world.put_profile("orders", &document).await;
    let key = SigningKey::es256();
    let mut claims = world.okta.claims(CLIENT_ID, &[SCOPE]);
    claims["cnf"] = json!({"jkt": key.thumbprint()});
    let token = world.okta.sign(&claims);
    let file = event(&folder, "request", "abcdef1234/prod");
    let good = || DpopProof::new("GET", "https://api.example.com/orders").with_token(&token);
    for (proof, verdict) in [
        (good(), "orders accepted -"),
        (good().with("htm", "POST"), "orders refused dpop_method_mismatch"),
        (good().with("htu", "https://evil.example/orders"), "orders refused dpop_url_mismatch"),
        (good().with("iat", 1), "orders refused dpop_proof_too_old"),
        (good().without("ath"), "orders refused dpop_proof_malformed"),
    ] {
        let path = folder.path().join("proof.txt");
        std::fs::write(&path, proof.signed_by(&key)).expect("a file");
        let arguments =
            ["explain", "-", "--event", file.to_str().expect("text"), "--dpop", path.to_str().expect("text")];
        let (status, document) = world.run_json(&arguments, &token).await;
        assert_eq!((status, verdicts(&document)), (Some(0), vec![verdict.to_owned()]));
        let allowed = document["answer"]["outcome"] == "allow";
        assert_eq!(allowed, verdict == "orders accepted -", "{document}");
    }
    let ran = world.run(&["explain", "-", "--event", file.to_str().expect("text")], &token).await;
    assert!(ran.stdout.contains("presented as a bearer token"), "{}", ran.stdout);
}

#[tokio::test]
async fn what_cannot_be_read_is_one_line_and_a_failure() {
    let world = World::folder().await;
    let token = world.okta.issue(CLIENT_ID, &[SCOPE]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let odd = folder.path().join("odd.json");
    std::fs::write(&odd, r#"{"Records": []}"#).expect("a file");
    for (arguments, said) in [
        (vec!["--event", "/nowhere/event.json"], "cannot be read"),
        (vec!["--event", odd.to_str().expect("text")], "not an authorizer request"),
        (vec!["--profile", "missing"], "there is no profile `missing`"),
    ] {
        let ran = world.run(&[&["explain", "-"], &arguments[..]].concat(), &token).await;
        assert_eq!((ran.status, ran.stderr.lines().count()), (Some(1), 1), "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}
