//! `profiles test` where the document, the issuer, its keys or a clock is wrong.

use axum::http::{HeaderMap, StatusCode};
use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::snapshot::assert_snapshot;
use crate::world::{Odd, World, troubles};

/// The fault, and what is reported of it.
type Case = (Endpoint, Fault, &'static [&'static str]);

fn published(document: &Value) -> Fault {
    Fault::Status(StatusCode::OK, HeaderMap::new(), document.to_string())
}

#[tokio::test]
async fn what_is_wrong_with_discovery_and_keys_is_said_with_its_remedy() {
    let world = World::folder().await;
    let issuer = world.okta.issuer();
    let document = |issuer: &str| {
        json!({"issuer": issuer, "token_endpoint": format!("{}/v1/token", world.okta.issuer()),
               "jwks_uri": format!("{}/v1/other", world.okta.issuer())})
    };
    let org_issuer = issuer.trim_end_matches("/oauth2/default");
    let cases: [Case; 8] = [
        (Endpoint::Discovery, published(&document(issuer)), &["warn urls urls_differ"]),
        (
            Endpoint::Discovery,
            published(&document(org_issuer)),
            &["fail discovery issuer_mismatch", "warn urls urls_differ"],
        ),
        (Endpoint::Discovery, Fault::Html, &["fail discovery discovery_unavailable"]),
        (Endpoint::Discovery, Fault::Redirect("/login".to_owned()), &["fail discovery discovery_unavailable"]),
        (Endpoint::Keys, Fault::Html, &["fail keys keys_unavailable", "fail key keys_unavailable"]),
        (Endpoint::Keys, Fault::Truncated, &["fail keys keys_unavailable", "fail key keys_unavailable"]),
        (
            Endpoint::Keys,
            Fault::Status(StatusCode::TOO_MANY_REQUESTS, HeaderMap::new(), "{}".to_owned()),
            &["fail keys keys_unavailable", "fail key keys_unavailable"],
        ),
        (
            Endpoint::Keys,
            published(&json!({"keys": [{"kty": "oct", "kid": "a"}, world.okta.key_set()["keys"][0]]})),
            &["warn keys key_skipped"],
        ),
    ];
    for (endpoint, fault, expected) in cases {
        world.okta.set_fault(endpoint, fault.clone());
        let (status, report) = world.run_json(&["test", "orders"], "").await;
        assert_eq!(troubles(&report), expected, "{fault:?}");
        let fails = expected.iter().any(|line| line.starts_with("fail"));
        assert_eq!((status, &report["ok"]), (Some(i32::from(fails)), &json!(!fails)), "{fault:?}");
        world.okta.set_fault(endpoint, Fault::None);
    }
    world.okta.set_fault(Endpoint::Discovery, published(&document(org_issuer)));
    let ran = world.run(&["test", "orders"], "").await;
    assert_snapshot("test_other_issuer", &world.normalised(&ran.stdout));
}

#[tokio::test]
async fn an_okta_that_is_away_is_said_at_every_step_that_needs_it() {
    let mut world = World::folder().await;
    world.okta_goes_down();
    let (status, report) = world.run_json(&["test", "orders"], "").await;
    let expected = [
        "fail discovery discovery_unavailable",
        "fail keys keys_unavailable",
        "fail token-endpoint token_endpoint_unavailable",
    ];
    assert_eq!((status, troubles(&report)), (Some(1), expected.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn stored_keys_that_are_old_or_others_are_a_warning() {
    let world = World::folder().await;
    world.put_keys("orders", 2 * 86_400).await;
    let (status, report) = world.run_json(&["test", "orders"], "").await;
    assert_eq!((status, troubles(&report)), (Some(0), vec!["warn stored-keys stored_keys_old".to_owned()]));
    world.put_keys("orders", 60).await;
    world.okta.rotate().expect("a new key");
    let (status, report) = world.run_json(&["test", "orders"], "").await;
    assert_eq!((status, troubles(&report)), (Some(0), vec!["warn stored-keys stored_keys_differ".to_owned()]));
}

#[tokio::test]
async fn a_clock_that_is_off_is_a_warning_and_beyond_the_leeway_a_failure() {
    for (okta_ahead, status, expected) in [
        (-15, 0, &["warn clock clock_differs"][..]),
        (120, 1, &["fail clock clock_differs", "fail time token_issued_in_future"]),
        (-120, 1, &["fail clock clock_differs"]),
    ] {
        let world = World::odd_folder(Odd { okta_ahead, ..Odd::default() }).await;
        let (found, report) = world.run_json(&["test", "orders"], "").await;
        assert_eq!((found, troubles(&report)), (Some(status), expected.iter().map(|&line| line.to_owned()).collect()));
    }
}

#[tokio::test]
async fn a_document_with_a_placeholder_and_one_that_is_missing_fail_before_anything_is_asked() {
    let world = World::ssm().await;
    let mut document = world.document();
    document["issuer"] = json!("https://yourOktaDomain/oauth2/default");
    world.put_profile("orders", &document).await;
    let ran = world.run(&["test", "orders"], "").await;
    assert_eq!(ran.status, Some(1), "{}", ran.stdout);
    assert_snapshot("test_placeholder", &world.normalised(&ran.stdout));
    let (status, report) = world.run_json(&["test", "returns"], "").await;
    assert_eq!((status, troubles(&report)), (Some(1), vec!["fail document profile_unknown".to_owned()]));
    for endpoint in [Endpoint::Discovery, Endpoint::Keys, Endpoint::Token] {
        assert_eq!(world.okta.requests(endpoint), 0, "{endpoint:?}");
    }
}
