//! `profiles test` where the client, its grants or its tokens are wrong.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::json;

use crate::snapshot::assert_snapshot;
use crate::support::{CLIENT_ID, CLIENT_SECRET, SCOPE};
use crate::world::{DPOP_CLIENT_ID, Odd, POOR_CLIENT_ID, UNGRANTED_SCOPE, World, troubles};

#[tokio::test]
async fn what_the_authorization_server_refuses_is_said_with_its_remedy() {
    let world = World::folder().await;
    for (client, secret, scope, reason, remedy) in [
        (CLIENT_ID, "wrong", SCOPE, "invalid_client", "id and secret"),
        ("0oa0unknown", CLIENT_SECRET, SCOPE, "invalid_client", "id and secret"),
        (CLIENT_ID, CLIENT_SECRET, "UnknownScope", "invalid_scope", "Create the profile's `scopes`"),
        (CLIENT_ID, CLIENT_SECRET, UNGRANTED_SCOPE, "access_denied", "access policy"),
        (POOR_CLIENT_ID, CLIENT_SECRET, SCOPE, "access_denied", "access policy"),
        (DPOP_CLIENT_ID, CLIENT_SECRET, SCOPE, "invalid_dpop_proof", "requires DPoP"),
    ] {
        let mut document = world.document();
        document["scopes"] = json!([scope]);
        world.put_profile("orders", &document).await;
        world.put_client("orders", client, secret).await;
        let (status, report) = world.run_json(&["test", "orders"], "").await;
        assert_eq!((status, troubles(&report)), (Some(1), vec![format!("fail token-endpoint {reason}")]), "{client}");
        let failed = report["steps"].as_array().expect("steps").iter().find(|step| step["status"] == "fail");
        let said = failed.and_then(|step| step["remedy"].as_str()).unwrap_or_default();
        assert!(said.contains(remedy), "{reason}: {said}");
    }
    world.put_client("orders", POOR_CLIENT_ID, CLIENT_SECRET).await;
    world.put_profile("orders", &world.document()).await;
    let ran = world.run(&["test", "orders"], "").await;
    assert_snapshot("test_access_denied", &world.normalised(&ran.stdout));
}

#[tokio::test]
async fn what_is_no_answer_of_a_token_endpoint_is_told_apart() {
    let world = World::folder().await;
    let limited = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("30"))]);
    for (fault, reason) in [
        (Fault::Status(StatusCode::TOO_MANY_REQUESTS, limited, "{}".to_owned()), "token_endpoint_rate_limited"),
        (Fault::Redirect("/login".to_owned()), "token_endpoint_redirected"),
        (Fault::Html, "token_endpoint_malformed"),
        (Fault::Empty, "token_endpoint_malformed"),
        (Fault::Huge(100_000), "token_endpoint_malformed"),
        (Fault::Status(StatusCode::BAD_GATEWAY, HeaderMap::new(), String::new()), "token_endpoint_unavailable"),
    ] {
        world.okta.set_fault(Endpoint::Token, fault.clone());
        let (status, report) = world.run_json(&["test", "orders"], "").await;
        assert_eq!((status, troubles(&report)), (Some(1), vec![format!("fail token-endpoint {reason}")]), "{fault:?}");
    }
}

#[tokio::test]
async fn a_token_for_another_audience_stops_at_the_audience() {
    let world = World::odd_folder(Odd { audience: Some("api://other"), ..Odd::default() }).await;
    let ran = world.run(&["test", "orders"], "").await;
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert_snapshot("test_other_audience", &world.normalised(&ran.stdout));
}

#[tokio::test]
async fn a_stored_client_that_is_malformed_is_a_failure_and_not_shown() {
    let world = World::ssm().await;
    let mut document = world.document();
    document["clients"] = json!({"allow": ["0oa9"]});
    world.put_profile("orders", &document).await;
    let (status, report) = world.run_json(&["test", "orders"], "").await;
    assert_eq!((status, troubles(&report)), (Some(1), vec!["fail client client_not_allowed".to_owned()]));
    world.put_client("orders", "", CLIENT_SECRET).await;
    let (status, report) = world.run_json(&["test", "orders"], "").await;
    assert_eq!(
        (status, troubles(&report)),
        (Some(1), vec!["fail token-endpoint stored_client_unavailable".to_owned()])
    );
}
